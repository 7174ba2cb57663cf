//! One image with its mask in full size, to zoom and pan.

use std::path::PathBuf;
use std::sync::Arc;

use eframe::egui::{self, Align, Align2, Key, Label, Layout, RichText, Ui, Window};

use crate::engine::{
    ClassList, EngineError, LabelMap, OpenDataset, Rgb, SeenImage, Split, Task, Thumbnail,
};
use crate::ui::canvas::controls::{opacity_slider, zoom_buttons};
use crate::ui::canvas::{Canvas, CanvasView, DrawnLayer, Layer, TextureCache};
use crate::ui::command::Command;
use crate::ui::context::PanelCtx;
use crate::ui::panels::film_this_ui;
use crate::ui::theme;
use crate::ui::ui_ext::{UiExt as _, is_escaped};
use crate::ui::view_model::ClassSet;
use crate::ui::view_model::mask::{Pixel, label_at};
use crate::ui::when::AddWhen as _;

/// What of a pair is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PairView {
    Overlay,
    Image,
    Mask,
}

/// The window of a pair.
pub struct PairWindow {
    pair: Option<Pair>,
    mode: PairView,
    opacity: f32,
    view: CanvasView,
    textures: TextureCache,
    /// Under the pointer, in the last frame.
    hovered: Option<Pixel>,
    /// Whether it was not shown in the last frame.
    comes_up: bool,
}

struct Pair {
    title: String,
    /// What was done to it, of an image of a batch.
    note: Option<String>,
    /// The image file, of an item of a list.
    file: Option<PathBuf>,
    classes: Arc<ClassList>,
    content: Content,
}

enum Content {
    Loading(Task<Result<Thumbnail, EngineError>>),
    Ready(Arc<Rgb>, Arc<LabelMap>),
    Failed(String),
}

impl Default for PairWindow {
    fn default() -> Self {
        Self {
            pair: None,
            mode: PairView::Overlay,
            opacity: 0.55,
            view: CanvasView::default(),
            textures: TextureCache::default(),
            hovered: None,
            comes_up: false,
        }
    }
}

impl PairWindow {
    /// Shows an item of the open dataset.
    pub fn show_item(
        &mut self,
        ctx: &PanelCtx<'_>,
        open: &OpenDataset,
        split: Split,
        place: usize,
    ) {
        let Some(item) = open.dataset.items(split).get(place) else {
            return;
        };
        self.show(Pair {
            title: item.id.clone(),
            note: None,
            file: Some(item.image.clone()),
            classes: self.classes(&open.dataset.classes),
            content: Content::Loading(ctx.engine.thumbnail(split, place, u32::MAX)),
        });
    }

    /// Shows an image of a batch.
    pub fn show_seen(&mut self, seen: &SeenImage, classes: &ClassList) {
        self.show(Pair {
            title: seen.id.clone(),
            note: Some(seen.change.to_string()),
            file: None,
            classes: self.classes(classes),
            content: Content::Ready(Arc::clone(&seen.image), Arc::clone(&seen.labels)),
        });
    }

    fn show(&mut self, pair: Pair) {
        self.view.fit();
        self.comes_up |= self.pair.is_none();
        self.pair = Some(pair);
    }

    /// The classes, those of the pair before where they are the same.
    fn classes(&self, classes: &ClassList) -> Arc<ClassList> {
        let before = self.pair.as_ref().map(|pair| &pair.classes);
        match before {
            Some(before) if **before == *classes => Arc::clone(before),
            _ => Arc::new(classes.clone()),
        }
    }

    /// Closes the window.
    pub fn close(&mut self) {
        self.pair = None;
        self.textures = TextureCache::default();
    }

    /// Draws the window where it is open. Returns by how many items to go on.
    pub fn ui(&mut self, ctx: &PanelCtx<'_>, ui: &Ui) -> Option<isize> {
        let pair = self.pair.as_mut()?;
        pair.poll();
        let egui_ctx = ui.ctx();
        if std::mem::take(&mut self.comes_up) {
            // What was clicked has the focus, and would take the keys.
            egui_ctx.memory_mut(|memory| {
                if let Some(focused) = memory.focused() {
                    memory.surrender_focus(focused);
                }
            });
        }
        let asked = egui_ctx.memory(|memory| memory.top_modal_layer().is_some());
        let pressed = |key| !asked && egui_ctx.input(|input| input.key_pressed(key));
        let mut open = !is_escaped(egui_ctx);
        let has_focus = egui_ctx.memory(|memory| memory.focused().is_some());
        let mut go = None;
        for (key, steps) in [(Key::ArrowLeft, -1), (Key::ArrowRight, 1)] {
            if !has_focus && pressed(key) {
                go = Some(steps);
            }
        }
        let room = egui_ctx.content_rect();
        Window::new(format!("Pair: {}", pair.title))
            .id(egui::Id::unique("pair of the dataset"))
            .open(&mut open)
            .collapsible(false)
            .pivot(Align2::CENTER_CENTER)
            .default_pos(room.center())
            .default_size((room.size() * 0.72).max(egui::vec2(420.0, 320.0)))
            .show(egui_ctx, |ui| go = go.or(self.content_ui(ctx, ui)));
        if !open {
            self.close();
        }
        go
    }

