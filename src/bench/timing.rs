//! Timed rounds, and what is said of them.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::training::TrainError;

/// A round takes at least this long, so that a coarse clock is no part of the result.
const ROUND: Duration = Duration::from_millis(50);
/// Calls in a round at most.
const MOST_REPEATS: u128 = 1000;

/// Milliseconds of one call, over all rounds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Timing {
    /// The middle one.
    pub median_ms: f64,
    /// A quarter of the rounds was not slower.
    pub lower_quartile_ms: f64,
    /// A quarter of the rounds was not faster.
    pub upper_quartile_ms: f64,
    /// The fastest round.
    pub min_ms: f64,
    /// The slowest round.
    pub max_ms: f64,
}

impl Timing {
    /// Sorts the milliseconds of 1 or more rounds; without any, all is 0.
    pub fn new(times: &mut [f64]) -> Self {
        times.sort_by(f64::total_cmp);
        Self {
            median_ms: quantile(times, 0.5),
            lower_quartile_ms: quantile(times, 0.25),
            upper_quartile_ms: quantile(times, 0.75),
            min_ms: quantile(times, 0.0),
            max_ms: quantile(times, 1.0),
        }
    }
}

/// The value that `share` (`0.0..=1.0`) of sorted values is below, interpolated between the two
/// next to it, as NumPy's `quantile` does.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return 0.0;
    };
    let place = share * last as f64;
    let below = (place as usize).min(last);
    let above = (below + 1).min(last);
    sorted[below] + (sorted[above] - sorted[below]) * (place - below as f64)
}

/// Calls twice to warm up, then for `rounds` rounds; the milliseconds of a call in each
/// round, and how many calls a round had.
pub(super) fn rounds(
    rounds: usize,
    mut call: impl FnMut() -> Result<(), TrainError>,
) -> Result<(Vec<f64>, usize), TrainError> {
    call()?;
    let started = Instant::now();
    call()?;
    let repeats = repeats(started.elapsed());
    let mut times = Vec::with_capacity(rounds);
    for _ in 0..rounds {
        let started = Instant::now();
        for _ in 0..repeats {
            call()?;
        }
        times.push(started.elapsed().as_secs_f64() * 1000.0 / repeats as f64);
    }
    Ok((times, repeats))
}

/// Calls in a round, by the time of one.
fn repeats(one: Duration) -> usize {
    ROUND
        .as_nanos()
        .div_ceil(one.as_nanos().max(1))
        .clamp(1, MOST_REPEATS) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_is_hand_computed() {
        let mut odd = [5.0, 1.0, 4.0, 2.0, 9.0];
        let timing = Timing::new(&mut odd);
        assert_eq!(
            (timing.median_ms, timing.min_ms, timing.max_ms),
            (4.0, 1.0, 9.0)
        );
        assert_eq!(
            (timing.lower_quartile_ms, timing.upper_quartile_ms),
            (2.0, 5.0)
        );
        let even = Timing::new(&mut [4.0, 1.0, 2.0, 3.0]);
        assert_eq!(
            (
                even.median_ms,
                even.lower_quartile_ms,
                even.upper_quartile_ms
            ),
            (2.5, 1.75, 3.25)
        );
        let one = Timing::new(&mut [7.0]);
        assert_eq!(
            [
                one.median_ms,
                one.lower_quartile_ms,
                one.upper_quartile_ms,
                one.max_ms
            ],
            [7.0; 4]
        );
    }

    #[test]
    fn short_calls_are_repeated() {
        assert_eq!(repeats(Duration::from_millis(80)), 1);
        assert_eq!(repeats(Duration::from_millis(50)), 1);
        assert_eq!(repeats(Duration::from_millis(20)), 3);
        assert_eq!(repeats(Duration::ZERO), 1000);
    }

    #[test]
    fn a_round_is_told_by_the_call() {
        let mut calls = 0;
        let counted = rounds(3, || {
            calls += 1;
            std::thread::sleep(Duration::from_millis(30));
            Ok(())
        });
        let (times, repeats) = counted.expect("times");
        assert_eq!((times.len(), repeats, calls), (3, 2, 2 + 3 * 2));
        assert!(times.iter().all(|time| *time >= 30.0), "{times:?}");
    }

    #[test]
    fn the_first_error_ends_the_rounds() {
        let mut calls = 0;
        let failed = rounds(5, || {
            calls += 1;
            if calls < 4 {
                Ok(())
            } else {
                Err(TrainError::Execution("on purpose".into()))
            }
        });
        assert!(failed.is_err());
        assert_eq!(calls, 4);
    }
}
