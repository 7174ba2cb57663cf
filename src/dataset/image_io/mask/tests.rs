use std::path::PathBuf;

use png::{BitDepth, ColorType};
use tempfile::TempDir;

use super::super::bands::test_tiff;
use super::*;
use crate::dataset::{read_rgb, write_index_png, write_rgb_png};

fn reader(num_classes: usize) -> MaskReader {
    MaskReader {
        images: ImageReading::default(),
        num_classes,
        void_labels: vec![11],
        palette: vec![([9, 9, 9], 1), ([224, 224, 192], VOID)],
        colors: MaskColors::Listed,
        remap: Vec::new(),
    }
}

/// Writes packed samples as a PNG of any type and depth.
fn png_file(
    dir: &TempDir,
    size: [u32; 2],
    color: ColorType,
    depth: BitDepth,
    data: &[u8],
) -> PathBuf {
    let path = dir.path().join("mask.png");
    let mut encoder = png::Encoder::new(
        std::fs::File::create(&path).expect("created"),
        size[0],
        size[1],
    );
    encoder.set_color(color);
    encoder.set_depth(depth);
    if color == ColorType::Indexed {
        encoder.set_palette(ClassList::voc().palette()[..1 << (depth as usize).min(8)].concat());
    }
    encoder
        .write_header()
        .expect("header")
        .write_image_data(data)
        .expect("data");
    path
}

#[test]
fn an_indexed_png_keeps_its_labels_and_void() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("mask.png");
    let labels = LabelMap {
        width: 3,
        height: 2,
        labels: vec![0, 1, 20, VOID, 7, 0],
    };
    write_index_png(&path, &labels, &ClassList::voc()).expect("written");
    assert_eq!(reader(21).read(&path).expect("read"), labels);
    // Other programs see the palette's colors.
    let colors = read_rgb(&path).expect("read");
    assert_eq!(colors.pixels[3..6], [128, 0, 0]);
    assert_eq!(colors.pixels[9..12], [224, 224, 192]);
}

#[test]
fn small_bit_depths_are_indices() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = png_file(
        &dir,
        [3, 2],
        ColorType::Indexed,
        BitDepth::One,
        &[0b1010_0000, 0b0110_0000],
    );
    assert_eq!(
        reader(2).read(&path).expect("read").labels,
        [1, 0, 1, 0, 1, 1]
    );
    let path = png_file(
        &dir,
        [3, 2],
        ColorType::Indexed,
        BitDepth::Two,
        &[0b11_01_00_00, 0b00_10_01_00],
    );
    assert_eq!(
        reader(4).read(&path).expect("read").labels,
        [3, 1, 0, 0, 2, 1]
    );
    let path = png_file(
        &dir,
        [3, 1],
        ColorType::Indexed,
        BitDepth::Four,
        &[0x5f, 0x30],
    );
    assert_eq!(reader(16).read(&path).expect("read").labels, [5, 15, 3]);
    let path = png_file(
        &dir,
        [3, 1],
        ColorType::Grayscale,
        BitDepth::Four,
        &[0x5f, 0x30],
    );
    assert_eq!(reader(16).read(&path).expect("read").labels, [5, 15, 3]);
}

#[test]
fn grey_values_are_labels_and_void_labels_become_void() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = png_file(
        &dir,
        [4, 1],
        ColorType::Grayscale,
        BitDepth::Eight,
        &[0, 3, 11, 255],
    );
    assert_eq!(
        reader(4).read(&path).expect("read").labels,
        [0, 3, VOID, VOID]
    );
}

#[test]
fn rgb_masks_go_through_the_palette() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("mask.png");
    let mut rgb = Rgb {
        width: 2,
        height: 2,
        pixels: [[9, 9, 9], [224, 224, 192], [9, 9, 9], [9, 9, 9]].concat(),
    };
    write_rgb_png(&path, &rgb).expect("written");
    assert_eq!(reader(2).read(&path).expect("read").labels, [1, VOID, 1, 1]);
    rgb.pixels[6..9].copy_from_slice(&[1, 2, 3]);
    write_rgb_png(&path, &rgb).expect("written");
    let message = reader(2).read(&path).unwrap_err().to_string();
    assert!(
        message.contains("mask.png") && message.contains("1 2 3 at column 0, row 1"),
        "{message}"
    );
}

