//! Notices within the first hundred steps that a training goes nowhere, and says the likely cause
//! and what to do.
//!
//! Each alarm is given once. The rules are far from what a sound training does, so that a slow
//! start is none: better no alarm than a false one.

mod means;
mod rate;
mod shares;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use super::alarm::{Alarm, AlarmKind, Remedy};
use super::config::{InitialWeights, RunConfig};
use super::culprit::{Culprit, of_explosion, of_standstill, too_fast};
use super::event::StepRecord;
use super::objective::{ClassWeights, Objective};
use super::usual_rate::{expected_pixels, higher_rate};
use crate::model::Trunk;
use crate::text::setting;
use means::{mean, square_error};
use rate::rate_alarm;
pub use shares::ClassShares;

/// Batches without a labeled pixel, one after another, that are no accident.
const VOID_BATCHES: usize = 10;

/// Losses in a row that are no accident.
const IN_A_ROW: usize = 10;

/// Steps in which a training begins to move.
const START: usize = 100;

/// Steps from one look at the masks of a batch to the next, up to [`START`].
const BETWEEN_LOOKS: usize = 10;

/// Looks in a row that saw one class alone.
const LOOKS: usize = 5;

/// How far off the loss of a guess among all classes a loss that moves is, as a share of it.
const MOVED: f64 = 1e-3;

/// Share of the way from the loss of a guess to that of the shares of the classes that a network which
/// learns from random weights has gone by [`START`]. The shares alone are learned by the biases of the
/// scores, within the first steps.
const WAY: f64 = 0.1;

/// The last losses before [`START`], whose mean is looked at.
const LAST: usize = 25;

/// Share of the loss of the shares of the classes above which no more than these is known: batches that are
/// looked at may have more classes than the others.
const OF_SHARES: f64 = 0.85;

/// Losses whose course is looked at.
const COURSE: usize = 50;

/// Watches a training.
#[derive(Debug)]
pub(super) struct Watch {
    config: RunConfig,
    classes: Vec<String>,
    /// Steps that were done before; the run goes on from a checkpoint where there are some.
    first_step: usize,
    /// The loss of a guess: the logarithm of the number of classes.
    guess: f64,
    first_loss: Option<f64>,
    /// Steps since it was started or resumed.
    steps: usize,
    /// Labeled pixels of the first batch that had some.
    labeled: Option<usize>,
    void_batches: usize,
    /// Losses in a row that are far too large.
    exploded: usize,
    /// Whether every loss so far was that of a guess.
    dead: bool,
    /// The last losses.
    course: VecDeque<f64>,
    /// The last looks at batches.
    looks: VecDeque<ClassShares>,
    told: Vec<AlarmKind>,
}

impl Watch {
    pub fn new(config: &RunConfig, classes: Vec<String>, first_step: usize) -> Self {
        Self {
            config: config.clone(),
            guess: (classes.len().max(2) as f64).ln(),
            classes,
            first_step,
            first_loss: None,
            steps: 0,
            labeled: None,
            void_batches: 0,
            exploded: 0,
            dead: true,
            course: VecDeque::new(),
            looks: VecDeque::new(),
            told: Vec::new(),
        }
    }

    /// Looks at the labels of a batch.
    pub fn batch(&mut self, labels: &[u8]) -> Option<Alarm> {
        let is_class = |label: &&u8| usize::from(**label) < self.classes.len();
        let labeled = labels.iter().filter(is_class).count();
        self.void_batches = if labeled == 0 {
            self.void_batches + 1
        } else {
            0
        };
        if labeled > 0 && self.labeled.is_none() {
            self.labeled = Some(labeled);
            let alarm = rate_alarm(&self.config, labeled, self.first_step == 0);
            return alarm.and_then(|alarm| self.tell(alarm));
        }
        if self.void_batches < VOID_BATCHES {
            return None;
        }
        self.tell(Alarm {
            kind: AlarmKind::Void,
            text: format!(
                "the last {VOID_BATCHES} batches have no labeled pixel, so nothing is learned. Most \
                 likely the labels of the masks are not those of the classes, or all are void: check \
                 the dataset and its class map"
            ),
            remedy: Some(Remedy::Labels),
        })
    }

    /// Whether the masks of the first batch are wanted after `done` steps, whose losses may not be
    /// known yet.
    pub fn wants_look(&self, done: usize) -> bool {
        let next = done + 1 - self.first_step.min(done);
        next <= START && next.is_multiple_of(BETWEEN_LOOKS)
    }

    /// Takes in the masks of a batch.
    pub fn look(&mut self, shares: ClassShares) {
        self.looks.push_back(shares);
        if self.looks.len() > LOOKS {
            self.looks.pop_front();
        }
    }

