//! Who is told when a run ends.

use crate::engine::Notifications;

#[derive(Debug, clap::Args)]
pub struct NotifyArgs {
    /// Post a JSON object to this address when a run is finished or fails
    #[arg(long, value_name = "URL")]
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
