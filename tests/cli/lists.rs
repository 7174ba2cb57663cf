//! Files that lists name in a way that makes numbers wrong: a mask of several images, an image under two
//! names, a stack of pages.

use std::fs;

use super::workshop::{SIZE, Workshop};

/// Random pixels, as bytes of a JPEG.
fn noise() -> Vec<u8> {
    let [width, height] = SIZE;
    let mut state = 1_u32;
    let mut image = image::RgbImage::new(width, height);
    for value in image.iter_mut() {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *value = (state >> 24) as u8;
    }
    let mut bytes = std::io::Cursor::new(Vec::new());
    image
        .write_to(&mut bytes, image::ImageFormat::Jpeg)
        .expect("encoded");
    bytes.into_inner()
}

#[test]
fn a_mask_of_several_images_in_a_table_is_told() {
    let shop = Workshop::new();
    let rows: Vec<String> = (0..6)
        .map(|number| {
            let mask = if number == 2 { 1 } else { number };
            let split = if number < 4 { "train" } else { "val" };
            format!("JPEGImages/img{number}.jpg,SegmentationClass/img{mask}.png,{split}\n")
        })
        .collect();
    let table = shop.dir().join("table");
    fs::rename(shop.dataset(), &table).expect("moved");
    for (from, to) in [("JPEGImages", "photos"), ("SegmentationClass", "labels")] {
        fs::rename(table.join(from), table.join(to)).expect("moved");
    }
    fs::remove_dir_all(table.join("ImageSets")).expect("removed");
    let text = format!("image,mask,split\n{}", rows.concat());
    let text = text
        .replace("JPEGImages", "photos")
        .replace("SegmentationClass", "labels");
    fs::write(table.join("pairs.csv"), text).expect("a table");
    let output = shop.run(&["--json", "data", "check", "table"]);
    let report = output.json().remove(0);
    let findings = report["findings"].as_array().expect("findings");
    let of_masks = |kind: &str| findings.iter().find(|found| found["kind"] == kind);
    let found = of_masks("shared-mask").unwrap_or_else(|| panic!("{report}"));
    assert_eq!(
        (&found["severity"], &found["count"]),
        (&"warning".into(), &1.into())
    );
    let reason = found["reason"].as_str().expect("a reason");
    assert!(
        reason.contains("img1.jpg") && reason.contains("img2.jpg"),
        "{reason}"
    );
    let file = found["files"][0].as_str().expect("a mask");
    assert!(file.ends_with("img1.png"), "{file}");
}

#[test]
fn a_copied_image_is_told_before_a_training_and_a_stack_of_pages_is_not_predicted() {
    let shop = Workshop::new();
    for name in ["img0", "img4"] {
        fs::write(
            shop.dataset().join(format!("JPEGImages/{name}.jpg")),
            noise(),
        )
        .expect("an image");
    }
    let output = shop.run(&shop.train_args(&["--max-steps", "1"]));
    let said = &output.succeeded().stderr;
    for part in [
        "img4.jpg",
        "show the same as an image of the training list",
        "img0.jpg",
    ] {
        assert!(said.contains(part), "no {part}: {said}");
    }

    let stack = shop.dir().join("stack.tif");
    let file = fs::File::create(&stack).expect("a file");
    let mut encoder = tiff::encoder::TiffEncoder::new(file).expect("a TIFF");
    for _ in 0..2 {
        encoder
            .write_image::<tiff::encoder::colortype::Gray8>(8, 6, &[9; 48])
            .expect("a page");
    }
    drop(encoder);
    let words = [
        "predict",
        "stack.tif",
        "shapes/JPEGImages/img1.jpg",
        "--out",
        "masks",
    ];
    shop.run(&words)
        .failed_with(1, &["stack.tif", "a stack of 2 pages"]);
    // The others are predicted.
    let masks = fs::read_dir(shop.dir().join("masks")).expect("masks");
    let names: Vec<String> = masks
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    let has = |start: &str| names.iter().any(|name| name.starts_with(start));
    assert!(has("img1") && !has("stack"), "{names:?}");
}
