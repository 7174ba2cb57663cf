//! The words of the field, explained where they stand: a sentence or two, and the way into the documents.

use eframe::egui::{self, Label, Response, RichText, ScrollArea, Ui, Window, vec2};
use strum::VariantArray;

use super::documents::{Document, DocumentPlace, open_document};
use super::focus::focus_start;

/// A word that not everybody knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray)]
pub enum Term {
    BoundaryIou,
    Calibration,
    ClassWeights,
    ConfusionMatrix,
    EffectiveField,
    FocalLoss,
    FrequencyWeighted,
    Geometry,
    MeanAccuracy,
    MeanIou,
    MeanOverImages,
    PixelAccuracy,
    ReceptiveField,
    ScoreLayer,
    Stride,
    Void,
}

impl Term {
    /// The word.
    pub fn name(self) -> &'static str {
        match self {
            Self::BoundaryIou => "Boundary IoU",
            Self::Calibration => "Calibration",
            Self::ClassWeights => "Class weights",
            Self::ConfusionMatrix => "Confusion matrix",
            Self::EffectiveField => "Effective receptive field",
            Self::FocalLoss => "Focal loss",
            Self::FrequencyWeighted => "Frequency weighted IoU",
            Self::Geometry => "Geometry",
            Self::MeanAccuracy => "Mean accuracy",
            Self::MeanIou => "mIoU (mean intersection over union, mean IU)",
            Self::MeanOverImages => "mIoU, mean over images",
            Self::PixelAccuracy => "Pixel accuracy",
            Self::ReceptiveField => "Receptive field",
            Self::ScoreLayer => "Score layer and skip",
            Self::Stride => "Stride (32s, 16s, 8s)",
            Self::Void => "Void",
        }
    }

    /// What it means.
    pub fn text(self) -> &'static str {
        match self {
            Self::BoundaryIou => {
                "IoU of the pixels within a few pixels of a boundary between two labels alone: how sharp the edges are. \
                 A network can have a high mIoU and miss every edge"
            }
            Self::Calibration => {
                "Whether the network is right as often as it is sure: of the pixels with probability 80 %, 80 % should \
                 be right. The expected calibration error is the mean distance of the two"
            }
            Self::ClassWeights => {
                "What the loss of a pixel is multiplied by, class by class, so that rare classes are not drowned out by \
                 common ones. Common ones then lose a little"
            }
            Self::ConfusionMatrix => {
                "How many pixels of each true class got each predicted class. What is off its diagonal is wrong"
            }
            Self::EffectiveField => {
                "The pixels that really pull at a score: its gradient with respect to the image. It is much smaller than \
                 the receptive field, and grows in training"
            }
            Self::FocalLoss => {
                "Counts pixels less that are right already, so that the training works on the hard ones"
            }
            Self::FrequencyWeighted => {
                "IoU as a mean over the classes, each weighted by how many pixels it truly has: common classes decide"
            }
            Self::Geometry => {
                "How the network treats the borders of the image: padded keeps the size of the maps; reference pads by \
                 100 pixels and crops, as the papers' Caffe networks do"
            }
            Self::MeanAccuracy => {
                "The share of the pixels of a class that are right, as a mean over the classes: a rare class counts as \
                 much as a common one"
            }
            Self::MeanIou => {
                "Of each class, the pixels that are both predicted and true (intersection) over those that are either \
                 (union); then the mean over the classes. From one confusion matrix over all images, as in the papers"
            }
            Self::MeanOverImages => {
                "The mIoU of each image by itself, averaged over the images. Not the number of the papers: there all \
                 images are counted together first"
            }
            Self::PixelAccuracy => {
                "The share of the labeled pixels that are right. High where one class covers most of the image, even if \
                 all others are missed"
            }
            Self::ReceptiveField => {
                "The pixels of the image that can have an influence on a score at all. What lies outside cannot"
            }
            Self::ScoreLayer => {
                "A 1x1 convolution that turns a map of features into a score for each class. FCN-16s and FCN-8s add the \
                 scores of pool4 and pool3 (skips) to those of fc7"
            }
            Self::Stride => {
                "The distance, in pixels, of the cells whose scores are upsampled last: FCN-32s is coarse, FCN-16s adds \
                 the detail of pool4, FCN-8s that of pool3 too"
            }
            Self::Void => {
                "Not labeled: pixels that belong to no class, such as the outlines in VOC. Void counts in no loss and in \
                 no score. Void in a prediction counts as wrong where there is a label"
            }
        }
    }

    /// Where the documents say more.
    pub fn place(self) -> DocumentPlace {
        let (document, heading) = match self {
            Self::BoundaryIou
            | Self::Calibration
            | Self::ConfusionMatrix
            | Self::FrequencyWeighted
            | Self::MeanAccuracy
            | Self::MeanIou
            | Self::MeanOverImages
            | Self::PixelAccuracy => (Document::Recipes, "Scores"),
            Self::ClassWeights | Self::FocalLoss => (Document::Recipes, "What the settings mean"),
            Self::EffectiveField | Self::ReceptiveField => (Document::Inspect, "Look inside"),
            Self::Geometry => (Document::Networks, "Geometry"),
            Self::ScoreLayer | Self::Stride => (Document::Networks, "Networks"),
            Self::Void => (Document::Data, "Masks"),
        };
        DocumentPlace { document, heading }
    }
}

/// Tooltips that teach.
pub trait Teaches {
    /// Explains a word while the pointer is on it, with a link into the documents.
    fn teaches(self, term: Term) -> Self;

    /// As [`teaches`](Self::teaches), after a text about this place.
    fn tells_and_teaches(self, text: &str, term: Term) -> Self;
}

impl Teaches for Response {
    fn teaches(self, term: Term) -> Self {
        self.on_hover_ui(|ui| term_ui(ui, term))
    }

    fn tells_and_teaches(self, text: &str, term: Term) -> Self {
        self.on_hover_ui(|ui| {
            ui.add(Label::new(text).wrap());
            ui.separator();
            term_ui(ui, term);
        })
    }
}

/// A word, what it means, and a link.
fn term_ui(ui: &mut Ui, term: Term) {
    ui.label(RichText::new(term.name()).strong());
    ui.add(Label::new(term.text()).wrap());
    let place = term.place();
    let link = format!("More: {}, {}", place.document.title(), place.heading);
    if ui.link(link).clicked() {
        open_document(ui.ctx(), place);
    }
}

/// The window with all words.
pub fn terms_window(ctx: &egui::Context, open: &mut bool) {
    Window::new("Terms")
        .open(open)
        .collapsible(false)
        .default_size([480.0, 520.0])
        .min_size([280.0, 160.0])
        .pivot(egui::Align2::CENTER_CENTER)
        .default_pos(ctx.content_rect().center())
        .show(ctx, |ui| {
            focus_start(ui);
            ui.spacing_mut().item_spacing = vec2(8.0, 5.0);
            ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
                for term in Term::VARIANTS {
                    term_ui(ui, *term);
                    ui.add_space(6.0);
                }
            });
        });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_term_leads_to_a_heading_that_is_there() {
        for term in Term::VARIANTS {
            let DocumentPlace { document, heading } = term.place();
            assert!(
                document.has(heading),
                "{term:?}: no {heading} in {document:?}"
            );
            assert!(!term.text().ends_with('.'), "{term:?}");
        }
    }

    #[test]
    fn terms_are_in_the_order_of_the_alphabet() {
        let names = Term::VARIANTS.iter().map(|term| term.name().to_lowercase());
        assert!(names.collect::<Vec<_>>().is_sorted());
    }
}
