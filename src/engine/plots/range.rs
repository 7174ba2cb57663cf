//! The range of an axis of values: all of them, without the few that would flatten the others.

/// Share of the values at either end that may be far away.
const TAIL: f64 = 0.02;
/// Fewer values are all shown.
const MIN_VALUES: usize = 20;
/// A value is far away beyond this many times the range of the others.
const FAR: f64 = 3.0;
/// Room above and below, as a share of the range.
const MARGIN: f64 = 0.06;

/// The range to show of the values of all lines; `None` without a finite one. What is far away
/// is so from its own line: a validation loss may be far from the training loss.
pub fn value_range<Line: Iterator<Item = f64>>(
    lines: impl Iterator<Item = Line>,
) -> Option<[f64; 2]> {
    let [low, high] = lines
        .filter_map(line_range)
        .reduce(|a, b| [a[0].min(b[0]), a[1].max(b[1])])?;
    let room = if high > low {
        (high - low) * MARGIN
    } else {
        (high.abs() * 0.1).max(1e-12)
    };
    Some([low - room, high + room])
}

fn line_range(values: impl Iterator<Item = f64>) -> Option<[f64; 2]> {
    let mut values: Vec<f64> = values.filter(|value| value.is_finite()).collect();
    let min = values.iter().copied().min_by(f64::total_cmp)?;
    let max = values.iter().copied().max_by(f64::total_cmp)?;
    let [mut low, mut high] = [min, max];
    if values.len() >= MIN_VALUES {
        let mut at = |share: f64| {
            let index = ((values.len() - 1) as f64 * share).round() as usize;
            // Without sorting them all: this is done in every frame.
            *values.select_nth_unstable_by(index, f64::total_cmp).1
        };
        let [inner_low, inner_high] = [at(TAIL), at(1.0 - TAIL)];
        let spread = inner_high - inner_low;
        if max - inner_high > FAR * spread {
            high = inner_high + 0.5 * spread;
        }
        if inner_low - min > FAR * spread {
            low = inner_low - 0.5 * spread;
        }
    }
    Some([low, high])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range_of(values: impl Iterator<Item = f64>) -> Option<[f64; 2]> {
        value_range(std::iter::once(values))
    }

    #[test]
    fn few_values_far_from_another_line_are_shown() {
        let training = vec![0.05; 200];
        let validation = vec![2.0, 2.5];
        let lines = [training, validation];
        let range = value_range(lines.iter().map(|line| line.iter().copied()));
        let [low, high] = range.unwrap();
        assert!(low < 0.05 && high > 2.5);
    }

    #[test]
    fn one_outlier_does_not_flatten_the_others() {
        let mut values: Vec<f64> = (0..100)
            .map(|index| 1.0 + 0.01 * f64::from(index))
            .collect();
        let [low, high] = range_of(values.iter().copied()).unwrap();
        assert!(low < 1.0 && high > 1.99 && high < 2.2);
        values[50] = 1e6;
        let [_, high] = range_of(values.iter().copied()).unwrap();
        assert!(high > 1.9 && high < 3.0, "{high}");
        values[50] = -1e6;
        let [low, _] = range_of(values.into_iter()).unwrap();
        assert!(low < 1.0 && low > 0.0, "{low}");
    }

    #[test]
    fn a_loss_that_falls_is_shown_whole() {
        let values = (0..1000).map(|index| 0.3 + 2.2 * (-f64::from(index) / 150.0).exp());
        let [_, high] = range_of(values).unwrap();
        assert!(high > 2.5);
        // Few values are no distribution.
        let [_, high] = range_of([1.0, 1.0, 50.0].into_iter()).unwrap();
        assert!(high > 50.0);
    }

    #[test]
    fn equal_values_and_none_have_a_range_or_none() {
        let [low, high] = range_of([2.0; 30].into_iter()).unwrap();
        assert!(low < 2.0 && high > 2.0);
        assert_eq!(range_of([f64::NAN, f64::INFINITY].into_iter()), None);
        assert_eq!(range_of(std::iter::empty()), None);
    }
}
