//! Large images in Inspect: what they take is said first, tiles come in one after the other, and can be skipped.

use std::fs::File;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;

use eframe::egui::accesskit::Toggled;
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use super::desk::Desk;

const WIDTH: u32 = 8192;
const HEIGHT: u32 = 4096;
const PIXELS_AT: u32 = 256;

/// A gray TIFF in one strip, which is not compressed: black, with the last pixel as said. The others take no
/// room on the disk.
fn write_tiff(path: &Path, last: u8) {
    // Number, kind (3 = 2 bytes, 4 = 4 bytes) and value.
    let tags: [(u16, u16, u32); 9] = [
        (256, 4, WIDTH),
        (257, 4, HEIGHT),
        (258, 3, 8),
        (259, 3, 1),
        (262, 3, 1),
        (273, 4, PIXELS_AT),
        (277, 3, 1),
        (278, 4, HEIGHT),
        (279, 4, WIDTH * HEIGHT),
    ];
    let mut bytes = b"II*\0\x08\0\0\0\x09\0".to_vec();
    for (tag, kind, value) in tags {
        bytes.extend([tag.to_le_bytes(), kind.to_le_bytes()].concat());
        bytes.extend([1_u32.to_le_bytes(), value.to_le_bytes()].concat());
    }
    bytes.extend([0; 4]);
    let mut file = File::create(path).expect("a file");
    file.write_all(&bytes).expect("written");
    let end = u64::from(PIXELS_AT + WIDTH * HEIGHT);
    file.seek(SeekFrom::Start(end - 1)).expect("as long");
    file.write_all(&[last]).expect("written");
}

/// Drops an image that is offered, and starts its prediction without the tiles in which there is nothing. Returns
/// the number of its tiles.
fn start(desk: &mut Desk, path: &Path) -> usize {
    desk.drop_files(&[path]);
    let name = path.file_name().expect("a name").to_string_lossy();
    desk.until("the large image is offered", |desk| {
        desk.finds("8192x4096 · 34 megapixels")
            && desk.finds("The file is decoded part by part")
            && desk.finds(&format!("{name}  ·  8192 × 4096  ·  not predicted"))
    });
    assert!(desk.says("Inspected image") && desk.finds("Takes at most "));
    // The choice is kept from one image to the next.
    let skips = |desk: &Desk| {
        let node = desk.find("Skip tiles of one color").accesskit_node();
        node.toggled() == Some(Toggled::True)
    };
    if !skips(desk) {
        desk.click("Skip tiles of one color");
    }
    assert!(skips(desk));
    let button = desk.window.get_by_label_contains("Predict in ");
    let text = button.accesskit_node().label().expect("a name");
    button.click();
    let tiles = text.split(' ').nth(2).and_then(|count| count.parse().ok());
    tiles.unwrap_or_else(|| panic!("no number of tiles: {text}"))
}

#[test]
fn a_large_image_is_predicted_tile_by_tile_as_it_is_wanted() {
    let mut desk = Desk::new(|config| config.max_steps = Some(1));
    desk.train();
    // There is something in the last tile alone: the others are done at once, and are in sight.
    let scan = desk.set.dir.path().join("scan.tif");
    write_tiff(&scan, 200);
    let tiles = start(&mut desk, &scan);
    assert!(tiles > 1);
    let done = format!("{} of {tiles} tiles", tiles - 1);
    desk.until("all tiles but the last are done", |desk| {
        desk.finds("Predicting scan.tif · ") && desk.finds(&format!(" · {done} · "))
    });
    desk.click("Cancel the prediction");
    assert!(desk.says(&format!("Cancelled after {done}")));
    assert!(desk.says("Inspected image"), "its tiles stay in sight");

    // The thread is free at once; and where there is nothing at all, all of the mask is void.
    let blank = desk.set.dir.path().join("blank.tif");
    write_tiff(&blank, 0);
    desk.click("Clear list");
    start(&mut desk, &blank);
    desk.until("no tile is predicted", |desk| {
        desk.finds("blank.tif  ·  8192 × 4096  ·  predicted in ") && desk.says("Unknown (void)")
    });
    desk.until("no pixel has a class", |desk| desk.says("100.0 %"));

    // A network sees small images as before.
    let known = desk.set.image_path(8);
    desk.drop_files(&[&known]);
    desk.until("the small one is predicted", |desk| {
        desk.finds("image8.png  ·  32 × 32") && desk.finds("predicted in")
    });
}
