//! Which settings of a run make no sense, for whoever marks them where they are typed.

use super::error::TrainError;

/// A value that [`RunConfig::validate`](super::RunConfig::validate) turns down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokenRule {
    /// The setting: `batch size`.
    pub field: &'static str,
    /// Which number of a setting that has several: a width is 0, its height 1.
    pub part: usize,
    /// The value of the whole setting.
    pub value: String,
    /// What holds for it: `it must be 1 or more`.
    pub rule: &'static str,
}

/// All values that are turned down, the first one first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BrokenRules(Vec<BrokenRule>);

impl BrokenRules {
    /// Whether every value makes sense.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many values make no sense.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &BrokenRule> {
        self.0.iter()
    }

    /// The rule of `field` that is broken by any of its numbers.
    pub fn of(&self, field: &str) -> Option<&'static str> {
        let broken = self.iter().find(|broken| broken.field == field);
        broken.map(|broken| broken.rule)
    }

    /// The rule that this number of `field` breaks.
    pub fn of_part(&self, field: &str, part: usize) -> Option<&'static str> {
        let is_it = |broken: &&BrokenRule| broken.field == field && broken.part == part;
        self.iter().find(is_it).map(|broken| broken.rule)
    }

    /// Turns down a value unless something holds for it.
    pub(super) fn check(
        &mut self,
        holds: bool,
        field: &'static str,
        value: impl ToString,
        rule: &'static str,
    ) {
        self.check_part(holds, field, 0, value, rule);
    }

    /// As [`check`](Self::check), for one of the numbers of a setting.
    pub(super) fn check_part(
        &mut self,
        holds: bool,
        field: &'static str,
        part: usize,
        value: impl ToString,
        rule: &'static str,
    ) {
        // A number has one mark.
        if !holds && self.of_part(field, part).is_none() {
            self.0.push(BrokenRule {
                field,
                part,
                value: value.to_string(),
                rule,
            });
        }
    }

    /// The first one as an error.
    pub(super) fn into_result(self) -> Result<(), TrainError> {
        match self.0.into_iter().next() {
            None => Ok(()),
            Some(BrokenRule {
                field, value, rule, ..
            }) => Err(TrainError::Config { field, value, rule }),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::dataset::Size;
    use crate::model::Trunk;
    use crate::training::objective::ClassWeights;
    use crate::training::preset;
    use crate::training::schedule::Schedule;

    #[test]
    fn every_setting_is_named_with_its_rule() {
        let mut config = preset(Trunk::Vgg16Slim);
        assert!(config.broken_rules().is_empty());
        config.batch_size = 0;
        config.learning.learning_rate = -1.0;
        config.augment.brightness = 1.5;
        config.preview_images = 1000;
        let broken = config.broken_rules();
        let fields: Vec<&str> = broken.iter().map(|broken| broken.field).collect();
        assert_eq!(
            fields,
            ["batch size", "learning rate", "brightness", "live images"]
        );
        assert_eq!(broken.of("batch size"), Some("it must be 1 or more"));
        assert_eq!(broken.of("epochs"), None);
        let first = config.validate().expect_err("a broken rule").to_string();
        assert!(
            first.contains("batch size is 0; it must be 1 or more"),
            "{first}"
        );
    }

    #[test]
    fn each_number_of_a_setting_is_told_apart() {
        let mut config = preset(Trunk::Vgg16Slim);
        config.augment.crop = Some(Size::new(0, 64));
        config.test_size = Some(Size::new(64, 9000));
        config.augment.scale = [0.5, 20.0];
        config.learning.schedule = Schedule::Step {
            every_steps: 0,
            factor: -1.0,
        };
        config.learning.objective.class_weights = ClassWeights::Given(vec![1.0, -2.0, f64::NAN]);
        let broken = config.broken_rules();
        let parts = |field: &str| {
            (0..3)
                .map(|part| broken.of_part(field, part).is_some())
                .collect::<Vec<_>>()
        };
        assert_eq!(parts("training size"), [true, false, false]);
        assert_eq!(parts("test size"), [false, true, false]);
        assert_eq!(parts("scale"), [false, true, false]);
        assert_eq!(parts("schedule"), [true, true, false]);
        assert_eq!(parts("class weights"), [false, true, true]);
        assert_eq!(broken.len(), 7);
        // Neither of them can be called the wrong one.
        config.augment.scale = [1.5, 1.2];
        config.learning.objective.class_weights = ClassWeights::Given(vec![0.0, 0.0]);
        let broken = config.broken_rules();
        let parts = |field: &str| [0, 1].map(|part| broken.of_part(field, part).is_some());
        assert_eq!(parts("scale"), [true, true]);
        assert_eq!(parts("class weights"), [true, true]);
    }
}
