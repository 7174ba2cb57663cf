//! A file chooser in the window, for desktops that cannot show one.

mod view;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::listing::{Listing, Wanted, common_beginning, folder_text, split_typed};
use crate::engine::{Engine, Poll, Task, entered_path};
use crate::ui::command::{Ask, AskKind};

/// A folder to go to with one click.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Its name in the list.
    pub name: String,
    /// The folder.
    pub folder: PathBuf,
}

/// The open chooser.
pub struct Chooser {
    ask: Ask,
    places: Vec<Place>,
    /// What is in the path field.
    text: String,
    /// Whether files of all kinds are listed.
    all_files: bool,
    listing: Listing,
    reading: Option<Task<Listing>>,
    /// Positions in the listing of what is shown, and what they were searched with.
    matches: Vec<usize>,
    searched: Option<(String, bool)>,
    /// Clicked files of the folder, where several can be chosen.
    ticked: BTreeSet<PathBuf>,
    /// Position in `matches` that the arrow keys have reached.
    marked: Option<usize>,
    /// Whether the list has yet to scroll there.
    show_marked: bool,
    checking: Option<Task<Found>>,
    problem: Option<String>,
    /// A file that would be replaced, until that is confirmed.
    replacing: Option<PathBuf>,
    /// A name in the path that is no search: that of a clicked file, or of the file to save.
    settled: Option<String>,
    /// Whether the path field has yet to get the keys.
    wants_focus: bool,
}

/// What became of the chooser in a frame.
pub enum Outcome {
    Open,
    Cancelled,
    Chosen(Vec<PathBuf>),
}

/// What a typed path leads to.
enum Found {
    Folder(PathBuf),
    File(PathBuf),
    Nothing { path: PathBuf, has_folder: bool },
}

impl Found {
    /// Looks at the disk. Slow.
    fn at(path: PathBuf) -> Self {
        match fs::metadata(&path) {
            Ok(meta) if meta.is_dir() => Self::Folder(path),
            Ok(_) => Self::File(path),
            Err(_) => {
                let folder = path
                    .parent()
                    .filter(|folder| !folder.as_os_str().is_empty());
                Self::Nothing {
                    has_folder: folder.is_none_or(Path::is_dir),
                    path,
                }
            }
        }
    }
}

impl Chooser {
    /// A chooser that starts in `folder`.
    pub fn new(ask: Ask, folder: &Path, places: Vec<Place>) -> Self {
        let mut text = folder_text(folder);
        let mut settled = None;
        if let AskKind::Save { file_name } = ask.kind() {
            text.push_str(file_name);
            settled = Some(file_name.to_owned());
        }
        Self {
            settled,
            ask,
            places,
            text,
            all_files: false,
            listing: Listing::default(),
            reading: None,
            matches: Vec::new(),
            searched: None,
            ticked: BTreeSet::new(),
            marked: None,
            show_marked: false,
            checking: None,
            problem: None,
            replacing: None,
            wants_focus: false,
        }
    }

    /// What was asked.
    pub fn ask(&self) -> &Ask {
        &self.ask
    }

    /// Takes in what the workers found.
    fn poll(&mut self) -> Outcome {
        match Task::poll_slot(&mut self.reading) {
            Poll::Pending => {}
            Poll::Ready(listing) => {
                self.listing = listing;
                // They are places in the list of before; the path may lead somewhere else by now, and then
                // nothing is searched yet.
                self.matches.clear();
                self.searched = None;
            }
            Poll::Lost => self.problem = Some("The folder could not be read".to_owned()),
        }
        match Task::poll_slot(&mut self.checking) {
            Poll::Pending => Outcome::Open,
            Poll::Ready(found) => self.decide(found),
            Poll::Lost => {
                self.problem = Some("The path could not be looked at".to_owned());
                Outcome::Open
            }
        }
    }

    /// What the path that was entered means for the question.
    fn decide(&mut self, found: Found) -> Outcome {
        let is_folder_asked = matches!(self.ask.kind(), AskKind::Folder);
        let is_save = matches!(self.ask.kind(), AskKind::Save { .. });
        match found {
            Found::Folder(path) if is_folder_asked => return Outcome::Chosen(vec![path]),
            // What is in it is in sight already.
            Found::Folder(path) if self.ask.takes_folders() && self.shows(&path) => {
                return Outcome::Chosen(vec![path]);
            }
            Found::Folder(path) if self.shows(&path) => {
                self.problem = Some("Choose a file of this folder".to_owned());
            }
            Found::Folder(path) => self.enter(&path),
            Found::File(path) if is_folder_asked => {
                self.problem = Some(format!("{} is a file, not a folder", path.display()));
            }
            Found::File(path) if is_save => self.replacing = Some(path),
            Found::File(path) => return Outcome::Chosen(vec![path]),
            Found::Nothing {
                path,
                has_folder: true,
            } if is_save => return Outcome::Chosen(vec![path]),
            Found::Nothing { path, .. } => {
                let folder = if is_save { path.parent() } else { None };
                let absent = folder.unwrap_or(&path).display();
                self.problem = Some(format!("There is no {absent}. Correct the path"));
            }
        }
        Outcome::Open
    }

