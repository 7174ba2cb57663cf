//! The rows: only those in sight are laid out.

use std::collections::BTreeSet;

use eframe::egui::{
    self, Align, Align2, Color32, Label, Layout, Rect, Response, RichText, ScrollArea, Sense,
    TextStyle, TextWrapMode, Ui, UiBuilder, WidgetText, pos2, style::ScrollStyle, vec2,
};

use super::actions;
use super::dialogs::Dialog;
use super::places::{CELL_GAP, Places, TICK_WIDTH, room_beside};
use crate::engine::{RunSnapshot, RunState};
use crate::ui::context::PanelCtx;
use crate::ui::focus::focus_outline;
use crate::ui::theme;
use crate::ui::ui_ext::UiExt as _;
use crate::ui::view_model::run_selection::RunSelection;
use crate::ui::view_model::run_table::{Column, ColumnWidths, Query, state_word};

/// Height of a line.
pub const ROW_HEIGHT: f32 = 24.0;
/// One drawing of the table.
pub struct Table<'a> {
    pub ctx: &'a PanelCtx<'a>,
    pub rows: &'a [&'a RunSnapshot],
    pub columns: &'a [Column],
    pub widths: &'a mut ColumnWidths,
    pub selection: &'a mut RunSelection,
    pub chosen: &'a mut BTreeSet<String>,
    pub anchor: &'a mut Option<String>,
    pub dialog: &'a mut Option<Dialog>,
}

