//! The samples of an image as they are in its file.

use image::DynamicImage;

use crate::dataset::Size;

/// Samples of all bands, pixel by pixel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Samples {
    pub size: Size,
    /// Samples of a pixel.
    pub bands: usize,
    /// Bits of a sample, 8 or 16.
    pub bits: u16,
    /// `[height, width, bands]`.
    pub values: Vec<u16>,
}

impl Samples {
    /// Those of a decoded image; `None` where they are no whole numbers.
    pub fn of(image: DynamicImage) -> Option<Self> {
        let size = Size::new(image.width(), image.height());
        let bands = usize::from(image.color().channel_count());
        let (bits, values) = match image {
            DynamicImage::ImageLuma8(image) => (8, wide(&image.into_raw())),
            DynamicImage::ImageLumaA8(image) => (8, wide(&image.into_raw())),
            DynamicImage::ImageRgb8(image) => (8, wide(&image.into_raw())),
            DynamicImage::ImageRgba8(image) => (8, wide(&image.into_raw())),
            DynamicImage::ImageLuma16(image) => (16, image.into_raw()),
            DynamicImage::ImageLumaA16(image) => (16, image.into_raw()),
            DynamicImage::ImageRgb16(image) => (16, image.into_raw()),
            DynamicImage::ImageRgba16(image) => (16, image.into_raw()),
            _ => return None,
        };
        Some(Self {
            size,
            bands,
            bits,
            values,
        })
    }

    /// The first bands alone.
    pub fn first(mut self, bands: usize) -> Self {
        let pixels = self.values.chunks_exact(self.bands);
        let bands = bands.min(self.bands);
        self.values = pixels.flat_map(|pixel| pixel[..bands].to_vec()).collect();
        self.bands = bands;
        self
    }
}

fn wide(samples: &[u8]) -> Vec<u16> {
    samples.iter().map(|sample| u16::from(*sample)).collect()
}
