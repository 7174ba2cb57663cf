//! Folders whose masks are annotations: finds which, and writes the masks.

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::annotated::{Annotated, AnnotatedImage, ImageOf, problem};
use super::{Cache, Progress, coco, labelme, sbd};
use crate::dataset::layout::{files_below, mask_palette, of_parts};
use crate::dataset::{
    Dataset, DatasetError, DatasetItem, IMAGE_EXTENSIONS, ImageReading, MaskColors, Note,
    NoteTopic, VOID, write_index_png,
};
use crate::files::write_atomic;

/// How many masks are written between two reports of progress.
const CHUNK: usize = 32;

/// The dataset of a folder with annotations; `None` = there are none.
pub(super) fn open(
    root: &Path,
    cache: &Cache<'_>,
    progress: &mut Progress<'_>,
) -> Result<Option<Dataset>, DatasetError> {
    let images: Vec<PathBuf> = files_below(root, IMAGE_EXTENSIONS);
    let Some((annotated, sources)) = find(root, &images)? else {
        return Ok(None);
    };
    let name = super::stem(root);
    // Another number where masks are drawn in another way than by an earlier version.
    let folder = cache.prepared(&format!("{name}-masks-2"), &sources, |folder| {
        write_masks(&annotated, folder, progress)
    })?;
    Ok(Some(dataset(root, &folder, annotated)?))
}

/// Whether a folder has annotations that can be read, without masks being drawn from them.
pub(super) fn are_there(root: &Path) -> bool {
    let images = files_below(root, IMAGE_EXTENSIONS);
    find(root, &images).is_ok_and(|found| found.is_some())
}

/// The annotations of a folder and the files they are in.
fn find(
    root: &Path,
    images: &[PathBuf],
) -> Result<Option<(Annotated, Vec<PathBuf>)>, DatasetError> {
    let matrices = files_below(root, &["mat"]);
    if let Some(annotated) = sbd::find(images, &matrices)? {
        return Ok(Some((annotated, matrices)));
    }
    let documents = files_below(root, &["json"]);
    if let Some(annotated) = labelme::find(root, images, &documents)? {
        return Ok(Some((annotated, documents)));
    }
    Ok(coco::find(root, images, &documents)?.map(|annotated| (annotated, documents)))
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
    let mut parts = Vec::new();
    for (number, item) in annotated.items.into_iter().enumerate() {
        let pair = DatasetItem {
            id: item.id,
            image: match item.image {
                ImageOf::File(path) => path,
                ImageOf::Document(_) => folder.join(image_name(number)),
            },
            mask: folder.join(mask_name(number)),
        };
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
        review: None,
        notes,
    })
}
