//! Masks and overlays as files.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::predict::{Logits, NetworkSource};
use super::tasks::{Task, spawn_thread};
use super::{Engine, EngineError, in_dataset};
use crate::dataset::{
    Area, ClassList, IMAGE_EXTENSIONS, LabelMap, Pixels, Rgb, Size, VOID, encode_index_png,
    encode_rgb_png, encode_rgb_rows, write_rgb_png,
};
use crate::files::{Existing, FileError, Output, Outputs, has_extension, write_npy_floats};
use crate::training::{Averaging, Tiling};

/// Where a file goes.
#[derive(Debug, Clone)]
pub enum SaveTo {
    /// A name of a plan.
    Planned(Output),
    /// A path that a person named.
    Path(PathBuf, Existing),
}

impl SaveTo {
    /// Claims the name now, before the work that leads to the file.
    pub fn planned(self) -> Result<Self, EngineError> {
        self.claim().map(Self::Planned)
    }

    pub(super) fn claim(self) -> Result<Output, EngineError> {
        match self {
            Self::Planned(output) => Ok(output),
            Self::Path(path, existing) => {
                // Readers of datasets take these for images and masks.
                if has_extension(&path, IMAGE_EXTENSIONS) {
                    in_dataset::refuse(path.parent().unwrap_or(Path::new(".")))?;
                }
                Ok(Outputs::new(existing).claim(&path)?)
            }
        }
    }
}

impl Engine {
    /// Writes logits as a NumPy file; returns the path.
    pub fn save_logits(&self, logits: Logits, to: SaveTo) -> Task<Result<PathBuf, EngineError>> {
        self.spawn("save logits", move |_| {
            let output = to.claim()?;
            output.write(|file| encode_npy(&logits, file))?;
            Ok(output.path().to_owned())
        })
    }

    /// The folder of images that were pasted.
    pub fn pasted_folder(&self) -> PathBuf {
        self.dirs.data.join("pasted")
    }

    /// Writes an image that was pasted, as the next `pasted-N.png` among the data; returns the path.
    pub fn keep_pasted(
        &self,
        image: impl FnOnce() -> Rgb + Send + 'static,
    ) -> Task<Result<PathBuf, EngineError>> {
        let folder = self.pasted_folder();
        self.spawn("paste", move |_| {
            std::fs::create_dir_all(&folder).map_err(FileError::write(&folder))?;
            let mut numbers = 1_usize..;
            let path = numbers.find_map(|number| {
                let path = folder.join(format!("pasted-{number}.png"));
                (!path.exists()).then_some(path)
            });
            let path = path.unwrap_or_else(|| folder.join("pasted.png"));
            write_rgb_png(&path, &image())?;
            Ok(path)
        })
    }

    /// Writes the probability of each class at each pixel of an image as a NumPy file, averaged where that
    /// is asked for; returns the path.
    pub fn save_probabilities(
        &self,
        network: &NetworkSource,
        image: &Path,
        averaging: &Averaging,
        to: SaveTo,
    ) -> Task<Result<PathBuf, EngineError>> {
        let averages = !averaging.is_off();
        let found = if averages {
            self.averaged_with(network, image, averaging.clone())
        } else {
            self.logits_with(network, image, Tiling::default())
        };
        spawn_thread(&self.waker, "save probabilities", move |cancel| {
            let mut probabilities = found.wait_as_part(cancel)?;
            if !averages {
                probabilities = probabilities.into_probabilities();
            }
            let output = to.claim()?;
            output.write(|file| encode_npy(&probabilities, file))?;
            Ok(output.path().to_owned())
        })
    }

    /// Writes a mask as an 8-bit indexed PNG with the classes' colors as its palette; returns
    /// the path.
    pub fn save_mask(
        &self,
        mask: Arc<LabelMap>,
        classes: Arc<ClassList>,
        to: SaveTo,
    ) -> Task<Result<PathBuf, EngineError>> {
        self.spawn("save mask", move |_| {
            let output = to.claim()?;
            output.write(|file| encode_index_png(&mask, &classes, file))?;
            Ok(output.path().to_owned())
        })
    }

    /// Writes the image with the colors of the classes that are `shown` over it; `opacity` in
    /// `0.0..=1.0`; returns the path.
    pub fn save_overlay(
        &self,
        image: Pixels,
        mask: Arc<LabelMap>,
        classes: Arc<ClassList>,
        opacity: f32,
        shown: impl Fn(u8) -> bool + Send + 'static,
        to: SaveTo,
    ) -> Task<Result<PathBuf, EngineError>> {
        self.spawn("save overlay", move |_| {
            let output = to.claim()?;
            output.write(|file| encode_overlay(&image, &mask, (&classes, opacity), shown, file))?;
            Ok(output.path().to_owned())
        })
    }
}

/// Rows of an overlay that are made at a time, where its image is not in memory.
const OVERLAY_ROWS: u32 = 64;

