//! What the panel shows of each network: the scores of a pixel, or maps of the whole image.

use eframe::egui::{ComboBox, DragValue, Ui};
use serde::{Deserialize, Serialize};
use strum::VariantArray;

use super::maps::Wanted;
use crate::engine::{ChannelChoice, ClassList, Explanation, LayerOutput};
use crate::ui::terms::{Teaches as _, Term};
use crate::ui::view_model::mask::Pixel;

const CLASS_WIDTH: f32 = 150.0;
const LAYER_WIDTH: f32 = 230.0;

/// What is shown.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, VariantArray, strum::Display,
)]
pub enum View {
    /// The scores of a pixel.
    #[default]
    Pixel,
    Probability,
    #[strum(to_string = "Score maps")]
    Scores,
    Activations,
    #[strum(to_string = "Effective field")]
    Field,
}

impl View {
    fn explanation(self) -> &'static str {
        match self {
            Self::Pixel => {
                "The scores of each class at the pixel, and what each score layer adds to them"
            }
            Self::Probability => "The softmax of one class at every pixel",
            Self::Scores => {
                "What the score layers on fc7, pool4 and pool3 each add to the score of one class at every pixel, on one \
                 scale, and their sum"
            }
            Self::Activations => {
                "What a layer makes of the image, channel by channel or all together"
            }
            Self::Field => {
                "Which pixels pull at the score of the pinned pixel: the absolute gradient of the most likely class's \
                 score with respect to the image (Luo et al., 2016)"
            }
        }
    }
}

/// What is chosen.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Choice {
    pub view: View,
    /// Name of the class whose maps are shown; `None` = that of the pixel.
    #[serde(skip)]
    class: Option<String>,
    #[serde(skip)]
    layer: Option<String>,
    #[serde(skip)]
    channels: ChannelChoice,
}

impl Choice {
    /// The controls; `first` is the network that Inspect shows, and `channels` how many the layer has.
    pub fn ui(&mut self, ui: &mut Ui, first: Option<&Explanation>, channels: Option<usize>) {
        ui.horizontal_wrapped(|ui| {
            for view in View::VARIANTS {
                let text = view.explanation();
                let shown = ui.selectable_value(&mut self.view, *view, view.to_string());
                match view {
                    View::Scores => shown.tells_and_teaches(text, Term::ScoreLayer),
                    View::Field => shown.tells_and_teaches(text, Term::EffectiveField),
                    View::Pixel | View::Probability | View::Activations => {
                        shown.on_hover_text(text)
                    }
                };
            }
            let Some(first) = first else { return };
            match self.view {
                View::Pixel | View::Field => {}
                View::Probability | View::Scores => {
                    ui.separator();
                    self.class_ui(ui, &first.classes);
                }
                View::Activations => {
                    ui.separator();
                    self.layer_ui(ui, first.layers());
                    self.channels_ui(ui, channels);
                }
            }
        });
    }

    /// What is asked of a network; `None` where the pixel view shows it, or nothing can be shown yet.
    pub fn wanted(
        &self,
        explanation: &Explanation,
        pixel: Option<(Pixel, bool)>,
    ) -> Option<Wanted> {
        let likely = |pixel: Pixel| {
            let scores = explanation.pixel(pixel.x, pixel.y)?;
            scores.ranking().first().copied()
        };
        let classes = &explanation.classes;
        let label = || match &self.class {
            Some(name) => (0..=u8::MAX)
                .take(classes.len())
                .find(|label| classes.name(*label) == name),
            None => Some(pixel.and_then(|(pixel, _)| likely(pixel)).unwrap_or(0)),
        };
        match self.view {
            View::Pixel => None,
            View::Probability => label().map(Wanted::Probability),
            View::Scores => label().map(Wanted::Scores),
            View::Activations => {
                let layer = self.layer(explanation.layers())?;
                Some(Wanted::Activations(layer.to_owned(), self.channels))
            }
            View::Field => {
                let (pixel, _) = pixel.filter(|(_, is_pinned)| *is_pinned)?;
                Some(Wanted::Field(pixel, likely(pixel)?))
            }
        }
    }

    /// The chosen layer; the first network's last pooling before anything was chosen.
    fn layer<'a>(&'a self, layers: &'a [LayerOutput]) -> Option<&'a str> {
        let chosen = self.layer.as_deref();
        let usual = layers
            .iter()
            .find(|layer| layer.name == "pool3")
            .or(layers.first());
        chosen.or(usual.map(|layer| &*layer.name))
    }

    fn class_ui(&mut self, ui: &mut Ui, classes: &ClassList) {
        let of_pixel = "That of the pixel";
        let name = ui.label("Class");
        ComboBox::from_id_salt("looked_at_class")
            .width(CLASS_WIDTH)
            .truncate()
            .selected_text(self.class.as_deref().unwrap_or(of_pixel))
            .show_ui(ui, |ui| {
                ui.selectable_value(&mut self.class, None, of_pixel);
                for class in classes {
                    let value = Some(class.name.clone());
                    ui.selectable_value(&mut self.class, value, &*class.name);
                }
            })
            .response
            .labelled_by(name.id)
            .on_hover_text(
                "The class whose maps are shown; of other networks the class of the same name",
            );
    }

    fn layer_ui(&mut self, ui: &mut Ui, layers: &[LayerOutput]) {
        let text = |layer: &LayerOutput| {
            let [rows, columns] = layer.size;
            format!(
                "{}  ·  {} channels of {columns} × {rows}",
                layer.name, layer.channels
            )
        };
        let current = self.layer(layers).unwrap_or_default().to_owned();
        let known = layers.iter().find(|layer| layer.name == current);
        let name = ui.label("Layer");
        ComboBox::from_id_salt("looked_at_layer")
            .width(LAYER_WIDTH)
            .truncate()
            .height(380.0)
            .selected_text(known.map_or(current.clone(), text))
            .show_ui(ui, |ui| {
                for layer in layers {
                    let entry = ui.selectable_label(layer.name == current, text(layer));
                    if entry.clicked() {
                        self.layer = Some(layer.name.clone());
                        // The next layer may have fewer.
                        if matches!(self.channels, ChannelChoice::One(_)) {
                            self.channels = ChannelChoice::One(0);
                        }
                    }
                }
            })
            .response
            .labelled_by(name.id)
            .on_hover_text("From the image to the scores; behind the ReLU where a layer has one");
    }

    fn channels_ui(&mut self, ui: &mut Ui, channels: Option<usize>) {
        let name = ui.label("Channels");
        let text = match self.channels {
            ChannelChoice::Mean => "Mean",
            ChannelChoice::Max => "Largest",
            ChannelChoice::One(_) => "One",
        };
        ComboBox::from_id_salt("looked_at_channels")
            .width(80.0)
            .selected_text(text)
            .show_ui(ui, |ui| {
                ui.selectable_value(&mut self.channels, ChannelChoice::Mean, "Mean");
                ui.selectable_value(&mut self.channels, ChannelChoice::Max, "Largest");
                let is_one = matches!(self.channels, ChannelChoice::One(_));
                if ui.selectable_label(is_one, "One").clicked() && !is_one {
                    self.channels = ChannelChoice::One(0);
                }
            })
            .response
            .labelled_by(name.id)
            .on_hover_text(
                "The mean of all channels, the largest of them cell by cell, or a single one",
            );
        if let ChannelChoice::One(channel) = &mut self.channels {
            let last = channels.unwrap_or(1).saturating_sub(1);
            ui.add(DragValue::new(channel).range(0..=last))
                .on_hover_text("The number of the channel, from 0")
                .accessible_name("Channel number");
        }
    }
}
