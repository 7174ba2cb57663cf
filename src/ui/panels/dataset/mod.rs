//! The Dataset panel: the open dataset, its classes, images and masks.

mod batch;
mod classes;
mod filter;
mod findings;
mod gallery;
mod pair_window;
mod sizes;
mod thumbs;
mod unlabeled;

use std::path::PathBuf;
use std::sync::Arc;

use eframe::egui::{self, Button, RichText, ScrollArea, Ui};
use serde::{Deserialize, Serialize};

use self::batch::BatchView;
use self::classes::ShareOf;
use self::filter::Filter;
use self::findings::{Findings, Room};
use self::gallery::SeenPair;
use self::pair_window::PairWindow;
use self::thumbs::Thumbs;
use crate::engine::{
    CheckedDataset, DatasetRef, DatasetState, NoticeLevel, OpenDataset, RunConfig, Split,
    entered_path,
};
use crate::ui::command::{Command, UiCommand};
use crate::ui::context::PanelCtx;
use crate::ui::focus::{focus_outline, follow_focus};
use crate::ui::panels::command_button;
use crate::ui::theme;
use crate::ui::ui_ext::UiExt as _;
use crate::ui::view_model::format;

/// Share of the panel that findings may take; the rest of them is scrolled to.
const MOST_FOUND: f32 = 0.5;
/// With less height for them, in points, findings are in a window: a box with a picture and a reason is higher.
const LEAST_FOUND: f32 = 150.0;
/// Height around the findings, in points.
const AROUND_FOUND: f32 = 16.0;

/// How a thumbnail shows its mask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum MaskView {
    Overlay,
    Beside,
}

/// The Dataset panel.
#[derive(Serialize, Deserialize)]
#[serde(default)]
pub struct DatasetPanel {
    split: Split,
    mask_view: MaskView,
    share_of: ShareOf,
    /// Whether a batch is shown instead of a list.
    #[serde(skip)]
    shows_batch: bool,
    #[serde(skip)]
    batch: BatchView,
    #[serde(skip)]
    filter: Filter,
    #[serde(skip)]
    pair: PairWindow,
    /// The pair in the window: its list, its place there, and the places to go on to.
    #[serde(skip)]
    seen: Option<SeenPair>,
    #[serde(skip)]
    path: String,
    /// What was entered and is being opened; what was typed stays until it is open.
    #[serde(skip)]
    entered: Option<PathBuf>,
    /// The dataset that was open when it was entered.
    #[serde(skip)]
    entered_over: Option<DatasetRef>,
    #[serde(skip)]
    findings: Findings,
    /// Height of the name and the buttons of the open dataset, in points, when they were drawn last.
    #[serde(skip)]
    head_height: f32,
    #[serde(skip)]
    thumbs: Thumbs,
}

impl Default for DatasetPanel {
    fn default() -> Self {
        Self {
            split: Split::Train,
            mask_view: MaskView::Overlay,
            share_of: ShareOf::default(),
            shows_batch: false,
            batch: BatchView::default(),
            filter: Filter::default(),
            pair: PairWindow::default(),
            seen: None,
            path: String::new(),
            entered: None,
            entered_over: None,
            findings: Findings::default(),
            head_height: 0.0,
            thumbs: Thumbs::default(),
        }
    }
}

impl DatasetPanel {
    /// Checks the open dataset.
    pub fn check(&mut self) {
        self.findings.check();
    }

    /// What a check on request found, once.
    pub fn take_asked(&mut self) -> Option<Arc<CheckedDataset>> {
        self.findings.take_asked()
    }

