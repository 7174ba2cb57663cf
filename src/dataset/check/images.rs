//! Rules about the files themselves: damage, sizes, bands.

use std::path::PathBuf;

use super::Facts;
use super::facts::{ItemFacts, LabelProblem};
use super::finding::{Finding, FindingKind, Fix, Severity};
use super::unknown::is_blended;
use crate::dataset::Size;

/// Sides that a network with stride 32 can do little with, in pixels.
const SMALL: u32 = 32;
/// Sides that take much memory, in pixels.
const LARGE: u32 = 8192;
/// How much longer than wide a picture usually is, at most.
const NARROW: u32 = 8;

/// All findings.
pub(super) fn find(facts: &Facts<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(unreadable(facts));
    findings.extend(sizes(facts));
    findings.extend(bands(facts));
    findings
}

fn images_that(facts: &Facts<'_>, is: impl Fn(&ItemFacts) -> bool) -> Vec<PathBuf> {
    let found = facts.items.iter().filter(|item| is(item));
    found.map(|item| item.image_path.clone()).collect()
}

fn masks_that(facts: &Facts<'_>, is: impl Fn(&ItemFacts) -> bool) -> Vec<PathBuf> {
    let found = facts.items.iter().filter(|item| is(item));
    found.map(|item| item.mask_path.clone()).collect()
}

fn unreadable(facts: &Facts<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let images = images_that(facts, |item| item.image.is_err());
    let first = facts
        .items
        .iter()
        .find_map(|item| item.image.as_ref().err());
    if let Some(first) = first {
        findings.push(
            Finding::new(
                Severity::Error,
                FindingKind::UnreadableImages,
                &images,
                first.trim_end_matches('.'),
            )
            .with_fix(Fix::LeaveOut),
        );
    }
    let problem = |item: &ItemFacts| match &item.labels {
        Err(LabelProblem::Unreadable(message)) if !is_blended(item, facts.classes.len()) => {
            Some(message.clone())
        }
        _ => None,
    };
    let masks = masks_that(facts, |item| problem(item).is_some());
    if let Some(first) = facts.items.iter().find_map(problem) {
        findings.push(
            Finding::new(
                Severity::Error,
                FindingKind::UnreadableMasks,
                &masks,
                first.trim_end_matches('.'),
            )
            .with_fix(Fix::LeaveOut),
        );
    }
    findings
}

/// Sizes of mask, image as shown, and image as stored, where both are known and differ.
fn mismatch(item: &ItemFacts) -> Option<(Size, Size, Size)> {
    let (mask, header) = (item.mask_size()?, item.image.as_ref().ok()?);
    (mask != header.size).then_some((mask, header.size, header.stored))
}

fn sizes(facts: &Facts<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let turned = |item: &ItemFacts| mismatch(item).is_some_and(|(mask, _, stored)| mask == stored);
    let masks = masks_that(facts, turned);
    if !masks.is_empty() {
        let reason = "these masks have the size of their images as they are stored, but EXIF turns the images. Turn the \
                      masks as well";
        let finding = Finding::new(Severity::Error, FindingKind::TurnedByExif, &masks, reason);
        findings.push(finding.with_fix(Fix::TurnMasks));
    }
    let other = |item: &ItemFacts| mismatch(item).is_some() && !turned(item);
    let masks = masks_that(facts, other);
    let first = facts
        .items
        .iter()
        .find(|item| other(item))
        .and_then(mismatch);
    if let Some((mask, image, _)) = first {
        let reason = format!(
            "these masks have another size than their images, the first {mask} instead of {image}. Export the masks at \
             the size of the images"
        );
        let finding = Finding::new(Severity::Error, FindingKind::SizeMismatch, &masks, reason);
        findings.push(finding.with_fix(Fix::LeaveOut));
    }
    let extreme = images_that(facts, |item| {
        item.image.as_ref().is_ok_and(|header| {
            let (width, height) = (header.size.width, header.size.height);
            let (short, long) = (width.min(height), width.max(height));
            short < SMALL || long > LARGE || long / short.max(1) >= NARROW
        })
    });
    if !extreme.is_empty() {
        let reason = format!(
            "these images have a side below {SMALL} or above {LARGE} pixels, or are {NARROW} times longer than wide"
        );
        findings.push(Finding::new(
            Severity::Info,
            FindingKind::ExtremeSizes,
            &extreme,
            reason,
        ));
    }
    findings
}

/// How to state the range of deep images, which is known where they were read.
fn range_advice(facts: &Facts<'_>) -> String {
    let values = || facts.items.iter().filter_map(|item| item.values);
    let low = values().map(|[low, _]| low).min();
    let high = values().map(|[_, high]| high).max();
    match (low, high) {
        (Some(low), Some(high)) => format!(
            "Their values go from {low} to {high}: write \"range = [{low}, {high}]\" into class-map.toml beside the \
             dataset"
        ),
        _ => "State the range in class-map.toml beside the dataset, such as \"range = [0, 4095]\""
            .to_owned(),
    }
}

fn bands(facts: &Facts<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let without = images_that(facts, |item| item.band_problem.is_some());
    if let Some(problem) = facts
        .items
        .iter()
        .find_map(|item| item.band_problem.as_ref())
    {
        let severity = Severity::Error;
        findings.push(Finding::new(
            severity,
            FindingKind::BandChoice,
            &without,
            format!("of the first of these images: {problem}"),
        ));
    }
    let has = |item: &ItemFacts, is: fn(u8) -> bool| {
        item.image.as_ref().is_ok_and(|header| is(header.bands))
    };
    let gray = images_that(facts, |item| has(item, |bands| bands < 3));
    let color = images_that(facts, |item| has(item, |bands| bands >= 3));
    if !gray.is_empty() && !color.is_empty() {
        let (few, what) = if gray.len() <= color.len() {
            (&gray, "gray, among color images")
        } else {
            (&color, "in color, among gray ones")
        };
        let reason = format!("these images are {what}. Check that they belong to the dataset");
        findings.push(Finding::new(
            Severity::Warning,
            FindingKind::GrayImages,
            few,
            reason,
        ));
    }
    let deep = images_that(facts, |item| {
        item.image.as_ref().is_ok_and(|header| header.bits > 8)
    });
    if !deep.is_empty() && !facts.has_range {
        let reason = format!(
            "these images have more than 8 bits per sample, of which the upper 8 are used: where the values use a part of \
             the range, the network sees little. {}",
            range_advice(facts)
        );
        findings.push(Finding::new(
            Severity::Warning,
            FindingKind::DeepImages,
            &deep,
            reason,
        ));
    }
    let fourth = images_that(facts, |item| item.fourth_band);
    if !fourth.is_empty() {
        let reason = "these images have a band beside their colors that is not opaque everywhere. It is taken for \
                      transparency, and the image is laid on white; if it is infrared or anything else, leave it out";
        let finding = Finding::new(Severity::Warning, FindingKind::FourthBand, &fourth, reason);
        findings.push(finding.with_fix(Fix::StripAlpha));
    }
    findings
}