    /// Looks at the loss of a step.
    pub fn step(&mut self, record: &StepRecord) -> Option<Alarm> {
        self.steps += 1;
        let first = *self.first_loss.get_or_insert(record.loss);
        self.course.push_back(record.loss);
        if self.course.len() > COURSE {
            self.course.pop_front();
        }
        // From weights that were trained the first loss is small, from random ones it is a guess.
        let limit = 3.0 * first.max(self.guess);
        self.exploded = if record.loss > limit {
            self.exploded + 1
        } else {
            0
        };
        // A batch of void alone has loss 0, and says nothing.
        let is_at = |loss: f64| (record.loss / loss - 1.0).abs() < MOVED;
        // Other losses than the cross entropy begin elsewhere; trained weights may be moved little.
        let begins_elsewhere = self.is_fresh() && !self.is_plain();
        self.dead &= record.loss == 0.0 || is_at(self.guess) || (begins_elsewhere && is_at(first));
        let alarm = if self.steps == 1 && self.first_step == 0 && first > 3.0 * self.guess {
            self.start(first)
        } else if self.exploded >= IN_A_ROW {
            self.explosion(record)
        } else if self.steps == START {
            self.after_start(record.step)?
        } else {
            return None;
        };
        self.tell(alarm)
    }

    /// What is wrong after the first steps.
    fn after_start(&mut self, step: usize) -> Option<Alarm> {
        let looks = std::mem::take(&mut self.looks);
        let shares = ClassShares::mean(&looks).filter(|_| looks.len() >= LOOKS);
        if self.void_batches == 0 && (self.dead || self.has_learned_nothing(shares.as_ref())) {
            return Some(self.standstill());
        }
        let shares = shares?;
        self.one_class(&shares, "the last batches", step)
            .or_else(|| self.knows_shares_alone(&looks, &shares, step))
    }

    /// Whether what is differentiated is the cross entropy alone.
    fn is_plain(&self) -> bool {
        self.config.learning.objective == Objective::default()
    }

    /// Whether the run began with random weights.
    fn is_fresh(&self) -> bool {
        self.first_step == 0 && self.config.init == InitialWeights::Random
    }

    /// Whether a network with random weights does not even know how frequent the classes are.
    fn has_learned_nothing(&self, shares: Option<&ClassShares>) -> bool {
        // Another loss leads elsewhere than to these shares, and a warm-up is no start yet.
        let is_plain = self.is_plain() && self.config.learning.warmup_steps < START / 2;
        let Some(way) = shares.map(|shares| WAY * (self.guess - shares.entropy())) else {
            return false;
        };
        // Losses that jump are of a network that is sure of something, and has moved.
        let is_near = |loss: &f64| (loss - self.guess).abs() < 2.0 * way;
        let last = self.course.iter().rev().take(LAST).copied();
        is_plain
            && self.is_fresh()
            && self.course.iter().all(is_near)
            && mean(last) > self.guess - way
    }

    /// Looks at the masks of validation images after `step` steps.
    pub fn masks(&mut self, shares: &ClassShares, step: usize) -> Option<Alarm> {
        if self.steps < START {
            return None;
        }
        let alarm = self.one_class(shares, "the validation", step)?;
        self.tell(alarm)
    }

    fn start(&self, loss: f64) -> Alarm {
        Alarm {
            kind: AlarmKind::Start,
            text: format!(
                "the first loss is {loss:.1}, and that of a guess among {} classes {:.1}: the weights to \
                 start from are sure of what is wrong. Most likely they were trained with another input \
                 normalization, or with other classes or another order of them",
                self.classes.len(),
                self.guess
            ),
            remedy: Some(Remedy::PretrainedWeights),
        }
    }

    fn explosion(&self, record: &StepRecord) -> Alarm {
        let pixels = self.pixels();
        let (cause, remedy) = of_explosion(&self.config, pixels).unwrap_or_else(|| {
            let (cause, remedy) = too_fast(&self.config, pixels);
            (format!("{cause}, warm up, or clip the gradients"), remedy)
        });
        Alarm {
            kind: AlarmKind::Exploded,
            text: format!(
                "the loss is {:.1} at step {}, more than three times that of a guess, and was so for \
                 {IN_A_ROW} steps. {cause}",
                record.loss, record.step,
            ),
            remedy: Some(remedy),
        }
    }

    fn standstill(&self) -> Alarm {
        let known = of_standstill(&self.config).or_else(|| self.random_start());
        let (cause, remedy) = known.unwrap_or_else(|| {
            let rate = higher_rate(&self.config, self.pixels());
            let cause = format!(
                "Most likely the learning rate of {} is too small: raise it to {}",
                setting(self.config.learning.learning_rate),
                setting(rate)
            );
            (cause, Remedy::LearningRate(rate))
        });
        let loss = mean(self.course.iter().rev().take(LAST).copied());
        // Other losses than the cross entropy do not begin at that of a guess.
        let (was, of) = if (loss / self.guess - 1.0).abs() < 0.1 {
            (self.guess, "a guess")
        } else {
            (self.first_loss.unwrap_or(loss), "the first step")
        };
        Alarm {
            kind: AlarmKind::Dead,
            text: format!(
                "the loss is {loss:.2} after {START} steps, nearly the {was:.2} of {of}. {cause}"
            ),
            remedy: Some(remedy),
        }
    }

