//! The course of the learning rate over a run.

use std::f64::consts::PI;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How the learning rate goes from the first step to the last.
///
/// On the command line and in `config.json` it is a short text: `fixed`,
/// `step:10000,0.1`, `poly:0.9`, `cosine:0`; `poly` and `cosine` alone have these values.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Schedule {
    /// The same all the way, as in the papers.
    Fixed,
    /// `rate * factor ^ floor(step / every_steps)` (the "step" policy of Caffe).
    Step {
        /// Steps between two falls, 1 or more.
        every_steps: usize,
        /// What the rate is multiplied by, above 0.
        factor: f64,
    },
    /// `rate * (1 - step / steps) ^ power` (the "poly" policy of Caffe).
    Poly {
        /// 1 is a straight line, above 0.
        power: f64,
    },
    /// `min_rate + (rate - min_rate) * (1 + cos(pi * step / steps)) / 2`
    /// (SGDR, Loshchilov and Hutter 2017, equation 5, without restarts).
    Cosine {
        /// Learning rate at the end, from 0 to the rate at the start.
        min_rate: f64,
    },
}

impl Schedule {
    /// One of each kind, with usual values.
    pub const KINDS: [Self; 4] = [
        Self::Fixed,
        Self::Step {
            every_steps: 10_000,
            factor: 0.1,
        },
        Self::Poly { power: 0.9 },
        Self::Cosine { min_rate: 0.0 },
    ];

    /// The schedule of the same kind among [`KINDS`](Self::KINDS).
    pub fn kind(self) -> Self {
        let [fixed, step, poly, cosine] = Self::KINDS;
        match self {
            Self::Fixed => fixed,
            Self::Step { .. } => step,
            Self::Poly { .. } => poly,
            Self::Cosine { .. } => cosine,
        }
    }

    /// The kind in a word: `poly`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fixed => "fixed",
            Self::Step { .. } => "step",
            Self::Poly { .. } => "poly",
            Self::Cosine { .. } => "cosine",
        }
    }

    /// What is wrong with its values: the number of each wrong one, and the rule that it breaks.
    pub fn broken_rules(self) -> Vec<(usize, &'static str)> {
        let above_zero = |value: f64| value > 0.0 && value.is_finite();
        let mut broken = Vec::new();
        match self {
            Self::Fixed => {}
            Self::Step {
                every_steps,
                factor,
            } => {
                if every_steps == 0 {
                    broken.push((0, "the steps between two falls must be 1 or more"));
                }
                if !above_zero(factor) {
                    broken.push((1, "the factor must be above 0"));
                }
            }
            Self::Poly { power } => {
                if !above_zero(power) {
                    broken.push((0, "the power must be above 0"));
                }
            }
            Self::Cosine { min_rate } => {
                if min_rate < 0.0 || !min_rate.is_finite() {
                    broken.push((0, "the lowest rate must be 0 or more"));
                }
            }
        }
        broken
    }

    /// The learning rate after `step` of `total` steps when it began at `rate`.
    pub(super) fn rate_at(self, rate: f64, step: usize, total: usize) -> f64 {
        let done = step as f64 / total.max(1) as f64;
        match self {
            Self::Fixed => rate,
            Self::Step {
                every_steps,
                factor,
            } => rate * factor.powf((step / every_steps.max(1)) as f64),
            Self::Poly { power } => rate * (1.0 - done).max(0.0).powf(power),
            Self::Cosine { min_rate } => {
                min_rate + (rate - min_rate) * 0.5 * (1.0 + (PI * done).cos())
            }
        }
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name();
        match self {
            Self::Fixed => f.write_str(name),
            Self::Step {
                every_steps,
                factor,
            } => write!(f, "{name}:{every_steps},{factor}"),
            Self::Poly { power } => write!(f, "{name}:{power}"),
            Self::Cosine { min_rate } => write!(f, "{name}:{min_rate}"),
        }
    }
}

impl FromStr for Schedule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let unknown = || {
            let all = "fixed, step:STEPS,FACTOR, poly:POWER or cosine:LOWEST_RATE";
            format!("`{text}` is no schedule. Write {all}")
        };
        let number = |text: &str| text.trim().parse::<f64>().map_err(|_| unknown());
        let (name, values) = match text.split_once(':') {
            Some((name, values)) => (name, Some(values)),
            None => (text, None),
        };
        let schedule = match (name, values) {
            ("fixed", None) => Self::Fixed,
            ("step", Some(values)) => {
                let (steps, factor) = values.split_once(',').ok_or_else(unknown)?;
                let every_steps = steps.trim().parse().map_err(|_| unknown())?;
                Self::Step {
                    every_steps,
                    factor: number(factor)?,
                }
            }
            // Runs from before the power was a value have `poly` alone.
            ("poly", power) => Self::Poly {
                power: power.map_or(Ok(0.9), number)?,
            },
            ("cosine", min_rate) => Self::Cosine {
                min_rate: min_rate.map_or(Ok(0.0), number)?,
            },
            _ => return Err(unknown()),
        };
        match schedule.broken_rules().first() {
            Some((_, rule)) => Err(format!("`{text}`: {rule}")),
            None => Ok(schedule),
        }
    }
}

impl TryFrom<String> for Schedule {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Schedule> for String {
    fn from(schedule: Schedule) -> Self {
        schedule.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_schedule_gives_it_back() {
        for schedule in Schedule::KINDS.into_iter().chain([
            Schedule::Step {
                every_steps: 7,
                factor: 0.3,
            },
            Schedule::Poly { power: 1.5 },
            Schedule::Cosine { min_rate: 1e-14 },
        ]) {
            assert_eq!(schedule.to_string().parse(), Ok(schedule));
            let json = serde_json::to_string(&schedule).expect("JSON");
            assert_eq!(
                serde_json::from_str::<Schedule>(&json).expect("a schedule"),
                schedule
            );
        }
        assert_eq!("poly".parse(), Ok(Schedule::Poly { power: 0.9 }));
        assert_eq!("cosine".parse(), Ok(Schedule::Cosine { min_rate: 0.0 }));
    }

    #[test]
    fn what_is_no_schedule_is_refused_with_a_reason() {
        for (text, reason) in [
            ("linear", "is no schedule"),
            ("fixed:1", "is no schedule"),
            ("step", "is no schedule"),
            ("step:10", "is no schedule"),
            ("poly:much", "is no schedule"),
            ("step:0,0.1", "1 or more"),
            ("step:5,0", "factor"),
            ("poly:-1", "power"),
            ("poly:inf", "power"),
            ("cosine:-0.1", "lowest rate"),
            ("cosine:NaN", "lowest rate"),
        ] {
            let err = text.parse::<Schedule>().expect_err(text);
            assert!(err.contains(reason) && err.contains(text), "{err}");
        }
    }
}
