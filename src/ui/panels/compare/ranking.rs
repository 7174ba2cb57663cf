//! The validation images in an order that says more than that of the list.

use std::path::PathBuf;

use eframe::egui::{ComboBox, Ui};
use strum::IntoEnumIterator as _;

use crate::engine::{
    DatasetState, Engine, EngineError, ImageComparison, NoticeLevel, RunWeights, Task,
};
use crate::ui::command::Command;
use crate::ui::context::PanelCtx;
use crate::ui::ui_ext::UiExt as _;
use crate::ui::view_model::format::percent;
use crate::ui::view_model::image_order::ImageOrder;
use crate::ui::when::AddWhen as _;

const WIDTH: f32 = 150.0;
/// Of the name before the combo box, with the room between them.
const LABEL: f32 = 40.0;

/// How the compared networks do on all validation images, and how these are sorted.
#[derive(Default)]
pub struct Ranking {
    wanted: ImageOrder,
    task: Option<Task<Result<Vec<ImageComparison>, EngineError>>>,
    /// Of what `task` and `found` are.
    of: Option<Subject>,
    found: Vec<ImageComparison>,
    /// Places in the list of the dataset.
    places: Vec<usize>,
}

/// What was compared.
#[derive(Debug, Clone, PartialEq)]
struct Subject {
    networks: Vec<(RunWeights, Option<usize>)>,
    dataset: PathBuf,
    images: usize,
}

impl Subject {
    fn new(engine: &Engine, networks: &[RunWeights]) -> Option<Self> {
        let DatasetState::Ready(open) = engine.dataset() else {
            return None;
        };
        // Better weights of a run are other weights.
        let epoch = |weights: &RunWeights| {
            let run = engine.run(&weights.run).filter(|_| weights.step.is_none());
            run.and_then(|run| run.best()).map(|best| best.epoch)
        };
        Some(Self {
            networks: networks
                .iter()
                .map(|weights| (weights.clone(), epoch(weights)))
                .collect(),
            dataset: open.dataset.root.clone(),
            images: open.dataset.val.len(),
        })
    }
}

impl Ranking {
    /// Takes in what was found. Call once a frame, also while the panel is hidden.
    pub fn poll(&mut self, ctx: &PanelCtx<'_>) {
        let Some(result) = self.task.as_mut().and_then(Task::poll_result) else {
            return;
        };
        self.task = None;
        match result {
            Ok(found) => {
                self.found = found;
                self.places = self.wanted.sorted(&self.found);
                let failed = self.found.iter().find_map(|image| image.problem.as_ref());
                if let Some(problem) = failed {
                    let text = format!("Some images could not be compared. {problem}");
                    ctx.commands
                        .send(Command::Notify(NoticeLevel::Warning, text));
                }
            }
            Err(err) => {
                self.forget();
                if !matches!(err, EngineError::Cancelled) {
                    let text = format!("The images could not be compared: {err}");
                    ctx.commands.send(Command::Notify(NoticeLevel::Error, text));
                }
            }
        }
    }

    /// Goes back to the list where other networks or another dataset are compared now.
    pub fn check(&mut self, engine: &Engine, networks: &[RunWeights]) {
        if self.of.is_some() && self.of != Subject::new(engine, networks) {
            self.forget();
        }
    }

    fn forget(&mut self) {
        *self = Self::default();
    }

    /// The places of the images in the order that is shown; `None` = that of the list.
    pub fn places(&self) -> Option<&[usize]> {
        (!self.places.is_empty() && self.wanted != ImageOrder::List).then_some(&*self.places)
    }

    /// What is said of the image at a place of the list.
    pub fn text(&self, place: usize) -> Option<String> {
        self.wanted.text(self.found.get(place)?)
    }

    /// What was found, in the order of the list.
    pub fn found(&self) -> &[ImageComparison] {
        &self.found
    }

    /// The combo box of orders, and the progress of the comparison.
    /// `titles` are the names of the networks.
    pub fn ui(
        &mut self,
        ctx: &PanelCtx<'_>,
        ui: &mut Ui,
        networks: &[RunWeights],
        titles: &[String],
    ) {
        let problem = match ctx.engine.dataset() {
            _ if networks.len() < 2 => Some("Add a second network to sort by their difference"),
            DatasetState::Ready(open) if !open.dataset.val.is_empty() => None,
            _ => Some("Open a dataset with validation images to sort them"),
        };
        let mut wanted = self.wanted;
        ui.together(WIDTH + LABEL, |ui| {
            let name = ui.label("Sort");
            ui.add_when_ui(problem.is_none(), |ui| {
                ComboBox::from_id_salt("compare_order")
                    .width(WIDTH)
                    .selected_text(wanted.label())
                    .show_ui(ui, |ui| {
                        for order in ImageOrder::iter() {
                            ui.selectable_value(&mut wanted, order, order.label())
                                .on_hover_text(order.explanation(titles));
                        }
                    })
                    .response
                    .labelled_by(name.id)
                    .on_hover_text(
                        "Sort the validation images. All of them are predicted by every network first",
                    )
                    .on_disabled_hover_text(problem.unwrap_or_default());
            });
        });
        if wanted != self.wanted {
            self.want(ctx.engine, wanted, networks);
        }
        if let Some(task) = &self.task {
            let share = task.progress().unwrap_or(0.0);
            ui.progress_bar(share, 80.0, "Progress of the comparison");
            ui.weak(percent(Some(f64::from(share))));
            let cancel = ui.button("Cancel");
            if cancel.accessible_name("Cancel the comparison").clicked() {
                self.forget();
            }
        }
    }

    fn want(&mut self, engine: &Engine, wanted: ImageOrder, networks: &[RunWeights]) {
        self.wanted = wanted;
        if !self.found.is_empty() {
            self.places = wanted.sorted(&self.found);
        } else if self.task.is_none() && wanted != ImageOrder::List {
            self.of = Subject::new(engine, networks);
            self.task = Some(engine.compare_on_validation(networks));
        }
    }
}
