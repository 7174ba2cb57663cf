//! Where the plots are in the panel.

use eframe::egui::{Vec2, vec2};

/// Plots are at least this large; where the panel has no room for all, it scrolls.
const MIN_PLOT: Vec2 = vec2(250.0, 150.0);
/// In a lower panel a plot is as high as the panel, so that one is in sight as a whole, down to this.
const LOWEST_PLOT: f32 = 110.0;

/// How the plots share the panel.
pub struct Grid {
    /// How many are side by side.
    pub columns: usize,
    /// The size of each.
    pub size: Vec2,
}

impl Grid {
    /// As many side by side as have room, but no more rows than needed.
    pub fn new(panel: Vec2, count: usize, gap: Vec2) -> Self {
        let most = ((panel.x + gap.x) / (MIN_PLOT.x + gap.x)).floor().max(1.0) as usize;
        let columns = most.min(count).max(1);
        let rows = count.div_ceil(columns);
        let share = |whole: f32, count: usize, gap: f32| {
            ((whole - gap * (count - 1) as f32) / count as f32).floor()
        };
        Self {
            columns,
            size: vec2(
                share(panel.x, columns, gap.x),
                share(panel.y, rows, gap.y).max(panel.y.clamp(LOWEST_PLOT, MIN_PLOT.y)),
            ),
        }
    }
}
