//! The public weights: which there are, where they lie and how their bytes are recognized.

use std::path::Path;

use super::error::CatalogueError;
use super::public_file::{KnownHash, PublicFile};
use super::{CatalogueEntry, EntryState, Watch, store};

/// One public file of weights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicWeights {
    /// Short name, as in commands.
    pub id: &'static str,
    /// What it is, in one line.
    pub what: &'static str,
    /// The file.
    pub file: PublicFile,
    /// Names of its tensors and the images it was trained on, in words.
    pub layout: String,
    /// Who made it, and under which terms.
    pub source: &'static str,
}

impl CatalogueEntry for PublicWeights {
    fn id(&self) -> &'static str {
        self.id
    }

    fn label(&self) -> &'static str {
        self.file.name
    }

    fn look(&self, folder: &Path) -> Option<EntryState> {
        store::look(&self.file, folder)
    }

    fn check(&self, folder: &Path, watch: &mut Watch<'_>) -> Result<EntryState, CatalogueError> {
        store::check(&self.file, folder, watch)
    }
}

const TORCHVISION: &str = "https://download.pytorch.org/models/";
const RGB: &str = "RGB in 0 to 1, minus mean 0.485 0.456 0.406, by deviation 0.229 0.224 0.225";
const TORCHVISION_TERMS: &str = "torchvision (code BSD-3-Clause). The weights may have terms of their own that come \
     from the data they were trained on";
const CAFFE_TERMS: &str = "Converted from fcn.berkeleyvision.org by wkentaro/pytorch-fcn (code MIT); the terms of \
     the weights are not stated";

// Names and addresses are those of `torchvision/models/{vgg,alexnet,googlenet,resnet}.py`
// and `torchvision/models/segmentation/fcn.py`. torchvision publishes the first eight
// digits of the SHA-256, as part of the name. All digits and the sizes are third-party
// records, each starting with those eight: LibreYOLO `weights/upload_fcn_hf.py` and its
// tables (both FCNs, VGG16 with batch normalization); the pinned files of perceptual
// metrics (VGG16, AlexNet) and of backbone lists (ResNet-50); the metadata of the d3m
// primitive `feature_extraction.cnn.UBC` (GoogLeNet) and a conversion script to Keras
// that checks it (ResNet-101). Nobody recorded the size of the last two.
/// Id, file, what, tensors, size in bytes, SHA-256.
type TorchvisionFile = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    Option<u64>,
    &'static str,
);

/// Files of torchvision.
const TORCHVISION_FILES: [TorchvisionFile; 8] = [
    (
        "vgg16",
        "vgg16-397923af.pth",
        "VGG16 classifier trained on ImageNet",
        "features.N and classifier.{0,3,6}",
        Some(553_433_881),
        "397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0",
    ),
    (
        "vgg16-bn",
        "vgg16_bn-6c64b313.pth",
        "VGG16 classifier with batch normalization trained on ImageNet",
        "features.N and classifier.{0,3,6}",
        Some(553_507_836),
        "6c64b3138f2f4fcb3bcc4cafde11619c4f440eb1631787e93a682fd88305888a",
    ),
    (
        "alexnet",
        "alexnet-owt-7be5be79.pth",
        "AlexNet classifier (one column, without groups) trained on ImageNet",
        "features.N and classifier.{1,4,6}",
        Some(244_408_911),
        "7be5be791159472b1fbf3c69796f7cb30dca7ad8466c2df70058c37116cdee02",
    ),
    (
        "googlenet",
        "googlenet-1378be20.pth",
        "GoogLeNet classifier with batch normalization, ported from TensorFlow",
        "conv1 to conv3, inception3a to inception5b, aux1, aux2 and fc; its own images are RGB in -1 to 1",
        None,
        "1378be20a8e875cf1568b8a71654e704449655e34711a959a38b04fb34905cef",
    ),
    (
        "resnet50",
        "resnet50-0676ba61.pth",
        "ResNet-50 classifier trained on ImageNet",
        "conv1, bn1, layer1 to layer4 and fc",
        Some(102_530_333),
        "0676ba61b6795bbe1773cffd859882e5e297624d384b6993f7c9e683e722fb8a",
    ),
    (
        "resnet101",
        "resnet101-63fe2227.pth",
        "ResNet-101 classifier trained on ImageNet",
        "conv1, bn1, layer1 to layer4 and fc",
        None,
        "63fe2227b86e8f1f2063f43a75c84d195911b6a0eace650907dd3dc62dd49a0a",
    ),
    (
        "fcn-resnet50-coco",
        "fcn_resnet50_coco-1167a1af.pth",
        "FCN on a dilated ResNet-50, 21 VOC classes, trained on COCO",
        "backbone, classifier and aux_classifier",
        Some(141_567_418),
        "1167a1affa42e1e62858f8d3fac12d109e0108327ffc91c5855a324b11683c36",
    ),
    (
        "fcn-resnet101-coco",
        "fcn_resnet101_coco-7ecb50ca.pth",
        "FCN on a dilated ResNet-101, 21 VOC classes, trained on COCO",
        "backbone, classifier and aux_classifier",
        Some(217_800_805),
        "7ecb50ca17844860a70d5ed0c748d997cf8adb62932abaa0233430c68594d749",
    ),
];

