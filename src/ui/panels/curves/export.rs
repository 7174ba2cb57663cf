//! Saves what the panel shows: plots as PNG and SVG, histories as CSV.

use std::path::PathBuf;
use std::sync::Arc;

use crossbeam_channel::{Receiver, bounded};
use eframe::egui::{ColorImage, Rect, ScreenshotCallback, Ui, ViewportCommand};

use crate::engine::plots::{Paint, PlotSheet, csv};
use crate::engine::{EngineError, Existing, NoticeLevel, PlotFile, Rgb, RunSnapshot, SaveTo, Task};
use crate::ui::command::{Ask, Command, PlotFormat, UiCommand};
use crate::ui::context::PanelCtx;

/// What is being saved.
#[derive(Default)]
pub struct Export {
    /// Where the plots were in the last frame, in points.
    area: Option<Rect>,
    /// What is wanted from the next frame.
    wanted: Option<PlotFormat>,
    /// Brings a picture of the window that was asked for.
    picture: Option<Receiver<Arc<ColorImage>>>,
    /// What is saved once there is an answer; a dialog that is cancelled leaves it here.
    asking: Option<Asking>,
    saves: Vec<Task<Result<PathBuf, EngineError>>>,
}

enum Asking {
    /// A picture of the window, and the part of it in pixels.
    Png(Arc<ColorImage>, Part),
    Svg(PlotSheet),
    /// Names of the runs.
    Csv(Vec<String>),
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
            let scale = ui.ctx().pixels_per_point();
            let area = self.area;
            if let Some(part) = area.and_then(|area| Part::of(&picture, area, scale)) {
                self.ask(ctx, Asking::Png(picture, part));
            }
        }
        self.saves.retain_mut(|save| {
            let Some(result) = save.poll_result() else {
                return true;
            };
            let notice = match result {
                Ok(path) => (
                    NoticeLevel::Info,
                    format!("Plots saved\n{}", path.display()),
                ),
                Err(err) => (
                    NoticeLevel::Error,
                    format!("The plots could not be saved: {err}"),
                ),
            };
            ctx.commands.send(Command::Notify(notice.0, notice.1));
            false
        });
    }

    /// Saves in this format what is shown in the next frame.
    pub fn want(&mut self, format: PlotFormat) {
        self.wanted = Some(format);
    }

    /// The menu, and what was wanted; `sheet` copies what is shown.
    pub fn ui(
        &mut self,
        ctx: &PanelCtx<'_>,
        ui: &mut Ui,
        runs: &[&RunSnapshot],
        sheet: &dyn Fn() -> PlotSheet,
    ) {
        ui.menu_button("Export", |ui| {
            for format in [PlotFormat::Png, PlotFormat::Svg, PlotFormat::Csv] {
                let command = UiCommand::ExportPlots(format);
                let entry = ui.button(command.label()).on_hover_text(command.tooltip());
                if entry.clicked() {
                    ctx.commands.send(command);
                    ui.close();
                }
            }
        })
        .response
        .on_hover_text("Save the plots or their values");
        match self.wanted.take() {
            Some(PlotFormat::Png) => self.take_picture(ui),
            Some(PlotFormat::Svg) => self.ask(ctx, Asking::Svg(sheet())),
            Some(PlotFormat::Csv) => {
                let names = runs.iter().map(|run| run.name.clone()).collect();
                self.ask(ctx, Asking::Csv(names));
            }
            None => {}
        }
    }

    /// Asks where to save.
    fn ask(&mut self, ctx: &PanelCtx<'_>, asking: Asking) {
        let format = match asking {
            Asking::Png(..) => PlotFormat::Png,
            Asking::Svg(_) => PlotFormat::Svg,
            Asking::Csv(_) => PlotFormat::Csv,
        };
        ctx.commands.send(Command::Ask(Ask::SavePlots(format)));
        self.asking = Some(asking);
    }

    /// Saves what was asked about to `path`.
    pub fn save(&mut self, ctx: &PanelCtx<'_>, path: PathBuf) {
        let Some(asking) = self.asking.take() else {
            return;
        };
        let file = match asking {
            Asking::Png(picture, part) => PlotFile::Png(Box::new(move || part.cut_out(&picture))),
            Asking::Svg(sheet) => PlotFile::Text(Box::new(move || sheet.svg(&Paint::for_paper()))),
            Asking::Csv(names) => {
                let runs = names.iter().filter_map(|name| ctx.engine.run(name));
                let runs: Vec<RunSnapshot> = runs.cloned().collect();
                PlotFile::Text(Box::new(move || csv(&runs.iter().collect::<Vec<_>>())))
            }
        };
        // The dialog has asked whether to replace a file; one that is not ours stays even so.
        let to = SaveTo::Path(path, Existing::ReplaceOwn);
        self.saves.push(ctx.engine.save_plot(file, to));
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
}

/// A part of a picture, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Part {
    left: usize,
    right: usize,
    top: usize,
    bottom: usize,
}

impl Part {
    /// A part given in points; `None` where nothing is in it.
    fn of(picture: &ColorImage, area: Rect, pixels_per_point: f32) -> Option<Self> {
        let [width, height] = picture.size;
        let pixel = |points: f32, most: usize| {
            ((points * pixels_per_point).round().max(0.0) as usize).min(most)
        };
        let part = Self {
            left: pixel(area.left(), width),
            right: pixel(area.right(), width),
            top: pixel(area.top(), height),
            bottom: pixel(area.bottom(), height),
        };
        (part.left < part.right && part.top < part.bottom).then_some(part)
    }

    fn cut_out(self, picture: &ColorImage) -> Rgb {
        let width = picture.size[0];
        let rows = (self.top..self.bottom)
            .flat_map(|row| &picture.pixels[row * width + self.left..row * width + self.right]);
        Rgb {
            width: (self.right - self.left) as u32,
            height: (self.bottom - self.top) as u32,
            pixels: rows
                .flat_map(|color| [color.r(), color.g(), color.b()])
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use eframe::egui::{self, Color32};

    use super::*;

    #[test]
    fn a_part_of_a_picture_is_cut_out_in_pixels() {
        let mut picture = ColorImage::filled([4, 2], Color32::BLACK);
        picture.pixels[6] = Color32::WHITE;
        let area = Rect::from_min_max(egui::pos2(1.0, 0.5), egui::pos2(9.0, 1.0));
        let part = Part::of(&picture, area, 2.0).expect("a part");
        let image = part.cut_out(&picture);
        assert_eq!((image.width, image.height), (2, 1));
        assert_eq!(image.pixels, [255, 255, 255, 0, 0, 0]);
        let outside = Rect::from_min_max(egui::pos2(9.0, 0.0), egui::pos2(12.0, 1.0));
        assert_eq!(Part::of(&picture, outside, 1.0), None);
    }
}
