//! The maps of each network, one column beside the other.

use std::path::PathBuf;
use std::sync::Arc;

use eframe::egui::{Ui, vec2};

use super::LookInsidePanel;
use super::choice::View;
use super::explanations::State;
use super::map_ui::{layer, map_ui};
use super::maps::{Job, MapsState, ShownMap};
use crate::engine::Explanation;
use crate::ui::canvas::{CanvasView, TextureCache};
use crate::ui::context::PanelCtx;
use crate::ui::ui_ext::UiExt as _;
use crate::ui::view_model::inspected::Inspected;

/// Maps of one network side by side are not narrower than this.
const MIN_MAP: f32 = 250.0;
/// Room for the caption and the color bar of a map.
const AROUND_MAP: f32 = 84.0;

/// In a low panel maps are this high all the same: in smaller ones there is nothing to see.
const LOWEST_MAP: f32 = 180.0;

/// The maps on the screen: all of their textures are ready.
#[derive(Default)]
pub struct Shown {
    /// Of which image, in which view.
    of: (PathBuf, View),
    columns: Vec<Column>,
}

struct Column {
    run: String,
    explanation: Arc<Explanation>,
    maps: Vec<ShownMap>,
}

/// What the maps are drawn with.
#[derive(Default)]
pub struct Canvases {
    textures: TextureCache,
    /// Of maps that all have the pixels of the image.
    linked: CanvasView,
    /// Of others, by column.
    own: Vec<CanvasView>,
}

impl LookInsidePanel {
    /// Asks for the maps of `runs`, and takes over those that are ready to be drawn.
    pub(super) fn update_maps(
        &mut self,
        ctx: &PanelCtx<'_>,
        ui: &Ui,
        runs: &[String],
        inspected: &Inspected,
    ) {
        let view = self.choice.view;
        let of = (inspected.image.clone(), view);
        if self.shown.of != of {
            self.shown = Shown {
                of,
                columns: Vec::new(),
            };
            self.canvases.linked = CanvasView::default();
            self.canvases.own.clear();
        }
        let pixel = inspected.pixel.map(|pixel| (pixel, inspected.is_pinned));
        let job = |run: &String| {
            let Some(State::Ready(explanation)) = self.explanations.of(run) else {
                return None;
            };
            Some(Job {
                run: run.clone(),
                explanation: Arc::clone(explanation),
                wanted: self.choice.wanted(explanation, pixel)?,
            })
        };
        let jobs: Vec<Job> = runs.iter().filter_map(job).collect();
        let explained: Vec<_> = jobs
            .iter()
            .map(|job| (job.run.clone(), Arc::clone(&job.explanation)))
            .collect();
        self.maps.update(ctx, jobs);
        let next = explained.into_iter().filter_map(|(run, explanation)| {
            let maps = match self.maps.of(&run)? {
                MapsState::Ready(maps) => maps.to_vec(),
                MapsState::Failed(_) => return None,
                // What is there says in its caption what it is; a field does not say of which pixel.
                MapsState::Running(_) => {
                    let before = self.shown.columns.iter().find(|column| column.run == run);
                    let is_same = |column: &&Column| Arc::ptr_eq(&column.explanation, &explanation);
                    let before = before.filter(is_same).filter(|_| view != View::Field);
                    before?.maps.clone()
                }
            };
            Some(Column {
                run,
                explanation,
                maps,
            })
        });
        let next: Vec<Column> = next.collect();
        let layers: Vec<_> = next
            .iter()
            .flat_map(|column| &column.maps)
            .map(layer)
            .collect();
        if self.canvases.textures.prepare(ctx, ui.ctx(), &layers) {
            self.shown.columns = next;
        } else if view == View::Field {
            // Those of another pixel.
            self.shown.columns.clear();
        }
    }

    /// The maps of one network; returns whether they are to be computed again.
    pub(super) fn maps_ui(
        &mut self,
        ui: &mut Ui,
        (index, run, title): (usize, &str, &str),
        (count, width): (usize, f32),
    ) -> bool {
        let view = self.choice.view;
        let Some(column) = self.shown.columns.iter().find(|column| column.run == run) else {
            return self.no_maps_ui(ui, run);
        };
        let canvases = &mut self.canvases;
        let canvas_view = match view {
            View::Activations | View::Field => {
                if canvases.own.len() <= index {
                    canvases.own.resize(index + 1, CanvasView::default());
                }
                &mut canvases.own[index]
            }
            View::Pixel | View::Probability | View::Scores => &mut canvases.linked,
        };
        let per_row = match count {
            1 => ((width / MIN_MAP) as usize).clamp(1, column.maps.len().max(1)),
            _ => 1,
        };
        let spacing = ui.spacing().item_spacing.x;
        let map_width = (width - spacing * (per_row as f32 - 1.0)) / per_row as f32;
        // The color bar is in sight, too, where the panel is not very low; else it is scrolled to.
        let most = (ui.available_height() - AROUND_MAP).max(LOWEST_MAP);
        for row in column.maps.chunks(per_row) {
            ui.horizontal_top(|ui| {
                for map in row {
                    ui.allocate_ui(vec2(map_width, 0.0), |ui| {
                        ui.vertical(|ui| {
                            ui.set_width(map_width);
                            let size = (map_width, most);
                            map_ui(ui, (map, title), size, &mut canvases.textures, canvas_view);
                        });
                    });
                }
            });
        }
        false
    }

    /// Why there are no maps of a network; returns whether they are to be computed again.
    fn no_maps_ui(&self, ui: &mut Ui, run: &str) -> bool {
        match self.maps.of(run) {
            Some(MapsState::Failed(message)) => {
                ui.error_box("The maps cannot be computed", message);
                return ui.button("Compute again").clicked();
            }
            Some(MapsState::Running(since)) => {
                ui.horizontal(|ui| {
                    ui.busy("Computing maps");
                    let secs = since.elapsed().as_secs_f32();
                    ui.weak(format!("Computing maps · {secs:.1} s"));
                });
            }
            Some(MapsState::Ready(_)) => {}
            None => {
                ui.weak(match self.choice.view {
                    View::Field => "Click the image in Inspect to pin a pixel",
                    _ => "This network has no class of that name",
                });
            }
        }
        false
    }
}
