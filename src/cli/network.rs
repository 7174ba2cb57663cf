//! Which network `train` builds, and its initial weights.

use std::path::Path;

use clap::ValueEnum;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::values::one_of;
use crate::engine::{
    Engine, Geometry, InitialWeights, Need, Normalization, RunConfig, Trunk, Variant,
    WeightsChoice, WeightsLayout, WeightsSummary, preset,
};

#[derive(Debug, clap::Args)]
#[group(id = "network", multiple = true)]
pub struct NetworkArgs {
    /// Network: the three strides of the papers, FCN-8s at once, or the two of torchvision
    /// [default: that of --init or --trunk, if possible fcn8s]
    #[arg(long, value_parser = one_of::<Variant>())]
    variant: Option<Variant>,
    /// Trunk of the network [default: that of --init, else vgg16-slim or the trunk of the network]
    #[arg(long, value_parser = one_of::<Trunk>())]
    trunk: Option<Trunk>,
    /// Border handling [default: that of --init, else padded if the trunk supports it]
    #[arg(long, value_parser = one_of::<Geometry>())]
    geometry: Option<Geometry>,
    /// Also train the auxiliary head of the torchvision networks
    #[arg(long)]
    aux_head: bool,
    /// Start from a .pth, .pt or .safetensors file, or from the best weights of a run
    #[arg(long, value_name = "FILE|RUN")]
    pub init: Option<String>,
    /// Normalization of the input: that of torchvision, Caffe (BGR), or -1 to 1
    /// [default: that of --init, else imagenet]
    #[arg(long, value_parser = inputs())]
    input: Option<Normalization>,
    /// `staged`: train FCN-32s, then 16s from its weights, then 8s from those;
    /// `at-once`: train FCN-8s at once
    #[arg(long, value_enum, conflicts_with = "variant")]
    pub plan: Option<PlanArg>,
}

/// How the three strides are trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PlanArg {
    Staged,
    AtOnce,
}

fn inputs() -> impl TypedValueParser<Value = Normalization> {
    PossibleValuesParser::new(Normalization::NAMED.map(|(name, _)| name)).try_map(|name| {
        let found = Normalization::NAMED
            .into_iter()
            .find(|(known, _)| *known == name);
        found
            .map(|(_, normalization)| normalization)
            .ok_or("not an input")
    })
}

impl NetworkArgs {
    /// Refuses a trunk other than that of `start`, before a run folder is made for it.
    pub fn check(&self, start: Option<&Start>) -> Result<(), String> {
        match (start, self.trunk) {
            (Some(Start { config, .. }), Some(trunk)) if config.trunk != trunk => Err(format!(
                "--trunk is {trunk}, but --init names weights of {}. Leave --trunk out, or name other weights",
                config.trunk
            )),
            _ => Ok(()),
        }
    }

    /// The preset of the network, with the trunk and the preprocessing of `start` where
    /// nothing else was said.
    pub fn base(&self, start: Option<&Start>) -> RunConfig {
        let wanted = if self.plan == Some(PlanArg::AtOnce) {
            Some(Variant::Fcn8sAtOnce)
        } else {
            self.variant
        };
        let own_trunk = start.map(|start| start.config.trunk);
        let trunk = self
            .trunk
            .or(own_trunk)
            .unwrap_or_else(|| usual_trunk(wanted.unwrap_or(Variant::Fcn8s)));
        let mut config = preset(trunk);
        let own = start
            .filter(|start| start.is_network)
            .map(|start| start.config.variant);
        config.variant = wanted.or(own).unwrap_or(config.variant);
        config.aux_head = self.aux_head;
        if let Some(start) = start {
            config.init = start.init.clone();
            config.normalization = start.config.normalization.clone();
            if start.is_network {
                config.geometry = start.config.geometry;
            }
        }
        if let Some(geometry) = self.geometry {
            config.geometry = geometry;
        }
        if let Some(input) = &self.input {
            config.normalization = input.clone();
        }
        config
    }
}

/// What training starts from.
pub struct Start {
    init: InitialWeights,
    /// The settings it was trained with.
    config: RunConfig,
    /// Whether it segments, so that its variant and geometry say something.
    is_network: bool,
}

impl Start {
    /// A file, or else a run.
    pub fn find(wanted: &str, engine: &Engine) -> Result<Self, String> {
        if Path::new(wanted).is_file() {
            let path = std::path::absolute(wanted)
                .map_err(|err| format!("{wanted}: {err}. Name another file"))?;
            let choice = WeightsChoice {
                path: path.clone(),
                variant: None,
                geometry: None,
            };
            let WeightsSummary { config, layout, .. } = engine.inspect_weights(choice).wait()?;
            let is_network = matches!(layout, WeightsLayout::Segmentation { .. });
            return Ok(Self {
                init: InitialWeights::File(path),
                config,
                is_network,
            });
        }
        let run = engine
            .find_run(wanted, Need::Weights)
            .map_err(|err| format!("{wanted}: there is no such file. As a run: {err}"))?;
        Ok(Self {
            init: InitialWeights::Run(run.name.clone()),
            config: run.config.clone(),
            is_network: true,
        })
    }
}

/// The narrow trunk, which a processor can train, where the network can be built on it.
fn usual_trunk(variant: Variant) -> Trunk {
    let trunks = variant.trunks();
    let slim = trunks
        .contains(&Trunk::Vgg16Slim)
        .then_some(Trunk::Vgg16Slim);
    slim.or(trunks.first().copied()).unwrap_or(Trunk::Vgg16)
}
