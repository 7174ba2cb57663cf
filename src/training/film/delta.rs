//! Label maps as what changed since the map before.
//!
//! A map is told as runs of pixels: how many stay, how many change, and the exclusive or of their
//! labels before and after. Masks change at their borders, so that there are few runs; they are
//! deflated besides. To take a change up is to touch the pixels that change and no others.

use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

/// The change from one map to another of the same length.
///
/// # Panics
/// When the lengths differ.
pub(super) fn encode(before: &[u8], after: &[u8]) -> Vec<u8> {
    assert_eq!(before.len(), after.len(), "maps of other sizes");
    let mut runs = Vec::new();
    let mut at = 0;
    while at < after.len() {
        let kept = (at..after.len())
            .take_while(|&place| before[place] == after[place])
            .count();
        let start = at + kept;
        let Some(change) = after.get(start).map(|label| label ^ before[start]) else {
            break;
        };
        let length = (start..after.len())
            .take_while(|&place| before[place] ^ after[place] == change)
            .count();
        write_number(&mut runs, kept);
        write_number(&mut runs, length);
        runs.push(change);
        at = start + length;
    }
    let mut deflated = DeflateEncoder::new(Vec::new(), Compression::fast());
    // Writing to memory cannot fail.
    deflated.write_all(&runs).ok();
    deflated.finish().unwrap_or_default()
}

/// Takes a change up; `None` = it is damaged, and so is `map` then.
pub(super) fn apply(map: &mut [u8], change: &[u8]) -> Option<()> {
    // A run is at least one pixel and takes at most 21 bytes.
    let most = 21 * map.len() as u64 + 1;
    let mut runs = Vec::new();
    DeflateDecoder::new(change)
        .take(most)
        .read_to_end(&mut runs)
        .ok()?;
    let mut runs = runs.iter();
    let mut at = 0_usize;
    while !runs.as_slice().is_empty() {
        at = at.checked_add(read_number(&mut runs)?)?;
        let end = at.checked_add(read_number(&mut runs)?)?;
        let change = runs.next()?;
        for label in map.get_mut(at..end)? {
            *label ^= change;
        }
        at = end;
    }
    Some(())
}

/// Seven bits a byte, the lowest first; the highest bit says that more follow.
fn write_number(bytes: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn read_number(bytes: &mut std::slice::Iter<'_, u8>) -> Option<usize> {
    let mut number = 0;
    for shift in (0..usize::BITS).step_by(7) {
        let byte = usize::from(*bytes.next()?);
        number |= (byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_leads_from_one_map_to_the_other() {
        let mut state = 3_u32;
        let mut random = |below: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) % below
        };
        for round in 0..60 {
            let length = [0, 1, 7, 300][round % 4];
            let before: Vec<u8> = (0..length).map(|_| random(4) as u8).collect();
            let mut after = before.clone();
            for label in &mut after {
                if random(10) < 3 {
                    *label = [0, 1, 21, 255][random(4) as usize];
                }
            }
            let change = encode(&before, &after);
            let mut map = before.clone();
            apply(&mut map, &change).expect("sound");
            assert_eq!(map, after);
        }
    }

    #[test]
    fn what_does_not_change_takes_next_to_nothing() {
        let map = vec![7; 100_000];
        assert!(encode(&map, &map).len() < 8);
        let mut other = map.clone();
        other[500..600].fill(3);
        assert!(encode(&map, &other).len() < 20);
    }

    #[test]
    fn damage_is_no_panic() {
        let change = encode(&[0; 50], &[1; 50]);
        for cut in 0..change.len() {
            apply(&mut [0; 50], &change[..cut]);
        }
        // Of a longer map.
        assert_eq!(apply(&mut [0; 20], &change), None);
        assert_eq!(apply(&mut [0; 20], &[0xff, 0, 3, 9, 1]), None);
    }

    #[test]
    fn numbers_are_short_where_they_are_small() {
        let mut bytes = Vec::new();
        for number in [0, 127, 128, usize::MAX] {
            write_number(&mut bytes, number);
        }
        assert_eq!(bytes[..4], [0, 127, 0x80, 1]);
        let mut read = bytes.iter();
        let numbers: Vec<_> = (0..4).map(|_| read_number(&mut read)).collect();
        assert_eq!(numbers, [0, 127, 128, usize::MAX].map(Some));
        assert_eq!(read_number(&mut [0xff; 20].iter()), None);
    }
}
