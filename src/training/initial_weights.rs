//! The weights that a run starts with.

use std::path::Path;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor};

use super::checkpoint::RunFolder;
use super::config::{InitialWeights, RunConfig};
use super::error::TrainError;
use super::external_weights::tell_choice;
use crate::model::weights::{LoadPlan, Purpose, WeightsFile, WeightsLayout, WeightsRowState};
use crate::model::{Network, NetworkConfig};

/// The weights that a run starts with, from a file or from another run: opened, or read already.
#[derive(Debug, Clone)]
pub struct InitialTensors {
    file: WeightsFile,
    layout: WeightsLayout,
}

impl InitialTensors {
    /// The weights that a run in `folder` starts with, beside which the run lies that it may start
    /// from; `None` where they are drawn.
    ///
    /// # Errors
    /// When they cannot be read.
    pub(super) fn open(
        config: &RunConfig,
        folder: &RunFolder,
        device: &Device,
    ) -> Result<Option<Self>, TrainError> {
        let file = match &config.init {
            InitialWeights::Random => return Ok(None),
            InitialWeights::File(path) => {
                let file = WeightsFile::open(path)?;
                tell_choice(&file);
                file
            }
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
                WeightsFile::from_network(parent.path(), &weights, &parent_config)
            }
        };
        let layout = WeightsLayout::of(&file)?;
        Ok(Some(Self { file, layout }))
    }

    /// Those that were read already, else those of [`open`](Self::open).
    ///
    /// # Errors
    /// When they cannot be read.
    pub(super) fn given_or_opened(
        given: Option<Self>,
        config: &RunConfig,
        folder: &RunFolder,
        device: &Device,
    ) -> Result<Option<Self>, TrainError> {
        match given {
            Some(given) => Ok(Some(given)),
            None => Self::open(config, folder, device),
        }
    }

    /// Reads the weights that a run among `runs` is to start with, before it has a folder; `None`
    /// where they are drawn. What is drawn beside them is left out.
    ///
    /// # Errors
    /// When they cannot be read, are those of another network or are no numbers.
    pub fn read(
        config: &RunConfig,
        num_classes: usize,
        runs: &Path,
    ) -> Result<Option<Self>, TrainError> {
        // Any folder beside the one that it may start from.
        let folder = RunFolder::at(runs.join("new"));
        let device = Device::flex();
        let Some(opened) = Self::open(config, &folder, &device)? else {
            return Ok(None);
        };
        let target = config.network(num_classes);
        let (network, drawn) = opened.fill(target.init(&device), &target)?;
        let file = WeightsFile::from_network(opened.file.path(), &network, &target);
        let layout = WeightsLayout::of(&file)?;
        let file = file.without(&drawn);
        Ok(Some(Self { file, layout }))
    }

    /// The network with these weights in it, and the names of its layers that have none here.
    fn fill(
        &self,
        network: Network,
        target: &NetworkConfig,
    ) -> Result<(Network, Vec<String>), TrainError> {
        let plan = LoadPlan::new(
            &self.file,
            self.layout,
            &network,
            target,
            Purpose::Initialize,
        )?;
        let mut drawn = Vec::new();
        for row in &plan.rows {
            match &row.state {
                WeightsRowState::Initialized { reason } => {
                    log::info!("{} keeps its initialization: {reason}", row.name);
                    drawn.push(row.name.clone());
                }
                WeightsRowState::Skipped { reason } => {
                    log::info!("{} is skipped: {reason}", row.name);
                }
                WeightsRowState::Loaded | WeightsRowState::Reshaped { .. } => {}
            }
        }
        Ok((plan.apply(&self.file, network)?, drawn))
    }
}

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
    let initial = InitialTensors::open(config, folder, device)?;
    device.seed(config.seed);
    let network = config.network(num_classes).init(device);
    initialize(network, config, num_classes, initial.as_ref())
}

/// The network that a run starts with: `network` is fresh.
///
/// Weights that no file gives are drawn here, from the seed that the device was given last. Burn
/// draws each at its first use, and what else is drawn before that (dropout) would change them.
pub(super) fn initialize(
    network: Network,
    config: &RunConfig,
    num_classes: usize,
    initial: Option<&InitialTensors>,
) -> Result<Network, TrainError> {
    let network = match initial {
        Some(initial) => initial.fill(network, &config.network(num_classes))?.0,
        None => network,
    };
    network.visit(&mut Draw);
    Ok(network)
}

struct Draw;

impl ModuleVisitor for Draw {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        param.val();
    }
}
