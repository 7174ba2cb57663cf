//! The rules and the checker, which is a pure function of the sources.

use super::circles::is_within;
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
pub const SHARED: &[&str] = &["files", "text"];
/// One path that may be named although its room may not.
const EXCEPTION: (&str, &[&str]) = ("cli", &["crate", "ui", "run"]);
const WINDOW_CRATES: &[&str] = &[
    "eframe", "egui", "ecolor", "emath", "epaint", "rfd", "winit",
];
const WINDOW_HOMES: &[&str] = &["ui", "main.rs"];
/// Files that may ask what time it is: for dates, names and times of files. Everything else measures with
/// `Instant`, which does not jump when the clock of the computer is set.
const CLOCK_HOMES: &[&str] = &[
    // Compares the times of files with now.
    "src/dataset/loader/disk_cache/mod.rs",
    "src/engine/queue/mod.rs",
    "src/engine/runs/mod.rs",
    "src/training/checkpoint/tail.rs",
    "src/training/logged_sink/mod.rs",
    "src/ui/panels/evaluate/overview.rs",
];
const BURN_HOMES: &[&str] = &["bench", "training", "model", "kernels"];

/// A file as the checker sees it: its path below the root, with `/`, and its text.
pub struct Source {
    pub path: String,
    pub text: String,
}

/// A source that was read.
pub struct File<'a> {
    pub path: &'a str,
    /// `engine::tasks` for `src/engine/tasks.rs`.
    pub module: String,
    /// Whether it is outside of `src`, or a test module or below one.
    pub is_test: bool,
    pub lines: usize,
    pub scan: Scan,
}

pub fn read(sources: &[Source]) -> Vec<File<'_>> {
    let mut test_modules = Vec::new();
    let mut files = Vec::new();
    // Parents come before their children, and say whether these are tests.
    let mut sources: Vec<&Source> = sources.iter().collect();
    sources.sort_by_key(|source| module_of(&source.path).len());
    for Source { path, text } in sources {
        let module = module_of(path);
        let name = module.join("::");
        let is_below = |test: &String| is_within(&name, test);
        let is_test = !path.starts_with("src/") || test_modules.iter().any(is_below);
        let scan = Scan::new(text, module, is_test);
        let children = scan.test_modules.iter();
        test_modules.extend(children.map(|child| format!("{name}::{child}")));
        let lines = text.lines().count();
        files.push(File {
            path,
            module: name,
            is_test,
            lines,
            scan,
        });
    }
    files
}

/// All violations as `file:line: what`. Pure, so that it can be tested itself.
pub fn violations(sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for File {
        path, lines, scan, ..
    } in read(sources)
    {
        let mut problems = scan.problems;
        let folder = path.trim_end_matches(".rs").to_owned() + "/";
        if lines > MAX_LINES {
            let what = format!("{lines} lines, more than {MAX_LINES}; split it along its joints");
            problems.push((lines, what));
        }
        if sources.iter().any(|other| other.path.starts_with(&folder)) {
            problems.push((1, format!("lies beside its folder; make it {folder}mod.rs")));
        }
        if path.starts_with("src/") {
            for named in &scan.paths {
                let problem = import_problem(home_of(path), named);
                problems.extend(problem.map(|what| (named.line, what)));
                problems.extend(clock_problem(path, named).map(|what| (named.line, what)));
            }
        }
        let text = |(line, what)| format!("{path}:{line}: {what}");
        found.extend(problems.into_iter().map(text));
    }
    found
}

/// `["engine", "tasks"]` for `src/engine/tasks.rs`; `mod`, `lib` and `main` are no names.
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

/// The room of a file, or `main.rs` and `lib.rs`.
pub fn home_of(path: &str) -> &str {
    let inner = path.strip_prefix("src/").unwrap_or(path);
    match inner.split_once('/') {
        Some((top, _)) => top,
        None if inner == "main.rs" || inner == "lib.rs" => inner,
        None => inner.trim_end_matches(".rs"),
    }
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

fn clock_problem(path: &str, named: &NamedPath) -> Option<String> {
    let segments: Vec<&str> = named.segments.iter().map(String::as_str).collect();
    let is_clock = matches!(segments[..], ["std", "time", "SystemTime", ..]);
    let may = named.in_test || CLOCK_HOMES.contains(&path);
    (is_clock && !may).then(|| {
        "SystemTime jumps when the clock is set; measure with Instant, or give the file a place in CLOCK_HOMES"
            .to_owned()
    })
}

fn may_import(home: &str, top: &str) -> bool {
    HOUSE
        .iter()
        .any(|(from, to)| *from == home && to.contains(&top))
}

fn only(homes: &[&str], home: &str, name: &str) -> Option<String> {
    (!homes.contains(&home)).then(|| format!("only {} may name {name}", homes.join(", ")))
}
