use std::path::PathBuf;

use super::test_tiff::{Form, HEIGHT, SIX, WIDTH, sample, tiff};
use super::*;
use crate::dataset::image_io::{read_image_header, read_image_size, read_rgb};
use crate::dataset::{Size, write_rgb_png};

fn bands(bands: &[u8]) -> ImageReading {
    ImageReading {
        bands: bands.to_vec(),
        range: None,
    }
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, bytes).expect("written");
        path
    }
}

#[test]
fn what_is_said_of_a_band_is_so() {
    let most = MOST_BANDS.to_string();
    assert!((1..=MOST_BANDS).all(|band| ImageReading::broken_band(band).is_none()));
    for band in [0, MOST_BANDS + 1] {
        let rule = ImageReading::broken_band(band).expect("a rule");
        assert!(rule.ends_with(&most), "{rule}");
    }
    assert_eq!(ImageReading::broken_range([3, 4]), None);
    assert!(ImageReading::broken_range([4, 4]).is_some());
}

#[test]
fn chosen_bands_become_red_green_and_blue_however_they_are_stored() {
    let folder = Folder::new();
    let expected: Vec<u8> = (0..HEIGHT)
        .flat_map(|y| (0..WIDTH).flat_map(move |x| [3, 2, 1].map(|band| sample(x, y, band) as u8)))
        .collect();
    for planar in [false, true] {
        for packed in [false, true] {
            for big in [false, true] {
                for (bits, tile, large) in [
                    (8, None, false),
                    (16, None, true),
                    (8, Some(16), true),
                    (16, Some(16), false),
                    (8, None, true),
                    (16, None, false),
                ] {
                    let form = Form {
                        bits,
                        big,
                        planar,
                        packed,
                        tile,
                        large,
                        ..SIX
                    };
                    let path = folder.file("six.tif", &tiff(form));
                    let reading = ImageReading {
                        bands: vec![4, 3, 2],
                        range: Some([0, 255]),
                    };
                    let rgb = reading
                        .read(&path)
                        .unwrap_or_else(|err| panic!("{form:?}: {err}"));
                    assert_eq!(rgb.pixels, expected, "{form:?}");
                    let header = read_image_header(&path).expect("a header");
                    assert_eq!((header.bands, header.bits), (6, bits), "{form:?}");
                }
            }
        }
    }
    // One band is gray, and the image is turned as EXIF says: 5x4 become 4x5.
    let path = folder.file(
        "turned.tif",
        &tiff(Form {
            orientation: 6,
            bands: 2,
            ..SIX
        }),
    );
    let rgb = bands(&[2]).read(&path).expect("read");
    assert_eq!(rgb.size(), Size::new(4, 5));
    assert_eq!(read_image_size(&path).expect("read"), Size::new(4, 5));
    // The lower left corner comes to the upper left.
    assert_eq!(rgb.pixels[..3], [sample(0, 3, 1) as u8; 3]);
}

#[test]
fn bands_without_a_meaning_have_to_be_chosen() {
    let folder = Folder::new();
    let path = folder.file("six.tif", &tiff(SIX));
    let message = read_rgb(&path).expect_err("no colors").to_string();
    assert!(
        message.contains("six.tif") && message.contains("6 bands") && message.contains("--bands"),
        "{message}"
    );
    let only_range = ImageReading {
        bands: Vec::new(),
        range: Some([0, 9]),
    };
    only_range.read(&path).expect_err("no colors");
    let message = bands(&[7]).read(&path).expect_err("no band 7").to_string();
    assert!(
        message.contains("band 7") && message.contains("6 bands"),
        "{message}"
    );
    for (wrong, part) in [
        (vec![1, 2], "2 bands"),
        (vec![0], "no band 0"),
        (vec![9], "no band 9"),
    ] {
        assert!(bands(&wrong).validate().expect_err("wrong").contains(part));
    }
    let empty = ImageReading {
        bands: Vec::new(),
        range: Some([7, 7]),
    };
    assert!(empty.validate().expect_err("empty").contains("empty"));
    // What is damaged stays an error that names the file.
    let whole = tiff(SIX);
    let cut = folder.file("cut.tif", &whole[..whole.len() / 2]);
    let message = bands(&[1]).read(&cut).expect_err("cut").to_string();
    assert!(message.contains("cut.tif"), "{message}");
}

#[test]
fn a_large_tiff_of_usual_colors_is_read_as_a_small_one() {
    let folder = Folder::new();
    let expected: Vec<u8> = (0..HEIGHT)
        .flat_map(|y| (0..WIDTH).flat_map(move |x| [sample(x, y, 0) as u8; 3]))
        .collect();
    for big in [false, true] {
        let form = Form {
            bands: 1,
            large: true,
            big,
            ..SIX
        };
        let path = folder.file("gray.tif", &tiff(form));
        let rgb = read_rgb(&path).unwrap_or_else(|err| panic!("{err}"));
        assert_eq!(rgb.pixels, expected);
        let header = read_image_header(&path).expect("a header");
        assert_eq!((header.bands, header.bits), (1, 8));
        // As a mask its values are labels.
        let reader = crate::dataset::MaskReader {
            num_classes: 60,
            ..crate::dataset::MaskReader::default()
        };
        let labels = reader.read(&path).unwrap_or_else(|err| panic!("{err}"));
        assert_eq!(labels.labels[..3], [0, 2, 4]);
    }
}

