//! A run as a script for PyTorch: its network, recipe, images and what was drawn for them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use burn::tensor::Device;
use serde::Serialize;

use super::batch_files::{StepRange, counted_plan};
use super::checkpoint::{RunFolder, RunMeta};
use super::config::{InitialWeights, RunConfig};
use super::device::DeviceId;
use super::error::TrainError;
use super::initial_weights::initial_network;
use super::learning::Learning;
use super::precision::Precision;
use super::step_batches::StepBatches;
use crate::dataset::{BatchPlan, Change, Dataset, DrawnImage, Normalization};
use crate::files::{Existing, FileError, NewFolder, Outputs, write_npy_bytes};
use crate::model::weights;

/// The script, and the networks that it builds; the fixtures of the tests are made with them too.
const SCRIPTS: [(&str, &str); 2] = [
    ("reproduce.py", include_str!("reproduce.py")),
    ("fcn.py", include_str!("../../../tests/reference/fcn.py")),
];

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reproduction {
    /// The folder.
    pub folder: PathBuf,
    /// Steps that the script repeats.
    pub steps: usize,
    /// Images that it needs for them.
    pub images: usize,
    /// Why its losses can differ from those of the run, one sentence each.
    pub differs: Vec<String>,
}

/// What `run.json` says.
#[derive(Serialize)]
struct Content<'a> {
    program: &'static str,
    run: String,
    dataset: &'a str,
    network: NetworkEntry,
    normalization: &'a Normalization,
    learning: &'a Learning,
    class_weights: Option<Vec<f64>>,
    steps: Vec<StepEntry>,
}

#[derive(Serialize)]
struct NetworkEntry {
    trunk: &'static str,
    variant: &'static str,
    geometry: &'static str,
    classes: usize,
    dropout: f64,
    aux_head: bool,
    final_upsampling: &'static str,
}

#[derive(Serialize)]
struct StepEntry {
    step: usize,
    epoch: usize,
    learning_rate: f64,
    /// Of the run; `null` for steps that it did not come to.
    loss: Option<f64>,
    batches: Vec<Vec<Sample>>,
}

#[derive(Serialize)]
struct Sample {
    /// Its place in the training list, and the name of its files.
    item: usize,
    change: Change,
}

/// Writes what repeats the first `steps` steps of a run, or all, into the new folder `out`.
/// `goes_on` is told the share that is done, and says whether the rest is wanted.
///
/// # Errors
/// When something cannot be read or written, there is something at `out`, or the rest is not wanted.
pub fn write_reproduction(
    folder: &RunFolder,
    dataset: &Dataset,
    steps: Option<usize>,
    out: &Path,
    goes_on: &mut dyn FnMut(f32) -> bool,
) -> Result<Reproduction, TrainError> {
    let RunMeta {
        config, classes, ..
    } = folder.meta()?;
    config.check_classes(dataset.classes.len())?;
    if let Some(batches) = &config.batches {
        return Err(TrainError::Unusable {
            path: folder.path().to_owned(),
            reason: format!(
                "the run was trained on the batches in {}, of which no images and crops are known",
                batches.display()
            ),
            hint: "Train with these batches in PyTorch: they are NumPy arrays",
        });
    }
    let written = NewFolder::begin(out)?;
    let (plan, class_weights) = counted_plan(&config, dataset, goes_on)?;
    let range = StepRange {
        first: 1,
        count: steps,
    };
    let losses: BTreeMap<usize, f64> = folder
        .steps()
        .into_iter()
        .map(|record| (record.step, record.loss))
        .collect();
    let mut images = Images::default();
    let mut entries = Vec::new();
    let wanted = range.of(&config, &plan)?;
    for step in &wanted {
        if !goes_on(entries.len() as f32 / wanted.len() as f32) {
            return Err(TrainError::Stopped);
        }
        entries.push(entry(step, &plan, &losses, &mut images, &written)?);
    }
    write_initial(&config, classes.len(), folder, &written)?;
    let content = Content {
        program: concat!("FCN Workbench ", env!("CARGO_PKG_VERSION")),
        run: folder.name(),
        dataset: &dataset.name,
        network: NetworkEntry::new(&config, classes.len()),
        normalization: &config.normalization,
        learning: &config.learning,
        class_weights,
        steps: entries,
    };
    let text = serde_json::to_vec(&content).map_err(|err| TrainError::write(out, err))?;
    written.write("run.json", &text)?;
    for (name, text) in SCRIPTS {
        written.write(name, text.as_bytes())?;
    }
    Ok(Reproduction {
        folder: written.finish()?,
        steps: wanted.len(),
        images: images.written.len(),
        differs: differs(&config),
    })
}

