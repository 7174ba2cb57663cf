//! The window of public datasets: download, add, open.

use eframe::egui::{Grid, Label, RichText, ScrollArea, Ui, vec2};

use super::{button, state_ui, window};
use crate::engine::{CatalogueItem, DatasetRef, PublicDataset};
use crate::ui::command::{Ask, Command};
use crate::ui::context::PanelCtx;
use crate::ui::focus::follow_focus;
use crate::ui::sticky_header::StickyHeader;
use crate::ui::ui_ext::UiExt as _;
use crate::ui::view_model::catalogue_row::{CatalogueRow, dataset_details};

const TITLE: &str = "Public datasets";
/// Widths of the columns of texts, which are wrapped.
#[derive(Clone, Copy)]
struct Widths {
    name: f32,
    classes: f32,
    source: f32,
}

impl Widths {
    /// Those in a window not much wider than the smallest, so that the buttons behind the texts are in sight.
    const LEAST: Self = Self {
        name: 140.0,
        classes: 76.0,
        source: 140.0,
    };
    /// Width of the whole table with these.
    const TABLE: f32 = 850.0;

    /// Those with which the table takes the room that there is.
    fn of(room: f32) -> Self {
        let more = (room - Self::TABLE).max(0.0);
        Self {
            name: Self::LEAST.name + 0.35 * more,
            classes: Self::LEAST.classes + 0.15 * more,
            source: Self::LEAST.source + 0.45 * more,
        }
    }
}

/// The window of public datasets.
#[derive(Default)]
pub struct PublicDatasetsWindow {
    /// Whether it is shown.
    pub open: bool,
}

impl PublicDatasetsWindow {
    /// Draws the window where it is open.
    pub fn ui(&mut self, ctx: &PanelCtx<'_>, ui: &Ui) {
        let mut opened = false;
        window(ui, TITLE, &mut self.open, vec2(1160.0, 500.0), |ui| {
            opened = table_ui(ctx, ui);
        });
        // What was opened is seen behind it.
        self.open &= !opened;
    }
}

/// The table; true = a dataset was opened.
fn table_ui(ctx: &PanelCtx<'_>, ui: &mut Ui) -> bool {
    let catalogue = ctx.engine.public_datasets();
    ui.add(
        Label::new(
            "Datasets that others made and published, to train on. Download gets one from the Internet, checks it by its \
             published hash where there is one, and unpacks it; Open then shows it. If you have its archive already, take \
             Add local file. Nothing is downloaded without a click",
        )
        .wrap(),
    );
    let folder = catalogue.folder().display().to_string();
    ui.truncated(
        RichText::new(format!("They are put into {folder}")).weak(),
        &folder,
    );
    ui.separator();
    let mut opened = false;
    let widths = Widths::of(ui.available_width());
    ScrollArea::both()
        .auto_shrink([false, false])
        .show(ui, |ui| {
            let mut header = StickyHeader::default();
            let table = Grid::new("public datasets")
                .num_columns(6)
                .striped(true)
                .spacing([14.0, 10.0])
                .show(ui, |ui| {
                    for title in [
                        "Dataset",
                        "Classes",
                        "Size",
                        "Makers and terms",
                        "State",
                        "",
                    ] {
                        header.strong(ui, title);
                    }
                    ui.end_row();
                    for item in catalogue.items() {
                        opened |= row_ui(ctx, ui, item, widths);
                        ui.end_row();
                    }
                });
            header.stay(ui, table.response.rect);
            follow_focus(ui);
        });
    opened
}

fn row_ui(
    ctx: &PanelCtx<'_>,
    ui: &mut Ui,
    item: &CatalogueItem<PublicDataset>,
    widths: Widths,
) -> bool {
    let CatalogueItem { entry, state } = item;
    let busy = ctx.engine.public_datasets().is_busy(entry.id);
    let row = CatalogueRow::of_dataset(entry, state, busy);
    ui.vertical(|ui| {
        ui.set_width(widths.name);
        let details = dataset_details(entry);
        ui.truncated(RichText::new(entry.name).strong(), &details);
        wrapped(ui, entry.what, widths.name).on_hover_text(details);
    });
    wrapped(ui, entry.classes, widths.classes);
    ui.label(&row.size).on_hover_text(match entry.size() {
        Some(_) => "Size of the download",
        None => "Nobody published how large the download is",
    });
    wrapped(ui, entry.source, widths.source);
    ui.vertical(|ui| state_ui(ui, entry.name, &row));
    ui.horizontal(|ui| {
        if busy {
            if button(ui, "Cancel", entry.name, "Cancel; the partial file is kept") {
                ctx.commands.send(Command::CancelDataset(entry.id));
            }
            return false;
        }
        if let Some(path) = state.path() {
            let opened = button(ui, "Open", entry.name, "Open this dataset");
            if opened {
                let which = DatasetRef::Folder(path.to_owned());
                ctx.commands.send(Command::OpenDataset(which));
            }
            if button(
                ui,
                "Open folder",
                entry.name,
                "Show the folder of this dataset",
            ) {
                ctx.commands.send(Command::OpenFileManager(path.to_owned()));
            }
            return opened;
        }
        get_ui(ctx, ui, entry, &row);
        false
    })
    .inner
}

/// The buttons of a dataset that is not there yet.
fn get_ui(ctx: &PanelCtx<'_>, ui: &mut Ui, entry: &PublicDataset, row: &CatalogueRow) {
    let urls = entry.files.iter().flat_map(|file| &file.urls);
    let urls: Vec<&str> = urls.map(String::as_str).collect();
    if let Some(label) = row.download
        && button(ui, label, entry.name, &urls.join("\n"))
    {
        ctx.commands.send(Command::GetDataset(entry.id));
    }
    let response = ui
        .button("Add local file…")
        .accessible_name(format!("Add local file {}", entry.name))
        .on_hover_text(
            "I already have this file: choose an archive on this computer; it is checked and unpacked to the folder \
             above",
        );
    if response.clicked() {
        ctx.commands
            .send(Command::Ask(Ask::DatasetArchive(entry.id)));
    }
}

fn wrapped(ui: &mut Ui, text: &str, width: f32) -> eframe::egui::Response {
    ui.scope(|ui| {
        ui.set_width(width);
        ui.add(Label::new(RichText::new(text).small()).wrap())
    })
    .inner
}
