//! Finds the paths a file names, with `use` groups and `super` spelled out.

use super::lexer::Token;

/// A path as it counts for the house rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    /// `crate` and on for paths inside the crate, else the first segment is a crate.
    pub segments: Vec<String>,
    pub line: usize,
}

/// A file's tokens, each with whether it is test code and the module it stands in.
pub struct Scopes {
    pub test: Vec<bool>,
    modules: Vec<usize>,
    names: Vec<Vec<String>>,
    /// Test modules in files of their own: `#[cfg(test)] mod name;`.
    pub test_files: Vec<String>,
}

impl Scopes {
    /// `module` is the module of the file: `["engine", "worker"]`.
    pub fn new(tokens: &[Token], module: &[String], file_is_test: bool) -> Self {
        let mut scopes = Self {
            test: Vec::new(),
            modules: Vec::new(),
            names: vec![module.to_vec()],
            test_files: Vec::new(),
        };
        // One entry per open brace: (module, test) that holds inside it.
        let mut open = vec![(0, file_is_test)];
        let mut next_is_test = false;
        let mut next_module = None;
        for (at, token) in tokens.iter().enumerate() {
            let (module, test) = *open.last().expect("the file itself is never closed");
            scopes.test.push(test || next_is_test);
            scopes.modules.push(module);
            let text = |ahead: usize| {
                tokens
                    .get(at + ahead)
                    .map_or("", |token| token.text.as_str())
            };
            match token.text.as_str() {
                "#" if text(1) == "[" => next_is_test |= is_test_attribute(&tokens[at + 2..]),
                "mod" if text(2) == "{" => {
                    let mut name = scopes.names[module].clone();
                    name.push(text(1).to_owned());
                    scopes.names.push(name);
                    next_module = Some(scopes.names.len() - 1);
                }
                "mod" if text(2) == ";" && next_is_test => {
                    scopes.test_files.push(text(1).to_owned());
                }
                "{" => {
                    open.push((next_module.take().unwrap_or(module), test || next_is_test));
                    next_is_test = false;
                }
                "}" if open.len() > 1 => {
                    open.pop();
                }
                ";" => next_is_test = false,
                _ => {}
            }
        }
        scopes
    }
}

fn is_test_attribute(rest: &[Token]) -> bool {
    let text: String = rest
        .iter()
        .take_while(|token| token.text != "]")
        .map(|token| &*token.text)
        .collect();
    text == "test" || text == "cfg(test)"
}

/// All paths of two segments or more, and the trees of all `use` items.
pub fn paths(tokens: &[Token], scopes: &Scopes) -> Vec<Path> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let before = at
            .checked_sub(1)
            .map_or("", |before| tokens[before].text.as_str());
        let start = at;
        let mut raw = Vec::new();
        if tokens[at].text == "use" && before != "+" {
            at = use_tree(tokens, at + 1, &[], &mut raw);
        } else if tokens[at].is_word() {
            at = plain_path(tokens, at, &mut raw);
        } else {
            at += 1;
        }
        let module = &scopes.names[scopes.modules[start]];
        found.extend(raw.into_iter().map(|path| resolve(path, module)));
    }
    found
}

fn plain_path(tokens: &[Token], mut at: usize, found: &mut Vec<Path>) -> usize {
    let line = tokens[at].line;
    let mut segments = vec![tokens[at].text.clone()];
    at += 1;
    while at + 1 < tokens.len() && tokens[at].text == "::" && tokens[at + 1].is_word() {
        segments.push(tokens[at + 1].text.clone());
        at += 2;
    }
    // `crate::{..}` outside `use` does not exist; `pub(crate)` is no path.
    if segments.len() > 1 {
        found.push(Path { segments, line });
    }
    at
}

/// Reads one tree of a `use` behind `prefix`; returns where it ends.
fn use_tree(tokens: &[Token], mut at: usize, prefix: &[String], found: &mut Vec<Path>) -> usize {
    let mut segments = prefix.to_vec();
    let line = tokens.get(at).map_or(0, |token| token.line);
    while at < tokens.len() {
        match tokens[at].text.as_str() {
            "::" => at += 1,
            "{" => {
                at += 1;
                while at < tokens.len() && tokens[at].text != "}" {
                    at = use_tree(tokens, at, &segments, found);
                    if tokens.get(at).is_some_and(|token| token.text == ",") {
                        at += 1;
                    }
                }
                return at + 1;
            }
            "as" => at += 2,
            "," | "}" | ";" => break,
            text => {
                segments.push(text.to_owned());
                at += 1;
            }
        }
    }
    if segments.len() > prefix.len() {
        found.push(Path { segments, line });
    }
    at
}

/// Spells out `self` and `super`; other paths stay as they are.
fn resolve(path: Path, module: &[String]) -> Path {
    let first = path.segments.first().map_or("", String::as_str);
    if first != "self" && first != "super" {
        return path;
    }
    let mut base = module.to_vec();
    let mut rest = path.segments.iter().peekable();
    while let Some(word) = rest.next_if(|word| *word == "self" || *word == "super") {
        if word == "super" {
            base.pop();
        }
    }
    let segments = std::iter::once("crate".to_owned())
        .chain(base)
        .chain(rest.cloned())
        .collect();
    Path {
        segments,
        line: path.line,
    }
}
