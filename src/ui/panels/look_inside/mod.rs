//! The Look inside panel: why the pixel under the pointer in Inspect has its class, by one to three
//! networks side by side, and maps of what happens in them.

mod bars;
mod choice;
mod explanations;
mod map_columns;
mod map_ui;
mod maps;

use std::path::Path;

use eframe::egui::{Align, Button, Frame, Layout, Margin, Panel, RichText, ScrollArea, Ui, vec2};
use serde::{Deserialize, Serialize};

use self::bars::scores_ui;
use self::choice::{Choice, View};
use self::explanations::{Explanations, State};
use self::map_columns::{Canvases, Shown};
use self::maps::Maps;
use super::go_to_train;
use super::inspect::run_picker::run_picker;
use crate::engine::{Engine, RunSnapshot};
use crate::ui::command::{Command, PanelKind};
use crate::ui::context::PanelCtx;
use crate::ui::ui_ext::UiExt as _;
use crate::ui::view_model::file_label::file_label;
use crate::ui::view_model::inspected::{FieldKind, FieldOutline, Inspected};
use crate::ui::view_model::mask::Pixel;
use crate::ui::view_model::run_label::run_label;
use crate::ui::when::AddWhen as _;

/// As many as a plan of FCN-32s, 16s and 8s trains.
const MAX_NETWORKS: usize = 3;
/// Width of a network's column, in points.
const MIN_COLUMN: f32 = 260.0;

/// Scores of one pixel, by class and by what each layer adds, or maps of numbers.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub struct LookInsidePanel {
    choice: Choice,
    /// Runs beside that of Inspect.
    #[serde(skip)]
    others: Vec<String>,
    #[serde(skip)]
    explanations: Explanations,
    #[serde(skip)]
    maps: Maps,
    #[serde(skip)]
    shown: Shown,
    #[serde(skip)]
    canvases: Canvases,
}

impl LookInsidePanel {
    /// Fills the panel. `unpredicted` is an image in Inspect that has no mask yet.
    pub fn ui(
        &mut self,
        ctx: &PanelCtx<'_>,
        ui: &mut Ui,
        (inspected, unpredicted): (Option<&Inspected>, Option<&Path>),
    ) {
        let Some(inspected) = inspected else {
            self.explanations.clear();
            self.maps.clear();
            nothing_inspected_ui(ctx, ui, unpredicted);
            return;
        };
        self.others.retain(|run| {
            *run != inspected.run
                && (ctx.engine.runs_with_weights()).any(|known| known.name == *run)
        });
        let margin = Frame::new().inner_margin(Margin::symmetric(6, 4));
        Panel::top("look_inside_toolbar")
            .resizable(false)
            .frame(margin)
            .show(ui, |ui| {
                ui.horizontal_wrapped(|ui| {
                    self.networks_ui(ctx, ui, &inspected.run);
                    ui.separator();
                    pixel_ui(ui, inspected);
                });
                let first = match self.explanations.of(&inspected.run) {
                    Some(State::Ready(explanation)) => Some(&**explanation),
                    _ => None,
                };
                self.choice.ui(ui, first, self.maps.channels());
            });
        let mut runs = vec![inspected.run.clone()];
        runs.extend(self.others.iter().cloned());
        self.explanations
            .update(ctx.engine, &inspected.image, &runs);
        if self.choice.view == View::Pixel {
            self.maps.clear();
            if inspected.pixel.is_none() {
                return;
            }
        } else {
            self.update_maps(ctx, ui, &runs, inspected);
        }
        ScrollArea::both()
            .auto_shrink(false)
            .show(ui, |ui| self.columns_ui(ctx, ui, &runs, inspected.pixel));
    }

    /// The receptive fields of the inspected pixel in each of the networks.
    pub fn outlines(&self, engine: &Engine, inspected: Option<&Inspected>) -> Vec<FieldOutline> {
        let Some(Inspected {
            run,
            pixel: Some(pixel),
            ..
        }) = inspected
        else {
            return Vec::new();
        };
        let names = std::iter::once(run).chain(&self.others);
        let runs: Vec<&RunSnapshot> = names.filter_map(|name| engine.run(name)).collect();
        let mut outlines = Vec::new();
        for run in &runs {
            let Some(State::Ready(explanation)) = self.explanations.of(&run.name) else {
                continue;
            };
            let network = if runs.len() > 1 {
                run_label(&runs, run)
            } else {
                String::new()
            };
            let fields = explanation.receptive_fields(pixel.x, pixel.y);
            for (part, (source, rect)) in explanation.sources().into_iter().zip(fields).enumerate()
            {
                let kind = FieldKind::Theoretical(part);
                FieldOutline::add_to(&mut outlines, kind, rect, source, &network);
            }
            let effective = self
                .maps
                .field(&run.name, &explanation.image_path, *pixel)
                .and_then(|field| field.outline);
            if let Some(rect) = effective {
                let kind = FieldKind::Effective;
                FieldOutline::add_to(&mut outlines, kind, rect, "effective field", &network);
            }
        }
        outlines
    }

