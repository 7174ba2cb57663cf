//! Inspect: where images come from, and what is saved of them.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use eframe::egui::{Color32, ColorImage, Event};
use egui_kittest::kittest::NodeT as _;

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
