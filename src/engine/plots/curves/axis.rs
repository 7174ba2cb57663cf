//! What is to the right: steps, epochs, or the time of training.

use serde::{Deserialize, Serialize};
use strum::VariantArray;

use crate::engine::{EpochRecord, StepRecord};

/// The quantity on the horizontal axis.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, VariantArray)]
#[serde(rename_all = "lowercase")]
pub enum Axis {
    /// Updates of the weights.
    #[default]
    Step,
    /// Passes over the training list, with their fractions.
    Epoch,
    /// Seconds of training, validation included, pauses left out.
    Time,
}

impl Axis {
    /// Its name.
    pub fn title(self) -> &'static str {
        match self {
            Self::Step => "Step",
            Self::Epoch => "Epoch",
            Self::Time => "Time",
        }
    }
}

/// Where the steps of a run are on an axis: straight between the ends of its epochs.
#[derive(Debug, Clone)]
pub struct AxisMap {
    axis: Axis,
    /// Step and place, both growing, from the start of the run.
    knots: Vec<[f64; 2]>,
    /// Place per step behind the last knot.
    slope: f64,
}

impl AxisMap {
    pub fn new(axis: Axis, steps: &[StepRecord], epochs: &[EpochRecord]) -> Self {
        let mut map = Self {
            axis,
            knots: vec![[0.0, 0.0]],
            slope: 1.0,
        };
        if axis == Axis::Step {
            return map;
        }
        for epoch in epochs {
            let place = match axis {
                Axis::Epoch => epoch.epoch as f64,
                _ => epoch.elapsed_secs,
            };
            let knot = [epoch.step as f64, place];
            let grows = map
                .knots
                .last()
                .is_none_or(|last| knot[0] > last[0] && knot[1] >= last[1]);
            // A damaged log may have others.
            if grows && place.is_finite() {
                map.knots.push(knot);
            }
        }
        map.slope = map.slope_behind(steps);
        map
    }

    fn slope_behind(&self, steps: &[StepRecord]) -> f64 {
        let [last, _] = self.last();
        let behind = steps.partition_point(|step| step.step as f64 <= last);
        let rest = &steps[behind..];
        if self.axis == Axis::Time && !rest.is_empty() {
            return rest.iter().map(|step| step.secs).sum::<f64>() / rest.len() as f64;
        }
        match self.knots[..] {
            [.., a, b] => (b[1] - a[1]) / (b[0] - a[0]),
            // The first epoch is not over: as far as it is known, it ends here.
            _ => 1.0 / steps.last().map_or(1.0, |step| step.step.max(1) as f64),
        }
    }

    fn last(&self) -> [f64; 2] {
        self.knots.last().copied().unwrap_or_default()
    }

    /// The place of a step.
    pub fn place(&self, step: usize) -> f64 {
        let step = step as f64;
        let next = self.knots.partition_point(|knot| knot[0] < step);
        match (
            next.checked_sub(1).map(|before| self.knots[before]),
            self.knots.get(next),
        ) {
            (Some(a), Some(b)) => a[1] + (step - a[0]) / (b[0] - a[0]) * (b[1] - a[1]),
            (None, Some(first)) => first[1],
            (_, None) => {
                let [last, place] = self.last();
                place + (step - last) * self.slope
            }
        }
    }

    /// The step at a place, with fractions.
    pub fn step(&self, place: f64) -> f64 {
        let next = self.knots.partition_point(|knot| knot[1] < place);
        match (
            next.checked_sub(1).map(|before| self.knots[before]),
            self.knots.get(next),
        ) {
            (Some(a), Some(b)) => a[0] + (place - a[1]) / (b[1] - a[1]) * (b[0] - a[0]),
            (None, Some(first)) => first[0],
            (_, None) => {
                let [last, at] = self.last();
                last + (place - at) / self.slope.max(f64::MIN_POSITIVE)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::plots::curves::tests::{epoch, step};

    fn steps(count: usize) -> Vec<StepRecord> {
        (1..=count).map(|number| step(number, 1.0)).collect()
    }

    #[test]
    fn epochs_end_where_their_last_step_is() {
        let (steps, epochs) = (
            steps(25),
            [epoch(1, 10, None, None), epoch(2, 20, None, None)],
        );
        let map = AxisMap::new(Axis::Epoch, &steps, &epochs);
        let places = [0, 5, 10, 15, 20, 25].map(|step| map.place(step));
        assert_eq!(places, [0.0, 0.5, 1.0, 1.5, 2.0, 2.5]);
        let found = [0.0, 0.5, 2.0, 2.5].map(|place| map.step(place));
        assert_eq!(found, [0.0, 5.0, 20.0, 25.0]);
        // The first epoch ends with the last step that is known.
        let first = AxisMap::new(Axis::Epoch, &steps[..5], &[]);
        assert_eq!((first.place(5), first.step(0.5)), (1.0, 2.5));
    }

    #[test]
    fn time_is_that_of_the_epochs_and_then_of_the_steps() {
        let (mut steps, mut epoch) = (steps(14), epoch(1, 10, None, None));
        epoch.elapsed_secs = 40.0;
        for step in &mut steps {
            step.secs = 2.0;
        }
        let map = AxisMap::new(Axis::Time, &steps, &[epoch]);
        let places = [5, 10, 12].map(|step| map.place(step));
        assert_eq!((places, map.step(44.0)), ([20.0, 40.0, 44.0], 12.0));
        let steps_only = AxisMap::new(Axis::Time, &steps, &[]);
        assert_eq!(steps_only.place(7), 14.0);
    }

    #[test]
    fn steps_stay_where_they_are() {
        let map = AxisMap::new(Axis::Step, &[], &[epoch(1, 10, None, None)]);
        assert_eq!((map.place(7), map.step(7.5)), (7.0, 7.5));
    }
}
