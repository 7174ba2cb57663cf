//! Steps of gradient descent of several weights in one launch. Weights have buffers of their own, and
//! small ones have fewer values than a launch is worth.

#![expect(
    clippy::large_enum_variant,
    reason = "most slots are filled; and the derived types are copies of them"
)]

#[cfg(feature = "fusion")]
use burn::backend::fusion::custom::TensorSpec;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, ExtensionType};
use burn_cubecl::CubeBackend;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::launch::grid;
use super::sgd::owned;
use crate::kernels::sgd_factors::SgdStep;

const UNITS: usize = 256;
/// Weights of a group, at most: operations in Burn's queue have a fixed number of results.
pub(super) const MOST: usize = 8;
/// Buffers of a weight: its own, the velocity's and the gradient's.
const BUFFERS: usize = 3;
// With 256 bytes of push constants, which cards' drivers have, the addresses of a group and of its sizes
// need no upload.
const _: () = assert!((MOST * BUFFERS + 1) * size_of::<u64>() <= 256);

/// Weights that one launch takes on a device which binds so many buffers to a kernel; one of them has
/// the sizes.
pub(super) fn group_size(max_bindings: usize) -> usize {
    (max_bindings.saturating_sub(1) / BUFFERS).clamp(1, MOST)
}

/// A weight before its step, or none.
#[derive(ExtensionType)]
#[extension_type(fusion: cfg(feature = "fusion"))]
pub(super) enum SgdSlot<B: Backend> {
    Weight {
        weight: FloatTensor<B>,
        velocity: FloatTensor<B>,
        gradient: FloatTensor<B>,
    },
    Empty,
}

/// A weight and its velocity behind its step, or none.
#[derive(ExtensionType)]
#[extension_type(fusion: cfg(feature = "fusion"))]
pub(super) enum SgdResult<B: Backend> {
    Weight {
        weight: FloatTensor<B>,
        velocity: FloatTensor<B>,
    },
    Empty,
}

/// [`MOST`] slots, filled from the first on.
#[derive(ExtensionType)]
#[extension_type(fusion: cfg(feature = "fusion"))]
pub(super) struct SgdGroup<B: Backend> {
    #[extension_type]
    a: SgdSlot<B>,
    #[extension_type]
    b: SgdSlot<B>,
    #[extension_type]
    c: SgdSlot<B>,
    #[extension_type]
    d: SgdSlot<B>,
    #[extension_type]
    e: SgdSlot<B>,
    #[extension_type]
    f: SgdSlot<B>,
    #[extension_type]
    g: SgdSlot<B>,
    #[extension_type]
    h: SgdSlot<B>,
}

/// The results of a group.
#[derive(ExtensionType)]
#[extension_type(fusion: cfg(feature = "fusion"))]
pub(super) struct SgdStepped<B: Backend> {
    #[extension_type]
    a: SgdResult<B>,
    #[extension_type]
    b: SgdResult<B>,
    #[extension_type]
    c: SgdResult<B>,
    #[extension_type]
    d: SgdResult<B>,
    #[extension_type]
    e: SgdResult<B>,
    #[extension_type]
    f: SgdResult<B>,
    #[extension_type]
    g: SgdResult<B>,
    #[extension_type]
    h: SgdResult<B>,
}

/// The groups' structures: a value for each of their fields, in order.
macro_rules! filled {
    ($group:ident, $next:expr) => {
        $group {
            a: $next,
            b: $next,
            c: $next,
            d: $next,
            e: $next,
            f: $next,
            g: $next,
            h: $next,
        }
    };
}

impl<B: Backend> SgdGroup<B> {
    /// The first [`MOST`] of the slots.
    pub fn of(slots: impl IntoIterator<Item = SgdSlot<B>>) -> Self {
        let mut slots = slots.into_iter();
        filled!(Self, slots.next().unwrap_or(SgdSlot::Empty))
    }

    fn slots(self) -> [SgdSlot<B>; MOST] {
        [
            self.a, self.b, self.c, self.d, self.e, self.f, self.g, self.h,
        ]
    }
}

impl<B: Backend> SgdStepped<B> {
    fn of(results: impl IntoIterator<Item = SgdResult<B>>) -> Self {
        let mut results = results.into_iter();
        filled!(Self, results.next().unwrap_or(SgdResult::Empty))
    }

    /// Weights and velocities, as many as there were.
    pub fn pairs(self) -> impl Iterator<Item = (FloatTensor<B>, FloatTensor<B>)> {
        let results = [
            self.a, self.b, self.c, self.d, self.e, self.f, self.g, self.h,
        ];
        results.into_iter().filter_map(|result| match result {
            SgdResult::Weight { weight, velocity } => Some((weight, velocity)),
            SgdResult::Empty => None,
        })
    }
}

