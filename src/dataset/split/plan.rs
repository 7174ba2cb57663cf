//! What people choose of lists that are made, and whether it makes sense.

/// How lists are made.
#[derive(Debug, Clone, PartialEq)]
pub struct SplitPlan {
    /// How much goes to validation.
    pub part: ValidationPart,
    /// Seed of the order in which images are dealt.
    pub seed: u64,
    /// Whether each class shall be in both lists in the same share of images.
    pub stratified: bool,
    /// Whether frames of one sequence, whose names differ in their last number, stay together.
    pub keep_sequences: bool,
    /// Only so many images in all, for a quick trial.
    pub images: Option<usize>,
}

/// What goes to validation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ValidationPart {
    /// This share of the images, above 0 and below 1.
    Share(f64),
    /// One of several parts of the same size, counted from 1.
    Fold { number: usize, of: usize },
}

/// A value of a [`SplitPlan`] that people choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlanValue {
    /// The share of a [`ValidationPart::Share`].
    Share,
    /// The number of folds.
    Folds,
    /// The fold that is validated on.
    Fold,
    /// The images of a quick trial.
    Images,
}

impl PlanValue {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Share, Self::Folds, Self::Fold, Self::Images];

    fn name(self) -> &'static str {
        match self {
            Self::Share => "the share to validate on",
            Self::Folds => "the number of folds",
            Self::Fold => "the fold to validate on",
            Self::Images => "the number of images for a trial",
        }
    }
}

impl SplitPlan {
    /// What has to hold for a value where it does not.
    pub fn broken(&self, value: PlanValue) -> Option<&'static str> {
        let (holds, rule) = match (value, self.part) {
            (PlanValue::Share, ValidationPart::Share(share)) => (
                share > 0.0 && share < 1.0,
                "it must be above 0 and below 100 %",
            ),
            (PlanValue::Folds, ValidationPart::Fold { of, .. }) => {
                (of >= 2, "it must be 2 or more")
            }
            (PlanValue::Fold, ValidationPart::Fold { number, of }) => (
                (1..=of).contains(&number),
                "it must be from 1 to the number of folds",
            ),
            (PlanValue::Images, _) => (
                self.images.is_none_or(|images| images >= 2),
                "it must be 2 or more: one to train on and one to validate on",
            ),
            _ => return None,
        };
        (!holds).then_some(rule)
    }

    /// The first value that makes no sense, and why.
    pub(super) fn problem(&self) -> Option<String> {
        PlanValue::ALL.into_iter().find_map(|value| {
            let rule = self.broken(value)?;
            Some(format!("{}: {rule}", value.name()))
        })
    }
}
