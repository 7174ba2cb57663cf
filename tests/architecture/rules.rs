//! The rules and the checker, which is a pure function of the sources.

use super::scan::{NamedPath, Scan};

pub const MAX_LINES: usize = 400;

/// Which room may import which: `ui, cli -> engine -> training -> leaves`.
pub const HOUSE: &[(&str, &[&str])] = &[
    ("main.rs", &["ui", "cli", "engine", "logger"]),
    ("ui", &["engine"]),
    ("cli", &["engine", "bench"]),
    (
        "bench",
        &[
            "engine", "training", "model", "kernels", "dataset", "metrics",
        ],
    ),
    ("engine", &["training", "model", "dataset", "metrics"]),
    ("training", &["model", "kernels", "dataset", "metrics"]),
    ("model", &["kernels"]),
    ("kernels", &[]),
    ("dataset", &[]),
    ("metrics", &[]),
    ("logger", &[]),
];
/// What every room may import.
pub const SHARED: &[&str] = &["files"];
/// One path that may be named although its room may not.
const EXCEPTION: (&str, &[&str]) = ("cli", &["crate", "ui", "run"]);
const WINDOW_CRATES: &[&str] = &[
    "eframe", "egui", "ecolor", "emath", "epaint", "rfd", "winit",
];
const WINDOW_HOMES: &[&str] = &["ui", "main.rs"];
const BURN_HOMES: &[&str] = &["bench", "training", "model", "kernels"];

/// A file as the checker sees it: its path below the root, with `/`, and its text.
pub struct Source {
    pub path: String,
    pub text: String,
}

/// All violations as `file:line: what`. Pure, so that it can be tested itself.
pub fn violations(sources: &[Source]) -> Vec<String> {
    let test_files: Vec<String> = sources.iter().flat_map(test_files_of).collect();
    let mut found = Vec::new();
    for Source { path, text } in sources {
        let in_src = path.starts_with("src/");
        let scan = Scan::new(text, module_of(path), !in_src || test_files.contains(path));
        let mut problems = scan.problems;
        let lines = text.lines().count();
        if lines > MAX_LINES {
            let what = format!("{lines} lines, more than {MAX_LINES}; split it along its joints");
            problems.push((lines, what));
        }
        let folder = path.trim_end_matches(".rs").to_owned() + "/";
        if sources
            .iter()
            .any(|source| source.path.starts_with(&folder))
        {
            problems.push((1, format!("lies beside its folder; make it {folder}mod.rs")));
        }
        if in_src {
            let home = home_of(path);
            let imports = scan.paths.iter();
            problems.extend(
                imports.filter_map(|named| Some((named.line, import_problem(home, named)?))),
            );
        }
        found.extend(
            problems
                .iter()
                .map(|(line, what)| format!("{path}:{line}: {what}")),
        );
    }
    found
}

/// `src/engine/tasks.rs` is the module `engine::tasks`; `mod`, `lib` and `main` are no names.
pub fn module_of(path: &str) -> Vec<String> {
    let inner = path
        .strip_prefix("src/")
        .unwrap_or(path)
        .trim_end_matches(".rs");
    let names = inner
        .split('/')
        .filter(|name| !matches!(*name, "mod" | "lib" | "main"));
    names.map(str::to_owned).collect()
}

/// The room of a file, or `main.rs` and `lib.rs`.
pub fn home_of(path: &str) -> &str {
    let inner = path.strip_prefix("src/").unwrap_or(path);
    match inner.split_once('/') {
        Some((top, _)) => top,
        None if inner == "main.rs" || inner == "lib.rs" => inner,
        None => inner.trim_end_matches(".rs"),
    }
}

/// The files of `#[cfg(test)] mod name;` in this one.
pub fn test_files_of(source: &Source) -> Vec<String> {
    let module = module_of(&source.path);
    let folder = format!("src/{}", module.join("/"));
    let names = Scan::new(&source.text, module, false).test_modules;
    let files = |name| {
        [
            format!("{folder}/{name}.rs"),
            format!("{folder}/{name}/mod.rs"),
        ]
    };
    names.into_iter().flat_map(files).collect()
}

fn import_problem(home: &str, named: &NamedPath) -> Option<String> {
    let segments: Vec<&str> = named.segments.iter().map(String::as_str).collect();
    let name = segments.join("::");
    let what = match segments[..] {
        ["crate" | "fcn_workbench"] | ["crate" | "fcn_workbench", "*"] => {
            "names the whole crate; import what is needed".to_owned()
        }
        ["crate" | "fcn_workbench", top, ..] => {
            let free = home == "lib.rs" || top == home || SHARED.contains(&top);
            if free || may_import(home, top) || (home, &segments[..]) == EXCEPTION {
                return None;
            }
            format!("{home} must not import {top}")
        }
        [first, ..] if WINDOW_CRATES.contains(&first) || first.starts_with("egui_") => {
            only(WINDOW_HOMES, home, first)?
        }
        [first, ..] if first == "burn" || first.starts_with("burn_") => {
            only(BURN_HOMES, home, first)?
        }
        _ => return None,
    };
    Some(format!("{name}: {what}"))
}

fn may_import(home: &str, top: &str) -> bool {
    HOUSE
        .iter()
        .any(|(from, to)| *from == home && to.contains(&top))
}

fn only(homes: &[&str], home: &str, name: &str) -> Option<String> {
    (!homes.contains(&home)).then(|| format!("only {} may name {name}", homes.join(", ")))
}
