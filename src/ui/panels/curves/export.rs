//! Saves what the panel shows: plots as PNG and SVG, histories as CSV.

use std::path::PathBuf;
use std::sync::Arc;

use crossbeam_channel::{Receiver, bounded};
use eframe::egui::{self, Color32, ColorImage, Rect, ScreenshotCallback, Ui, ViewportCommand};

use crate::engine::{EngineError, NoticeLevel, PlotFile, Rgb, RunSnapshot, Task};
use crate::ui::command::Command;
use crate::ui::context::PanelCtx;
use crate::ui::theme;
use crate::ui::view_model::plots::{Figure, NUM_COLORS, Paint, PlotKind, csv, svg};

/// What is being saved.
#[derive(Default)]
pub struct Export {
    saves: Vec<Task<Result<PathBuf, EngineError>>>,
    /// Where the plots were in the last frame, in points.
    area: Option<Rect>,
    /// Brings a picture of the window that was asked for.
    picture: Option<Receiver<Arc<ColorImage>>>,
}

impl Export {
    /// Where the plots are.
    pub fn area(&mut self, area: Rect) {
        self.area = Some(area);
    }

    /// Takes in what was saved. Call once a frame.
    pub fn poll(&mut self, ctx: &PanelCtx<'_>, ui: &Ui) {
        let picture = self
            .picture
            .as_ref()
            .and_then(|picture| picture.try_recv().ok());
        if let Some(picture) = picture {
            self.picture = None;
            if let Some(image) = self
                .area
                .and_then(|area| cut_out(&picture, area, ui.ctx().pixels_per_point()))
            {
                self.saves.push(
                    ctx.engine
                        .save_plot("curves".to_owned(), PlotFile::Png(image)),
                );
            }
        }
        self.saves.retain_mut(|save| {
            let Some(result) = save.poll_result() else {
                return true;
            };
            let notice = match result {
                Ok(path) => (NoticeLevel::Info, format!("Saved\n{}", path.display())),
                Err(err) => (
                    NoticeLevel::Error,
                    format!("The plot could not be saved: {err}"),
                ),
            };
            ctx.commands.send(Command::Notify(notice.0, notice.1));
            false
        });
    }

    /// The menu.
    pub fn ui<'a>(
        &mut self,
        ctx: &PanelCtx<'_>,
        ui: &mut Ui,
        runs: &[&RunSnapshot],
        figures: &dyn Fn() -> Vec<Figure<'a>>,
    ) {
        ui.menu_button("Export", |ui| {
            let png = ui
                .button("Plots as PNG")
                .on_hover_text("A picture of the plots as they are on the screen");
            if png.clicked() {
                self.take_picture(ui);
                ui.close();
            }
            let as_svg = ui
                .button("Plots as SVG")
                .on_hover_text("A drawing of each plot, for papers");
            if as_svg.clicked() {
                let paint = paint(ui);
                for figure in &figures() {
                    let text = svg(figure, &paint);
                    self.save_text(ctx, file_name(figure.kind), "svg", move || text);
                }
                ui.close();
            }
            let as_csv = ui.button("Values as CSV").on_hover_text(
                "Every step and epoch of the runs that are shown, for other programs",
            );
            if as_csv.clicked() {
                let runs: Vec<RunSnapshot> = runs.iter().map(|run| (*run).clone()).collect();
                self.save_text(ctx, "curves", "csv", move || {
                    csv(&runs.iter().collect::<Vec<_>>())
                });
                ui.close();
            }
            ui.separator();
            if ui.button("Open folder of plots").clicked() {
                ctx.commands
                    .send(Command::OpenFileManager(ctx.engine.plots_folder()));
                ui.close();
            }
        })
        .response
        .on_hover_text("Save the plots or their values into the folder of plots, beside the runs");
    }

    /// Asks for a picture of the window, which comes when the menu is gone.
    fn take_picture(&mut self, ui: &Ui) {
        let (sender, receiver) = bounded(1);
        self.picture = Some(receiver);
        let ctx = ui.ctx().clone();
        let callback = ScreenshotCallback::new(move |image| {
            // Nobody waits for it any more where another was asked for.
            sender.try_send(image).ok();
            ctx.request_repaint();
        });
        ui.send_viewport_cmd(ViewportCommand::Screenshot(callback));
    }

    fn save_text(
        &mut self,
        ctx: &PanelCtx<'_>,
        name: &str,
        extension: &'static str,
        text: impl FnOnce() -> String + Send + 'static,
    ) {
        let file = PlotFile::Text {
            extension,
            text: Box::new(text),
        };
        self.saves.push(ctx.engine.save_plot(name.to_owned(), file));
    }
}

fn file_name(kind: PlotKind) -> &'static str {
    match kind {
        PlotKind::Loss => "loss",
        PlotKind::Scores => "scores",
        PlotKind::ClassIu => "class-iou",
        PlotKind::LearningRate => "learning-rate",
        PlotKind::GradNorm => "gradient-norm",
    }
}

/// Papers are white: the colors of the light theme.
fn paint(ui: &Ui) -> Paint {
    let visuals = ui.ctx().style_of(egui::Theme::Light).visuals.clone();
    let css = |color: Color32| format!("#{:02x}{:02x}{:02x}", color.r(), color.g(), color.b());
    Paint {
        background: css(Color32::WHITE),
        text: css(Color32::BLACK),
        grid: css(theme::palette(&visuals).grid),
        runs: (0..NUM_COLORS)
            .map(|slot| css(theme::run_color(&visuals, slot)))
            .collect(),
    }
}

/// A part of a picture, given in points; `None` where nothing is in it.
fn cut_out(picture: &ColorImage, area: Rect, pixels_per_point: f32) -> Option<Rgb> {
    let [width, height] = picture.size;
    let pixel = |points: f32, most: usize| {
        ((points * pixels_per_point).round().max(0.0) as usize).min(most)
    };
    let (left, right) = (pixel(area.left(), width), pixel(area.right(), width));
    let (top, bottom) = (pixel(area.top(), height), pixel(area.bottom(), height));
    if left >= right || top >= bottom {
        return None;
    }
    let rows =
        (top..bottom).flat_map(|row| &picture.pixels[row * width + left..row * width + right]);
    Some(Rgb {
        width: (right - left) as u32,
        height: (bottom - top) as u32,
        pixels: rows
            .flat_map(|color| [color.r(), color.g(), color.b()])
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_picture_is_cut_out_in_pixels() {
        let mut picture = ColorImage::filled([4, 2], Color32::BLACK);
        picture.pixels[6] = Color32::WHITE;
        let area = Rect::from_min_max(egui::pos2(1.0, 0.5), egui::pos2(9.0, 1.0));
        let image = cut_out(&picture, area, 2.0).expect("an image");
        assert_eq!((image.width, image.height), (2, 1));
        assert_eq!(image.pixels, [255, 255, 255, 0, 0, 0]);
        let outside = Rect::from_min_max(egui::pos2(9.0, 0.0), egui::pos2(12.0, 1.0));
        assert!(cut_out(&picture, outside, 1.0).is_none());
    }
}
