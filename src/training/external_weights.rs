//! Weights files: what they hold, as networks to predict with, and as exports of runs.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::{Path, PathBuf};

use burn::tensor::Device;

use super::checkpoint::{RunFolder, RunMeta, SavedWeights};
use super::config::{InitialWeights, RunConfig};
use super::error::TrainError;
use super::preset::preset;
use crate::dataset::{BandChoice, ClassList, ImageReading, Normalization};
use crate::files::Output;
use crate::model::weights::{
    self, LoadPlan, Preprocessing, Purpose, WeightsFile, WeightsLayout, WeightsRow,
};
use crate::model::{Geometry, Network, Variant};

/// Key of our own header text: a [`RunMeta`] as JSON.
const META_KEY: &str = "fcn_workbench";

/// Classes of VOC, and of torchvision's segmentation weights.
const VOC_CLASSES: usize = 21;

/// A weights file, and what its content does not always say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WeightsChoice {
    /// The `.pth`, `.pt` or `.safetensors` file.
    pub path: PathBuf,
    /// The network; `None` = as the file's layers say ("at once" has those of FCN-8s).
    pub variant: Option<Variant>,
    /// Treatment of borders; `None` = what the file says, else the reference for networks of
    /// pytorch-fcn.
    pub geometry: Option<Geometry>,
    /// How images are read; what is not said is as the file says.
    pub images: BandChoice,
}

/// What a weights file holds.
#[derive(Debug, Clone)]
pub struct WeightsSummary {
    /// What the layers are; in words, the title of the file.
    pub layout: WeightsLayout,
    /// The settings of a run that starts from it, or predicts with it.
    pub config: RunConfig,
    /// Classes, where the file has score layers.
    pub classes: Option<ClassList>,
    /// Which weights were taken, in words, where the file holds several of one network.
    pub choice: Option<String>,
    /// What becomes of each layer in the network of `config`.
    pub rows: Vec<WeightsRow>,
}

impl WeightsChoice {
    /// A file of which nothing but its path is known.
    pub fn of(path: PathBuf) -> Self {
        Self {
            path,
            variant: None,
            geometry: None,
            images: BandChoice::default(),
        }
    }
}

impl WeightsSummary {
    /// Reads the names and shapes in a file; no weights are loaded.
    ///
    /// # Errors
    /// When it is no weights file, or of no network known here.
    pub fn read(choice: &WeightsChoice) -> Result<Self, TrainError> {
        let opened = Opened::new(choice)?;
        let num_classes = opened.classes.as_ref().map_or(VOC_CLASSES, ClassList::len);
        let network_config = opened.config.network(num_classes);
        let network = network_config.init(&Device::flex());
        let plan = LoadPlan::new(
            &opened.file,
            opened.layout,
            &network,
            &network_config,
            Purpose::Initialize,
        )?;
        Ok(Self {
            choice: opened.file.choice().map(str::to_owned),
            layout: opened.layout,
            config: opened.config,
            classes: opened.classes,
            rows: plan.rows,
        })
    }
}

/// A file with what is known about it.
struct Opened {
    file: WeightsFile,
    layout: WeightsLayout,
    config: RunConfig,
    classes: Option<ClassList>,
    images: ImageReading,
}

impl Opened {
    fn new(choice: &WeightsChoice) -> Result<Self, TrainError> {
        let file = WeightsFile::open(&choice.path)?;
        let layout = WeightsLayout::of(&file)?;
        let (mut config, classes, images) = match own_meta(&file)? {
            Some(meta) => (meta.config, Some(meta.classes), meta.images),
            None => (
                foreign_config(&choice.path, layout),
                foreign_classes(layout),
                ImageReading::default(),
            ),
        };
        config.variant = choice.variant.unwrap_or(config.variant);
        config.geometry = choice.geometry.unwrap_or(config.geometry);
        config.check_network()?;
        let images = choice
            .images
            .reading(&images)
            .map_err(|reason| TrainError::Unusable {
                path: choice.path.clone(),
                reason,
                hint: "Name other bands or another range",
            })?;
        Ok(Self {
            file,
            layout,
            config,
            classes,
            images,
        })
    }
}

/// What this program wrote into the header of a file; `None` = another program wrote it.
///
/// # Errors
/// When that cannot be read, or nothing can predict with it: whatever were assumed in its place would
/// give other masks.
fn own_meta(file: &WeightsFile) -> Result<Option<RunMeta>, TrainError> {
    let Some(text) = file.metadata(META_KEY) else {
        return Ok(None);
    };
    let damaged = |err: &dyn Display| TrainError::Unusable {
        path: file.path().to_path_buf(),
        reason: format!("the metadata `{META_KEY}` in its header is damaged ({err})"),
        hint: "Export the run again, or save the file without that entry to use it as one of another program",
    };
    let meta: RunMeta = serde_json::from_str(text).map_err(|err| damaged(&err))?;
    meta.config
        .check_prediction()
        .map_err(|err| damaged(&err))?;
    Ok(Some(meta))
}

