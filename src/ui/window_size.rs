//! How large the window is at first.

use eframe::egui::{Vec2, vec2};

/// The size of a first window, where the monitor has room for it.
pub const FIRST_SIZE: Vec2 = vec2(1440.0, 900.0);
/// No window is smaller.
pub const MIN_SIZE: Vec2 = vec2(900.0, 600.0);
/// Room that the desktop needs around the window: its title bar and a task bar.
const DECORATIONS: Vec2 = vec2(16.0, 88.0);

/// The size that a window of `size` points should have on a monitor of `monitor` points, where that
/// is another one. All are points of a scale, of which the sizes above know nothing. The size that a window
/// had is kept in points of its scale, and was taken for one without; here it becomes what it was.
pub fn fitting_size(size: Vec2, monitor: Vec2, scale: f32) -> Option<Vec2> {
    let most = (monitor * scale - DECORATIONS).max(MIN_SIZE);
    let fitting = (size * scale * scale).min(most) / scale;
    // Less than a pixel is rounding.
    ((fitting - size).abs().max_elem() > 0.5).then_some(fitting)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_leaves_room_for_its_decorations() {
        let size = vec2(1440.0, 900.0);
        assert_eq!(fitting_size(size, vec2(2560.0, 1440.0), 1.0), None);
        assert_eq!(
            fitting_size(size, vec2(1280.0, 720.0), 1.0),
            Some(vec2(1264.0, 632.0))
        );
        // It is never smaller than its smallest size.
        assert_eq!(fitting_size(size, vec2(640.0, 480.0), 1.0), Some(MIN_SIZE));
    }

    #[test]
    fn a_scaled_window_is_as_large_as_it_was_and_no_larger_than_the_monitor() {
        // 1200 by 750 pixels are kept as 800 by 500 points at 150 %, and open with as many pixels.
        let opened = vec2(800.0, 500.0) / 1.5;
        let monitor = vec2(2560.0, 1440.0) / 1.5;
        let kept = fitting_size(opened, monitor, 1.5).expect("another size");
        assert!(
            (kept * 1.5 - vec2(1200.0, 750.0)).abs().max_elem() < 0.01,
            "{kept}"
        );
        // At 300 % a monitor of 1280 by 720 pixels has 427 by 240 points.
        let monitor = vec2(1280.0, 720.0) / 3.0;
        let fitting = fitting_size(vec2(1264.0, 632.0) / 3.0, monitor, 3.0);
        assert_eq!(fitting, None);
        let fitting = fitting_size(vec2(3792.0, 1896.0) / 3.0, monitor, 3.0);
        assert_eq!(fitting, Some(vec2(1264.0, 632.0) / 3.0));
    }
}
