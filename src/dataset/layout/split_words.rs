//! The words that people write for the lists of a dataset.

use super::Split;

/// Words that mean a list, each before those that it begins with.
pub(super) const SPLIT_WORDS: [(&str, Split); 7] = [
    ("training", Split::Train),
    ("train", Split::Train),
    ("validation", Split::Val),
    ("valid", Split::Val),
    ("val", Split::Val),
    ("testing", Split::Test),
    ("test", Split::Test),
];

/// The list that a word means, in any case; `None` = none.
pub(in crate::dataset) fn split_of(word: &str) -> Option<Split> {
    let mut words = SPLIT_WORDS.iter();
    words
        .find(|(known, _)| word.eq_ignore_ascii_case(known))
        .map(|(_, split)| *split)
}
