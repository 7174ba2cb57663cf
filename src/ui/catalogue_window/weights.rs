//! The window of public pretrained weights: download, add, choose.

use std::path::{Path, PathBuf};

use eframe::egui::{self, Align, Grid, Label, Layout, RichText, ScrollArea, Ui, vec2};

use super::{button, state_ui, window};
use crate::engine::{CatalogueItem, EntryState, NoticeLevel, PublicWeights};
use crate::ui::command::{Ask, Command};
use crate::ui::context::PanelCtx;
use crate::ui::focus::follow_focus;
use crate::ui::sticky_header::StickyHeader;
use crate::ui::theme;
use crate::ui::ui_ext::UiExt as _;
use crate::ui::view_model::catalogue_row::{CatalogueRow, weights_details};

const TITLE: &str = "Pretrained weights";
/// Width of the names at least, and of what stands beside them.
const NAME_WIDTH: f32 = 300.0;
const BESIDE_NAME: f32 = 460.0;

/// The window of public weights.
#[derive(Default)]
pub struct PretrainedWindow {
    /// Whether it is shown.
    pub open: bool,
    /// An unverified file that the user wants to use.
    doubtful: Option<PathBuf>,
    /// Width of the names in the table.
    name_width: f32,
}

impl PretrainedWindow {
    /// Draws the window where it is open. `chosen` is the file that was chosen to start from.
    pub fn ui(&mut self, ctx: &PanelCtx<'_>, ui: &Ui, chosen: Option<&Path>) {
        self.doubtful_ui(ctx, ui);
        let mut open = self.open;
        window(ui, TITLE, &mut open, vec2(900.0, 560.0), |ui| {
            self.table_ui(ctx, ui, chosen);
        });
        self.open = open;
    }

    fn table_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui, chosen: Option<&Path>) {
        let catalogue = ctx.engine.catalogue();
        ui.add(
            Label::new(
                "Nothing is downloaded until you click Download. Files with a published hash are verified \
                 before they are used",
            )
            .wrap(),
        );
        let folder = catalogue.folder().display().to_string();
        ui.truncated(RichText::new(format!("Folder: {folder}")).weak(), &folder);
        ui.separator();
        self.name_width = (ui.available_width() - BESIDE_NAME).max(NAME_WIDTH);
        ScrollArea::both()
            .auto_shrink([false, false])
            .show(ui, |ui| {
                let mut header = StickyHeader::default();
                let table = Grid::new("weights")
                    .num_columns(4)
                    .striped(true)
                    .spacing([14.0, 10.0])
                    .show(ui, |ui| {
                        for title in ["File", "Size", "State", ""] {
                            header.strong(ui, title);
                        }
                        ui.end_row();
                        for item in catalogue.items() {
                            self.row_ui(ctx, ui, item, chosen);
                            ui.end_row();
                        }
                    });
                header.stay(ui, table.response.rect);
                follow_focus(ui);
            });
    }

    fn row_ui(
        &mut self,
        ctx: &PanelCtx<'_>,
        ui: &mut Ui,
        item: &CatalogueItem<PublicWeights>,
        chosen: Option<&Path>,
    ) {
        let busy = ctx.engine.catalogue().is_busy(item.entry.id);
        let row = CatalogueRow::of_weights(&item.entry, &item.state, busy);
        ui.vertical(|ui| {
            ui.set_width(self.name_width);
            let details = weights_details(&item.entry);
            ui.truncated(RichText::new(item.entry.file.name).strong(), &details);
            ui.truncated(RichText::new(item.entry.what).small(), &details);
        });
        ui.label(&row.size);
        ui.vertical(|ui| {
            state_ui(ui, item.entry.file.name, &row);
        });
        ui.horizontal(|ui| {
            if busy {
                if button(
                    ui,
                    "Cancel",
                    item.entry.file.name,
                    "Cancel; the partial file is kept",
                ) {
                    ctx.commands.send(Command::CancelDownload(item.entry.id));
                }
                return;
            }
            if let Some(path) = item.state.path() {
                self.use_ui(ctx, ui, item, path, chosen == Some(path));
                if button(
                    ui,
                    "Open folder",
                    item.entry.file.name,
                    "Open the folder of this file",
                ) {
                    let folder = ctx.engine.catalogue().folder().to_path_buf();
                    ctx.commands.send(Command::OpenFileManager(folder));
                }
                return;
            }
            Self::get_ui(ctx, ui, item, &row);
        });
    }

    /// The buttons of a file that has been downloaded or added.
    fn use_ui(
        &mut self,
        ctx: &PanelCtx<'_>,
        ui: &mut Ui,
        item: &CatalogueItem<PublicWeights>,
        path: &Path,
        chosen: bool,
    ) {
        if chosen {
            let color = theme::palette(ui.visuals()).accent;
            ui.tag("chosen", color)
                .on_hover_text("The next run starts from these weights");
        } else if button(
            ui,
            "Use",
            item.entry.file.name,
            "Show what is in this file, then start from it or import it",
        ) {
            if matches!(item.state, EntryState::Unverified { .. }) {
                self.doubtful = Some(path.to_owned());
            } else {
                ctx.commands.send(Command::UseWeights(path.to_owned()));
            }
        }
    }

    /// The buttons of a file that is not there yet.
    fn get_ui(
        ctx: &PanelCtx<'_>,
        ui: &mut Ui,
        item: &CatalogueItem<PublicWeights>,
        row: &CatalogueRow,
    ) {
        if let Some(label) = row.download
            && button(
                ui,
                label,
                item.entry.file.name,
                item.entry.file.urls.first().map_or("", String::as_str),
            )
        {
            ctx.commands.send(Command::DownloadWeights(item.entry.id));
        }
        if let Some(page) = item.entry.file.page
            && button(ui, "Copy link", item.entry.file.name, page)
        {
            ui.ctx().copy_text(page.to_owned());
            let text = format!("Link copied; open it in a browser\n{page}");
            ctx.commands.send(Command::Notify(NoticeLevel::Info, text));
        }
        let response = ui
            .button("Add local file…")
            .accessible_name(format!("Add local file {}", item.entry.file.name))
            .on_hover_text(
                "Choose a file on this computer; it is checked and copied to the folder above",
            );
        if response.clicked() {
            let ask = Ask::CatalogueFile(item.entry.id);
            ctx.commands.send(Command::Ask(ask));
        }
    }

    /// Asks before an unverified file is used.
    fn doubtful_ui(&mut self, ctx: &PanelCtx<'_>, ui: &Ui) {
        let Some(path) = self.doubtful.clone() else {
            return;
        };
        let closed = ui.question("unverified weights", "Use an unverified file?", |ui| {
            ui.label("There is no published hash of this file, so it cannot be verified");
            ui.small(path.display().to_string());
            ui.add_space(6.0);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if ui.default_button(egui::Button::new("Use anyway")) {
                    ctx.commands.send(Command::UseWeights(path.clone()));
                    ui.close();
                }
                if ui.button("Do not use").clicked() {
                    ui.close();
                }
            });
        });
        if closed {
            self.doubtful = None;
        }
    }
}
