//! Where autotune's choices are kept. One test: a process has one place for them.
#![cfg(feature = "autotune-cache")]

use std::fs;

use burn::cubecl::environment::{self, Namespace, Store, StoreOptions};
use fcn_workbench::training::keep_autotune_choices;

/// As the tuner opens its own.
fn choices() -> Store<String, usize> {
    environment::store(StoreOptions::new().storage(Namespace::new("choices")))
}

#[test]
fn choices_are_read_again_from_the_folder_that_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path().join("autotune");
    let file = folder.join("default.db");
    fs::create_dir_all(&folder).expect("a folder");
    for name in ["default.db", "default.db-wal", "default.db-tshm"] {
        fs::write(folder.join(name), "no database at all").expect("a broken file");
    }

    keep_autotune_choices(&folder).expect("a cache");
    choices().insert("conv 3x3".into(), 4).expect("kept");
    assert!(
        fs::read(&file)
            .expect("the file")
            .starts_with(b"SQLite format 3\0")
    );

    environment::activate("another");
    assert!(
        choices().is_empty(),
        "another environment has choices of its own"
    );
    environment::activate(environment::DEFAULT);
    assert_eq!(choices().get(&"conv 3x3".into()), Some(&4));
}
