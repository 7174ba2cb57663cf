//! Zip and tar archives: whole, damaged, and with links in them.

use std::io::Write as _;

use super::*;
use crate::dataset::layout::tests::write_voc;
use crate::files::{Existing, Outputs, own_files};

fn zip_of(root: &Path, names: &[&str]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for name in names {
        let options = zip::write::SimpleFileOptions::default();
        writer.start_file(*name, options).expect("an entry");
        writer
            .write_all(&fs::read(root.join(name)).unwrap_or_default())
            .expect("written");
    }
    writer.finish().expect("a zip").into_inner()
}

const FILES: [&str; 4] = [
    "set/JPEGImages/a.png",
    "set/JPEGImages/b.png",
    "set/SegmentationClass/a.png",
    "set/SegmentationClass/b.png",
];

#[test]
fn archives_are_unpacked_once_and_opened() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (root, cache) = (dir.path(), dir.path().join("cache"));
    write_voc(&root.join("set"), &["a", "b"], [0, 1]);
    fs::write(root.join("own.zip"), zip_of(root, &FILES)).expect("written");
    let mut tar = tar::Builder::new(Vec::new());
    for name in FILES {
        tar.append_path_with_name(root.join(name), name)
            .expect("added");
    }
    let tar = tar.into_inner().expect("a tar");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&tar).expect("packed");
    fs::write(root.join("own.tar.gz"), gzip.finish().expect("packed")).expect("written");
    fs::write(root.join("own.tar"), tar).expect("written");
    for name in ["own.zip", "own.tar", "own.tar.gz"] {
        let dataset = open(&root.join(name), &cache).unwrap_or_else(|err| panic!("{name}: {err}"));
        assert_eq!(dataset.layout, Layout::Voc);
        assert_eq!(
            read(&dataset),
            (vec!["a".to_owned(), "b".to_owned()], vec![0, 1])
        );
        // The second time nothing is unpacked, so what was removed is missing.
        fs::remove_file(&dataset.train[0].mask).expect("removed");
        assert!(open(&root.join(name), &cache).is_err(), "{name}");
    }
    assert_eq!(
        fs::read_dir(&cache).expect("listed").count(),
        3,
        "no scratch folder is left"
    );
}

#[test]
fn predicted_masks_stay_predicted_in_an_archive() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (root, cache) = (dir.path(), dir.path().join("cache"));
    write_voc(&root.join("set"), &["a", "b"], [0, 1]);
    let mask = root.join("set/SegmentationClass/a.png");
    let labels = fs::read(&mask).expect("a mask");
    fs::remove_file(&mask).expect("removed");
    let output = Outputs::new(Existing::Keep).claim(&mask).expect("a name");
    output
        .write(|file| file.write_all(&labels))
        .expect("written");
    let record = "set/SegmentationClass/.fcn-workbench-files.jsonl";
    let names = [&FILES[..], &[record]].concat();
    fs::write(root.join("own.zip"), zip_of(root, &names)).expect("written");
    let dataset = open(&root.join("own.zip"), &cache).expect("a dataset");
    let masks: Vec<&PathBuf> = dataset
        .train
        .iter()
        .chain(&dataset.val)
        .map(|item| &item.mask)
        .collect();
    let own = own_files(masks);
    let names: Vec<_> = own.iter().filter_map(|path| path.file_name()).collect();
    assert_eq!(names, ["a.png"]);
}

#[test]
fn what_programs_put_beside_the_one_folder_does_not_hide_it() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (root, cache) = (dir.path(), dir.path().join("cache"));
    write_voc(&root.join("pack/set"), &["a", "b"], [0, 1]);
    write_text(&root.join("pack/set/classes.txt"), "ground\ncar\n");
    let files = FILES.map(|name| format!("pack/{name}"));
    let with = |more: &str| {
        let names: Vec<&str> = files.iter().map(String::as_str).collect();
        let names = [&names[..], &["pack/set/classes.txt", more]].concat();
        fs::write(root.join("own.zip"), zip_of(root, &names)).expect("written");
        let folder = unpacked(&root.join("own.zip"), &cache, &mut |_, _| true);
        (
            folder.expect("unpacked"),
            open(&root.join("own.zip"), &cache),
        )
    };
    for more in [
        ".fcn-workbench-files.jsonl",
        "Thumbs.db",
        "pack/desktop.ini",
        ".DS_Store",
        "__MACOSX/pack/set/._a.png",
    ] {
        let (folder, dataset) = with(more);
        assert!(folder.ends_with("pack/set"), "{more}: {folder:?}");
        // The class list in the folder counts.
        let dataset = dataset.unwrap_or_else(|err| panic!("{more}: {err}"));
        assert_eq!(class_names(&dataset), ["ground", "car"], "{more}");
    }
    // A file of people's own beside the folder may be about all of it.
    let (folder, _) = with("train.txt");
    assert!(folder.join("train.txt").is_file());
}

