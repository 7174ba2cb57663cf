//! Notices early that a training goes nowhere, and says the likely cause and what to do.
//!
//! Each alarm is given once. The rules are far from what a sound training does, so that a slow
//! start is none: better no alarm than a false one.

use super::event::StepRecord;
use crate::metrics::ConfusionMatrix;

/// Batches without a labeled pixel, one after another, that are no accident.
const VOID_BATCHES: usize = 10;

/// Steps whose losses are looked at together.
const WINDOW: usize = 10;

/// Steps in which a training begins to move.
const START: usize = 100;

/// How far off the loss of a guess among all classes a loss that moves is, as a share of it.
const MOVED: f64 = 1e-3;

/// Share of the pixels from which on a mask is of one class.
const ONE_CLASS: f64 = 0.999;

/// Share of the pixels of a class below which a mask of it alone is wrong.
const MOST_FREQUENT: f64 = 0.95;

/// What was seen of a training.
#[derive(Debug)]
pub(super) struct Alarm {
    /// The loss of a guess: the logarithm of the number of classes.
    guess: f64,
    first_loss: Option<f64>,
    steps: usize,
    void_batches: usize,
    /// Losses in a row that are far too large.
    exploded: usize,
    /// Whether every loss so far was that of a guess.
    dead: bool,
    told: Vec<Kind>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Void,
    Exploded,
    Dead,
    OneClass,
}

impl Alarm {
    pub fn new(num_classes: usize) -> Self {
        Self {
            guess: (num_classes.max(2) as f64).ln(),
            first_loss: None,
            steps: 0,
            void_batches: 0,
            exploded: 0,
            dead: true,
            told: Vec::new(),
        }
    }

    /// Looks at the labels of a batch.
    pub fn batch(&mut self, labels: &[u8], num_classes: usize) -> Option<String> {
        let void = labels
            .iter()
            .all(|label| usize::from(*label) >= num_classes);
        self.void_batches = if void { self.void_batches + 1 } else { 0 };
        if self.void_batches < VOID_BATCHES {
            return None;
        }
        self.tell(Kind::Void, || {
            format!(
                "the last {VOID_BATCHES} batches have no labeled pixel, so nothing is learned. Check \
                 the labels of the masks against the classes, and the training size against the images"
            )
        })
    }

    /// Looks at the loss of a step.
    pub fn step(&mut self, record: &StepRecord) -> Option<String> {
        self.steps += 1;
        let first = *self.first_loss.get_or_insert(record.loss);
        // From weights that were trained the first loss is small, from random ones it is a guess.
        let limit = 3.0 * first.max(self.guess);
        self.exploded = if record.loss > limit {
            self.exploded + 1
        } else {
            0
        };
        // A batch of void alone has loss 0, and says nothing.
        self.dead &= record.loss == 0.0 || (record.loss / self.guess - 1.0).abs() < MOVED;
        if self.exploded >= WINDOW {
            return self.tell(Kind::Exploded, || {
                format!(
                    "the loss is {:.1} at step {}, more than three times that of a guess, and was so \
                     for {WINDOW} steps. Lower the learning rate (now {}), warm up, or clip the gradients",
                    record.loss, record.step, record.learning_rate
                )
            });
        }
        if self.dead && self.steps == START && self.void_batches == 0 {
            return self.tell(Kind::Dead, || {
                format!(
                    "the loss has stayed at that of a guess for {START} steps. Raise the learning rate \
                     (now {}): rates for a sum over pixels are thousands of times smaller than those \
                     for the mean",
                    record.learning_rate
                )
            });
        }
        None
    }

    /// Looks at the validation after `step` steps; `name` gives a class its name.
    pub fn validated(
        &mut self,
        matrix: &ConfusionMatrix,
        step: usize,
        name: &dyn Fn(usize) -> String,
    ) -> Option<String> {
        let (truth, predicted) = shares(matrix)?;
        let (class, share) = predicted
            .iter()
            .copied()
            .enumerate()
            .max_by(|one, other| one.1.total_cmp(&other.1))?;
        let most_frequent = truth.iter().copied().fold(0.0, f64::max);
        if step < START || share < ONE_CLASS || most_frequent > MOST_FREQUENT {
            return None;
        }
        self.tell(Kind::OneClass, || {
            format!(
                "after {step} steps nearly all pixels of the validation are predicted as {}, which \
                 has {:.1} % of them. The learning rate may be too large or too small; where the other \
                 classes are rare, weight the classes",
                name(class),
                100.0 * truth[class]
            )
        })
    }

