//! The built-in sample: generated landscapes in VOC layout, so that everything
//! can be tried without a download.
//!
//! There are six classes beside the background, and color alone does not tell them
//! apart: water mirrors the sky, houses and balloons come in all colors. Posts and
//! fences are 4 to 8 pixels wide, which a map of stride 32 cannot draw.

mod canvas;
mod labels;
mod light;
mod objects;
mod scene;
mod texture;

use std::path::Path;
use std::{fs, io};

use image::codecs::jpeg::JpegEncoder;
use rand::SeedableRng as _;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use labels::sample_classes;

use super::image_io::encode_index_png;
use super::{Class, ClassList, DatasetError, LabelMap, Rgb, Rng};
use crate::files::{FileError, read_json, write_atomic, write_json};

/// Counts up when the pictures change, so that an old sample is written again.
const VERSION: u32 = 1;
/// The file that says that a sample is complete; written last.
const MARKER: &str = "sample.json";
const JPEG_QUALITY: u8 = 92;
/// How many images are drawn between two reports of progress.
const CHUNK: usize = 8;
/// Sides that a scene fits into, in pixels.
const SIDES: std::ops::RangeInclusive<u32> = 16..=4096;

/// The size of a sample. The same values make the same files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SampleSpec {
    /// Number of training images.
    pub train: usize,
    /// Number of validation images.
    pub val: usize,
    /// Columns of each image, `16..=4096`; other values are brought inside.
    pub width: u32,
    /// Rows of each image, `16..=4096`; other values are brought inside.
    pub height: u32,
    /// Another seed makes other scenes.
    pub seed: u64,
}

impl Default for SampleSpec {
    fn default() -> Self {
        Self {
            train: 200,
            val: 40,
            width: 192,
            height: 144,
            seed: 1,
        }
    }
}

#[derive(PartialEq, Serialize, Deserialize)]
struct Marker {
    version: u32,
    spec: SampleSpec,
}

/// Makes sure that the sample is in a folder: writes it unless a marker says that
/// it is there already, whole and as `spec` wants it. Takes a few seconds.
///
/// `progress` gets the number of images done and of all images, and says whether
/// to go on.
///
/// # Errors
/// [`DatasetError::File`] when a file cannot be written, [`DatasetError::Stopped`] when
/// `progress` said to stop.
/// In both cases the next call starts from the beginning.
pub fn ensure_sample(
    root: &Path,
    spec: &SampleSpec,
    progress: &mut dyn FnMut(usize, usize) -> bool,
) -> Result<(), DatasetError> {
    let marker = Marker {
        version: VERSION,
        spec: spec.clone(),
    };
    let marker_path = root.join(MARKER);
    if read_json::<Marker>(&marker_path).is_ok_and(|found| found == marker) {
        return Ok(());
    }
    remove_marker(&marker_path)?;
    for folder in ["JPEGImages", "SegmentationClass", "ImageSets/Segmentation"] {
        let folder = root.join(folder);
        fs::create_dir_all(&folder).map_err(FileError::write(&folder))?;
    }
    write_scenes(root, spec, progress)?;
    write_text(
        &root.join("ImageSets/Segmentation/train.txt"),
        &id_list(0..spec.train),
    )?;
    write_text(
        &root.join("ImageSets/Segmentation/val.txt"),
        &id_list(spec.train..spec.train + spec.val),
    )?;
    write_text(&root.join("classes.txt"), &class_lines(&sample_classes()))?;
    Ok(write_json(&marker_path, &marker)?)
}

/// Removes the old marker before anything is overwritten.
fn remove_marker(path: &Path) -> Result<(), FileError> {
    match fs::remove_file(path) {
        Err(err) if err.kind() != std::io::ErrorKind::NotFound => Err(FileError::write(path)(err)),
        _ => Ok(()),
    }
}

fn write_scenes(
    root: &Path,
    spec: &SampleSpec,
    progress: &mut dyn FnMut(usize, usize) -> bool,
) -> Result<(), DatasetError> {
    let classes = sample_classes();
    let total = spec.train + spec.val;
    for first in (0..total).step_by(CHUNK) {
        let chunk = first..total.min(first + CHUNK);
        let done = chunk.end;
        chunk
            .into_par_iter()
            .try_for_each(|index| write_scene(root, spec, index, &classes))?;
        if !progress(done, total) {
            return Err(DatasetError::Stopped {
                path: root.to_owned(),
            });
        }
    }
    Ok(())
}

/// Writes an image and its mask. The marker speaks for all of them, so they need
/// no scratch files of their own.
fn write_scene(
    root: &Path,
    spec: &SampleSpec,
    index: usize,
    classes: &ClassList,
) -> Result<(), FileError> {
    let (rgb, labels) = draw(spec, index);
    let image_path = root.join("JPEGImages").join(format!("{}.jpg", id(index)));
    encode_jpeg(&rgb)
        .map_err(io::Error::other)
        .and_then(|jpeg| fs::write(&image_path, jpeg))
        .map_err(FileError::write(&image_path))?;
    let mask_path = root
        .join("SegmentationClass")
        .join(format!("{}.png", id(index)));
    let mut png = Vec::new();
    encode_index_png(&labels, classes, &mut png)
        .and_then(|()| fs::write(&mask_path, png))
        .map_err(FileError::write(&mask_path))
}

