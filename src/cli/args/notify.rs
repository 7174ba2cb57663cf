//! Who is told when a run ends.

use crate::engine::{Notifications, check_webhook};

#[derive(Debug, clap::Args)]
pub struct NotifyArgs {
    /// Post a JSON object to this address when a run is finished or fails
    #[arg(long, value_name = "URL", value_parser = webhook)]
    pub webhook: Option<String>,
    /// Show a notification of the desktop when a run is finished or fails
    #[arg(long)]
    pub notify: bool,
}

impl NotifyArgs {
    /// As the engine wants it.
    pub fn wanted(&self) -> Notifications {
        Notifications {
            desktop: self.notify,
            webhook: self.webhook.clone().unwrap_or_default(),
        }
    }
}

fn webhook(text: &str) -> Result<String, String> {
    let url = text.trim();
    check_webhook(url).map_err(|err| err.to_string())?;
    Ok(url.to_owned())
}