impl Table<'_> {
    pub fn ui(mut self, ui: &mut Ui, query: &mut Query) {
        // In sight, so that people see that there is more.
        ui.spacing_mut().scroll = ScrollStyle::thin();
        let room = ui.available_width() - room_beside(self.columns.len());
        let widths = self.widths.of(self.columns, room);
        let width = TICK_WIDTH + widths.iter().map(|width| width + CELL_GAP).sum::<f32>();
        let area = ScrollArea::horizontal().auto_shrink(false);
        area.show_viewport(ui, |ui, viewport| {
            let places = Places {
                widths: &widths,
                width,
                scrolled: viewport.left().max(0.0),
            };
            ui.set_width(width);
            let header = self.header_ui(ui, query, &places);
            ui.spacing_mut().item_spacing.y = 0.0;
            ScrollArea::vertical().auto_shrink(false).show_rows(
                ui,
                ROW_HEIGHT,
                self.rows.len(),
                |ui, range| {
                    ui.set_width(width);
                    for index in range {
                        self.row_ui(ui, index, &places);
                    }
                },
            );
            if places.scrolled > 0.0 {
                // Here the others go behind the names.
                let x = places.first_scrolled(header) - CELL_GAP / 2.0;
                let stroke = ui.visuals().widgets.hovered.bg_stroke;
                let area = header.y_range().min..=ui.clip_rect().bottom();
                ui.painter().vline(x, area, stroke);
            }
        });
    }

    /// Draws the titles of the columns, and returns where they are.
    fn header_ui(&mut self, ui: &mut Ui, query: &mut Query, places: &Places<'_>) -> Rect {
        let (line, _) = ui.allocate_exact_size(vec2(places.width, ROW_HEIGHT), Sense::hover());
        for (index, (column, cell)) in self.columns.iter().zip(places.cells(line)).enumerate() {
            let Some(in_sight) = places.in_sight(index, cell, line) else {
                continue;
            };
            let sorted = query.sort == *column;
            // All of the cell is clicked, but for its edge, which is above it.
            let id = ui.scope_id().with(("sort", column.title()));
            let response = ui
                .interact(in_sight, id, Sense::click())
                .on_hover_text("Sort by this column; click again to turn it round");
            focus_outline(ui, &response);
            edge_ui(ui, cell, *column, self.widths);
            let ui = cell_ui(ui, cell, in_sight, *column);
            let header = title_ui(&ui, cell, *column);
            let name = format!("Sort by {}", column.title());
            response.widget_info(|| {
                egui::WidgetInfo::labeled(egui::accesskit::Role::Button, true, &name)
            });
            if response.clicked() {
                query.sort_by(*column);
            }
            if sorted {
                let x = if column.is_number() {
                    header.left() - 6.0
                } else {
                    header.right() + 6.0
                };
                sort_mark(&ui, pos2(x, header.center().y), query.descending);
            }
        }
        let stroke = ui.visuals().widgets.noninteractive.bg_stroke;
        ui.painter().hline(line.x_range(), line.bottom(), stroke);
        line
    }

    fn row_ui(&mut self, ui: &mut Ui, index: usize, places: &Places<'_>) {
        let run = self.rows[index];
        let (line, _) = ui.allocate_exact_size(vec2(places.width, ROW_HEIGHT), Sense::hover());
        let id = ui.scope_id().with(("run", &run.name));
        let response = ui.interact(line, id, Sense::click());
        let title = run.title();
        let chosen = self.chosen.contains(&run.name);
        response.widget_info(|| {
            let mut info =
                egui::WidgetInfo::selected(egui::accesskit::Role::Button, true, chosen, &title);
            info.enabled = true;
            info
        });
        if let Some(fill) = row_fill(ui, &response, chosen, index) {
            ui.painter().rect_filled(line, 0.0, fill);
        }
        focus_outline(ui, &response);
        self.tick_ui(ui, line.translate(vec2(places.scrolled, 0.0)), run, &title);
        for (number, (column, cell)) in self.columns.iter().zip(places.cells(line)).enumerate() {
            let Some(in_sight) = places.in_sight(number, cell, line) else {
                continue;
            };
            if *column == Column::State {
                let cell = cell.shrink2(vec2(0.0, 3.0));
                state_ui(&mut cell_ui(ui, cell, in_sight, *column), run);
                continue;
            }
            let mut ui = cell_ui(ui, cell, in_sight, *column);
            let mut text = RichText::new(column.text(run));
            if chosen {
                text = text.color(ui.visuals().selection.stroke.color);
            } else if run.notes.archived {
                text = text.weak();
            }
            ui.add(
                Label::new(text)
                    .selectable(false)
                    .truncate()
                    // All that is known of the run is told at its name.
                    .show_tooltip_when_elided(*column != Column::Name),
            );
        }
        if response.clicked() {
            let modifiers = ui.input(|input| input.modifiers);
            self.choose(index, modifiers);
        }
        if response.double_clicked() {
            actions::edit(run, self.dialog);
        }
        if response.secondary_clicked() && !chosen {
            self.choose(index, egui::Modifiers::NONE);
        }
        response.context_menu(|ui| {
            let is_chosen = |run: &&RunSnapshot| self.chosen.contains(&run.name);
            let runs: Vec<&RunSnapshot> = self.rows.iter().copied().filter(is_chosen).collect();
            actions::menu_ui(self.ctx, ui, &runs, self.dialog);
        });
        // Not over the whole row: it hides the rows around it.
        let name = places.cells(line).next();
        if name.is_some_and(|name| ui.rect_contains_pointer(name)) {
            response.on_hover_ui(|ui| {
                ui.label(actions::details(run));
            });
        }
    }

    /// A click chooses one row, with Ctrl one more or less, with Shift all from the last click.
    fn choose(&mut self, index: usize, modifiers: egui::Modifiers) {
        let name = &self.rows[index].name;
        let anchor = self.anchor.as_ref();
        let from = anchor.and_then(|anchor| self.rows.iter().position(|run| run.name == *anchor));
        match from {
            Some(from) if modifiers.shift => {
                if !modifiers.command {
                    self.chosen.clear();
                }
                let range = from.min(index)..=from.max(index);
                self.chosen
                    .extend(self.rows[range].iter().map(|run| run.name.clone()));
                return;
            }
            _ if modifiers.command => {
                if !self.chosen.remove(name) {
                    self.chosen.insert(name.clone());
                }
            }
            _ => {
                self.chosen.clear();
                self.chosen.insert(name.clone());
            }
        }
        *self.anchor = Some(name.clone());
    }

    fn tick_ui(&mut self, ui: &mut Ui, line: Rect, run: &RunSnapshot, title: &str) {
        let place = Rect::from_min_size(line.min, vec2(TICK_WIDTH, line.height()));
        let layout = Layout::left_to_right(Align::Center);
        let mut ui = ui.new_child(
            UiBuilder::new()
                .id_salt(("tick", &run.name))
                .max_rect(place)
                .layout(layout),
        );
        ui.spacing_mut().item_spacing.x = 4.0;
        let mut ticked = self.selection.contains(&run.name);
        let response = ui
            .checkbox(&mut ticked, "")
            .accessible_name(format!("Show {title}"))
            .on_hover_text("Show this run in Curves");
        if response.changed() {
            self.selection.set(&run.name, ticked);
        }
        if let Some(slot) = self.selection.slot(&run.name) {
            let color = theme::run_color(ui.visuals(), slot);
            ui.swatch(if ticked {
                color
            } else {
                color.gamma_multiply(0.4)
            })
            .on_hover_text("Color of this run in Curves");
        }
    }
}