/// Draws one scene of a sample.
fn draw(spec: &SampleSpec, index: usize) -> (Rgb, LabelMap) {
    let side = |value: u32| value.clamp(*SIDES.start(), *SIDES.end());
    // Neighboring seeds are spread by seed_from_u64; the factor keeps samples of neighboring seeds apart.
    let mut rng = Rng::seed_from_u64(
        spec.seed
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .wrapping_add(index as u64),
    );
    scene::draw(side(spec.width), side(spec.height), &mut rng)
}

fn encode_jpeg(rgb: &Rgb) -> image::ImageResult<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY);
    encoder.encode(
        &rgb.pixels,
        rgb.width,
        rgb.height,
        image::ExtendedColorType::Rgb8,
    )?;
    Ok(bytes)
}

fn write_text(path: &Path, text: &str) -> Result<(), FileError> {
    write_atomic(path, |file| file.write_all(text.as_bytes()))
}

fn id(index: usize) -> String {
    format!("scene_{:04}", index + 1)
}

fn id_list(indices: std::ops::Range<usize>) -> String {
    indices.map(|index| id(index) + "\n").collect()
}

fn class_lines(classes: &ClassList) -> String {
    let line = |class: &Class| {
        let [red, green, blue] = class.color;
        format!("{} {red} {green} {blue}\n", class.name)
    };
    classes.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::dataset::{Dataset, Depth, Size, check_and_count};

    fn small() -> SampleSpec {
        SampleSpec {
            train: 10,
            val: 2,
            width: 96,
            height: 72,
            seed: 5,
        }
    }

    fn files(root: &Path) -> Vec<(PathBuf, Vec<u8>)> {
        let mut folders = vec![root.to_owned()];
        let mut files = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("listed") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let bytes = fs::read(&path).expect("read");
                    files.push((path.strip_prefix(root).expect("inside").to_owned(), bytes));
                }
            }
        }
        files.sort();
        files
    }

    #[test]
    fn the_sample_is_a_valid_dataset_with_every_class() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let mut calls = Vec::new();
        ensure_sample(dir.path(), &small(), &mut |done, total| {
            calls.push((done, total));
            true
        })
        .expect("written");
        assert_eq!(calls, [(8, 12), (12, 12)]);
        let dataset = Dataset::open(dir.path()).expect("a dataset");
        assert_eq!((dataset.train.len(), dataset.val.len()), (10, 2));
        assert_eq!(dataset.classes, sample_classes());
        let (_, stats) =
            check_and_count(&dataset, Depth::Labels, &mut |_, _| true).expect("not stopped");
        assert_eq!(stats.images, 12);
        assert_eq!(
            (stats.min_size, stats.max_size),
            (Size::new(96, 72), Size::new(96, 72))
        );
        assert!(
            stats.class_pixels.iter().all(|pixels| *pixels > 0),
            "{:?}",
            stats.class_pixels
        );
        assert!(stats.void_pixels > 0);
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes() {
        let (one, two, other) = (
            tempfile::tempdir(),
            tempfile::tempdir(),
            tempfile::tempdir(),
        );
        let [one, two, other] = [one, two, other].map(|dir| dir.expect("a temporary folder"));
        ensure_sample(one.path(), &small(), &mut |_, _| true).expect("written");
        ensure_sample(two.path(), &small(), &mut |_, _| true).expect("written");
        ensure_sample(
            other.path(),
            &SampleSpec { seed: 6, ..small() },
            &mut |_, _| true,
        )
        .expect("written");
        assert!(files(one.path()) == files(two.path()));
        assert!(files(one.path()) != files(other.path()));
    }

    #[test]
    fn a_sample_is_made_again_only_when_its_marker_is_not_there() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let mut spec = SampleSpec {
            train: 2,
            val: 1,
            ..small()
        };
        let made = |spec: &SampleSpec| {
            let mut calls = 0;
            ensure_sample(dir.path(), spec, &mut |_, _| {
                calls += 1;
                true
            })
            .expect("written");
            calls > 0
        };
        assert!(made(&spec));
        assert!(!made(&spec));
        let image = dir.path().join("JPEGImages/scene_0001.jpg");
        let bytes = fs::read(&image).expect("read");
        fs::write(&image, "damaged").expect("written");
        fs::remove_file(dir.path().join(MARKER)).expect("removed");
        assert!(made(&spec));
        assert!(fs::read(&image).expect("read") == bytes);
        spec.seed += 1;
        assert!(made(&spec));
    }

    #[test]
    fn a_stopped_sample_is_not_taken_for_whole() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let err = ensure_sample(dir.path(), &small(), &mut |_, _| false).unwrap_err();
        assert!(matches!(&err, DatasetError::Stopped { .. }), "{err}");
        assert!(!dir.path().join(MARKER).exists());
    }

    #[test]
    fn strange_sizes_are_drawn() {
        for (width, height) in [(0, 0), (17, 300), (300, 16)] {
            let (rgb, labels) = draw(
                &SampleSpec {
                    width,
                    height,
                    ..small()
                },
                0,
            );
            assert_eq!(rgb.pixels.len(), 3 * labels.labels.len());
            assert!(
                labels
                    .labels
                    .iter()
                    .all(|label| *label < 7 || *label == crate::dataset::VOID)
            );
        }
    }

    #[test]
    fn every_class_is_in_many_scenes() {
        let mut scenes_with = [0; 7];
        for index in 0..40 {
            let (_, labels) = draw(&SampleSpec::default(), index);
            for (label, scenes) in (0..).zip(&mut scenes_with) {
                *scenes += usize::from(labels.labels.contains(&label));
            }
        }
        assert!(
            scenes_with.iter().all(|scenes| *scenes >= 20),
            "{scenes_with:?}"
        );
    }
}
