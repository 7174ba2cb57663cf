//! The documents keep up with the tree: links lead somewhere, paths and names that they
//! mention exist, and the README stays one page.

use std::fs;
use std::path::{Path, PathBuf};

/// Longer, and nobody reads it.
const README_LINES: usize = 150;
/// Where a path starts that a document can mention.
const ROOTS: [&str; 6] = ["src/", "tests/", "benches/", "docs/", "assets/", ".ci/"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every document with its path below the root.
fn documents() -> Vec<(PathBuf, String)> {
    let mut paths: Vec<PathBuf> = ["README.md", "CONTRIBUTING.md", "tests/reference/README.md"]
        .map(PathBuf::from)
        .to_vec();
    for entry in fs::read_dir(root().join("docs")).expect("the folder of the documents") {
        paths.push(Path::new("docs").join(entry.expect("a file").file_name()));
    }
    let read = |path: PathBuf| {
        let text = fs::read_to_string(root().join(&path)).expect("a document in UTF-8");
        (path, text)
    };
    paths.into_iter().map(read).collect()
}

/// The targets of `[text](target)`, but not those of other sites.
fn links(text: &str) -> Vec<&str> {
    let targets = text.split("](").skip(1);
    targets
        .filter_map(|rest| rest.split_once(')').map(|(target, _)| target))
        .filter(|target| !target.contains("://"))
        .collect()
}

/// What is between single backticks, outside of code blocks.
fn inline_code(text: &str) -> Vec<&str> {
    let outside = text.split("```").step_by(2);
    outside
        .flat_map(|part| part.split('`').skip(1).step_by(2))
        .collect()
}

/// Paths of this repository anywhere in a text, code blocks included.
fn paths(text: &str) -> Vec<&str> {
    let in_path = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
    text.split(|c: char| !in_path(c))
        .filter(|word| ROOTS.iter().any(|root| word.starts_with(root)))
        .map(|word| word.trim_end_matches('.'))
        .collect()
}

/// The anchor that a heading gets.
fn anchor(heading: &str) -> String {
    heading
        .to_lowercase()
        .chars()
        .filter(|c| c.is_alphanumeric() || " -_".contains(*c))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

fn anchors(text: &str) -> Vec<String> {
    let outside = text.split("```").step_by(2).flat_map(str::lines);
    outside
        .filter(|line| line.starts_with('#'))
        .map(|line| anchor(line.trim_start_matches('#').trim()))
        .collect()
}

/// All sources as one text, to look for names.
fn sources(folder: &Path) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("a file").path();
        if path.is_dir() {
            text += &sources(&path);
        } else if path.extension().is_some_and(|end| end == "rs") {
            text += &fs::read_to_string(path).expect("a source in UTF-8");
        }
    }
    text
}

/// `Engine::poll` and `run_length`, but not a command line or a value.
fn is_name(code: &str) -> bool {
    let in_name = |c: char| c.is_ascii_alphanumeric() || "_:".contains(c);
    let is_type = code.starts_with(|c: char| c.is_ascii_uppercase());
    code.chars().all(in_name) && (code.contains("::") || is_type) && !code.ends_with(':')
}

fn is_word(text: &str, name: &str) -> bool {
    let in_word = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(name).any(|(start, _)| {
        !text[..start].ends_with(in_word) && !text[start + name.len()..].starts_with(in_word)
    })
}

#[test]
fn links_lead_somewhere() {
    let documents = documents();
    let mut broken = Vec::new();
    for (path, text) in &documents {
        for link in links(text) {
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = match file {
                "" => path.clone(),
                file => path.parent().unwrap_or(Path::new("")).join(file),
            };
            let target = root().join(target);
            let found = target.exists()
                && (heading.is_empty()
                    || fs::read_to_string(&target)
                        .is_ok_and(|text| anchors(&text).iter().any(|known| known == heading)));
            if !found {
                broken.push(format!("{}: {link}", path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "broken links:\n{}", broken.join("\n"));
}

#[test]
fn paths_that_are_mentioned_exist() {
    let mut missing = Vec::new();
    for (path, text) in documents() {
        for word in paths(&text) {
            // `NAME` stands for what a reader will write.
            if !word.contains("NAME") && !root().join(word).exists() {
                missing.push(format!("{}: {word}", path.display()));
            }
        }
    }
    assert!(missing.is_empty(), "no such path:\n{}", missing.join("\n"));
}

#[test]
fn names_in_the_architecture_are_in_the_source() {
    let text = fs::read_to_string(root().join("docs/architecture.md")).expect("the document");
    let sources = sources(&root().join("src"));
    let mut missing = Vec::new();
    for code in inline_code(&text).into_iter().filter(|code| is_name(code)) {
        if !code.split("::").all(|name| is_word(&sources, name)) {
            missing.push(code);
        }
    }
    assert!(missing.is_empty(), "no such name: {missing:?}");
}

/// Files below `folder`, folders with a `/` at their end, as paths below the root.
fn tree(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a folder that can be read") {
        let path = entry.expect("a file").path();
        let name = path.strip_prefix(root()).expect("below the root");
        let name = name.to_string_lossy().replace('\\', "/");
        if path.is_dir() {
            tree(&path, found);
            found.push(format!("{name}/"));
        } else {
            found.push(name);
        }
    }
}

/// The code map names files by their last parts: `loader/` is `src/dataset/loader/`.
#[test]
fn files_in_the_architecture_are_in_the_tree() {
    let text = fs::read_to_string(root().join("docs/architecture.md")).expect("the document");
    let mut files = Vec::new();
    for folder in ["src", "tests", "benches"] {
        tree(&root().join(folder), &mut files);
    }
    let is_file = |code: &str| {
        let is_path = code
            .chars()
            .all(|c| c.is_alphanumeric() || "_./".contains(c));
        let is_whole = ROOTS.iter().any(|root| code.starts_with(root));
        let is_source = Path::new(code).extension().is_some_and(|end| end == "rs");
        let is_below = is_path && (is_source || code.ends_with('/'));
        is_below && !is_whole && !code.contains("NAME")
    };
    let known = |code: &str| {
        let end = format!("/{code}");
        files
            .iter()
            .any(|file| file == code || file.ends_with(&end))
    };
    let code = inline_code(&text);
    let missing: Vec<&&str> = code.iter().filter(|c| is_file(c) && !known(c)).collect();
    assert!(missing.is_empty(), "no such file: {missing:?}");
}

#[test]
fn the_readme_is_one_page() {
    let text = fs::read_to_string(root().join("README.md")).expect("the README");
    let lines = text.lines().count();
    assert!(
        lines <= README_LINES,
        "{lines} lines; move some to docs/, at most {README_LINES} stay"
    );
}

#[test]
fn what_is_looked_for_is_found() {
    let text = "See [a](b.md#c-d) and [e](https://f.g), `src/main.rs`.\n```sh\nbash .ci/run\n`x`\n```\n`A::b`";
    assert_eq!(links(text), ["b.md#c-d"]);
    assert_eq!(paths(text), ["src/main.rs", ".ci/run"]);
    assert_eq!(inline_code(text), ["src/main.rs", "A::b"]);
    assert_eq!(anchor("Bird's-eye view"), "birds-eye-view");
    assert_eq!(anchors("# A b\n```\n# no\n```\n## C: d"), ["a-b", "c-d"]);
    assert!(is_name("A::b") && is_name("Task") && !is_name("end.json") && !is_name("NAME x"));
    assert!(is_word("let a_b = 1", "a_b") && !is_word("let a_b = 1", "a"));
}
