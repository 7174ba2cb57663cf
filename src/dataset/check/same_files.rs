//! Files of the same content, found without decoding them: by length, by some of their bytes, by all.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::hash::Hash;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use sha2::{Digest as _, Sha256};

/// Plain pictures pack into less, and are alike in any two lists.
const SHORTEST: u64 = 1 << 10;
/// Bytes that are compared before all are: files without compression are of one length.
const SAMPLE: u64 = 1 << 12;

/// Those of `these` with the content of one of `others` that is another file, each beside the first such
/// one. All bytes are read only of files that may be the same, and of no more than `most_bytes`.
pub(super) fn copies(
    these: &[&Path],
    others: &[&Path],
    most_bytes: u64,
) -> Vec<(PathBuf, PathBuf)> {
    let by_length = both_have(these.to_vec(), others.to_vec(), &|path| {
        let length = fs::metadata(path).ok()?.len();
        (length >= SHORTEST).then_some(length)
    });
    let by_sample = both_have(by_length.these, by_length.others, &|path| {
        Some((by_length.keys.get(path)?, sample(path).ok()?))
    });
    let mut bytes_left = most_bytes;
    let mut is_within = |path: &&Path| {
        let length = by_length.keys.get(*path).copied().unwrap_or_default();
        let left = bytes_left.checked_sub(length);
        bytes_left = left.unwrap_or_default();
        left.is_some()
    };
    // Both halves are cut, so that what is left has its partners in the same part of the lists.
    let (mut these, mut others) = (Vec::new(), Vec::new());
    let mut from = (by_sample.these.iter(), by_sample.others.iter());
    loop {
        let (this, other) = (from.0.next().copied(), from.1.next().copied());
        if this.is_none() && other.is_none() {
            break;
        }
        these.extend(this.filter(&mut is_within));
        others.extend(other.filter(&mut is_within));
    }
    let same = both_have(these, others, &|path| digest(path).ok());
    let mut first: HashMap<[u8; 32], Vec<&Path>> = HashMap::new();
    for other in &same.others {
        first.entry(same.keys[other]).or_default().push(other);
    }
    let copy_of = |this: &&Path| {
        let mut found = first.get(&same.keys[this])?.iter();
        let other = found.find(|other| *other != this)?;
        Some((this.to_path_buf(), other.to_path_buf()))
    };
    same.these.iter().filter_map(copy_of).collect()
}

/// Files of two lists whose keys are in both.
struct InBoth<'a, K> {
    these: Vec<&'a Path>,
    others: Vec<&'a Path>,
    keys: HashMap<&'a Path, K>,
}

/// What cannot be read is no copy here: it is a finding of its own.
fn both_have<'a, K: Hash + Eq + Send>(
    these: Vec<&'a Path>,
    others: Vec<&'a Path>,
    key: &(dyn Fn(&'a Path) -> Option<K> + Sync),
) -> InBoth<'a, K> {
    let all: HashSet<&Path> = these.iter().chain(&others).copied().collect();
    let keys: HashMap<&Path, K> = all
        .into_par_iter()
        .filter_map(|path| Some((path, key(path)?)))
        .collect();
    let of = |paths: &[&'a Path]| -> HashSet<&K> {
        paths.iter().filter_map(|path| keys.get(path)).collect()
    };
    let (of_these, of_others) = (of(&these), of(&others));
    let in_both = |paths: Vec<&'a Path>| -> Vec<&'a Path> {
        let is_in_both = |path: &&Path| {
            keys.get(path)
                .is_some_and(|key| of_these.contains(key) && of_others.contains(key))
        };
        paths.into_iter().filter(is_in_both).collect()
    };
    InBoth {
        these: in_both(these),
        others: in_both(others),
        keys,
    }
}

/// Bytes from the middle of a file, where pictures differ more than in their headings.
fn sample(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let middle = file.metadata()?.len().saturating_sub(SAMPLE) / 2;
    file.seek(SeekFrom::Start(middle))?;
    let mut bytes = Vec::new();
    file.take(SAMPLE).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn digest(path: &Path) -> io::Result<[u8; 32]> {
    let mut digest = Sha256::new();
    io::copy(&mut File::open(path)?, &mut digest)?;
    Ok(digest.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_told_from_files_that_are_alike_in_part() {
        let dir = tempfile::tempdir().expect("a folder");
        let write = |name: &str, bytes: &[u8]| {
            let path = dir.path().join(name);
            fs::write(&path, bytes).expect("written");
            path
        };
        let content: Vec<u8> = (0..20_000_u32).map(|at| (at * 7 % 251) as u8).collect();
        let mut other_end = content.clone();
        *other_end.last_mut().expect("a byte") ^= 1;
        let mut other_middle = content.clone();
        other_middle[10_000] ^= 1;
        let train = write("train", &content);
        let copy = write("copy", &content);
        let ends_otherwise = write("end", &other_end);
        let middle = write("middle", &other_middle);
        let longer = write("longer", &[&content[..], b"."].concat());
        let plain = [write("plain", b"black"), write("plain too", b"black")];
        let these = [&copy, &ends_otherwise, &middle, &longer, &plain[0], &train];
        let these: Vec<&Path> = these.map(PathBuf::as_path).to_vec();
        let others = [train.as_path(), &plain[1], Path::new("absent")];
        let found = |these: &[&Path], others: &[&Path], most_bytes| {
            let pairs = copies(these, others, most_bytes);
            pairs
                .into_iter()
                .map(|pair| pair.0)
                .collect::<Vec<PathBuf>>()
        };
        let expected = [(copy.clone(), train.clone())];
        assert_eq!(copies(&these, &others, u64::MAX), expected);
        // Files of the lists are no copies of themselves.
        assert!(found(&[&train], &[&train], u64::MAX).is_empty());
        // The bound is on files that may be the same; two of them have 40,000 bytes.
        let within = found(&these, &others, 40_000);
        assert_eq!(within.iter().collect::<Vec<_>>(), [&copy]);
        assert!(found(&these, &others, 39_999).is_empty());
    }
}
