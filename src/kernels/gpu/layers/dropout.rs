//! Dropout, whose masks depend on random numbers of the device.

use std::cell::RefCell;
use std::marker::PhantomData;

use burn::backend::Cube;
use burn::nn::Dropout;
use burn::tensor::{Device, Distribution, Tensor};

use super::super::ops::GpuOps;
use super::Values;
use super::maps::is_countable;
use crate::kernels::autodiff::{BackwardPass, Operand, apply};

/// Random numbers of a dropout.
const OF_EACH: usize = 2;
/// Dropouts that are drawn for at a time. A draw is a kernel with arguments of its own, which are
/// uploaded; no network has as many.
const DROPOUTS: usize = 8;

thread_local! {
    static ENTERED: RefCell<Sharing> = const { RefCell::new(Sharing::No) };
}

/// Whether dropouts of a thread share what they draw, and what is left of it.
#[expect(clippy::large_enum_variant, reason = "there is one in a thread")]
enum Sharing {
    No,
    Nothing,
    Some(Drawn),
}

/// Random numbers that are on a device, for the next dropouts.
struct Drawn {
    device: Device,
    seeds: Values,
    used: usize,
}

impl Drawn {
    fn new(device: Device) -> Option<Self> {
        let shape = [OF_EACH * DROPOUTS];
        let seeds = Tensor::<1>::random(shape, Distribution::Uniform(0.0, 1.0), &device);
        let seeds = Operand::<Cube>::new(seeds)?.into_values();
        Some(Self {
            device,
            seeds,
            used: 0,
        })
    }

    /// The numbers, and which of them the next dropout has.
    fn next(&mut self) -> Option<(Values, usize)> {
        let nth = self.used;
        self.used += 1;
        (nth < DROPOUTS).then(|| (self.seeds.clone(), OF_EACH * nth))
    }
}

/// While it lives, dropouts of this thread share the random numbers that they draw.
#[must_use = "dropouts share their draws while the guard lives"]
pub struct SharedDraws {
    previous: Option<Sharing>,
    /// Not `Send`: it must be dropped where it was made.
    on_this_thread: PhantomData<*const ()>,
}

impl SharedDraws {
    pub fn enter() -> Self {
        Self {
            previous: Some(ENTERED.replace(Sharing::Nothing)),
            on_this_thread: PhantomData,
        }
    }
}

impl Drop for SharedDraws {
    fn drop(&mut self) {
        ENTERED.set(self.previous.take().unwrap_or(Sharing::No));
    }
}

/// What the next dropout on a device without autodiff has.
fn draw(device: Device) -> Option<(Values, usize)> {
    ENTERED.with_borrow_mut(|entered| {
        match entered {
            Sharing::No => return Drawn::new(device)?.next(),
            Sharing::Some(drawn) if drawn.device == device => {
                if let Some(next) = drawn.next() {
                    return Some(next);
                }
            }
            Sharing::Some(_) | Sharing::Nothing => {}
        }
        let mut drawn = Drawn::new(device)?;
        let next = drawn.next();
        *entered = Sharing::Some(drawn);
        next
    })
}

/// Dropout of a training step; what it drops depends on the device's seed alone.
pub(crate) fn dropout(layer: &Dropout, input: &Tensor<4>) -> Option<Tensor<4>> {
    let device = input.device();
    let drops = layer.training.is_enabled() && device.is_autodiff() && layer.prob > 0.0;
    if !drops || !is_countable(input) {
        return None;
    }
    let input = Operand::<Cube>::new(input.clone())?;
    let (seeds, first) = draw(device.inner())?;
    let keep = (1.0 - layer.prob) as f32;
    apply([input], |[input], _| {
        let output = Cube::dropped(input, seeds.clone(), first, keep);
        (output, DropoutPass { seeds, first, keep })
    })
}

#[derive(Debug, Clone)]
struct DropoutPass {
    seeds: Values,
    first: usize,
    keep: f32,
}

impl BackwardPass<1, Cube> for DropoutPass {
    fn backward(self, gradient: Values, [wanted]: [bool; 1]) -> [Option<Values>; 1] {
        let Self { seeds, first, keep } = self;
        [wanted.then(|| Cube::dropped(gradient, seeds, first, keep))]
    }
}
