//! The house rules, read off the source: who may import whom, where egui and Burn
//! may be named, how long a file may be, and what must not be left lying around.

mod lexer;
mod paths;
mod rules;

use std::path::Path as FilePath;

use rules::{ALONE, HOUSE, MAX_LINES, Source, home_of, violations};

fn read_sources(root: &FilePath, below: &str, sources: &mut Vec<Source>) {
    let Ok(entries) = std::fs::read_dir(root.join(below)) else {
        return;
    };
    let mut names: Vec<String> = entries
        .map(|entry| {
            entry
                .expect("a folder that can be read")
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
        } else if FilePath::new(&name)
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
        read_sources(
            FilePath::new(env!("CARGO_MANIFEST_DIR")),
            folder,
            &mut sources,
        );
    }
    for (home, _) in HOUSE {
        let read = sources
            .iter()
            .any(|source| source.path.starts_with("src/") && home_of(&source.path) == home);
        assert!(
            read,
            "no source of {home} was read; the table is out of date"
        );
    }
    for source in sources
        .iter()
        .filter(|source| source.path.starts_with("src/"))
    {
        let home = home_of(&source.path);
        let known = home == "lib.rs"
            || ALONE.contains(&home)
            || HOUSE.iter().any(|(name, _)| *name == home);
        assert!(
            known,
            "{}: {home} has no place in the house; give it one in HOUSE",
            source.path
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

fn check(path: &str, text: &str) -> Vec<String> {
    violations(&[Source {
        path: path.to_owned(),
        text: text.to_owned(),
    }])
}

/// Each text of `cases` has one violation in `file`, on the given line and in these words.
#[track_caller]
fn assert_caught(cases: &[(&str, &str, usize, &str)]) {
    for (path, text, line, words) in cases {
        let found = check(path, text);
        let start = format!("{path}:{line}: ");
        assert!(
            found.len() == 1 && found[0].starts_with(&start) && found[0].contains(words),
            "{text}\nwanted one violation at {start}with {words:?}, got {found:#?}"
        );
    }
}

#[track_caller]
fn assert_fine(cases: &[(&str, &str)]) {
    for (path, text) in cases {
        assert_eq!(check(path, text), Vec::<String>::new(), "{path}: {text}");
    }
}

#[test]
fn imports_against_the_house_are_caught() {
    assert_caught(&[
        (
            "src/ui/a.rs",
            "\nuse crate::training::Control;",
            2,
            "ui must not import training",
        ),
        (
            "src/ui/a.rs",
            "use crate::{engine::Engine, dataset::Rgb};",
            1,
            "dataset::Rgb",
        ),
        (
            "src/engine/mod.rs",
            "fn f() { crate::ui::run(); }",
            1,
            "engine must not import ui",
        ),
        (
            "src/dataset/a.rs",
            "use super::super::metrics::Scores;",
            1,
            "must not import metrics",
        ),
        (
            "src/model/mod.rs",
            "use super::training::preset;",
            1,
            "must not import training",
        ),
        (
            "src/model/a.rs",
            "mod t { use super::super::super::dataset::A; }",
            1,
            "dataset",
        ),
        (
            "src/metrics/a.rs",
            "type A = crate::model::Trunk;",
            1,
            "must not import model",
        ),
        (
            "src/cli/a.rs",
            "use crate::ui::command::Command;",
            1,
            "cli must not import ui",
        ),
        (
            "src/cli/a.rs",
            "use crate::{self as root};",
            1,
            "whole crate",
        ),
        (
            "src/cli/a.rs",
            "use super::super as root;",
            1,
            "whole crate",
        ),
        ("src/ui/a.rs", "use crate::*;", 1, "whole crate"),
        (
            "src/main.rs",
            "use fcn_workbench::training::A;",
            1,
            "main.rs must not import training",
        ),
        (
            "src/logger.rs",
            "use fcn_workbench::engine::A;",
            1,
            "logger must not import engine",
        ),
    ]);
}

#[test]
fn imports_along_the_house_are_fine() {
    assert_fine(&[
        (
            "src/ui/a.rs",
            "use crate::engine::{Engine, Task}; use super::panels::A; use egui::Ui;",
        ),
        (
            "src/ui/panels/a.rs",
            "use super::super::theme; use crate::ui::canvas;",
        ),
        (
            "src/cli/mod.rs",
            "fn f() { crate::ui::run(); } use crate::engine;",
        ),
        (
            "src/training/a.rs",
            "use burn::Tensor; use crate::{model::Fcn, dataset::Rgb};",
        ),
        (
            "src/model/a.rs",
            "mod tests { use super::super::variant::Trunk; use super::*; }",
        ),
        (
            "src/main.rs",
            "use fcn_workbench::{cli, ui}; use eframe::egui;",
        ),
        (
            "src/dataset/a.rs",
            "//! use crate::ui;\n/* crate::ui::a /* */ */ const A: &str = \"burn::x\";",
        ),
        (
            "src/dataset/b.rs",
            "pub(crate) const A: u8 = 1; pub(in crate::dataset) const B: u8 = 1;",
        ),
    ]);
}

#[test]
fn crates_outside_their_home_are_caught() {
    assert_caught(&[
        (
            "src/engine/mod.rs",
            "use egui::Color32;",
            1,
            "only ui may name egui",
        ),
        (
            "src/cli/mod.rs",
            "fn f(_: &eframe::Frame) {}",
            1,
            "only ui may name eframe",
        ),
        (
            "src/training/a.rs",
            "use egui_plot::Line;",
            1,
            "only ui may name egui_plot",
        ),
        (
            "src/engine/a.rs",
            "use ::burn_pack::Writer;",
            1,
            "may name burn_pack",
        ),
        ("src/engine/a.rs", "use burn as b;", 1, "may name burn"),
        ("src/ui/a.rs", "use burn::Tensor;", 1, "may name burn"),
        ("src/cli/a.rs", "use burn::Tensor;", 1, "may name burn"),
        ("src/dataset/a.rs", "use burn::Tensor;", 1, "may name burn"),
        ("src/metrics/a.rs", "use burn::Tensor;", 1, "may name burn"),
    ]);
}

#[test]
fn leftovers_are_caught() {
    let too_long = "\n".repeat(MAX_LINES + 1);
    assert_caught(&[
        ("src/engine/a.rs", "fn f() {\n    todo!()\n}", 2, "todo!"),
        (
            "tests/a.rs",
            "fn f() { unimplemented!(\"later\") }",
            1,
            "unimplemented!",
        ),
        (
            "tests/a.rs",
            "#[test]\n#[ignore = \"slow\"]\nfn f() {}",
            2,
            "ignored test",
        ),
        ("src/ui/a.rs", "fn f() { g().unwrap(); }", 1, ".unwrap()"),
        (
            "src/ui/a.rs",
            "fn f() { g()\n.expect(\"x\"); }",
            2,
            ".expect()",
        ),
        ("src/ui/a.rs", &too_long, MAX_LINES + 1, "401 lines"),
    ]);
}

#[test]
fn only_tests_may_unwrap() {
    assert_fine(&[
        (
            "src/ui/a.rs",
            "#[cfg(test)]\nmod tests { #[test] fn f() { g().unwrap(); } }",
        ),
        ("src/ui/a.rs", "#[test] fn f() { g().expect(\"x\"); }"),
        ("tests/a.rs", "fn f() { g().unwrap(); }"),
        ("src/ui/a.rs", "fn f() { g().unwrap_or(1); }"),
        (
            "src/ui/a.rs",
            "const A: &str = \".unwrap()\"; const B: &str = r#\"\".unwrap()\"#;",
        ),
    ]);
    // What follows a test module or a test's import is no test.
    assert_caught(&[
        (
            "src/ui/a.rs",
            "#[cfg(test)] mod t { fn f() { {} } }\nfn f() { g().unwrap() }",
            2,
            "unwrap",
        ),
        (
            "src/ui/a.rs",
            "#[cfg(test)] use a::b;\nfn f() { g().unwrap() }",
            2,
            "unwrap",
        ),
        (
            "src/ui/a.rs",
            "#[cfg(not(test))] fn f() { g().unwrap() }",
            1,
            "unwrap",
        ),
    ]);
}

#[test]
fn a_test_module_may_have_its_own_file() {
    let source = |path: &str, text: &str| Source {
        path: path.to_owned(),
        text: text.to_owned(),
    };
    let child = || source("src/ui/tests.rs", "fn f() { g().unwrap(); }");
    let tests = [source("src/ui/mod.rs", "#[cfg(test)] mod tests;"), child()];
    assert_eq!(violations(&tests), Vec::<String>::new());
    let no_tests = [source("src/ui/mod.rs", "mod tests;"), child()];
    assert_eq!(violations(&no_tests).len(), 1);
}

#[test]
fn characters_and_strings_do_not_hide_code() {
    assert_caught(&[
        (
            "src/ui/a.rs",
            "fn f<'a>(c: &'a str) { m('\"', b'\\'', '\\u{7f}'); g().unwrap() }",
            1,
            "unwrap",
        ),
        (
            "src/ui/a.rs",
            "fn f() { m(\"\\\"\", br\"\\\"); g().unwrap() }",
            1,
            "unwrap",
        ),
        (
            "src/ui/a.rs",
            "fn f() { r#type::g().unwrap() }",
            1,
            "unwrap",
        ),
    ]);
}
