//! The windows of the Help menu: first steps, folders, about.

use std::path::Path;

use eframe::egui::{self, Align2, Grid, Label, RichText, Ui, Window, vec2};

use super::command::{Command, UiCommand};
use super::context::PanelCtx;
use super::ui_ext::UiExt as _;
use crate::engine::{DatasetRef, NoticeLevel};

/// Which help windows are open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HelpWindows {
    /// What to click first.
    pub first_steps: bool,
    /// Folders that are written.
    pub folders: bool,
    /// Name and version.
    pub about: bool,
}

impl HelpWindows {
    /// Draws the open windows.
    pub fn ui(&mut self, ctx: &PanelCtx<'_>, egui_ctx: &egui::Context) {
        if !egui_ctx.any_popup_open()
            && egui_ctx.input(|input| input.key_pressed(egui::Key::Escape))
        {
            *self = Self::default();
        }
        window(
            egui_ctx,
            UiCommand::FirstSteps.label(),
            &mut self.first_steps,
            |ui| first_steps_ui(ctx, ui),
        );
        window(
            egui_ctx,
            UiCommand::Folders.label(),
            &mut self.folders,
            |ui| folders_ui(ctx, ui),
        );
        window(
            egui_ctx,
            UiCommand::About.label(),
            &mut self.about,
            about_ui,
        );
    }
}

fn window(ctx: &egui::Context, title: &str, open: &mut bool, add: impl FnOnce(&mut Ui)) {
    Window::new(title)
        .open(open)
        .collapsible(false)
        .resizable(false)
        .pivot(Align2::CENTER_CENTER)
        .default_pos(ctx.content_rect().center())
        .default_width(460.0)
        .show(ctx, |ui| {
            ui.spacing_mut().item_spacing = vec2(8.0, 7.0);
            add(ui);
        });
}

fn first_steps_ui(ctx: &PanelCtx<'_>, ui: &mut Ui) {
    let steps = [
        (
            "Data",
            "Dataset shows the sample at the first start; open your own folder there when you have one",
        ),
        (
            "Train",
            "Click Start training: the settings fit the sample, and a small network learns it in minutes",
        ),
        (
            "Watch",
            "Curves draws loss and scores as they come, Live shows the masks of validation images",
        ),
        (
            "Use",
            "Open images with Ctrl+I, or drop them on the window: Inspect segments them with your run",
        ),
        (
            "Compare",
            "Train 32s, 16s, 8s trains three strides and puts their masks side by side in Compare",
        ),
    ];
    Grid::new("first steps")
        .num_columns(3)
        .spacing([10.0, 8.0])
        .show(ui, |ui| {
            for (index, (what, text)) in steps.into_iter().enumerate() {
                ui.strong(format!("{}", index + 1));
                ui.strong(what);
                ui.scope(|ui| {
                    ui.set_max_width(360.0);
                    ui.add(Label::new(text).wrap());
                });
                ui.end_row();
            }
        });
    ui.separator();
    if ui
        .button("Open the sample")
        .on_hover_text(UiCommand::OpenSample.tooltip())
        .clicked()
    {
        ctx.commands.send(Command::OpenDataset(DatasetRef::Sample));
    }
}

fn folders_ui(ctx: &PanelCtx<'_>, ui: &mut Ui) {
    let dirs = ctx.engine.dirs();
    ui.label("Nothing else is written, except for the window's own settings");
    folder_ui(ctx, ui, "Data", "The generated sample", &dirs.data);
    folder_ui(
        ctx,
        ui,
        "Runs",
        "One folder for every run: settings, weights, history",
        &dirs.runs,
    );
}

fn folder_ui(ctx: &PanelCtx<'_>, ui: &mut Ui, what: &str, text: &str, path: &Path) {
    ui.card(|ui| {
        ui.horizontal(|ui| {
            ui.strong(what);
            ui.weak(text);
        });
        let shown = path.display().to_string();
        ui.add(Label::new(RichText::new(&shown).monospace().size(12.0)).wrap());
        ui.horizontal(|ui| {
            if ui
                .button("Open")
                .accessible_name(format!("Open {what} folder"))
                .clicked()
            {
                open_folder(ctx, path);
            }
            if ui
                .button("Copy path")
                .accessible_name(format!("Copy {what} path"))
                .clicked()
            {
                ui.ctx().copy_text(shown);
                ctx.commands.send(Command::Notify(
                    NoticeLevel::Info,
                    format!("Path of {what} copied"),
                ));
            }
        });
    });
}

/// Shows a folder in the file manager of the desktop.
pub fn open_folder(ctx: &PanelCtx<'_>, path: &Path) {
    let program = if cfg!(target_os = "macos") {
        "open"
    } else if cfg!(target_os = "windows") {
        "explorer"
    } else {
        "xdg-open"
    };
    let started = std::process::Command::new(program)
        .arg(path)
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn();
    match started {
        // Waited for elsewhere, so that no ended process is left behind.
        Ok(mut child) => drop(
            ctx.engine
                .spawn("open-folder", move |_| child.wait().is_ok()),
        ),
        Err(err) => {
            let text = format!(
                "No file manager could be started ({program}: {err}). The folder is {}",
                path.display()
            );
            ctx.commands
                .send(Command::Notify(NoticeLevel::Warning, text));
        }
    }
}

fn about_ui(ui: &mut Ui) {
    ui.label(RichText::new("FCN Workbench").strong().size(20.0));
    ui.label(format!("Version {}", env!("CARGO_PKG_VERSION")));
    ui.add(Label::new(env!("CARGO_PKG_DESCRIPTION")).wrap());
    ui.add_space(4.0);
    ui.add(
        Label::new(
            "After Long, Shelhamer and Darrell: Fully Convolutional Networks for Semantic Segmentation, \
             CVPR 2015 and PAMI 2016",
        )
        .wrap(),
    );
    ui.small(format!("License {}", env!("CARGO_PKG_LICENSE")));
    ui.small("Made with egui and Burn");
}
