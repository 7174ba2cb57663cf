//! Options that name a run whose own settings are used: no setting goes with them. The parser would name all
//! settings that there are, and not the one that was given.

use clap::ArgMatches;
use clap::error::ErrorKind;
use clap::parser::ValueSource;

/// An option that takes the settings of a run.
struct Rule {
    /// The subcommand that has it.
    command: &'static [&'static str],
    option: &'static str,
    /// Options, and groups of them, that do not go with it.
    excludes: &'static [&'static str],
    /// What does.
    advice: &'static str,
}

const RULES: [Rule; 2] = [
    Rule {
        command: &["train"],
        option: "resume",
        excludes: &["settings", "network", "image_bands", "compare", "auto"],
        advice: "a run resumes with its own settings. What can be given are --device, --dataset for a dataset that \
                 was moved, and --accept-changes; without --resume a new run begins",
    },
    Rule {
        command: &["data", "dump"],
        option: "run",
        excludes: &["settings", "network", "image_bands", "dataset"],
        advice: "the batches are those of the run, by its own settings. Without --run they are those of the settings \
                 that are given",
    },
];

/// # Errors
/// One that names the settings that were given.
pub(super) fn check(matches: &ArgMatches, program: &clap::Command) -> Result<(), clap::Error> {
    RULES
        .iter()
        .try_for_each(|rule| rule.check(matches, program))
}

impl Rule {
    fn check(&self, matches: &ArgMatches, program: &clap::Command) -> Result<(), clap::Error> {
        let (mut matches, mut command) = (matches, program);
        for name in self.command {
            let (Some((given, below)), Some(known)) =
                (matches.subcommand(), command.find_subcommand(name))
            else {
                return Ok(());
            };
            if given != *name {
                return Ok(());
            }
            (matches, command) = (below, known);
        }
        let is_given = |id: &str| matches.value_source(id) == Some(ValueSource::CommandLine);
        if !is_given(self.option) {
            return Ok(());
        }
        let is_excluded = |id: &str| {
            let groups = command.get_groups();
            let mut in_groups =
                groups.filter(|group| self.excludes.contains(&group.get_id().as_str()));
            self.excludes.contains(&id)
                || in_groups.any(|group| group.get_args().any(|arg| arg == id))
        };
        let given: Vec<String> = command
            .get_arguments()
            .filter(|arg| is_excluded(arg.get_id().as_str()) && is_given(arg.get_id().as_str()))
            .filter_map(|arg| Some(format!("--{}", arg.get_long()?)))
            .collect();
        if given.is_empty() {
            return Ok(());
        }
        let text = format!(
            "--{} does not go with {}: {}\n",
            self.option,
            given.join(", "),
            self.advice
        );
        Err(clap::Error::raw(ErrorKind::ArgumentConflict, text))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Args;

    fn refusal(words: &str) -> Option<String> {
        let words = words.split_whitespace();
        let parsed = Args::parsed(std::iter::once("fcn-workbench").chain(words));
        parsed.err().map(|err| err.to_string())
    }

    #[test]
    fn the_given_setting_is_named_and_no_other() {
        let text =
            refusal("train --resume latest --lr 0.1 --no-flip --trunk vgg16").expect("no settings");
        for part in [
            "--resume does not go with",
            "--lr",
            "--no-flip",
            "--trunk",
            "--accept-changes",
        ] {
            assert!(text.contains(part), "no {part}: {text}");
        }
        assert!(
            !text.contains("--momentum") && text.lines().count() < 3,
            "{text}"
        );
        let text =
            refusal("data dump --run latest --dataset sample --out dumped").expect("no dataset");
        assert!(
            text.contains("--run does not go with --dataset: "),
            "{text}"
        );
    }

    #[test]
    fn what_goes_with_a_run_is_taken() {
        for words in [
            "train --resume latest --device cpu --dataset sample --accept-changes --notify --json",
            "--runs-dir runs train --resume latest",
            "train --lr 0.1",
            "data dump --run latest --steps 3 --out dumped",
            "data dump --lr 0.1 --out dumped",
        ] {
            assert_eq!(refusal(words), None, "{words}");
        }
    }
}
