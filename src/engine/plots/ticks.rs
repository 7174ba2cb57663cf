//! Ticks that people can read: round numbers, written in full.

use crate::text;

/// A mark on an axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    /// Where it is, in the units of the axis: on a logarithmic one the logarithm to base 10.
    pub at: f64,
    /// What is written there; empty = a line alone.
    pub label: String,
}

/// How an axis is divided and written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// Numbers.
    Linear,
    /// Places are logarithms to base 10, texts are not.
    Log,
    /// Steps: whole numbers, `12k` for thousands.
    Count,
    /// Seconds, written in the [`time_unit`] of the range.
    Secs,
    /// Shares, written in percent: `50 %` at 0.5.
    Share,
}

/// The ticks of a range, about `most` of them, and at least two where numbers allow it.
pub fn ticks(range: [f64; 2], scale: Scale, most: usize) -> Vec<Tick> {
    let most = most.max(2);
    match scale {
        Scale::Linear => linear(range, most),
        Scale::Count => with_labels(
            places(range, step_of(range, most).max(1.0)),
            text::short_count,
        ),
        Scale::Log => log(range, most),
        Scale::Secs => in_unit(range, time_unit(range[1]).0, "", most),
        Scale::Share => in_unit(range, 0.01, " %", most),
    }
}

/// Round numbers of a unit, this large in those of the axis, with its sign behind them.
fn in_unit(range: [f64; 2], unit: f64, sign: &str, most: usize) -> Vec<Tick> {
    let ticks = linear(range.map(|at| at / unit), most);
    ticks
        .into_iter()
        .map(|tick| Tick {
            at: tick.at * unit,
            label: tick.label + sign,
        })
        .collect()
}

/// Seconds of the unit in which times up to `end` are written, and its name.
pub fn time_unit(end: f64) -> (f64, &'static str) {
    match end {
        end if end < 180.0 => (1.0, "s"),
        end if end < 3.0 * 3600.0 => (60.0, "min"),
        _ => (3600.0, "h"),
    }
}

/// 1, 2 or 5 times a power of ten, so that the range has at most `most` of it.
fn step_of([from, to]: [f64; 2], most: usize) -> f64 {
    let rough = ((to - from) / most as f64).max(f64::MIN_POSITIVE);
    let power = 10_f64.powf(rough.log10().floor());
    let factor = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .find(|factor| factor * power >= rough * (1.0 - 1e-9));
    factor.unwrap_or(10.0) * power
}

fn places([from, to]: [f64; 2], step: f64) -> Vec<f64> {
    let first = (from / step - 1e-9).ceil();
    let last = (to / step + 1e-9).floor();
    if !(first.is_finite() && last.is_finite()) || last - first > 1000.0 {
        return Vec::new();
    }
    let count = (last - first).max(-1.0) as i64;
    // Never -0.
    (0..=count)
        .map(|index| (first + index as f64) * step + 0.0)
        .collect()
}

fn with_labels(places: Vec<f64>, label: impl Fn(f64) -> String) -> Vec<Tick> {
    places
        .into_iter()
        .map(|at| Tick {
            at,
            label: label(at),
        })
        .collect()
}

/// Round numbers.
fn linear(range: [f64; 2], most: usize) -> Vec<Tick> {
    // A lone number says nothing of the scale.
    let step = (most..2 * most + 3)
        .map(|most| step_of(range, most))
        .find(|step| places(range, *step).len() >= 2)
        .unwrap_or_else(|| step_of(range, most));
    let largest = range[0].abs().max(range[1].abs());
    let digits = (-step.log10().floor()).max(0.0) as usize;
    let label = |value: f64| {
        if largest >= 1e6 || digits > 6 {
            text::scientific(value)
        } else {
            format!("{value:.digits$}")
        }
    };
    with_labels(places(range, step), label)
}

fn log([from, to]: [f64; 2], most: usize) -> Vec<Tick> {
    let decades = places([from, to], 1.0);
    if decades.len() >= most {
        // Every decade is too many.
        let step = (decades.len() as f64 / most as f64).ceil();
        return with_labels(places([from, to], step), log_label);
    }
    if decades.len() >= 2 {
        let all = fractions([from, to], &[1.0, 2.0, 5.0]);
        if all.len() <= most {
            return with_labels(all, log_label);
        }
        let is_decade = |at: f64| (at - at.round()).abs() < 1e-9;
        return with_labels(all, |at| {
            if is_decade(at) {
                log_label(at)
            } else {
                String::new()
            }
        });
    }
    // Evenly spread, where there are some.
    let round = fractions([from, to], &[1.0, 2.0, 5.0]);
    if round.len() >= 3 {
        return with_labels(round, log_label);
    }
    // Less than a decade: round numbers, at their logarithms.
    let range = [10_f64.powf(from), 10_f64.powf(to)];
    let ticks = linear(range, most);
    ticks
        .into_iter()
        .filter(|tick| tick.at > 0.0)
        .map(|tick| Tick {
            at: tick.at.log10(),
            label: if tick.label.contains('e') || tick.at >= 1e-3 {
                tick.label
            } else {
                text::scientific(tick.at)
            },
        })
        .collect()
}

