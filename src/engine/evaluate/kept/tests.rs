use super::*;

fn evaluation(dataset: &Path) -> KeptEvaluation {
    let mut counts = SetCounts::new(2, 5);
    let score = counts.add_with_confidence(&[0, 0, 1], &[0, 1, 1], &[0.9, 0.6, 0.8], 3);
    let about = About {
        val_loss: Some(0.25),
        secs: 2.0,
        classes: Arc::new(ClassList::numbered(2)),
        warnings: vec!["a warning".to_owned()],
        remark: None,
        papers: Vec::new(),
    };
    let image = ScoredImage {
        id: "a".to_owned(),
        score,
    };
    let origin = Origin {
        dataset: DatasetRef::Folder(dataset.to_owned()),
        dataset_name: "set".to_owned(),
        split: Split::Val,
        averaging: Averaging::default(),
        created: 7,
        weights_step: 12,
        weights_mark: None,
        data_sha256: "none".to_owned(),
    };
    KeptEvaluation::new(
        "run".to_owned(),
        origin,
        Evaluation::new(counts, vec![image], about),
    )
}

#[test]
fn an_evaluation_is_read_as_it_was_kept_and_says_what_changed() {
    let dir = tempfile::tempdir().expect("a folder");
    let folder = RunFolder::at(dir.path().join("run"));
    fs::create_dir(folder.path()).expect("a folder");
    let kept = evaluation(&dir.path().join("gone"));
    kept.keep(&folder).expect("kept");
    let cancel = Cancel::default();
    let all =
        |folder: &RunFolder| read_all(std::slice::from_ref(folder), dir.path(), None, &cancel);
    let read = |folder: &RunFolder| all(folder).readable;
    let found = read(&folder);
    let [found] = &found[..] else {
        panic!("one evaluation: {found:?}");
    };
    assert_eq!(found.evaluation.counts, kept.evaluation.counts);
    assert_eq!(found.evaluation.per_image, kept.evaluation.per_image);
    assert_eq!(found.evaluation.scores, kept.evaluation.scores);
    assert_eq!((found.run.as_str(), found.weights_step), ("run", 12));
    assert_eq!(found.evaluation.val_loss, Some(0.25));
    // There are no weights, as before; the dataset is not there.
    let [change] = &found.changes[..] else {
        panic!("one change: {:?}", found.changes);
    };
    assert!(change.contains("gone any more"), "{change}");

    fs::write(folder.path().join("best.json"), "{}").expect("a file");
    let found = read(&folder);
    assert!(found[0].changes[0].contains("these scores are of step 12"));

    // One with averaged probabilities has a place of its own.
    let mut averaged = evaluation(&dir.path().join("gone"));
    averaged.averaging.flip = true;
    averaged.origin.averaging.flip = true;
    averaged.keep(&folder).expect("kept");
    let found: Vec<bool> = read(&folder)
        .iter()
        .map(|kept| kept.averaging.flip)
        .collect();
    assert_eq!(found.len(), 2);
    assert!(found.contains(&true) && found.contains(&false));
    fs::remove_file(averaged.path(&folder)).expect("a file");

    // One that is damaged is named.
    let path = kept.path(&folder);
    let text = fs::read_to_string(&path).expect("a file");
    assert_eq!(kept.damaged_before(&folder), None);
    fs::write(&path, "{").expect("a file");
    let found = all(&folder);
    let [damaged] = &found.damaged[..] else {
        panic!("one file: {found:?}");
    };
    let before = kept.damaged_before(&folder).expect("damaged");
    for message in [damaged, &before] {
        let name = path.file_name().expect("a name").to_string_lossy();
        let is_told = message.contains(&*name) && message.contains("made anew");
        assert!(is_told, "{message}");
    }
    assert!(found.readable.is_empty());
    // Those of earlier versions say nothing of averaging.
    let older = text.replace(r#""averaging":{"scales":[],"flip":false},"#, "");
    assert_ne!(older, text);
    fs::write(&path, older).expect("a file");
    assert_eq!(read(&folder)[0].averaging, Averaging::default());
    assert_eq!(read(&folder)[0].changes.len(), 2);

    // Nor do they tell the objects of each class.
    let mut older: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let sizes = older["counts"]["objects"].as_array_mut().expect("sizes");
    for size in sizes {
        let size = size.as_object_mut().expect("counts");
        for (known, sum) in [("objects_by_class", "objects"), ("found_by_class", "found")] {
            size.remove(known).expect("by class");
            size.insert(sum.to_owned(), 2.into());
        }
    }
    fs::write(&path, older.to_string()).expect("a file");
    let found = read(&folder);
    assert_eq!(found[0].evaluation.scores, kept.evaluation.scores);
    assert_eq!(found[0].evaluation.objects()[0].objects, None);
    let said = found[0].changes.iter();
    let said = said.filter(|change| change.contains("counted background as an object"));
    assert_eq!(said.count(), 1, "{:?}", found[0].changes);
}