    /// Draws the panel; `form` has the settings of the next run.
    pub fn ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui, form: &RunConfig) {
        self.forget_opened(ctx);
        self.source_ui(ctx, ui);
        ui.separator();
        let room = self.found_ui(ctx, ui);
        ScrollArea::vertical()
            .auto_shrink(false)
            .show(ui, |ui| match ctx.engine.dataset() {
                DatasetState::None => {
                    self.clear();
                    let hint =
                        "Open the sample, a folder with images and masks, or a public dataset";
                    ui.empty_state("No dataset is open", hint, |ui| {
                        command_button(ctx, ui, UiCommand::PublicDatasets, None);
                    });
                }
                DatasetState::Opening { label, progress } => {
                    self.clear();
                    opening_ui(ui, label, *progress);
                }
                DatasetState::Failed { label, message } => {
                    self.clear();
                    failed_ui(ctx, ui, label, message);
                }
                DatasetState::Unlabeled {
                    folder,
                    images,
                    message,
                } => {
                    self.clear();
                    unlabeled::unlabeled_ui(ctx, ui, folder, *images, message);
                }
                DatasetState::Ready(open) => self.ready_ui(ctx, ui, (open, form), room),
            });
    }

    /// Frees what is shown of a dataset that is not open any more.
    fn clear(&mut self) {
        self.thumbs.clear();
        self.batch.clear();
        self.pair.close();
    }

    /// Clears the field once what was typed is open, or something else was opened after it.
    fn forget_opened(&mut self, ctx: &PanelCtx<'_>) {
        if let (Some(entered), DatasetState::Ready(open)) = (&self.entered, ctx.engine.dataset())
            && (open.which == DatasetRef::Folder(entered.clone())
                || self.entered_over.as_ref() != Some(&open.which))
        {
            self.path.clear();
            self.entered = None;
        }
    }

    fn source_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        ui.horizontal(|ui| {
            command_button(ctx, ui, UiCommand::OpenSample, None);
            command_button(ctx, ui, UiCommand::OpenFolder, None);
            let edit = egui::TextEdit::singleline(&mut self.path)
                .hint_text("or paste a path")
                .desired_width(ui.available_width());
            let response = ui
                .add(edit)
                .accessible_name("Folder path")
                .on_hover_text("Path of a dataset folder; press Enter to open it");
            let entered =
                response.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
            if entered && !self.path.trim().is_empty() {
                let folder = entered_path(self.path.as_ref());
                self.entered = Some(folder.clone());
                self.entered_over = match ctx.engine.dataset() {
                    DatasetState::Ready(open) => Some(open.which.clone()),
                    _ => None,
                };
                ctx.commands
                    .send(Command::OpenDataset(DatasetRef::Folder(folder)));
            }
        });
    }

    /// What was found in the dataset, below everything else: it comes when it is known, and must
    /// not move what is pointed at. Where there is no room for both it has a window. Returns which it is.
    fn found_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) -> Room {
        let height = ui.available_height();
        let most = (height * MOST_FOUND).min(height - self.head_height - AROUND_FOUND);
        let room = if most < LEAST_FOUND {
            Room::Window
        } else {
            Room::Panel
        };
        let DatasetState::Ready(open) = ctx.engine.dataset() else {
            return room;
        };
        if !self.findings.are_listed(open, room) {
            return room;
        }
        if room == Room::Window {
            self.findings.window_ui(ctx, ui);
            return room;
        }
        egui::Panel::bottom("found in the dataset")
            .resizable(false)
            .frame(egui::Frame::new().inner_margin(egui::Margin::symmetric(0, 4)))
            .show(ui, |ui| {
                ScrollArea::vertical()
                    .auto_shrink([false, true])
                    .max_height(most)
                    // The panel around it grows with it, so it must not keep to the panel.
                    .min_scrolled_height(most)
                    .show(ui, |ui| self.findings.list_ui(ctx, ui));
            });
        room
    }

    fn ready_ui(
        &mut self,
        ctx: &PanelCtx<'_>,
        ui: &mut Ui,
        (open, form): (&OpenDataset, &RunConfig),
        room: Room,
    ) {
        let head = ui.scope(|ui| {
            summary_ui(ui, open);
            self.findings.controls_ui(ctx, ui, open, room);
        });
        self.head_height = head.response.rect.height();
        let counting = ctx.engine.is_reading_dataset();
        classes::classes_ui(ctx.colors, ui, (open, counting), &mut self.share_of);
        sizes::sizes_ui(ui, open.stats.as_ref());
        ui.add_space(4.0);
        self.selector_ui(ui, open);
        let beside = self.mask_view == MaskView::Beside;
        // Where there is little to show, or nothing yet, what is above stays where it is.
        // Nothing of it is in sight where the panel is lower than what is above.
        let height = ui.clip_rect().height().max(0.0);
        ui.scope(|ui| {
            ui.set_min_height(height);
            if !self.shows_batch {
                self.gallery_ui(ctx, ui, open, beside);
            } else if let Some(place) = self.batch.ui(ctx, ui, (open, form), beside) {
                self.show_pair(ctx, open, SeenPair::Batch { place });
            }
        });
        if let Some(steps) = self.pair.ui(ctx, ui) {
            self.step_pair(ctx, open, steps);
        }
        follow_focus(ui);
    }

    fn selector_ui(&mut self, ui: &mut Ui, open: &OpenDataset) {
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            for (split, label) in [(Split::Train, "Train"), (Split::Val, "Val")] {
                let count = format::count(open.dataset.items(split).len());
                let response = ui
                    .add(Button::selectable(
                        self.split == split && !self.shows_batch,
                        format!("{label} {count}"),
                    ))
                    .accessible_name(format!("Show {label} images"));
                if response.clicked() {
                    (self.split, self.shows_batch) = (split, false);
                }
            }
            let response = ui
                .add(Button::selectable(self.shows_batch, "Batch"))
                .on_hover_text(
                    "The images of a step as the network would see them, with the settings of the Train panel",
                )
                .accessible_name("Show a training batch");
            if response.clicked() {
                self.shows_batch = true;
            }
            ui.separator();
            for (view, label, tooltip) in [
                (MaskView::Overlay, "Overlay", "Show the mask over the image"),
                (MaskView::Beside, "Beside", "Show the mask beside the image"),
            ] {
                ui.selectable_value(&mut self.mask_view, view, label)
                    .on_hover_text(tooltip);
            }
        });
    }
}

