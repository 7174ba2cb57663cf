//! Options that do not go together, where the parser does not see it by their names: these are wrong usage as
//! well, told before anything is read.

use super::{Command, DataCommand, DataFixArgs, QueueAddArgs, QueueCommand};
use crate::engine::Grid;

/// # Errors
/// What does not go together, and what to write instead.
pub(super) fn check(command: &Command) -> Result<(), String> {
    match command {
        Command::Data(data) => match &data.command {
            DataCommand::Fix(fix) => each_label_once(fix),
            _ => Ok(()),
        },
        Command::Queue(queue) => match &queue.command {
            Some(QueueCommand::Add(add)) => can_be_queued(add),
            Some(QueueCommand::Duplicate { changes, .. }) => grid(changes),
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}

fn each_label_once(fix: &DataFixArgs) -> Result<(), String> {
    for (place, (old, new)) in fix.map.iter().enumerate() {
        let mut before = fix.map[..place].iter();
        if let Some((_, other)) = before.find(|(known, other)| known == old && other != new) {
            return Err(format!(
                "--map makes label {old} both {other} and {new}. Write it once"
            ));
        }
    }
    Ok(())
}

fn can_be_queued(add: &QueueAddArgs) -> Result<(), String> {
    let train = &add.train;
    if train.resume.is_some() {
        return Err(
            "a run that is there is resumed by `train --resume`, not by the queue".to_owned(),
        );
    }
    if train.notify.notify || train.notify.webhook.is_some() {
        return Err("--notify and --webhook are options of `queue run`".to_owned());
    }
    if train.is_staged() && !add.grid.is_empty() {
        return Err("--grid does not go with --plan staged; add the plans one by one".to_owned());
    }
    grid(&add.grid)
}

fn grid(words: &[String]) -> Result<(), String> {
    let parsed = Grid::parse(words.iter().map(String::as_str));
    parsed.map(drop).map_err(|err| err.to_string())
}

#[cfg(test)]
mod tests {
    use clap::error::ErrorKind;

    use super::super::Args;

    #[test]
    fn what_does_not_go_together_is_wrong_usage() {
        for (words, part) in [
            (
                "data fix shapes --out x --map 255=1,255=0",
                "label 255 both 1 and 0",
            ),
            (
                "data fix shapes --out x --map 1=2 --map 3=4 --map 1=0",
                "label 1 both 2 and 0",
            ),
            ("queue add --grid lr=0.1 --grid lr=0.2", "lr is given twice"),
            (
                "queue add --grid lr=0.1,1e-1",
                "lr=1e-1 would be the same as lr=0.1",
            ),
            ("queue add --grid rate=1", "rate is no setting"),
            ("queue add --grid lr=fast", "lr=fast"),
            ("queue add --plan staged --grid lr=0.1", "--plan staged"),
            ("queue add --resume latest", "train --resume"),
            ("queue add --notify", "queue run"),
            ("queue duplicate 1 lr=0.1 lr=0.2", "lr is given twice"),
        ] {
            let parsed = Args::parsed(words_of(words));
            let err = parsed.err().unwrap_or_else(|| panic!("{words} is taken"));
            assert_eq!(err.kind(), ErrorKind::ArgumentConflict, "{words}");
            assert_eq!(err.exit_code(), 2, "{words}");
            let text = err.to_string();
            assert!(text.contains(part), "{words}: {text}");
        }
        for words in [
            "data fix shapes --out x --map 255=1,255=1,2=1",
            "queue add --grid lr=0.1,0.2 --grid seed=1,2",
            "queue add --plan staged",
            "queue duplicate 1 lr=0.1 seed=2",
            "queue",
        ] {
            assert!(Args::parsed(words_of(words)).is_ok(), "{words}");
        }
    }

    fn words_of(words: &str) -> impl Iterator<Item = &str> + Clone {
        std::iter::once("fcn-workbench").chain(words.split_whitespace())
    }
}
