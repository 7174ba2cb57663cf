//! What is written for other programs, read back by hand.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

use super::*;
use crate::dataset::{LabelMap, Rgb};
use crate::metrics::ConfusionMatrix;
use crate::training::checkpoint::RunMeta;
use crate::training::event::{Outcome, PreviewItem, RunInfo};
use crate::training::preset;

/// Keeps what passes.
#[derive(Default)]
struct Kept {
    events: Vec<TrainEvent>,
    wants_previews: bool,
}

impl TrainSink for Kept {
    fn send(&mut self, event: TrainEvent) {
        self.events.push(event);
    }

    fn wants_previews(&self) -> bool {
        self.wants_previews
    }
}

fn run_folder(dir: &tempfile::TempDir, wanted: ExtraLogs) -> RunFolder {
    let mut config = preset(crate::model::Trunk::Vgg16Slim);
    config.extra_logs = wanted;
    let meta = RunMeta {
        config,
        classes: ClassList::numbered(2),
        images: crate::dataset::ImageReading::default(),
        dataset_name: "tiny".to_owned(),
        created: 0,
    };
    RunFolder::create(dir.path(), "run", &meta).expect("a folder")
}

fn started(first_step: usize) -> TrainEvent {
    TrainEvent::Started(RunInfo {
        run: "run".to_owned(),
        device: "cpu".to_owned(),
        arithmetic: "f32".to_owned(),
        parameters: 1,
        steps_per_epoch: 2,
        total_steps: 4,
        first_step,
        repeats: None,
    })
}

fn step(step: usize, loss: f64) -> TrainEvent {
    TrainEvent::Step(StepRecord {
        step,
        epoch: 1,
        loss,
        learning_rate: 0.5,
        grad_norm: None,
        secs: 0.25,
    })
}

fn epoch(step: usize) -> TrainEvent {
    let mut matrix = ConfusionMatrix::new(2);
    matrix.add(&[0, 0, 1, 1], &[0, 0, 1, 0]);
    TrainEvent::EpochEnded(EpochRecord {
        epoch: 1,
        step,
        train_loss: 1.5,
        val_loss: Some(0.75),
        scores: matrix.scores(),
        elapsed_secs: 1.0,
        best: true,
    })
}

fn preview(step: usize) -> TrainEvent {
    let image = Rgb {
        width: 2,
        height: 1,
        pixels: vec![9, 8, 7, 6, 5, 4],
    };
    let labels = |labels: [u8; 2]| {
        Arc::new(LabelMap {
            width: 2,
            height: 1,
            labels: labels.to_vec(),
        })
    };
    TrainEvent::Preview(Preview {
        step,
        items: vec![PreviewItem {
            id: "street".to_owned(),
            image: Arc::new(image),
            truth: labels([1, 255]),
            mask: labels([0, 1]),
            mean_iu: None,
        }],
    })
}

/// A value that was read back.
#[derive(Debug, PartialEq)]
enum Value {
    Scalar(f32),
    /// Height, width, and the PNG.
    Image(u64, u64, Vec<u8>),
}

/// The fields of a message: numbers as they are, the others as bytes.
fn fields(mut bytes: &[u8]) -> Vec<(u8, u64, &[u8])> {
    let mut found = Vec::new();
    while let Some((key, rest)) = bytes.split_first() {
        bytes = rest;
        let (mut number, mut data): (u64, &[u8]) = (0, &[]);
        let mut take = |count: usize| {
            let (taken, rest) = bytes.split_at(count);
            bytes = rest;
            taken
        };
        match key & 7 {
            kind @ (0 | 2) => {
                for shift in (0..).step_by(7) {
                    let byte = take(1)[0];
                    number |= u64::from(byte & 0x7f) << shift;
                    if byte < 0x80 {
                        break;
                    }
                }
                if kind == 2 {
                    data = take(number as usize);
                }
            }
            1 => data = take(8),
            5 => data = take(4),
            kind => panic!("no such wire type: {kind}"),
        }
        found.push((key >> 3, number, data));
    }
    found
}

/// The values of all event files by step and tag, and the steps from which a session began.
fn read_events(run: &RunFolder) -> (BTreeMap<(u64, String), Value>, Vec<u64>) {
    let (mut values, mut sessions) = (BTreeMap::new(), Vec::new());
    let entries = fs::read_dir(run.path().join(TENSORBOARD)).expect("a folder");
    for entry in entries {
        let path = entry.expect("an entry").path();
        assert!(path.display().to_string().contains("tfevents"));
        let bytes = fs::read(&path).expect("a file");
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let length = u64::from_le_bytes(rest[..8].try_into().expect("8 bytes")) as usize;
            let event = &rest[12..12 + length];
            rest = &rest[12 + length + 4..];
            let event = fields(event);
            let step = event.iter().find(|field| field.0 == 2);
            let step = step.map_or(0, |field| field.1);
            for (number, _, data) in &event {
                match number {
                    3 => assert_eq!(*data, b"brain.Event:2"),
                    5 => values.extend(summary(data).map(|(tag, value)| ((step, tag), value))),
                    7 => sessions.push(step),
                    _ => {}
                }
            }
        }
    }
    (values, sessions)
}

fn summary(data: &[u8]) -> impl Iterator<Item = (String, Value)> {
    fields(data).into_iter().map(|(_, _, value)| {
        let value = fields(value);
        let tag = String::from_utf8(value[0].2.to_vec()).expect("text");
        let (number, _, data) = value[1];
        let value = if number == 2 {
            Value::Scalar(f32::from_le_bytes(data.try_into().expect("4 bytes")))
        } else {
            let image = fields(data);
            Value::Image(image[0].1, image[1].1, image[3].2.to_vec())
        };
        (tag, value)
    })
}

