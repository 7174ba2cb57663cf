//! The findings of a check: asked for here, listed with pictures, put right in a copy.

mod summary;
mod window;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use eframe::egui::{self, Button, Color32, Label, Rect, RichText, Sense, Ui, vec2};

pub use self::window::Room;
use super::thumbs::{Thumb, paint, upload};
use crate::engine::{
    CheckedDataset, DatasetRef, Engine, EngineError, Finding, Fix, FixChoice, FixPlan,
    FixedDataset, NoticeLevel, OpenDataset, Severity, Task, free_beside,
};
use crate::ui::command::{Command, UiCommand};
use crate::ui::context::PanelCtx;
use crate::ui::panels::command_button;
use crate::ui::theme;
use crate::ui::ui_ext::UiExt as _;
use crate::ui::view_model::{ColorChoice, format};
use crate::ui::when::AddWhen as _;

/// Longest side of a picture, in points.
const SIDE: f32 = 96.0;
/// Width that text beside the pictures needs, in points.
const MIN_TEXT: f32 = 200.0;
/// Files that are listed of a finding.
const LISTED: usize = 20;

/// The check of the open dataset.
#[derive(Default)]
pub struct Findings {
    /// The dataset that this is about.
    root: PathBuf,
    /// Whether the dataset is checked in the next frame.
    wanted: bool,
    checking: Option<Task<Result<Arc<CheckedDataset>, EngineError>>>,
    checked: Option<Arc<CheckedDataset>>,
    /// The same where somebody asked for it, until it is taken.
    asked: Option<Arc<CheckedDataset>>,
    /// What the engine found by itself when the dataset was opened.
    by_itself: Option<Arc<CheckedDataset>>,
    /// Whether the images were read too, as was asked for.
    is_whole: bool,
    /// Whether the list is shown, where somebody has said so.
    is_listed: Option<bool>,
    pictures: BTreeMap<PathBuf, Thumb>,
    /// The colors of the masks in them.
    colors: ColorChoice,
    fixing: Option<Task<Result<FixedDataset, EngineError>>>,
}

impl Findings {
    /// Whether findings of this dataset are listed: on request, and where there is room for them by themselves
    /// if one of them is an error.
    pub fn are_listed(&self, open: &OpenDataset, room: Room) -> bool {
        let checked = self
            .checked
            .as_ref()
            .filter(|_| self.root == open.dataset.root);
        checked.is_some_and(|checked| self.lists(checked, room))
    }

    fn lists(&self, checked: &CheckedDataset, room: Room) -> bool {
        let has_room = room == Room::Panel;
        // No window for a list of nothing: the line above says so.
        let is_asked = self.is_whole && (has_room || !checked.report.findings.is_empty());
        let is_bad = has_room && checked.report.error().is_some();
        self.is_listed.unwrap_or(is_asked || is_bad)
    }

    /// What is known of this dataset.
    pub fn checked(&self, open: &OpenDataset) -> Option<Arc<CheckedDataset>> {
        let is_its = self.root == open.dataset.root;
        self.checked.clone().filter(|_| is_its)
    }

    /// What a check on request found, once.
    pub fn take_asked(&mut self) -> Option<Arc<CheckedDataset>> {
        self.asked.take()
    }

    /// Checks the dataset that is shown in the next frame.
    pub fn check(&mut self) {
        self.wanted = true;
    }