#[test]
fn a_label_out_of_range_is_named_with_its_place() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = png_file(
        &dir,
        [3, 2],
        ColorType::Grayscale,
        BitDepth::Eight,
        &[0, 1, 2, 0, 0, 9],
    );
    let err = reader(3).read(&path).unwrap_err();
    assert!(matches!(
        err,
        DatasetError::LabelOutOfRange {
            label: 9,
            x: 2,
            y: 1,
            num_classes: 3,
            ..
        }
    ));
    let message = err.to_string();
    assert!(
        message.contains("mask.png: label 9 at column 2, row 1"),
        "{message}"
    );
}

#[test]
fn damaged_and_foreign_files_are_refused() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let data: Vec<u8> = (0..64 * 64).map(|i: u32| (i * i % 13) as u8).collect();
    let path = png_file(&dir, [64, 64], ColorType::Grayscale, BitDepth::Eight, &data);
    let bytes = std::fs::read(&path).expect("read");
    for length in [bytes.len() / 2, 20, 0] {
        std::fs::write(&path, &bytes[..length]).expect("written");
        assert!(
            matches!(reader(13).read(&path), Err(DatasetError::Mask { .. })),
            "{length} bytes"
        );
    }
    std::fs::write(&path, "not a picture at all").expect("written");
    let message = reader(13).read(&path).unwrap_err().to_string();
    assert!(message.contains("not a PNG file"), "{message}");
    let path = png_file(
        &dir,
        [1, 1],
        ColorType::Grayscale,
        BitDepth::Sixteen,
        &[1, 0],
    );
    assert!(
        reader(13)
            .read(&path)
            .unwrap_err()
            .to_string()
            .contains("16 bits")
    );
}

#[test]
fn a_mask_of_another_size_is_an_error() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let mask = png_file(&dir, [2, 1], ColorType::Grayscale, BitDepth::Eight, &[0, 0]);
    let image = dir.path().join("image.png");
    write_rgb_png(
        &image,
        &Rgb {
            width: 1,
            height: 2,
            pixels: vec![0; 6],
        },
    )
    .expect("written");
    let item = DatasetItem {
        id: "a".into(),
        image,
        mask,
    };
    let message = reader(1).read_pair(&item).unwrap_err().to_string();
    assert!(
        message.contains("2x1") && message.contains("1x2"),
        "{message}"
    );
}

#[test]
fn the_indices_of_a_tiff_are_labels() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("mask.tif");
    for (packed, big) in [(false, false), (true, true)] {
        let form = test_tiff::Form {
            bands: 1,
            indexed: true,
            packed,
            big,
            ..test_tiff::SIX
        };
        std::fs::write(&path, test_tiff::tiff(form)).expect("written");
        let raw = read_raw(&path).expect("a mask");
        let RawPixels::Labels {
            samples,
            palette: Some(palette),
        } = raw.pixels
        else {
            panic!("no indices");
        };
        assert_eq!((raw.width, raw.height, samples.len()), (5, 4, 20));
        // 2 a column and 7 a row.
        assert_eq!((samples[1], samples[5], samples[19]), (2, 7, 29));
        assert_eq!((palette.len(), palette[29]), (256, [29; 3]));
    }
}

