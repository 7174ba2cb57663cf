//! Which classes are visible.

/// The visible labels, cheap to copy and compare; all by default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ClassSet {
    hidden: [u64; 4],
}

impl ClassSet {
    /// Whether `label` is visible.
    pub fn contains(&self, label: u8) -> bool {
        let (word, bit) = Self::place(label);
        self.hidden[word] & bit == 0
    }

    /// Shows or hides `label`.
    pub fn set(&mut self, label: u8, visible: bool) {
        let (word, bit) = Self::place(label);
        if visible {
            self.hidden[word] &= !bit;
        } else {
            self.hidden[word] |= bit;
        }
    }

    /// Shows every label.
    pub fn show_all(&mut self) {
        self.hidden = [0; 4];
    }

    /// Hides every label.
    pub fn hide_all(&mut self) {
        self.hidden = [u64::MAX; 4];
    }

    fn place(label: u8) -> (usize, u64) {
        (usize::from(label / 64), 1 << (label % 64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_visible_until_hidden() {
        let mut set = ClassSet::default();
        assert!((0..=255).all(|label| set.contains(label)));
        set.set(64, false);
        set.set(255, false);
        assert!(!set.contains(64) && !set.contains(255));
        assert!(set.contains(0) && set.contains(63) && set.contains(65));
        set.set(64, true);
        assert!(set.contains(64));
    }

    #[test]
    fn all_and_none() {
        let mut set = ClassSet::default();
        set.hide_all();
        assert!((0..=255).all(|label| !set.contains(label)));
        set.set(3, true);
        assert!(set.contains(3) && !set.contains(2));
        set.show_all();
        assert_eq!(set, ClassSet::default());
    }
}