    /// The button that asks for a check.
    pub fn controls_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui, open: &OpenDataset, room: Room) {
        if self.colors != ctx.colors.choice() {
            self.colors = ctx.colors.choice();
            self.pictures.clear();
        }
        if self.root != open.dataset.root {
            free_beside((
                self.asked.take(),
                self.checked.take(),
                self.by_itself.take(),
            ));
            *self = Self {
                root: open.dataset.root.clone(),
                colors: self.colors,
                // A copy that is being written is not lost to another dataset.
                fixing: self.fixing.take(),
                ..Self::default()
            };
        }
        self.take_own(open);
        self.poll(ctx);
        // One line whether the count is known or not, so that nothing below moves when it comes.
        ui.horizontal(|ui| {
            ui.set_min_height(ui.spacing().interact_size.y);
            ui.label(RichText::new("Findings").strong().size(13.5));
            self.count_ui(ctx, ui, room);
        });
        ui.horizontal_wrapped(|ui| {
            command_button(ctx, ui, UiCommand::DatasetSettings, None);
            self.buttons_ui(ctx, ui, &open.which);
        });
    }

    /// Takes what was found when the dataset was opened, also once more.
    fn take_own(&mut self, open: &OpenDataset) {
        let Some(checked) = &open.checked else {
            return;
        };
        let is_known = self
            .by_itself
            .as_ref()
            .is_some_and(|known| Arc::ptr_eq(known, checked));
        if !is_known {
            free_beside(self.by_itself.replace(Arc::clone(checked)));
            free_beside(self.checked.replace(Arc::clone(checked)));
            self.is_whole = false;
            self.is_listed = None;
            self.pictures.clear();
        }
    }

    /// How many findings there are, or how far the check is.
    fn count_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui, room: Room) {
        if let Some(share) = ctx.engine.dataset_check_progress() {
            ui.progress_bar(share, 80.0, "Progress of reading the masks");
            let response = ui
                .button("Stop reading masks")
                .on_hover_text("The dataset can be used without; its pixels are not counted then");
            if response.clicked() {
                ctx.commands.send(Command::CancelDatasetCheck);
            }
            return;
        }
        let Some(checked) = self.checked.clone() else {
            return;
        };
        let what = if self.is_whole {
            "In images and masks"
        } else {
            "In the masks and the headers of the images; Check dataset reads the images too"
        };
        if checked.report.findings.is_empty() {
            ui.weak("none").on_hover_text(what);
        }
        for (level, count) in summary::counts(&checked.report) {
            let color = theme::level_color(ui.visuals(), level);
            ui.tag(&count, color).on_hover_text(what);
        }
        if !checked.report.findings.is_empty() {
            let is_listed = self.lists(&checked, room);
            let label = if is_listed { "Hide" } else { "Show" };
            let response = ui
                .button(label)
                .accessible_name(format!("{label} findings"));
            if response.clicked() {
                self.is_listed = Some(!is_listed);
            }
        }
    }

    /// Draws the list.
    pub fn list_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        let Some(checked) = self.checked.clone() else {
            return;
        };
        if checked.report.findings.is_empty() {
            ui.weak(format!(
                "Nothing found in {}",
                format::plural(checked.report.pairs, "pair", "pairs")
            ));
        }
        for finding in &checked.report.findings {
            self.finding_ui(ctx, ui, &checked, finding);
        }
    }

    fn poll(&mut self, ctx: &PanelCtx<'_>) {
        if let Some(result) = self.checking.as_mut().and_then(Task::poll_result) {
            self.checking = None;
            match result {
                Ok(checked) => {
                    let answer = summary::answer(&checked.report);
                    ctx.commands
                        .send(Command::Notify(NoticeLevel::Info, answer));
                    free_beside(self.asked.replace(Arc::clone(&checked)));
                    free_beside(self.checked.replace(checked));
                    self.is_whole = true;
                    self.is_listed = None;
                    self.pictures.clear();
                }
                Err(EngineError::Cancelled) => {}
                Err(err) => ctx
                    .commands
                    .send(Command::Notify(NoticeLevel::Error, err.to_string())),
            }
        }
        if let Some(result) = self.fixing.as_mut().and_then(Task::poll_result) {
            self.fixing = None;
            match result {
                Ok(fixed) => {
                    let text = format!(
                        "A copy with {} was written\n{}",
                        format::plural(fixed.train + fixed.val, "pair", "pairs"),
                        fixed.root.display()
                    );
                    ctx.commands.send(Command::Notify(NoticeLevel::Info, text));
                    ctx.commands
                        .send(Command::OpenDataset(DatasetRef::Folder(fixed.root)));
                }
                Err(EngineError::Cancelled) => {}
                Err(err) => ctx
                    .commands
                    .send(Command::Notify(NoticeLevel::Error, err.to_string())),
            }
        }
    }

    fn buttons_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui, which: &DatasetRef) {
        if let Some(task) = &self.checking {
            ui.progress_bar(
                task.progress().unwrap_or(0.0),
                120.0,
                "Progress of the check",
            );
            if ui.button("Cancel check").clicked() {
                task.cancel();
            }
        } else {
            command_button(ctx, ui, UiCommand::CheckDataset, None);
            if std::mem::take(&mut self.wanted) {
                self.checking = Some(ctx.engine.check_dataset(which.clone()));
            }
        }
        if let Some(task) = &self.fixing {
            ui.progress_bar(
                task.progress().unwrap_or(0.0),
                120.0,
                "Progress of the copy",
            );
            if ui.button("Cancel copy").clicked() {
                task.cancel();
            }
        }
    }

    fn finding_ui(
        &mut self,
        ctx: &PanelCtx<'_>,
        ui: &mut Ui,
        checked: &Arc<CheckedDataset>,
        finding: &Finding,
    ) {
        let level = match finding.severity {
            Severity::Error => NoticeLevel::Error,
            Severity::Warning => NoticeLevel::Warning,
            Severity::Info => NoticeLevel::Info,
        };
        ui.notice_box(level, |ui| {
            // What can be done is at the top: in a low panel the end of the box is out of sight.
            ui.horizontal_wrapped(|ui| {
                let title = finding.kind.title();
                ui.strong(format!("{title} · {}", format::count(finding.count)));
                if let Some(fix) = &finding.fix {
                    self.fix_ui(ctx.engine, ui, checked, (finding, fix));
                }
            });
            let mut content = |ui: &mut Ui| {
                if let Some(file) = finding.all_files.first() {
                    self.picture_ui(ctx, ui, checked, file);
                }
                ui.add(Label::new(RichText::new(&finding.reason).small()).wrap());
            };
            // In a narrow panel there are no lines of a word each beside the pictures.
            if ui.available_width() < 2.0 * SIDE + MIN_TEXT {
                ui.vertical(content);
            } else {
                ui.horizontal_top(&mut content);
            }
            if !finding.files.is_empty() {
                files_ui(ui, finding);
            }
            if finding.fix.is_none()
                && let Some(control) = format::finding_control(finding.kind)
            {
                ui.add(Label::new(RichText::new(control).small()).wrap());
            }
        });
    }

    /// Image with mask of a file; nothing where the pair cannot be read.
    fn picture_ui(
        &mut self,
        ctx: &PanelCtx<'_>,
        ui: &mut Ui,
        checked: &Arc<CheckedDataset>,
        file: &Path,
    ) {
        let thumb = self.pictures.entry(file.to_owned()).or_insert_with(|| {
            Thumb::Loading(
                ctx.engine
                    .finding_picture(Arc::clone(checked), file.to_owned()),
            )
        });
        if let Thumb::Loading(task) = thumb
            && let Some(result) = task.poll_result()
        {
            *thumb = match result {
                Ok(picture) => {
                    let classes = &checked.dataset.classes;
                    upload(ui.ctx(), &picture, classes, ctx.colors)
                }
                Err(err) => Thumb::Failed(err.to_string()),
            };
        }
        if let Thumb::Ready { image, mask } = thumb {
            let size = image.size_vec2();
            let size = size * (SIDE / size.x.max(size.y).max(1.0));
            let (rect, response) =
                ui.allocate_exact_size(vec2(2.0 * size.x + 2.0, size.y), Sense::hover());
            let left = Rect::from_min_size(rect.min, size);
            paint(ui.painter(), image, left, Color32::WHITE);
            let right = left.translate(vec2(size.x + 2.0, 0.0));
            paint(ui.painter(), mask, right, Color32::WHITE);
            response.on_hover_text(file.display().to_string());
        }
    }

    fn fix_ui(
        &mut self,
        engine: &Engine,
        ui: &mut Ui,
        checked: &CheckedDataset,
        (finding, fix): (&Finding, &Fix),
    ) {
        let label = match fix {
            Fix::LeaveOut => "Leave out in a copy",
            Fix::TurnUnclear => "Turn in a copy",
            _ => "Fix in a copy",
        };
        let tooltip = format!(
            "{fix}. The copy lies beside the dataset and has all fixes of this list but for other guesses; the dataset \
             stays as it is"
        );
        let button = ui.add_when(self.fixing.is_none(), Button::new(label));
        if button.on_hover_text(tooltip).clicked() {
            let choice = FixChoice {
                plan: Some(FixPlan::decided(&checked.report, finding)),
                leave_out: *fix == Fix::LeaveOut,
                guesses: matches!(fix, Fix::RemapGuessed { .. }),
            };
            let task = engine.fix_dataset_beside(checked.which.clone(), choice);
            self.fixing = Some(task);
        }
    }
}

fn files_ui(ui: &mut Ui, finding: &Finding) {
    // Several findings may be of one kind.
    let id = ("files", finding.kind.to_string(), &finding.reason);
    let title = RichText::new(format::plural(finding.count, "file", "files")).small();
    egui::CollapsingHeader::new(title)
        .id_salt(id)
        .show(ui, |ui| {
            for file in finding.files.iter().take(LISTED) {
                let path = file.display().to_string();
                ui.truncated(RichText::new(&path).small(), &path);
            }
            let more = finding.count.saturating_sub(finding.files.len());
            if more > 0 {
                ui.weak(format!("{} more", format::count(more)));
            }
        });
}