/// Where the decoder of images would get pixels wrong, or give up, labels would be wrong without a word.
#[test]
fn the_colors_of_a_tiff_are_those_that_were_written_however_it_is_stored() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("mask.tif");
    for (bands, planar) in [(4, false), (5, true), (3, true)] {
        for packed in [false, true] {
            let form = test_tiff::Form {
                bands,
                planar,
                packed,
                tile: Some(16),
                colors: true,
                fourth: 0,
                size: [37, 29],
                ..test_tiff::SIX
            };
            std::fs::write(&path, test_tiff::tiff(form)).expect("written");
            let raw = read_raw(&path).unwrap_or_else(|err| panic!("{form:?}: {err}"));
            let RawPixels::Colors(colors) = raw.pixels else {
                panic!("no colors: {form:?}");
            };
            assert_eq!((raw.width, raw.height, colors.len()), (37, 29, 37 * 29));
            for (place, color) in colors.iter().enumerate() {
                let first = (2 * (place % 37) + 7 * (place / 37)) as u8;
                let expected = [first, first.wrapping_add(10), first.wrapping_add(20)];
                assert_eq!(*color, expected, "pixel {place} of {form:?}");
            }
        }
    }
}

#[test]
fn labels_of_few_bits_are_their_values_in_a_tiff_too() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("mask.tif");
    for bits in [1, 2, 4] {
        let form = test_tiff::Form {
            bands: 1,
            bits,
            ..test_tiff::SIX
        };
        std::fs::write(&path, test_tiff::tiff(form)).expect("written");
        let raw = read_raw(&path).unwrap_or_else(|err| panic!("{bits} bits: {err}"));
        let RawPixels::Labels { samples, .. } = raw.pixels else {
            panic!("no labels of {bits} bits");
        };
        let expected: Vec<u8> = (0..20)
            .map(|place| ((2 * (place % 5) + 7 * (place / 5)) % (1 << bits)) as u8)
            .collect();
        assert_eq!(samples, expected, "{bits} bits");
    }
}

#[test]
fn masks_that_went_through_jpeg_are_refused_in_a_tiff_too() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("mask.tif");
    for bands in [1, 3] {
        let form = test_tiff::Form {
            bands,
            colors: bands == 3,
            jpeg: true,
            size: [16, 8],
            strip: 8,
            ..test_tiff::SIX
        };
        std::fs::write(&path, test_tiff::tiff(form)).expect("written");
        let message = reader(1).read(&path).unwrap_err().to_string();
        assert!(
            message.contains("mask.tif") && message.contains("JPEG") && message.contains("PNG"),
            "{message}"
        );
    }
}

/// A TIFF whose list of tags is there twice, the second time with this kind of a picture.
fn with_second_page(file: &[u8], kind: u32) -> Vec<u8> {
    let long = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().expect("4 bytes"));
    assert_eq!(file[..4], *b"II*\0");
    let list = long(4) as usize;
    let count = u16::from_le_bytes([file[list], file[list + 1]]);
    let (first, end) = (list + 2, list + 2 + 12 * usize::from(count));
    let mut stack = file.to_vec();
    let second = stack.len() as u32;
    stack[end..end + 4].copy_from_slice(&second.to_le_bytes());
    stack.extend((count + 1).to_le_bytes());
    // NewSubfileType, one number of 4 bytes.
    stack.extend([254, 0, 4, 0, 1, 0, 0, 0]);
    stack.extend(kind.to_le_bytes());
    stack.extend(&file[first..end]);
    stack.extend([0; 4]);
    stack
}

#[test]
fn a_stack_of_pages_is_no_mask_and_a_smaller_copy_is_no_page() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("mask.tif");
    let gray = image::GrayImage::from_raw(2, 1, vec![1, 0]).expect("a picture");
    gray.save(&path).expect("written");
    let file = std::fs::read(&path).expect("a file");
    let read = |bytes: &[u8]| {
        std::fs::write(&path, bytes).expect("written");
        reader(2).read(&path).map(|map| map.labels)
    };
    assert_eq!(read(&file).expect("a mask"), [1, 0]);
    assert_eq!(read(&with_second_page(&file, 1)).expect("a mask"), [1, 0]);
    for kind in [0, 2] {
        let message = read(&with_second_page(&file, kind))
            .expect_err("a stack")
            .to_string();
        assert!(
            message.contains("mask.tif") && message.contains("a stack of 2 pages"),
            "{message}"
        );
    }
}
