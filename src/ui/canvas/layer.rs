//! Layers over an image: what they show, and their pixels. Painted on worker threads.

use std::sync::Arc;

use eframe::egui::{ColorImage, TextureFilter, TextureOptions};

use crate::engine::{Area, ClassList, ColorScale, LabelMap, NumberMap, Pixels, Rgb, Size};
use crate::ui::view_model::blend::{Blend, blended};
use crate::ui::view_model::{ClassSet, mask};

/// Up to this side length, outlines are one pixel wide on either side.
const THIN_OUTLINE_SIDE: u32 = 800;

/// One layer. Clones are cheap: they share the pixels.
#[derive(Debug, Clone)]
pub enum Layer {
    /// The image itself.
    Image(Pixels),
    /// Classes in their colors.
    Fill {
        mask: Arc<LabelMap>,
        classes: Arc<ClassList>,
        visible: ClassSet,
    },
    /// Classes in their colors, mixed with the image below.
    Blended {
        image: Pixels,
        mask: Arc<LabelMap>,
        classes: Arc<ClassList>,
        visible: ClassSet,
        blend: Blend,
    },
    /// Borders between classes.
    Outline {
        mask: Arc<LabelMap>,
        classes: Arc<ClassList>,
        visible: ClassSet,
    },
    /// Wrong pixels.
    Errors {
        mask: Arc<LabelMap>,
        truth: Arc<LabelMap>,
        classes: Arc<ClassList>,
    },
    /// Pixels on which masks of the same size and classes differ.
    Disagreement {
        masks: Vec<Arc<LabelMap>>,
        classes: Arc<ClassList>,
    },
    /// A number in each cell.
    Numbers {
        map: Arc<NumberMap>,
        scale: ColorScale,
    },
}

/// Compares addresses, not pixels.
impl PartialEq for Layer {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Image(a), Self::Image(b)) => a == b,
            (
                Self::Fill {
                    mask,
                    classes,
                    visible,
                },
                Self::Fill {
                    mask: other_mask,
                    classes: other_classes,
                    visible: other_visible,
                },
            )
            | (
                Self::Outline {
                    mask,
                    classes,
                    visible,
                },
                Self::Outline {
                    mask: other_mask,
                    classes: other_classes,
                    visible: other_visible,
                },
            ) => {
                Arc::ptr_eq(mask, other_mask)
                    && Arc::ptr_eq(classes, other_classes)
                    && visible == other_visible
            }
            (
                Self::Blended {
                    image,
                    mask,
                    classes,
                    visible,
                    blend,
                },
                Self::Blended {
                    image: other_image,
                    mask: other_mask,
                    classes: other_classes,
                    visible: other_visible,
                    blend: other_blend,
                },
            ) => {
                image == other_image
                    && Arc::ptr_eq(mask, other_mask)
                    && Arc::ptr_eq(classes, other_classes)
                    && (visible, blend) == (other_visible, other_blend)
            }
            (
                Self::Errors {
                    mask,
                    truth,
                    classes,
                },
                Self::Errors {
                    mask: other_mask,
                    truth: other_truth,
                    classes: other_classes,
                },
            ) => {
                Arc::ptr_eq(mask, other_mask)
                    && Arc::ptr_eq(truth, other_truth)
                    && Arc::ptr_eq(classes, other_classes)
            }
            (
                Self::Disagreement { masks, classes },
                Self::Disagreement {
                    masks: other_masks,
                    classes: other_classes,
                },
            ) => {
                masks.len() == other_masks.len()
                    && masks
                        .iter()
                        .zip(other_masks)
                        .all(|(a, b)| Arc::ptr_eq(a, b))
                    && Arc::ptr_eq(classes, other_classes)
            }
            (
                Self::Numbers { map, scale },
                Self::Numbers {
                    map: other_map,
                    scale: other_scale,
                },
            ) => Arc::ptr_eq(map, other_map) && scale == other_scale,
            _ => false,
        }
    }
}

impl Layer {
    /// The pixels, downscaled if a side is longer than `max_side` (1 or more). Slow.
    pub fn paint(&self, max_side: usize) -> ColorImage {
        match self {
            Self::Image(image) => paint_image(image, max_side),
            Self::Fill {
                mask,
                classes,
                visible,
            } => paint_labels(mask, max_side, |mask| mask::fill(mask, classes, *visible)),
            Self::Blended {
                image,
                mask,
                classes,
                visible,
                blend,
            } => {
                let image = shrink_image(image, max_side);
                paint_labels(mask, max_side, |mask| {
                    blended(mask, &image, (classes, *visible), *blend)
                })
            }
            Self::Outline {
                mask,
                classes,
                visible,
            } => paint_labels(mask, max_side, |mask| {
                let thin = mask.width.max(mask.height) <= THIN_OUTLINE_SIDE;
                mask::outline(mask, classes, *visible, if thin { 1 } else { 2 })
            }),
            Self::Errors {
                mask,
                truth,
                classes,
            } => {
                let truth = shrink_labels(truth, max_side);
                paint_labels(mask, max_side, |mask| mask::errors(mask, &truth, classes))
            }
            Self::Disagreement { masks, classes } => paint_disagreement(masks, classes, max_side),
            Self::Numbers { map, scale } => paint_numbers(map, scale, max_side),
        }
    }

