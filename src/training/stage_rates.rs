//! Rates of the stages of a network: 0 freezes one, 10 lets it learn ten times as fast.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::model::ParamStage;

/// Factors on the learning rate by stage; 1 where none is given.
///
/// On the command line and in `config.json` it is a short text: `stage1=0,head=10`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct StageRates(Vec<(ParamStage, f64)>);

impl StageRates {
    /// The factor of a stage.
    pub fn factor(&self, stage: ParamStage) -> f64 {
        let given = self.0.iter().find(|(given, _)| *given == stage);
        given.map_or(1.0, |(_, factor)| *factor)
    }

    /// Sets the factor of a stage.
    pub fn set(&mut self, stage: ParamStage, factor: f64) {
        self.0.retain(|(given, _)| *given != stage);
        if factor != 1.0 {
            self.0.push((stage, factor));
            self.0.sort_by_key(|(stage, _)| *stage);
        }
    }

    /// Whether all stages learn alike.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a stage does not learn.
    pub fn is_frozen(&self, stage: ParamStage) -> bool {
        self.factor(stage) == 0.0
    }

    /// Whether a stage of a network does not learn.
    pub fn any_frozen(&self) -> bool {
        self.0.iter().any(|(_, factor)| *factor == 0.0)
    }

    /// The largest factor, 1 where none is given.
    pub fn largest(&self) -> f64 {
        let factors = self.0.iter().map(|(_, factor)| *factor);
        factors.reduce(f64::max).unwrap_or(1.0)
    }

    /// What is wrong with them for a network with these stages.
    pub(super) fn broken_rule(&self, stages: &[ParamStage]) -> Option<&'static str> {
        if self.0.iter().any(|(stage, _)| !stages.contains(stage)) {
            return Some("the trunk has no such stage; leave out those that it does not have");
        }
        let sound = |factor: &f64| *factor >= 0.0 && factor.is_finite();
        if !self.0.iter().all(|(_, factor)| sound(factor)) {
            return Some("each factor must be 0 or more");
        }
        if stages.iter().all(|stage| self.is_frozen(*stage)) {
            return Some("nothing is left to learn; one stage must be above 0");
        }
        None
    }
}

impl fmt::Display for StageRates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("equal");
        }
        let parts = self
            .0
            .iter()
            .map(|(stage, factor)| format!("{stage}={factor}"));
        f.write_str(&parts.collect::<Vec<_>>().join(","))
    }
}

impl FromStr for StageRates {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut rates = Self::default();
        let mut given = Vec::new();
        if text == "equal" {
            return Ok(rates);
        }
        for part in text.split(',') {
            let (stage, factor) = part
                .split_once('=')
                .ok_or("not stages with their factors, such as stage1=0,head=10")?;
            let factor = factor.trim().parse().map_err(|_| "not a number behind =")?;
            let stage: ParamStage = stage.trim().parse()?;
            if given.contains(&stage) {
                return Err("one stage has two factors; write it once");
            }
            given.push(stage);
            rates.set(stage, factor);
        }
        Ok(rates)
    }
}

impl TryFrom<String> for StageRates {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<StageRates> for String {
    fn from(rates: StageRates) -> Self {
        rates.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Trunk;

    #[test]
    fn texts_come_back_in_the_order_of_the_stages() {
        for (text, sorted) in [
            ("equal", "equal"),
            ("head=10, stage1=0", "stage1=0,head=10"),
            ("fc=1,stage2=0.5", "stage2=0.5"),
        ] {
            let rates: StageRates = text.parse().expect(text);
            assert_eq!(rates.to_string(), sorted);
        }
        for text in ["", "head", "head=x", "tail=1", "head=10,head=1"] {
            text.parse::<StageRates>().expect_err(text);
        }
        let rates: StageRates = "stage1=0,head=10".parse().expect("rates");
        assert_eq!(rates.factor(ParamStage::Head), 10.0);
        assert_eq!(rates.factor(ParamStage::Fc), 1.0);
        assert!(rates.is_frozen(ParamStage::Stage(1)) && rates.any_frozen());
    }

    #[test]
    fn rates_are_those_of_stages_that_are_there() {
        let rule = |text: &str, trunk: Trunk| {
            let rates: StageRates = text.parse().expect(text);
            rates.broken_rule(&trunk.param_stages()).is_some()
        };
        assert!(!rule("stage5=0,fc=0.1,head=10", Trunk::Vgg16));
        assert!(rule("fc=0.1", Trunk::Resnet50));
        assert!(rule("head=-1", Trunk::Vgg16));
        assert!(rule(
            "stem=0,stage3=0,stage4=0,stage5=0,head=0",
            Trunk::Googlenet
        ));
    }
}
