//! The windows of the Help menu: getting started, documents, terms, folders, about.

use std::path::Path;

use eframe::egui::{
    self, Align2, Grid, Label, RichText, ScrollArea, Ui, Window, style::ScrollStyle, vec2,
};

use super::command::{Command, MENUS, UiCommand, VIEW_KEYS, shortcut_text};
use super::context::PanelCtx;
use super::documents::DocumentsWindow;
use super::focus::focus_start;
use super::terms::terms_window;
use super::ui_ext::{UiExt as _, is_escaped};
use crate::engine::{Dirs, NoticeLevel};

/// Which help windows are open.
#[expect(
    clippy::struct_excessive_bools,
    reason = "windows that do not depend on each other"
)]
#[derive(Default)]
pub struct HelpWindows {
    /// The first steps from data to a mask.
    pub getting_started: bool,
    /// The keys of all commands.
    pub shortcuts: bool,
    /// The documents.
    pub documents: DocumentsWindow,
    /// What the words of the field mean.
    pub terms: bool,
    /// The folders of data and runs.
    pub folders: bool,
    /// Name and version.
    pub about: bool,
}

impl HelpWindows {
    /// Draws the open windows.
    pub fn ui(&mut self, ctx: &PanelCtx<'_>, egui_ctx: &egui::Context) {
        if is_escaped(egui_ctx) {
            *self = Self::default();
        }
        window(
            egui_ctx,
            UiCommand::GettingStarted.label(),
            &mut self.getting_started,
            |ui| getting_started_ui(ctx, ui),
        );
        window(
            egui_ctx,
            UiCommand::Shortcuts.label(),
            &mut self.shortcuts,
            shortcuts_ui,
        );
        self.documents.ui(egui_ctx);
        terms_window(egui_ctx, &mut self.terms);
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
            focus_start(ui);
            ui.spacing_mut().item_spacing = vec2(8.0, 7.0);
            add(ui);
        });
}

fn getting_started_ui(ctx: &PanelCtx<'_>, ui: &mut Ui) {
    let steps = [
        (
            "Data",
            "The Dataset panel opens the sample at first; open your own dataset there when you have one, or get a public one",
        ),
        (
            "Train",
            "Click Start training: the settings suit the sample; how long the run takes here is said above the button",
        ),
        (
            "Watch",
            "Curves plots loss and scores during training, Live shows the masks of validation images",
        ),
        (
            "Predict",
            "Open images with Ctrl+I or drop them on the window: Inspect segments them with your run",
        ),
        (
            "Compare",
            "Train 32s, 16s, 8s trains all three strides and shows their masks side by side in Compare",
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
    ui.horizontal(|ui| {
        for command in [UiCommand::OpenSample, UiCommand::PublicDatasets] {
            let response = ui.button(command.label()).on_hover_text(command.tooltip());
            if response.clicked() {
                ctx.commands.send(command);
            }
        }
    });
}

/// The keys of commands, menu by menu, then those of panels and images.
fn shortcuts_ui(ui: &mut Ui) {
    let height = (ui.ctx().content_rect().height() - 160.0).max(120.0);
    // In sight, so that people see that there is more.
    ui.spacing_mut().scroll = ScrollStyle::thin();
    ScrollArea::vertical()
        .max_height(height)
        // The window grows with it, so it must not keep to the window.
        .min_scrolled_height(height)
        .show(ui, |ui| {
            for menu in &MENUS {
                let commands = menu.sections.iter().flat_map(|section| section.commands);
                let rows = commands.filter_map(|command| {
                    let shortcut = command.shortcut()?;
                    Some((shortcut_text(ui.ctx(), &shortcut), command.label()))
                });
                keys_ui(ui, menu.title, &rows.collect::<Vec<_>>());
            }
            let rows = VIEW_KEYS.map(|key| (key.keys.to_owned(), key.what));
            keys_ui(ui, "Images and dialogs", &rows);
        });
}

fn keys_ui(ui: &mut Ui, title: &str, rows: &[(String, &str)]) {
    ui.section(title);
    Grid::new(title)
        .num_columns(2)
        .min_col_width(110.0)
        .spacing([10.0, 4.0])
        .show(ui, |ui| {
            for (key, what) in rows {
                ui.monospace(key);
                ui.label(what.trim_end_matches('…'));
                ui.end_row();
            }
        });
    ui.add_space(4.0);
}

fn folders_ui(ctx: &PanelCtx<'_>, ui: &mut Ui) {
    let dirs = ctx.engine.dirs();
    ui.label("The program writes only here, apart from the settings of the window");
    folder_ui(
        ctx,
        ui,
        "Data",
        "The sample, downloaded datasets, and what was unpacked or drawn",
        &dirs.data,
    );
    folder_ui(
        ctx,
        ui,
        "Runs",
        "One folder per run: settings, weights, history",
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
        if let Some(reason) = Dirs::reason(path) {
            ui.weak(reason);
        }
        ui.horizontal(|ui| {
            if ui
                .button("Open folder")
                .accessible_name(format!("Open {what} folder"))
                .clicked()
            {
                ctx.commands
                    .send(Command::OpenFileManager(path.to_path_buf()));
            }
            if ui
                .button("Copy path")
                .accessible_name(format!("Copy {what} path"))
                .clicked()
            {
                ui.ctx().copy_text(shown);
                ctx.commands.send(Command::Notify(
                    NoticeLevel::Info,
                    format!("{what} path copied"),
                ));
            }
        });
    });
}

fn about_ui(ui: &mut Ui) {
    ui.label(RichText::new("FCN Workbench").strong().size(20.0));
    ui.label(format!("Version {}", env!("CARGO_PKG_VERSION")));
    ui.add(Label::new(env!("CARGO_PKG_DESCRIPTION")).wrap());
    ui.add_space(4.0);
    ui.add(
        Label::new(
            "Based on Long, Shelhamer and Darrell: Fully Convolutional Networks for Semantic Segmentation, \
             CVPR 2015 and PAMI 2016",
        )
        .wrap(),
    );
    ui.small(format!("License {}", env!("CARGO_PKG_LICENSE")));
    ui.small("Made with egui and Burn");
}
