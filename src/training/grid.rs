//! Small grids: the same run with each combination of some values.

use std::str::FromStr;

use strum::{EnumString, IntoStaticStr, VariantArray};

use super::config::RunConfig;
use super::learning::OptimizerKind;
use super::preset::preset;
use super::recipe::Recipe;
use super::schedule::Schedule;
use crate::model::{Trunk, Variant};

/// More runs than this are a slip of the hand.
const MOST_RUNS: usize = 100;

/// A setting that can be varied, called as the option of the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
enum Axis {
    Variant,
    Trunk,
    Recipe,
    Lr,
    Momentum,
    WeightDecay,
    BatchSize,
    Accumulation,
    Epochs,
    MaxSteps,
    Optimizer,
    Schedule,
    Dropout,
    FocalGamma,
    DiceShare,
    Seed,
}

/// Settings with the values that they take, such as `lr=0.05,0.01 variant=fcn32s,fcn8s`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grid(Vec<(Axis, Vec<String>)>);

impl Grid {
    /// Of words such as `lr=0.05,0.01`. What values mean together is checked by [`configs`](Self::configs).
    ///
    /// # Errors
    /// What is wrong with which word.
    pub fn parse<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<Self, GridError> {
        let mut axes: Vec<(Axis, Vec<String>)> = Vec::new();
        for word in words {
            let (name, values) = word
                .split_once('=')
                .ok_or_else(|| GridError::NoValues(word.to_owned()))?;
            let axis = Axis::from_str(name).map_err(|_| GridError::NoSuchSetting {
                name: name.to_owned(),
            })?;
            if axes.iter().any(|(known, _)| *known == axis) {
                return Err(GridError::Twice(name.to_owned()));
            }
            // The values of a schedule have commas of their own: step:1000,0.1.
            let values: Vec<String> = split_values(values);
            if values.iter().any(String::is_empty) {
                return Err(GridError::NoValues(word.to_owned()));
            }
            let any = [preset(Trunk::Vgg16Slim)];
            let by_value = axis.by_value(&any, &values)?;
            // What a recipe means depends on the other settings.
            if axis != Axis::Recipe {
                axis.check_that_they_differ(&values, &by_value)?;
            }
            axes.push((axis, values));
        }
        // What brings values of its own comes before the values.
        axes.sort_by_key(|(axis, _)| Axis::VARIANTS.iter().position(|known| known == axis));
        Ok(Self(axes))
    }

    /// `base` with each combination; the last setting changes fastest.
    ///
    /// # Errors
    /// Two recipes that mean the same, settings that exclude each other, too many runs.
    pub fn configs(&self, base: &RunConfig) -> Result<Vec<RunConfig>, GridError> {
        let count = self.0.iter().map(|(_, values)| values.len()).product();
        if count > MOST_RUNS {
            return Err(GridError::TooMany { count });
        }
        let mut configs = vec![base.clone()];
        for (axis, values) in &self.0 {
            let by_value = axis.by_value(&configs, values)?;
            axis.check_that_they_differ(values, &by_value)?;
            let at = |place: usize| by_value.iter().map(move |found| found[place].clone());
            configs = (0..configs.len()).flat_map(at).collect();
        }
        for config in &configs {
            config
                .validate()
                .map_err(|err| GridError::Unsound(err.to_string()))?;
        }
        Ok(configs)
    }
}

/// Words between commas; a number behind a name with a colon belongs to it.
fn split_values(text: &str) -> Vec<String> {
    let mut values: Vec<String> = Vec::new();
    for part in text.split(',') {
        match values.last_mut() {
            Some(last) if last.starts_with("step:") && !last.contains(',') => {
                last.push(',');
                last.push_str(part);
            }
            _ => values.push(part.trim().to_owned()),
        }
    }
    values
}

impl Axis {
    /// These settings with each value.
    fn by_value(
        self,
        configs: &[RunConfig],
        values: &[String],
    ) -> Result<Vec<Vec<RunConfig>>, GridError> {
        let with = |value: &str, config: &RunConfig| {
            let mut config = config.clone();
            self.set(&mut config, value).map(|()| config)
        };
        let values = values.iter();
        values
            .map(|value| configs.iter().map(|config| with(value, config)).collect())
            .collect()
    }

    /// What comes out is compared: 0.1 and 1e-1 are one number, but seeds that differ are two.
    fn check_that_they_differ(
        self,
        values: &[String],
        by_value: &[Vec<RunConfig>],
    ) -> Result<(), GridError> {
        for (place, found) in by_value.iter().enumerate() {
            if let Some(first) = by_value[..place].iter().position(|other| other == found) {
                return Err(GridError::SameValue {
                    name: self.into(),
                    value: values[place].clone(),
                    first: values[first].clone(),
                });
            }
        }
        Ok(())
    }

