//! The list of opened images.

use std::path::{Path, PathBuf};

use eframe::egui::{Align, Button, Key, Layout, Modifiers, Rect, ScrollArea, Ui, vec2};

use crate::ui::elided;
use crate::ui::view_model::file_label::file_label;

/// Opened images, one of them selected.
#[derive(Default)]
pub struct ImageList {
    images: Vec<PathBuf>,
    selected: usize,
    scroll_to_selected: bool,
}

impl ImageList {
    /// The selected image.
    pub fn selected(&self) -> Option<&Path> {
        self.images.get(self.selected).map(PathBuf::as_path)
    }

    /// Whether no image was opened.
    pub fn is_empty(&self) -> bool {
        self.images.is_empty()
    }

    /// All images.
    pub fn images(&self) -> &[PathBuf] {
        &self.images
    }

    /// Adds new images and selects the first of `images`.
    pub fn add(&mut self, images: Vec<PathBuf>) {
        let Some(first) = images.first().cloned() else {
            return;
        };
        let known: std::collections::HashSet<_> = self.images.iter().cloned().collect();
        self.images
            .extend(images.into_iter().filter(|path| !known.contains(path)));
        if let Some(index) = self.images.iter().position(|path| *path == first) {
            self.select(index);
        }
    }

    /// Removes all images.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Selects `steps` images farther down (or up), stopping at the ends.
    pub fn step(&mut self, steps: isize) {
        let last = self.images.len().saturating_sub(1);
        self.select(self.selected.saturating_add_signed(steps).min(last));
    }

    /// The list; only the visible rows are laid out.
    pub fn ui(&mut self, ui: &mut Ui) {
        let row_height = ui.spacing().interact_size.y;
        ScrollArea::vertical()
            .auto_shrink([false, false])
            .show_rows(ui, row_height, self.images.len(), |ui, rows| {
                self.scroll(ui, rows.start, row_height);
                let layout = Layout::top_down_justified(Align::LEFT);
                ui.with_layout(layout, |ui| {
                    for row in rows {
                        self.row_ui(ui, row, row_height);
                    }
                });
            });
    }

    /// Arrow keys, while no other widget listens to them. Call where the pointer is over
    /// the panel.
    pub fn take_keys(&mut self, ui: &Ui) {
        if ui.memory(|memory| memory.focused().is_some()) {
            return;
        }
        let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        if pressed(Key::ArrowDown) {
            self.step(1);
        }
        if pressed(Key::ArrowUp) {
            self.step(-1);
        }
    }

    fn row_ui(&mut self, ui: &mut Ui, row: usize, height: f32) {
        let path = &self.images[row];
        let name = file_label(path);
        let width = ui.available_width() - 2.0 * ui.spacing().button_padding.x;
        let button =
            Button::selectable(row == self.selected, elided::file_within(ui, &name, width))
                .truncate()
                .min_size(vec2(0.0, height));
        let response = ui
            .add(button)
            .on_hover_text(path.display().to_string())
            .accessible_name(&name);
        if response.clicked() {
            self.selected = row;
        }
    }

    fn select(&mut self, index: usize) {
        self.scroll_to_selected |= self.selected != index;
        self.selected = index;
    }

    fn scroll(&mut self, ui: &Ui, first_row: usize, row_height: f32) {
        if !std::mem::take(&mut self.scroll_to_selected) {
            return;
        }
        let step = row_height + ui.spacing().item_spacing.y;
        let rows_below = self.selected as f32 - first_row as f32;
        let top = ui.max_rect().left_top() + vec2(0.0, rows_below * step);
        ui.scroll_to_rect(Rect::from_min_size(top, vec2(1.0, row_height)), None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(names: &[&str]) -> Vec<PathBuf> {
        names.iter().map(PathBuf::from).collect()
    }

    #[test]
    fn opening_selects_the_first_new_image() {
        let mut list = ImageList::default();
        list.add(paths(&["a", "b"]));
        assert_eq!(list.selected(), Some(Path::new("a")));
        list.add(paths(&["c", "d"]));
        assert_eq!(list.selected(), Some(Path::new("c")));
    }

    #[test]
    fn opening_again_selects_and_does_not_repeat() {
        let mut list = ImageList::default();
        list.add(paths(&["a", "b"]));
        list.add(paths(&["b"]));
        assert_eq!(list.selected(), Some(Path::new("b")));
        assert_eq!(list.images.len(), 2);
        list.add(Vec::new());
        assert_eq!(list.selected(), Some(Path::new("b")));
    }

    #[test]
    fn steps_stop_at_the_ends() {
        let mut list = ImageList::default();
        list.step(1);
        assert_eq!(list.selected(), None);
        list.add(paths(&["a", "b"]));
        list.step(-1);
        assert_eq!(list.selected(), Some(Path::new("a")));
        list.step(5);
        assert_eq!(list.selected(), Some(Path::new("b")));
    }
}
