//! The pairs of folders, by what lists write for them: ids, names or paths, in any case.

use std::collections::HashMap;
use std::path::Path;

use super::super::list::candidates;
use super::super::listed_files::ListedFiles;
use super::super::names::folded_name;
use super::super::pairs::read_item;
use super::super::splits::Pairs;
use super::DatasetItem;

/// The pairs that were found.
pub(super) struct ByList {
    files: ListedFiles,
    items: Vec<DatasetItem>,
    /// By id and by the name of the image; `None` where several are called so.
    by_name: HashMap<String, Option<usize>>,
    by_image: HashMap<String, usize>,
}

impl ByList {
    pub(super) fn new(root: &Path, items: Vec<DatasetItem>) -> Self {
        let mut by_name: HashMap<String, Option<usize>> = HashMap::with_capacity(items.len());
        let mut by_image = HashMap::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            by_image.insert(folded_name(&item.image.to_string_lossy()), index);
            let stem = item.image.file_stem().unwrap_or_default();
            for name in [item.id.as_str(), &stem.to_string_lossy()] {
                by_name
                    .entry(folded_name(name))
                    .and_modify(|known| {
                        if *known != Some(index) {
                            *known = None;
                        }
                    })
                    .or_insert(Some(index));
            }
        }
        Self {
            files: ListedFiles::new(root),
            items,
            by_name,
            by_image,
        }
    }

    fn of_image(&self, image: &Path) -> Option<usize> {
        let name = folded_name(&image.to_string_lossy());
        self.by_image.get(&name).copied()
    }

    /// The pair of an entry, with the mask that it names beside the image.
    fn find(&self, entry: &str) -> Option<DatasetItem> {
        let item = |index: usize| self.items.get(index).cloned();
        if entry.contains(['/', '\\']) {
            if let Ok(listed) = read_item(&self.files, entry) {
                let known = self.of_image(&listed.image).and_then(item);
                let mask = listed.mask;
                return known.map(|known| DatasetItem { mask, ..known });
            }
            let image = candidates(entry)
                .into_iter()
                .find_map(|name| self.files.resolve(name));
            if let Some(index) = image.and_then(|image| self.of_image(&image)) {
                return item(index);
            }
        }
        let mut names = candidates(entry).into_iter();
        let index = names.find_map(|name| *self.by_name.get(&folded_name(name))?)?;
        item(index)
    }
}

impl Pairs for ByList {
    fn names_image(&self, entry: &str) -> bool {
        self.find(entry).is_some()
    }

    fn pair(&self, entry: &str) -> Result<Option<DatasetItem>, String> {
        match self.find(entry) {
            Some(item) => Ok(Some(item)),
            // A file may be called so, and otherwise it is a comment.
            None if entry.starts_with('#') => Ok(None),
            None => Err(format!(
                "{entry} has no pair of image and mask. Add the files or take the line off the list"
            )),
        }
    }

    fn all(&self) -> Vec<DatasetItem> {
        self.items.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::{write_pair, write_text};
    use super::super::super::{Dataset, DatasetItem};

    fn ids(items: &[DatasetItem]) -> Vec<&str> {
        items.iter().map(|item| item.id.as_str()).collect()
    }

    #[test]
    fn lists_name_pairs_by_path_name_and_mask() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let root = dir.path();
        for name in ["day0/x", "day1/x", "Mu\u{308}ller", "IMG_4"] {
            let mask = root.join(format!("masks/{name}.png"));
            write_pair(&root.join(format!("images/{name}.png")), &mask, [0, 1]);
        }
        write_text(
            &root.join("splits/train.txt"),
            "images/day1/x.png masks/day0/x.png\nM\u{fc}ller\n",
        );
        write_text(
            &root.join("splits/val.txt"),
            "images\\day0\\x.png\nimg_4.jpg\n",
        );
        let dataset = Dataset::open(root).expect("folders");
        assert_eq!(ids(&dataset.train), ["day1_x", "Mu\u{308}ller"]);
        assert_eq!(ids(&dataset.val), ["day0_x", "IMG_4"]);
        assert_eq!(dataset.train[0].mask, root.join("masks/day0/x.png"));
        // Two are called so.
        write_text(&root.join("splits/val.txt"), "x\n");
        let message = Dataset::open(root).expect_err("a guess").to_string();
        assert!(
            message.contains("val.txt: line 1: x has no pair"),
            "{message}"
        );
    }
}
