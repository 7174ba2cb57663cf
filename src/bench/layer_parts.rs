//! The parts of a training step that are measured one by one.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

use super::case::{NUM_CLASSES, config_of};
use super::device_calls::DeviceCalls;
use crate::dataset::Size;
use crate::model::{ComputedBy, LayerKind, LayerShape, NetworkConfig, Trunk, Variant};
use crate::training::{DeviceId, Precision};

/// What is measured, layer by layer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayersJob {
    pub trunk: Trunk,
    pub variant: Variant,
    pub size: Size,
    pub batch_size: usize,
    pub device: DeviceId,
    /// Of the steps and their layers.
    pub precision: Precision,
    /// What is measured of them; none = all.
    pub passes: Vec<Pass>,
    /// Seconds that one part may take, its first use included.
    pub seconds: u64,
}

/// A pass of a layer, or a part of a step that is no layer.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    VariantArray,
    IntoStaticStr,
    EnumString,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Pass {
    Forward,
    DataGradient,
    WeightGradient,
    LossForward,
    LossGradient,
    /// The update of all weights at once.
    Optimizer,
    /// All of it, as training does it.
    Step,
}

impl Pass {
    /// As it is written in a table.
    pub fn label(self) -> &'static str {
        match self {
            Self::Forward => "forward",
            Self::DataGradient => "data gradient",
            Self::WeightGradient => "weight gradient",
            Self::LossForward => "loss",
            Self::LossGradient => "loss gradient",
            Self::Optimizer => "optimizer",
            Self::Step => "whole step",
        }
    }
}

/// What is measured at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    /// `None` for what is no layer.
    pub layer: Option<LayerShape>,
    pub pass: Pass,
    /// How many layers of the network are the same.
    pub count: usize,
}

/// A part that was measured, or was not done in time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LayerResult {
    /// The layer in words: `3x3, 64 to 128, 112x112`.
    pub layer: String,
    pub pass: Pass,
    /// How many layers of the network are the same; times are of one.
    pub count: usize,
    /// Milliseconds of the first use: kernels are generated, compiled and, by Burn, tuned.
    pub first_ms: Option<f64>,
    /// Milliseconds of a later use, the middle of `rounds`.
    pub later_ms: Option<f64>,
    pub rounds: usize,
    /// Floating point operations of one call, in billions.
    pub gflop: f64,
    /// Trillions of operations a second, in later use.
    pub tflop_per_sec: Option<f64>,
    /// Billions of bytes that a call reads and writes at least.
    pub gbyte: f64,
    /// Of these a second, in later use.
    pub gbyte_per_sec: Option<f64>,
    /// What computes it.
    pub route: String,
    /// Milliseconds of the first use that Burn's tuner took on a GPU: 0 where it was asked for nothing,
    /// else what generating, compiling and a later use do not account for.
    #[serde(default)]
    pub tuning_ms: Option<f64>,
    /// What the first use asked of a GPU.
    pub first_calls: Option<DeviceCalls>,
    /// What a later use asks of a GPU.
    pub calls: Option<DeviceCalls>,
    /// Why there is no time.
    pub problem: Option<String>,
}

impl LayersJob {
    pub(super) fn network(&self) -> NetworkConfig {
        config_of(self.trunk, self.variant).network(NUM_CLASSES)
    }

