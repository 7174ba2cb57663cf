//! The house rules, read off the source: who may import whom, where egui and Burn
//! may be named, how long a file may be, and what must not be left lying around.

#![expect(
    clippy::expect_used,
    reason = "a test that cannot read its input has failed"
)]

#[path = "architecture/lexer.rs"]
mod lexer;
#[path = "architecture/paths.rs"]
mod paths;

use std::path::Path as FilePath;

use lexer::{Token, tokens};
use paths::{Path, Scopes, paths};

const MAX_LINES: usize = 400;

/// Which module may import which: `ui -> engine -> training -> leaves`.
/// `crate` stands for `main.rs`, which sees the library from outside.
const HOUSE: [(&str, &[&str]); 8] = [
    ("main.rs", &["ui", "cli", "engine", "logger"]),
    ("ui", &["engine"]),
    ("cli", &["engine"]),
    ("engine", &["training", "model", "dataset", "metrics"]),
    ("training", &["model", "dataset", "metrics"]),
    ("model", &[]),
    ("dataset", &[]),
    ("metrics", &[]),
];
/// Files beside `main.rs` and `lib.rs` that import nothing.
const ALONE: [&str; 1] = ["logger"];
/// One path that may be named although its module may not.
const EXCEPTIONS: [(&str, &[&str]); 1] = [("cli", &["crate", "ui", "run"])];
const WINDOW_CRATES: [&str; 7] = [
    "eframe", "egui", "ecolor", "emath", "epaint", "rfd", "winit",
];
const WINDOW_HOMES: [&str; 2] = ["ui", "main.rs"];
const BURN_HOMES: [&str; 2] = ["training", "model"];

/// A file as the checker sees it: its path below the root, with `/`, and its text.
struct Source {
    path: String,
    text: String,
}

/// All violations as `file:line: what`. Pure, so that it can be tested itself.
fn violations(sources: &[Source]) -> Vec<String> {
    let test_files: Vec<String> = sources.iter().flat_map(test_files_of).collect();
    let mut found = Vec::new();
    for source in sources {
        let tokens = tokens(&source.text);
        let in_tests = source.path.starts_with("tests/") || source.path.starts_with("benches/");
        let is_test = in_tests || test_files.contains(&source.path);
        let scopes = Scopes::new(&tokens, &module_of(&source.path), is_test);
        let mut report =
            |line: usize, what: String| found.push(format!("{}:{line}: {what}", source.path));
        let lines = source.text.lines().count();
        if lines > MAX_LINES {
            report(
                lines,
                format!("{lines} lines, more than {MAX_LINES}; split it along its joints"),
            );
        }
        check_leftovers(&tokens, &scopes, &mut report);
        if !in_tests {
            for path in paths(&tokens, &scopes) {
                if let Some(what) = import_problem(home_of(&source.path), &path) {
                    report(path.line, what);
                }
            }
        }
    }
    found
}

/// `src/engine/worker.rs` is the module `engine::worker`; `mod`, `lib` and `main` are no names.
fn module_of(path: &str) -> Vec<String> {
    let inner = path
        .strip_prefix("src/")
        .unwrap_or(path)
        .trim_end_matches(".rs");
    let names = inner
        .split('/')
        .filter(|name| !matches!(*name, "mod" | "lib" | "main"));
    names.map(str::to_owned).collect()
}

/// The top module of a file, or `main.rs` and `lib.rs`.
fn home_of(path: &str) -> &str {
    let inner = path.strip_prefix("src/").unwrap_or(path);
    match inner.split_once('/') {
        Some((top, _)) => top,
        None if inner == "main.rs" || inner == "lib.rs" => inner,
        None => inner.trim_end_matches(".rs"),
    }
}

/// The files of `#[cfg(test)] mod name;` in this one.
fn test_files_of(source: &Source) -> Vec<String> {
    let tokens = tokens(&source.text);
    let module = module_of(&source.path);
    let scopes = Scopes::new(&tokens, &module, false);
    let folder = ["src".to_owned()]
        .into_iter()
        .chain(module)
        .collect::<Vec<_>>()
        .join("/");
    let names = scopes.test_files.iter();
    names
        .flat_map(|name| {
            [
                format!("{folder}/{name}.rs"),
                format!("{folder}/{name}/mod.rs"),
            ]
        })
        .collect()
}

