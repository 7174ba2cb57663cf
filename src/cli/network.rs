//! Which network `train` builds, and its initial weights.

use clap::ValueEnum;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::values::one_of;
use crate::engine::{
    Geometry, Normalization, RunConfig, StartingPoint, Trunk, Variant, network_preset,
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
    /// The settings of the network, with what they take over from `start` where nothing else was
    /// asked for.
    ///
    /// # Errors
    /// When a trunk was asked for that is not that of `start`.
    pub fn base(&self, start: Option<&StartingPoint>) -> Result<RunConfig, String> {
        if let (Some(start), Some(trunk)) = (start, self.trunk) {
            start.check_trunk(trunk).map_err(|err| err.to_string())?;
        }
        let wanted = match self.plan {
            Some(PlanArg::AtOnce) => Some(Variant::Fcn8sAtOnce),
            _ => self.variant,
        };
        let variant = wanted.or(start.and_then(StartingPoint::variant));
        let trunk = self.trunk.or(start.map(|start| start.config.trunk));
        let mut config = network_preset(variant, trunk);
        if let Some(start) = start {
            config.start_from(start);
        }
        // What was asked for stays, for the validation to judge.
        config.variant = wanted.unwrap_or(config.variant);
        config.geometry = self.geometry.unwrap_or(config.geometry);
        if let Some(input) = &self.input {
            config.normalization = input.clone();
        }
        config.aux_head = self.aux_head;
        Ok(config)
    }
}
