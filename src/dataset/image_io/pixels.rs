//! The pixels of an image: in memory, or in a large file of which parts are decoded as they are asked for.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use image::metadata::Orientation;

use super::bands::{Samples, must_choose};
use super::large_tiff::{BOUNDS, Bounds, Found, HELD, LargeTiff, Part};
use super::{ImageReading, Rgb, image_error, opaque_pixels, read_image_size};
use crate::dataset::{Area, DatasetError, Size, resize_rgb};

/// Rows of a smaller copy that are made at a time.
const SMALL_ROWS: u32 = 16;

/// The pixels of an image. Clones share them.
#[derive(Debug, Clone)]
pub enum Pixels {
    /// All in memory.
    InMemory(Arc<Rgb>),
    /// In a file of which parts are decoded as they are asked for.
    InFile(Arc<FilePixels>),
}

/// A file of which parts are decoded.
pub struct FilePixels {
    path: PathBuf,
    tiff: LargeTiff,
    reading: ImageReading,
    /// Whether it was told that it can no longer be read.
    is_told: AtomicBool,
}

/// What is known of an image before its pixels are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageFacts {
    /// Its columns and rows.
    pub size: Size,
    /// Bytes that its file takes at most where parts of it are decoded as they are asked for; `None` = all
    /// pixels are in memory.
    pub held: Option<u64>,
}

impl ImageFacts {
    /// Looks at the header of a file.
    ///
    /// # Errors
    /// When it is no image, or is cut off.
    pub fn read(path: &Path) -> Result<Self, DatasetError> {
        Ok(match LargeTiff::find(path, BOUNDS)? {
            Found::Parts(tiff) => Self {
                size: tiff.size,
                held: Some(HELD),
            },
            Found::Whole(_) => Self {
                size: read_image_size(path)?,
                held: None,
            },
        })
    }
}

/// Compares addresses, not pixels.
impl PartialEq for Pixels {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::InMemory(a), Self::InMemory(b)) => Arc::ptr_eq(a, b),
            (Self::InFile(a), Self::InFile(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }
}

impl From<Rgb> for Pixels {
    fn from(image: Rgb) -> Self {
        Self::InMemory(Arc::new(image))
    }
}

impl From<Arc<Rgb>> for Pixels {
    fn from(image: Arc<Rgb>) -> Self {
        Self::InMemory(image)
    }
}

impl Pixels {
    /// Reads an image, of a large TIFF the header alone where parts of it can be decoded; where they cannot,
    /// a warning says why.
    ///
    /// # Errors
    /// Those of [`ImageReading::read`], and when such a file is cut off.
    pub fn open(path: &Path, reading: &ImageReading) -> Result<Self, DatasetError> {
        Self::open_within(path, reading, BOUNDS)
    }

    /// A TIFF of any size of which parts are decoded as they are asked for.
    #[cfg(test)]
    pub(crate) fn in_file(path: &Path) -> Self {
        let bounds = Bounds { least: 1, ..BOUNDS };
        let pixels = Self::open_within(path, &ImageReading::default(), bounds).expect("an image");
        assert!(matches!(pixels, Self::InFile(_)));
        pixels
    }

    /// As [`open`](Self::open), within other bounds.
    pub(super) fn open_within(
        path: &Path,
        reading: &ImageReading,
        bounds: Bounds,
    ) -> Result<Self, DatasetError> {
        match LargeTiff::find(path, bounds)? {
            Found::Parts(tiff) => {
                let wrong = if reading.bands.is_empty() && !tiff.has_colors() {
                    Some(must_choose(tiff.bands))
                } else {
                    reading.chosen(tiff.bands).err()
                };
                if let Some(reason) = wrong {
                    return Err(image_error(path, reason));
                }
                Ok(Self::InFile(Arc::new(FilePixels {
                    path: path.to_owned(),
                    tiff: *tiff,
                    reading: reading.clone(),
                    is_told: AtomicBool::new(false),
                })))
            }
            Found::Whole(None) => Ok(reading.read(path)?.into()),
            Found::Whole(Some((size, reason))) => {
                let is_too_large = 3 * size.pixels() > super::MAX_DECODE_BYTES
                    || size.width.max(size.height) > super::MAX_SIDE;
                let whole = reading.read(path).map_err(|err| match err {
                    DatasetError::Image { path, reason: why } if is_too_large => image_error(
                        &path,
                        format!("{why}. It has to be decoded as a whole: {reason}"),
                    ),
                    err => err,
                })?;
                log::warn!(
                    "{} is decoded as a whole: {reason}. Parts of it could be decoded as they are needed if it were \
                     saved upright, as gray or RGB of 8 or 16 bits, in tiles, as `gdal_translate -co TILED=YES IN OUT` does",
                    path.display()
                );
                Ok(whole.into())
            }
        }
    }

