//! Scores by the size of objects.

use serde::{Deserialize, Serialize};

use super::components::{Components, NO_COMPONENT};

/// Sides of the squares that separate small, medium and large objects, as COCO has them.
const SIDES: [u32; 2] = [32, 96];

/// How large an object is: a connected component of the ground truth, whether it is a thing (a car)
/// or stuff (a stretch of road). Which classes are no objects, such as background, is said by who
/// asks for scores.
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

/// Counts of objects of one size, by class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct SizeCounts {
    /// Empty, as the next, in counts of earlier versions, which kept their sums over all classes.
    #[serde(default)]
    objects_by_class: Vec<u64>,
    #[serde(default)]
    found_by_class: Vec<u64>,
    pixels: Vec<u64>,
    /// Those of them that are right.
    right: Vec<u64>,
}

impl SizeCounts {
    fn has_objects(&self) -> bool {
        self.objects_by_class.len() == self.pixels.len()
    }
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
    /// Number of objects; `None` in counts of earlier versions.
    pub objects: Option<u64>,
    /// Share of the objects of which at least half of the pixels are right; `None` where there are
    /// none, and in counts of earlier versions.
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
            objects_by_class: vec![0; num_classes],
            found_by_class: vec![0; num_classes],
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
            counts.objects_by_class[class] += 1;
            counts.found_by_class[class] += u64::from(2 * right >= object.area);
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
            add(&mut own.objects_by_class, &other.objects_by_class);
            add(&mut own.found_by_class, &other.found_by_class);
            add(&mut own.pixels, &other.pixels);
            add(&mut own.right, &other.right);
        }
    }

    /// The scores, small objects first, of the classes that are objects.
    pub fn scores(&self, is_object: impl Fn(usize) -> bool) -> Vec<ObjectScore> {
        let of_objects = |counts: &[u64]| -> Vec<u64> {
            let counts = counts.iter().enumerate();
            counts
                .filter(|(class, _)| is_object(*class))
                .map(|(_, count)| *count)
                .collect()
        };
        let score = |(size, counts): (ObjectSize, &SizeCounts)| {
            let share = |part: u64, whole: u64| (whole > 0).then(|| part as f64 / whole as f64);
            let (right, pixels) = (of_objects(&counts.right), of_objects(&counts.pixels));
            let recalls: Vec<f64> = (right.iter().zip(&pixels))
                .filter_map(|(right, pixels)| share(*right, *pixels))
                .collect();
            let mean = recalls.iter().sum::<f64>() / recalls.len() as f64;
            let sum = |counts: &[u64]| of_objects(counts).iter().sum::<u64>();
            let objects = counts.has_objects().then(|| sum(&counts.objects_by_class));
            ObjectScore {
                size,
                objects,
                found: objects.and_then(|objects| share(sum(&counts.found_by_class), objects)),
                pixels: pixels.iter().sum(),
                mean_accuracy: (!recalls.is_empty()).then_some(mean),
            }
        };
        ObjectSize::ALL
            .into_iter()
            .zip(&self.sizes)
            .map(score)
            .collect()
    }

    /// Whether the number of objects is known class by class, as in counts of this version.
    pub(super) fn has_objects(&self) -> bool {
        self.sizes.iter().all(SizeCounts::has_objects)
    }

    /// Whether it has the sizes of this version, of `num_classes`.
    pub(super) fn is_of(&self, num_classes: usize) -> bool {
        let fits = |size: &SizeCounts| {
            let objects = size.objects_by_class.len();
            [size.pixels.len(), size.right.len()] == [num_classes; 2]
                && (objects == num_classes || objects == 0)
                && size.found_by_class.len() == objects
        };
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
        let all = |counts: &ObjectCounts| counts.scores(|_| true);
        let [small, medium, large] = &all(&counts)[..] else {
            panic!("three sizes");
        };
        assert_eq!((small.objects, small.pixels), (Some(2), 6));
        assert_eq!(small.found, Some(0.5));
        assert_eq!(small.mean_accuracy, Some(2.0 / 6.0));
        // Class 0 is one object of 1594 pixels, all right.
        assert_eq!((medium.objects, medium.pixels), (Some(1), 1594));
        assert_eq!((medium.found, medium.mean_accuracy), (Some(1.0), Some(1.0)));
        assert_eq!((large.objects, large.found), (Some(0), None));
        assert_eq!(large.mean_accuracy, None);

        // A second image: of class 0 alone, all wrong. Means are over classes, not pixels.
        let other = [0; 4];
        let mut more = ObjectCounts::new(2);
        more.add(&Components::of(&other, 2), &[1; 4]);
        counts.merge(&more);
        let small = &all(&counts)[0];
        assert_eq!((small.objects, small.pixels), (Some(3), 10));
        assert_eq!(small.found, Some(1.0 / 3.0));
        assert_eq!(small.mean_accuracy, Some(f64::midpoint(0.0, 2.0 / 6.0)));

        // Where class 0 is no object, neither its pixels nor its components count.
        let [small, medium, _] = &counts.scores(|class| class != 0)[..] else {
            panic!("three sizes");
        };
        assert_eq!((small.objects, small.pixels), (Some(2), 6));
        assert_eq!(small.found, Some(0.5));
        assert_eq!(small.mean_accuracy, Some(2.0 / 6.0));
        assert_eq!((medium.objects, medium.found), (Some(0), None));
        assert_eq!((medium.pixels, medium.mean_accuracy), (0, None));
    }

    #[test]
    fn counts_of_earlier_versions_do_not_tell_the_number_of_objects() {
        let size = |pixels: u64| {
            format!(r#"{{"objects":3,"found":1,"pixels":[{pixels},4],"right":[0,1]}}"#)
        };
        let text = format!("[{},{},{}]", size(6), size(0), size(0));
        let counts: ObjectCounts = serde_json::from_str(&text).expect("counts");
        assert!(counts.is_of(2) && !counts.is_of(3) && !counts.has_objects());
        // Three objects with those of class 0, and nobody knows how many without.
        let small = &counts.scores(|class| class != 0)[0];
        assert_eq!((small.objects, small.found), (None, None));
        assert_eq!((small.pixels, small.mean_accuracy), (4, Some(0.25)));
    }

    #[test]
    fn void_in_a_prediction_is_not_right() {
        let mut counts = ObjectCounts::new(1);
        counts.add(&Components::of(&[0, 0, 255], 3), &[255, 0, 255]);
        assert_eq!(counts.scores(|_| true)[0].mean_accuracy, Some(0.5));
    }
}