    fn tell(&mut self, kind: Kind, text: impl FnOnce() -> String) -> Option<String> {
        if self.told.contains(&kind) {
            return None;
        }
        self.told.push(kind);
        Some(text())
    }
}

/// Shares of the classes in the truth and in the prediction; `None` where nothing is labeled.
fn shares(matrix: &ConfusionMatrix) -> Option<(Vec<f64>, Vec<f64>)> {
    let classes = matrix.num_classes();
    let all = matrix.total();
    if all == 0 {
        return None;
    }
    let share = |pixels: u64| pixels as f64 / all as f64;
    let truth = |class| (0..classes).map(|other| matrix.count(class, other)).sum();
    let predicted = |class| (0..classes).map(|other| matrix.count(other, class)).sum();
    let of = |count: &dyn Fn(usize) -> u64| (0..classes).map(|class| share(count(class))).collect();
    Some((of(&truth), of(&predicted)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(step: usize, loss: f64) -> StepRecord {
        StepRecord {
            step,
            epoch: 1,
            loss,
            learning_rate: 1e-10,
            secs: 0.1,
            grad_norm: None,
        }
    }

    /// The steps at which there was an alarm, with its text.
    fn alarms(losses: impl IntoIterator<Item = f64>) -> Vec<(usize, String)> {
        let mut alarm = Alarm::new(4);
        let steps = losses.into_iter().zip(1..);
        steps
            .filter_map(|(loss, step)| Some((step, alarm.step(&record(step, loss))?)))
            .collect()
    }

    #[test]
    fn a_loss_that_stays_at_a_guess_or_explodes_is_told_once() {
        let guess = 4f64.ln();
        let dead = alarms(std::iter::repeat_n(guess * 1.0005, 300));
        assert_eq!(dead.len(), 1);
        assert!(
            dead[0].0 == 100 && dead[0].1.contains("0.0000000001"),
            "{dead:?}"
        );
        let losses = [guess; 5].into_iter().chain(std::iter::repeat_n(20.0, 50));
        let exploded = alarms(losses);
        assert_eq!(exploded.len(), 1);
        assert_eq!(exploded[0].0, 15);
        assert!(exploded[0].1.contains("20.0 at step 15"), "{exploded:?}");
    }

    #[test]
    fn a_loss_that_falls_slowly_or_jumps_now_and_then_is_sound() {
        let guess = 4f64.ln();
        let slow = (0..300).map(|step| guess * (1.0 - 1e-4 * f64::from(step)));
        assert_eq!(alarms(slow), []);
        let jumps = (0..300).map(|step| if step % 10 == 0 { 30.0 } else { 1.0 });
        assert_eq!(alarms(jumps), []);
        // From trained weights.
        assert_eq!(alarms(std::iter::repeat_n(0.2, 300)), []);
    }

    #[test]
    fn batches_of_void_are_told() {
        let mut alarm = Alarm::new(2);
        let mut told = 0;
        for batch in 1..=30 {
            told += usize::from(alarm.batch(&[255, 255], 2).is_some());
            assert_eq!(told, usize::from(batch >= 10));
        }
        let mut alarm = Alarm::new(2);
        for batch in 0..30 {
            let label = if batch % 9 == 8 { 1 } else { 255 };
            assert_eq!(alarm.batch(&[255, label], 2), None);
        }
    }

    #[test]
    fn masks_of_one_class_are_told_where_that_is_wrong() {
        let matrix = |truth: &[u8], predicted: &[u8]| {
            let mut matrix = ConfusionMatrix::new(3);
            matrix.add(truth, predicted);
            matrix
        };
        let name = |class: usize| format!("class {class}");
        let one = matrix(&[0, 0, 1, 2], &[1; 4]);
        let mut alarm = Alarm::new(3);
        assert_eq!(alarm.validated(&one, 99, &name), None, "it has only begun");
        let text = alarm.validated(&one, 100, &name).expect("an alarm");
        assert!(
            text.contains("predicted as class 1, which has 25.0 %"),
            "{text}"
        );
        assert_eq!(alarm.validated(&one, 200, &name), None, "once");
        let sound = [
            matrix(&[0, 0, 1, 2], &[0, 0, 1, 1]),
            matrix(&[1; 4], &[1; 4]),
            matrix(&[255; 4], &[1; 4]),
        ];
        for matrix in sound {
            assert_eq!(Alarm::new(3).validated(&matrix, 100, &name), None);
        }
    }
}
