//! In which order the images of a comparison are shown.

use strum::{EnumIter, IntoStaticStr};

use super::format::percent;
use crate::engine::ImageComparison;

/// What images are sorted by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, EnumIter, IntoStaticStr)]
pub enum ImageOrder {
    /// As in the list of the dataset.
    #[default]
    List,
    /// Those first on which the networks disagree most.
    Disagreement,
    /// Those first on which the last network gains most on the first.
    Gain,
    /// Those first on which it loses most.
    Loss,
}

impl ImageOrder {
    /// Its name in a list.
    pub fn label(self) -> &'static str {
        match self {
            Self::List => "As listed",
            Self::Disagreement => "Most disagreement",
            Self::Gain => "Largest gain",
            Self::Loss => "Largest loss",
        }
    }

    /// What it means for networks of these names, in a sentence.
    pub fn explanation(self, networks: &[String]) -> String {
        let (first, last) = match networks {
            [first, .., last] => (first.as_str(), last.as_str()),
            _ => ("the first network", "the last one"),
        };
        match self {
            Self::List => "In the order of the validation list".to_owned(),
            Self::Disagreement => {
                "First the images on which the compared networks differ in the most pixels"
                    .to_owned()
            }
            Self::Gain => format!(
                "First the images whose mIoU is most above that of {first} with {last}. There is no \
                 gain between networks with other classes"
            ),
            Self::Loss => {
                format!("First the images whose mIoU is most below that of {first} with {last}")
            }
        }
    }

    /// The places of the images in this order; those without a value come last, in their old order.
    pub fn sorted(self, images: &[ImageComparison]) -> Vec<usize> {
        let mut places: Vec<usize> = (0..images.len()).collect();
        if self == Self::List {
            return places;
        }
        let key = |place: &usize| self.key(&images[*place]).unwrap_or(f64::NEG_INFINITY);
        places.sort_by(|a, b| key(b).total_cmp(&key(a)));
        places
    }

    /// What is said of an image beside its name: `12.3 %`, `+4.5 %`.
    pub fn text(self, image: &ImageComparison) -> Option<String> {
        if self != Self::List && image.problem.is_some() {
            return Some("failed".to_owned());
        }
        match self {
            Self::List => None,
            Self::Disagreement => Some(percent(image.disagreement)),
            Self::Gain | Self::Loss => Some(match image.gain() {
                Some(gain) if gain > 0.0 => format!("+{}", percent(Some(gain))),
                gain => percent(gain),
            }),
        }
    }

    /// Larger is earlier.
    fn key(self, image: &ImageComparison) -> Option<f64> {
        match self {
            Self::List => None,
            Self::Disagreement => image.disagreement,
            Self::Gain => image.gain(),
            Self::Loss => image.gain().map(|gain| -gain),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::NetworkOnImage;

    fn image(name: &str, scores: [Option<f64>; 2], disagreement: Option<f64>) -> ImageComparison {
        ImageComparison {
            image: name.into(),
            networks: scores
                .map(|mean_iu| NetworkOnImage {
                    mean_iu,
                    pixel_accuracy: None,
                })
                .to_vec(),
            disagreement,
            same_classes: true,
            problem: None,
        }
    }

    #[test]
    fn it_is_said_which_network_gains_on_which() {
        let names = ["FCN-32s", "FCN-16s", "FCN-8s"].map(str::to_owned);
        let text = ImageOrder::Gain.explanation(&names);
        assert!(
            text.contains("above that of FCN-32s with FCN-8s."),
            "{text}"
        );
        let text = ImageOrder::Loss.explanation(&names[..1]);
        assert!(text.ends_with("below that of the first network with the last one"));
    }

    #[test]
    fn images_are_sorted_by_what_is_looked_for_and_unknown_ones_come_last() {
        let images = [
            image("a", [Some(0.5), Some(0.25)], Some(0.1)),
            image("b", [None, Some(0.5)], None),
            image("c", [Some(0.25), Some(0.75)], Some(0.4)),
            image("d", [Some(0.5), Some(0.5)], Some(0.2)),
        ];
        assert_eq!(ImageOrder::List.sorted(&images), [0, 1, 2, 3]);
        assert_eq!(ImageOrder::Disagreement.sorted(&images), [2, 3, 0, 1]);
        assert_eq!(ImageOrder::Gain.sorted(&images), [2, 3, 0, 1]);
        assert_eq!(ImageOrder::Loss.sorted(&images), [0, 3, 2, 1]);
        let texts = |order: ImageOrder| images.each_ref().map(|image| order.text(image));
        assert_eq!(texts(ImageOrder::List), [None, None, None, None]);
        let gains = ["-25.0 %", "–", "+50.0 %", "0.0 %"].map(|text| Some(text.to_owned()));
        assert_eq!(texts(ImageOrder::Gain), gains);
        assert_eq!(
            texts(ImageOrder::Disagreement)[0].as_deref(),
            Some("10.0 %")
        );
    }
}
