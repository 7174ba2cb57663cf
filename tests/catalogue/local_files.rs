//! Files that are already on this machine.

use std::fs;

use fcn_workbench::engine::{EntryState, KnownHash, NoticeLevel, PublicFile};

use super::HALF;
use super::bench::{Bench, entry, file, public_file, sha256, weights};
use super::server::Server;

#[test]
fn a_file_put_there_by_hand_is_checked() {
    let mut bench = Bench::new(entry("http://127.0.0.1:9/"));
    fs::create_dir_all(bench.folder()).expect("a folder");
    fs::write(bench.path(), file()).expect("a file");
    bench.restart();
    bench.assert_ready();
}

#[test]
fn what_has_no_address_is_got_in_a_browser() {
    let page = "https://example.org/weights";
    let far = PublicFile {
        urls: Vec::new(),
        page: Some(page),
        ..public_file("")
    };
    let mut bench = Bench::new(weights("tiny", far));
    bench.download();
    bench.assert_failed(&[page, "browser"]);
    bench.add(file());
    bench.assert_ready();
}

#[test]
fn a_file_of_this_machine_is_copied_after_the_same_check() {
    let mut bench = Bench::new(entry("http://127.0.0.1:9/"));
    let mut damaged = file().to_vec();
    damaged[299_999] ^= 1;
    bench.add(&damaged);
    bench.assert_failed(&["mine.bin", "tiny.pth", &sha256(file()), &sha256(&damaged)]);
    bench.add(&file()[..HALF]);
    bench.assert_failed(&["mine.bin", "150000 bytes", "300000"]);
    assert_eq!(bench.files(), Vec::<String>::new());
    let nowhere = bench.dir.path().join("nowhere.pth");
    bench.engine.add_weights("tiny", &nowhere).expect("a start");
    bench.settle();
    bench.assert_failed(&["nowhere.pth"]);

    let mine = bench.add(file());
    bench.assert_ready();
    assert_eq!(
        fs::read(mine).expect("the file"),
        file(),
        "it stays where it was"
    );
    // The file itself, named as one that people have.
    let path = bench.path();
    bench.engine.add_weights("tiny", &path).expect("a start");
    bench.settle();
    bench.assert_ready();
}

#[test]
fn a_file_is_recognized_by_its_hash() {
    let bench = Bench::new(entry("http://127.0.0.1:9/"));
    let path = bench.dir.path().join("of unknown origin");
    fs::write(&path, file()).expect("a file");
    let found = bench.engine.identify_weights(path.clone()).wait();
    assert_eq!(found.expect("an entry"), "tiny");
    fs::write(&path, b"other").expect("a file");
    let message = bench
        .engine
        .identify_weights(path)
        .wait()
        .expect_err("not listed")
        .to_string();
    assert!(
        message.contains("of unknown origin") && message.contains(&sha256(b"other")),
        "{message}"
    );
}

#[test]
fn without_a_hash_a_file_is_never_called_ready() {
    let server = Server::good(file());
    let unknown = PublicFile {
        hash: KnownHash::Unknown,
        size: None,
        ..public_file(server.url())
    };
    let mut bench = Bench::new(weights("tiny", unknown));
    bench.put_part(&vec![7; HALF]);
    bench.download();
    assert_eq!(
        bench.state(),
        &EntryState::Unverified { path: bench.path() }
    );
    // Nothing would notice that start and rest do not belong together.
    assert_eq!(server.ranges(), [None]);
    assert_eq!(fs::read(bench.path()).expect("the file"), file());
    let notices = bench.engine.take_notices();
    assert!(
        notices
            .iter()
            .any(|n| n.level == NoticeLevel::Warning && n.text.contains("hash")),
        "{notices:?}"
    );
    bench.restart();
    assert_eq!(
        bench.state(),
        &EntryState::Unverified { path: bench.path() }
    );
    // Nobody knows whose file that is, so it is not replaced.
    bench.add(b"anything");
    bench.assert_refused(&["tiny.pth", "another file"]);
    assert_eq!(fs::read(bench.path()).expect("the file"), file());
}

#[test]
fn a_file_of_somebody_else_is_not_replaced() {
    let mut bench = Bench::new(entry("http://127.0.0.1:9/"));
    fs::create_dir_all(bench.folder()).expect("a folder");
    fs::write(bench.path(), "my own weights").expect("a file");
    bench.restart();
    bench.add(file());
    bench.assert_refused(&["tiny.pth", "another file", "Move it"]);
    assert_eq!(fs::read(bench.path()).expect("the file"), b"my own weights");
    fs::remove_file(bench.path()).expect("moved away");
    bench.add(file());
    bench.assert_ready();
    // The same once more changes nothing.
    bench.add(file());
    bench.assert_ready();
}
