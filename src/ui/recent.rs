//! What was opened lately.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// Entries of each list.
const MOST: usize = 10;

/// What was opened lately, the newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Recent {
    /// Folders of datasets.
    pub datasets: Vec<PathBuf>,
    /// Images, and folders of images.
    pub images: Vec<PathBuf>,
    /// Folders that files were chosen from or saved in.
    pub folders: Vec<PathBuf>,
}

impl Recent {
    /// Remembers a dataset that was opened.
    pub fn add_dataset(&mut self, folder: &Path) {
        add(&mut self.datasets, folder);
    }

    /// Remembers images that were opened, the first of them as the newest.
    pub fn add_images(&mut self, images: &[PathBuf]) {
        for image in images.iter().take(MOST).rev() {
            add(&mut self.images, image);
        }
    }

    /// Remembers the folder of a file that was chosen.
    pub fn add_folder_of(&mut self, path: &Path) {
        if let Some(folder) = path.parent().filter(|folder| folder.is_absolute()) {
            add(&mut self.folders, folder);
        }
    }
}

fn add(list: &mut Vec<PathBuf>, path: &Path) {
    list.retain(|known| known != path);
    list.insert(0, path.to_owned());
    list.truncate(MOST);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_comes_first_and_once() {
        let mut recent = Recent::default();
        for folder in ["/a", "/b", "/a"] {
            recent.add_dataset(Path::new(folder));
        }
        assert_eq!(recent.datasets, [Path::new("/a"), Path::new("/b")]);
        for number in 0..20 {
            recent.add_dataset(Path::new(&format!("/{number}")));
        }
        assert_eq!(recent.datasets.len(), MOST);
        assert_eq!(recent.datasets[0], Path::new("/19"));
    }

    #[test]
    fn images_keep_their_order() {
        let mut recent = Recent::default();
        recent.add_images(&["/x/1".into(), "/x/2".into()]);
        assert_eq!(recent.images, [Path::new("/x/1"), Path::new("/x/2")]);
        recent.add_folder_of(Path::new("/x/1"));
        recent.add_folder_of(Path::new("bare"));
        assert_eq!(recent.folders, [Path::new("/x")]);
    }
}