fn check_leftovers(tokens: &[Token], scopes: &Scopes, report: &mut impl FnMut(usize, String)) {
    for (at, token) in tokens.iter().enumerate() {
        let text = |ahead: usize| {
            tokens
                .get(at + ahead)
                .map_or("", |token| token.text.as_str())
        };
        match (text(0), text(1), text(2)) {
            ("#", "[", "ignore") => {
                report(token.line, "an ignored test; mend or delete it".to_owned())
            }
            (name @ ("todo" | "unimplemented"), "!", _) => {
                report(token.line, format!("{name}! is left over"))
            }
            (".", name @ ("unwrap" | "expect"), "(") if !scopes.test[at] => {
                report(
                    token.line,
                    format!(".{name}() outside tests; return an error"),
                );
            }
            _ => {}
        }
    }
}

fn import_problem(home: &str, path: &Path) -> Option<String> {
    let segments: Vec<&str> = path.segments.iter().map(String::as_str).collect();
    let name = segments.join("::");
    match segments.as_slice() {
        ["crate" | "fcn_workbench", top, ..] => {
            if home == "lib.rs" || *top == home || may_import(home, top) {
                return None;
            }
            let excepted = |(from, path): &(&str, &[&str])| *from == home && segments == *path;
            if EXCEPTIONS.iter().any(excepted) {
                return None;
            }
            Some(match *top {
                "*" | "self" => format!("{name}: names the whole crate; import what is needed"),
                _ => format!("{name}: {home} must not import {top}"),
            })
        }
        ["crate" | "fcn_workbench"] => Some(format!(
            "{name}: names the whole crate; import what is needed"
        )),
        [first, ..] if WINDOW_CRATES.contains(first) || first.starts_with("egui_") => {
            (!WINDOW_HOMES.contains(&home)).then(|| format!("{name}: only ui may name {first}"))
        }
        [first, ..] if *first == "burn" || first.starts_with("burn_") => (!BURN_HOMES
            .contains(&home))
        .then(|| format!("{name}: only training and model may name {first}")),
        _ => None,
    }
}

fn may_import(home: &str, top: &str) -> bool {
    let mut house = HOUSE.iter();
    house.any(|(from, to)| *from == home && to.contains(&top)) && !ALONE.contains(&home)
}

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

#[track_caller]
fn assert_caught(path: &str, text: &str, line: usize, words: &str) {
    let found = check(path, text);
    let start = format!("{path}:{line}: ");
    assert!(
        found.len() == 1 && found[0].starts_with(&start) && found[0].contains(words),
        "wanted one violation at {start}with {words:?}, got {found:#?}"
    );
}

#[track_caller]
fn assert_fine(path: &str, text: &str) {
    assert_eq!(check(path, text), Vec::<String>::new(), "{path}: {text}");
}

#[test]
fn imports_against_the_house_are_caught() {
    assert_caught(
        "src/ui/app.rs",
        "\nuse crate::training::Control;",
        2,
        "ui must not import training",
    );
    assert_caught(
        "src/ui/app.rs",
        "use crate::{engine::Engine, dataset::Rgb};",
        1,
        "dataset::Rgb",
    );
    assert_caught(
        "src/engine/mod.rs",
        "fn f() { crate::ui::run(); }",
        1,
        "engine must not import ui",
    );
    assert_caught(
        "src/dataset/index.rs",
        "use super::super::metrics::Scores;",
        1,
        "must not import metrics",
    );
    assert_caught(
        "src/model/mod.rs",
        "use super::training::preset;",
        1,
        "must not import training",
    );
    assert_caught(
        "src/model/a.rs",
        "mod tests { use super::super::super::dataset::Rgb; }",
        1,
        "dataset",
    );
    assert_caught(
        "src/metrics/a.rs",
        "type A = crate::model::Trunk;",
        1,
        "must not import model",
    );
    assert_caught(
        "src/cli/train.rs",
        "use crate::ui::command::Command;",
        1,
        "cli must not import ui",
    );
    assert_caught(
        "src/cli/train.rs",
        "pub(in crate::cli) use crate::{self as root};",
        1,
        "whole crate",
    );
    assert_caught("src/ui/app.rs", "use crate::*;", 1, "whole crate");
    assert_caught(
        "src/main.rs",
        "use fcn_workbench::training::preset;",
        1,
        "main.rs must not import training",
    );
    assert_caught(
        "src/logger.rs",
        "use fcn_workbench::engine::Engine;",
        1,
        "logger must not import engine",
    );
}