/// The settings of a file that another program wrote.
fn foreign_config(path: &Path, layout: WeightsLayout) -> RunConfig {
    let name = path
        .file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let trunk = layout.trunk();
    let preset = preset(trunk);
    let is_network = matches!(layout, WeightsLayout::Segmentation { .. });
    // pytorch-fcn's networks, and the only one of AlexNet, are in Caffe's geometry.
    let reference = is_network && trunk.geometries().contains(&Geometry::Reference);
    RunConfig {
        variant: layout.usual_variant(),
        geometry: if reference {
            Geometry::Reference
        } else {
            preset.geometry
        },
        normalization: match layout.preprocessing(&name) {
            Preprocessing::Caffe => Normalization::CAFFE,
            Preprocessing::ImageNet => Normalization::IMAGENET,
            Preprocessing::Symmetric => Normalization::SYMMETRIC,
        },
        test_size: None,
        init: InitialWeights::File(path.to_path_buf()),
        ..preset
    }
}

fn foreign_classes(layout: WeightsLayout) -> Option<ClassList> {
    match layout {
        WeightsLayout::Segmentation {
            num_classes: VOC_CLASSES,
            ..
        } => Some(ClassList::voc()),
        WeightsLayout::Segmentation { num_classes, .. } => Some(ClassList::numbered(num_classes)),
        WeightsLayout::Classifier { .. } => None,
    }
}

/// Says which weights are taken of a file that holds several of one network.
pub(super) fn tell_choice(file: &WeightsFile) {
    if let Some(choice) = file.choice() {
        log::warn!("{}: {choice}", file.path().display());
    }
}

/// What the name of the dataset begins with in a run that was made of a weights file.
const WEIGHTS_OF: &str = "weights of ";

/// Whether what a run's folder says is the name of its dataset is that of a weights file: on what its weights were
/// trained is not known then.
pub fn names_weights_file(dataset_name: &str) -> bool {
    dataset_name.starts_with(WEIGHTS_OF)
}

/// A network from a file, with what a run's folder would say of it.
pub(super) fn load_file(
    choice: &WeightsChoice,
    device: &Device,
) -> Result<(Network, RunMeta), TrainError> {
    let Opened {
        file,
        layout,
        config,
        classes,
        images,
    } = Opened::new(choice)?;
    tell_choice(&file);
    let Some(classes) = classes else {
        return Err(TrainError::Unusable {
            path: choice.path.clone(),
            reason: format!("this is {layout}, which has no score layers"),
            hint: "Start a training from it, or choose weights of a segmentation network",
        });
    };
    let network_config = config.network(classes.len());
    let network = network_config.init(device);
    let plan = LoadPlan::new(&file, layout, &network, &network_config, Purpose::Predict)?;
    let network = plan.apply(&file, network)?;
    let dataset_name = format!("{WEIGHTS_OF}{}", choice.path.display());
    Ok((
        network,
        RunMeta {
            config,
            classes,
            images,
            dataset_name,
            created: 0,
        },
    ))
}

/// Writes weights of a run as one `.safetensors` file, under the names of the
/// reference code, with classes, colors, preprocessing and all settings in its header.
///
/// # Errors
/// When the run has no weights, the file cannot be written, or its name does not end in
/// `.safetensors`, from which other programs know the format.
pub fn export_run(
    folder: &RunFolder,
    which: SavedWeights,
    output: &Output,
) -> Result<(), TrainError> {
    let path = output.path();
    if !path
        .extension()
        .is_some_and(|end| end.eq_ignore_ascii_case("safetensors"))
    {
        return Err(TrainError::Unusable {
            path: path.to_path_buf(),
            reason: "the name does not end in .safetensors".to_owned(),
            hint: "Choose one that does: other programs know the format from the name",
        });
    }
    let meta = folder.meta()?;
    let config = meta.config.network(meta.classes.len());
    let (network, _) = folder.load_saved(which, config.init(&Device::flex()))?;
    let text = serde_json::to_string(&meta).map_err(|err| TrainError::write(path, err))?;
    let metadata = BTreeMap::from([
        (META_KEY.to_owned(), text),
        // What other programs look for.
        ("format".to_owned(), "pt".to_owned()),
    ]);
    Ok(weights::save(&network, &config, metadata, output)?)
}

/// Turns a weights file into a finished run, so that it can be used wherever a run can.
pub fn import_run(
    runs: &Path,
    name: &str,
    created: u64,
    choice: &WeightsChoice,
) -> Result<RunFolder, TrainError> {
    let (network, meta) = load_file(choice, &Device::flex())?;
    let folder = RunFolder::create(runs, name, &RunMeta { created, ..meta })?;
    folder.save_imported(&network)?;
    Ok(folder)
}
