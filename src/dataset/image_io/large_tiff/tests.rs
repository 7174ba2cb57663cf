use std::path::PathBuf;

use super::*;
use crate::dataset::image_io::test_tiff::{Form, SIX, tiff};
use crate::dataset::image_io::{ImageReading, Pixels, Rgb, read_rgb};

/// So small that strips are read in groups of rows, few chunks are kept and blocks have few rows.
const TINY: Bounds = Bounds {
    least: 1,
    chunk: 2048,
    kept: 3000,
    block: 500,
};
const ODD: Form = Form {
    size: [37, 29],
    strip: 5,
    colors: true,
    bands: 3,
    ..SIX
};

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    fn file(&self, form: Form) -> PathBuf {
        let path = self.0.path().join("large.tif");
        std::fs::write(&path, tiff(form)).expect("written");
        path
    }
}

fn opened(path: &Path, reading: &ImageReading) -> Pixels {
    Pixels::open_within(path, reading, TINY).unwrap_or_else(|err| panic!("{err}"))
}

#[track_caller]
fn assert_parts_are_those_of(pixels: &Pixels, whole: &Rgb, form: Form) {
    assert!(
        matches!(pixels, Pixels::InFile(_)),
        "decoded in parts: {form:?}"
    );
    assert_eq!(pixels.size(), whole.size());
    for (left, top, width, height) in [
        (0, 0, 37, 29),
        (3, 4, 20, 17),
        (15, 15, 2, 2),
        (36, 28, 1, 1),
        (0, 20, 37, 9),
        (30, 0, 7, 29),
    ] {
        let area = Area {
            left,
            top,
            size: Size::new(width, height),
        };
        let part = pixels.part(area).unwrap_or_else(|err| panic!("{err}"));
        assert_eq!(part, area.cut(whole), "{area:?} of {form:?}");
    }
    assert_eq!(*pixels.decoded().expect("decoded"), *whole);
}

/// The decoded parts of a file are, bit for bit, those of the file that is decoded as a whole.
#[test]
fn parts_are_those_of_the_whole_image_however_it_is_stored() {
    let folder = Folder::new();
    for (bands, colors) in [(1, false), (3, true), (4, true)] {
        for bits in [8, 16] {
            for planar in [false, true] {
                for packed in [false, true] {
                    for (tile, big, large) in [
                        (None, false, true),
                        (Some(16), true, true),
                        (None, true, false),
                        (Some(16), false, false),
                    ] {
                        let form = Form {
                            bits,
                            big,
                            planar: planar && bands > 1,
                            packed,
                            tile,
                            large,
                            bands,
                            colors,
                            ..ODD
                        };
                        // The same pixels, stored pixel by pixel.
                        let chunky = Form {
                            planar: false,
                            ..form
                        };
                        let whole = read_rgb(&folder.file(chunky))
                            .unwrap_or_else(|err| panic!("{chunky:?}: {err}"));
                        let path = folder.file(form);
                        let pixels = opened(&path, &ImageReading::default());
                        assert_parts_are_those_of(&pixels, &whole, form);
                    }
                }
            }
        }
    }
}

#[test]
fn parts_of_a_file_of_jpegs_or_with_lzw_are_those_of_the_whole_image() {
    let folder = Folder::new();
    for (tile, bands, jpeg) in [
        (None, 3, true),
        (Some(16), 3, true),
        (Some(16), 1, true),
        (Some(16), 3, false),
        (Some(16), 1, false),
    ] {
        let form = Form {
            jpeg,
            lzw: !jpeg,
            tile,
            bands,
            colors: bands == 3,
            strip: 8,
            ..ODD
        };
        let path = folder.file(form);
        let whole = read_rgb(&path).unwrap_or_else(|err| panic!("{form:?}: {err}"));
        let pixels = opened(&path, &ImageReading::default());
        assert_parts_are_those_of(&pixels, &whole, form);
    }
}

#[test]
fn chosen_bands_and_ranges_are_those_of_the_whole_image() {
    let folder = Folder::new();
    for (bits, planar, tile) in [(8, false, Some(16)), (16, true, None), (16, false, None)] {
        let form = Form {
            bits,
            planar,
            tile,
            packed: true,
            colors: false,
            bands: 6,
            strip: 4,
            ..ODD
        };
        let path = folder.file(form);
        let reading = ImageReading {
            bands: vec![4, 3, 2],
            range: Some([20, 200]),
        };
        let whole = reading.read(&path).expect("read");
        assert_parts_are_those_of(&opened(&path, &reading), &whole, form);
        // As of a small file.
        let message = Pixels::open_within(&path, &ImageReading::default(), TINY)
            .expect_err("no colors")
            .to_string();
        assert!(
            message.contains("6 bands") && message.contains("--bands"),
            "{message}"
        );
    }
}