    /// Which networks are compared with that of Inspect.
    fn networks_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui, first: &str) {
        let mut removed = None;
        for (index, run) in self.others.iter_mut().enumerate() {
            let label = format!("Network {}", index + 2);
            if let Some(picked) = run_picker(ui, ctx.engine, &label, 190.0, run)
                && picked != first
            {
                *run = picked;
            }
            let remove = ui.button(format!("Remove network {}", index + 2));
            if remove.on_hover_text("Show one network less").clicked() {
                removed = Some(index);
            }
        }
        if let Some(index) = removed {
            self.others.remove(index);
        }
        self.others.dedup();
        let is_free = |name: &&String| *name != first && !self.others.contains(name);
        let mut names = ctx.engine.runs_with_weights().map(|run| &run.name);
        let next = names.find(is_free);
        let has_room = self.others.len() + 1 < MAX_NETWORKS;
        let add = ui
            .add_when(has_room && next.is_some(), Button::new("Add network"))
            .on_hover_text(
                "Show the scores of another run beside these, such as FCN-32s beside FCN-8s",
            )
            .on_disabled_hover_text(if has_room {
                "There is no other run with weights"
            } else {
                "Three networks are shown"
            });
        if let (true, Some(next)) = (add.clicked(), next) {
            self.others.push(next.clone());
        }
    }

    fn columns_ui(
        &mut self,
        ctx: &PanelCtx<'_>,
        ui: &mut Ui,
        runs: &[String],
        pixel: Option<Pixel>,
    ) {
        let spacing = ui.spacing().item_spacing.x;
        let count = runs.len() as f32;
        let width = ((ui.available_width() - spacing * (count - 1.0)) / count).max(MIN_COLUMN);
        let mut repeated = None;
        // Of what is in sight: a row grows with its first column, and the maps of the others with it.
        let size = vec2(width, ui.available_height());
        ui.horizontal_top(|ui| {
            for (index, run) in runs.iter().enumerate() {
                ui.allocate_ui_with_layout(size, Layout::top_down(Align::Min), |ui| {
                    ui.set_width(width);
                    if self.column_ui(ctx, ui, (index, run), (runs.len(), width), pixel) {
                        repeated = Some(run.clone());
                    }
                });
            }
        });
        if let Some(run) = repeated {
            self.explanations.repeat(&run);
            self.maps.repeat(&run);
        }
    }

    /// What is shown of one network; returns whether it is to be computed again.
    fn column_ui(
        &mut self,
        ctx: &PanelCtx<'_>,
        ui: &mut Ui,
        (index, run): (usize, &str),
        (count, width): (usize, f32),
        pixel: Option<Pixel>,
    ) -> bool {
        let title = ctx
            .engine
            .run(run)
            .map_or_else(|| run.to_owned(), RunSnapshot::title);
        ui.truncated(RichText::new(&title).strong(), run);
        match self.explanations.of(run) {
            None => {}
            Some(State::Running { since, .. }) => {
                let text = format!("Computing scores · {:.1} s", since.elapsed().as_secs_f32());
                ui.horizontal(|ui| {
                    ui.busy("Computing scores");
                    ui.weak(text);
                });
            }
            Some(State::Failed(message)) => {
                ui.error_box("The scores cannot be computed", message);
                return ui.button("Compute again").clicked();
            }
            Some(State::Ready(_)) if self.choice.view != View::Pixel => {
                return self.maps_ui(ui, (index, run, &title), (count, width));
            }
            Some(State::Ready(explanation)) => {
                let scores = pixel.and_then(|pixel| explanation.pixel(pixel.x, pixel.y));
                match (pixel, scores) {
                    (Some(pixel), Some(scores)) => {
                        let classes = ctx.colors.of(&explanation.classes);
                        scores_ui(ui, explanation, &classes, pixel, &scores);
                    }
                    _ => {
                        ui.weak("No such pixel in the image");
                    }
                }
            }
        }
        false
    }
}

fn pixel_ui(ui: &mut Ui, inspected: &Inspected) {
    let name = file_label(&inspected.image);
    match inspected.pixel {
        None => {
            ui.weak(format!(
                "{name}  ·  move the pointer over the image in Inspect"
            ));
        }
        Some(pixel) => {
            ui.label(format!("{name}  ·  x {}, y {}", pixel.x, pixel.y));
            ui.weak(if inspected.is_pinned {
                "pinned: click the image in Inspect to let it go"
            } else {
                "click the image in Inspect to pin a pixel"
            });
        }
    }
}

fn nothing_inspected_ui(ctx: &PanelCtx<'_>, ui: &mut Ui, unpredicted: Option<&Path>) {
    if ctx.engine.runs_with_weights().next().is_none() {
        let hint = "Train a run first; then its scores can be taken apart here, pixel by pixel";
        ui.empty_state("No trained run yet", hint, |ui| go_to_train(ctx, ui));
        return;
    }
    let (title, hint) = match unpredicted {
        None => (
            "No image in Inspect".to_owned(),
            "Open an image in Inspect and move the pointer over it: here you see the scores of each class, and what \
             fc7, pool4 and pool3 add to them",
        ),
        Some(image) => (
            format!("{} has no mask yet", file_label(image)),
            "Once Inspect has predicted the image, move the pointer over it: here you see the scores of each class, and \
             what fc7, pool4 and pool3 add to them",
        ),
    };
    ui.empty_state(&title, hint, |ui| {
        if ui.button("Go to Inspect").clicked() {
            ctx.commands.send(Command::ShowPanel(PanelKind::Inspect));
        }
    });
}
