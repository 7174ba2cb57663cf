//! A rectangle of the pixels of an image.

use super::{LabelMap, Rgb, Size};

/// A rectangle of pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Area {
    /// First column.
    pub left: u32,
    /// First row.
    pub top: u32,
    /// Columns and rows.
    pub size: Size,
}

impl Area {
    /// All of an image.
    pub fn whole(size: Size) -> Self {
        Self {
            left: 0,
            top: 0,
            size,
        }
    }

    /// It in pieces of its full width and at most so many rows, from the top.
    pub fn bands(self, rows: u32) -> impl Iterator<Item = Self> {
        let bottom = self.top + self.size.height;
        (self.top..bottom)
            .step_by(rows.max(1) as usize)
            .map(move |top| Self {
                left: self.left,
                top,
                size: Size::new(self.size.width, rows.max(1).min(bottom - top)),
            })
    }

    /// These pixels of an image.
    pub fn cut(&self, image: &Rgb) -> Rgb {
        let row = 3 * self.size.width as usize;
        let mut pixels = Vec::with_capacity(row * self.size.height as usize);
        for y in self.top..self.top + self.size.height {
            let start = 3 * (y as usize * image.width as usize + self.left as usize);
            pixels.extend_from_slice(&image.pixels[start..start + row]);
        }
        Rgb {
            width: self.size.width,
            height: self.size.height,
            pixels,
        }
    }

    /// Every `step`-th of these labels, in either direction.
    pub fn sample(&self, mask: &LabelMap, step: u32) -> LabelMap {
        let (bottom, right) = (self.top + self.size.height, self.left + self.size.width);
        let row = |y: u32| {
            let start = y as usize * mask.width as usize;
            &mask.labels[start + self.left as usize..start + right as usize]
        };
        let rows = (self.top..bottom).step_by(step as usize);
        LabelMap {
            width: self.size.width.div_ceil(step),
            height: self.size.height.div_ceil(step),
            labels: rows
                .flat_map(|y| row(y).iter().step_by(step as usize).copied())
                .collect(),
        }
    }
}
