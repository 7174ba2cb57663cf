//! What is done to one image and its labels.

use std::fmt;

use serde::Serialize;

use super::values::{Light, Noise, Tint, blur};
use super::warp::{CropPlace, Warp};
use super::{resize_labels, resize_rgb};
use crate::dataset::{LabelMap, Rgb, Size, VOID};

/// Color of padding, RGB: the mean of `ImageNet`, which
/// normalizes to about 0.
pub(super) const PADDING: [u8; 3] = [124, 116, 104];

/// What is done to one training image, with nothing random left.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// The size to which it is scaled first; `None` = as it is.
    pub scaled: Option<Size>,
    /// The first column of the crop; negative where the crop sticks out.
    pub left: i64,
    /// Its first row.
    pub top: i64,
    /// Its columns.
    pub width: u32,
    /// Its rows.
    pub height: u32,
    /// Whether the crop is mirrored left and right.
    pub mirrored: bool,
    /// How the crop is turned and bent before it is mirrored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warp: Option<Warp>,
    /// The deviation of a Gaussian blur of the crop, in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blur: Option<f32>,
    /// What is done to the colors behind that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tint: Option<Tint>,
    /// What is done to the values behind that.
    pub light: Option<Light>,
    /// Noise that is added last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noise: Option<Noise>,
}

/// As people read it: `scaled to 300x200, cut at 10, -4, mirrored, turned by 12.5°`.
impl fmt::Display for Change {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(size) = self.scaled {
            write!(formatter, "scaled to {size}, ")?;
        }
        write!(formatter, "cut at {}, {}", self.left, self.top)?;
        if let Some(warp) = &self.warp {
            write!(formatter, ", turned by {:.1}°", warp.degrees)?;
            if !warp.bends.is_empty() {
                formatter.write_str(", bent")?;
            }
        }
        if self.mirrored {
            formatter.write_str(", mirrored")?;
        }
        if let Some(deviation) = self.blur {
            write!(formatter, ", blurred by {deviation:.1} px")?;
        }
        if let Some(tint) = self.tint {
            write!(
                formatter,
                ", saturation x {:.2}, hue {:+.0}°",
                tint.saturation, tint.hue_degrees
            )?;
        }
        if let Some(light) = self.light {
            write!(
                formatter,
                ", contrast x {:.2}, brightness {:+.0}",
                light.contrast, light.offset
            )?;
        }
        if let Some(noise) = self.noise {
            write!(formatter, ", noise {:.0}", noise.deviation)?;
        }
        Ok(())
    }
}

impl Change {
    /// The image and its labels, changed alike.
    pub fn apply(&self, rgb: &Rgb, labels: &LabelMap) -> (Rgb, LabelMap) {
        let mut changed = match self.scaled {
            None => self.cut_rgb(rgb),
            Some(size) => self.cut_rgb(&resize_rgb(rgb, size)),
        };
        if let Some(deviation) = self.blur {
            blur(&mut changed, deviation);
        }
        if let Some(tint) = self.tint {
            tint.apply(&mut changed);
        }
        if let Some(light) = self.light {
            light.apply(&mut changed);
        }
        if let Some(noise) = self.noise {
            noise.apply(&mut changed);
        }
        (changed, self.apply_to_labels(labels))
    }

    /// The labels alone.
    pub fn apply_to_labels(&self, labels: &LabelMap) -> LabelMap {
        match self.scaled {
            None => self.cut_labels(labels),
            Some(size) => self.cut_labels(&resize_labels(labels, size)),
        }
    }

    fn place(&self) -> CropPlace {
        CropPlace {
            start: [self.left, self.top],
            size: Size::new(self.width, self.height),
            mirrored: self.mirrored,
        }
    }

    fn cut_rgb(&self, rgb: &Rgb) -> Rgb {
        let source = rgb.pixels.as_chunks::<3>().0;
        let pixels = match &self.warp {
            None => self.cut(source, rgb.size(), PADDING),
            Some(warp) => warp.cut_rgb(self.place(), rgb, PADDING),
        };
        Rgb {
            width: self.width,
            height: self.height,
            pixels: pixels.into_flattened(),
        }
    }

    fn cut_labels(&self, labels: &LabelMap) -> LabelMap {
        let cut = match &self.warp {
            None => self.cut(&labels.labels, labels.size(), VOID),
            Some(warp) => warp.cut_labels(self.place(), labels),
        };
        LabelMap {
            width: self.width,
            height: self.height,
            labels: cut,
        }
    }

    fn cut<T: Copy>(&self, source: &[T], size: Size, padding: T) -> Vec<T> {
        let (width, height) = (i64::from(size.width), i64::from(size.height));
        let [columns, rows] = [self.width as usize, self.height as usize];
        let mut cut = vec![padding; columns * rows];
        for (row, target) in cut.chunks_exact_mut(columns).enumerate() {
            let y = self.top + row as i64;
            if !(0..height).contains(&y) {
                continue;
            }
            let first = self.left.max(0);
            let last = (self.left + i64::from(self.width)).min(width);
            let from = &source[(y * width + first) as usize..(y * width + last) as usize];
            let at = (first - self.left) as usize;
            target[at..at + from.len()].copy_from_slice(from);
            if self.mirrored {
                target.reverse();
            }
        }
        cut
    }
}