    /// Columns and rows.
    pub fn size(&self) -> Size {
        match self {
            Self::InMemory(image) => image.size(),
            Self::InFile(file) => file.tiff.size,
        }
    }

    /// Size, and what it takes.
    pub fn facts(&self) -> ImageFacts {
        ImageFacts {
            size: self.size(),
            held: matches!(self, Self::InFile(_)).then_some(HELD),
        }
    }

    /// The pixels of a part. Slow.
    ///
    /// # Errors
    /// When the file can no longer be decoded.
    pub fn part(&self, area: Area) -> Result<Rgb, DatasetError> {
        match self {
            Self::InMemory(image) => Ok(area.cut(image)),
            Self::InFile(file) => file.part(area),
        }
    }

    /// All pixels, in memory. Slow.
    ///
    /// # Errors
    /// Those of [`part`](Self::part), and when they take more memory than one decoder may.
    pub fn decoded(&self) -> Result<Arc<Rgb>, DatasetError> {
        match self {
            Self::InMemory(image) => Ok(Arc::clone(image)),
            Self::InFile(file) => {
                let size = self.size();
                if 3 * size.pixels() > super::MAX_DECODE_BYTES {
                    return Err(image_error(
                        &file.path,
                        format!(
                            "its {size} pixels are needed at once here, and may take 1 GiB at most. Cut it into several \
                             files"
                        ),
                    ));
                }
                Ok(Arc::new(file.part(Area::whole(size))?))
            }
        }
    }

    /// A part made smaller: of every `step` x `step` pixels one, which is their mean weighted by distance.
    /// Slow.
    ///
    /// # Errors
    /// Those of [`part`](Self::part).
    pub fn reduced(&self, area: Area, step: u32) -> Result<Rgb, DatasetError> {
        let small = |part: &Rgb| {
            let size = Size::new(part.width.div_ceil(step), part.height.div_ceil(step));
            resize_rgb(part, size)
        };
        match self {
            Self::InMemory(image) if area == Area::whole(image.size()) => Ok(small(image)),
            Self::InMemory(image) => Ok(small(&area.cut(image))),
            Self::InFile(file) if step == 1 => file.part(area),
            Self::InFile(file) => {
                let width = area.size.width.div_ceil(step);
                let height = area.size.height.div_ceil(step);
                let mut pixels = Vec::with_capacity(3 * width as usize * height as usize);
                for rows in area.bands(step.saturating_mul(SMALL_ROWS)) {
                    pixels.extend(small(&file.part(rows)?).pixels);
                }
                Ok(Rgb {
                    width,
                    height,
                    pixels,
                })
            }
        }
    }

    /// The image at a size that is not larger than its own. Slow.
    ///
    /// # Errors
    /// Those of [`part`](Self::part).
    pub fn resized(&self, size: Size) -> Result<Rgb, DatasetError> {
        let own = self.size();
        match self {
            Self::InMemory(image) => Ok(resize_rgb(image, size)),
            Self::InFile(_) => {
                let step = (own.width / size.width.max(1)).min(own.height / size.height.max(1));
                let small = self.reduced(Area::whole(own), step.max(1))?;
                Ok(resize_rgb(&small, size))
            }
        }
    }

    /// What is shown of a file that can no longer be read, which is told once.
    pub fn or_blank(&self, read: Result<Rgb, DatasetError>, size: Size) -> Rgb {
        read.unwrap_or_else(|err| {
            let is_told = match self {
                Self::InMemory(_) => false,
                Self::InFile(file) => file.is_told.swap(true, Ordering::Relaxed),
            };
            if !is_told {
                log::error!("{err}");
            }
            Rgb {
                width: size.width,
                height: size.height,
                pixels: vec![0; 3 * size.pixels() as usize],
            }
        })
    }
}

impl FilePixels {
    fn part(&self, area: Area) -> Result<Rgb, DatasetError> {
        let mut pixels = Vec::with_capacity(3 * area.size.pixels() as usize);
        self.tiff.blocks(area, |part| {
            pixels.extend(self.colors(part)?);
            Ok(())
        })?;
        Ok(Rgb {
            width: area.size.width,
            height: area.size.height,
            pixels,
        })
    }

    /// As [`ImageReading::read`] makes them of a whole file.
    fn colors(&self, part: Part) -> Result<Vec<u8>, String> {
        let samples = match part {
            Part::Colors(image) if self.reading.is_plain() => return Ok(opaque_pixels(image)),
            Part::Colors(image) => Samples::of(image).ok_or("its samples are no whole numbers")?,
            Part::Bands(samples) => samples,
        };
        let colors = self.reading.colors(samples, Orientation::NoTransforms)?;
        Ok(colors.pixels)
    }
}

impl std::fmt::Debug for FilePixels {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FilePixels")
            .field("path", &self.path)
            .field("size", &self.tiff.size)
            .finish_non_exhaustive()
    }
}
