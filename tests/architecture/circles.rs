//! Modules of a room that import each other in a circle.

use std::collections::{BTreeMap, BTreeSet};
use std::iter::successors;

use super::rules::{File, Source, read};

/// Every import that closes a circle, as `file:line: what`. Tests do not count, nor does what
/// a module has of its parents and children.
pub fn circles(sources: &[Source]) -> Vec<String> {
    let files: Vec<File> = read(sources)
        .into_iter()
        .filter(|file| !file.is_test)
        .collect();
    let modules: BTreeSet<&str> = files.iter().map(|file| &file.module[..]).collect();
    // What a `use` names, as a path in the module that has it: re-exports lead on from there.
    let mut aliases = BTreeMap::new();
    for file in &files {
        for path in &file.scan.paths {
            if let Some(alias) = &path.alias {
                let target = absolute(&file.module, &path.segments);
                aliases.insert(format!("{}::{alias}", file.module), target);
            }
        }
    }
    let mut imports = BTreeMap::new();
    for file in &files {
        for path in file.scan.paths.iter().filter(|path| !path.in_test) {
            let from = file.module.clone();
            let to = module_of_path(absolute(&from, &path.segments), &modules, &aliases);
            let same_room = from.split("::").next() == to.split("::").next();
            if same_room && !is_within(&from, &to) && !is_within(&to, &from) {
                let place = format!("{}:{}", file.path, path.line);
                imports.entry((from, to)).or_insert(place);
            }
        }
    }
    let leads_back = |from: &str, to: &str| {
        let mut reached = BTreeSet::from([to]);
        loop {
            let before = reached.len();
            let next = imports
                .keys()
                .filter(|(from, _)| reached.contains(&from[..]));
            let next: Vec<&str> = next.map(|(_, to)| &to[..]).collect();
            reached.extend(next);
            if reached.len() == before {
                return reached.contains(from);
            }
        }
    };
    let closing = imports
        .iter()
        .filter(|((from, to), _)| leads_back(from, to));
    closing
        .map(|((from, to), place)| format!("{place}: {from} imports {to}, which leads back to it"))
        .collect()
}

pub fn is_within(module: &str, outer: &str) -> bool {
    module
        .strip_prefix(outer)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

fn absolute(module: &str, segments: &[String]) -> String {
    match segments.split_first() {
        Some((first, rest)) if first == "crate" => rest.join("::"),
        _ => format!("{module}::{}", segments.join("::")),
    }
}

/// The module in which a path ends, also where modules on its way only pass it on.
fn module_of_path(
    mut path: String,
    modules: &BTreeSet<&str>,
    aliases: &BTreeMap<String, String>,
) -> String {
    // More would be a re-export of itself.
    for _ in 0..9 {
        let mut heads = successors(Some(&path[..]), |path| Some(path.rsplit_once("::")?.0));
        let known = heads.find(|head| modules.contains(head) || aliases.contains_key(*head));
        let Some((head, target)) = known.and_then(|head| Some((head, aliases.get(head)?))) else {
            return known.unwrap_or_default().to_owned();
        };
        path = format!("{target}{}", &path[head.len()..]);
    }
    path
}
