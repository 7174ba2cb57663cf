//! Single images of an evaluation: those with a confusion, the worst, the best; one of them large, with
//! its wrong pixels outlined.

use std::sync::Arc;

use eframe::egui::{CentralPanel, ComboBox, Frame, Label, Margin, Panel, RichText, ScrollArea, Ui};

use super::confusion_source::{ConfusionSource, Found};
use crate::engine::{ClassList, KeptEvaluation, VOID};
use crate::ui::canvas::controls::{opacity_slider, zoom_buttons};
use crate::ui::canvas::{Canvas, CanvasView, DrawnLayer, Layer, TextureCache};
use crate::ui::command::Command;
use crate::ui::context::PanelCtx;
use crate::ui::panels::inspect::overlay::dataset_truth_of;
use crate::ui::ui_ext::UiExt as _;
use crate::ui::view_model::confusion_view::CellPlace;
use crate::ui::view_model::format::{count, percent, plural};
use crate::ui::view_model::mask::label_at;
use crate::ui::view_model::{ClassSet, mask};

const LIST_WIDTH: f32 = 230.0;

/// Which images, in which order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Order {
    #[default]
    Worst,
    Best,
    /// Those with a confusion, the most pixels first.
    Confusion(CellPlace),
}

/// What is drawn over the image.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Fill {
    #[default]
    Prediction,
    Truth,
    Nothing,
}

/// An image of the list.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Entry {
    /// Its place in the list that was scored.
    place: usize,
    /// Its mIoU, or the share of its labeled pixels with the confusion.
    share: f64,
    /// Pixels with the confusion.
    pixels: Option<u64>,
}

/// What the entries were made of.
type MadeOf = (usize, Order);

/// The images of one evaluation.
pub struct ImagesView {
    order: Order,
    fill: Fill,
    opacity: f32,
    entries: Vec<Entry>,
    made_of: Option<MadeOf>,
    /// Place of the chosen image; `None` = the first entry.
    chosen: Option<usize>,
    source: ConfusionSource,
    textures: TextureCache,
    view: CanvasView,
    /// The last image whose layers were all ready, with them.
    drawn: Option<(Arc<Found>, Vec<DrawnLayer>)>,
}

impl Default for ImagesView {
    fn default() -> Self {
        Self {
            order: Order::default(),
            fill: Fill::default(),
            opacity: 0.45,
            entries: Vec::new(),
            made_of: None,
            chosen: None,
            source: ConfusionSource::default(),
            textures: TextureCache::default(),
            view: CanvasView::default(),
            drawn: None,
        }
    }
}

impl ImagesView {
    /// Shows the images with a confusion, the most pixels first.
    pub fn show_confusion(&mut self, place: CellPlace) {
        self.order = Order::Confusion(place);
        self.chosen = None;
    }

