//! Masks and overlays as files.

use std::path::Path;

use crate::dataset::{ClassList, LabelMap, Rgb, VOID, write_index_png, write_rgb_png};

/// Writes a mask as an 8-bit indexed PNG with the classes' colors as its palette.
pub(super) fn save_mask(path: &Path, mask: &LabelMap, classes: &ClassList) -> Result<(), String> {
    write_index_png(path, mask, classes).map_err(|err| err.to_string())
}

/// Writes the image with the classes' colors over it; `opacity` in `0.0..=1.0`.
pub(super) fn save_overlay(
    path: &Path,
    image: &Rgb,
    mask: &LabelMap,
    classes: &ClassList,
    opacity: f32,
) -> Result<(), String> {
    write_rgb_png(path, &overlay(image, mask, classes, opacity)).map_err(|err| err.to_string())
}

fn overlay(image: &Rgb, mask: &LabelMap, classes: &ClassList, opacity: f32) -> Rgb {
    let mut pixels = image.pixels.clone();
    for (pixel, &label) in pixels.chunks_exact_mut(3).zip(&mask.labels) {
        if label == VOID {
            continue;
        }
        for (value, color) in pixel.iter_mut().zip(classes.color(label)) {
            let mixed = f32::from(*value) * (1.0 - opacity) + f32::from(color) * opacity;
            *value = mixed.round() as u8;
        }
    }
    Rgb { pixels, ..*image }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Class;

    #[test]
    fn an_overlay_mixes_by_opacity_and_leaves_void_alone() {
        let classes =
            ClassList::new(vec![Class { name: "a".into(), color: [200, 0, 100] }]).expect("classes");
        let image = Rgb { width: 2, height: 1, pixels: vec![100, 100, 100, 1, 2, 3] };
        let mask = LabelMap { width: 2, height: 1, labels: vec![0, VOID] };
        assert_eq!(overlay(&image, &mask, &classes, 0.25).pixels, [125, 75, 100, 1, 2, 3]);
    }
}
