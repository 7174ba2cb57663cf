//! The class legend with the share of every class.

use eframe::egui::{self, Align2, Color32, CornerRadius, FontId, Rect, Sense, Ui, pos2, vec2};

use serde::{Deserialize, Serialize};

use crate::engine::{OpenDataset, VOID};
use crate::ui::terms::{Teaches as _, Term};
use crate::ui::theme;
use crate::ui::ui_ext::{SWATCH, UiExt as _, paint_swatch};
use crate::ui::view_model::{ClassColors, format};

const ROW_HEIGHT: f32 = 19.0;
const BAR_HEIGHT: f32 = 3.0;
/// From the left of an entry to its name, behind the square of color.
const NAME_LEFT: f32 = 18.0;
const MIN_COLUMN: f32 = 146.0;

/// Of what the shares are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ShareOf {
    /// Labeled pixels.
    #[default]
    Pixels,
    /// Images that have the class.
    Images,
}

/// Draws one entry for every class and one for void. `counting` = missing counts will come.
pub fn classes_ui(
    colors: &ClassColors,
    ui: &mut Ui,
    (open, counting): (&OpenDataset, bool),
    share_of: &mut ShareOf,
) {
    let (classes, stats) = (&open.dataset.classes, open.stats.as_ref());
    ui.horizontal(|ui| {
        ui.section("Classes").teaches(Term::Void);
        for (value, label, tooltip) in [
            (
                ShareOf::Pixels,
                "by pixels",
                "Share of the labeled pixels over all masks; void: share of all pixels",
            ),
            (
                ShareOf::Images,
                "by images",
                "Share of the images whose masks have the class",
            ),
        ] {
            ui.selectable_value(share_of, value, label)
                .on_hover_text(tooltip)
                .accessible_name(format!("Classes {label}"));
        }
        if stats.is_none() && counting {
            ui.busy("Counting pixels");
            ui.weak("counting pixels");
        } else if stats.is_none() {
            ui.weak("pixels not counted")
                .on_hover_text("The count failed. Open the dataset again to repeat it");
        }
    });
    let mut entries: Vec<_> = classes
        .iter()
        .zip(0..=u8::MAX)
        .map(|(class, label)| {
            let color = theme::class_color(colors.color(classes, label));
            let shares = stats.map(|stats| [stats.share(label), stats.image_share(label)]);
            (color, class.name.as_str(), shares)
        })
        .collect();
    let void = stats.map(|stats| {
        let labeled: u64 = stats.class_pixels.iter().sum();
        let pixels = stats.void_pixels as f64 / (labeled + stats.void_pixels).max(1) as f64;
        [pixels, stats.image_share(VOID)]
    });
    // No class, and its share is of another whole: the classes add up to 100 % without it.
    let void_name = match share_of {
        ShareOf::Pixels => "void (of all)",
        ShareOf::Images => "void",
    };
    entries.push((theme::class_color(classes.color(VOID)), void_name, void));
    let spacing = ui.spacing().item_spacing.x;
    let columns = ((ui.available_width() + spacing) / (MIN_COLUMN + spacing))
        .floor()
        .max(1.0) as usize;
    let rows = entries.len().div_ceil(columns);
    let width = (ui.available_width() + spacing) / columns as f32 - spacing;
    let (area, _) = ui.allocate_exact_size(
        vec2(ui.available_width(), rows as f32 * ROW_HEIGHT),
        Sense::hover(),
    );
    for (index, (color, name, shares)) in entries.into_iter().enumerate() {
        let (column, row) = (index / rows, index % rows);
        let left = area.left() + column as f32 * (width + spacing);
        let top = area.top() + row as f32 * ROW_HEIGHT;
        let rect = Rect::from_min_size(pos2(left, top), vec2(width, ROW_HEIGHT - 3.0));
        let is_void = index == classes.len();
        entry_ui(ui, rect, (color, name, shares), *share_of, is_void);
    }
}

/// Where the name and the share of an entry are.
fn line_of(entry: Rect) -> Rect {
    let end = pos2(entry.right() - 2.0, entry.bottom() - BAR_HEIGHT);
    Rect::from_min_max(pos2(entry.left() + NAME_LEFT, entry.top()), end)
}

/// Where the bar of an entry is: below its name, over which it would be read as a mark of some letters.
fn bar_of(entry: Rect) -> Rect {
    let start = pos2(entry.left() + NAME_LEFT, entry.bottom() - BAR_HEIGHT);
    Rect::from_min_max(start, entry.max)
}

fn entry_ui(
    ui: &mut Ui,
    rect: Rect,
    (color, name, shares): (Color32, &str, Option<[f64; 2]>),
    share_of: ShareOf,
    is_void: bool,
) {
    if !ui.is_rect_visible(rect) {
        return;
    }
    let share = shares.map(|[pixels, images]| match share_of {
        ShareOf::Pixels => pixels,
        ShareOf::Images => images,
    });
    let percent = share.map(|share| format::percent(Some(share)));
    let text = format!("{name} {}", percent.as_deref().unwrap_or_default());
    let response = ui.interact(rect, ui.scope_id().with(("class", name)), Sense::hover());
    response
        .widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::Label, true, text.trim()));
    let painter = ui.painter_at(rect);
    let palette = theme::palette(ui.visuals());
    let bar = bar_of(rect);
    painter.rect_filled(bar, CornerRadius::same(1), palette.well);
    if let Some(share) = share {
        let filled = Rect::from_min_size(
            bar.min,
            vec2(bar.width() * share.clamp(0.0, 1.0) as f32, bar.height()),
        );
        painter.rect_filled(filled, CornerRadius::same(1), color);
    }
    let line = line_of(rect);
    let swatch = Rect::from_min_size(pos2(rect.left(), rect.center().y - 6.0), SWATCH);
    paint_swatch(ui, swatch, color);
    let font = FontId::proportional(12.0);
    let text_color = if is_void {
        ui.visuals().weak_text_color()
    } else {
        ui.visuals().strong_text_color()
    };
    let end = percent.map_or(line.right(), |percent| {
        let anchor = line.right_center();
        painter
            .text(
                anchor,
                Align2::RIGHT_CENTER,
                percent,
                font.clone(),
                text_color,
            )
            .left()
            - 4.0
    });
    let name_clip = Rect::from_min_max(line.min, pos2(end, rect.bottom()));
    painter
        .with_clip_rect(name_clip.intersect(painter.clip_rect()))
        .text(
            line.left_center(),
            Align2::LEFT_CENTER,
            name,
            font,
            text_color,
        );
    let both = shares.map(|shares| shares.map(|share| format::percent(Some(share))));
    response.on_hover_text(match both {
        Some([pixels, images]) if is_void => {
            format!("void: {pixels} of all pixels, in {images} of the images; it is no class")
        }
        Some([pixels, images]) => {
            format!("{name}: {pixels} of the labeled pixels, in {images} of the images")
        }
        None => text,
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_of_a_class_is_below_its_name_and_share() {
        let entry = Rect::from_min_size(pos2(10.0, 20.0), vec2(150.0, ROW_HEIGHT - 3.0));
        let (line, bar) = (line_of(entry), bar_of(entry));
        assert_eq!((line.left(), bar.left()), (28.0, 28.0));
        assert_eq!((line.top(), line.bottom()), (20.0, 33.0));
        assert_eq!((bar.top(), bar.bottom()), (33.0, 36.0));
    }
}