    /// Whether the list is that of this folder.
    fn shows(&self, folder: &Path) -> bool {
        let parts = |path: &Path| folder_text(path);
        parts(folder) == parts(&self.listing.folder)
    }

    /// A whole path that is typed or pasted behind the folder stands for itself.
    fn typed(&mut self) {
        let folder = folder_text(&self.listing.folder);
        let is_whole = |rest: &str| {
            ["/", "~/", "\"", "'", "file://"]
                .iter()
                .any(|start| rest.starts_with(start))
        };
        if let Some(rest) = self
            .text
            .strip_prefix(&folder)
            .filter(|rest| is_whole(rest))
        {
            self.text = rest.to_owned();
        }
        self.changed();
    }

    /// What was typed changed: what was said about it is over.
    fn changed(&mut self) {
        self.problem = None;
        self.replacing = None;
        self.marked = None;
        self.ticked.clear();
    }

    /// Reads the folder of the typed path where it is another one, and searches it.
    fn search(&mut self, engine: &Engine) {
        let (folder, prefix) = split_typed(&self.text);
        if self.reading.is_none() && folder != self.listing.folder {
            let read = folder.clone();
            self.reading = Some(engine.spawn("list folder", move |_| Listing::read(read)));
        }
        if folder != self.listing.folder {
            return;
        }
        let prefix = if self.settled.as_ref() == Some(&prefix) {
            String::new()
        } else {
            prefix
        };
        let searched = Some((prefix, self.all_files));
        if self.searched != searched {
            let prefix = searched.as_ref().map_or("", |(prefix, _)| prefix);
            self.matches = self.listing.matches(prefix, self.wanted());
            self.searched = searched;
        }
    }

    fn wanted(&self) -> Wanted<'static> {
        Wanted {
            folders_only: matches!(self.ask.kind(), AskKind::Folder),
            extensions: self.ask.extensions().filter(|_| !self.all_files),
        }
    }

    fn complete(&mut self) {
        let entries = self
            .matches
            .iter()
            .map(|index| &self.listing.entries[*index]);
        let names: Vec<&str> = entries.clone().map(|entry| &*entry.text).collect();
        let (folder, prefix) = split_typed(&self.text);
        if folder != self.listing.folder {
            return;
        }
        let mut text = folder_text(&folder) + &common_beginning(&prefix, &names);
        if let [entry] = entries.collect::<Vec<_>>()[..]
            && entry.is_folder
        {
            text = folder_text(&self.listing.path(entry));
        }
        self.text = text;
        self.changed();
    }

    fn enter(&mut self, folder: &Path) {
        self.text = folder_text(folder);
        if let AskKind::Save { file_name } = self.ask.kind() {
            self.text.push_str(file_name);
            self.settled = Some(file_name.to_owned());
        }
        self.changed();
    }

    /// Looks where the typed path leads, or takes the ticked files.
    fn submit(&mut self, engine: &Engine) {
        self.changed();
        let mut path = entered_path(self.text.as_ref());
        if let (AskKind::Save { .. }, Some([extension, ..]), None) =
            (self.ask.kind(), self.ask.extensions(), path.extension())
        {
            path.set_extension(extension);
        }
        self.checking = Some(engine.spawn("look at path", move |_| Found::at(path)));
    }

    /// Enters the marked folder, or takes the marked file.
    fn take_marked(&mut self, engine: &Engine, marked: usize) {
        let Some(index) = self.matches.get(marked) else {
            return;
        };
        let entry = &self.listing.entries[*index];
        let path = self.listing.path(entry);
        if entry.is_folder {
            self.enter(&path);
        } else {
            self.text = path.display().to_string();
            self.submit(engine);
        }
    }

    /// A click enters a folder and ticks a file; a second one takes the file.
    fn click(&mut self, engine: &Engine, row: usize, twice: bool) {
        let entry = &self.listing.entries[self.matches[row]];
        let path = self.listing.path(entry);
        if entry.is_folder {
            self.enter(&path);
            return;
        }
        let many = matches!(self.ask.kind(), AskKind::Files { many: true });
        if many && !twice {
            if !self.ticked.remove(&path) {
                self.ticked.insert(path);
            }
            return;
        }
        self.settled = Some(entry.text.clone());
        self.text = path.display().to_string();
        self.changed();
        if twice {
            self.submit(engine);
        }
    }
}
