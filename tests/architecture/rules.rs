//! The rules and the checker, which is a pure function of the sources.

use super::lexer::{Token, tokens};
use super::paths::{Path, Scopes, paths};

pub const MAX_LINES: usize = 400;

/// Which module may import which: `ui -> engine -> training -> leaves`.
pub const HOUSE: [(&str, &[&str]); 10] = [
    ("main.rs", &["ui", "cli", "engine", "logger"]),
    ("ui", &["engine"]),
    ("cli", &["engine", "bench"]),
    (
        "bench",
        &["engine", "training", "model", "dataset", "metrics"],
    ),
    ("engine", &["training", "model", "dataset", "metrics"]),
    ("training", &["model", "kernels", "dataset", "metrics"]),
    ("model", &["kernels"]),
    ("kernels", &[]),
    ("dataset", &[]),
    ("metrics", &[]),
];
/// Files beside `main.rs` and `lib.rs` that import nothing.
pub const ALONE: [&str; 1] = ["logger"];
/// One path that may be named although its module may not.
const EXCEPTIONS: [(&str, &[&str]); 1] = [("cli", &["crate", "ui", "run"])];
const WINDOW_CRATES: [&str; 7] = [
    "eframe", "egui", "ecolor", "emath", "epaint", "rfd", "winit",
];
const WINDOW_HOMES: [&str; 2] = ["ui", "main.rs"];
const BURN_HOMES: [&str; 4] = ["training", "model", "kernels", "bench"];

/// A file as the checker sees it: its path below the root, with `/`, and its text.
pub struct Source {
    pub path: String,
    pub text: String,
}

/// All violations as `file:line: what`. Pure, so that it can be tested itself.
pub fn violations(sources: &[Source]) -> Vec<String> {
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
pub fn home_of(path: &str) -> &str {
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
                report(token.line, "an ignored test; mend or delete it".to_owned());
            }
            (name @ ("todo" | "unimplemented"), "!", _) => {
                report(token.line, format!("{name}! is left over"));
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
        .then(|| format!("{name}: only training, model, kernels and bench may name {first}")),
        _ => None,
    }
}

fn may_import(home: &str, top: &str) -> bool {
    let mut house = HOUSE.iter();
    house.any(|(from, to)| *from == home && to.contains(&top)) && !ALONE.contains(&home)
}
