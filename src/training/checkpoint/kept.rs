//! A run of the weights of one of the steps that another run still has.

use std::collections::HashSet;
use std::path::Path;

use burn::tensor::Device;

use super::folder::{RunFolder, RunMeta, list_runs};
use super::notes::RunNotes;
use crate::text::{TimeFormat, format_time};
use crate::training::error::TrainError;

/// Makes a finished run of the weights that `folder` has of a step.
///
/// # Errors
/// When they are not kept any more or damaged, or the new run cannot be written.
pub fn run_of_step(
    runs: &Path,
    folder: &RunFolder,
    step: usize,
    created: u64,
) -> Result<RunFolder, TrainError> {
    let meta = folder.meta()?;
    let network = meta.config.network(meta.classes.len());
    let network = folder.load_step(step, network.init(&Device::flex()))?;
    let name = format!("{}-step-{step}", folder.name());
    let title = title(runs, folder, meta.created, step);
    let made = RunFolder::create(runs, &name, &RunMeta { created, ..meta })?;
    made.save_imported(&network)?;
    made.set_notes(&RunNotes {
        name: title,
        note: format!("The weights of {} after step {step}", folder.name()),
        ..RunNotes::default()
    })?;
    Ok(made)
}

/// What the run of a step is called: what its own run is, which began at `start`, and the step. Where another run has
/// that name already, the start tells them apart, and where the same step is used again, a number.
fn title(runs: &Path, folder: &RunFolder, start: u64, step: usize) -> String {
    let notes = list_runs(runs).into_iter().map(|run| run.notes());
    let taken: HashSet<String> = notes.flatten().map(|notes| notes.name).collect();
    let own = folder.short_title();
    let dated = format!(
        "{own}, {}, step {step}",
        format_time(start, TimeFormat::Seconds)
    );
    let first = [format!("{own}, step {step}"), dated.clone()];
    let numbered = (2_usize..).map(|number| format!("{dated} ({number})"));
    let mut names = first.into_iter().chain(numbered);
    names.find(|name| !taken.contains(name)).unwrap_or(dated)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{ClassList, ImageReading};
    use crate::model::Trunk;
    use crate::training::preset;

    #[test]
    fn the_same_step_of_two_runs_has_two_names() {
        let runs = tempfile::tempdir().expect("a folder");
        let start = |name: &str, created: u64| {
            let meta = RunMeta {
                config: preset(Trunk::Vgg16Slim),
                classes: ClassList::numbered(2),
                images: ImageReading::default(),
                dataset_name: "camvid".to_owned(),
                created,
            };
            RunFolder::create(runs.path(), name, &meta).expect("a folder")
        };
        let (first, second) = (start("a", 1_795_442_701), start("b", 1_795_442_702));
        let names = [
            (&first, 1_795_442_701),
            (&second, 1_795_442_702),
            (&second, 1_795_442_702),
        ]
        .map(|(folder, created)| {
            let name = title(runs.path(), folder, created, 40);
            let notes = RunNotes {
                name: name.clone(),
                ..RunNotes::default()
            };
            start("made", 0).set_notes(&notes).expect("notes");
            name
        });
        assert_eq!(
            names,
            [
                "FCN-8s VGG16 slim on camvid, step 40",
                "FCN-8s VGG16 slim on camvid, 2026-11-23 14:05:02, step 40",
                "FCN-8s VGG16 slim on camvid, 2026-11-23 14:05:02, step 40 (2)",
            ]
        );
        assert_eq!(
            title(runs.path(), &first, 1_795_442_701, 41),
            "FCN-8s VGG16 slim on camvid, step 41"
        );
    }
}
