//! Which settings of a run make no sense, for whoever marks them where they are typed.

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
    /// Every setting that makes no sense.
    pub fn broken_rules(&self) -> Vec<BrokenRule> {
        let rule = |err| match err {
            TrainError::Config { field, rule, .. } => Some(BrokenRule { field, rule }),
            _ => None,
        };
        self.broken_values().into_iter().filter_map(rule).collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::model::Trunk;
    use crate::training::preset;

    #[test]
    fn every_setting_is_named_with_its_rule() {
        let mut config = preset(Trunk::Vgg16Slim);
        assert_eq!(config.broken_rules(), []);
        config.batch_size = 0;
        config.learning.momentum = 1.0;
        config.augment.brightness = 1.5;
        let broken: Vec<_> = config
            .broken_rules()
            .into_iter()
            .map(|broken| (broken.field, broken.rule))
            .collect();
        assert_eq!(
            broken,
            [
                ("batch size", "it must be 1 or more"),
                ("momentum", "it must be 0 or more and below 1"),
                ("brightness", "it must be 0 to 1"),
            ]
        );
    }
}
