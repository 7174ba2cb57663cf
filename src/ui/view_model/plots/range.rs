//! The range of an axis of values: all of them, without the few that would flatten the others.

/// Share of the values at either end that may be far away.
const TAIL: f64 = 0.02;
/// Fewer values are all shown.
const MIN_VALUES: usize = 20;
/// A value is far away beyond this many times the range of the others.
const FAR: f64 = 3.0;
/// Room above and below, as a share of the range.
const MARGIN: f64 = 0.06;

/// The range to show of `values`; `None` without a finite one.
pub fn value_range(values: impl Iterator<Item = f64>) -> Option<[f64; 2]> {
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
    let room = if high > low {
        (high - low) * MARGIN
    } else {
        (high.abs() * 0.1).max(1e-12)
    };
    Some([low - room, high + room])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_outlier_does_not_flatten_the_others() {
        let mut values: Vec<f64> = (0..100)
            .map(|index| 1.0 + 0.01 * f64::from(index))
            .collect();
        let [low, high] = value_range(values.iter().copied()).unwrap();
        assert!(low < 1.0 && high > 1.99 && high < 2.2);
        values[50] = 1e6;
        let [_, high] = value_range(values.iter().copied()).unwrap();
        assert!(high > 1.9 && high < 3.0, "{high}");
        values[50] = -1e6;
        let [low, _] = value_range(values.into_iter()).unwrap();
        assert!(low < 1.0 && low > 0.0, "{low}");
    }

    #[test]
    fn a_loss_that_falls_is_shown_whole() {
        let values = (0..1000).map(|index| 0.3 + 2.2 * (-f64::from(index) / 150.0).exp());
        let [_, high] = value_range(values).unwrap();
        assert!(high > 2.5);
        // Few values are no distribution.
        let [_, high] = value_range([1.0, 1.0, 50.0].into_iter()).unwrap();
        assert!(high > 50.0);
    }

    #[test]
    fn equal_values_and_none_have_a_range_or_none() {
        let [low, high] = value_range([2.0; 30].into_iter()).unwrap();
        assert!(low < 2.0 && high > 2.0);
        assert_eq!(value_range([f64::NAN, f64::INFINITY].into_iter()), None);
        assert_eq!(value_range(std::iter::empty()), None);
    }
}