#[test]
fn samples_without_black_and_white_are_refused_with_a_way_out() {
    let folder = Folder::new();
    let forms = [
        (32, 1, "have 32 bits"),
        (32, 3, "floating-point numbers of 32 bits"),
        (16, 2, "signed numbers of 16 bits"),
    ];
    for (bits, format, words) in forms {
        for count in [1, 3, 6] {
            for large in [false, true] {
                let form = Form {
                    bits,
                    format,
                    bands: count,
                    large,
                    ..SIX
                };
                let path = folder.file("deep.tif", &tiff(form));
                let chosen = ImageReading {
                    bands: vec![1],
                    range: Some([0, 100]),
                };
                for message in [
                    read_rgb(&path).expect_err("refused").to_string(),
                    read_image_size(&path).expect_err("refused").to_string(),
                    chosen.read(&path).expect_err("refused").to_string(),
                ] {
                    for part in ["deep.tif", words, "gdal_translate"] {
                        assert!(message.contains(part), "{form:?}: {message}");
                    }
                }
                let mask = crate::dataset::MaskReader::default().read(&path);
                let message = mask.expect_err("no labels").to_string();
                for part in ["deep.tif", words, "8-bit"] {
                    assert!(message.contains(part), "{form:?}: {message}");
                }
            }
        }
    }
    // What the decoder would read as shares of white.
    let path = folder.0.path().join("float.tif");
    let pixels = vec![0.0_f32, 1000.0, 0.5];
    let float = image::Rgb32FImage::from_raw(1, 1, pixels).expect("a pixel");
    DynamicImage::ImageRgb32F(float)
        .save(&path)
        .expect("written");
    for message in [
        read_rgb(&path).expect_err("refused").to_string(),
        read_image_size(&path).expect_err("refused").to_string(),
    ] {
        assert!(message.contains("floating-point"), "{message}");
    }
}

#[test]
fn bands_of_usual_images_are_chosen_too() {
    let folder = Folder::new();
    let path = folder.0.path().join("rgb.png");
    let rgb = Rgb {
        width: 2,
        height: 1,
        pixels: vec![1, 2, 3, 4, 5, 6],
    };
    write_rgb_png(&path, &rgb).expect("written");
    let read = |chosen: &[u8]| bands(chosen).read(&path).expect("read").pixels;
    assert_eq!(read(&[3, 2, 1]), [3, 2, 1, 6, 5, 4]);
    assert_eq!(read(&[2]), [2, 2, 2, 5, 5, 5]);
    // A fourth band that is named is no transparency.
    let path = folder.0.path().join("four.png");
    let four = image::RgbaImage::from_raw(1, 1, vec![10, 20, 30, 0]).expect("a pixel");
    four.save(&path).expect("written");
    assert_eq!(read_rgb(&path).expect("read").pixels, [255; 3]);
    assert_eq!(
        bands(&[4, 1, 2]).read(&path).expect("read").pixels,
        [0, 10, 20]
    );
}

#[test]
fn a_stated_range_becomes_0_to_255() {
    let folder = Folder::new();
    let path = folder.0.path().join("deep.png");
    let deep =
        image::ImageBuffer::<image::Luma<u16>, _>::from_raw(5, 1, vec![50, 100, 200, 300, 400]);
    DynamicImage::ImageLuma16(deep.expect("five pixels"))
        .save(&path)
        .expect("written");
    let reading = ImageReading {
        bands: Vec::new(),
        range: Some([100, 300]),
    };
    let gray: Vec<u8> = reading
        .read(&path)
        .expect("read")
        .pixels
        .iter()
        .step_by(3)
        .copied()
        .collect();
    // 200 is half of it: 127.5.
    assert_eq!(gray, [0, 0, 128, 255, 255]);
    // An image of 8 bits beside it stays as it is.
    let shallow = folder.0.path().join("shallow.png");
    let rgb = Rgb {
        width: 1,
        height: 1,
        pixels: vec![7, 150, 255],
    };
    write_rgb_png(&shallow, &rgb).expect("written");
    assert_eq!(reading.read(&shallow).expect("read"), rgb);
    assert_eq!(extremes(&reading, &shallow).expect("read"), None);
    // Without a range the upper 8 bits count.
    assert_eq!(read_rgb(&path).expect("read").pixels[0..3], [0; 3]);
    assert_eq!(
        extremes(&ImageReading::default(), &path).expect("read"),
        Some([50, 400])
    );
    let images = vec![path.clone(), path];
    let measured = measure(&ImageReading::default(), &images, &mut |_, _| true).expect("read");
    assert_eq!(measured, Some(([50, 400], 2)));
    assert_eq!(
        measure(&ImageReading::default(), &images, &mut |_, _| false).expect("stopped"),
        None
    );
}

