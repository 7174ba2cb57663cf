//! Files that are dropped on the window.

use std::path::PathBuf;

use eframe::egui::{self, Align2, FontId, Id, LayerId, Order, Stroke, StrokeKind};

use super::theme;
use crate::engine::{has_image_extension, has_weights_extension};

/// What was dropped in one frame.
#[derive(Default)]
pub struct Dropped {
    /// Images, and folders of images.
    pub images: Vec<PathBuf>,
    /// A weights file, the last one if there are several.
    pub weights: Option<PathBuf>,
    /// Number of other files.
    pub others: usize,
}

/// What was dropped in this frame.
pub fn take_dropped(ctx: &egui::Context) -> Dropped {
    let paths: Vec<PathBuf> = ctx.input(|input| {
        input
            .raw
            .dropped_files
            .iter()
            .map(|file| file.path().to_path_buf())
            .collect()
    });
    let mut dropped = Dropped::default();
    for path in paths {
        if has_image_extension(&path) || path.is_dir() {
            dropped.images.push(path);
        } else if has_weights_extension(&path) {
            dropped.weights = Some(path);
        } else {
            dropped.others += 1;
        }
    }
    dropped
}

/// Covers the window while files are dragged over it.
pub fn hover_ui(ctx: &egui::Context) {
    let files = ctx.input(|input| input.raw.hovered_files.len());
    if files == 0 {
        return;
    }
    let painter = ctx.layer_painter(LayerId::new(Order::Foreground, Id::unique("drop target")));
    let rect = ctx.content_rect();
    let visuals = &ctx.global_style().visuals;
    let accent = theme::palette(visuals).accent;
    painter.rect_filled(rect, 0.0, theme::veil(visuals));
    painter.rect_stroke(
        rect.shrink(16.0),
        10.0,
        Stroke::new(2.0, accent),
        StrokeKind::Inside,
    );
    painter.text(
        rect.center(),
        Align2::CENTER_CENTER,
        "Drop images to segment them, or a weights file to start from",
        FontId::proportional(26.0),
        visuals.strong_text_color(),
    );
}
