//! Opens the window, or explains why it cannot be opened.

use eframe::egui::{Vec2, ViewportBuilder, vec2};

use super::app::{App, WindowOptions};

/// Name of the folder of the window's own settings, and the id on Wayland.
const APP_ID: &str = "fcn-workbench";
const TITLE: &str = "FCN Workbench";
const MIN_SIZE: Vec2 = vec2(900.0, 600.0);

/// Opens the window and returns when it is closed.
pub fn run(options: WindowOptions) -> Result<(), String> {
    let native = eframe::NativeOptions {
        viewport: ViewportBuilder::default()
            .with_title(TITLE)
            .with_app_id(APP_ID)
            .with_inner_size([1440.0, 900.0])
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

/// Room that the desktop needs around the window: its title bar and a task bar.
const DECORATIONS: Vec2 = vec2(16.0, 88.0);

/// The size that a window of `size` points should have on a monitor of `monitor` points, where that
/// is another one.
pub fn fitting_size(size: Vec2, monitor: Vec2) -> Option<Vec2> {
    let fitting = size.min((monitor - DECORATIONS).max(MIN_SIZE));
    (fitting != size).then_some(fitting)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_leaves_room_for_its_decorations() {
        let size = vec2(1440.0, 900.0);
        assert_eq!(fitting_size(size, vec2(2560.0, 1440.0)), None);
        assert_eq!(
            fitting_size(size, vec2(1280.0, 720.0)),
            Some(vec2(1264.0, 632.0))
        );
        // It is never smaller than its smallest size.
        assert_eq!(fitting_size(size, vec2(640.0, 480.0)), Some(MIN_SIZE));
    }
}