#[test]
fn ranges_and_bands_are_read_and_said() {
    assert_eq!("0,4095".parse(), Ok(RangeChoice::Stated([0, 4095])));
    assert_eq!("measured".parse(), Ok(RangeChoice::Measured));
    for wrong in ["", "7", "1,2,3", "0-9", "0,70000"] {
        assert!(wrong.parse::<RangeChoice>().is_err(), "{wrong}");
    }
    let text = "{\"bands\":[4,3,2],\"range\":\"measured\"}";
    let choice: BandChoice = serde_json::from_str(text).expect("a choice");
    assert_eq!(choice.range, Some(RangeChoice::Measured));
    assert_eq!(serde_json::to_string(&choice).expect("written"), text);
    let reading = ImageReading {
        bands: vec![4, 3, 2],
        range: Some([0, 4095]),
    };
    assert_eq!(
        reading.to_string(),
        "bands 4, 3 and 2 as red, green and blue, values 0 to 4095 as 0 to 255"
    );
}

/// 16x8 pixels in the inks of Adobe (YCCK): on the left magenta and yellow, which is red, on the
/// right cyan and half of black. Written by `ImageMagick`.
const INKS: &str = "\
    ffd8ffee000e41646f626500640000000002ffdb0043000201010101010201010102020202020403020202020504040304060506\
    060605060606070908060709070606080b08090a0a0a0a0a06080b0c0b0a0c090a0a0affdb004301020202020202050303050a07\
    06070a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a\
    ffc00014080008001004011100021101031101041100ffc4001500010100000000000000000000000000000908ffc40014100100\
    000000000000000000000000000000ffc4001601010101000000000000000000000000000a0809ffc40014110100000000000000\
    000000000000000000ffda000e040100021103110400003f00b31560ff009fc0c6ca73fc006fffd9";

#[test]
fn inks_become_colors() {
    let folder = Folder::new();
    let bytes: Vec<u8> = (0..INKS.len() / 2)
        .map(|at| u8::from_str_radix(&INKS[2 * at..2 * at + 2], 16).expect("a byte"))
        .collect();
    let path = folder.file("inks.jpg", &bytes);
    let rgb = read_rgb(&path).expect("read");
    assert_eq!(rgb.size(), Size::new(16, 8));
    let near = |x: usize, color: [i32; 3]| {
        let found = &rgb.pixels[3 * x..3 * x + 3];
        let is_near = found
            .iter()
            .zip(color)
            .all(|(a, b)| (i32::from(*a) - b).abs() <= 3);
        assert!(is_near, "{found:?} is not {color:?}");
    };
    near(1, [255, 0, 0]);
    near(14, [0, 128, 128]);
    // Without the mark nobody knows whether the inks are inverted.
    let unmarked = [&bytes[..2], &bytes[18..]].concat();
    let path = folder.file("unmarked.jpg", &unmarked);
    let message = read_rgb(&path).expect_err("no mark").to_string();
    assert!(
        message.contains("unmarked.jpg") && message.contains("CMYK"),
        "{message}"
    );
}

/// The decoder of images leaves a fourth band out, with wrong pixels at the edges of tiles and after a predictor.
#[test]
fn a_band_beside_red_green_and_blue_is_left_out_and_can_be_chosen() {
    let folder = Folder::new();
    let (width, height) = (37, 29);
    let expected = |of: [usize; 3]| -> Vec<u8> {
        let rows = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        rows.flat_map(|(x, y)| of.map(|band| sample(x, y, band) as u8))
            .collect()
    };
    for bands_of_file in [4, 5] {
        for planar in [false, true] {
            for packed in [false, true] {
                for tile in [None, Some(16)] {
                    let form = Form {
                        bands: bands_of_file,
                        planar,
                        packed,
                        tile,
                        colors: true,
                        fourth: 0,
                        size: [width, height],
                        ..SIX
                    };
                    let path = folder.file("near-infrared.tif", &tiff(form));
                    let rgb = read_rgb(&path).unwrap_or_else(|err| panic!("{form:?}: {err}"));
                    assert_eq!(rgb.pixels, expected([0, 1, 2]), "{form:?}");
                    let chosen = bands(&[4, 1, 2]);
                    let header = read_image_header(&path).expect("a header");
                    assert_eq!(usize::from(header.bands), bands_of_file);
                    for reading in [&ImageReading::default(), &chosen] {
                        assert_eq!(reading.problem_with(&header), None);
                    }
                    let found = chosen.read(&path).unwrap_or_else(|err| panic!("{err}"));
                    assert_eq!(found.pixels, expected([3, 0, 1]), "{form:?}");
                }
            }
        }
    }
}
