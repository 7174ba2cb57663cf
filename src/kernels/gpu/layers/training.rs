//! The loss, the step of SGD, and what is asked of gradients and weights.

use burn::backend::tensor::IntTensor;
use burn::backend::{Cube, TensorMetadata as _};
use burn::tensor::{Int, Tensor, TensorData};

use super::super::cross_entropy::Pixels;
use super::super::ops::GpuOps;
use super::super::sgd_group::{SgdGroup, SgdSlot, group_size};
use super::Values;
use crate::kernels::autodiff::{BackwardPass, KernelBackend as _, Operand, apply};
use crate::kernels::sgd_factors::SgdStep;

/// As [`cross_entropy_sum`](crate::kernels::cross_entropy_sum), on a GPU.
pub(crate) fn cross_entropy_sum(logits: &Tensor<4>, labels: &[u8]) -> Option<Tensor<1>> {
    let [batch, classes, height, width] = logits.dims();
    let pixels = Pixels {
        batch,
        classes,
        area: height * width,
    };
    let operand = Operand::<Cube>::new(logits.clone())?;
    // Four labels to a word; what is no class is void.
    let words = labels.chunks(4).map(|labels| {
        let mut bytes = [u8::MAX; 4];
        bytes[..labels.len()].copy_from_slice(labels);
        i32::from_le_bytes(bytes)
    });
    let words: Vec<i32> = words.collect();
    let shape = [words.len()];
    let device = logits.device().inner();
    let labels = Tensor::<1, Int>::from_data(TensorData::new(words, shape), &device);
    let labels = labels.try_into_primitive::<Cube>().ok()?;
    apply([operand], |[logits], _| {
        let loss = Cube::loss_sum(logits.clone(), labels.clone(), pixels);
        let pass = LossPass {
            logits,
            labels,
            pixels,
        };
        (loss, pass)
    })
}

#[derive(Debug, Clone)]
struct LossPass {
    logits: Values,
    labels: IntTensor<Cube>,
    pixels: Pixels,
}

impl BackwardPass<1, Cube> for LossPass {
    fn backward(self, scale: Values, [wanted]: [bool; 1]) -> [Option<Values>; 1] {
        let Self {
            logits,
            labels,
            pixels,
        } = self;
        [wanted.then(|| Cube::loss_gradient(logits, labels, scale, pixels))]
    }
}

/// What a step of SGD works on. The kernel writes in place where nobody else has the values: drop
/// the tensors between [`of`](Self::of) and [`step`](Self::step).
pub(crate) struct SgdOperands {
    weight: Values,
    velocity: Option<Values>,
    gradient: Values,
}

impl SgdOperands {
    pub fn of<const D: usize>(
        weight: &Tensor<D>,
        velocity: Option<&Tensor<D>>,
        gradient: &Tensor<D>,
    ) -> Option<Self> {
        let values = |tensor: &Tensor<D>| {
            let outside = !tensor.device().is_autodiff();
            let operand = outside.then(|| Operand::<Cube>::new(tensor.clone()))?;
            operand.map(Operand::into_values)
        };
        let velocity = match velocity {
            Some(velocity) => Some(values(velocity)?),
            None => None,
        };
        Some(Self {
            weight: values(weight)?,
            velocity,
            gradient: values(gradient)?,
        })
    }

    /// Whether several of them can be stepped at once: those that have a velocity.
    pub fn can_be_grouped(&self) -> bool {
        self.velocity.is_some()
    }

    /// As [`sgd_step`](crate::kernels::sgd_step).
    pub fn step<const D: usize>(self, step: SgdStep) -> (Tensor<D>, Tensor<D>) {
        let Self {
            weight,
            velocity,
            gradient,
        } = self;
        let (weight, velocity) = match velocity {
            Some(velocity) => Cube::sgd_step(weight, velocity, gradient, step),
            None => Cube::sgd_first_step(weight, gradient, step),
        };
        (Cube::wrap(weight), Cube::wrap(velocity))
    }
}

/// What a weight and its velocity are after a step.
pub(crate) struct SgdOutcome {
    weight: Values,
    velocity: Values,
}

impl SgdOutcome {
    /// The weight and its velocity, whose number of dimensions is the caller's knowledge.
    pub fn into_tensors<const D: usize>(self) -> (Tensor<D>, Tensor<D>) {
        (Cube::wrap(self.weight), Cube::wrap(self.velocity))
    }
}

/// Steps of weights that [can be grouped](SgdOperands::can_be_grouped), as many to a launch as the device
/// binds buffers for.
pub(crate) fn sgd_steps(gathered: Vec<(SgdOperands, SgdStep)>) -> Vec<SgdOutcome> {
    let mut outcomes = Vec::with_capacity(gathered.len());
    let device = gathered
        .first()
        .map(|(operands, _)| operands.weight.device());
    let size = device.map_or(1, |device| {
        group_size(device.client().properties().hardware.max_bindings as usize)
    });
    let mut gathered = gathered.into_iter().peekable();
    while gathered.peek().is_some() {
        let mut steps = Vec::with_capacity(size);
        let slots = gathered.by_ref().take(size).filter_map(|(operands, step)| {
            steps.push(step);
            Some(SgdSlot::Weight {
                weight: operands.weight,
                velocity: operands.velocity?,
                gradient: operands.gradient,
            })
        });
        let group = SgdGroup::of(slots.collect::<Vec<_>>());
        let stepped = Cube::sgd_steps(group, steps);
        let pairs = stepped.pairs();
        outcomes.extend(pairs.map(|(weight, velocity)| SgdOutcome { weight, velocity }));
    }
    outcomes
}

/// The sum of all values.
///
/// # Shapes
/// - output: `[1]`
pub(crate) fn sum_on_device<const D: usize>(values: &Tensor<D>) -> Option<Tensor<1>> {
    total(values, false)
}

/// The sum of the squares of all values.
///
/// # Shapes
/// - output: `[1]`
pub(crate) fn squares_on_device<const D: usize>(values: &Tensor<D>) -> Option<Tensor<1>> {
    total(values, true)
}

fn total<const D: usize>(values: &Tensor<D>, squared: bool) -> Option<Tensor<1>> {
    let outside = !values.device().is_autodiff();
    let operand = outside.then(|| Operand::<Cube>::new(values.clone()))??;
    Some(Cube::wrap(Cube::total(operand.into_values(), squared)))
}