#[test]
fn imports_along_the_house_are_fine() {
    assert_fine(
        "src/ui/app.rs",
        "use crate::engine::{Engine, Task}; use super::panels::A; use egui::Ui;",
    );
    assert_fine(
        "src/ui/panels/a.rs",
        "use super::super::theme; use crate::ui::canvas;",
    );
    assert_fine(
        "src/cli/mod.rs",
        "fn f() { crate::ui::run(); } use crate::engine;",
    );
    assert_fine(
        "src/training/run.rs",
        "use burn::tensor::Tensor; use crate::{model::Fcn, dataset::Rgb};",
    );
    assert_fine(
        "src/model/fcn.rs",
        "mod tests { use super::super::variant::Trunk; use super::*; }",
    );
    assert_fine(
        "src/main.rs",
        "use fcn_workbench::{cli, ui}; use eframe::egui;",
    );
    assert_fine(
        "src/dataset/a.rs",
        "//! use crate::ui;\n/* crate::ui::x /* */ */ pub(crate) const A: &str = \"burn::x\";",
    );
}

#[test]
fn crates_outside_their_home_are_caught() {
    assert_caught(
        "src/engine/mod.rs",
        "use egui::Color32;",
        1,
        "only ui may name egui",
    );
    assert_caught(
        "src/cli/mod.rs",
        "fn f(_: &eframe::Frame) {}",
        1,
        "only ui may name eframe",
    );
    assert_caught(
        "src/training/a.rs",
        "use egui_plot::Line;",
        1,
        "only ui may name egui_plot",
    );
    for home in ["ui", "cli", "engine", "dataset", "metrics"] {
        assert_caught(
            &format!("src/{home}/a.rs"),
            "use burn::tensor::Tensor;",
            1,
            "may name burn",
        );
    }
    assert_caught(
        "src/engine/a.rs",
        "use ::burn_pack::Writer;",
        1,
        "may name burn_pack",
    );
    assert_caught("src/engine/a.rs", "use burn as b;", 1, "may name burn");
}

#[test]
fn leftovers_are_caught() {
    assert_caught("src/engine/a.rs", "fn f() {\n    todo!()\n}", 2, "todo!");
    assert_caught(
        "tests/a.rs",
        "fn f() { unimplemented!(\"later\") }",
        1,
        "unimplemented!",
    );
    assert_caught(
        "tests/a.rs",
        "#[test]\n#[ignore = \"slow\"]\nfn f() {}",
        2,
        "ignored test",
    );
    assert_caught("src/ui/a.rs", "fn f() { g().unwrap(); }", 1, ".unwrap()");
    assert_caught(
        "src/ui/a.rs",
        "fn f() { g()\n.expect(\"x\"); }",
        2,
        ".expect()",
    );
    // What follows a test module is no test.
    assert_caught(
        "src/ui/a.rs",
        "#[cfg(test)] mod tests { fn f() { {} } }\nfn f() { g().unwrap() }",
        2,
        "unwrap",
    );
    assert_caught(
        "src/ui/a.rs",
        "#[cfg(test)] use a::b;\nfn f() { g().unwrap() }",
        2,
        "unwrap",
    );
    assert_caught(
        "src/ui/a.rs",
        &"\n".repeat(MAX_LINES + 1),
        MAX_LINES + 1,
        "401 lines",
    );
}

#[test]
fn tests_may_unwrap() {
    assert_fine(
        "src/ui/a.rs",
        "#[cfg(test)]\nmod tests { #[test] fn f() { g().unwrap(); } }",
    );
    assert_fine("src/ui/a.rs", "#[test] fn f() { g().expect(\"x\"); }");
    assert_fine("tests/a.rs", "fn f() { g().unwrap(); }");
    assert_fine(
        "src/ui/a.rs",
        "fn f() { g().unwrap_or(1); let _ = \".unwrap()\"; let _ = r#\"\".unwrap()\"#; }",
    );
    let parent = Source {
        path: "src/ui/mod.rs".to_owned(),
        text: "#[cfg(test)] mod tests;".to_owned(),
    };
    let child = Source {
        path: "src/ui/tests.rs".to_owned(),
        text: "fn f() { g().unwrap(); }".to_owned(),
    };
    assert_eq!(violations(&[parent, child]), Vec::<String>::new());
}

#[test]
fn characters_and_lifetimes_do_not_hide_code() {
    assert_caught(
        "src/ui/a.rs",
        "fn f<'a>(c: &'a str) { m('\"', b'\\'', '\\u{7f}'); g().unwrap() }",
        1,
        "unwrap",
    );
    assert_caught(
        "src/ui/a.rs",
        "fn f() { m(\"\\\"\", br\"\\\"); g().unwrap() }",
        1,
        "unwrap",
    );
    assert_caught(
        "src/ui/a.rs",
        "fn f() { r#type::g().unwrap() }",
        1,
        "unwrap",
    );
}
