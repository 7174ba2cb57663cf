//! Folders whose masks are annotations: finds which, and writes the masks.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use super::annotated::{Annotated, AnnotatedImage, ImageOf, problem};
use super::{Cache, Progress, coco, labelme, sbd};
use crate::dataset::layout::{documents, files_below, mask_palette, of_parts};
use crate::dataset::{
    Confidence, Dataset, DatasetError, DatasetItem, IMAGE_EXTENSIONS, ImageReading, MaskColors,
    Note, NoteTopic, PairReview, ReviewedPair, VOID, write_index_png,
};
use crate::files::write_atomic;

/// How many masks are written between two reports of progress.
const CHUNK: usize = 32;

/// What a folder has of annotations.
pub(super) enum Found {
    Dataset(Box<Dataset>),
    /// Documents in which nothing is annotated: a sentence that names one.
    Unlabeled(String),
    Nothing,
}

/// The dataset of a folder with annotations.
pub(super) fn open(
    root: &Path,
    cache: &Cache<'_>,
    progress: &mut Progress<'_>,
) -> Result<Found, DatasetError> {
    let images: Vec<PathBuf> = files_below(root, IMAGE_EXTENSIONS);
    let Some(annotated) = find(root, &images)? else {
        return Ok(Found::Nothing);
    };
    if let ([], [first, ..]) = (&annotated.items[..], &annotated.documents[..]) {
        let first = first.strip_prefix(root).unwrap_or(first).display();
        let text = format!(
            "{first} is a document of COCO without an annotation of an image that it lists, as those of test images \
             are. Export it again with the annotations, as outlines or masks"
        );
        return Ok(Found::Unlabeled(text));
    }
    let name = super::stem(root);
    // Another number where masks are drawn in another way than by an earlier version.
    let name = format!("{name}-masks-4");
    let drawn_from = (&annotated.documents[..], &*annotated.settings(root));
    let folder = cache.prepared(&name, drawn_from, |folder| {
        write_masks(&annotated, folder, progress)
    })?;
    let dataset = dataset(root, &folder, annotated)?;
    Ok(Found::Dataset(Box::new(dataset)))
}

/// The annotations of a folder; `None` = there are none.
fn find(root: &Path, images: &[PathBuf]) -> Result<Option<Annotated>, DatasetError> {
    let matrices = files_below(root, &["mat"]);
    if let Some(annotated) = sbd::find(images, &matrices)? {
        return Ok(Some(annotated));
    }
    let documents = files_below(root, &["json"]);
    if let Some(annotated) = labelme::find(root, images, &documents)? {
        return Ok(Some(annotated));
    }
    coco::find(root, images, &documents)
}

fn write_masks(
    annotated: &Annotated,
    folder: &Path,
    progress: &mut Progress<'_>,
) -> Result<(), DatasetError> {
    let total = annotated.items.len();
    let numbered: Vec<(usize, &AnnotatedImage)> = annotated.items.iter().enumerate().collect();
    for (index, chunk) in numbered.chunks(CHUNK).enumerate() {
        chunk
            .par_iter()
            .map(|(number, item)| {
                let labels = (item.draw)()
                    .map_err(|reason| problem(&item.source, format!("{}: {reason}", item.id)))?;
                if let ImageOf::Document(image) = &item.image {
                    let bytes = image().map_err(|reason| problem(&item.source, reason))?;
                    let path = folder.join(image_name(*number));
                    write_atomic(&path, |file| file.write_all(&bytes))?;
                }
                write_index_png(
                    &folder.join(mask_name(*number)),
                    &labels,
                    &annotated.classes,
                )
            })
            .collect::<Result<(), DatasetError>>()?;
        if !progress(index * CHUNK + chunk.len(), total) {
            return Err(DatasetError::Interrupted {
                path: folder.to_owned(),
            });
        }
    }
    Ok(())
}

/// Ids may hold anything, so masks have numbers.
fn mask_name(number: usize) -> String {
    format!("{number:07}.png")
}

/// The name of an image that is in the annotations. Reading it tells the format by its content.
fn image_name(number: usize) -> String {
    format!("{number:07}_image.jpg")
}

fn dataset(root: &Path, folder: &Path, annotated: Annotated) -> Result<Dataset, DatasetError> {
    let (mut parts, mut pairs) = (Vec::new(), Vec::new());
    for (number, item) in annotated.items.into_iter().enumerate() {
        let pair = DatasetItem {
            id: item.id,
            image: match item.image {
                ImageOf::File(path) => path,
                ImageOf::Document(_) => folder.join(image_name(number)),
            },
            mask: folder.join(mask_name(number)),
        };
        pairs.push(reviewed(&pair, item.doubt, item.source));
        parts.push((pair, item.split));
    }
    let splits = of_parts(root, parts, "the annotations' files and folders")?;
    let mut notes = annotated.notes;
    notes.extend(splits.notes);
    notes.push(Note::found(
        NoteTopic::Files,
        format!(
            "masks were drawn from the annotations into {}",
            folder.display()
        ),
    ));
    Ok(Dataset {
        name: super::stem(root),
        root: root.to_owned(),
        layout: annotated.layout,
        palette: mask_palette(&annotated.classes, &[]),
        classes: annotated.classes,
        void_labels: vec![VOID],
        mask_colors: MaskColors::Listed,
        remap: Vec::new(),
        images: ImageReading::default(),
        wants_range: false,
        train: splits.train,
        val: splits.val,
        test: splits.test,
        drawn: Arc::new(documents(&pairs)),
        review: review(pairs),
        notes,
    })
}

fn reviewed(pair: &DatasetItem, doubt: Option<String>, document: PathBuf) -> ReviewedPair {
    ReviewedPair {
        image: pair.image.clone(),
        mask: pair.mask.clone(),
        confidence: match doubt {
            Some(_) => Confidence::Medium,
            None => Confidence::High,
        },
        reason: doubt.unwrap_or_else(|| "the annotations say so".to_owned()),
        document: Some(document),
    }
}

/// The pairs for people to look at, where one of them is in doubt.
fn review(mut pairs: Vec<ReviewedPair>) -> Option<Arc<PairReview>> {
    pairs.sort_by_key(|pair| pair.confidence);
    let is_in_doubt = |pair: &ReviewedPair| pair.confidence < Confidence::High;
    pairs.iter().any(is_in_doubt).then(|| {
        Arc::new(PairReview {
            pairs,
            ..PairReview::default()
        })
    })
}
