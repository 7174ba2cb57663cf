//! Lists of a dataset that are edited image by image.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::path::Path;

use super::EngineError;
use crate::dataset::{ChosenLists, Dataset, DatasetItem};

/// Lists that were made and are not saved yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MadeLists {
    train: Vec<DatasetItem>,
    val: Vec<DatasetItem>,
    /// For each pair of the one and of the other list, whether both have its image. Lists are long, and a window
    /// that shows them has no time to compare them.
    in_both: [Vec<bool>; 2],
}

/// One of the two lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MadeList {
    /// That of the pairs to train on.
    Train = 0,
    /// That of the pairs to validate on.
    Val = 1,
}

impl MadeList {
    fn other(self) -> Self {
        match self {
            Self::Train => Self::Val,
            Self::Val => Self::Train,
        }
    }
}

impl MadeLists {
    /// Those of these pairs.
    pub fn new(train: Vec<DatasetItem>, val: Vec<DatasetItem>) -> Self {
        let is_in = |items: &[DatasetItem], others: &[DatasetItem]| -> Vec<bool> {
            let images: HashSet<&OsStr> = others.iter().map(image).collect();
            let own = items.iter().map(image);
            own.map(|image| images.contains(image)).collect()
        };
        let in_both = [is_in(&train, &val), is_in(&val, &train)];
        Self {
            train,
            val,
            in_both,
        }
    }

    /// Those of a dataset.
    pub fn of(dataset: &Dataset) -> Self {
        Self::new(dataset.train.clone(), dataset.val.clone())
    }

    /// Those of two list files.
    pub(super) fn read(dataset: &Dataset, lists: &ChosenLists) -> Result<Self, EngineError> {
        let read = |list: &Path| dataset.listed(&dataset.root.join(list));
        Ok(Self::new(read(&lists.train)?, read(&lists.val)?))
    }

    /// The pairs of a list.
    pub fn items(&self, list: MadeList) -> &[DatasetItem] {
        match list {
            MadeList::Train => &self.train,
            MadeList::Val => &self.val,
        }
    }

    /// For each of the [`items`](Self::items), whether its image is in the other one, too.
    pub fn in_both(&self, list: MadeList) -> &[bool] {
        &self.in_both[list as usize]
    }

    /// Moves a pair to its place in the other list. One that is there already stays where it is, too: it would be
    /// there twice.
    ///
    /// # Panics
    /// If the list has no such pair.
    pub fn move_to_other(&mut self, list: MadeList, index: usize) {
        if self.in_both(list)[index] {
            return;
        }
        let item = self.remove(list, index);
        let (items, in_both) = self.parts(list.other());
        let at = items.partition_point(|other| other.image < item.image);
        items.insert(at, item);
        in_both.insert(at, false);
    }

    /// Takes a pair off a list; where the other one has its image, it stays there.
    ///
    /// # Panics
    /// If the list has no such pair.
    pub fn take_off(&mut self, list: MadeList, index: usize) {
        let item = self.remove(list, index);
        if self
            .items(list)
            .iter()
            .any(|own| image(own) == image(&item))
        {
            return;
        }
        let (others, in_both) = self.parts(list.other());
        for (other, in_both) in others.iter().zip(in_both) {
            *in_both &= image(other) != image(&item);
        }
    }

    /// Takes all pairs off a list whose images the other one has.
    pub fn take_off_common(&mut self, list: MadeList) {
        let (items, in_both) = self.parts(list);
        let mut is_common = std::mem::take(in_both).into_iter();
        items.retain(|_| !is_common.next().unwrap_or_default());
        *in_both = vec![false; items.len()];
        self.parts(list.other()).1.fill(false);
    }

    fn remove(&mut self, list: MadeList, index: usize) -> DatasetItem {
        let (items, in_both) = self.parts(list);
        in_both.remove(index);
        items.remove(index)
    }

    fn parts(&mut self, list: MadeList) -> (&mut Vec<DatasetItem>, &mut Vec<bool>) {
        let items = match list {
            MadeList::Train => &mut self.train,
            MadeList::Val => &mut self.val,
        };
        (items, &mut self.in_both[list as usize])
    }
}

/// Compared as it is written: of a hundred thousand, comparing paths part by part takes too long for a click.
fn image(item: &DatasetItem) -> &OsStr {
    item.image.as_os_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lists(train: &[&str], val: &[&str]) -> MadeLists {
        let items = |names: &[&str]| -> Vec<DatasetItem> {
            let item = |name: &&str| DatasetItem {
                id: (*name).to_owned(),
                image: format!("{name}.png").into(),
                mask: format!("masks/{name}.png").into(),
            };
            names.iter().map(item).collect()
        };
        MadeLists::new(items(train), items(val))
    }

    fn ids(lists: &MadeLists) -> [Vec<&str>; 2] {
        [MadeList::Train, MadeList::Val].map(|list| {
            let items = lists.items(list).iter();
            items.map(|item| item.id.as_str()).collect()
        })
    }

    #[test]
    fn images_are_moved_to_their_places_and_common_ones_are_not() {
        let mut made = lists(&["a", "c", "d"], &["b", "d", "e"]);
        assert_eq!(made.in_both(MadeList::Train), [false, false, true]);
        assert_eq!(made.in_both(MadeList::Val), [false, true, false]);
        made.move_to_other(MadeList::Train, 1);
        assert_eq!(ids(&made), [vec!["a", "d"], vec!["b", "c", "d", "e"]]);
        assert_eq!(made, lists(&["a", "d"], &["b", "c", "d", "e"]));
        made.move_to_other(MadeList::Val, 2);
        assert_eq!(ids(&made), [vec!["a", "d"], vec!["b", "c", "d", "e"]]);
    }

    #[test]
    fn what_is_taken_off_one_list_is_common_no_more() {
        let mut made = lists(&["a", "b", "b", "c"], &["b", "c", "d"]);
        made.take_off(MadeList::Train, 0);
        assert_eq!(made, lists(&["b", "b", "c"], &["b", "c", "d"]));
        // It is in this list a second time.
        made.take_off(MadeList::Train, 0);
        assert_eq!(made, lists(&["b", "c"], &["b", "c", "d"]));
        made.take_off(MadeList::Train, 0);
        assert_eq!(made, lists(&["c"], &["b", "c", "d"]));
        made.take_off_common(MadeList::Val);
        assert_eq!(made, lists(&["c"], &["b", "d"]));
    }
}
