//! `data catalogue` and `data get`. Nothing is downloaded: there is no network where tests run.

use std::fs;
use std::io::Write as _;

use serde_json::Value;

use super::workshop::Workshop;

#[test]
fn public_datasets_are_listed_and_nothing_is_downloaded() {
    let shop = Workshop::new();
    let listed = shop.run(&["--json", "data", "catalogue"]);
    let listed = listed.succeeded().json();
    let ids: Vec<&str> = listed
        .iter()
        .filter_map(|line| line["id"].as_str())
        .collect();
    assert_eq!(ids, ["voc2012", "voc2011", "sbd", "pets", "camvid"]);
    for line in &listed {
        assert_eq!(
            (&line["state"], &line["path"]),
            (&"missing".into(), &Value::Null),
            "{line}"
        );
        let files = line["files"].as_array().expect("files");
        assert!(
            files.iter().all(|file| !file["urls"][0].is_null()),
            "{line}"
        );
    }
    assert_eq!(listed[2]["files"][0]["bytes"], 1_419_539_633_u64);
    assert_eq!(listed[4]["files"][0]["hash"], Value::Null);
    let table = shop.run(&["data", "catalogue"]);
    for words in ["PASCAL VOC 2012", "1.42 GB", "Nobody published a hash"] {
        assert!(table.succeeded().stdout.contains(words), "{}", table.stdout);
    }
    shop.run(&["data", "get", "voc2013"])
        .failed_with(1, &["voc2013", "data catalogue"]);
    shop.run(&["data", "get"]).failed_with(2, &["NAME"]);
}

#[test]
fn a_file_of_this_machine_becomes_the_dataset_or_is_refused() {
    let shop = Workshop::new();
    let wrong = shop.dir().join("VOCtrainval_11-May-2012.tar");
    fs::write(&wrong, b"abc").expect("a file");
    let wrong = wrong.to_str().expect("UTF-8");
    // The MD5 of "abc" in RFC 1321.
    let words = ["--json", "data", "get", "voc2012", "--file", wrong];
    let output = shop.run(&words);
    output.failed_with(
        1,
        &[
            "VOCtrainval_11-May-2012.tar",
            "6cd6e144f989b92b3379bac3b3de84fd",
            "900150983cd24fb0d6963f7d28e17f72",
        ],
    );
    assert_eq!(output.event("ended")["state"], "failed");

    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let mut put = |name: &str, bytes: &[u8]| {
        let options = zip::write::SimpleFileOptions::default();
        zip.start_file(format!("CamVid/{name}"), options)
            .and_then(|()| Ok(zip.write_all(bytes)?))
            .expect("packed");
    };
    for (list, number) in [("train", 0), ("val", 4)] {
        let line = format!("/SegNet/CamVid/{list}/a.jpg /SegNet/CamVid/{list}annot/a.png\n");
        put(&format!("{list}.txt"), line.as_bytes());
        let image = shop.dataset().join(format!("JPEGImages/img{number}.jpg"));
        put(
            &format!("{list}/a.jpg"),
            &fs::read(image).expect("an image"),
        );
        let mask = shop
            .dataset()
            .join(format!("SegmentationClass/img{number}.png"));
        put(
            &format!("{list}annot/a.png"),
            &fs::read(mask).expect("a mask"),
        );
    }
    let archive = shop.dir().join("mine.zip");
    let bytes = zip.finish().expect("a zip").into_inner();
    fs::write(&archive, bytes).expect("a file");
    let archive = archive.to_str().expect("UTF-8");
    let output = shop.run(&["--json", "data", "get", "camvid", "--file", archive]);
    let ended = output.succeeded().event("ended");
    assert_eq!(ended["state"], "unverified", "{ended}");
    assert!(
        output.stderr.contains("nobody published a hash"),
        "{}",
        output.stderr
    );
    let folder = ended["path"].as_str().expect("a folder");
    let report = shop.run(&["--json", "data", "check", folder]).json();
    assert_eq!(report[0]["layout"], "CamVid layout");
    let listed = shop.run(&["--json", "data", "catalogue"]).json();
    assert_eq!(listed[4]["path"], folder);
}
