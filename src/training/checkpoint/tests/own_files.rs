//! Files that people keep in a run folder.

use std::fs;

use super::{publish, resumed, run};

#[test]
fn files_of_people_are_kept_and_are_no_checkpoints() {
    let dir = tempfile::tempdir().expect("a folder");
    let folder = run(dir.path());
    publish(&folder, 1);
    let names = [
        "my-weights.bpk",
        "weights-00000001 (copy).bpk",
        "checkpoint-old.json",
        "checkpoint-notes.txt",
        ".mine.tmp",
    ];
    // A copy of a manifest counts no more than another file.
    let manifest = fs::read(folder.path().join("checkpoint-00000001.json")).expect("a manifest");
    for name in names {
        fs::write(folder.path().join(name), &manifest).expect("written");
    }
    for old in ["weights-00000000.bpk", ".abc123.tmp"] {
        fs::write(folder.path().join(old), "left by a crash").expect("written");
    }
    for step in 2..=5 {
        publish(&folder, step);
    }
    for name in names {
        let kept = fs::read(folder.path().join(name)).expect(name);
        assert_eq!(kept, manifest, "{name}");
    }
    // The two last and the best are kept; of equal ones the earlier is the best.
    for old in [
        "weights-00000000.bpk",
        "optimizer-00000001.bpk",
        "weights-00000003.bpk",
        "checkpoint-00000003.json",
        ".abc123.tmp",
    ] {
        assert!(!folder.path().join(old).exists(), "{old}");
    }
    assert_eq!(resumed(&folder), (5, 0));
}
