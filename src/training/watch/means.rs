//! Means of losses, and how sure they are.

/// Variance of the mean of values.
pub(super) fn square_error(values: impl Iterator<Item = f64> + Clone, mean_value: f64) -> f64 {
    let count = values.clone().count().max(1) as f64;
    mean(values.map(|value| (value - mean_value).powi(2))) / count
}

/// The mean of values, 0 of none.
pub(super) fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0usize), |(sum, count), value| {
        (sum + value, count + 1)
    });
    sum / count.max(1) as f64
}
