//! The file of the queue, read again and again, and changed.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::engine::queue::{Queue, QueueEdit, QueueFile};
use crate::files::FileError;

/// The file as it was read last.
pub(super) struct QueueView {
    file: QueueFile,
    /// What was told last; `None` = nothing yet.
    told: Option<Vec<u8>>,
    /// The problem that was told.
    problem: String,
    /// Changes that were made, or refused.
    changes: usize,
    unwritten: Arc<AtomicUsize>,
}

impl QueueView {
    pub fn new(runs: &Path, unwritten: &Arc<AtomicUsize>) -> Self {
        Self {
            file: QueueFile::new(runs),
            told: None,
            problem: String::new(),
            changes: 0,
            unwritten: Arc::clone(unwritten),
        }
    }

    /// What is new: the queue after so many changes of this program, or why it cannot be read.
    pub fn look(&mut self) -> Option<Result<(Queue, usize), FileError>> {
        match self.file.read() {
            Ok((_, text)) if self.told.as_ref() == Some(&text) => None,
            Ok((queue, text)) => {
                self.told = Some(text);
                self.problem.clear();
                Some(Ok((queue, self.changes)))
            }
            // Another program that replaces it does so whole.
            Err(err) => {
                let text = err.to_string();
                if text == self.problem {
                    return None;
                }
                self.problem = text;
                Some(Err(err))
            }
        }
    }

    /// Makes changes.
    pub fn change(&mut self, edits: &[QueueEdit]) -> Result<(), FileError> {
        let changed = self.file.change(edits);
        self.changes += 1;
        self.unwritten.fetch_sub(1, Ordering::SeqCst);
        // It is told even where it is as before: somebody waits for it.
        self.told = None;
        changed.map(|_| ())
    }
}
