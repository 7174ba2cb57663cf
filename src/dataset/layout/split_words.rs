//! The words that people write for the lists of a dataset.

use super::Split;

/// Words that mean a list, each before those that it begins with.
pub(super) const SPLIT_WORDS: [(&str, Split); 9] = [
    ("training", Split::Train),
    ("train", Split::Train),
    ("validation", Split::Val),
    ("valid", Split::Val),
    ("val", Split::Val),
    ("testing", Split::Test),
    ("test", Split::Test),
    ("holdout", Split::Test),
    ("heldout", Split::Test),
];

/// The list that a word means, in any case and with hyphens or without (`hold-out`); `None` = none.
pub(in crate::dataset) fn split_of(word: &str) -> Option<Split> {
    let plain = word.replace(['-', '_', ' '], "");
    let mut words = SPLIT_WORDS.iter();
    words
        .find(|(known, _)| plain.eq_ignore_ascii_case(known))
        .map(|(_, split)| *split)
}

/// The words of all lists, for messages.
pub(super) fn split_words() -> String {
    SPLIT_WORDS.map(|(word, _)| word).join(", ")
}