    /// Every layer of the network once, with the passes of training, then the rest of a step.
    pub(super) fn parts(&self) -> Vec<Part> {
        let size = [self.size.height as usize, self.size.width as usize];
        let layers = self.network().layers(self.batch_size, size);
        let mut parts: Vec<Part> = Vec::new();
        for (nth, layer) in layers.iter().enumerate() {
            let passes: &[Pass] = match layer.kind {
                // A normalization's gradients are one part: they are computed together.
                LayerKind::Pooling
                | LayerKind::Normalization
                | LayerKind::Sum
                | LayerKind::Dropout
                | LayerKind::Interpolation => &[Pass::Forward, Pass::DataGradient],
                // Images get no gradient.
                LayerKind::Convolution if nth == 0 => &[Pass::Forward, Pass::WeightGradient],
                _ => &[Pass::Forward, Pass::DataGradient, Pass::WeightGradient],
            };
            for &pass in passes {
                let same = |part: &&mut Part| part.layer == Some(*layer) && part.pass == pass;
                match parts.iter_mut().find(same) {
                    Some(part) => part.count += 1,
                    None => parts.push(Part {
                        layer: Some(*layer),
                        pass,
                        count: 1,
                    }),
                }
            }
        }
        let rest = [
            Pass::LossForward,
            Pass::LossGradient,
            Pass::Optimizer,
            Pass::Step,
        ];
        parts.extend(rest.map(|pass| Part {
            layer: None,
            pass,
            count: 1,
        }));
        if !self.passes.is_empty() {
            parts.retain(|part| self.passes.contains(&part.pass));
        }
        parts
    }

    /// A result without times.
    pub(super) fn unmeasured(&self, part: &Part) -> LayerResult {
        let values = |layer: &LayerShape| layer.inputs() + layer.outputs() + layer.weights();
        let pixels = self.batch_size * (self.size.width * self.size.height) as usize;
        let size = [self.size.height as usize, self.size.width as usize];
        let network = self.network();
        let memory = network.training_memory(1, size, false, ComputedBy::Processor);
        let weights = memory.trained as usize / 4;
        let (multiply_adds, values) = match (&part.layer, part.pass) {
            (Some(layer), _) => (layer.multiply_adds(), values(layer)),
            (None, Pass::LossForward) => (0, pixels * NUM_CLASSES),
            (None, Pass::LossGradient) => (0, 2 * pixels * NUM_CLASSES),
            // Reads three and writes two.
            (None, Pass::Optimizer) => (0, 5 * weights),
            (None, _) => {
                let cost = self.network().step_cost(size, false);
                (cost.times(self.batch_size).total(), 0)
            }
        };
        LayerResult {
            layer: describe(part, self),
            pass: part.pass,
            count: part.count,
            first_ms: None,
            later_ms: None,
            rounds: 0,
            gflop: 2.0 * multiply_adds as f64 / 1e9,
            tflop_per_sec: None,
            gbyte: (values * size_of::<f32>()) as f64 / 1e9,
            gbyte_per_sec: None,
            route: String::new(),
            tuning_ms: None,
            first_calls: None,
            calls: None,
            problem: None,
        }
    }
}

fn describe(part: &Part, job: &LayersJob) -> String {
    let size = |[height, width]: [usize; 2]| format!("{width}x{height}");
    match &part.layer {
        Some(layer) => {
            let [input, output] = layer.channels;
            let kernel = size(layer.kernel);
            let stride = match layer.stride {
                [1, 1] => String::new(),
                [stride, _] => format!(" stride {stride}"),
            };
            let relu = if layer.relu { " and ReLU" } else { "" };
            let kind = match layer.kind {
                LayerKind::Convolution => "",
                LayerKind::Upsampling => "up ",
                LayerKind::Pooling => "pool ",
                LayerKind::Normalization => {
                    return format!("batch norm{relu}, {input}, {}", size(layer.size));
                }
                LayerKind::Sum => return format!("sum{relu}, {input}, {}", size(layer.size)),
                LayerKind::Dropout => return format!("dropout, {input}, {}", size(layer.size)),
                LayerKind::Interpolation => {
                    let [from, to] = [layer.size, layer.size_out].map(size);
                    return format!("resize, {input}, {from} to {to}");
                }
            };
            format!(
                "{kind}{kernel}{stride}, {input} to {output}, {}",
                size(layer.size)
            )
        }
        None => format!("{}/{}/b{}", job.trunk.id(), job.size, job.batch_size),
    }
}
