//! Modules of a room that import each other in a circle.

use std::collections::{BTreeMap, BTreeSet};

use super::rules::{Source, module_of, test_files_of};
use super::scan::Scan;

/// `[module, name]` of what a `use` names there, and the path of it.
type Aliases = BTreeMap<(Vec<String>, String), Vec<String>>;

/// Every import that closes a circle, as `file:line: what`. Tests do not count, nor does what
/// parents and children have of each other; a folder counts as one among its neighbors.
pub fn circles(sources: &[Source]) -> Vec<String> {
    let test_files: Vec<String> = sources.iter().flat_map(test_files_of).collect();
    let sources = sources
        .iter()
        .filter(|source| !test_files.contains(&source.path));
    let scans: Vec<(&str, Vec<String>, Scan)> = sources
        .map(|Source { path, text }| {
            let module = module_of(path);
            (
                path.as_str(),
                module.clone(),
                Scan::new(text, module, false),
            )
        })
        .collect();
    let modules: BTreeSet<&[String]> = scans.iter().map(|(_, module, _)| &module[..]).collect();
    let absolute = |module: &[String], segments: &[String]| match segments.split_first() {
        Some((first, rest)) if first == "crate" => rest.to_vec(),
        _ => [module, segments].concat(),
    };
    let mut aliases = Aliases::new();
    for (_, module, scan) in &scans {
        for path in &scan.paths {
            if let Some(alias) = &path.alias {
                let target = absolute(module, &path.segments);
                aliases.insert((module.clone(), alias.clone()), target);
            }
        }
    }
    let mut edges: BTreeMap<(&[String], Vec<String>), String> = BTreeMap::new();
    for (file, module, scan) in &scans {
        for path in scan.paths.iter().filter(|path| !path.in_test) {
            let target = home_module(absolute(module, &path.segments), &modules, &aliases);
            let common = std::iter::zip(module, &target)
                .take_while(|(a, b)| a == b)
                .count();
            if common > 0 && common < module.len() && common < target.len() {
                let place = format!("{file}:{}", path.line);
                edges
                    .entry((&module[..=common], target[..=common].to_vec()))
                    .or_insert(place);
            }
        }
    }
    let leads_back = |(from, to): &(&[String], Vec<String>)| {
        let mut reached = BTreeSet::from([&to[..]]);
        loop {
            let more = edges.keys().filter(|(from, _)| reached.contains(from));
            let more: Vec<&[String]> = more.map(|(_, to)| &to[..]).collect();
            let before = reached.len();
            reached.extend(more);
            if reached.len() == before {
                return reached.contains(from);
            }
        }
    };
    let closing = edges.iter().filter(|(edge, _)| leads_back(edge));
    let text = |((from, to), place): (&(&[String], Vec<String>), &String)| {
        format!(
            "{place}: {} imports {}, which leads back to it",
            from.join("::"),
            to.join("::")
        )
    };
    closing.map(text).collect()
}

/// The module of a file that a path ends in, also where a module on the way only passes it on.
fn home_module(
    mut path: Vec<String>,
    modules: &BTreeSet<&[String]>,
    aliases: &Aliases,
) -> Vec<String> {
    for _ in 0..9 {
        let longest = (0..=path.len())
            .rev()
            .find(|length| modules.contains(&path[..*length]));
        let (module, rest) = path.split_at(longest.unwrap_or(0));
        let target = rest.split_first().and_then(|(name, rest)| {
            let target = aliases.get(&(module.to_vec(), name.clone()))?;
            Some([target, rest].concat())
        });
        match target {
            Some(target) => path = target,
            None => return module.to_vec(),
        }
    }
    path
}
