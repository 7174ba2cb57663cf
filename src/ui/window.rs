//! Opens the window, or explains why it cannot be opened.

use eframe::egui::ViewportBuilder;

use super::app::{App, WindowOptions};
use super::window_size::{FIRST_SIZE, MIN_SIZE};

/// Name of the folder of the window's own settings, and the id on Wayland.
const APP_ID: &str = "fcn-workbench";
const TITLE: &str = "FCN Workbench";

/// Opens the window and returns when it is closed.
pub fn run(options: WindowOptions) -> Result<(), String> {
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
    .map_err(|err| explain(&err))
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
             or use the command line: fcn-workbench --help"
        ),
        eframe::Error::Wgpu(_) => format!(
            "The window cannot be drawn: {err}. Install a graphics driver with Vulkan (on Linux \
             the package mesa-vulkan-drivers works on every machine), \
             or use the command line: fcn-workbench --help"
        ),
        eframe::Error::AppCreation(_) => format!("The window cannot be opened: {err}"),
    }
}
