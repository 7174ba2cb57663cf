//! Damaged files of every kind that is read, more than 10,000 in all: whatever is in them, the answer is a
//! result or an error that names the file.

use std::fs;
use std::io::{Cursor, Write as _};
use std::path::Path;

use image::ImageFormat;
use rand::{RngExt as _, SeedableRng as _};

use super::image_io::test_tiff::{SIX as SIX_BANDS, tiff as banded_tiff};
use super::layout::tests::{write_pair, write_text, write_voc};
use super::prepare::mat_file;
use super::{
    ClassList, Dataset, ImageReading, LabelMap, MaskReader, Rng, VOID, read_rgb, write_index_png,
};

/// Mutations of each file.
const TIMES: usize = 400;
/// Kinds of files, by test.
const IMAGES_AND_MASKS: usize = 13;
const LISTS: usize = 9;
const ANNOTATIONS: usize = 3;
const ARCHIVES: usize = 3;
const _: () = assert!(TIMES * (IMAGES_AND_MASKS + LISTS + ANNOTATIONS + ARCHIVES) > 10_000);

/// Changes, cuts or lengthens a file at random places.
fn mutated(original: &[u8], rng: &mut Rng) -> Vec<u8> {
    let mut bytes = original.to_vec();
    for _ in 0..rng.random_range(1..6) {
        if bytes.is_empty() {
            break;
        }
        let place = rng.random_range(0..bytes.len());
        match rng.random_range(0..5) {
            0 => bytes.truncate(place),
            1 => bytes[place] = rng.random_range(0..=255),
            2 => bytes[place] ^= 1 << rng.random_range(0..8),
            3 => {
                let byte = [0, 0x7f, 0xff][rng.random_range(0..3)];
                let end = (place + rng.random_range(1..9)).min(bytes.len());
                bytes[place..end].fill(byte);
            }
            _ => {
                let end = (place + rng.random_range(1..33)).min(bytes.len());
                let copy = bytes[place..end].to_vec();
                bytes.splice(place..place, copy);
            }
        }
    }
    bytes
}

/// The kinds of files that a test has checked.
#[derive(Default)]
struct Checked(usize);

impl Checked {
    /// Reads mutations of a file. Errors have to name `path`.
    fn file(&mut self, path: &Path, read: &mut dyn FnMut() -> Result<(), String>) {
        check(path, read);
        self.0 += 1;
    }
}

fn check(path: &Path, read: &mut dyn FnMut() -> Result<(), String>) {
    let original = fs::read(path).expect("the sound file");
    read().unwrap_or_else(|err| panic!("the sound file is refused: {err}"));
    let name = path
        .file_name()
        .expect("a name")
        .to_string_lossy()
        .into_owned();
    let mut rng = Rng::seed_from_u64(original.len() as u64);
    for _ in 0..TIMES {
        fs::write(path, mutated(&original, &mut rng)).expect("written");
        if let Err(message) = read() {
            assert!(message.contains(&name), "{name}: {message}");
        }
    }
    fs::write(path, original).expect("written");
}

#[test]
fn images_and_masks() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let mut checked = Checked::default();
    let picture = image::DynamicImage::ImageRgb8(image::RgbImage::from_fn(40, 30, |x, y| {
        image::Rgb([(x * 6) as u8, (y * 8) as u8, ((x * y) % 256) as u8])
    }));
    let gray = image::DynamicImage::ImageLuma8(image::GrayImage::from_fn(40, 30, |x, y| {
        image::Luma([u8::from(x > y)])
    }));
    let reader = MaskReader {
        num_classes: 2,
        ..MaskReader::default()
    };
    for (end, format) in [
        ("png", ImageFormat::Png),
        ("jpg", ImageFormat::Jpeg),
        ("bmp", ImageFormat::Bmp),
        ("gif", ImageFormat::Gif),
        ("tif", ImageFormat::Tiff),
        ("webp", ImageFormat::WebP),
        ("ppm", ImageFormat::Pnm),
    ] {
        let path = dir.path().join(format!("image.{end}"));
        picture.save_with_format(&path, format).expect("written");
        checked.file(&path, &mut || {
            read_rgb(&path).map(drop).map_err(|err| err.to_string())
        });
        if ["png", "bmp", "gif", "tif"].contains(&end) {
            let path = dir.path().join(format!("mask.{end}"));
            let written = if end == "gif" {
                gray.to_rgb8().into()
            } else {
                gray.clone()
            };
            written.save_with_format(&path, format).expect("written");
            checked.file(&path, &mut || {
                reader.read(&path).map(drop).map_err(|err| err.to_string())
            });
        }
    }
    let path = dir.path().join("indexed.png");
    let labels = LabelMap {
        width: 40,
        height: 30,
        labels: (0..1200_u32)
            .map(|n| if n % 7 == 0 { VOID } else { (n % 2) as u8 })
            .collect(),
    };
    write_index_png(&path, &labels, &ClassList::voc()).expect("written");
    checked.file(&path, &mut || {
        reader.read(&path).map(drop).map_err(|err| err.to_string())
    });
    let path = dir.path().join("bands.tif");
    fs::write(&path, banded_tiff(SIX_BANDS)).expect("written");
    let reading = ImageReading {
        bands: vec![4, 3, 2],
        range: None,
    };
    checked.file(&path, &mut || {
        reading.read(&path).map(drop).map_err(|err| err.to_string())
    });
    assert_eq!(checked.0, IMAGES_AND_MASKS);
}

