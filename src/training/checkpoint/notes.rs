//! What people wrote about a run, apart from what the program did: `notes.json`.

use serde::{Deserialize, Serialize};

use super::folder::RunFolder;
use crate::files::{FileError, read_json, write_json};
use crate::training::config::RunConfig;
use crate::training::error::TrainError;

/// `notes.json`: absent until somebody writes something.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunNotes {
    /// A name in place of the one that is made of network, dataset and date; empty = that one.
    pub name: String,
    /// Free text.
    pub note: String,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// Whether lists leave it out unless they are asked for it.
    pub archived: bool,
}

impl RunNotes {
    /// Without spaces around texts, without empty tags and without the second of equal ones.
    #[must_use]
    pub fn tidied(mut self) -> Self {
        self.name = self.name.trim().to_owned();
        self.note = self.note.trim().to_owned();
        let mut tags: Vec<String> = Vec::new();
        for tag in self.tags.iter().map(|tag| tag.trim()) {
            if !tag.is_empty() && !tags.iter().any(|known| known == tag) {
                tags.push(tag.to_owned());
            }
        }
        self.tags = tags;
        self
    }
}

impl RunFolder {
    /// What people wrote about the run; nothing where there is no such file.
    ///
    /// # Errors
    /// When the file is there and cannot be read: whoever writes must not replace it.
    pub fn notes(&self) -> Result<RunNotes, TrainError> {
        let path = self.file("notes.json");
        match read_json(&path) {
            Err(FileError::Read { source, .. })
                if source.kind() == std::io::ErrorKind::NotFound =>
            {
                Ok(RunNotes::default())
            }
            notes => Ok(notes?),
        }
    }

    /// The name that the run was given, or what it is: `FCN-8s VGG16 slim on camvid`.
    pub fn short_title(&self) -> String {
        let given = self.notes().map(|notes| notes.name).unwrap_or_default();
        if !given.is_empty() {
            return given;
        }
        self.meta().map_or_else(
            |_| self.name(),
            |meta| {
                let RunConfig { variant, trunk, .. } = meta.config;
                format!("{variant} {trunk} on {}", meta.dataset_name)
            },
        )
    }

    /// Writes what people say about the run.
    pub fn set_notes(&self, notes: &RunNotes) -> Result<(), TrainError> {
        Ok(write_json(&self.file("notes.json"), notes)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_come_back_and_a_folder_without_them_has_none() {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = RunFolder::at(dir.path());
        assert_eq!(folder.notes().expect("none"), RunNotes::default());
        let notes = RunNotes {
            name: " baseline ".to_owned(),
            tags: ["a", " a", "", "b "].map(str::to_owned).to_vec(),
            ..RunNotes::default()
        }
        .tidied();
        folder.set_notes(&notes).expect("written");
        let found = folder.notes().expect("notes");
        assert_eq!((found.name.as_str(), found.tags.len()), ("baseline", 2));
        assert_eq!(found.tags, ["a", "b"]);
    }

    #[test]
    fn damaged_notes_are_named_and_not_taken_for_none() {
        let dir = tempfile::tempdir().expect("a folder");
        std::fs::write(dir.path().join("notes.json"), "{").expect("a file");
        let err = RunFolder::at(dir.path()).notes().expect_err("damage");
        assert!(err.to_string().contains("notes.json"), "{err}");
        // Fields of later versions are no damage.
        std::fs::write(dir.path().join("notes.json"), r#"{"note":"x","later":1}"#).expect("a file");
        assert_eq!(RunFolder::at(dir.path()).notes().expect("notes").note, "x");
    }
}
