//! Scores by the size of objects.

use serde::{Deserialize, Serialize};

use super::components::{Components, NO_COMPONENT};

/// Sides of the squares that separate small, medium and large objects, as COCO has them.
const SIDES: [u32; 2] = [32, 96];

/// How large an object is: a connected component of the ground truth, of any class, whether it is
/// a thing or a stretch of road.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, strum::Display)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum ObjectSize {
    /// Fewer than 32 x 32 pixels.
    Small,
    /// Fewer than 96 x 96 pixels.
    Medium,
    /// Larger.
    Large,
}

impl ObjectSize {
    /// All sizes.
    pub const ALL: [Self; 3] = [Self::Small, Self::Medium, Self::Large];

    /// The size of so many pixels.
    pub fn of(area: u32) -> Self {
        let [small, medium] = SIDES.map(|side| side * side);
        match area {
            area if area < small => Self::Small,
            area if area < medium => Self::Medium,
            _ => Self::Large,
        }
    }

    /// Its definition, for people.
    pub fn range(self) -> &'static str {
        match self {
            Self::Small => "under 32 × 32 px",
            Self::Medium => "32 × 32 to 96 × 96 px",
            Self::Large => "96 × 96 px and more",
        }
    }
}

/// Counts of objects of one size.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct SizeCounts {
    objects: u64,
    found: u64,
    /// By class.
    pixels: Vec<u64>,
    /// Those of them that are right.
    right: Vec<u64>,
}

/// Counts by the size of objects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ObjectCounts {
    sizes: Vec<SizeCounts>,
}

/// The scores of the objects of one size. A wrong prediction belongs to no object, so that these are
/// recalls: they have no intersection over union.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ObjectScore {
    /// Their size.
    pub size: ObjectSize,
    /// Number of objects.
    pub objects: u64,
    /// Share of the objects of which at least half of the pixels are right.
    pub found: Option<f64>,
    /// Pixels of all of them.
    pub pixels: u64,
    /// Share of these pixels that are right, mean over the classes that have some.
    pub mean_accuracy: Option<f64>,
}

impl ObjectCounts {
    /// No image yet.
    pub fn new(num_classes: usize) -> Self {
        let size = SizeCounts {
            objects: 0,
            found: 0,
            pixels: vec![0; num_classes],
            right: vec![0; num_classes],
        };
        Self {
            sizes: vec![size; ObjectSize::ALL.len()],
        }
    }

    /// Adds one image by the components of its ground truth. Labels that are no class do not count.
    ///
    /// # Panics
    /// When `predicted` is of another image.
    pub fn add(&mut self, truth: &Components, predicted: &[u8]) {
        assert_eq!(
            truth.of_pixel.len(),
            predicted.len(),
            "a prediction of another image"
        );
        let mut right = vec![0_u32; truth.found.len()];
        for (place, predicted) in truth.of_pixel.iter().zip(predicted) {
            if *place != NO_COMPONENT && truth.found[*place as usize].label == *predicted {
                right[*place as usize] += 1;
            }
        }
        for (object, right) in truth.found.iter().zip(right) {
            let (class, size) = (usize::from(object.label), ObjectSize::of(object.area));
            let counts = &mut self.sizes[size as usize];
            if class >= counts.pixels.len() {
                continue;
            }
            counts.objects += 1;
            counts.found += u64::from(2 * right >= object.area);
            counts.pixels[class] += u64::from(object.area);
            counts.right[class] += u64::from(right);
        }
    }

    /// Adds the images of `other`.
    pub fn merge(&mut self, other: &Self) {
        let add = |own: &mut [u64], other: &[u64]| {
            for (own, other) in own.iter_mut().zip(other) {
                *own += other;
            }
        };
        for (own, other) in self.sizes.iter_mut().zip(&other.sizes) {
            own.objects += other.objects;
            own.found += other.found;
            add(&mut own.pixels, &other.pixels);
            add(&mut own.right, &other.right);
        }
    }

    /// The scores, small objects first.
    pub fn scores(&self) -> Vec<ObjectScore> {
        let score = |(size, counts): (ObjectSize, &SizeCounts)| {
            let share = |part: u64, whole: u64| (whole > 0).then(|| part as f64 / whole as f64);
            let classes = counts.right.iter().zip(&counts.pixels);
            let recalls: Vec<f64> = classes
                .filter_map(|(right, pixels)| share(*right, *pixels))
                .collect();
            let mean = recalls.iter().sum::<f64>() / recalls.len() as f64;
            ObjectScore {
                size,
                objects: counts.objects,
                found: share(counts.found, counts.objects),
                pixels: counts.pixels.iter().sum(),
                mean_accuracy: (!recalls.is_empty()).then_some(mean),
            }
        };
        ObjectSize::ALL
            .into_iter()
            .zip(&self.sizes)
            .map(score)
            .collect()
    }

    /// Whether it has the sizes of this version, of `num_classes`.
    pub(super) fn is_of(&self, num_classes: usize) -> bool {
        let fits =
            |size: &SizeCounts| size.pixels.len() == num_classes && size.right.len() == num_classes;
        self.sizes.len() == ObjectSize::ALL.len() && self.sizes.iter().all(fits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_of_coco() {
        assert_eq!(ObjectSize::of(1), ObjectSize::Small);
        assert_eq!(ObjectSize::of(32 * 32 - 1), ObjectSize::Small);
        assert_eq!(ObjectSize::of(32 * 32), ObjectSize::Medium);
        assert_eq!(ObjectSize::of(96 * 96 - 1), ObjectSize::Medium);
        assert_eq!(ObjectSize::of(96 * 96), ObjectSize::Large);
    }

    #[test]
    fn objects_are_scored_by_their_size() {
        // 40 x 40 of class 0, with two objects of class 1: 4 pixels, and 2 in a corner.
        let mut truth = vec![0; 1600];
        truth[..4].fill(1);
        truth[1598..].fill(1);
        let mut predicted = vec![0; 1600];
        // Half of the first one is found, nothing of the other one.
        predicted[..2].fill(1);
        let mut counts = ObjectCounts::new(2);
        counts.add(&Components::of(&truth, 40), &predicted);
        let [small, medium, large] = &counts.scores()[..] else {
            panic!("three sizes");
        };
        assert_eq!((small.objects, small.pixels), (2, 6));
        assert_eq!(small.found, Some(0.5));
        assert_eq!(small.mean_accuracy, Some(2.0 / 6.0));
        // The background is an object of 1594 pixels, all right.
        assert_eq!((medium.objects, medium.pixels), (1, 1594));
        assert_eq!((medium.found, medium.mean_accuracy), (Some(1.0), Some(1.0)));
        assert_eq!((large.objects, large.found), (0, None));
        assert_eq!(large.mean_accuracy, None);

        // A second image: of class 0 alone, all wrong. Means are over classes, not pixels.
        let other = [0; 4];
        let mut more = ObjectCounts::new(2);
        more.add(&Components::of(&other, 2), &[1; 4]);
        counts.merge(&more);
        let small = &counts.scores()[0];
        assert_eq!((small.objects, small.pixels), (3, 10));
        assert_eq!(small.mean_accuracy, Some(f64::midpoint(0.0, 2.0 / 6.0)));
    }

    #[test]
    fn void_in_a_prediction_is_not_right() {
        let mut counts = ObjectCounts::new(1);
        counts.add(&Components::of(&[0, 0, 255], 3), &[255, 0, 255]);
        assert_eq!(counts.scores()[0].mean_accuracy, Some(0.5));
    }
}
