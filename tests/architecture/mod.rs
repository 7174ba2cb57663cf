//! The house rules, read off the source: who may import whom, where egui and Burn may be
//! named, how long a file may be, and what must not be left lying around.

mod circles;
mod rules;
mod scan;

use std::path::Path;

use circles::circles;
use rules::{HOUSE, MAX_LINES, SHARED, Source, home_of, violations};

fn read_sources(root: &Path, below: &str, sources: &mut Vec<Source>) {
    let mut names: Vec<String> = std::fs::read_dir(root.join(below))
        .expect("a folder that can be read")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    for name in names {
        let path = format!("{below}/{name}");
        if root.join(&path).is_dir() {
            read_sources(root, &path, sources);
        } else if Path::new(&name)
            .extension()
            .is_some_and(|extension| extension == "rs")
        {
            let text = std::fs::read_to_string(root.join(&path)).expect("a source in UTF-8");
            sources.push(Source { path, text });
        }
    }
}

#[test]
fn the_source_keeps_the_house_rules() {
    let mut sources = Vec::new();
    for folder in ["src", "tests", "benches"] {
        read_sources(Path::new(env!("CARGO_MANIFEST_DIR")), folder, &mut sources);
    }
    let in_src = |source: &&Source| source.path.starts_with("src/");
    let homes: Vec<&str> = sources
        .iter()
        .filter(in_src)
        .map(|source| home_of(&source.path))
        .collect();
    for home in HOUSE.iter().map(|(home, _)| home).chain(SHARED) {
        assert!(
            homes.contains(home),
            "{home} has a place in the house and is not in src"
        );
    }
    for home in homes {
        let known = home == "lib.rs"
            || SHARED.contains(&home)
            || HOUSE.iter().any(|(name, _)| *name == home);
        assert!(
            known,
            "{home} has no place in the house; give it one in HOUSE"
        );
    }
    let found = violations(&sources);
    assert!(
        found.is_empty(),
        "{} violations:\n{}",
        found.len(),
        found.join("\n")
    );
}

#[test]
fn no_modules_of_a_room_import_each_other_in_a_circle() {
    let mut sources = Vec::new();
    read_sources(Path::new(env!("CARGO_MANIFEST_DIR")), "src", &mut sources);
    let found = circles(&sources);
    assert!(
        found.is_empty(),
        "{} violations:\n{}",
        found.len(),
        found.join("\n")
    );
}

/// `path | text` on each line, with `⏎` for a new line of the text, as the checker's input.
fn cases(table: &str) -> impl Iterator<Item = (&str, Source)> {
    table
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| {
            let (head, text) = line.trim_start().split_once(" | ").expect("two columns");
            let path = head.split(':').next().expect("a path").to_owned();
            (
                head,
                Source {
                    path,
                    text: text.replace('⏎', "\n"),
                },
            )
        })
}

/// Each line of `table`, `path:line: words | text`, has one violation there and in these words.
#[track_caller]
fn assert_caught(table: &str) {
    for (head, source) in cases(table) {
        let (place, words) = head.split_once(": ").expect("a place and words");
        let text = source.text.clone();
        let found = violations(&[source]);
        let right = found.len() == 1
            && found[0].starts_with(&format!("{place}: "))
            && found[0].contains(words);
        assert!(
            right,
            "{text}\nwanted one violation: {head}\ngot {found:#?}"
        );
    }
}

