//! Inspect: where images come from, and what is saved of them.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use eframe::egui::accesskit::Role;
use eframe::egui::{Color32, ColorImage, Event, Key};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use fcn_workbench::dataset::{Rgb, Size, read_image_size, write_rgb_png};
use fcn_workbench::ui::command::Command;

use super::desk::Desk;

/// Saves under the proposed name, which is returned.
fn save(desk: &mut Desk, button: &str) -> PathBuf {
    desk.click(button);
    desk.until("the place is asked for", |desk| desk.says("Save as"));
    desk.frames(5);
    let path = PathBuf::from(desk.find("Path").value().expect("a path"));
    desk.click("Save");
    path
}

#[test]
fn images_are_pasted_and_all_of_a_list_is_saved() {
    let mut desk = Desk::new(|config| config.epochs = 1);
    desk.train();

    // What is pasted is written among the data, and opened.
    let pasted = ColorImage::filled([40, 24], Color32::from_gray(90));
    desk.window.event(Event::PasteImage(Arc::new(pasted)));
    desk.until("the pasted image is predicted", |desk| {
        desk.finds("pasted-1.png  ·  40 × 24") && desk.finds("predicted in")
    });
    let recent = &desk.app().state().recent;
    assert_eq!((recent.images.len(), recent.folders.len()), (1, 0));
    let known = desk.set.image_path(8);
    // As if it were named on the command line.
    desk.window.state_mut().open_files(vec![known]);
    desk.until("the other image is predicted", |desk| {
        desk.finds("image8.png  ·  32 × 32") && desk.finds("predicted in")
    });

    for blend in ["Multiply", "Screen", "Color", "Normal"] {
        desk.choose("Blend", blend);
        desk.until("it is still shown", |desk| {
            desk.finds("image8.png  ·  32 × 32")
        });
    }

    // Only what is rounded to 1 is as sure as that.
    let options = |desk: &mut Desk, threshold: f64| {
        desk.click("Prediction options");
        desk.click("Average over mirror images");
        desk.window
            .get_by_role_and_label(Role::Slider, "Unknown below")
            .set_value_accesskit(threshold);
        desk.frames(3);
        desk.window.key_press(Key::Escape);
        desk.frames(3);
    };
    options(&mut desk, 1.0);
    desk.until("unsure pixels are unknown", |desk| {
        desk.finds("averaged over mirror images, unknown below 100 %")
            && desk.says("Unknown (void)")
    });
    assert!(desk.is_enabled("Save mask…"));
    options(&mut desk, 0.0);
    desk.until("the classes are back", |desk| {
        !desk.finds("unknown below")
            && !desk.says("Unknown (void)")
            && desk.is_enabled("Save mask…")
    });

    let path = save(&mut desk, "Save probabilities…");
    desk.until("it is saved", |desk| {
        desk.has_message("Probabilities saved")
    });
    let bytes = fs::read(&path).expect("a file");
    assert!(path.ends_with("image8_probabilities.npy"));
    let header = String::from_utf8_lossy(&bytes[10..128]).into_owned();
    assert!(header.contains("'shape': (3, 32, 32)"), "{header}");
    let value = |place: usize| {
        let at = 128 + 4 * place;
        f32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
    };
    let sum: f32 = (0..3).map(|class| value(class * 32 * 32 + 77)).sum();
    assert!((sum - 1.0).abs() < 1e-5, "{sum}");

    desk.click("Save all…");
    desk.until("a folder is asked for", |desk| {
        desk.says("Choose a folder for the masks")
    });
    desk.frames(5);
    // Out of the dataset, into which no masks are written.
    desk.find("Path").type_text("../..");
    desk.frames(5);
    let folder = PathBuf::from(desk.find("Path").value().expect("a path"));
    desk.click("Open this folder");
    desk.until("both are saved", |desk| {
        desk.has_message("Masks and overlays of 2 images saved")
    });
    for name in ["pasted-1", "image8"] {
        for end in [".png", "_overlay.png"] {
            let path = folder.join(format!("{name}{end}"));
            assert!(path.is_file(), "{}", path.display());
        }
    }
    assert!(desk.find("Save all…").accesskit_node().label().is_some());
}

#[test]
fn a_zip_of_images_is_a_list_of_images() {
    let mut desk = Desk::new(|config| config.max_steps = Some(1));
    desk.train();
    let path = desk.set.dir.path().join("photos.zip");
    let mut writer = zip::ZipWriter::new(fs::File::create(&path).expect("a file"));
    for name in [8, 9] {
        let options = zip::write::SimpleFileOptions::default();
        let entry = format!("trip/photo{name}.png");
        writer.start_file(entry, options).expect("an entry");
        let bytes = fs::read(desk.set.image_path(name)).expect("an image");
        writer.write_all(&bytes).expect("written");
    }
    writer.finish().expect("a zip");
    desk.drop_files(&[&path]);
    desk.until("the first of them is predicted", |desk| {
        desk.finds("photo8.png  ·  32 × 32") && desk.finds("predicted in")
    });
    desk.click("photo9.png");
    desk.until("the next one is", |desk| {
        desk.finds("photo9.png  ·  32 × 32")
    });

    // One that may be a dataset is asked about, and one that is damaged is named.
    let both = desk.set.dir.path().join("both.zip");
    let mut writer = zip::ZipWriter::new(fs::File::create(&both).expect("a file"));
    for entry in ["images/a.png", "masks/a.png"] {
        let options = zip::write::SimpleFileOptions::default();
        writer.start_file(entry, options).expect("an entry");
        let bytes = fs::read(desk.set.image_path(8)).expect("an image");
        writer.write_all(&bytes).expect("written");
    }
    writer.finish().expect("a zip");
    desk.drop_files(&[&both]);
    desk.until("it is asked", |desk| {
        desk.says("Segment its 2 images") && desk.says("Open it as a dataset")
    });
    desk.click("Segment its 2 images");
    desk.until("they are there", |desk| desk.finds("a.png  ·  32 × 32"));
    let broken = desk.set.dir.path().join("broken.zip");
    fs::write(&broken, "PK\x03\x04").expect("a file");
    desk.app().send(Command::Inspect(vec![broken]));
    desk.until("it is named", |desk| desk.has_message("broken.zip"));
}

#[test]
fn an_image_of_one_pixel_is_predicted_and_its_mask_is_saved() {
    let mut desk = Desk::new(|config| config.max_steps = Some(1));
    desk.train();
    let path = desk.set.dir.path().join("one.png");
    let pixel = Rgb {
        width: 1,
        height: 1,
        pixels: vec![200, 10, 20],
    };
    write_rgb_png(&path, &pixel).expect("an image");
    desk.drop_files(&[&path]);
    desk.until("it is predicted", |desk| {
        desk.finds("one.png  ·  1 × 1") && desk.finds("predicted in")
    });
    assert!(desk.finds("100.0 %"), "all of it is of one class");
    let saved = save(&mut desk, "Save mask…");
    desk.until("it is saved", |desk| desk.has_message("saved"));
    let size = read_image_size(&saved).expect("a mask");
    assert_eq!(size, Size::new(1, 1));
}
