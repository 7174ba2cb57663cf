//! Finds the dataset in a folder that holds other things too, as archives of datasets do.

use std::fs;
use std::path::{Path, PathBuf};

use crate::dataset::{Dataset, Layout};

/// How deep a dataset may lie: `TrainVal/VOCdevkit/VOC2011`.
const DEEPEST: usize = 4;
/// Folders that are looked at; datasets have few above their images.
const MOST_FOLDERS: usize = 200;

/// The folder at or below `folder` that holds a dataset in one of `layouts`, the least deep first. Opens
/// what it finds, but draws no masks.
pub fn dataset_below(folder: &Path, layouts: &[Layout]) -> Option<PathBuf> {
    let mut level = vec![folder.to_owned()];
    let mut looked_at = 0;
    for _ in 0..=DEEPEST {
        let mut below = Vec::new();
        for folder in level {
            if looked_at == MOST_FOLDERS {
                return None;
            }
            looked_at += 1;
            if let Some(root) = root_in(&folder, layouts) {
                return Some(root);
            }
            below.extend(folders_in(&folder));
        }
        level = below;
    }
    None
}

fn root_in(folder: &Path, layouts: &[Layout]) -> Option<PathBuf> {
    if layouts.contains(&Layout::Sbd) && is_sbd(folder) {
        return Some(folder.to_owned());
    }
    let dataset = Dataset::open_files(folder).ok()?;
    layouts.contains(&dataset.layout).then_some(dataset.root)
}

/// Whether there are SBD's folders with something in them: opening it would draw all masks.
fn is_sbd(folder: &Path) -> bool {
    let holds = |name: &str, ends: [&str; 2]| {
        let entries = fs::read_dir(folder.join(name)).into_iter().flatten();
        entries.flatten().any(|entry| {
            let path = entry.path();
            let end = path.extension().unwrap_or_default();
            ends.iter().any(|wanted| end == *wanted)
        })
    };
    holds("img", ["jpg", "png"]) && holds("cls", ["mat", "mat"])
}

fn folders_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    folders
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::layout::tests::{write_text, write_voc};

    #[test]
    fn datasets_are_found_where_archives_have_them() {
        let dir = tempfile::tempdir().expect("a folder");
        let voc = dir.path().join("voc/TrainVal/VOCdevkit/VOC2011");
        write_voc(&voc, &["2007_000001", "2007_000002"], [0, 1]);
        let found = |name: &str, layout| dataset_below(&dir.path().join(name), &[layout]);
        assert_eq!(found("voc", Layout::Voc), Some(voc));
        assert_eq!(found("voc", Layout::Sbd), None);

        let sbd = dir.path().join("sbd/benchmark_RELEASE/dataset");
        write_text(&sbd.join("img/a.jpg"), "");
        assert_eq!(found("sbd", Layout::Sbd), None);
        write_text(&sbd.join("cls/a.mat"), "");
        assert_eq!(found("sbd", Layout::Sbd), Some(sbd));
        assert_eq!(found("absent", Layout::Voc), None);
    }
}
