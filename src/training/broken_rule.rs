//! Which setting of a run makes no sense, for whoever marks it where it is typed.

use super::config::RunConfig;
use super::error::TrainError;

/// A value that [`RunConfig::validate`] turns down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BrokenRule {
    /// The setting: `batch size`.
    pub field: &'static str,
    /// What holds for it: `it must be 1 or more`.
    pub rule: &'static str,
}

impl RunConfig {
    /// The first setting that makes no sense; `None` = all do.
    pub fn broken_rule(&self) -> Option<BrokenRule> {
        match self.validate() {
            Err(TrainError::Config { field, rule, .. }) => Some(BrokenRule { field, rule }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::model::Trunk;
    use crate::training::preset;

    #[test]
    fn the_setting_is_named_with_its_rule() {
        let mut config = preset(Trunk::Vgg16Slim);
        assert_eq!(config.broken_rule(), None);
        config.batch_size = 0;
        let broken = config.broken_rule().expect("a rule");
        assert_eq!(
            (broken.field, broken.rule),
            ("batch size", "it must be 1 or more")
        );
        config.batch_size = 1;
        config.augment.brightness = 1.5;
        assert_eq!(
            config.broken_rule().map(|rule| rule.field),
            Some("brightness")
        );
    }
}
