//! Files for people.

use super::*;

fn claim(existing: Existing, path: &Path) -> Result<Output, FileError> {
    Outputs::new(existing).claim(path)
}

fn put(output: &Output, text: &str) -> Result<(), FileError> {
    output.write(|file| file.write_all(text.as_bytes()))
}

#[test]
fn a_file_of_somebody_else_is_never_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.png");
    fs::write(&path, "a photo").unwrap();
    for existing in [Existing::Keep, Existing::ReplaceOwn] {
        let refused = claim(existing, &path).unwrap_err();
        assert!(matches!(refused, FileError::Foreign { .. }), "{refused}");
        assert!(refused.to_string().contains("a.png"), "{refused}");
    }
    fs::create_dir(dir.path().join("folder.png")).unwrap();
    claim(Existing::ReplaceOwn, &dir.path().join("folder.png")).unwrap_err();
    assert_eq!(fs::read(&path).unwrap(), b"a photo");
}

#[test]
fn own_files_are_replaced_on_request_until_somebody_changes_them() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("mask.png");
    put(&claim(Existing::Keep, &path).unwrap(), "one").unwrap();
    let refused = claim(Existing::Keep, &path).unwrap_err();
    assert!(matches!(refused, FileError::Exists { .. }), "{refused}");
    put(&claim(Existing::ReplaceOwn, &path).unwrap(), "two").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"two");

    // Of another length: seen at once. Of the same length: seen before it is replaced.
    fs::write(&path, "edited").unwrap();
    claim(Existing::ReplaceOwn, &path).unwrap_err();
    fs::write(&path, "ink").unwrap();
    let claimed = claim(Existing::ReplaceOwn, &path).unwrap();
    let refused = put(&claimed, "new").unwrap_err();
    assert!(matches!(refused, FileError::Foreign { .. }), "{refused}");
    assert_eq!(fs::read(&path).unwrap(), b"ink");
}

#[test]
fn a_name_that_is_taken_after_the_claim_stays_with_who_took_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("mask.png");
    let claimed = claim(Existing::ReplaceOwn, &path).unwrap();
    fs::write(&path, "faster").unwrap();
    let refused = put(&claimed, "slower").unwrap_err();
    assert!(matches!(refused, FileError::Foreign { .. }), "{refused}");
    assert_eq!(fs::read(&path).unwrap(), b"faster");
    let names = fs::read_dir(dir.path()).unwrap().count();
    assert_eq!(names, 1, "no scratch file is left");
}

#[cfg(unix)]
#[test]
fn links_are_names_that_are_taken() {
    use std::os::unix::fs::symlink;

    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    fs::write(path("photo.png"), "a photo").unwrap();
    symlink(path("photo.png"), path("link.png")).unwrap();
    symlink(path("nowhere.png"), path("dangling.png")).unwrap();
    fs::hard_link(path("photo.png"), path("hard.png")).unwrap();
    for name in ["link.png", "dangling.png", "hard.png"] {
        let refused = claim(Existing::ReplaceOwn, &path(name)).unwrap_err();
        assert!(refused.to_string().contains(name), "{refused}");
    }
    // A copy of an own file that is linked elsewhere keeps its content there.
    put(&claim(Existing::Keep, &path("mask.png")).unwrap(), "one").unwrap();
    fs::hard_link(path("mask.png"), path("kept.png")).unwrap();
    put(
        &claim(Existing::ReplaceOwn, &path("mask.png")).unwrap(),
        "two",
    )
    .unwrap();
    assert_eq!(fs::read(path("kept.png")).unwrap(), b"one");
}

#[test]
fn the_record_tells_own_files_from_others() {
    let dir = tempfile::tempdir().unwrap();
    let [own, other] = ["mask.png", "photo.png"].map(|name| dir.path().join(name));
    put(&claim(Existing::Keep, &own).unwrap(), "one").unwrap();
    fs::write(&other, "two").unwrap();
    assert_eq!(own_files(&[own.clone(), other]), [own.as_path()]);
    // A line that was cut off, as by a crash, counts for nothing.
    let record = dir.path().join(RECORD);
    let text = fs::read_to_string(&record).unwrap();
    fs::write(&record, &text[..text.len() / 2]).unwrap();
    assert!(own_files(&[own]).is_empty());
}

#[cfg(unix)]
#[test]
fn records_that_are_links_or_of_others_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (record, mask) = (dir.path().join(RECORD), dir.path().join("mask.png"));
    let other = dir.path().join("other.txt");
    std::os::unix::fs::symlink(&other, &record).unwrap();
    let claimed = claim(Existing::Keep, &mask).unwrap_err().to_string();
    assert!(claimed.contains(RECORD), "{claimed}");
    assert!(own_files(std::slice::from_ref(&mask)).is_empty());
    fs::remove_file(&record).unwrap();
    let claimed = claim(Existing::Keep, &mask).unwrap();
    std::os::unix::fs::symlink(&other, &record).unwrap();
    let refused = put(&claimed, "one").unwrap_err();
    assert!(
        matches!(refused, FileError::ForeignRecord { .. }),
        "{refused}"
    );
    assert!(!other.exists() && !mask.exists());
    fs::remove_file(&record).unwrap();
    fs::write(&record, "my notes\n").unwrap();
    claim(Existing::Keep, &dir.path().join("b.png")).unwrap_err();
}

/// Nobody may write, not even root, where the file is one that runs.
#[cfg(target_os = "linux")]
#[test]
fn a_file_that_cannot_be_noted_is_not_written() {
    use std::os::unix::process::CommandExt as _;

    let dir = tempfile::tempdir().unwrap();
    let (record, mask) = (dir.path().join(RECORD), dir.path().join("mask.png"));
    let program = ["/bin/sleep", "/usr/bin/sleep"].map(Path::new);
    let program = program.iter().find(|path| path.exists()).unwrap();
    let claimed = claim(Existing::Keep, &mask).unwrap();
    fs::copy(program, &record).unwrap();
    let mut runs = std::process::Command::new(&record)
        .arg0("sleep")
        .arg("60")
        .spawn()
        .unwrap();
    let refused = put(&claimed, "one").unwrap_err();
    runs.kill().unwrap();
    runs.wait().unwrap();
    assert!(matches!(refused, FileError::Unrecorded { .. }), "{refused}");
    let message = refused.to_string();
    for part in ["mask.png: not written", RECORD, "choose another folder"] {
        assert!(message.contains(part), "{message}");
    }
    let names = fs::read_dir(dir.path()).unwrap().count();
    assert_eq!(names, 1, "neither the mask nor a scratch file is left");
}

#[test]
fn case_is_found_by_trying() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("a"), "").unwrap();
    assert_eq!(folds_case(dir.path()), dir.path().join("A").exists());
    assert!(!folds_case(&dir.path().join("absent")));
}