/// Shapes of the results, which are those of the weights.
#[cfg(feature = "fusion")]
pub(super) fn stepped(group: &SgdGroupMetadata) -> SgdSteppedMetadata {
    let result = |slot: &SgdSlotMetadata| match slot {
        SgdSlotMetadata::Weight { weight, .. } => SgdResultMetadata::Weight {
            weight: TensorSpec::clone(weight),
            velocity: TensorSpec::clone(weight),
        },
        SgdSlotMetadata::Empty => SgdResultMetadata::Empty,
    };
    let mut slots = [
        &group.a, &group.b, &group.c, &group.d, &group.e, &group.f, &group.g, &group.h,
    ]
    .into_iter();
    filled!(
        SgdSteppedMetadata,
        slots.next().map_or(SgdResultMetadata::Empty, result)
    )
}

/// Cubes of a weight follow those of the one before.
#[cube(launch)]
fn moving_group(
    mut weights: Sequence<Box<[f32]>>,
    mut velocities: Sequence<Box<[f32]>>,
    gradients: Sequence<Box<[f32]>>,
    lengths: Sequence<usize>,
    gradient_scales: Sequence<f32>,
    weight_decays: Sequence<f32>,
    momenta: Sequence<f32>,
    learning_rates: Sequence<f32>,
    #[comptime] number: usize,
) {
    let cube = CUBE_POS_Y as usize * CUBE_COUNT_X as usize + CUBE_POS_X as usize;
    let mut first = 0usize.runtime();
    #[unroll]
    for n in 0..number {
        let length = lengths[n];
        let cubes = length.div_ceil(UNITS);
        if cube >= first && cube < first + cubes {
            let index = (cube - first) * UNITS + UNIT_POS as usize;
            if index < length {
                let weight = weights.index_mut(n);
                let velocity = velocities.index_mut(n);
                let gradient = gradients.index(n);
                let old = weight[index];
                let change = gradient_scales[n] * gradient[index] + weight_decays[n] * old;
                let speed = momenta[n] * velocity[index] + change;
                velocity[index] = speed;
                weight[index] = old - learning_rates[n] * speed;
            }
        }
        first += cubes;
    }
}

/// Weights and velocities after a step each.
///
/// # Shapes
/// - of each slot: weight, velocity, gradient, results: any, all the same
pub(super) fn steps(group: SgdGroup<CubeBackend>, steps: &[SgdStep]) -> SgdStepped<CubeBackend> {
    let mut weights: Vec<CubeTensor> = Vec::new();
    let mut velocities: Vec<CubeTensor> = Vec::new();
    let mut gradients = SequenceArg::new();
    for slot in group.slots() {
        if let SgdSlot::Weight {
            weight,
            velocity,
            gradient,
        } = slot
        {
            weights.push(owned(weight));
            velocities.push(owned(velocity));
            gradients.push(into_contiguous(gradient).into_buffer_arg());
        }
    }
    let Some(client) = weights.first().map(|weight| weight.client.clone()) else {
        return SgdStepped::of([]);
    };
    let buffers = |tensors: &[CubeTensor]| {
        let tensors = tensors.iter().cloned();
        tensors.map(CubeTensor::into_buffer_arg).collect()
    };
    let lengths: Vec<usize> = weights
        .iter()
        .map(|weight| weight.meta.num_elements())
        .collect();
    let cubes = lengths.iter().map(|length| length.div_ceil(UNITS)).sum();
    let each = |of: fn(&SgdStep) -> f32| steps.iter().map(of).collect();
    moving_group::launch(
        &client,
        grid(cubes, 1),
        CubeDim::new_1d(UNITS as u32),
        buffers(&weights),
        buffers(&velocities),
        gradients,
        lengths.into_iter().collect(),
        each(|step| step.gradient_scale),
        each(|step| step.weight_decay),
        each(|step| step.momentum),
        each(|step| step.learning_rate),
        weights.len(),
    );
    let pairs = weights.into_iter().zip(velocities);
    SgdStepped::of(pairs.map(|(weight, velocity)| SgdResult::Weight { weight, velocity }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_what_a_device_binds_to_a_kernel() {
        // What WebGPU promises, less the buffer that wgpu takes for itself; and what cards have.
        assert_eq!(group_size(7), 2);
        assert_eq!(group_size(8), 2);
        assert_eq!(group_size(24), 7);
        assert_eq!(group_size(1 << 20), 8);
        assert_eq!(group_size(0), 1);
    }
}