/// Opens a dataset as the program does and reads its first pair.
fn opened(root: &Path, cache: &Path) -> Result<(), String> {
    let dataset =
        Dataset::open_any(root, cache, &mut |_, _| true).map_err(|err| err.to_string())?;
    // The masks are sound, so only the opening is looked at; reading must not panic.
    dataset.mask_reader().read_pair(&dataset.train[0]).ok();
    Ok(())
}

#[test]
fn lists_class_lists_maps_and_tables() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let mut checked = Checked::default();
    let (root, cache) = (dir.path().join("set"), dir.path().join("cache"));
    for name in ["a", "b"] {
        let mask = root.join(format!("m/{name}.png"));
        write_pair(&root.join(format!("i/{name}.png")), &mask, [0, 1]);
    }
    write_text(&root.join("train.txt"), "i/a.png m/a.png\n");
    write_text(&root.join("val.txt"), "i/b.png m/b.png\n");
    write_text(
        &root.join("classes.txt"),
        "id,name,r,g,b\n0,ground,0,0,0\n1,car,9,8,7\n",
    );
    write_text(
        &root.join("class-map.toml"),
        "void = [3]\n[[class]]\nname = \"x\"\nlabels = [0, 1]\ncolors = [[1, 2, 3]]\n",
    );
    for name in ["train.txt", "val.txt", "classes.txt", "class-map.toml"] {
        let mut read = || match opened(&root, &cache) {
            // A list without pairs is no list of pairs, and the folders are looked at.
            Err(message) if message.contains("set: ") => Ok(()),
            other => other,
        };
        checked.file(&root.join(name), &mut read);
    }
    let table = dir.path().join("table");
    fs::rename(&root, &table).expect("renamed");
    for name in ["train.txt", "val.txt", "class-map.toml"] {
        fs::remove_file(table.join(name)).expect("removed");
    }
    write_text(
        &table.join("pairs.csv"),
        "image,mask,split\ni/a.png,m/a.png,train\n\"i/b.png\",m/b.png,val\n",
    );
    let mut read = || match opened(&table, &cache) {
        Err(message) if message.contains("table: ") => Ok(()),
        other => other,
    };
    checked.file(&table.join("pairs.csv"), &mut read);
    let cvat = dir.path().join("cvat");
    write_voc(&cvat, &["a", "b"], [0, 1]);
    write_text(
        &cvat.join("labelmap.txt"),
        "# label:color_rgb:parts:actions\nground:0,0,0::\ncar:128,0,0::\n",
    );
    checked.file(&cvat.join("labelmap.txt"), &mut || opened(&cvat, &cache));
    // Lists in JSON and in UTF-16, beside folders of pairs, and a document of pairs.
    let folders = dir.path().join("folders");
    fs::rename(&table, &folders).expect("renamed");
    for name in ["pairs.csv", "classes.txt"] {
        fs::remove_file(folders.join(name)).expect("removed");
    }
    let names = r#"["a", {"image": "i/b.png"}]"#;
    let utf16: Vec<u8> = "\u{feff}a\r\nb\r\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let pairs = r#"{"labels": {"0": "x", "1": "y"}, "training": [{"image": "i/a.png", "label": "m/a.png"},
        {"image": "i/b.png", "label": "m/b.png"}]}"#;
    for (name, bytes) in [
        ("train.json", names.as_bytes()),
        ("train.txt", &utf16),
        ("dataset.json", pairs.as_bytes()),
    ] {
        let path = folders.join(name);
        fs::write(&path, bytes).expect("written");
        checked.file(&path, &mut || match opened(&folders, &cache) {
            Err(message) if message.contains("folders: ") => Ok(()),
            other => other,
        });
        fs::remove_file(&path).expect("removed");
    }
    assert_eq!(checked.0, LISTS);
}