    /// Fills the tab.
    pub fn ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui, kept: &Arc<KeptEvaluation>) {
        let classes = ctx.colors.of(&kept.evaluation.classes);
        self.update_entries(kept);
        Panel::left("evaluate_images")
            .default_size(LIST_WIDTH)
            .size_range(150.0..=400.0)
            .frame(Frame::new().inner_margin(Margin::symmetric(4, 4)))
            .show(ui, |ui| self.list_ui(ui, kept, &classes));
        CentralPanel::default()
            .frame(Frame::new().inner_margin(Margin::symmetric(8, 4)))
            .show(ui, |ui| self.image_ui(ctx, ui, kept, &classes));
    }

    fn update_entries(&mut self, kept: &Arc<KeptEvaluation>) {
        let made_of = (Arc::as_ptr(kept) as usize, self.order);
        if self.made_of == Some(made_of) {
            return;
        }
        let evaluation = &kept.evaluation;
        self.entries = match self.order {
            Order::Confusion(CellPlace { truth, predicted }) => {
                let found = evaluation.images_with(truth, predicted).into_iter();
                let entry = |(place, pixels): (usize, u64)| {
                    let labeled = evaluation.per_image[place].score.labeled.max(1);
                    Entry {
                        place,
                        share: pixels as f64 / labeled as f64,
                        pixels: Some(pixels),
                    }
                };
                found.map(entry).collect()
            }
            Order::Worst | Order::Best => {
                let worst = evaluation.worst_images().into_iter();
                let mut entries: Vec<Entry> = worst
                    .map(|(place, share)| Entry {
                        place,
                        share,
                        pixels: None,
                    })
                    .collect();
                if self.order == Order::Best {
                    entries.reverse();
                }
                entries
            }
        };
        self.made_of = Some(made_of);
        self.chosen = None;
    }

    fn list_ui(&mut self, ui: &mut Ui, kept: &KeptEvaluation, classes: &ClassList) {
        let text = self.order_text(classes);
        ComboBox::from_id_salt("evaluated_images")
            .width(ui.available_width())
            .truncate()
            .selected_text(&text)
            .show_ui(ui, |ui| {
                ui.selectable_value(&mut self.order, Order::Worst, "Worst mIoU first");
                ui.selectable_value(&mut self.order, Order::Best, "Best mIoU first");
                if matches!(self.order, Order::Confusion(_)) {
                    ui.weak(&text);
                }
            })
            .response
            .accessible_name("Which images")
            .on_hover_text("To see the images with a confusion, click its cell in Confusion");
        let images = plural(self.entries.len(), "image", "images");
        let text = match self.order {
            Order::Worst | Order::Best => format!("{images}, each with its mIoU"),
            Order::Confusion(place) => format!(
                "{images}, each with its pixels of {}",
                confusion_name(classes, place)
            ),
        };
        ui.add(Label::new(RichText::new(text).weak()).wrap());
        let current = self.current().map(|entry| entry.place);
        let height = ui.spacing().interact_size.y;
        ScrollArea::vertical().auto_shrink(false).show_rows(
            ui,
            height,
            self.entries.len(),
            |ui, rows| {
                for row in rows {
                    let entry = self.entries[row];
                    let id = &kept.evaluation.per_image[entry.place].id;
                    let value = match entry.pixels {
                        Some(pixels) => format!("{} px", count(pixels as usize)),
                        None => percent(Some(entry.share)),
                    };
                    let text = format!("{value:>6}  {id}");
                    let hover = match entry.pixels {
                        Some(pixels) => confused_text(classes, self.order, entry.share, pixels),
                        None => "mIoU of this image alone".to_owned(),
                    };
                    let shown = ui
                        .selectable_label(current == Some(entry.place), text)
                        .on_hover_text(hover);
                    if shown.clicked() {
                        self.chosen = Some(entry.place);
                    }
                }
            },
        );
    }

    fn order_text(&self, classes: &ClassList) -> String {
        match self.order {
            Order::Worst => "Worst mIoU first".to_owned(),
            Order::Best => "Best mIoU first".to_owned(),
            Order::Confusion(place) => confusion_name(classes, place),
        }
    }

    fn current(&self) -> Option<Entry> {
        let chosen = self.chosen?;
        let found = self.entries.iter().find(|entry| entry.place == chosen);
        found.copied()
    }

    fn image_ui(
        &mut self,
        ctx: &PanelCtx<'_>,
        ui: &mut Ui,
        kept: &Arc<KeptEvaluation>,
        classes: &Arc<ClassList>,
    ) {
        let Some(entry) = self.current().or(self.entries.first().copied()) else {
            ui.empty_state(
                "No such image",
                "Choose another order, or click another cell",
                |_| {},
            );
            return;
        };
        self.chosen = Some(entry.place);
        let confusion = match self.order {
            Order::Confusion(place) => Some(place),
            _ => None,
        };
        let id = kept.evaluation.per_image[entry.place].id.clone();
        let found = self.source.get(ctx, kept, (entry.place, &id), confusion);
        ui.horizontal_wrapped(|ui| {
            let fills = [
                (Fill::Prediction, "Prediction"),
                (Fill::Truth, "True mask"),
                (Fill::Nothing, "Image alone"),
            ];
            for (fill, name) in fills {
                ui.selectable_value(&mut self.fill, fill, name);
            }
            opacity_slider(ui, &mut self.opacity);
            zoom_buttons(ui, &mut self.view);
            if let Some(path) = self
                .drawn
                .as_ref()
                .map(|(found, _)| &found.prediction.image_path)
                && ui
                    .button("Show in Inspect")
                    .on_hover_text("Open this image in the Inspect panel")
                    .clicked()
            {
                ctx.commands.send(Command::InspectRun(kept.run.clone()));
                ctx.commands.send(Command::Inspect(vec![path.clone()]));
            }
        });
        let what = match entry.pixels {
            Some(pixels) => confused_text(classes, self.order, entry.share, pixels),
            None => "wrong pixels".to_owned(),
        };
        let score = percent(kept.evaluation.per_image[entry.place].score.mean_iu);
        let line = format!("{id} · mIoU {score} · Outlined: {what}");
        ui.truncated(RichText::new(&line).weak(), &line);
        match found {
            Ok(Some(found)) => self.prepare(ctx, ui, found, classes),
            Ok(None) => {}
            Err(message) => {
                ui.error_box(&format!("{id} cannot be shown"), &message);
                return;
            }
        }
        self.canvas_ui(ui, entry, &id, classes);
    }

    /// Prepares to show an image; the one before stays until all is ready.
    fn prepare(
        &mut self,
        ctx: &PanelCtx<'_>,
        ui: &Ui,
        found: Arc<Found>,
        classes: &Arc<ClassList>,
    ) {
        let prediction = &found.prediction;
        let mut layers = vec![DrawnLayer::opaque(Layer::Image(prediction.image.clone()))];
        let mask = match (self.fill, dataset_truth_of(prediction)) {
            (Fill::Prediction, _) => Some((&prediction.mask, Arc::clone(classes))),
            (Fill::Truth, Some(truth)) => Some((&truth.labels, ctx.colors.of(&truth.classes))),
            (Fill::Truth, None) | (Fill::Nothing, _) => None,
        };
        if let Some((mask, classes)) = mask {
            layers.push(DrawnLayer {
                layer: Layer::Fill {
                    mask: mask.clone(),
                    classes,
                    visible: ClassSet::default(),
                },
                opacity: self.opacity,
            });
        }
        layers.push(DrawnLayer::opaque(Layer::Outline {
            mask: found.wrong.clone(),
            classes: self.source.mark_of(classes, mask::error_color(classes)),
            visible: ClassSet::default(),
        }));
        let wanted: Vec<Layer> = layers.iter().map(|drawn| drawn.layer.clone()).collect();
        if self.textures.prepare(ctx, ui.ctx(), &wanted) {
            let is_same = self
                .drawn
                .as_ref()
                .is_some_and(|(shown, _)| shown.place == found.place);
            if !is_same {
                self.view.fit();
            }
            self.drawn = Some((found, layers));
        }
    }

    fn canvas_ui(&mut self, ui: &mut Ui, entry: Entry, id: &str, classes: &ClassList) {
        let size = ui.available_size();
        let area = ui.available_rect_before_wrap();
        if let Some((found, layers)) = &self.drawn {
            let image = &found.prediction.image;
            let name = if found.place == entry.place {
                format!("Evaluated image {id}")
            } else {
                "The image before".to_owned()
            };
            let canvas = Canvas::new(&mut self.textures, layers, image.size().into(), &name);
            let output = canvas.show(ui, size, &mut self.view);
            if let Some(pixel) = output.hovered {
                let at = |mask, classes| {
                    let label = label_at(mask, pixel);
                    label
                        .map_or("void", |label| label_name(classes, label))
                        .to_owned()
                };
                let truth = dataset_truth_of(&found.prediction);
                let truth = truth.map_or_else(
                    || "unknown".to_owned(),
                    |truth| at(&truth.labels, &truth.classes),
                );
                let text = format!(
                    "Prediction: {}\nGround truth: {truth}\nx {}, y {}",
                    at(&found.prediction.mask, classes),
                    pixel.x,
                    pixel.y
                );
                output.response.on_hover_text_at_pointer(text);
            }
            if found.place == entry.place {
                return;
            }
        }
        ui.waiting(area, &format!("Predicting {id}"));
    }
}

fn label_name(classes: &ClassList, label: u8) -> &str {
    if label == VOID {
        "void"
    } else {
        classes.name(label)
    }
}

/// `1,234 px of car taken for road, 12.0 % of the labeled pixels of the image`.
fn confused_text(classes: &ClassList, order: Order, share: f64, pixels: u64) -> String {
    let what = match order {
        Order::Confusion(place) => confusion_name(classes, place),
        Order::Worst | Order::Best => "wrong".to_owned(),
    };
    format!(
        "{} px of {what}, {} of the labeled pixels of the image",
        count(pixels as usize),
        percent(Some(share))
    )
}

fn confusion_name(classes: &ClassList, place: CellPlace) -> String {
    format!(
        "{} taken for {}",
        label_name(classes, place.truth),
        label_name(classes, place.predicted)
    )
}
