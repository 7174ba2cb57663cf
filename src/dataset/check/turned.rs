//! The rule about EXIF where sizes do not tell: after half turns and mirroring, and in square
//! images, a mask that was made for the image as it is stored has the right size too.

use std::path::PathBuf;

use super::Facts;
use super::facts::ItemFacts;
use super::finding::{Finding, FindingKind, Fix, Severity};
use super::fit::{CLEAR, Fit, MadeFor};

/// How much stronger the edges are on the one side than on the other in [`SEVERAL`] pairs, in which
/// chance evens out.
const CLEAR_OF_SEVERAL: f64 = 1.5;
const SEVERAL: usize = 3;

/// Masks that fit their images as they are stored, or of which nobody can say.
pub(super) fn find(facts: &Facts<'_>) -> Option<Finding> {
    let items: Vec<(&ItemFacts, Fit)> = facts
        .items
        .iter()
        .filter_map(|item| Some((item, item.fit?)))
        .collect();
    let all = items
        .iter()
        .fold(Fit::default(), |sum, (_, fit)| sum.and(*fit));
    let clear = if items.len() < SEVERAL {
        CLEAR
    } else {
        CLEAR_OF_SEVERAL
    };
    let masks_that = |is: &dyn Fn(MadeFor) -> bool| -> Vec<PathBuf> {
        let found = items.iter().filter(|(_, fit)| is(fit.made_for(CLEAR)));
        found.map(|(item, _)| item.mask_path.clone()).collect()
    };
    let warning = |masks: Vec<PathBuf>, reason: &str| {
        let kind = FindingKind::ExifUnclear;
        let finding = || Finding::new(Severity::Warning, kind, &masks, reason);
        (!masks.is_empty()).then(|| finding().with_fix(Fix::TurnUnclear))
    };
    match all.made_for(clear) {
        MadeFor::Stored => {
            let masks = masks_that(&|made| made != MadeFor::Shown);
            let reason = "EXIF turns or mirrors the images of these masks, and the masks were made for the images as they \
                          are stored: their boundaries lie on edges of the images only when the masks are turned as well. \
                          Turn the masks, or save the images upright without EXIF";
            let finding = Finding::new(Severity::Error, FindingKind::TurnedByExif, &masks, reason);
            Some(finding.with_fix(Fix::TurnMasks))
        }
        MadeFor::Shown => warning(
            masks_that(&|made| made == MadeFor::Stored),
            "EXIF turns or mirrors the images of these masks, whose boundaries lie on edges of the images only when the \
             masks are turned as well, unlike those of the other turned images. Look at these pairs; where they are turned or mirrored, turn the masks in \
             a copy",
        ),
        MadeFor::Unknown => warning(
            masks_that(&|made| made != MadeFor::Shown),
            "EXIF turns or mirrors the images of these masks without changing their size, and neither the sizes nor the \
             edges say whether the masks were made for the images as they are shown, which is assumed, or as they are \
             stored. Look at a pair; if its mask is turned or mirrored, turn the masks in a copy",
        ),
    }
}