#[track_caller]
fn assert_fine(table: &str) {
    for (_, source) in cases(table) {
        let text = source.text.clone();
        assert_eq!(violations(&[source]), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn imports_against_the_house_are_caught() {
    assert_caught(
        r#"
        src/ui/a.rs:2: ui must not import training | ⏎use crate::training::Control;
        src/ui/a.rs:1: dataset::Rgb | use crate::{engine::Engine, dataset::Rgb};
        src/engine/mod.rs:1: engine must not import ui | fn f() { crate::ui::run(); }
        src/engine/a.rs:1: engine must not import bench | use crate::bench::Plan;
        src/dataset/a.rs:1: must not import metrics | use super::super::metrics::Scores;
        src/model/mod.rs:1: must not import training | use super::training::preset;
        src/model/a.rs:1: dataset | mod t { use super::super::super::dataset::A; }
        src/metrics/a.rs:1: must not import model | type A = crate::model::Trunk;
        src/kernels/a.rs:1: must not import model | use crate::model::Trunk;
        src/files/mod.rs:1: must not import metrics | use crate::metrics::Scores;
        src/cli/a.rs:1: cli must not import ui | use crate::ui::command::Command;
        src/cli/a.rs:1: whole crate | use crate::{self as root};
        src/cli/a.rs:1: whole crate | use super::super as root;
        src/ui/a.rs:1: whole crate | use crate::*;
        src/main.rs:1: main.rs must not import training | use fcn_workbench::training::A;
        src/logger.rs:1: logger must not import engine | use fcn_workbench::engine::A;
        src/ui/a.rs:2: ui must not import model | fn f() { format!(⏎"{}", crate::model::A) }
        src/ui/a.rs:1: ui must not import model | #[derive(crate::model::A)] struct B;
        src/ui/a.rs:1: ui must not import model | impl crate::model::A for B {}
        src/ui/a.rs:1: ui must not import model | fn f(_: Vec<crate::model::A>) {}
        "#,
    );
}

#[test]
fn imports_along_the_house_are_fine() {
    assert_fine(
        r#"
        src/ui/a.rs | use crate::engine::{Engine, Task}; use super::panels::A; use egui::Ui;
        src/ui/panels/a.rs | use super::super::theme; use crate::ui::canvas;
        src/cli/mod.rs | fn f() { crate::ui::run(); } use crate::engine; use crate::bench::A;
        src/training/a.rs | use burn::Tensor; use crate::{model::Fcn, dataset::Rgb, files};
        src/model/a.rs | mod tests { use super::super::variant::Trunk; use super::*; }
        src/main.rs | use fcn_workbench::{cli, ui}; use eframe::egui;
        src/dataset/a.rs | //! use crate::ui;⏎/* crate::ui::a /* */ */ const A: &str = "burn::x";
        src/dataset/b.rs | pub(crate) const A: u8 = 1; pub(in crate::dataset) const B: u8 = 1;
        "#,
    );
}

#[test]
fn crates_outside_their_home_are_caught() {
    assert_caught(
        r"
        src/engine/mod.rs:1: may name egui | use egui::Color32;
        src/cli/mod.rs:1: may name eframe | fn f(_: &eframe::Frame) {}
        src/training/a.rs:1: may name egui_plot | use egui_plot::Line;
        src/engine/a.rs:1: may name burn_pack | use ::burn_pack::Writer;
        src/engine/a.rs:1: may name burn | use burn as b;
        src/ui/a.rs:1: may name burn | use burn::Tensor;
        src/cli/a.rs:1: may name burn | use burn::Tensor;
        src/dataset/a.rs:1: may name burn | use burn::Tensor;
        src/metrics/a.rs:1: may name burn | use burn::Tensor;
        ",
    );
}

#[test]
fn the_clock_of_the_day_measures_nothing() {
    assert_caught(
        r"
        src/training/clock.rs:1: SystemTime jumps | use std::time::{Instant, SystemTime};
        src/engine/meters/mod.rs:1: SystemTime jumps | fn f() { std::time::SystemTime::now(); }
        ",
    );
    assert_fine(
        r"
        src/training/clock.rs | use std::time::Instant;
        src/engine/runs/mod.rs | use std::time::SystemTime;
        src/training/clock.rs | #[cfg(test)] mod tests { use std::time::SystemTime; }
        ",
    );
}

#[test]
fn leftovers_are_caught() {
    assert_caught(
        r#"
        src/engine/a.rs:2: todo! | fn f() {⏎    todo!()⏎}
        tests/a.rs:1: unimplemented! | fn f() { unimplemented!("later") }
        tests/a.rs:2: ignored test | #[test]⏎#[ignore = "slow"]⏎fn f() {}
        tests/a.rs:1: #[path] | #[path = "b/c.rs"] mod c;
        src/ui/a.rs:1: .unwrap() | fn f() { g().unwrap(); }
        src/ui/a.rs:2: .expect() | fn f() { g()⏎.expect("x"); }
        src/ui/a.rs:1: .unwrap() | fn f() { format!("{}", [g().unwrap()]) }
        src/ui/a.rs:1: todo! | fn f() { assert!(todo!()) }
        src/ui/a.rs:1: no Rust source | fn f() {
        "#,
    );
    let too_long = format!("src/ui/a.rs:401: 401 lines | {}", "⏎".repeat(MAX_LINES + 1));
    assert_caught(&too_long);
}

#[test]
fn only_tests_may_unwrap() {
    assert_fine(
        r##"
        src/ui/a.rs | #[cfg(test)]⏎mod tests { #[test] fn f() { g().unwrap(); } }
        src/ui/a.rs | #[test] fn f() { g().expect("x"); }
        src/ui/a.rs | #[cfg(test)] impl A { fn f() { assert!(g().unwrap()); } }
        tests/a.rs | fn f() { g().unwrap(); }
        src/ui/a.rs | fn f() { g().unwrap_or(1); }
        src/ui/a.rs | const A: &str = ".unwrap()"; const B: &str = r#"".unwrap()"#;
        "##,
    );
    // What follows a test module or a test's import is no test.
    assert_caught(
        r"
        src/ui/a.rs:2: unwrap | #[cfg(test)] mod t { fn f() { {} } }⏎fn f() { g().unwrap() }
        src/ui/a.rs:2: unwrap | #[cfg(test)] use a::b;⏎fn f() { g().unwrap() }
        src/ui/a.rs:1: unwrap | #[cfg(not(test))] fn f() { g().unwrap() }
        ",
    );
}

fn sources<const N: usize>(files: [(&str, &str); N]) -> [Source; N] {
    files.map(|(path, text)| Source {
        path: path.to_owned(),
        text: text.to_owned(),
    })
}

#[test]
fn a_test_module_may_have_its_own_file() {
    let child = ("src/ui/tests.rs", "fn f() { g().unwrap(); }");
    let tests = sources([("src/ui/mod.rs", "#[cfg(test)] mod tests;"), child]);
    assert_eq!(violations(&tests), Vec::<String>::new());
    let below = ("src/ui/tests/a.rs", "fn f() { g().unwrap(); }");
    let nested = sources([
        ("src/ui/mod.rs", "#[cfg(test)] mod tests;"),
        ("src/ui/tests/mod.rs", "mod a;"),
        below,
    ]);
    assert_eq!(violations(&nested), [""; 0]);
    let no_tests = sources([("src/ui/mod.rs", "mod tests;"), child]);
    assert_eq!(violations(&no_tests).len(), 1);
}

#[test]
fn a_module_with_children_is_a_folder() {
    let found = violations(&sources([("src/ui/a.rs", ""), ("src/ui/a/b.rs", "")]));
    assert_eq!(
        found,
        ["src/ui/a.rs:1: lies beside its folder; make it src/ui/a/mod.rs"]
    );
}

#[test]
fn circles_are_caught() {
    let found = |b: &str, c: &str, parent: &str| {
        circles(&sources([
            ("src/ui/mod.rs", "mod a; use a::A;"),
            ("src/ui/a/mod.rs", parent),
            ("src/ui/a/b.rs", b),
            ("src/ui/a/c.rs", c),
            ("src/ui/d.rs", "use super::a::c::C; use crate::ui::a;"),
        ]))
    };
    let both = [
        "src/ui/a/b.rs:1: ui::a::b imports ui::a::c, which leads back to it",
        "src/ui/a/c.rs:1: ui::a::c imports ui::a::b, which leads back to it",
    ];
    assert_eq!(
        found("use super::c::C;", "fn f() { super::b::f() }", ""),
        both
    );
    let passed_on = "mod b; mod c; pub use c::C as D;";
    assert_eq!(
        found("use crate::ui::a::D;", "use super::b;", passed_on),
        both
    );
    // Through a third module.
    assert_eq!(found("", "use crate::ui::d::D;", "").len(), 2);

    assert_eq!(
        found(
            "use super::c::C;",
            "use super::A; use super::super::B;",
            passed_on
        ),
        [""; 0]
    );
    let test = "#[cfg(test)] mod tests { use super::super::b::B; }";
    assert_eq!(found("use super::c::C;", test, ""), [""; 0]);
}
