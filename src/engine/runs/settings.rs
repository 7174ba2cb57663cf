//! Settings of runs side by side, and as a command line.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::Value;

use super::RunSnapshot;
use crate::engine::{Engine, EngineError};
use crate::text::setting;
use crate::training::{DatasetRef, RunConfig};

/// A setting in which runs differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Its name: `learning rate`.
    pub setting: String,
    /// Its value in each run.
    pub values: Vec<String>,
}

impl Difference {
    /// Whether the runs have different values.
    pub fn differs(&self) -> bool {
        self.values.iter().any(|value| *value != self.values[0])
    }
}

/// The settings in which `runs` differ, in the order of their names.
pub fn differences(runs: &[&RunSnapshot]) -> Vec<Difference> {
    let mut found = all_settings(runs);
    found.retain(Difference::differs);
    found
}

/// All settings of `runs`, in the order of their names.
pub fn all_settings(runs: &[&RunSnapshot]) -> Vec<Difference> {
    let configs: Vec<&RunConfig> = runs.iter().map(|run| &run.config).collect();
    compared(&configs)
}

/// For each of `configs` the settings in which they differ, with its value, such as `momentum 0.5`. Those in
/// `shown`, such as `learning rate`, are left out.
pub fn own_settings(configs: &[&RunConfig], shown: &[&str]) -> Vec<Vec<String>> {
    let is_shown = |name: &str| {
        let part_of = |shown: &str| {
            name.strip_prefix(shown)
                .is_some_and(|rest| rest.starts_with(": "))
        };
        shown.iter().any(|shown| name == *shown || part_of(shown))
    };
    let mut found = compared(configs);
    found.retain(|setting| setting.differs() && !is_shown(&setting.setting));
    let of = |place: usize| {
        let own = |setting: &Difference| format!("{} {}", setting.setting, setting.values[place]);
        found.iter().map(own).collect()
    };
    (0..configs.len()).map(of).collect()
}

fn compared(configs: &[&RunConfig]) -> Vec<Difference> {
    let settings: Vec<BTreeMap<String, Value>> =
        configs.iter().map(|config| settings(config)).collect();
    let mut names: Vec<&String> = settings.iter().flat_map(BTreeMap::keys).collect();
    names.sort_unstable();
    names.dedup();
    let difference = |name: &String| {
        let values: Vec<&Value> = settings
            .iter()
            .map(|of| of.get(name).unwrap_or(&Value::Null))
            .collect();
        let texts =
            |digits| -> Vec<String> { values.iter().map(|value| text(value, digits)).collect() };
        let distinct = |texts: &[String]| texts.iter().collect::<BTreeSet<_>>().len();
        let (exact, rounded) = (texts(Digits::All), texts(Digits::ForPeople));
        Difference {
            setting: name.clone(),
            // Values that differ are not shown as the same.
            values: if distinct(&rounded) == distinct(&exact) {
                rounded
            } else {
                exact
            },
        }
    };
    names.into_iter().map(difference).collect()
}

#[derive(Clone, Copy)]
enum Digits {
    ForPeople,
    All,
}

const NONE: &str = "none";

/// Every setting by its name, read from what is written to `config.json`, so that none is left out.
fn settings(config: &RunConfig) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    match serde_json::to_value(config) {
        Ok(value) => collect("", &value, &mut found),
        Err(err) => log::error!("The settings of a run cannot be compared: {err}"),
    }
    found
}

fn collect(name: &str, value: &Value, found: &mut BTreeMap<String, Value>) {
    let Value::Object(fields) = value else {
        found.insert(name.to_owned(), value.clone());
        return;
    };
    for (field, value) in fields {
        let field = field.replace('_', " ");
        let inner = match name {
            // All but its name is a setting of its own.
            "" | "learning" => field,
            name => format!("{name}: {field}"),
        };
        collect(&inner, value, found);
    }
}