/// Places of multiples of powers of ten.
fn fractions([from, to]: [f64; 2], factors: &[f64]) -> Vec<f64> {
    let decades = from.floor() as i64..=to.ceil() as i64;
    decades
        .flat_map(|decade| {
            factors
                .iter()
                .map(move |factor| decade as f64 + factor.log10())
        })
        .filter(|at| (from - 1e-9..=to + 1e-9).contains(at))
        .collect()
}

/// The number behind a logarithm, without the digits that rounding brings.
fn log_label(at: f64) -> String {
    let power = at.floor();
    let factor = (10_f64.powf(at - power) * 10.0).round() / 10.0;
    // Powers of ten as they are read, not as they are multiplied.
    let value = format!("{factor}e{power}")
        .parse()
        .unwrap_or_else(|_| 10_f64.powf(at));
    text::scientific(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(range: [f64; 2], scale: Scale, most: usize) -> Vec<String> {
        ticks(range, scale, most)
            .into_iter()
            .map(|tick| tick.label)
            .collect()
    }

    #[test]
    fn linear_ticks_are_round_and_have_the_digits_they_need() {
        assert_eq!(
            labels([0.0, 1.0], Scale::Linear, 5),
            ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]
        );
        assert_eq!(labels([0.21, 0.34], Scale::Linear, 4), ["0.25", "0.30"]);
        assert_eq!(labels([-1.0, 7.5], Scale::Linear, 5), ["0", "2", "4", "6"]);
        assert_eq!(labels([0.0, 2e-8], Scale::Linear, 2), ["0", "1e-8", "2e-8"]);
    }

    #[test]
    fn logarithmic_ticks_are_the_numbers_themselves() {
        let all = labels([-3.0, 1.0], Scale::Log, 6);
        let written: Vec<&String> = all.iter().filter(|label| !label.is_empty()).collect();
        assert_eq!(written, ["0.001", "0.01", "0.1", "1", "10"]);
        let fine = labels([-1.0, 0.0], Scale::Log, 6);
        assert_eq!(fine, ["0.1", "0.2", "0.5", "1"]);
        // More than a decade around a single power of ten, down to its end.
        assert_eq!(
            labels([-0.82, 0.4], Scale::Log, 5),
            ["0.2", "0.5", "1", "2"]
        );
        // Less than a decade: never a lone number, never 1.995262.
        assert_eq!(labels([0.28, 0.72], Scale::Log, 5), ["2", "3", "4", "5"]);
        assert_eq!(
            labels([-14.0, -8.0], Scale::Log, 4),
            ["1e-14", "1e-12", "1e-10", "1e-8"]
        );
    }

    #[test]
    fn shares_are_written_in_percent() {
        assert_eq!(
            labels([-0.03, 1.03], Scale::Share, 6),
            ["0 %", "20 %", "40 %", "60 %", "80 %", "100 %"]
        );
        let close = ticks([0.561, 0.564], Scale::Share, 4);
        let written: Vec<&str> = close.iter().map(|tick| tick.label.as_str()).collect();
        assert_eq!(written, ["56.1 %", "56.2 %", "56.3 %", "56.4 %"]);
        assert!((close[1].at - 0.562).abs() < 1e-12);
    }

    #[test]
    fn every_range_has_two_ticks_or_more() {
        for from in [-12.0, -1.3, -0.2, 0.0, 0.4, 2.7] {
            for width in [0.05, 0.3, 0.9, 1.7, 4.0, 11.0] {
                for most in [3, 5, 9] {
                    let found = labels([from, from + width], Scale::Log, most);
                    let written = found.iter().filter(|label| !label.is_empty()).count();
                    assert!(
                        (2..=most + 2).contains(&written),
                        "{from} {width} {most}: {found:?}"
                    );
                    assert!(found.iter().all(|label| label.len() <= 8), "{found:?}");
                }
            }
        }
    }

    #[test]
    fn steps_are_whole_and_times_have_a_unit() {
        assert_eq!(labels([0.0, 3.0], Scale::Count, 8), ["0", "1", "2", "3"]);
        assert_eq!(
            labels([0.0, 20_000.0], Scale::Count, 4),
            ["0", "5000", "10k", "15k", "20k"]
        );
        assert_eq!(time_unit(7200.0), (60.0, "min"));
        let found = ticks([0.0, 7200.0], Scale::Secs, 4);
        assert_eq!(
            found[1],
            Tick {
                at: 3000.0,
                label: "50".to_owned()
            }
        );
    }
}
