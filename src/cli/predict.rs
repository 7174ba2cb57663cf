//! `predict`: masks and overlays of images.
//!
//! JSON: one object per image with `image`, `mask`, `overlay`, `width`, `height`,
//! `secs`, `tiles`, `memory_bytes` (what was planned at most, the network's weights not included) and
//! `classes` (`label`, `name`, `share` of the pixels, largest first), or with `image` and `error`. One bad image does not stop the others. With `--scores`
//! one object with `image`, `scores` (the file) and `shape` comes first.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use serde::Serialize;

use super::args::PredictArgs;
use super::output::{self, percent};
use super::{Session, find_network};
use crate::engine::{
    Averaging, Engine, ImageFacts, NetworkSource, Output, PredictOptions, Prediction,
    PredictionFiles, SaveTo, Tiling, memory_text,
};
use crate::text::plural;

/// Predicts, writes and reports; the exit code tells whether all went well.
pub fn run(args: &PredictArgs, session: &Session) -> Result<ExitCode, String> {
    let mut engine = session.engine(args.source.may_need_gpus());
    let images = list_images(&engine, &args.images)?;
    let source = find_network(&mut engine, &args.source)?;
    let existing = args.existing.choice();
    let options = options(args);
    // All names are claimed before anything is written.
    let scores = match &args.scores {
        Some(path) => Some(SaveTo::Path(path.clone(), existing).planned()?),
        None => None,
    };
    let plan = match &args.out {
        Some(out) => engine
            .plan_predictions(&source, &images, out, existing)
            .wait()?,
        None => Vec::new(),
    };
    if let Some(to) = scores {
        write_scores(
            &engine,
            &source,
            &images,
            (to, options.tiling),
            session.json,
        )?;
    }
    let Some(out) = &args.out else {
        return Ok(ExitCode::SUCCESS);
    };
    let mut failed = 0;
    for files in &plan {
        match predict_one(&engine, &source, files, (&options, args.opacity)) {
            Ok(prediction) => report(files, &prediction, session.json),
            Err(message) => {
                failed += 1;
                if session.json {
                    let image = &files.image;
                    output::json(&serde_json::json!({ "image": image, "error": &message }));
                }
                output::problem("error", &message);
            }
        }
    }
    if failed == plan.len() && failed > 1 {
        return Err(format!(
            "all {failed} images failed, and no mask was written"
        ));
    }
    if failed == 1 && plan.len() == 1 {
        return Err("no mask was written".to_owned());
    }
    if failed > 0 {
        return Err(format!(
            "{failed} of {} failed; the masks of the others are in {}",
            plural(plan.len(), "image", "images"),
            out.display()
        ));
    }
    Ok(ExitCode::SUCCESS)
}

fn options(args: &PredictArgs) -> PredictOptions {
    PredictOptions {
        tiling: Tiling {
            side: args.tile,
            skip_empty: args.skip_empty,
        },
        averaging: Averaging {
            scales: args.scales.clone(),
            flip: args.flip,
        },
        threshold: args.threshold,
    }
}

/// Writes the logits of the only image.
fn write_scores(
    engine: &Engine,
    source: &NetworkSource,
    images: &[PathBuf],
    (to, tiling): (SaveTo, Tiling),
    json: bool,
) -> Result<(), String> {
    let [image] = images else {
        return Err(format!(
            "--scores takes one image, but {} are given. Name one image",
            images.len()
        ));
    };
    let logits = engine.logits_with(source, image, tiling).wait()?;
    let (classes, size) = (logits.num_classes, logits.size);
    let file = engine.save_logits(logits, to).wait()?;
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
    files: &PredictionFiles,
    (options, opacity): (&PredictOptions, f32),
) -> Result<Arc<Prediction>, String> {
    tell_plan(engine, source, &files.image, options.tiling)?;
    let prediction = engine
        .predict_with(source, &files.image, options.clone())
        .wait()?;
    let (mask, classes) = (
        Arc::clone(&prediction.mask),
        Arc::clone(&prediction.classes),
    );
    let to = |output: &Output| SaveTo::Planned(output.clone());
    engine
        .save_mask(Arc::clone(&mask), Arc::clone(&classes), to(&files.mask))
        .wait()?;
    let pixels = prediction.image.clone();
    engine
        .save_overlay(pixels, mask, classes, opacity, |_| true, to(&files.overlay))
        .wait()?;
    Ok(prediction)
}

/// Says what an image takes that is too large to be seen as a whole, before it starts.
fn tell_plan(
    engine: &Engine,
    source: &NetworkSource,
    image: &Path,
    tiling: Tiling,
) -> Result<(), String> {
    // An image that cannot be read is told of where it is predicted.
    let Ok(facts) = ImageFacts::read(image) else {
        return Ok(());
    };
    let plan = engine.prediction_plan(source, facts, tiling).wait()?;
    if !plan.is_whole() {
        output::problem(
            "note",
            &format!(
                "{}: {} is predicted in {} tiles of up to {}, in at most {} of memory{}",
                image.display(),
                plan.image,
                plan.tiles.len(),
                plan.largest(),
                memory_text(plan.memory),
                if plan.is_in_file {
                    "; its pixels are decoded part by part"
                } else {
                    ""
                }
            ),
        );
    }
    Ok(())
}

/// The images named one by one and those in the named folders and archives; all of these must have some.
fn list_images(engine: &Engine, paths: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
    let found = engine.find_images(paths.to_vec()).join();
    let found = found.map_err(|err| err.to_string())?;
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

fn report(files: &PredictionFiles, prediction: &Prediction, json: bool) {
    let (image, mask) = (&files.image, files.mask.path());
    let shares = class_shares(prediction);
    let (width, height) = (prediction.mask.width, prediction.mask.height);
    if json {
        output::json(&serde_json::json!({
            "image": image,
            "mask": mask,
            "overlay": files.overlay.path(),
            "width": width,
            "height": height,
            "secs": prediction.secs,
            "tiles": prediction.tiles,
            "memory_bytes": prediction.memory,
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
        mask.display(),
        prediction.secs,
        words.join(", ")
    ));
}