    /// The trunks without batch normalization do not learn from random weights.
    fn random_start(&self) -> Option<Culprit> {
        let plain = matches!(self.config.trunk, Trunk::Vgg16 | Trunk::Alexnet);
        (plain && self.config.init == InitialWeights::Random).then(|| {
            let cause = format!(
                "Most likely because {} starts from random weights, from which it hardly learns: \
                 start it from pretrained ones",
                self.config.trunk
            );
            (cause, Remedy::PretrainedWeights)
        })
    }

    /// One class alone is wrong where the training knows no more than how frequent the classes are,
    /// and does not learn it either.
    fn one_class(&self, shares: &ClassShares, what: &str, step: usize) -> Option<Alarm> {
        let class = shares.only_class()?;
        let loss = mean(self.course.iter().copied());
        // A trunk that hardly learns from random weights gets to know the shares slowly, by its biases:
        // a loss that falls is not more than that.
        if loss < 0.95 * shares.entropy() || (self.is_falling() && self.random_start().is_none()) {
            return None;
        }
        let (cause, remedy) = self.one_class_cause(shares, loss)?;
        Some(Alarm {
            kind: AlarmKind::OneClass,
            text: format!(
                "after {step} steps {:.1} % of the pixels of {what} are predicted as {}, which has {:.1} % \
                 of them, and the loss tells no more than how frequent the classes are. {cause}",
                100.0 * shares.predicted[class],
                self.classes.get(class).map_or("one class", String::as_str),
                100.0 * shares.truth[class]
            ),
            remedy: Some(remedy),
        })
    }

    /// A trunk that hardly learns from random weights and knows no more than the shares of the classes, or
    /// predicts batch after batch as one class, now this and now that, as its biases follow the last ones.
    fn knows_shares_alone(
        &self,
        looks: &VecDeque<ClassShares>,
        shares: &ClassShares,
        step: usize,
    ) -> Option<Alarm> {
        let (cause, remedy) = self.random_start()?;
        let loss = mean(self.course.iter().copied());
        let known = shares.entropy();
        let (kind, least, seen) = if looks.iter().all(ClassShares::is_of_one_class) {
            let seen = ", and each batch that was looked at is predicted as one class alone";
            (AlarmKind::OneClass, OF_SHARES * known, seen)
        } else {
            (AlarmKind::Dead, known, "")
        };
        (!shares.is_nearly_all_one() && loss >= least).then(|| Alarm {
            kind,
            text: format!(
                "after {step} steps the loss of {loss:.2} is about the {known:.2} of knowing no more than how \
                 frequent the classes are{seen}. {cause}"
            ),
            remedy: Some(remedy),
        })
    }

    /// `None` where an earlier alarm has said what is wrong.
    fn one_class_cause(&self, shares: &ClassShares, loss: f64) -> Option<Culprit> {
        let known = of_standstill(&self.config)
            .or_else(|| self.random_start())
            .or_else(|| of_explosion(&self.config, self.pixels()));
        if known.is_some() {
            return known;
        }
        let largest = shares.truth.iter().copied().fold(0.0, f64::max);
        if loss < 1.1 * shares.entropy()
            && largest > 0.6
            && self.config.learning.objective.class_weights == ClassWeights::Equal
        {
            let cause = "Most likely the other classes are too rare: weight the classes by their \
                         median frequency";
            return Some((cause.to_owned(), Remedy::ClassWeights(ClassWeights::Median)));
        }
        let is_told = [AlarmKind::Rate, AlarmKind::Dead]
            .iter()
            .any(|kind| self.told.contains(kind));
        (!is_told).then(|| too_fast(&self.config, self.pixels()))
    }

    /// Whether the newer half of the last losses is lower than the older one: by much, or by more than
    /// the losses scatter.
    fn is_falling(&self) -> bool {
        let half = self.course.len() / 2;
        let older = self.course.iter().copied().take(half);
        let newer = self.course.iter().copied().skip(half);
        let (old, new) = (mean(older.clone()), mean(newer.clone()));
        let error = (square_error(older, old) + square_error(newer, new)).sqrt();
        let fall = old - new;
        fall > 0.03 * old || (fall > MOVED * old && fall > 2.0 * error)
    }

    /// Labeled pixels of a batch.
    fn pixels(&self) -> usize {
        self.labeled
            .unwrap_or_else(|| expected_pixels(&self.config))
    }

    fn tell(&mut self, alarm: Alarm) -> Option<Alarm> {
        if self.told.contains(&alarm.kind) {
            return None;
        }
        // A loss that stands still because of its rate was explained already.
        let explained = alarm.kind == AlarmKind::Dead && self.told.contains(&AlarmKind::Rate);
        self.told.push(alarm.kind);
        (!explained).then_some(alarm)
    }
}