#[test]
fn bad_archives_are_named_and_leave_nothing() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (root, cache) = (dir.path(), dir.path().join("cache"));
    write_voc(&root.join("set"), &["a", "b"], [0, 1]);
    let whole = zip_of(root, &FILES);
    let message = |name: &str, bytes: &[u8]| {
        fs::write(root.join(name), bytes).expect("written");
        let message = open(&root.join(name), &cache)
            .expect_err("refused")
            .to_string();
        assert!(message.contains(name), "{message}");
        message
    };
    assert!(message("cut.zip", &whole[..whole.len() / 2]).contains("damaged or cut off"));
    assert!(message("text.zip", b"no archive").contains("no zip or tar archive"));
    let mut locked = whole.clone();
    for (mark, flags) in [(b"PK\x03\x04", 6), (b"PK\x01\x02", 8)] {
        for at in 0..locked.len() - 8 {
            if locked[at..].starts_with(mark) {
                locked[at + flags] |= 1;
            }
        }
    }
    let locked = message("locked.zip", &locked);
    assert!(
        locked.contains("locked") && locked.contains("Unpack it yourself"),
        "{locked}"
    );
    let nested = message("outer.zip", &zip_of(root, &["own.zip"]));
    assert!(nested.contains("only own.zip"), "{nested}");
    fs::remove_dir_all(&cache).expect("what was unpacked");
    let escaping = zip_of(root, &["../evil.png"]);
    assert!(message("evil.zip", &escaping).contains("leads out of the folder"));
    assert!(!root.join("evil.png").exists());
    let path = root.join("stopped.zip");
    fs::write(&path, &whole).expect("written");
    let stopped = Dataset::open_any(&path, &cache, &mut |_, _| false);
    assert!(matches!(stopped, Err(DatasetError::Interrupted { .. })));
    assert_eq!(fs::read_dir(&cache).expect("listed").count(), 0);
}

/// A tar of a VOC set whose second mask is an entry that `link` adds.
fn tar_with(root: &Path, link: impl FnOnce(&mut tar::Builder<Vec<u8>>)) -> PathBuf {
    write_voc(&root.join("set"), &["a", "b"], [0, 1]);
    let mut tar = tar::Builder::new(Vec::new());
    // Before what it leads to.
    link(&mut tar);
    for name in &FILES[..3] {
        tar.append_path_with_name(root.join(name), name)
            .expect("added");
    }
    let path = root.join("own.tar");
    fs::write(&path, tar.into_inner().expect("a tar")).expect("written");
    path
}

fn add_link(tar: &mut tar::Builder<Vec<u8>>, kind: tar::EntryType, name: &str, to: &str) {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(0);
    header.set_mode(0o644);
    tar.append_link(&mut header, name, to).expect("a link");
}

#[test]
fn what_links_lead_to_is_unpacked_in_their_place() {
    use tar::EntryType::{Link, Symlink};

    let second = FILES[3];
    let cases: [&[(tar::EntryType, &str, &str)]; 4] = [
        &[(Link, second, FILES[2])],
        &[(Symlink, second, "a.png")],
        &[(Symlink, second, "../SegmentationClass/./a.png")],
        // A link to a link, and a folder that is one.
        &[
            (Symlink, second, "../masks/first.png"),
            (Symlink, "set/masks", "../set/more"),
            (Symlink, "set/more/first.png", "../SegmentationClass/a.png"),
        ],
    ];
    for links in cases {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = tar_with(dir.path(), |tar| {
            for (kind, name, to) in links {
                add_link(tar, *kind, name, to);
            }
        });
        let dataset =
            open(&path, &dir.path().join("cache")).unwrap_or_else(|err| panic!("{links:?}: {err}"));
        let expected = (vec!["a".to_owned(), "b".to_owned()], vec![0, 1]);
        assert_eq!(read(&dataset), expected, "{links:?}");
        for item in dataset.train.iter().chain(&dataset.val) {
            let kind = fs::symlink_metadata(&item.mask)
                .expect("a mask")
                .file_type();
            assert!(kind.is_file(), "{links:?}");
        }
    }
}

#[test]
fn links_out_of_an_archive_are_named() {
    use tar::EntryType::{Link, Symlink};

    let second = FILES[3];
    for (kind, name, to) in [
        (Link, second, "set/SegmentationClass/gone.png"),
        (Symlink, second, "/etc/hostname"),
        (Symlink, second, "../../../a.png"),
        (Symlink, second, "b.png"),
        (Symlink, "set/masks", "../set"),
    ] {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = tar_with(dir.path(), |tar| add_link(tar, kind, name, to));
        let cache = dir.path().join("cache");
        let message = open(&path, &cache).expect_err("a link").to_string();
        for part in ["own.tar: ", name, to, "tar -h"] {
            assert!(message.contains(part), "no {part}: {message}");
        }
        assert_eq!(fs::read_dir(&cache).expect("listed").count(), 0);
    }
    // What is no data may be missing.
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = tar_with(dir.path(), |tar| {
        add_link(tar, Link, second, FILES[2]);
        add_link(tar, Symlink, "set/tool.py", "/usr/bin/tool.py");
        add_link(tar, Symlink, "set/.hidden", "nowhere");
    });
    open(&path, &dir.path().join("cache")).unwrap_or_else(|err| panic!("{err}"));
}

#[test]
fn links_of_a_zip_are_followed_too() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let root = dir.path();
    write_voc(&root.join("set"), &["a", "b"], [0, 1]);
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    writer
        .add_symlink(FILES[3], "a.png", options)
        .expect("a link");
    for name in &FILES[..3] {
        writer.start_file(*name, options).expect("an entry");
        let bytes = fs::read(root.join(name)).expect("a file");
        writer.write_all(&bytes).expect("written");
    }
    let path = root.join("own.zip");
    fs::write(&path, writer.finish().expect("a zip").into_inner()).expect("written");
    let dataset = open(&path, &root.join("cache")).unwrap_or_else(|err| panic!("{err}"));
    assert_eq!(read(&dataset).0, ["a", "b"]);
}
