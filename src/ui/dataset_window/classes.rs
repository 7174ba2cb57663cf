//! The classes of a class map as a table.

use eframe::egui::{CollapsingHeader, Grid, TextEdit, Ui, vec2};

use crate::engine::Palette;
use crate::ui::icons::Icon;
use crate::ui::sticky_header::StickyHeader;
use crate::ui::ui_ext::UiExt as _;
use crate::ui::view_model::ClassMapForm;
use crate::ui::when::AddWhen as _;

const NAME_WIDTH: f32 = 150.0;
const LABELS_WIDTH: f32 = 70.0;
const FROM_WIDTH: f32 = 190.0;

/// What is done with a row.
enum Action {
    Up(usize),
    Down(usize),
    Remove(usize),
    From {
        row: usize,
        class: String,
        takes: bool,
    },
}

pub fn classes_ui(ui: &mut Ui, form: &mut ClassMapForm) {
    ui.weak("The order is that of the labels that a network learns. Masks keep their own labels");
    ui.add_space(4.0);
    let mut action = None;
    let mut header = StickyHeader::default();
    let table = Grid::new("classes of the map")
        .num_columns(6)
        .striped(true)
        .spacing([8.0, 4.0])
        .show(ui, |ui| {
            for title in ["Color", "Name", "From", "Labels", "Void", ""] {
                header.strong(ui, title);
            }
            ui.end_row();
            for row in 0..form.rows.len() {
                row_ui(ui, form, row, &mut action);
                ui.end_row();
            }
        });
    header.stay(ui, table.response.rect);
    match action {
        Some(Action::Up(row)) => form.rows.swap(row - 1, row),
        Some(Action::Down(row)) => form.rows.swap(row, row + 1),
        Some(Action::Remove(row)) => {
            form.rows.remove(row);
        }
        Some(Action::From { row, class, takes }) => form.set_from(row, &class, takes),
        None => {}
    }
    if ui
        .button("Add class")
        .on_hover_text("A class for labels or classes that are in the masks")
        .clicked()
    {
        form.add();
    }
    ui.add_space(6.0);
    ui.field(
        "Void labels",
        "Labels in the masks that count in no loss and no score, such as 0, 11; 255 always is one",
        |ui| {
            ui.add(
                TextEdit::singleline(&mut form.void)
                    .desired_width(160.0)
                    .hint_text("255"),
            )
        },
    );
    ui.checkbox(&mut form.from_one, "Masks count classes from 1")
        .on_hover_text("Label 1 is the first class; 0 is then no class unless it is void");
    palette_ui(ui, form);
    CollapsingHeader::new("What this becomes")
        .id_salt("class map as text")
        .show(ui, |ui| {
            let text = form
                .map()
                .and_then(|map| map.to_toml().map_err(|err| err.to_string()))
                .unwrap_or_else(|problem| problem);
            ui.monospace(if text.is_empty() {
                "# nothing: all as in the dataset"
            } else {
                &text
            });
        });
}

fn palette_ui(ui: &mut Ui, form: &mut ClassMapForm) {
    ui.field(
        "Colors",
        "Colors of all classes, in the window and in written masks",
        |ui| {
            ui.horizontal(|ui| {
                for (palette, label) in [
                    (None, "Of the dataset"),
                    (Some(Palette::Voc), "VOC's"),
                    (Some(Palette::ColorBlind), "Color-blind safe"),
                ] {
                    let response = ui
                        .selectable_label(form.palette == palette, label)
                        .on_hover_text("Gives all classes these colors");
                    if response.clicked() {
                        form.set_palette(palette);
                    }
                }
            })
            .response
        },
    );
}

fn row_ui(ui: &mut Ui, form: &mut ClassMapForm, row: usize, action: &mut Option<Action>) {
    let number = row + 1;
    let mut color = form.color(row);
    ui.add_when_ui(!form.rows[row].ignore, |ui| {
        let response = ui
            .color_edit_button_srgb(&mut color)
            .on_hover_text("Color of the class");
        if response.changed() {
            form.rows[row].color = Some(color);
        }
    });
    // A grid gives text fields no more room than they take.
    let size = |width| vec2(width, ui.spacing().interact_size.y);
    let (name_size, labels_size) = (size(NAME_WIDTH), size(LABELS_WIDTH));
    let name = TextEdit::singleline(&mut form.rows[row].name).min_size(name_size);
    ui.add(name)
        .accessible_name(format!("Name of class {number}"));
    from_ui(ui, form, row, action);
    let labels = TextEdit::singleline(&mut form.rows[row].labels)
        .min_size(labels_size)
        .hint_text("as is");
    ui.add(labels)
        .accessible_name(format!("Labels of class {number}"))
        .on_hover_text("Labels in the masks that are this class besides, such as 255");
    ui.checkbox(&mut form.rows[row].ignore, "")
        .accessible_name(format!("Class {number} is void"))
        .on_hover_text("Its pixels count in no loss and no score, and it is no class");
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 2.0;
        let last = form.rows.len() - 1;
        for (label, name, can, made) in [
            ("Up", "Move class up", row > 0, Action::Up(row)),
            ("Down", "Move class down", row < last, Action::Down(row)),
        ] {
            let response = ui
                .add_when(can, eframe::egui::Button::new(label))
                .accessible_name(format!("{name} {number}"))
                .on_hover_text(name);
            if response.clicked() {
                *action = Some(made);
            }
        }
        if ui
            .icon_button(Icon::Close, &format!("Remove class {number}"))
            .clicked()
        {
            *action = Some(Action::Remove(row));
        }
    });
}

/// Which classes of the dataset belong to a row.
fn from_ui(ui: &mut Ui, form: &ClassMapForm, row: usize, action: &mut Option<Action>) {
    let from = &form.rows[row].from;
    let text = if from.is_empty() {
        "none".to_owned()
    } else {
        from.join(", ")
    };
    eframe::egui::ComboBox::from_id_salt(("from", row))
        .selected_text(&text)
        .width(FROM_WIDTH)
        .truncate()
        .show_ui(ui, |ui| {
            for class in form.own() {
                let mut takes = from.contains(&class.name);
                if ui.checkbox(&mut takes, &class.name).changed() {
                    *action = Some(Action::From {
                        row,
                        class: class.name.clone(),
                        takes,
                    });
                }
            }
        })
        .response
        .accessible_name(format!("Classes of the dataset in class {}", row + 1))
        .on_hover_text(format!(
            "Classes of the dataset that are merged here: {text}"
        ));
}
