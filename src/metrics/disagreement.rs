//! On how many pixels masks differ.

/// The share of the pixels to which not all `masks` give the same label, `0.0..=1.0`; `None` for less
/// than two masks, and for masks without pixels. Void is a label like others.
///
/// # Panics
/// When the masks differ in length.
pub fn disagreement(masks: &[&[u8]]) -> Option<f64> {
    let (first, others) = masks.split_first()?;
    if others.is_empty() || first.is_empty() {
        return None;
    }
    for other in others {
        assert_eq!(first.len(), other.len(), "masks differ in pixels");
    }
    let differs = |index: &usize| others.iter().any(|mask| mask[*index] != first[*index]);
    let count = (0..first.len()).filter(differs).count();
    Some(count as f64 / first.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pixel_counts_once_however_many_masks_differ_there() {
        let masks: [&[u8]; 3] = [&[0, 1, 2, 255], &[0, 1, 1, 255], &[0, 3, 0, 255]];
        assert_eq!(disagreement(&masks), Some(0.5));
        assert_eq!(disagreement(&masks[..2]), Some(0.25));
        assert_eq!(disagreement(&[masks[0], masks[0]]), Some(0.0));
    }

    #[test]
    fn there_is_nothing_to_compare_in_one_mask_or_without_pixels() {
        assert_eq!(disagreement(&[]), None);
        assert_eq!(disagreement(&[&[1, 2]]), None);
        assert_eq!(disagreement(&[&[], &[]]), None);
    }
}