    fn set(self, config: &mut RunConfig, value: &str) -> Result<(), GridError> {
        let learning = &mut config.learning;
        match self {
            Self::Variant => config.set_variant(self.read::<Variant>(value)?),
            Self::Trunk => config.set_trunk(self.read::<Trunk>(value)?),
            Self::Recipe => self.read::<Recipe>(value)?.apply(config),
            Self::Lr => learning.learning_rate = self.read(value)?,
            Self::Momentum => learning.momentum = self.read(value)?,
            Self::WeightDecay => learning.weight_decay = self.read(value)?,
            Self::BatchSize => config.batch_size = self.read(value)?,
            Self::Accumulation => learning.accumulation = self.read(value)?,
            Self::Epochs => config.epochs = self.read(value)?,
            Self::MaxSteps => config.max_steps = Some(self.read(value)?),
            Self::Optimizer => learning.optimizer = self.read::<OptimizerKind>(value)?,
            Self::Schedule => learning.schedule = self.read::<Schedule>(value)?,
            Self::Dropout => config.dropout = self.read(value)?,
            Self::FocalGamma => learning.objective.focal_gamma = self.read(value)?,
            Self::DiceShare => learning.objective.dice_share = self.read(value)?,
            Self::Seed => config.seed = self.read(value)?,
        }
        Ok(())
    }

    fn read<T: FromStr>(self, value: &str) -> Result<T, GridError> {
        value.parse().map_err(|_| GridError::BadValue {
            name: self.into(),
            value: value.to_owned(),
        })
    }
}

/// What is wrong with a grid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GridError {
    /// There is no such setting.
    #[error("{name} is no setting of a grid; there are {}", Axis::VARIANTS.iter().map(|axis| <&str>::from(*axis)).collect::<Vec<_>>().join(", "))]
    NoSuchSetting {
        /// What was given.
        name: String,
    },
    /// A setting without values.
    #[error("{0}: write a setting and its values, such as lr=0.05,0.01")]
    NoValues(String),
    /// A setting that was given before.
    #[error("{0} is given twice; write all its values in one place")]
    Twice(String),
    /// A value that would make the same runs again.
    #[error("{name}={value} would be the same as {name}={first}; write one of them")]
    SameValue {
        /// The setting.
        name: &'static str,
        /// What was given.
        value: String,
        /// What was given before.
        first: String,
    },
    /// A text that is no value.
    #[error("{name}={value}: that is no value of this setting")]
    BadValue {
        /// The setting.
        name: &'static str,
        /// What was given.
        value: String,
    },
    /// A combination that cannot be trained.
    #[error("{0}")]
    Unsound(String),
    /// Too many combinations.
    #[error("these are {count} runs, more than {MOST_RUNS}; leave out some values")]
    TooMany {
        /// How many there are.
        count: usize,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::preset;

    fn configs(words: &str) -> Result<Vec<RunConfig>, GridError> {
        Grid::parse(words.split_whitespace())?.configs(&preset(Trunk::Vgg16Slim))
    }

    #[test]
    fn each_combination_comes_once() {
        let found = configs("lr=0.05,0.01 variant=fcn32s,fcn8s").expect("a grid");
        let found: Vec<_> = found
            .iter()
            .map(|config| (config.variant, config.learning.learning_rate))
            .collect();
        let expected = [
            (Variant::Fcn32s, 0.05),
            (Variant::Fcn32s, 0.01),
            (Variant::Fcn8s, 0.05),
            (Variant::Fcn8s, 0.01),
        ];
        assert_eq!(found, expected);
        assert_eq!(configs("").expect("the run itself").len(), 1);
        let schedules = configs("schedule=fixed,step:100,0.5,poly").expect("a grid");
        assert_eq!(schedules.len(), 3);
    }

    #[test]
    fn seeds_are_whole_numbers_of_64_bits() {
        // 2^53 and the next one, which no floating-point number of 64 bits tells apart.
        let found = configs("seed=9007199254740992,9007199254740993").expect("two seeds");
        let seeds: Vec<u64> = found.iter().map(|config| config.seed).collect();
        assert_eq!(seeds, [9_007_199_254_740_992, 9_007_199_254_740_993]);
        let err = configs("seed=7,007").expect_err("one seed").to_string();
        assert!(
            err.contains("seed=007 would be the same as seed=7"),
            "{err}"
        );
        // What is one run at a stride may be two at another.
        let found = configs("variant=fcn32s,fcn8s recipe=pami-heavy,pami-at-once");
        assert_eq!(found.expect("a grid").len(), 4);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (words, part) in [
            ("rate=1", "rate is no setting"),
            ("lr", "lr: write a setting"),
            ("lr=0.1,", "lr=0.1,: write"),
            ("lr=fast", "lr=fast"),
            ("lr=0.1 lr=0.2", "twice"),
            (
                "lr=0.1,0.2,1e-1",
                "lr=1e-1 would be the same as lr=0.1; write",
            ),
            (
                "variant=fcn8s,fcn8s",
                "variant=fcn8s would be the same as variant=fcn8s",
            ),
            // The recipes differ at other strides alone.
            (
                "variant=fcn32s recipe=pami-heavy,pami-at-once",
                "recipe=pami-at-once would be the same as recipe=pami-heavy",
            ),
            ("batch-size=0", "batch size is 0"),
            (
                "seed=1,2,3,4,5,6,7,8,9,10,11 epochs=1,2,3,4,5,6,7,8,9,10",
                "110 runs",
            ),
        ] {
            let err = configs(words).expect_err(words).to_string();
            assert!(err.contains(part), "{words}: {err}");
        }
    }
}
