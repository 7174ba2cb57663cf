//! Which items of a list the gallery shows: those with a class, or of a finding.

use std::path::PathBuf;
use std::sync::Arc;

use eframe::egui::{ComboBox, Ui};

use crate::engine::{CheckedDataset, EngineError, ItemFilter, OpenDataset, Split, Task};
use crate::ui::context::PanelCtx;
use crate::ui::ui_ext::UiExt as _;
use crate::ui::view_model::format;
use crate::ui::when::AddWhen as _;

const ALL_CLASSES: &str = "all classes";
const ALL_FINDINGS: &str = "all findings";
const COMBO_WIDTH: f32 = 130.0;

/// What the places are of.
#[derive(Debug, Clone, PartialEq)]
struct Wanted {
    generation: u64,
    has_counts: bool,
    is_val: bool,
    class: Option<u8>,
    /// Files of a finding, compared by where they lie in memory.
    finding: Option<(usize, String)>,
}

/// The filter of the gallery.
#[derive(Default)]
pub struct Filter {
    class: Option<u8>,
    /// The finding by its name, and its files.
    finding: Option<(String, Arc<[PathBuf]>)>,
    places: Option<(Wanted, Places)>,
    /// The opening of the dataset that it was set for.
    generation: u64,
}

enum Places {
    Finding(Task<Result<Vec<u32>, EngineError>>),
    Found(Arc<Vec<u32>>),
    Failed(String),
}

/// What the gallery shows.
pub enum Shown {
    /// The whole list.
    All,
    /// Items at these places.
    Some(Arc<Vec<u32>>),
    /// It is not known yet, or cannot be.
    Nothing,
}

impl Filter {
    /// Draws the choices, and returns what they leave.
    pub fn ui(
        &mut self,
        ctx: &PanelCtx<'_>,
        ui: &mut Ui,
        (open, split): (&OpenDataset, Split),
        checked: Option<&CheckedDataset>,
    ) -> Shown {
        let generation = ctx.engine.dataset_generation();
        if self.generation != generation {
            *self = Self {
                generation,
                ..Self::default()
            };
        }
        ui.horizontal_wrapped(|ui| {
            self.class_ui(ui, open);
            self.finding_ui(ui, checked);
            if self.is_set() && ui.button("Clear filter").clicked() {
                (self.class, self.finding) = (None, None);
            }
        });
        if !self.is_set() {
            self.places = None;
            return Shown::All;
        }
        let wanted = Wanted {
            generation,
            has_counts: open.stats.is_some(),
            is_val: split == Split::Val,
            class: self.class,
            finding: self
                .finding
                .as_ref()
                .map(|(name, files)| (files.as_ptr() as usize, name.clone())),
        };
        let is_known = self.places.as_ref().is_some_and(|(of, _)| *of == wanted);
        if !is_known {
            let files = self.finding.as_ref().map(|(_, files)| Arc::clone(files));
            let filter = ItemFilter {
                split,
                class: self.class,
                files,
            };
            let task = ctx.engine.filtered_items(filter);
            self.places = Some((wanted, Places::Finding(task)));
        }
        let Some((_, places)) = &mut self.places else {
            return Shown::Nothing;
        };
        places.poll();
        places.shown_ui(ui, open.dataset.items(split).len())
    }

    fn is_set(&self) -> bool {
        self.class.is_some() || self.finding.is_some()
    }

    fn class_ui(&mut self, ui: &mut Ui, open: &OpenDataset) {
        let classes = &open.dataset.classes;
        let chosen = self.class.map_or(ALL_CLASSES, |class| classes.name(class));
        ui.add_when_ui(open.stats.is_some(), |ui| {
            let combo = ComboBox::from_id_salt("class of the gallery")
                .width(COMBO_WIDTH)
                .truncate()
                .selected_text(chosen)
                .show_ui(ui, |ui| {
                    ui.selectable_value(&mut self.class, None, ALL_CLASSES);
                    for (class, label) in classes.iter().zip(0..=u8::MAX) {
                        ui.selectable_value(&mut self.class, Some(label), &class.name);
                    }
                });
            combo
                .response
                .on_hover_text("Show only images whose masks have this class")
                .on_disabled_hover_text("The masks are not read yet")
                .accessible_name("Class filter");
        });
    }

    fn finding_ui(&mut self, ui: &mut Ui, checked: Option<&CheckedDataset>) {
        let findings: Vec<_> = checked
            .iter()
            .flat_map(|checked| &checked.report.findings)
            .filter(|finding| !finding.all_files.is_empty())
            .collect();
        let chosen = self.finding.as_ref().map(|(name, _)| name.clone());
        let mut picked = None;
        ui.add_when_ui(!findings.is_empty() || chosen.is_some(), |ui| {
            let combo = ComboBox::from_id_salt("finding of the gallery")
                .width(COMBO_WIDTH)
                .truncate()
                .selected_text(chosen.as_deref().unwrap_or(ALL_FINDINGS))
                .show_ui(ui, |ui| {
                    if ui
                        .selectable_label(chosen.is_none(), ALL_FINDINGS)
                        .clicked()
                    {
                        picked = Some(None);
                    }
                    for finding in findings {
                        let name = finding.kind.title().to_owned();
                        let is_chosen = chosen.as_ref() == Some(&name);
                        let files = Arc::clone(&finding.all_files);
                        if ui.selectable_label(is_chosen, &name).clicked() {
                            picked = Some(Some((name, files)));
                        }
                    }
                });
            combo
                .response
                .on_hover_text("Show only images of a finding, by their image or their mask")
                .on_disabled_hover_text("No finding is about files")
                .accessible_name("Finding filter");
        });
        if let Some(picked) = picked {
            self.finding = picked;
        }
    }
}

impl Places {
    fn poll(&mut self) {
        if let Self::Finding(task) = self
            && let Some(result) = task.poll_result()
        {
            *self = match result {
                Ok(places) => Self::Found(Arc::new(places)),
                Err(err) => Self::Failed(err.to_string()),
            };
        }
    }

    fn shown_ui(&self, ui: &mut Ui, all: usize) -> Shown {
        match self {
            Self::Finding(_) => {
                ui.horizontal(|ui| {
                    ui.busy("Filtering");
                    ui.weak("Looking for these images");
                });
                Shown::Nothing
            }
            Self::Failed(message) => {
                ui.error_box("The list cannot be filtered", message);
                Shown::Nothing
            }
            Self::Found(places) => {
                ui.weak(format!(
                    "{} of {}",
                    format::count(places.len()),
                    format::plural(all, "image", "images")
                ));
                Shown::Some(Arc::clone(places))
            }
        }
    }
}
