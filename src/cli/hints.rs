//! Which option or subcommand helps where the engine refuses something: its messages name none of them, since
//! the window, which has controls instead, shows them too.

use crate::engine::{
    DatasetError, EngineError, FileError, Finding, FindingKind, Fix, MaskScoreError, TrainError,
};

/// The message, and what helps.
pub fn with_hint(err: &EngineError) -> String {
    match hint(err) {
        Some(hint) => format!("{err}. {hint}"),
        None => err.to_string(),
    }
}

fn hint(err: &EngineError) -> Option<String> {
    let hint = match err {
        EngineError::NoRuns { .. } | EngineError::NoRunWithWeights { .. } => {
            "--runs-dir names another folder"
        }
        EngineError::NoSuchRun { .. } => "`runs` lists them",
        EngineError::NoSuchWeights { as_run, .. } => return hint(as_run),
        EngineError::NoWeights { run, .. } => {
            return Some(format!("`train --resume {run}` resumes it"));
        }
        EngineError::Finished { .. } => "--epochs and --max-steps say how many",
        EngineError::NoSuchDevice { .. } => "`devices` lists them",
        EngineError::NoHome { option, .. } => return Some(format!("{option} names it")),
        EngineError::NoSuchEntry { .. } => "`weights list` and `data catalogue` have their names",
        EngineError::MaskScore(MaskScoreError::AssumedClasses { .. }) => {
            "--classes and --num-classes do that"
        }
        EngineError::Train(TrainError::Config {
            field: "stage rates",
            ..
        }) => "`train --help` lists the stages of each trunk",
        EngineError::File(FileError::Exists { .. })
        | EngineError::NamesTaken {
            first: FileError::Exists { .. },
            ..
        } => "--overwrite replaces what this program wrote",
        EngineError::Dataset(DatasetError::NotFixed { source }) => return Some(of_pair(source)),
        _ => return None,
    };
    Some(hint.to_owned())
}

/// What `data fix` does about a pair that cannot be in a copy.
fn of_pair(err: &DatasetError) -> String {
    let other = match err {
        DatasetError::TurnedByExif { .. } => "--turn-masks turns such masks; ",
        DatasetError::LabelOutOfRange { .. } => {
            "--map OLD=NEW,... gives labels other numbers, and --guesses does what `data check` proposes as a guess; "
        }
        _ => "",
    };
    format!("{other}--leave-out leaves such pairs out")
}

/// What helps with a finding.
pub fn of_finding(finding: &Finding) -> Option<&'static str> {
    match (&finding.fix, finding.kind) {
        (Some(Fix::LeaveOut), _) => Some("`data fix --leave-out` leaves these pairs out of a copy"),
        (Some(Fix::TurnUnclear), _) => Some("`data fix --turn-masks` turns the masks in a copy"),
        (Some(Fix::RemapGuessed { .. }), _) => {
            Some("`data fix --guesses` takes the guess and does that in a copy")
        }
        (Some(_), _) => Some("`data fix` can do that"),
        (None, FindingKind::UnknownLabels | FindingKind::NumberedObjects) => {
            Some("`data fix --map OLD=NEW,...` writes a copy with other labels")
        }
        (None, FindingKind::GuessedPairs) => Some(
            "`data check --pairs FILE` writes them as a list, in which they are accepted or changed",
        ),
        (None, FindingKind::DeepImages) => Some("--range LOW,HIGH states it, too"),
        (None, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::engine::{Size, Trunk, preset};

    fn assumed_classes() -> EngineError {
        EngineError::MaskScore(MaskScoreError::AssumedClasses {
            source: DatasetError::Stopped {
                path: PathBuf::from("a.png"),
            },
            assumed: "21".to_owned(),
        })
    }

    #[test]
    fn options_are_named_behind_messages_that_name_none() {
        let exists = || FileError::Exists {
            path: PathBuf::from("a.png"),
        };
        let folder = PathBuf::from("runs");
        let no_run = || EngineError::NoSuchRun {
            run: "a".to_owned(),
            folder: folder.clone(),
        };
        let mut config = preset(Trunk::Resnet50);
        config.learning.stage_rates = "fc=0.5".parse().expect("rates");
        let not_fixed = |source: DatasetError| {
            EngineError::Dataset(DatasetError::NotFixed {
                source: Box::new(source),
            })
        };
        let unknown = DatasetError::LabelOutOfRange {
            path: PathBuf::from("a.png"),
            label: 9,
            x: 0,
            y: 0,
            num_classes: 2,
        };
        let turned = DatasetError::TurnedByExif {
            mask: PathBuf::from("a.png"),
            image: PathBuf::from("a.jpg"),
            mask_size: Size::new(3, 4),
            image_size: Size::new(4, 3),
        };
        let cases = [
            (not_fixed(unknown), "--map OLD=NEW"),
            (not_fixed(turned), "--turn-masks turns"),
            (
                not_fixed(DatasetError::Stopped {
                    path: PathBuf::from("a.png"),
                }),
                "--leave-out leaves",
            ),
            (EngineError::File(exists()), "--overwrite"),
            (
                EngineError::NamesTaken {
                    first: exists(),
                    others: 2,
                },
                "--overwrite",
            ),
            (no_run(), "`runs`"),
            (
                EngineError::NoSuchWeights {
                    wanted: "a".to_owned(),
                    as_run: Box::new(no_run()),
                },
                "`runs`",
            ),
            (
                EngineError::NoWeights {
                    run: "a".to_owned(),
                    folder: folder.clone(),
                },
                "--resume a",
            ),
            (
                EngineError::NoRuns {
                    folder: folder.clone(),
                },
                "--runs-dir",
            ),
            (EngineError::Finished { folder }, "--epochs"),
            (
                EngineError::NoHome {
                    what: "runs",
                    option: "--runs-dir",
                },
                "--runs-dir",
            ),
            (
                EngineError::NoSuchEntry {
                    name: "vgg17".to_owned(),
                },
                "`weights list`",
            ),
            (assumed_classes(), "--num-classes"),
            (
                EngineError::Train(config.validate().expect_err("no such stage")),
                "`train --help`",
            ),
        ];
        for (err, option) in cases {
            let text = err.to_string();
            assert!(!text.contains("--") && !text.contains('`'), "{text}");
            let hinted = with_hint(&err);
            assert!(
                hinted.starts_with(&text) && hinted.contains(option),
                "{hinted}"
            );
        }
        assert_eq!(
            with_hint(&EngineError::NotTraining),
            "no run is being trained"
        );
    }
}
