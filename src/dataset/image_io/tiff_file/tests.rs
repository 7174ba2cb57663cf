use std::path::PathBuf;

use crate::dataset::image_io::test_tiff::{Form, SIX, tiff};
use crate::dataset::image_io::{read_image_header, read_rgb};
use crate::dataset::{DatasetError, ImageReading, Rgb, Size};

const ODD: Form = Form {
    size: [37, 29],
    strip: 8,
    colors: true,
    bands: 3,
    ..SIX
};

fn file(dir: &tempfile::TempDir, form: Form) -> PathBuf {
    let path = dir.path().join("image.tif");
    std::fs::write(&path, tiff(form)).expect("written");
    path
}

fn read(form: Form) -> Result<Rgb, DatasetError> {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = file(&dir, form);
    let image = read_rgb(&path)?;
    let header = read_image_header(&path).expect("a header");
    assert_eq!(header.size, image.size(), "{form:?}");
    assert!(header.has_colors, "{form:?}");
    // Bands can be chosen of it as of others.
    let chosen = ImageReading {
        bands: vec![3, 2, 1],
        range: None,
    };
    assert_eq!(chosen.problem_with(&header), None, "{form:?}");
    let turned: Vec<u8> = image
        .pixels
        .chunks_exact(3)
        .flat_map(|pixel| [pixel[2], pixel[1], pixel[0]])
        .collect();
    assert_eq!(chosen.read(&path)?.pixels, turned, "{form:?}");
    Ok(image)
}

/// A sample, as the test's files have it.
fn sample([x, y]: [usize; 2], band: usize) -> u32 {
    (10 * band + 2 * x + 7 * y) as u32
}

/// Its 8 bits.
fn value(place: [usize; 2], band: usize) -> u8 {
    sample(place, band) as u8
}

fn colors([width, height]: [usize; 2], of: impl Fn([usize; 2], usize) -> u8) -> Vec<u8> {
    let places = (0..height).flat_map(|y| (0..width).map(move |x| [x, y]));
    places
        .flat_map(|place| [0, 1, 2].map(|band| of(place, band)))
        .collect()
}

#[test]
fn bands_in_tiles_of_their_own_are_read_up_to_the_edge() {
    for (packed, orientation) in [(false, 1), (true, 1), (true, 3)] {
        let form = Form {
            planar: true,
            tile: Some(16),
            packed,
            orientation,
            ..ODD
        };
        let image = read(form).unwrap_or_else(|err| panic!("{form:?}: {err}"));
        let expected = colors(form.size, |[x, y], band| {
            // 3 = upside down.
            let place = if orientation == 3 {
                [36 - x, 28 - y]
            } else {
                [x, y]
            };
            value(place, band)
        });
        assert_eq!(image.pixels, expected, "{form:?}");
    }
}

/// The decoder finds no end of such tiles where it leaves out what is behind the edge.
#[test]
fn tiles_that_are_black_behind_the_edge_are_read_with_lzw_too() {
    for (bands, bits, planar) in [(3, 8, false), (3, 8, true), (4, 16, false)] {
        let form = Form {
            bands,
            bits,
            planar,
            lzw: true,
            tile: Some(16),
            fourth: 0,
            ..ODD
        };
        let image = read(form).unwrap_or_else(|err| panic!("{form:?}: {err}"));
        let expected = colors(form.size, |place, band| match bits {
            8 => value(place, band),
            // Of 65535, rounded, as that of 8 bits is the share of 255.
            _ => ((sample(place, band) * 211 % 65_536 * 255 + 32_767) / 65_535) as u8,
        });
        assert_eq!(image.pixels, expected, "{form:?}");
    }
}

#[test]
fn indexed_colors_become_colors() {
    for (packed, orientation) in [(false, 1), (true, 6)] {
        let form = Form {
            bands: 1,
            colors: false,
            indexed: true,
            packed,
            orientation,
            ..ODD
        };
        let image = read(form).unwrap_or_else(|err| panic!("{form:?}: {err}"));
        // 6 = turned by a quarter.
        let (size, first) = match orientation {
            6 => (Size::new(29, 37), value([0, 28], 0)),
            _ => (Size::new(37, 29), value([0, 0], 0)),
        };
        assert_eq!((image.size(), &image.pixels[..3]), (size, &[first; 3][..]));
    }
}

/// What JPEG changes of slopes as flat as these is little.
#[test]
fn colors_as_jpeg_stores_them_become_red_green_and_blue() {
    for tile in [None, Some(16)] {
        let form = Form {
            jpeg: true,
            tile,
            // No sample is over 255.
            size: [21, 13],
            ..ODD
        };
        let image = read(form).unwrap_or_else(|err| panic!("{form:?}: {err}"));
        assert_eq!(image.size(), Size::new(21, 13));
        let expected = colors(form.size, value);
        let most = image.pixels.iter().zip(&expected);
        let most = most.map(|(found, value)| found.abs_diff(*value)).max();
        assert!(most <= Some(6), "{most:?} off in {form:?}");
    }
}

#[test]
fn colors_that_are_not_read_are_named_with_a_way_out() {
    for (photometric, named) in [(6, "YCbCr"), (8, "L*a*b*")] {
        let form = Form {
            photometric: Some(photometric),
            ..ODD
        };
        let message = read(form).expect_err("no colors").to_string();
        assert!(
            message.contains("image.tif") && message.contains(named) && message.contains("Save it"),
            "{message}"
        );
    }
}

#[test]
fn a_stack_of_pages_is_no_image() {
    use tiff::encoder::{TiffEncoder, colortype::RGB8};

    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("stack.tif");
    let write = |sizes: &[[u32; 2]]| {
        let file = std::fs::File::create(&path).expect("a file");
        let mut encoder = TiffEncoder::new(file).expect("a TIFF");
        for [width, height] in sizes {
            let pixels = vec![9; (width * height * 3) as usize];
            let written = encoder.write_image::<RGB8>(*width, *height, &pixels);
            written.expect("a page");
        }
    };
    write(&[[8, 6], [8, 6], [8, 6]]);
    let chosen = ImageReading {
        bands: vec![3, 2, 1],
        range: None,
    };
    let refused = [
        read_rgb(&path).map(drop),
        read_image_header(&path).map(drop),
        chosen.read(&path).map(drop),
    ];
    for result in refused {
        let message = result.expect_err("three pictures").to_string();
        assert!(
            message.contains("stack.tif: ") && message.contains("a stack of 3 pages"),
            "{message}"
        );
    }
    // A pyramid: the same picture, smaller.
    write(&[[8, 6], [4, 3]]);
    assert_eq!(read_rgb(&path).expect("an image").size(), Size::new(8, 6));
}
