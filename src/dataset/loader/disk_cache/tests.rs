use std::cell::Cell;

use super::*;
use crate::dataset::BatchPlan;
use crate::dataset::loader::cache::DecodeCache;
use crate::dataset::loader::plan::tests::plan;

/// An hour ago.
fn old() -> SystemTime {
    SystemTime::now() - Duration::from_hours(1)
}

/// Says that a file was written a while ago.
fn settle(path: &Path) {
    let file = File::options().write(true).open(path).expect("a file");
    file.set_modified(old()).expect("a time");
}

/// A plan over pairs that were written a while ago, and a cache beside them.
fn settled(dir: &Path, items: usize) -> (BatchPlan, DiskCache) {
    let plan = plan(dir, items, 1);
    for item in plan.items.iter() {
        settle(&item.image);
        settle(&item.mask);
    }
    (plan, DiskCache::new(dir.join("cache"), 1 << 20))
}

/// The pair of an item, and whether it was decoded for that.
fn pair(cache: &DiskCache, plan: &BatchPlan, place: usize) -> ((Rgb, LabelMap), bool) {
    let was_decoded = Cell::new(false);
    let item = &plan.items[place];
    let pair = cache.pair(&plan.reader, item, || {
        was_decoded.set(true);
        plan.reader.read_pair(item)
    });
    (pair.expect("a pair"), was_decoded.get())
}

fn files(cache: &DiskCache) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(&cache.folder)
        .expect("a folder")
        .map(|file| file.expect("a file").path())
        .collect();
    files.sort();
    files
}

#[test]
fn a_pair_is_decoded_once_for_many_runs() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (plan, cache) = settled(dir.path(), 2);
    let (first, was_decoded) = pair(&cache, &plan, 0);
    assert!(was_decoded);
    assert_eq!(first, plan.reader.read_pair(&plan.items[0]).expect("read"));
    assert_eq!(pair(&cache, &plan, 0), (first.clone(), false));
    // Another program finds it too.
    let other = DiskCache::new(cache.folder.clone(), 1 << 20);
    assert_eq!(pair(&other, &plan, 0), (first, false));
    assert!(pair(&other, &plan, 1).1, "it is another one");
    assert_eq!(files(&cache).len(), 2);
}

#[test]
fn what_changed_is_decoded_anew() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (plan, cache) = settled(dir.path(), 2);
    let before = pair(&cache, &plan, 0).0;
    // Of the same size, a microsecond later.
    let image = &plan.items[0].image;
    let time = fs::metadata(image)
        .expect("a file")
        .modified()
        .expect("a time");
    let other = image::RgbImage::from_pixel(2, 1, image::Rgb([1, 2, 3]));
    other.save(image).expect("an image");
    let file = File::options().write(true).open(image).expect("a file");
    file.set_modified(time + Duration::from_micros(1))
        .expect("a time");
    let (after, was_decoded) = pair(&cache, &plan, 0);
    assert!(was_decoded);
    assert_ne!(after.0, before.0);
    // Labels that mean something else.
    let meaning = BatchPlan {
        reader: MaskReader {
            void_labels: vec![0],
            ..plan.reader.clone()
        },
        ..plan.clone()
    };
    let (void, was_decoded) = pair(&cache, &meaning, 0);
    assert!(was_decoded);
    assert_ne!(void.1, after.1);
    assert!(!pair(&cache, &plan, 0).1 && !pair(&cache, &meaning, 0).1);
}

#[test]
fn files_that_changed_just_now_are_not_kept() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (plan, cache) = settled(dir.path(), 1);
    let file = File::options()
        .write(true)
        .open(&plan.items[0].mask)
        .expect("a file");
    // Not in the past for as long as this test could run.
    file.set_modified(SystemTime::now() + Duration::from_hours(1))
        .expect("a time");
    assert!(pair(&cache, &plan, 0).1 && pair(&cache, &plan, 0).1);
    assert!(!cache.folder.exists());
}

#[test]
fn a_damaged_entry_is_never_shown() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (plan, cache) = settled(dir.path(), 1);
    let sound = pair(&cache, &plan, 0).0;
    let entry = files(&cache).remove(0);
    let bytes = fs::read(&entry).expect("an entry");
    assert_eq!(bytes.len(), HEADER + 2 * 4);
    let mut damaged: Vec<Vec<u8>> = (0..bytes.len()).map(|cut| bytes[..cut].to_vec()).collect();
    for at in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[at] ^= 0x10;
        damaged.push(flipped);
    }
    damaged.push([bytes.as_slice(), b"more"].concat());
    for bytes in damaged {
        fs::write(&entry, &bytes).expect("written");
        assert_eq!(pair(&cache, &plan, 0), (sound.clone(), true), "{bytes:?}");
        assert_eq!(fs::read(&entry).expect("an entry"), encoded(&sound));
    }
}

#[test]
fn what_was_not_needed_lately_makes_room() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (plan, cache) = settled(dir.path(), 4);
    let entry = HEADER as u64 + 8;
    // Room for two.
    let folder = cache.folder;
    let small = || DiskCache::new(folder.clone(), 2 * entry);
    let foreign = folder.join("photo.png");
    let first = small();
    assert!(pair(&first, &plan, 0).1 && pair(&first, &plan, 1).1);
    fs::write(&foreign, vec![0; 1000]).expect("a file");
    // Both are needed: the third is decoded each time.
    assert!(pair(&first, &plan, 2).1 && pair(&first, &plan, 2).1);
    assert!(!pair(&first, &plan, 0).1 && !pair(&first, &plan, 1).1);
    // A run that does not need the first one.
    let [a, b] = [0, 1].map(|place| {
        let name = Entry::of(&plan.reader, &plan.items[place], SystemTime::now());
        folder.join(name.expect("an entry").name)
    });
    settle(&a);
    let second = small();
    assert!(!pair(&second, &plan, 1).1 && pair(&second, &plan, 3).1);
    assert!(!a.exists() && b.exists() && foreign.exists());
    assert!(!pair(&second, &plan, 3).1);
    assert!(second.state().used <= Some(2 * entry));
}

#[test]
fn a_folder_that_cannot_be_written_stops_nothing() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (plan, _) = settled(dir.path(), 1);
    let taken = dir.path().join("a file");
    fs::write(&taken, "mine").expect("written");
    let cache = DiskCache::new(taken.join("cache"), 1 << 20);
    assert!(pair(&cache, &plan, 0).1 && pair(&cache, &plan, 0).1);
    assert_eq!(fs::read(&taken).expect("a file"), b"mine");
}

#[test]
fn batches_are_the_same_with_a_cache_on_disk() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (plan, cache) = settled(dir.path(), 3);
    let cached = || BatchPlan {
        cache: DecodeCache::with_disk(DiskCache::new(cache.folder.clone(), 1 << 20)).into(),
        ..plan.clone()
    };
    for _ in 0..2 {
        let cached = cached();
        for index in 0..3 {
            assert_eq!(
                cached.batch(1, index).expect("read"),
                plan.batch(1, index).expect("read")
            );
        }
    }
    assert_eq!(files(&cache).len(), 3);
}
