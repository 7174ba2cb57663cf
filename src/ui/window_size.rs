//! How large the window is at first.

use eframe::egui::{Vec2, vec2};

/// The size of a first window, where the monitor has room for it.
pub const FIRST_SIZE: Vec2 = vec2(1440.0, 900.0);
/// No window is smaller.
pub const MIN_SIZE: Vec2 = vec2(900.0, 600.0);
/// Room that the desktop needs around the window: its title bar and a task bar.
const DECORATIONS: Vec2 = vec2(16.0, 88.0);

/// The size that a window of `size` points should have on a monitor of `monitor` points, where that
/// is another one.
pub fn fitting_size(size: Vec2, monitor: Vec2) -> Option<Vec2> {
    let fitting = size.min((monitor - DECORATIONS).max(MIN_SIZE));
    (fitting != size).then_some(fitting)
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
