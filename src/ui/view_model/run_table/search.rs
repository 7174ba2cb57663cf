//! What is searched in of runs: made once, and again when a run changes.

use std::collections::BTreeMap;

use strum::VariantArray as _;

use super::{Column, state_word};
use crate::engine::{RunNotes, RunSnapshot};

/// The texts of runs, by their names.
#[derive(Debug, Default)]
pub struct SearchTexts {
    texts: BTreeMap<String, (Stamp, String)>,
}

/// What a text was made of.
#[derive(Debug, PartialEq)]
struct Stamp {
    state: &'static str,
    steps: usize,
    epochs: usize,
    notes: RunNotes,
}

impl Stamp {
    fn is_of(&self, run: &RunSnapshot) -> bool {
        let Self {
            state,
            steps,
            epochs,
            notes,
        } = self;
        (*state, *steps, *epochs) == (state_word(run), run.steps.len(), run.epochs.len())
            && *notes == run.notes
    }
}

impl SearchTexts {
    /// Whether each of these words, in lower case, is in any column or the title of a run.
    pub fn has_words(&mut self, run: &RunSnapshot, words: &[&str]) -> bool {
        if words.is_empty() {
            return true;
        }
        let known = self.texts.get(&run.name);
        if !known.is_some_and(|(stamp, _)| stamp.is_of(run)) {
            let stamp = Stamp {
                state: state_word(run),
                steps: run.steps.len(),
                epochs: run.epochs.len(),
                notes: run.notes.clone(),
            };
            self.texts.insert(run.name.clone(), (stamp, text_of(run)));
        }
        self.texts
            .get(&run.name)
            .is_some_and(|(_, text)| words.iter().all(|word| text.contains(word)))
    }

    /// Forgets runs that are no more, where there are many of them.
    pub fn shrink(&mut self, num_runs: usize) {
        if self.texts.len() > 2 * num_runs {
            self.texts.clear();
        }
    }
}

fn text_of(run: &RunSnapshot) -> String {
    let mut text = run.title();
    for column in Column::VARIANTS {
        text.push('\n');
        text.push_str(&column.text(run));
    }
    text.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::test_runs::run;

    #[test]
    fn a_run_is_found_by_what_it_says_now() {
        let (mut texts, mut a) = (SearchTexts::default(), run("a", 1));
        assert!(texts.has_words(&a, &[]) && texts.has_words(&a, &["vgg16", "sample"]));
        assert!(!texts.has_words(&a, &["baseline"]));
        a.notes.tags = vec!["Baseline".to_owned()];
        assert!(texts.has_words(&a, &["baseline"]));
        // Another run of the name, after the first was deleted.
        a.notes = RunNotes::default();
        assert!(!texts.has_words(&a, &["baseline"]));
        texts.shrink(1);
        assert_eq!(texts.texts.len(), 1);
        texts.shrink(0);
        assert!(texts.texts.is_empty());
    }
}