    /// Its name at the start of a sentence.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Image(_) => "The image",
            Self::Fill { .. } | Self::Blended { .. } => "The mask",
            Self::Outline { .. } => "The outlines of the mask",
            Self::Errors { .. } => "The wrong pixels",
            Self::Disagreement { .. } => "The disagreement of the masks",
            Self::Numbers { .. } => "The map",
        }
    }

    /// Masks are never interpolated; outlines may fade when zoomed out.
    pub fn texture_options(&self) -> TextureOptions {
        match self {
            Self::Image(_) => TextureOptions::LINEAR,
            Self::Outline { .. } => TextureOptions {
                minification: TextureFilter::Linear,
                ..TextureOptions::NEAREST
            },
            _ => TextureOptions::NEAREST,
        }
    }
}

fn paint_image(image: &Pixels, max_side: usize) -> ColorImage {
    let image = shrink_image(image, max_side);
    ColorImage::from_rgb([image.width as usize, image.height as usize], &image.pixels)
}

/// Averaged down by a whole factor if the image is too large, else the image itself.
fn shrink_image(image: &Pixels, max_side: usize) -> Arc<Rgb> {
    let size = image.size();
    let factor = shrink_factor(size.width as usize, size.height as usize, max_side) as u32;
    match image {
        Pixels::InMemory(image) if factor == 1 => Arc::clone(image),
        _ => Arc::new(part_of_image(image, Area::whole(size), factor)),
    }
}

/// A part of an image, of every `step` x `step` pixels one.
pub(super) fn part_of_image(image: &Pixels, area: Area, step: u32) -> Rgb {
    let Size { width, height } = area.size;
    let size = Size::new(width.div_ceil(step), height.div_ceil(step));
    image.or_blank(image.reduced(area, step), size)
}

fn paint_labels(
    mask: &LabelMap,
    max_side: usize,
    color: impl FnOnce(&LabelMap) -> Vec<u8>,
) -> ColorImage {
    let mask = shrink_labels(mask, max_side);
    let size = [mask.width as usize, mask.height as usize];
    ColorImage::from_rgba_premultiplied(size, &color(&mask))
}

fn paint_disagreement(masks: &[Arc<LabelMap>], classes: &ClassList, max_side: usize) -> ColorImage {
    let masks: Vec<_> = masks
        .iter()
        .map(|mask| shrink_labels(mask, max_side))
        .collect();
    let masks: Vec<&LabelMap> = masks.iter().map(|mask| &**mask).collect();
    let size = masks
        .first()
        .map_or([0, 0], |mask| [mask.width as usize, mask.height as usize]);
    ColorImage::from_rgba_premultiplied(size, &mask::disagreement(&masks, classes))
}

fn paint_numbers(map: &NumberMap, scale: &ColorScale, max_side: usize) -> ColorImage {
    let (width, height) = (map.size.width as usize, map.size.height as usize);
    let step = shrink_factor(width, height, max_side);
    let map = map.sample(step as u32);
    let color = |value: &f32| scale.color(*value);
    let pixels: Vec<u8> = map.values.iter().flat_map(color).collect();
    ColorImage::from_rgb([map.size.width as usize, map.size.height as usize], &pixels)
}

/// Every n-th pixel if the map is too large, else the map itself.
fn shrink_labels(mask: &LabelMap, max_side: usize) -> std::borrow::Cow<'_, LabelMap> {
    use std::borrow::Cow;

    let (width, height) = (mask.width as usize, mask.height as usize);
    let factor = shrink_factor(width, height, max_side);
    if factor == 1 {
        return Cow::Borrowed(mask);
    }
    let labels: Vec<u8> = (0..height)
        .step_by(factor)
        .flat_map(|y| {
            let row = &mask.labels[y * width..(y + 1) * width];
            row.iter().step_by(factor).copied()
        })
        .collect();
    Cow::Owned(LabelMap {
        width: width.div_ceil(factor) as u32,
        height: height.div_ceil(factor) as u32,
        labels,
    })
}

/// The smallest integer factor that reduces both sides to `max_side` or less.
fn shrink_factor(width: usize, height: usize, max_side: usize) -> usize {
    width.max(height).div_ceil(max_side.max(1)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_images_are_averaged_down() {
        let pixels = [14, 28, 42, 56].iter().flat_map(|&value| [value, 7, value]);
        let image = Rgb {
            width: 4,
            height: 1,
            pixels: pixels.collect(),
        };
        let painted = Layer::Image(image.into()).paint(2);
        assert_eq!(painted.size, [2, 1]);
        // Weights 3, 3 and 1 by distance: (3 * 14 + 3 * 28 + 42) / 7.
        assert_eq!(
            painted.pixels,
            [[24, 7, 24], [46, 7, 46]].map(crate::ui::theme::class_color)
        );
    }

    #[test]
    fn large_masks_keep_their_labels() {
        let mask = LabelMap {
            width: 4,
            height: 3,
            labels: vec![0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
        };
        let small = shrink_labels(&mask, 2);
        assert_eq!([small.width, small.height], [2, 2]);
        assert_eq!(small.labels, [0, 2, 8, 10]);
    }

    #[test]
    fn small_ones_stay_as_they_are() {
        assert_eq!(shrink_factor(100, 50, 100), 1);
        assert_eq!(shrink_factor(101, 50, 100), 2);
        assert_eq!(shrink_factor(0, 0, 100), 1);
    }

    #[test]
    fn equal_means_the_same_data() {
        let image = |value| {
            Pixels::from(Rgb {
                width: 1,
                height: 1,
                pixels: vec![value; 3],
            })
        };
        let first = image(1);
        assert_eq!(Layer::Image(first.clone()), Layer::Image(first.clone()));
        assert_ne!(Layer::Image(first), Layer::Image(image(1)));
    }
}