    fn content_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) -> Option<isize> {
        let go = self.toolbar_ui(ctx, ui);
        let pair = self.pair.as_ref()?;
        let classes = ctx.colors.of(&pair.classes);
        // Below the image, which takes what is left: the window must not grow with it.
        egui::Panel::bottom("status of the pair")
            .resizable(false)
            .show_separator_line(false)
            .frame(egui::Frame::new().inner_margin(egui::Margin::symmetric(0, 2)))
            .show(ui, |ui| status_ui(ui, pair, &classes, self.hovered));
        let area = ui.available_rect_before_wrap();
        let size = area.size();
        self.hovered = None;
        match &pair.content {
            Content::Failed(message) => {
                ui.error_box("The pair cannot be read", message);
            }
            Content::Loading(_) => {
                ui.allocate_space(size);
                ui.waiting(area, "Reading the pair");
            }
            Content::Ready(image, labels) => {
                let drawn = drawn(self.mode, self.opacity, (image, labels), &classes);
                let layers: Vec<Layer> = drawn.iter().map(|drawn| drawn.layer.clone()).collect();
                if !self.textures.prepare(ctx, ui.ctx(), &layers) {
                    ui.allocate_space(size);
                    ui.waiting(area, "Coloring the mask");
                    return go;
                }
                let name = "Image and mask in full size";
                let side = [image.width, image.height];
                let canvas = Canvas::new(&mut self.textures, &drawn, side, name);
                self.hovered = canvas.show(ui, size, &mut self.view).hovered;
            }
        }
        go
    }

    fn toolbar_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) -> Option<isize> {
        let mut go = None;
        ui.horizontal_wrapped(|ui| {
            for (mode, label, tooltip) in [
                (PairView::Overlay, "Overlay", "The mask over the image"),
                (PairView::Image, "Image", "The image alone"),
                (PairView::Mask, "Mask", "The mask alone"),
            ] {
                ui.selectable_value(&mut self.mode, mode, label)
                    .on_hover_text(tooltip)
                    .accessible_name(format!("Pair as {}", label.to_lowercase()));
            }
            ui.separator();
            ui.add_when_ui(self.mode == PairView::Overlay, |ui| {
                opacity_slider(ui, &mut self.opacity);
            });
            ui.separator();
            zoom_buttons(ui, &mut self.view);
            ui.separator();
            for (label, steps, tooltip) in [
                ("Previous", -1, "The pair before (arrow left)"),
                ("Next", 1, "The next pair (arrow right)"),
            ] {
                let response = ui.button(label).on_hover_text(tooltip);
                if response.accessible_name(format!("{label} pair")).clicked() {
                    go = Some(steps);
                }
            }
            if let Some(file) = self.pair.as_ref().and_then(|pair| pair.file.clone()) {
                let response = ui
                    .button("Open in Inspect")
                    .on_hover_text("Segment this image with a trained run");
                if response.clicked() {
                    ctx.commands.send(Command::Inspect(vec![file.clone()]));
                    self.close();
                }
                film_this_ui(ctx, ui, file);
            }
        });
        go
    }
}

impl Pair {
    fn poll(&mut self) {
        if let Content::Loading(task) = &mut self.content
            && let Some(result) = task.poll_result()
        {
            self.content = match result {
                Ok(pair) => Content::Ready(Arc::new(pair.image), Arc::new(pair.labels)),
                Err(err) => Content::Failed(err.to_string()),
            };
        }
    }
}

fn drawn(
    mode: PairView,
    opacity: f32,
    (image, labels): (&Arc<Rgb>, &Arc<LabelMap>),
    classes: &Arc<ClassList>,
) -> Vec<DrawnLayer> {
    let image = DrawnLayer::opaque(Layer::Image(Arc::clone(image).into()));
    let mask = Layer::Fill {
        mask: Arc::clone(labels),
        classes: Arc::clone(classes),
        visible: ClassSet::default(),
    };
    match mode {
        PairView::Image => vec![image],
        PairView::Mask => vec![DrawnLayer::opaque(mask)],
        PairView::Overlay => vec![
            image,
            DrawnLayer {
                layer: mask,
                opacity,
            },
        ],
    }
}

/// Size and origin, and the class under the pointer.
fn status_ui(ui: &mut Ui, pair: &Pair, classes: &ClassList, hovered: Option<Pixel>) {
    ui.horizontal(|ui| {
        let Content::Ready(image, labels) = &pair.content else {
            // As high as it will be.
            ui.weak("");
            return;
        };
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if let Some(pixel) = hovered {
                if let Some(label) = label_at(labels, pixel) {
                    ui.label(classes.name(label));
                    ui.swatch(theme::class_color(classes.color(label)));
                }
                ui.weak(format!("x {}, y {}", pixel.x, pixel.y));
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let mut text = format!("{} × {}", image.width, image.height);
                if let Some(note) = &pair.note {
                    text = format!("{text}  ·  {note}");
                } else if let Some(file) = &pair.file {
                    text = format!("{text}  ·  {}", file.display());
                }
                ui.add(Label::new(RichText::new(text).weak()).truncate());
            });
        });
    });
}
