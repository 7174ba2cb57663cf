//! One moment of a film: its masks, and the scores of the classes then; how all moments are saved.

use std::sync::Arc;

use eframe::egui::{Rect, ScrollArea, Stroke, Ui, style::ScrollStyle, vec2};

use crate::engine::{
    Film, FilmFile, FilmProbe, LabelMap, Preview, PreviewItem, RunFilm, RunSnapshot,
};
use crate::ui::command::{Ask, Command};
use crate::ui::context::PanelCtx;
use crate::ui::theme;
use crate::ui::ui_ext::UiExt as _;
use crate::ui::view_model::format::{percent, plural};

/// Classes whose scores have room.
const MAX_SCORES: usize = 24;

/// The scores of the classes in the last validation before `step`.
pub fn scores_ui(ctx: &PanelCtx<'_>, ui: &mut Ui, run: &RunSnapshot, step: usize) {
    let behind = run.epochs.partition_point(|epoch| epoch.step <= step);
    let Some(epoch) = behind.checked_sub(1).and_then(|at| run.epochs.get(at)) else {
        ui.weak("No validation yet at this step");
        return;
    };
    let classes = ctx.colors.of(&run.classes);
    // In one line, as the images need the height; people see that there is more of it.
    ui.spacing_mut().scroll = ScrollStyle::thin();
    ScrollArea::horizontal()
        .id_salt("film scores")
        .show(ui, |ui| {
            ui.horizontal(|ui| {
                ui.strong(format!(
                    "Epoch {}: mIoU {}",
                    epoch.epoch,
                    percent(epoch.scores.mean_iu)
                ))
                .on_hover_text("The whole validation list, in the last validation up to this step");
                let ius = classes.iter().zip(&epoch.scores.class_iu);
                for (class, iu) in ius.take(MAX_SCORES) {
                    ui.swatch(theme::class_color(class.color));
                    ui.weak(format!("{} {}", class.name, percent(*iu)));
                }
                let others = classes.len().saturating_sub(MAX_SCORES);
                if others > 0 {
                    ui.weak(plural(
                        others,
                        "class is not shown",
                        "classes are not shown",
                    ))
                    .on_hover_text("Curves draws any class: choose it under Plots");
                }
            })
        });
}

/// Marks the moments whose weights are kept, below a scrubber.
pub fn kept_marks(ui: &Ui, scrubber: Rect, film: &RunFilm) {
    let frames = &film.film.frames;
    let color = theme::palette(ui.visuals()).success;
    let room = scrubber.shrink2(vec2(scrubber.height() / 2.0, 0.0));
    for (place, frame) in frames.iter().enumerate() {
        if film.kept_steps.contains(&frame.step) {
            let share = place as f32 / (frames.len() - 1).max(1) as f32;
            let x = room.left() + share * room.width();
            let y = scrubber.bottom();
            ui.painter()
                .vline(x, y - 4.0..=y + 1.0, Stroke::new(2.0, color));
        }
    }
}

/// Says where frames are missing behind the last one.
pub fn damage_ui(ui: &mut Ui, film: &Film) {
    if film.is_damaged {
        let color = ui.visuals().warn_fg_color;
        ui.colored_label(color, "damaged behind the last frame")
            .on_hover_text(
                "film.bin in the folder of the run is damaged: its later frames cannot be read. If the run is \
                 resumed, this file is kept as film.before.bin",
            );
    }
}

/// A frame in the form of live masks.
pub fn preview(film: &RunFilm, frame: usize, masks: Vec<LabelMap>) -> Option<Preview> {
    let moment = film.film.frames.get(frame)?;
    let probes = film.film.probes.iter().zip(masks).zip(&moment.mean_iu);
    let item = |((probe, mask), mean_iu): ((&FilmProbe, LabelMap), &Option<f64>)| PreviewItem {
        id: probe.id.clone(),
        image: Arc::clone(&probe.image),
        truth: Arc::clone(&probe.truth),
        mask: Arc::new(mask),
        mean_iu: *mean_iu,
    };
    Some(Preview {
        step: moment.step,
        items: probes.map(item).collect(),
    })
}

/// The files that a film can be saved as.
pub fn export_menu(ctx: &PanelCtx<'_>, ui: &mut Ui) {
    ui.menu_button("Export film", |ui| {
        let files = [
            (
                FilmFile::Gif,
                "Animated GIF…",
                "One file, of at most 240 frames",
            ),
            (
                FilmFile::Pngs,
                "PNG sequence…",
                "A picture for each frame: NAME-0001.png and so on",
            ),
        ];
        for (file, name, what) in files {
            if ui.button(name).on_hover_text(what).clicked() {
                ctx.commands.send(Command::Ask(Ask::SaveFilm(file)));
                ui.close();
            }
        }
    })
    .response
    .on_hover_text("Save the film as pictures");
}