/// Writes [`overlay`] as PNG; that of a large file part by part.
pub(super) fn encode_overlay(
    image: &Pixels,
    mask: &LabelMap,
    (classes, opacity): (&ClassList, f32),
    shown: impl Fn(u8) -> bool,
    file: &mut dyn Write,
) -> io::Result<()> {
    if let Pixels::InMemory(image) = image {
        let overlay = overlay(image, mask, classes, opacity, shown);
        return encode_rgb_png(&overlay, file);
    }
    let size = image.size();
    let mut parts = Area::whole(size).bands(OVERLAY_ROWS);
    let next = || {
        let Some(area) = parts.next() else {
            return Ok(None);
        };
        let mut part = image.part(area).map_err(io::Error::other)?;
        let row = size.width as usize;
        let labels = &mask.labels[area.top as usize * row..];
        color(&mut part, labels, (classes, opacity), &shown);
        Ok(Some(part))
    };
    encode_rgb_rows(size, next, file)
}

/// The image with the colors of the classes that are `shown` over it.
pub(super) fn overlay(
    image: &Rgb,
    mask: &LabelMap,
    classes: &ClassList,
    opacity: f32,
    shown: impl Fn(u8) -> bool,
) -> Rgb {
    let mut overlay = image.clone();
    color(&mut overlay, &mask.labels, (classes, opacity), shown);
    overlay
}

fn color(
    image: &mut Rgb,
    labels: &[u8],
    (classes, opacity): (&ClassList, f32),
    shown: impl Fn(u8) -> bool,
) {
    for (pixel, &label) in image.pixels.chunks_exact_mut(3).zip(labels) {
        if label == VOID || !shown(label) {
            continue;
        }
        for (value, color) in pixel.iter_mut().zip(classes.color(label)) {
            let mixed = f32::from(*value) * (1.0 - opacity) + f32::from(color) * opacity;
            *value = mixed.round() as u8;
        }
    }
}

/// Writes `[num_classes, height, width]` floats in NumPy's format.
fn encode_npy(logits: &Logits, file: &mut dyn Write) -> io::Result<()> {
    let Size { width, height } = logits.size;
    let shape = [logits.num_classes, height as usize, width as usize];
    write_npy_floats(file, &shape, &logits.values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Class;

    #[test]
    fn logits_are_written_as_numpy_reads_them() {
        let logits = Logits {
            num_classes: 2,
            size: Size::new(1, 1),
            values: vec![1.0, -2.5],
        };
        let mut bytes = Vec::new();
        encode_npy(&logits, &mut bytes).unwrap();
        assert_eq!(&bytes[..10], b"\x93NUMPY\x01\x00\x76\x00");
        let header = std::str::from_utf8(&bytes[10..128]).unwrap();
        assert!(
            header.starts_with("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1, 1), }")
        );
        assert!(header.ends_with(" \n"), "{header:?}");
        assert_eq!(
            bytes[128..],
            [1.0f32.to_le_bytes(), (-2.5f32).to_le_bytes()].concat()
        );
    }

    #[test]
    fn probabilities_are_the_softmax_of_each_pixel() {
        let logits = Logits {
            num_classes: 2,
            size: Size::new(2, 1),
            // The first pixel has logits 0 and ln 3, the second one large equal ones.
            values: vec![0.0, 1000.0, 3.0_f32.ln(), 1000.0],
        };
        let shares = logits.into_probabilities();
        for (share, expected) in shares.values.iter().zip([0.25, 0.5, 0.75, 0.5]) {
            assert!((share - expected).abs() < 1e-6, "{share} is not {expected}");
        }
    }

    #[test]
    fn an_overlay_mixes_by_opacity_and_leaves_void_alone() {
        let classes = ClassList::new(vec![Class {
            name: "a".into(),
            color: [200, 0, 100],
        }])
        .expect("classes");
        let image = Rgb {
            width: 2,
            height: 1,
            pixels: vec![100, 100, 100, 1, 2, 3],
        };
        let mask = LabelMap {
            width: 2,
            height: 1,
            labels: vec![0, VOID],
        };
        assert_eq!(
            overlay(&image, &mask, &classes, 0.25, |_| true).pixels,
            [125, 75, 100, 1, 2, 3]
        );
        assert_eq!(overlay(&image, &mask, &classes, 0.25, |_| false), image);
    }

    #[test]
    fn the_overlay_of_an_image_in_a_file_is_that_of_the_same_image_in_memory() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("image.tif");
        let image = Rgb {
            width: 3,
            height: 130,
            pixels: (0..3 * 3 * 130).map(|value| (value % 251) as u8).collect(),
        };
        image::RgbImage::from_raw(3, 130, image.pixels.clone())
            .and_then(|image| image.save(&path).ok())
            .expect("written");
        let mask = LabelMap {
            width: 3,
            height: 130,
            labels: (0..3 * 130).map(|place| (place % 2) as u8).collect(),
        };
        let classes = ClassList::numbered(2);
        let written = [Pixels::in_file(&path), image.into()].map(|image| {
            let path = folder.path().join("overlay.png");
            let mut file = std::fs::File::create(&path).expect("a file");
            encode_overlay(&image, &mask, (&classes, 0.5), |_| true, &mut file).expect("written");
            crate::dataset::read_rgb(&path).expect("an image")
        });
        assert_eq!(written[0], written[1]);
    }
}