#[test]
fn rows_of_a_strip_that_is_not_compressed_are_read_as_they_are_needed() {
    let folder = Folder::new();
    for (bits, big, bands, inverted) in [
        (8, false, 3, false),
        (16, true, 1, false),
        (16, false, 1, true),
    ] {
        let form = Form {
            bits,
            big,
            bands,
            inverted,
            colors: bands == 3,
            strip: 29,
            ..ODD
        };
        let path = folder.file(form);
        // 37x29 samples: 3219 and 2146 bytes, more than a chunk may have.
        let whole = read_rgb(&path).expect("read");
        assert_parts_are_those_of(&opened(&path, &ImageReading::default()), &whole, form);
        // More rows than the file has, and than the length of the strip says.
        let mut bytes = std::fs::read(&path).expect("a file");
        for tag in [257, 278] {
            set_short(&mut bytes, tag, 9_000, big);
        }
        std::fs::write(&path, &bytes).expect("written");
        let Err(err) = LargeTiff::find(&path, TINY) else {
            panic!("a file that is cut off");
        };
        assert!(err.to_string().contains("cut off"), "{err}");
    }
}

#[test]
fn what_cannot_be_decoded_in_parts_is_decoded_as_a_whole() {
    let folder = Folder::new();
    let packed = Form {
        packed: true,
        strip: 29,
        ..ODD
    };
    let turned = Form {
        orientation: 6,
        ..ODD
    };
    for (form, reason) in [(packed, "one compressed strip"), (turned, "orientation")] {
        let path = folder.file(form);
        let found = LargeTiff::find(&path, TINY).expect("a file");
        let Found::Whole(Some((_, why))) = found else {
            panic!("decoded in parts: {form:?}");
        };
        assert!(why.contains(reason), "{why}");
        let pixels = opened(&path, &ImageReading::default());
        let Pixels::InMemory(image) = pixels else {
            panic!("decoded in parts: {form:?}");
        };
        assert_eq!(*image, read_rgb(&path).expect("read"));
    }
    // Few pixels, and a file that is no TIFF, are no matter.
    let path = folder.file(ODD);
    let large = Bounds {
        least: 37 * 29 + 1,
        ..TINY
    };
    let found = LargeTiff::find(&path, large).expect("a file");
    assert!(matches!(found, Found::Whole(None)));
    let text = folder.0.path().join("text.png");
    std::fs::write(&text, "no picture").expect("written");
    let found = LargeTiff::find(&text, TINY).expect("a file");
    assert!(matches!(found, Found::Whole(None)));
}

#[test]
fn a_file_that_is_cut_off_is_told_before_anything_is_decoded() {
    let folder = Folder::new();
    let path = folder.file(ODD);
    assert!(matches!(LargeTiff::find(&path, TINY), Ok(Found::Parts(_))));
    // One of the strips is moved behind the end.
    let mut bytes = tiff(ODD);
    let strip_offsets = [0x11, 0x01, 4, 0];
    let entry = bytes.windows(4).position(|tag| tag == strip_offsets);
    let at = entry.expect("the places of the strips") + 8;
    let list = u32::from_le_bytes(bytes[at..at + 4].try_into().expect("4 bytes")) as usize;
    bytes[list..list + 4].copy_from_slice(&1_000_000_u32.to_le_bytes());
    std::fs::write(&path, &bytes).expect("written");
    let Err(err) = LargeTiff::find(&path, TINY) else {
        panic!("a file that is cut off");
    };
    let message = err.to_string();
    assert!(
        message.contains("large.tif") && message.contains("cut off"),
        "{message}"
    );
}

#[test]
fn a_file_that_vanishes_under_the_program_is_an_error_of_its_name() {
    let folder = Folder::new();
    let path = folder.file(ODD);
    let pixels = opened(&path, &ImageReading::default());
    let length = std::fs::metadata(&path).expect("a file").len();
    let file = std::fs::OpenOptions::new().write(true).open(&path);
    file.expect("opened").set_len(length / 3).expect("cut");
    let err = pixels.decoded().expect_err("cut").to_string();
    assert!(err.contains("large.tif"), "{err}");
    // What is shown instead is blank.
    let size = Size::new(2, 1);
    let blank = pixels.or_blank(pixels.part(Area::whole(pixels.size())), size);
    assert_eq!(blank.pixels, [0; 6]);
}

#[test]
fn smaller_copies_have_the_size_and_the_colors_of_the_image() {
    let folder = Folder::new();
    let form = Form {
        size: [640, 300],
        strip: 8,
        ..ODD
    };
    let path = folder.file(form);
    let pixels = Pixels::in_file(&path);
    let whole = Pixels::from(read_rgb(&path).expect("read"));
    let area = Area::whole(whole.size());
    let [small, expected] = [&pixels, &whole].map(|image| image.reduced(area, 4).expect("read"));
    assert_eq!(small.size(), Size::new(160, 75));
    assert_eq!(expected.size(), small.size());
    // Made of groups of 64 rows, they differ at the borders of these alone: rows 15 and 16, 31 and 32 and so on.
    let row = 3 * 160;
    for (y, (a, b)) in small
        .pixels
        .chunks(row)
        .zip(expected.pixels.chunks(row))
        .enumerate()
    {
        if !matches!(y % 16, 0 | 15) {
            assert_eq!(a, b, "row {y}");
        }
    }
    let small = pixels.resized(Size::new(100, 47)).expect("read");
    assert_eq!(small.size(), Size::new(100, 47));
}

/// Changes a tag with one short number.
fn set_short(bytes: &mut [u8], tag: u16, value: u16, big: bool) {
    let short = |value: u16| {
        if big {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        }
    };
    // Number and kind.
    let entry = [short(tag), short(3)].concat();
    let at = bytes.windows(4).rposition(|found| found == entry);
    let at = at.expect("the tag") + 8;
    bytes[at..at + 2].copy_from_slice(&short(value));
}
