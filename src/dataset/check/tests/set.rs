//! A small dataset that is sound, to be spoiled.

use std::fs::{self, File};
use std::path::PathBuf;

use crate::dataset::check::{CheckReport, Depth, Finding, FixPlan, check, fix};
use crate::dataset::{Dataset, Rgb, write_rgb_png};

pub const WIDTH: u32 = 64;
pub const HEIGHT: u32 = 48;

/// A dataset in VOC's layout, of three classes.
pub struct Set {
    pub dir: tempfile::TempDir,
    pub lists: [Vec<String>; 2],
}

impl Set {
    /// Four images to train on and two to validate on; all have all three classes.
    pub fn sound() -> Self {
        let mut set = Self::empty();
        for (number, split) in [0, 0, 0, 0, 1, 1].into_iter().enumerate() {
            let name = format!("img{number}");
            set.image(&name, number as u64);
            set.gray_mask(&name, stripes);
            set.lists[split].push(name);
        }
        set
    }

    /// The same with these labels instead of 0, 1 and 2.
    pub fn with_labels(labels: [u8; 3]) -> Self {
        let set = Self::sound();
        for name in set.names() {
            set.gray_mask(&name, |x, y| labels[usize::from(stripes(x, y))]);
        }
        set
    }

    fn empty() -> Self {
        let set = Self {
            dir: tempfile::tempdir().expect("a folder"),
            lists: [Vec::new(), Vec::new()],
        };
        for folder in ["JPEGImages", "SegmentationClass", "ImageSets/Segmentation"] {
            fs::create_dir_all(set.root().join(folder)).expect("a folder");
        }
        set.classes("ground 0 0 0\nsquare 128 0 0\nbar 0 128 0\n");
        set
    }

    pub fn root(&self) -> PathBuf {
        self.dir.path().join("set")
    }

    pub fn names(&self) -> Vec<String> {
        self.lists.concat()
    }

    pub fn image_path(&self, name: &str) -> PathBuf {
        self.root().join("JPEGImages").join(format!("{name}.png"))
    }

    pub fn mask_path(&self, name: &str) -> PathBuf {
        self.root()
            .join("SegmentationClass")
            .join(format!("{name}.png"))
    }

    pub fn classes(&self, text: &str) {
        fs::write(self.root().join("classes.txt"), text).expect("a list");
    }

    pub fn image(&self, name: &str, seed: u64) {
        write_rgb_png(&self.image_path(name), &picture(seed, WIDTH, HEIGHT)).expect("an image");
    }

    pub fn gray_mask(&self, name: &str, label: impl Fn(u32, u32) -> u8) {
        self.mask(name, png::ColorType::Grayscale, None, |x, y| {
            vec![label(x, y)]
        });
    }

    pub fn rgb_mask(&self, name: &str, color: impl Fn(u32, u32) -> [u8; 3]) {
        self.mask(name, png::ColorType::Rgb, None, |x, y| color(x, y).to_vec());
    }

    pub fn indexed_mask(&self, name: &str, palette: &[[u8; 3]]) {
        let label = |x, y| vec![stripes(x, y)];
        self.mask(name, png::ColorType::Indexed, Some(palette), label);
    }

    pub fn mask(
        &self,
        name: &str,
        kind: png::ColorType,
        palette: Option<&[[u8; 3]]>,
        sample: impl Fn(u32, u32) -> Vec<u8>,
    ) {
        let file = File::create(self.mask_path(name)).expect("a file");
        let mut encoder = png::Encoder::new(file, WIDTH, HEIGHT);
        encoder.set_color(kind);
        if let Some(palette) = palette {
            encoder.set_palette(palette.concat());
        }
        let samples: Vec<u8> = (0..WIDTH * HEIGHT)
            .flat_map(|at| sample(at % WIDTH, at / WIDTH))
            .collect();
        let mut writer = encoder.write_header().expect("a header");
        writer.write_image_data(&samples).expect("pixels");
    }

    pub fn open(&self) -> Dataset {
        for (list, names) in ["train", "val"].iter().zip(&self.lists) {
            let path = self
                .root()
                .join(format!("ImageSets/Segmentation/{list}.txt"));
            fs::write(path, names.join("\n") + "\n").expect("a list");
        }
        Dataset::open(&self.root()).expect("a dataset")
    }

    pub fn check(&self) -> CheckReport {
        check(&self.open(), Depth::Everything, &mut |_, _| true).expect("not stopped")
    }

    /// The only finding.
    #[track_caller]
    pub fn only(&self) -> Finding {
        let mut findings = self.check().findings;
        assert_eq!(findings.len(), 1, "{findings:#?}");
        findings.remove(0)
    }

    #[track_caller]
    pub fn fixed(&self, plan: &FixPlan) -> Dataset {
        let out = self.dir.path().join("fixed");
        let fixed = fix(&self.open(), plan, &out, &mut |_, _| true).expect("written");
        Dataset::open(&fixed.expect("not stopped").root).expect("a dataset")
    }
}

/// Three vertical stripes of classes 0, 1 and 2.
pub fn stripes(x: u32, _y: u32) -> u8 {
    (x * 3 / WIDTH) as u8
}

/// Blocks in random colors.
pub fn picture(seed: u64, width: u32, height: u32) -> Rgb {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(7);
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    let colors: Vec<[u8; 3]> = (0..192).map(|_| [next(), next(), next()]).collect();
    let color =
        |at: u32| colors[(at / width * 12 / height * 16 + at % width * 16 / width) as usize];
    Rgb {
        width,
        height,
        pixels: (0..width * height).flat_map(color).collect(),
    }
}
