//! The window of public weights, clicked through.

use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use fcn_workbench::engine::{
    DatasetRef, DatasetState, Dirs, Engine, EngineOptions, EntryState, KnownHash, PublicFile,
};
use fcn_workbench::ui::App;
use fcn_workbench::ui::state::AppState;

use super::bench::{LIMIT, entry, file, public_file, weights};
use super::datasets::{voc_archive, voc_dataset};
use super::server::{Server, serve, stall};

type Window = Harness<'static, App>;

fn frames(window: &mut Window, count: usize) {
    for _ in 0..count {
        window.step();
        thread::sleep(Duration::from_millis(3));
    }
}

#[track_caller]
fn click(window: &mut Window, label: &str) {
    window.get_by_label(label).click();
    frames(window, 4);
}

#[track_caller]
fn until(window: &mut Window, what: &str, holds: impl Fn(&Window) -> bool) {
    let since = Instant::now();
    while !holds(window) {
        assert!(
            since.elapsed() < LIMIT,
            "not in time: {what}\n{:?}",
            window.root()
        );
        frames(window, 1);
    }
    frames(window, 2);
}

fn says(window: &Window, label: &str) -> bool {
    window.query_all_by_label(label).next().is_some()
}

fn state<'a>(window: &'a Window, id: &str) -> &'a EntryState {
    &window
        .state()
        .engine()
        .catalogue()
        .find(id)
        .expect("the entry")
        .state
}

/// A window with four files in its catalogue: "tiny", "slow", "odd" without a known hash, and
/// "far" without an address.
fn open_window(dir: &Path, good: &Server, slow: &Server) -> Window {
    let slow_file = PublicFile {
        name: "slow.pth",
        ..public_file(slow.url())
    };
    let odd_file = PublicFile {
        name: "odd.pth",
        hash: KnownHash::Unknown,
        ..public_file(good.url())
    };
    let page = "https://example.org/weights";
    let far_file = PublicFile {
        name: "far.pth",
        urls: Vec::new(),
        page: Some(page),
        ..public_file(good.url())
    };
    let dirs = Dirs {
        data: dir.join("data"),
        runs: dir.join("runs"),
    };
    let waker = Arc::new(|| {});
    let options = EngineOptions {
        dirs,
        waker,
        probe_program: None,
        live_masks: false,
    };
    let mut engine = Engine::with_catalogues(
        options,
        vec![
            entry(good.url()),
            weights("slow", slow_file),
            weights("odd", odd_file),
            weights("far", far_file),
        ],
        Vec::new(),
    );
    // Any but the sample, which takes its time to be made.
    engine.open_dataset(DatasetRef::Folder(dir.join("nothing")));
    Harness::builder()
        .with_size([1440.0, 900.0])
        .with_step_dt(0.02)
        .build_eframe(move |cc| App::with_engine(&cc.egui_ctx, AppState::default(), engine))
}

#[test]
fn weights_are_downloaded_and_chosen_by_click() {
    let dir = tempfile::tempdir().expect("a folder");
    let good = Server::good(file());
    // The first answer stalls, so that there is something to cancel.
    let slow = Server::start(|range, stream| match range {
        Some(range) => serve(file(), Some(range), stream),
        None => stall(file().len(), &file()[..100_000], stream),
    });
    let mut window = open_window(dir.path(), &good, &slow);
    frames(&mut window, 5);

    // The panel of this name has a tab, which is pressed.
    let menu = window
        .query_all_by_label("Train")
        .find(|node| node.accesskit_node().toggled().is_none());
    menu.expect("the menu").click();
    frames(&mut window, 3);
    click(&mut window, "Pretrained weights…");
    until(&mut window, "the folder was looked at", |window| {
        says(window, "not downloaded")
    });
    frames(&mut window, 30);
    assert!(
        good.ranges().is_empty() && slow.ranges().is_empty(),
        "nothing without a click"
    );
    assert!(!says(&window, "Download far.pth") && says(&window, "Copy link far.pth"));

    click(&mut window, "Download tiny.pth");
    until(&mut window, "it is ready", |window| says(window, "ready"));
    click(&mut window, "Use tiny.pth");
    assert!(says(&window, "Open folder tiny.pth"));
    // It was read; its bytes are no weights.
    let refused = |window: &Window, file: &str| {
        window
            .state()
            .toasts()
            .shown()
            .any(|text| text.contains(file) && text.contains("Choose a .pth"))
    };
    until(&mut window, "the file was read", |window| {
        refused(window, "tiny.pth")
    });

    click(&mut window, "Download slow.pth");
    until(&mut window, "some of it has come", |window| {
        matches!(state(window, "slow"), EntryState::Downloading { .. })
            && says(window, "Progress of slow.pth")
    });
    let part = dir.path().join("runs/pretrained/slow.pth.part");
    until(&mut window, "the server stalls", |_| {
        std::fs::metadata(&part).is_ok_and(|meta| meta.len() == 100_000)
    });
    click(&mut window, "Cancel slow.pth");
    until(&mut window, "it was cancelled", |window| {
        says(window, "100 kB downloaded")
    });
    click(&mut window, "Continue slow.pth");
    until(&mut window, "it went on", |window| {
        matches!(state(window, "slow"), EntryState::Ready { .. })
    });

    click(&mut window, "Download odd.pth");
    until(&mut window, "it is there", |window| {
        says(window, "not verified")
    });
    click(&mut window, "Use odd.pth");
    frames(&mut window, 10);
    assert!(!refused(&window, "odd.pth"), "asked first");
    click(&mut window, "Use anyway");
    until(&mut window, "the file was read", |window| {
        refused(window, "odd.pth")
    });
}

#[test]
fn a_dataset_is_downloaded_and_opened_by_click() {
    let dir = tempfile::tempdir().expect("a folder");
    let server = Server::good(voc_archive());
    let options = EngineOptions {
        dirs: Dirs {
            data: dir.path().join("data"),
            runs: dir.path().join("runs"),
        },
        waker: Arc::new(|| {}),
        probe_program: None,
        live_masks: false,
    };
    let datasets = vec![voc_dataset(server.url())];
    let mut engine = Engine::with_catalogues(options, Vec::new(), datasets);
    engine.open_dataset(DatasetRef::Folder(dir.path().join("nothing")));
    let mut window = Harness::builder()
        .with_size([1280.0, 720.0])
        .with_step_dt(0.02)
        .build_eframe(move |cc| App::with_engine(&cc.egui_ctx, AppState::default(), engine));
    frames(&mut window, 5);
    // Offered where a dataset could not be opened.
    click(&mut window, "Public datasets…");
    until(&mut window, "the folder was looked at", |window| {
        says(window, "not downloaded")
    });
    for text in ["Tiny set", "two", "made here", "Add local file Tiny set"] {
        assert!(says(&window, text), "no {text:?}");
    }
    frames(&mut window, 20);
    assert!(server.ranges().is_empty(), "nothing without a click");

    click(&mut window, "Download Tiny set");
    until(&mut window, "it is ready", |window| says(window, "ready"));
    assert!(says(&window, "Open folder Tiny set"));
    click(&mut window, "Open Tiny set");
    until(
        &mut window,
        "it is open",
        |window| matches!(window.state().engine().dataset(), DatasetState::Ready(open) if open.dataset.name == "VOC2011"),
    );
    assert!(
        !says(&window, "Open folder Tiny set"),
        "the window is closed"
    );
}
