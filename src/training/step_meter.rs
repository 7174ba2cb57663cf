//! Tells how far the steps of the loop are.

use std::collections::HashMap;
use std::time::Instant;

use super::config::RunConfig;
use super::control::Control;
use super::step_progress::{Doing, StepInHand};
use crate::model::{NetworkConfig, StepCost};

/// Tells a [`Control`] how far steps are.
pub(super) struct StepMeter {
    network: NetworkConfig,
    recompute_activations: bool,
    /// Of one image of `[height, width]`. Whole images have many sizes.
    costs: HashMap<[usize; 2], StepCost>,
    in_hand: StepInHand,
}

impl StepMeter {
    pub fn new(config: &RunConfig, num_classes: usize) -> Self {
        Self {
            network: config.network(num_classes),
            recompute_activations: config.recompute_activations,
            costs: HashMap::new(),
            in_hand: StepInHand {
                step: 0,
                since: Instant::now(),
                batches_done: 0,
                batches: config.learning.accumulation,
                batch_size: config.batch_size,
                doing: Doing::Loading,
            },
        }
    }

    /// Step `step` begins; it waits for its first batch.
    pub fn begin(&mut self, step: usize, control: &Control) {
        self.in_hand.step = step;
        self.in_hand.since = Instant::now();
        self.in_hand.batches_done = 0;
        self.tell(Doing::Loading, control);
    }

    /// A batch of images of `[height, width]` is there.
    pub fn compute(&mut self, batch_size: usize, size: [usize; 2], control: &Control) {
        let (network, recompute) = (&self.network, self.recompute_activations);
        let image = *self
            .costs
            .entry(size)
            .or_insert_with(|| network.step_cost(size, recompute));
        let doing = Doing::Computing {
            start: control.multiply_adds(),
            cost: image.times(batch_size),
        };
        self.tell(doing, control);
    }

    /// The gradients of a batch are there; the next one is waited for.
    pub fn batch_done(&mut self, control: &Control) {
        self.in_hand.batches_done += 1;
        self.tell(Doing::Loading, control);
    }

    /// All gradients are there.
    pub fn update(&mut self, control: &Control) {
        self.tell(Doing::Updating, control);
    }

    fn tell(&mut self, doing: Doing, control: &Control) {
        self.in_hand.doing = doing;
        control.set_step(Some(self.in_hand.clone()));
    }
}