#[test]
fn tensorboard_gets_scalars_and_the_masks_of_epochs() {
    let dir = tempfile::tempdir().expect("a folder");
    let wanted = ExtraLogs {
        tensorboard: true,
        csv: false,
    };
    let run = run_folder(&dir, wanted);
    let mut kept = Kept::default();
    let mut sink = LoggedSink::new(&run, &mut kept);
    assert!(sink.wants_previews());
    let events = [
        started(0),
        preview(0),
        step(1, 2.0),
        preview(1),
        step(2, 1.0),
        epoch(2),
        preview(2),
        TrainEvent::Ended(Outcome::Finished),
    ];
    for event in events {
        sink.send(event);
    }
    // Nobody else looks at masks.
    assert_eq!(kept.events.len(), 5);

    let (values, sessions) = read_events(&run);
    assert!(sessions.is_empty());
    let value = |step: u64, tag: &str| values.get(&(step, tag.to_owned()));
    assert_eq!(value(1, "loss/training"), Some(&Value::Scalar(2.0)));
    assert_eq!(value(2, "loss/training"), Some(&Value::Scalar(1.0)));
    assert_eq!(value(2, "learning rate"), Some(&Value::Scalar(0.5)));
    assert_eq!(value(2, "loss/validation"), Some(&Value::Scalar(0.75)));
    // Of three pixels that are class 0 in either, two are in both.
    assert_eq!(value(2, "IoU/class 0"), Some(&Value::Scalar(2.0 / 3.0)));
    assert_eq!(value(2, "gradient norm"), None);
    for (step, what) in [
        (0, "image"),
        (0, "ground truth"),
        (0, "prediction"),
        (2, "prediction"),
    ] {
        let found = value(step, &format!("street/{what}"));
        let Some(Value::Image(1, 2, png)) = found else {
            panic!("{step} {what}: {found:?}");
        };
        assert!(png.starts_with(b"\x89PNG"));
    }
    let masks = values.keys().filter(|(_, tag)| tag.starts_with("street"));
    assert_eq!(masks.count(), 4, "live masks between epochs are left out");
}

#[test]
fn a_resumed_run_says_from_which_step_its_events_count() {
    let dir = tempfile::tempdir().expect("a folder");
    let wanted = ExtraLogs {
        tensorboard: true,
        csv: false,
    };
    let run = run_folder(&dir, wanted);
    for (first, loss) in [(0, 2.0), (1, 3.0)] {
        let mut kept = Kept::default();
        let mut sink = LoggedSink::new(&run, &mut kept);
        sink.send(started(first));
        sink.send(step(first + 1, loss));
    }
    let (values, sessions) = read_events(&run);
    assert_eq!(sessions, [2]);
    assert_eq!(values.len(), 6);
    let files = fs::read_dir(run.path().join(TENSORBOARD)).expect("a folder");
    assert_eq!(files.count(), 2, "a file for each session");
}

#[test]
fn the_table_goes_on_where_a_resumed_run_does() {
    let dir = tempfile::tempdir().expect("a folder");
    let wanted = ExtraLogs {
        tensorboard: false,
        csv: true,
    };
    let run = run_folder(&dir, wanted);
    let mut log = run.open_logs(0).expect("logs");
    {
        let mut kept = Kept::default();
        let mut sink = LoggedSink::new(&run, &mut kept);
        assert!(!sink.wants_previews());
        sink.send(started(0));
        for number in 1..=3 {
            let TrainEvent::Step(record) = step(number, 2.0) else {
                unreachable!()
            };
            log.0.push(&record).expect("written");
            sink.send(TrainEvent::Step(record));
        }
        let TrainEvent::EpochEnded(record) = epoch(2) else {
            unreachable!()
        };
        log.1.push(&record).expect("written");
    }
    let text = || fs::read_to_string(run.path().join(TABLE)).expect("a table");
    assert_eq!(text().lines().count(), 1 + 3);
    assert!(text().starts_with("run,name,kind,"));
    // The last step was in no checkpoint.
    let mut kept = Kept::default();
    let mut sink = LoggedSink::new(&run, &mut kept);
    sink.send(started(2));
    sink.send(step(3, 7.0));
    let lines: Vec<String> = text().lines().skip(1).map(str::to_owned).collect();
    let kinds: Vec<&str> = lines
        .iter()
        .filter_map(|line| line.split(',').nth(2))
        .collect();
    assert_eq!(kinds, ["step", "step", "epoch", "step"]);
    let [name, numbers] = [" on ", ",step,3,1,7,0.5,"].map(|part| lines[3].contains(part));
    assert!(name && numbers, "{}", lines[3]);
}

#[test]
fn a_copy_that_cannot_be_written_ends_no_run() {
    let dir = tempfile::tempdir().expect("a folder");
    let wanted = ExtraLogs {
        tensorboard: true,
        csv: true,
    };
    let run = run_folder(&dir, wanted);
    // Files where folders should be, and the other way around.
    fs::write(run.path().join(TENSORBOARD), "in the way").expect("a file");
    fs::create_dir(run.path().join(TABLE)).expect("a folder");
    let mut kept = Kept::default();
    let mut sink = LoggedSink::new(&run, &mut kept);
    sink.send(started(0));
    sink.send(step(1, 2.0));
    let warnings: Vec<&String> = kept
        .events
        .iter()
        .filter_map(|event| match event {
            TrainEvent::Warning(text) => Some(text),
            _ => None,
        })
        .collect();
    assert_eq!(warnings.len(), 2);
    assert!(warnings[0].contains("tensorboard") && warnings[1].contains("history.csv"));
    assert!(matches!(kept.events.last(), Some(TrainEvent::Step(_))));
}