fn summary_ui(ui: &mut Ui, open: &OpenDataset) {
    let dataset = &open.dataset;
    ui.horizontal(|ui| {
        ui.label(RichText::new(&dataset.name).strong().size(15.0));
        let color = theme::palette(ui.visuals()).info;
        ui.tag(&dataset.layout.to_string(), color);
        // In the same line: what is below has more room in a low panel.
        let root = dataset.root.display().to_string();
        // Its sense is the label's own: with one that is added to it, it would lose the focus that Tab gives it,
        // and Tab would get no further.
        let path = egui::Label::new(RichText::new(&root).small().weak())
            .truncate()
            .show_tooltip_when_elided(false)
            .sense(egui::Sense::click());
        let path = ui
            .add(path)
            .on_hover_text(format!("{root}\nClick to copy the path"));
        focus_outline(ui, &path);
        if path.clicked() {
            ui.ctx().copy_text(root);
        }
    });
    let mut text = format!(
        "{} train · {} val · {}",
        format::count(dataset.train.len()),
        format::count(dataset.val.len()),
        format::plural(dataset.classes.len(), "class", "classes"),
    );
    if let Some(stats) = open.stats.as_ref().filter(|stats| stats.images > 0) {
        text = format!(
            "{text} · {} px",
            format::size_range(stats.min_size, stats.max_size)
        );
    }
    // The sizes come later: the line keeps its height.
    ui.truncated(&text, &text);
}

fn opening_ui(ui: &mut Ui, label: &str, progress: Option<f32>) {
    ui.add_space(8.0);
    ui.horizontal(|ui| {
        ui.busy("Opening the dataset");
        ui.label(format!("Opening {label}"));
    });
    if let Some(progress) = progress {
        let width = ui.available_width();
        ui.progress_bar(progress, width, "Progress of opening");
    }
}

fn failed_ui(ctx: &PanelCtx<'_>, ui: &mut Ui, label: &str, message: &str) {
    ui.add_space(4.0);
    ui.notice_box(NoticeLevel::Error, |ui| {
        ui.strong(format!("{label} could not be opened"));
        ui.add(egui::Label::new(message).wrap());
        ui.horizontal_wrapped(|ui| {
            command_button(ctx, ui, UiCommand::OpenSample, None);
            command_button(ctx, ui, UiCommand::OpenFolder, None);
            command_button(ctx, ui, UiCommand::PublicDatasets, None);
        });
    });
}
