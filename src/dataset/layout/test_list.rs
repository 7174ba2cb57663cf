//! The test list of a dataset, which few need and whose masks are often withheld.

use std::cell::OnceCell;

use super::list::not_empty;
use super::{Dataset, Layout, folders, pairs, splits, voc};
use crate::dataset::DatasetError;

impl Dataset {
    /// Reads the test list, where folders, rows or annotations have not said it yet.
    ///
    /// # Errors
    /// When there is none, or a file that it names is absent.
    pub fn read_test_list(&mut self) -> Result<(), DatasetError> {
        if !self.test.is_empty() {
            return Ok(());
        }
        let folder = match self.layout {
            Layout::Voc => voc::lists(&self.root),
            layout if layout.is_of_folders() => folders::lists(&self.root),
            _ => self.root.clone(),
        };
        let found = match splits::find_test(&folder)? {
            None => splits::find_test(&self.root)?,
            found => found,
        };
        let Some(list) = found else {
            return Err(DatasetError::List {
                path: folder.join("test.txt"),
                reason: "this dataset has no test list, and no test images with masks in a folder, table or annotations of \
                         their own. Add one, or score another split"
                    .to_owned(),
            });
        };
        let path = list.path.clone();
        let items = match self.layout {
            Layout::Voc => voc::read_list(&self.root, list),
            Layout::CamVid => pairs::read_list(&self.root, list),
            _ => self.in_list(list, &OnceCell::new()),
        };
        self.test = not_empty(items?, &path, "score")?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::tests::{write_pair, write_text};
    use super::*;

    fn test_ids(root: &Path) -> Result<Vec<String>, String> {
        let mut dataset = Dataset::open(root).expect("a dataset");
        dataset.read_test_list().map_err(|err| err.to_string())?;
        Ok(dataset.test.iter().map(|item| item.id.clone()).collect())
    }

    fn write(root: &Path, folders: &[&str], names: &[&str]) {
        for name in names {
            let [image, mask] =
                [folders[0], folders[1]].map(|folder| root.join(format!("{folder}/{name}.png")));
            write_pair(&image, &mask, [0, 1]);
        }
    }

    #[test]
    fn folders_say_what_is_for_a_test() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let root = dir.path();
        write(root, &["train/images", "train/masks"], &["a", "b"]);
        write(root, &["valid/images", "valid/masks"], &["c"]);
        let message = test_ids(root).expect_err("none");
        assert!(
            message.contains("test.txt: this dataset has no test list"),
            "{message}"
        );
        write(root, &["test/images", "test/masks"], &["d", "e"]);
        assert_eq!(test_ids(root).expect("a test folder"), ["d", "e"]);
        // Nothing else changes what is trained on.
        let dataset = Dataset::open(root).expect("folders");
        assert_eq!((dataset.train.len(), dataset.val.len()), (2, 1));
    }

    #[test]
    fn lists_of_folders_have_a_test_list_too() {
        for (list, text) in [
            ("test.txt", "d\n"),
            ("splits/test.txt", "images/d.png\n"),
            (
                "splits.json",
                r#"{"train": ["a"], "val": ["c"], "test": ["d"]}"#,
            ),
        ] {
            let dir = tempfile::tempdir().expect("a temporary folder");
            let root = dir.path();
            write(root, &["images", "masks"], &["a", "b", "c", "d"]);
            if !list.ends_with("json") {
                let folder = root.join(list);
                let folder = folder.parent().expect("a folder");
                write_text(&folder.join("train.txt"), "a\n");
                write_text(&folder.join("val.txt"), "c\n");
            }
            write_text(&root.join(list), text);
            assert_eq!(test_ids(root), Ok(vec!["d".to_owned()]), "{list}");
        }
        let dir = tempfile::tempdir().expect("a temporary folder");
        let root = dir.path();
        write(root, &["images", "masks"], &["a", "b", "c"]);
        write_text(&root.join("train.txt"), "a\n");
        write_text(&root.join("val.txt"), "b\n");
        write_text(&root.join("test.txt"), "c\nz\n");
        let message = test_ids(root).expect_err("a mask is withheld");
        assert!(
            message.contains("test.txt: line 2: z has no pair"),
            "{message}"
        );
    }

    #[test]
    fn a_test_table_is_never_trained_on() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let root = dir.path();
        write(root, &["i", "m"], &["a", "b", "c", "d"]);
        let table = |names: &[&str]| {
            let rows = names
                .iter()
                .map(|name| format!("i/{name}.png,m/{name}.png\n"));
            format!("image,mask\n{}", rows.collect::<String>())
        };
        write_text(&root.join("train.csv"), &table(&["a", "b"]));
        write_text(&root.join("test.csv"), &table(&["c", "d"]));
        let dataset = Dataset::open(root).expect("tables");
        let ids = |items: &[crate::dataset::DatasetItem]| {
            let ids: Vec<&str> = items.iter().map(|item| item.id.as_str()).collect();
            ids.join(" ")
        };
        assert_eq!(
            (ids(&dataset.train), ids(&dataset.val)),
            ("a b".to_owned(), "c d".to_owned())
        );
        assert_eq!(test_ids(root).expect("the test table"), ["c", "d"]);
    }
}