fn text(value: &Value, digits: Digits) -> String {
    match value {
        Value::Null => NONE.to_owned(),
        Value::Bool(on) => if *on { "on" } else { "off" }.to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(values) => values
            .iter()
            .map(|value| text(value, digits))
            .collect::<Vec<_>>()
            .join(", "),
        Value::Number(number) => match (digits, number.as_f64()) {
            (Digits::ForPeople, Some(value)) if number.is_f64() => setting(value),
            _ => number.to_string(),
        },
        value @ Value::Object(_) => value.to_string(),
    }
}

impl Engine {
    /// The command line that trains a run with the settings of `run`, for a POSIX shell.
    ///
    /// # Errors
    /// When there is no such run, or one of its settings has no option.
    pub fn command_line(&self, run: &str) -> Result<String, EngineError> {
        let config = &self.existing_run(run)?.config;
        let mut words = vec!["fcn-workbench".to_owned()];
        words.extend(config.command_line()?);
        if config.dataset == DatasetRef::Sample {
            words.extend([
                "--data-dir".to_owned(),
                self.dirs.data.display().to_string(),
            ]);
        }
        words.extend([
            "--runs-dir".to_owned(),
            self.dirs.runs.display().to_string(),
        ]);
        Ok(shell_line(&words))
    }
}

/// Words as a shell reads them back.
fn shell_line(words: &[String]) -> String {
    let mut line = String::new();
    for word in words {
        if !line.is_empty() {
            line.push(' ');
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:,=+%@".contains(c);
        if !word.is_empty() && word.chars().all(plain) {
            line.push_str(word);
        } else {
            write!(line, "'{}'", word.replace('\'', r"'\''")).ok();
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Trunk;
    use crate::training::{Grid, preset};

    #[test]
    fn settings_are_named_for_people() {
        let found: BTreeMap<String, String> = settings(&preset(Trunk::Vgg16Slim))
            .into_iter()
            .map(|(name, value)| (name, text(&value, Digits::ForPeople)))
            .collect();
        assert_eq!(found["learning rate"], "0.05");
        assert_eq!(found["augment: crop"], "160, 128");
        assert_eq!(found["augment: flip"], "on");
        assert_eq!(found["max steps"], "none");
        assert_eq!(found["dataset"], "sample");
    }

    #[test]
    fn numbers_are_rounded_unless_they_would_be_the_same() {
        let texts = |values: [f64; 2]| {
            let rounded = values.map(|value| text(&value.into(), Digits::ForPeople));
            let exact = values.map(|value| text(&value.into(), Digits::All));
            (rounded, exact)
        };
        let (rounded, exact) = texts([9.915_585_312_589_867e-3, 0.05]);
        assert_eq!(rounded, ["0.00992", "0.05"]);
        assert_eq!(exact, ["0.009915585312589867", "0.05"]);
    }

    #[test]
    fn what_is_another_in_runs_of_a_queue_is_named_in_each_of_them() {
        let configs = Grid::parse(["momentum=0.5,0.9", "max-steps=100", "lr=0.1,0.2"])
            .and_then(|grid| grid.configs(&preset(Trunk::Vgg16Slim)))
            .expect("a grid");
        let found = own_settings(&configs.iter().collect::<Vec<_>>(), &["learning rate"]);
        assert_eq!(
            found.concat(),
            [
                "momentum 0.5",
                "momentum 0.9",
                "momentum 0.5",
                "momentum 0.9"
            ]
        );
        let mut limited = preset(Trunk::Vgg16Slim);
        limited.max_steps = Some(100);
        limited.dataset = DatasetRef::Folder("/data".into());
        let all = [&preset(Trunk::Vgg16Slim), &limited];
        let found = own_settings(&all, &["dataset"]);
        assert_eq!(found, [["max steps none"], ["max steps 100"]]);
        assert!(own_settings(&[], &[]).is_empty());
    }

    #[test]
    fn words_survive_a_shell() {
        let words = ["a b", "it's", "", "--lr", "0.1"].map(str::to_owned);
        assert_eq!(shell_line(&words), r"'a b' 'it'\''s' '' --lr 0.1");
    }
}