impl NetworkEntry {
    fn new(config: &RunConfig, classes: usize) -> Self {
        Self {
            trunk: config.trunk.id(),
            variant: config.variant.id(),
            geometry: config.geometry.id(),
            classes,
            dropout: config.dropout,
            aux_head: config.aux_head,
            final_upsampling: config.final_upsampling.id(),
        }
    }
}

/// Why PyTorch's losses may be others.
fn differs(config: &RunConfig) -> Vec<String> {
    let mut reasons = Vec::new();
    if config.dropout > 0.0 {
        reasons.push(
            "The run has dropout, which PyTorch draws anew: the losses are alike, but not the same"
                .to_owned(),
        );
    }
    let augment = &config.augment;
    if augment.scale != [1.0, 1.0] {
        reasons.push(
            "Images are scaled at random, and PyTorch may round their pixels otherwise".to_owned(),
        );
    }
    let computed = [
        augment.rotation,
        augment.elastic,
        augment.saturation,
        augment.hue,
        augment.blur,
    ];
    if computed.iter().any(|amount| *amount > 0.0) {
        reasons.push(
            "Images are turned, bent, blurred or tinted at random, and NumPy may round some of their pixels otherwise"
                .to_owned(),
        );
    }
    if config.device != DeviceId::Cpu && config.init == InitialWeights::Random {
        reasons.push(
            "The run drew its initial weights on a GPU, and these are drawn on the processor"
                .to_owned(),
        );
    }
    if config.precision != Precision::F32 {
        reasons.push("The run did not multiply in f32, as the script does".to_owned());
    }
    reasons
}

fn entry(
    step: &StepBatches,
    plan: &BatchPlan,
    losses: &BTreeMap<usize, f64>,
    images: &mut Images,
    folder: &NewFolder,
) -> Result<StepEntry, TrainError> {
    let mut batches = Vec::new();
    for place in step.batches.clone() {
        let drawn = plan.drawn(step.epoch, place)?;
        for image in &drawn {
            images.write(image, folder)?;
        }
        let sample = |image: DrawnImage| Sample {
            item: image.place,
            change: image.change,
        };
        batches.push(drawn.into_iter().map(sample).collect());
    }
    Ok(StepEntry {
        step: step.step,
        epoch: step.epoch,
        learning_rate: step.learning_rate,
        loss: losses.get(&step.step).copied(),
        batches,
    })
}

/// The images that are written, each once.
#[derive(Default)]
struct Images {
    written: BTreeSet<usize>,
}

impl Images {
    fn write(&mut self, image: &DrawnImage, folder: &NewFolder) -> Result<(), FileError> {
        if !self.written.insert(image.place) {
            return Ok(());
        }
        let (rgb, labels) = &*image.pair;
        let [width, height] = [rgb.width as usize, rgb.height as usize];
        let name = |kind: &str| format!("{kind}/{:06}.npy", image.place);
        let (mut pixels, mut mask) = (Vec::new(), Vec::new());
        write_npy_bytes(&mut pixels, &[height, width, 3], &rgb.pixels)
            .and_then(|()| write_npy_bytes(&mut mask, &[height, width], &labels.labels))
            .map_err(FileError::write(&folder.path()))?;
        folder.write(&name("images"), &pixels)?;
        folder.write(&name("masks"), &mask)
    }
}

/// The weights before the first step.
fn write_initial(
    config: &RunConfig,
    classes: usize,
    run: &RunFolder,
    folder: &NewFolder,
) -> Result<(), TrainError> {
    let network = initial_network(config, classes, run, &Device::flex())?;
    let path = folder.path().join("initial.safetensors");
    let output = Outputs::new(Existing::Keep).claim(&path)?;
    let metadata = BTreeMap::from([("format".to_owned(), "pt".to_owned())]);
    Ok(weights::save(
        &network,
        &config.network(classes),
        metadata,
        &output,
    )?)
}