/// The title of a column, and where it is. It is painted: what is clicked has the name.
fn title_ui(ui: &Ui, cell: Rect, column: Column) -> Rect {
    let text = WidgetText::from(RichText::new(column.title()).small().strong());
    let galley = text.into_galley(
        ui,
        Some(TextWrapMode::Truncate),
        cell.width(),
        TextStyle::Small,
    );
    let align = if column.is_number() {
        Align2::RIGHT_CENTER
    } else {
        Align2::LEFT_CENTER
    };
    let rect = align.align_size_within_rect(galley.size(), cell);
    ui.painter()
        .galley(rect.min, galley, ui.visuals().strong_text_color());
    rect
}

/// The right edge of a header: a drag makes the column wider or narrower.
fn edge_ui(ui: &Ui, cell: Rect, column: Column, widths: &mut ColumnWidths) {
    let edge = Rect::from_min_max(cell.right_top(), cell.right_bottom() + vec2(CELL_GAP, 0.0));
    let id = ui.scope_id().with(("edge", column.title()));
    let response = ui
        .interact(edge, id, Sense::click_and_drag())
        .on_hover_and_drag_cursor(egui::CursorIcon::ResizeHorizontal)
        .on_hover_text("Drag to change the width of the column; double-click for the usual one");
    let name = format!("Resize {}", column.title());
    response
        .widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::Splitter, true, &name));
    if response.double_clicked() {
        widths.reset(column);
    } else if let (true, Some(pointer)) = (response.dragged(), response.interact_pointer_pos()) {
        // The pointer stays in the middle of the edge, wherever it began.
        widths.choose(column, pointer.x - CELL_GAP / 2.0 - cell.left());
    }
    let visuals = ui.visuals();
    let stroke = if response.hovered() || response.dragged() {
        visuals.widgets.hovered.bg_stroke
    } else {
        visuals.widgets.noninteractive.bg_stroke
    };
    let inside = edge.y_range().shrink(5.0);
    ui.painter().vline(edge.center().x, inside, stroke);
}

fn cell_ui(ui: &mut Ui, cell: Rect, in_sight: Rect, column: Column) -> Ui {
    let layout = if column.is_number() {
        Layout::right_to_left(Align::Center)
    } else {
        Layout::left_to_right(Align::Center)
    };
    let mut ui = ui.new_child(
        UiBuilder::new()
            .id_salt((cell.left() as i64, cell.top() as i64))
            .max_rect(cell)
            .layout(layout),
    );
    ui.set_clip_rect(ui.clip_rect().intersect(in_sight));
    ui.style_mut().wrap_mode = Some(TextWrapMode::Truncate);
    ui
}

/// A triangle beside a header: down where the largest comes first.
fn sort_mark(ui: &Ui, center: egui::Pos2, descending: bool) {
    let tip = if descending { 3.0 } else { -3.0 };
    let points = vec![
        center + vec2(-3.5, -tip),
        center + vec2(3.5, -tip),
        center + vec2(0.0, tip),
    ];
    let color = ui.visuals().text_color();
    ui.painter().add(egui::Shape::convex_polygon(
        points,
        color,
        egui::Stroke::NONE,
    ));
}

fn row_fill(ui: &Ui, response: &Response, chosen: bool, index: usize) -> Option<Color32> {
    let visuals = ui.visuals();
    if chosen {
        Some(visuals.selection.bg_fill)
    } else if response.hovered() {
        Some(visuals.widgets.hovered.weak_bg_fill.gamma_multiply(0.5))
    } else if index % 2 == 1 {
        Some(visuals.faint_bg_color)
    } else {
        None
    }
}

/// The state of a run in its color.
pub fn state_ui(ui: &mut Ui, run: &RunSnapshot) {
    let palette = theme::palette(ui.visuals());
    let color = match run.state {
        RunState::Active => palette.info,
        RunState::Finished => palette.success,
        RunState::Stopped | RunState::Interrupted => palette.warning,
        RunState::Failed(_) => palette.error,
    };
    ui.tag(state_word(run), color);
}
