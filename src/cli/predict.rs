//! `predict`: masks and overlays of images.
//!
//! JSON: one object per image with `image`, `mask`, `overlay`, `width`, `height`,
//! `secs` and `classes` (`label`, `name`, `share` of the pixels, largest first), or
//! with `image` and `error`. One bad image does not stop the others. With `--scores`
//! one object with `image`, `scores` (the file) and `shape` comes first.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use serde::Serialize;

use super::args::PredictArgs;
use super::output::{self, percent};
use super::{Session, find_network};
use crate::engine::{DeviceId, Engine, ImageFiles, NetworkSource, Prediction};

/// Predicts, writes and reports; the exit code tells whether all went well.
pub fn run(args: &PredictArgs, session: &Session) -> Result<ExitCode, String> {
    let images = list_images(&args.images)?;
    let mut engine = session.engine(args.device != Some(DeviceId::Cpu));
    let source = find_network(&mut engine, &args.run, args.weights.choice(), args.device)?;
    if let Some(path) = &args.scores {
        write_scores(&engine, &source, &images, path, session.json)?;
    }
    let Some(out) = &args.out else {
        return Ok(ExitCode::SUCCESS);
    };
    std::fs::create_dir_all(out).map_err(|err| {
        format!(
            "{}: {err}. Choose a writable folder with --out",
            out.display()
        )
    })?;
    let mut names = BTreeSet::new();
    let mut failed = 0;
    for image in &images {
        let targets = Targets::new(out, image, &mut names);
        match predict_one(&engine, &source, image, &targets, args.opacity) {
            Ok(prediction) => report(image, &targets, &prediction, session.json),
            Err(message) => {
                failed += 1;
                if session.json {
                    output::json(&serde_json::json!({ "image": image, "error": &message }));
                }
                output::problem("error", &message);
            }
        }
    }
    if failed > 0 {
        return Err(format!(
            "{failed} of {} images failed; the masks of the others are in {}",
            images.len(),
            out.display()
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes the logits of the only image.
fn write_scores(
    engine: &Engine,
    source: &NetworkSource,
    images: &[PathBuf],
    path: &Path,
    json: bool,
) -> Result<(), String> {
    let [image] = images else {
        return Err(format!(
            "--scores takes one image, but {} are given. Name one image",
            images.len()
        ));
    };
    let logits = engine.logits_with(source, image).wait()?;
    let (classes, size) = (logits.num_classes, logits.size);
    let file = engine.save_logits(logits, path.to_path_buf()).wait()?;
    if json {
        let shape = [classes, size.height as usize, size.width as usize];
        output::json(&serde_json::json!({ "image": image, "scores": file, "shape": shape }));
    } else {
        output::line(format!(
            "{} -> {} ({classes}x{}x{})",
            image.display(),
            file.display(),
            size.height,
            size.width
        ));
    }
    Ok(())
}

fn predict_one(
    engine: &Engine,
    source: &NetworkSource,
    image: &Path,
    targets: &Targets,
    opacity: f32,
) -> Result<Arc<Prediction>, String> {
    targets.spare(image)?;
    let prediction = engine.predict_with(source, image).wait()?;
    let (mask, classes) = (
        Arc::clone(&prediction.mask),
        Arc::clone(&prediction.classes),
    );
    engine
        .save_mask(
            Arc::clone(&mask),
            Arc::clone(&classes),
            targets.mask.clone(),
        )
        .wait()?;
    let pixels = Arc::clone(&prediction.image);
    engine
        .save_overlay(
            pixels,
            mask,
            classes,
            opacity,
            |_| true,
            targets.overlay.clone(),
        )
        .wait()?;
    Ok(prediction)
}

/// The files written for one image.
struct Targets {
    mask: PathBuf,
    overlay: PathBuf,
}

impl Targets {
    /// Names of their own also where two images have the same stem: `a.png` of `a.jpg`
    /// stays, and `a.bmp` becomes `a_2.png`.
    fn new(out: &Path, image: &Path, taken: &mut BTreeSet<String>) -> Self {
        let stem = image
            .file_stem()
            .unwrap_or(image.as_os_str())
            .to_string_lossy()
            .into_owned();
        let numbered = (2_usize..).map(|number| format!("{stem}_{number}"));
        let free =
            |name: &String| !taken.contains(name) && !taken.contains(&format!("{name}_overlay"));
        let name = std::iter::once(stem.clone())
            .chain(numbered)
            .find(free)
            .unwrap_or_else(|| stem.clone());
        taken.insert(name.clone());
        taken.insert(format!("{name}_overlay"));
        Self {
            mask: out.join(format!("{name}.png")),
            overlay: out.join(format!("{name}_overlay.png")),
        }
    }

    /// Refuses to write over the image itself.
    fn spare(&self, image: &Path) -> Result<(), String> {
        // What cannot be resolved does not exist, so nothing is lost.
        let Ok(image) = image.canonicalize() else {
            return Ok(());
        };
        for target in [&self.mask, &self.overlay] {
            if target.canonicalize().is_ok_and(|target| target == image) {
                return Err(format!(
                    "{}: the mask would replace the image. Choose another folder with --out",
                    image.display()
                ));
            }
        }
        Ok(())
    }
}

/// The images named one by one and those in the named folders; all folders must have some.
fn list_images(paths: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
    let found = ImageFiles::find(paths);
    if found.problems.is_empty() {
        return Ok(found.images);
    }
    let problems: Vec<String> = found.problems.iter().map(ToString::to_string).collect();
    Err(problems.join("\n"))
}

#[derive(Serialize)]
struct ClassShare<'a> {
    label: u8,
    name: &'a str,
    share: f64,
}

/// The predicted classes by their share of the pixels, largest first.
fn class_shares(prediction: &Prediction) -> Vec<ClassShare<'_>> {
    let shares = prediction.mask.class_shares(prediction.classes.len());
    let mut shares: Vec<_> = (0..=u8::MAX)
        .zip(shares)
        .filter(|(_, share)| *share > 0.0)
        .map(|(label, share)| ClassShare {
            label,
            name: prediction.classes.name(label),
            share,
        })
        .collect();
    shares.sort_by(|a, b| b.share.total_cmp(&a.share));
    shares
}

fn report(image: &Path, targets: &Targets, prediction: &Prediction, json: bool) {
    let shares = class_shares(prediction);
    let (width, height) = (prediction.mask.width, prediction.mask.height);
    if json {
        output::json(&serde_json::json!({
            "image": image,
            "mask": targets.mask,
            "overlay": targets.overlay,
            "width": width,
            "height": height,
            "secs": prediction.secs,
            "classes": shares,
        }));
        return;
    }
    let words: Vec<String> = shares
        .iter()
        .map(|class| format!("{} {}", class.name, percent(Some(class.share))))
        .collect();
    output::line(format!(
        "{} -> {} ({width}x{height}, {:.2} s): {}",
        image.display(),
        targets.mask.display(),
        prediction.secs,
        words.join(", ")
    ));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_stems_get_files_of_their_own() {
        let mut taken = BTreeSet::new();
        let mut name = |image: &str| {
            let targets = Targets::new(Path::new("out"), Path::new(image), &mut taken);
            targets
                .mask
                .file_name()
                .unwrap()
                .to_string_lossy()
                .into_owned()
        };
        assert_eq!(name("x/a.jpg"), "a.png");
        assert_eq!(name("y/a.png"), "a_2.png");
        assert_eq!(name("a_overlay.png"), "a_overlay_2.png");
        assert_eq!(name("b.png"), "b.png");
    }

    #[test]
    fn an_image_is_not_replaced_by_its_mask() {
        let dir = tempfile::tempdir().unwrap();
        let image = dir.path().join("a.png");
        std::fs::write(&image, b"png").unwrap();
        let targets = |out: &Path| Targets::new(out, &image, &mut BTreeSet::new());
        let message = targets(dir.path()).spare(&image).unwrap_err();
        assert!(
            message.contains("a.png") && message.contains("--out"),
            "{message}"
        );
        targets(&dir.path().join("masks")).spare(&image).unwrap();
    }

    #[test]
    fn folders_stand_for_their_images_in_order() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["b.PNG", "a.jpg", "notes.txt"] {
            std::fs::write(dir.path().join(name), b"").unwrap();
        }
        let single = PathBuf::from("c.png");
        let images = list_images(&[single.clone(), dir.path().to_owned()]).unwrap();
        assert_eq!(
            images,
            [single, dir.path().join("a.jpg"), dir.path().join("b.PNG")]
        );
        let empty = tempfile::tempdir().unwrap();
        list_images(&[empty.path().to_owned()]).unwrap_err();
    }
}
