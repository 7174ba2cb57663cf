//! Opens the window, or explains why it cannot be opened.

mod attempts;
mod supervisor;

use std::process::Command;

use eframe::egui::ViewportBuilder;

use self::attempts::{Attempt, attempts};
use self::supervisor::{Ending, Refusal, supervise};
use super::app::{App, WindowOptions};
use super::window_size::{FIRST_SIZE, MIN_SIZE};

/// Name of the folder of the window's own settings, and the id on Wayland.
const APP_ID: &str = "fcn-workbench";
const TITLE: &str = "FCN Workbench";
/// Set for the process that has the window.
const IN_CHILD: &str = "FCN_WORKBENCH_WINDOW";
const COMMAND_LINE: &str = "or use the command line: fcn-workbench --help";

/// Opens the window and returns when it is closed.
pub fn run(options: WindowOptions) -> Result<(), String> {
    if std::env::var_os(IN_CHILD).is_some() {
        run_in_child(options);
        return Ok(());
    }
    let attempts = attempts(|name| std::env::var_os(name));
    if !cfg!(target_os = "linux") || attempts.is_empty() {
        return open(options).map_err(|err| explain(&err));
    }
    match supervise(&attempts, &child) {
        Ok(Ending::Opened(status)) if status.success() => Ok(()),
        Ok(Ending::Opened(status)) => Err(format!(
            "The window was closed unexpectedly ({status}). What was trained is saved up to the last \
             checkpoint; `runs` lists it"
        )),
        Ok(Ending::Refused(refusals)) => Err(refused(&refusals)),
        Err(err) => {
            // Without a second process there is at least one way.
            log::warn!("The window is opened without a process of its own: {err}");
            open(options).map_err(|err| explain(&err))
        }
    }
}

/// This program again, to open the window in one way.
fn child(attempt: Attempt) -> Command {
    let program = std::env::current_exe().unwrap_or_else(|_| "fcn-workbench".into());
    let mut command = Command::new(program);
    command.args(std::env::args_os().skip(1)).env(IN_CHILD, "1");
    for (name, value) in attempt.variables() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
}

/// Opens the window for the process that supervises this one.
fn run_in_child(mut options: WindowOptions) {
    options.supervised = true;
    if let Err(err) = open(options) {
        supervisor::tell_failed(&explain(&err));
        // It was told, and is told again where no other way works.
        std::process::exit(1);
    }
}

fn open(options: WindowOptions) -> Result<(), eframe::Error> {
    let native = eframe::NativeOptions {
        viewport: ViewportBuilder::default()
            .with_title(TITLE)
            .with_app_id(APP_ID)
            .with_inner_size(FIRST_SIZE)
            .with_min_inner_size(MIN_SIZE),
        renderer: eframe::Renderer::Wgpu,
        persist_window: true,
        // There is no gradient that would show bands.
        dithering: false,
        ..eframe::NativeOptions::default()
    };
    eframe::run_native(
        TITLE,
        native,
        Box::new(move |cc| Ok(Box::new(App::new(cc, options)))),
    )
}

/// One sentence for the ways that were tried.
fn refused(refusals: &[Refusal]) -> String {
    let tried: Vec<String> = refusals
        .iter()
        .map(|refusal| refusal.attempt.to_string())
        .collect();
    let reason = refusals.last().map_or("", |refusal| &refusal.reason);
    let has_own_hint = reason.ends_with(COMMAND_LINE);
    let hint = if has_own_hint {
        String::new()
    } else {
        format!(
            ". Install a graphics driver (on Linux the package mesa-vulkan-drivers works on every machine), {COMMAND_LINE}"
        )
    };
    format!(
        "None of {} opens a window. The last one says: {reason}{hint}",
        tried.join(", ")
    )
}

fn explain(err: &eframe::Error) -> String {
    let text = err.to_string();
    // winit puts a place in its source in front of the cause.
    let cause = text
        .rsplit(": ")
        .next()
        .unwrap_or_default()
        .trim_end_matches('.');
    match err {
        eframe::Error::Winit(_) | eframe::Error::WinitEventLoop(_) => format!(
            "The window cannot be opened: {cause}. Start the program on a desktop (with DISPLAY or WAYLAND_DISPLAY set), \
             {COMMAND_LINE}"
        ),
        eframe::Error::Wgpu(_) => format!(
            "The window cannot be drawn: {}. Install a graphics driver with Vulkan (on Linux \
             the package mesa-vulkan-drivers works on every machine), \
             {COMMAND_LINE}",
            drawing_cause(&text)
        ),
        eframe::Error::AppCreation(_) => format!("The window cannot be opened: {err}"),
    }
}

/// What wgpu says, without the name of its kind of error and without its list of reasons where that is empty.
fn drawing_cause(text: &str) -> &str {
    let cause = text.strip_prefix("WGPU error: ").unwrap_or(text);
    cause.strip_suffix(": {}").unwrap_or(cause)
}

pub use supervisor::{tell_opened, wait_until_unwanted};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::window::attempts::{Backend, Desktop};

    #[test]
    fn what_was_tried_and_what_to_do_is_one_text() {
        let refusal = |backend, reason: &str| Refusal {
            attempt: Attempt {
                desktop: Desktop::X11,
                backend: Some(backend),
            },
            reason: reason.to_owned(),
        };
        let crashed = refused(&[
            refusal(Backend::Vulkan, "no adapter"),
            refusal(Backend::OpenGl, "the process ended with signal: 11"),
        ]);
        assert!(
            crashed.starts_with("None of Vulkan on X11, OpenGL on X11 opens a window."),
            "{crashed}"
        );
        assert!(
            crashed.contains("signal: 11. Install a graphics driver"),
            "{crashed}"
        );
        assert_eq!(crashed.matches(COMMAND_LINE).count(), 1);
        let told = refused(&[refusal(Backend::OpenGl, &format!("x, {COMMAND_LINE}"))]);
        assert_eq!(told.matches(COMMAND_LINE).count(), 1, "{told}");
    }

    #[test]
    fn a_cause_is_told_without_an_empty_list() {
        let none = "WGPU error: Failed to create surface for any enabled backend: {}";
        let told = "Failed to create surface for any enabled backend";
        assert_eq!(drawing_cause(none), told);
        let why = "Failed to create surface for any enabled backend: {Gl: no display}";
        assert_eq!(drawing_cause(why), why);
    }
}
