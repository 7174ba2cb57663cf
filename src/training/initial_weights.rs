//! The weights that a run starts with.

use std::path::Path;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor};

use super::checkpoint::RunFolder;
use super::config::{InitialWeights, RunConfig};
use super::error::TrainError;
use super::finite::check_finite;
use crate::model::Network;
use crate::model::weights::{LoadPlan, Purpose, WeightsFile, WeightsLayout, WeightsRowState};

/// A network with the weights that a run starts with; `folder` is the run's, beside which the run
/// lies that it may start from.
///
/// # Errors
/// When the weights cannot be read or are those of another network.
pub fn initial_network(
    config: &RunConfig,
    num_classes: usize,
    folder: &RunFolder,
    device: &Device,
) -> Result<Network, TrainError> {
    device.seed(config.seed);
    let network = config.network(num_classes).init(device);
    initialize(network, config, num_classes, folder, device)
}

/// Whether a run among `runs` can start with the weights that it is to start with, before it has a folder.
///
/// # Errors
/// When they cannot be read, are those of another network or are no numbers.
pub fn check_initial_weights(
    config: &RunConfig,
    num_classes: usize,
    runs: &Path,
) -> Result<(), TrainError> {
    if config.init == InitialWeights::Random {
        return Ok(());
    }
    // Any folder beside the one that it may start from.
    let folder = RunFolder::at(runs.join("new"));
    initial_network(config, num_classes, &folder, &Device::flex()).map(drop)
}

/// The network that a run starts with: `network` is fresh.
///
/// Weights that no file gives are drawn here, from the seed that the device was given last. Burn
/// draws each at its first use, and what else is drawn before that (dropout) would change them.
pub(super) fn initialize(
    network: Network,
    config: &RunConfig,
    num_classes: usize,
    folder: &RunFolder,
    device: &Device,
) -> Result<Network, TrainError> {
    let network = load_init(network, config, num_classes, folder, device)?;
    network.visit(&mut Draw);
    Ok(network)
}

struct Draw;

impl ModuleVisitor for Draw {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        param.val();
    }
}

fn load_init(
    network: Network,
    config: &RunConfig,
    num_classes: usize,
    folder: &RunFolder,
    device: &Device,
) -> Result<Network, TrainError> {
    let target = config.network(num_classes);
    let (path, file) = match &config.init {
        InitialWeights::Random => return Ok(network),
        InitialWeights::File(path) => (path.clone(), WeightsFile::open(path)?),
        InitialWeights::Run(name) => {
            let parent = folder.sibling(name);
            if !parent.path().is_dir() {
                return Err(TrainError::Unusable {
                    path: parent.path().to_path_buf(),
                    reason: "the run to start from is not there".to_owned(),
                    hint: "Start from another run, from a file or from random weights",
                });
            }
            let meta = parent.meta()?;
            let parent_config = meta.config.network(meta.classes.len());
            let (weights, _) = parent.load_best(parent_config.init(device))?;
            let file = WeightsFile::from_network(parent.path(), &weights, &parent_config);
            (parent.path().to_path_buf(), file)
        }
    };
    let layout = WeightsLayout::of(&file)?;
    let plan = LoadPlan::new(&file, layout, &network, &target, Purpose::Initialize)?;
    for row in &plan.rows {
        match &row.state {
            WeightsRowState::Initialized { reason } => {
                log::info!("{} keeps its initialization: {reason}", row.name);
            }
            WeightsRowState::Skipped { reason } => log::info!("{} is skipped: {reason}", row.name),
            WeightsRowState::Loaded | WeightsRowState::Reshaped { .. } => {}
        }
    }
    let network = plan.apply(&file, network)?;
    check_finite(&network, &path)?;
    Ok(network)
}
