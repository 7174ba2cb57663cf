//! How much of a label map each class covers.

use super::LabelMap;

impl LabelMap {
    /// Share of all pixels by label, `0.0..=1.0`, void pixels counted among all; all 0 for an empty
    /// map.
    pub fn class_shares(&self, num_classes: usize) -> Vec<f64> {
        let mut counts = [0_u64; 256];
        for &label in &self.labels {
            counts[usize::from(label)] += 1;
        }
        let total = self.labels.len().max(1) as f64;
        counts
            .iter()
            .take(num_classes)
            .map(|&count| count as f64 / total)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::dataset::{LabelMap, VOID};

    #[test]
    fn shares_count_every_pixel_void_included() {
        let map = |width, labels: &[u8]| LabelMap {
            width,
            height: 1,
            labels: labels.to_vec(),
        };
        let shares = map(4, &[0, 0, 1, VOID]).class_shares(3);
        assert_eq!(shares, [0.5, 0.25, 0.0]);
        assert_eq!(map(0, &[]).class_shares(2), [0.0, 0.0]);
    }
}