/// A folder with images `a.png` and `b.png` of 4x3 pixels.
fn images(root: &Path) {
    fs::create_dir_all(root).expect("created");
    for name in ["a", "b"] {
        image::RgbImage::new(4, 3)
            .save(root.join(format!("{name}.png")))
            .expect("written");
    }
}

#[test]
fn annotations() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let mut checked = Checked::default();
    let cache = dir.path().join("cache");
    let root = dir.path().join("coco");
    images(&root);
    let text = r#"{"images": [{"id": 1, "file_name": "a.png", "width": 4, "height": 3}, {"id": 2, "file_name": "b.png",
        "width": 4, "height": 3}], "categories": [{"id": 1, "name": "car"}], "annotations": [
        {"image_id": 1, "category_id": 1, "segmentation": [[0, 0, 2.5, 0, 2, 3]]},
        {"image_id": 2, "category_id": 1, "segmentation": {"counts": ";1", "size": [3, 4]}},
        {"image_id": 2, "category_id": 1, "segmentation": {"counts": [9, 1, 2], "size": [3, 4]}}]}"#;
    write_text(&root.join("all.json"), text);
    let read = |root: &Path| {
        // Documents that are none any more are no annotations.
        match opened(root, &cache) {
            Err(message) if message.contains("nothing to train on") => Ok(()),
            other => other,
        }
    };
    checked.file(&root.join("all.json"), &mut || read(&root));
    let root = dir.path().join("labelme");
    images(&root);
    for name in ["a", "b"] {
        let text = format!(
            r#"{{"imagePath": "{name}.png", "imageHeight": 3, "imageWidth": 4, "imageData": null,
            "shapes": [{{"label": "x", "points": [[0, 0], [2.5, 0], [2, 3]], "shape_type": "polygon"}}]}}"#
        );
        write_text(&root.join(format!("{name}.json")), &text);
    }
    checked.file(&root.join("b.json"), &mut || match read(&root) {
        Err(message) if message.contains("labelme: ") => Ok(()),
        other => other,
    });
    let root = dir.path().join("sbd");
    images(&root.join("img"));
    fs::create_dir(root.join("cls")).expect("created");
    for name in ["a", "b"] {
        let labels = mat_file([3, 4], &[0, 0, 0, 0, 20, 0, 0, 0, 0, 15, 0, 0]);
        fs::write(root.join(format!("cls/{name}.mat")), labels).expect("written");
    }
    checked.file(&root.join("cls/b.mat"), &mut || {
        let read = opened(&root, &cache);
        fs::remove_dir_all(&cache).ok();
        read
    });
    assert_eq!(checked.0, ANNOTATIONS);
}

#[test]
fn archives() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let mut checked = Checked::default();
    let (root, cache) = (dir.path().join("set"), dir.path().join("cache"));
    let names = ["i/a.png", "i/b.png", "m/a.png", "m/b.png"];
    for name in ["a", "b"] {
        let mask = root.join(format!("m/{name}.png"));
        write_pair(&root.join(format!("i/{name}.png")), &mask, [0, 1]);
    }
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let mut tar = tar::Builder::new(Vec::new());
    for name in names {
        zip.start_file(name, zip::write::SimpleFileOptions::default())
            .expect("an entry");
        zip.write_all(&fs::read(root.join(name)).expect("read"))
            .expect("written");
        tar.append_path_with_name(root.join(name), name)
            .expect("added");
    }
    let zip = zip.finish().expect("a zip").into_inner();
    let tar = tar.into_inner().expect("a tar");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&tar).expect("packed");
    let packed = gzip.finish().expect("packed");
    for (name, bytes) in [("own.zip", zip), ("own.tar", tar), ("own.tgz", packed)] {
        let path = dir.path().join(name);
        fs::write(&path, bytes).expect("written");
        let mut read = || {
            let read = opened(&path, &cache);
            fs::remove_dir_all(&cache).ok();
            match read {
                // Unpacked, but what is in it is no dataset any more.
                Err(message) if message.contains("cache") => Ok(()),
                other => other,
            }
        };
        checked.file(&path, &mut read);
        assert!(!dir.path().join("evil").exists());
    }
    assert_eq!(checked.0, ARCHIVES);
}