// Pages and MD5 are those of wkentaro/pytorch-fcn, `torchfcn/models/*.py` (main branch,
// last changed in commit f18985e). Google Drive answers programs that ask for files of
// this size with a page that has to be clicked through, so there is no address to
// download from.
/// The published Caffe models as PyTorch files: id, file, what, tensors, page, MD5.
const CAFFE_FILES: [(&str, &str, &str, &str, &str, &str); 5] = [
    (
        "fcn32s-caffe",
        "fcn32s_from_caffe.pth",
        "FCN-32s on VGG16 of the authors, 21 VOC classes",
        "conv1_1 to conv5_3, fc6, fc7, score_fr, upscore",
        "https://drive.google.com/uc?id=11k2Q0bvRQgQbT6-jYWeh6nmAsWlSCY3f",
        "d3eb467a80e7da0468a20dfcbc13e6c8",
    ),
    (
        "fcn16s-caffe",
        "fcn16s_from_caffe.pth",
        "FCN-16s on VGG16 of the authors, 21 VOC classes",
        "conv1_1 to conv5_3, fc6, fc7, score_fr, score_pool4, upscore2, upscore16",
        "https://drive.google.com/uc?id=1bctu58B6YH9bu6lBBSBB2rUeGlGhYLoP",
        "a2d4035f669f09483b39c9a14a0d6670",
    ),
    (
        "fcn8s-caffe",
        "fcn8s_from_caffe.pth",
        "FCN-8s on VGG16 of the authors, 21 VOC classes",
        "conv1_1 to conv5_3, fc6, fc7, score_fr, score_pool3, score_pool4, upscore2, upscore_pool4, upscore8",
        "https://drive.google.com/uc?id=1ieXWyoG68xqoHJPWdyrDyaIaaWlfmUxI",
        "de93e540ec79512f8770033849c8ae89",
    ),
    (
        "fcn8s-atonce-caffe",
        "fcn8s-atonce_from_caffe.pth",
        "FCN-8s trained at once on VGG16 of the authors, 21 VOC classes",
        "as fcn8s-caffe, with scaled skips",
        "https://drive.google.com/uc?id=0B9P1L--7Wd2vblE1VUIxV1o2d2M",
        "bfed4437e941fef58932891217fe6464",
    ),
    (
        "vgg16-caffe",
        "vgg16_from_caffe.pth",
        "VGG16 classifier of its authors, from which the FCNs were trained",
        "features.N and classifier.{0,3,6} as in torchvision",
        "https://drive.google.com/uc?id=1adDBTGY3GcEB_47dvcibajyzi872RAs3",
        "aa75b158f4181e7f6230029eb96c1b13",
    ),
];

/// All public files this program knows. Caffe's own `.caffemodel` files are left out:
/// it cannot read them.
pub fn public_weights() -> Vec<PublicWeights> {
    let torchvision =
        TORCHVISION_FILES
            .into_iter()
            .map(|(id, file, what, tensors, size, sha256)| {
                let layout = if id == "googlenet" {
                    tensors.to_owned()
                } else {
                    format!("{tensors}; {RGB}")
                };
                PublicWeights {
                    id,
                    what,
                    file: PublicFile {
                        name: file,
                        urls: vec![format!("{TORCHVISION}{file}")],
                        page: None,
                        size,
                        hash: KnownHash::Sha256(sha256.to_owned()),
                    },
                    layout,
                    source: TORCHVISION_TERMS,
                }
            });
    let caffe = CAFFE_FILES
        .into_iter()
        .map(|(id, file, what, tensors, page, md5)| PublicWeights {
            id,
            what,
            file: PublicFile {
                name: file,
                urls: Vec::new(),
                page: Some(page),
                size: None,
                hash: KnownHash::Md5(md5.to_owned()),
            },
            // `mean_bgr` of `torchfcn/datasets/voc.py`.
            layout: format!("{tensors}; BGR in 0 to 255, minus mean 104.00699 116.66877 122.67891"),
            source: CAFFE_TERMS,
        });
    torchvision.chain(caffe).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_entry_can_be_told_from_the_others() {
        let entries = public_weights();
        let names: BTreeSet<&str> = entries
            .iter()
            .flat_map(|entry| [entry.id, entry.file.name])
            .collect();
        assert_eq!(names.len(), 2 * entries.len());
        let hashes: BTreeSet<&str> = entries
            .iter()
            .filter_map(|entry| entry.file.hash.digits())
            .collect();
        assert_eq!(hashes.len(), entries.len());
    }

    #[test]
    fn hashes_are_whole_and_agree_with_the_names_of_torchvision() {
        for PublicWeights { file, .. } in public_weights() {
            let digits = file.hash.digits().expect("a hash");
            let digit = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
            assert!(digits.chars().all(digit), "{digits}");
            match &file.hash {
                KnownHash::Sha256(_) => {
                    assert_eq!(digits.len(), 64, "{}", file.name);
                    let name = file
                        .name
                        .strip_suffix(".pth")
                        .expect("the ending of PyTorch");
                    let (_, start) = name.rsplit_once('-').expect("a hash in the name");
                    assert!(
                        start.len() == 8 && digits.starts_with(start),
                        "{}",
                        file.name
                    );
                }
                KnownHash::Md5(_) => assert_eq!(digits.len(), 32, "{}", file.name),
                other => panic!("{}: {other:?}", file.name),
            }
        }
    }

    #[test]
    fn what_cannot_be_downloaded_has_a_page() {
        for PublicWeights { id, file, .. } in public_weights() {
            assert_ne!(file.urls.is_empty(), file.page.is_none(), "{id}");
            for url in &file.urls {
                assert!(
                    url.starts_with("https://") && url.ends_with(file.name),
                    "{url}"
                );
            }
        }
    }
}
