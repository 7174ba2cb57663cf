//! The Semantic Boundaries Dataset: images in `img`, segmentations in `cls` as MAT files.

use std::path::{Path, PathBuf};

use strum::VariantArray as _;

use super::annotated::{Annotated, AnnotatedImage, ImageOf, Images, problem, read};
use super::mat;
use crate::dataset::layout::{candidates, read_lines};
use crate::dataset::{ClassList, DatasetError, Layout, Note, NoteTopic, Split};

/// The annotations in these MAT files; `None` = there are none in a folder `cls`.
pub(super) fn find(
    images: &[PathBuf],
    matrices: &[PathBuf],
) -> Result<Option<Annotated>, DatasetError> {
    let in_cls = |path: &&PathBuf| path.parent().is_some_and(|folder| folder.ends_with("cls"));
    let matrices: Vec<&PathBuf> = matrices.iter().filter(in_cls).collect();
    let Some(folder) = matrices.first().and_then(|path| path.parent()?.parent()) else {
        return Ok(None);
    };
    let mut lists = Vec::new();
    for split in Split::VARIANTS {
        let word: &str = split.into();
        lists.push((*split, list(&folder.join(format!("{word}.txt")))?));
    }
    let files = Images::new(images);
    let mut items = Vec::new();
    let sources = matrices.iter().map(|path| (*path).clone()).collect();
    for path in matrices {
        let id = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let image = ["jpg", "png", "jpeg"]
            .iter()
            .find_map(|end| files.find(&folder.join("img"), &format!("{id}.{end}"), "img"));
        let image = image.ok_or_else(|| {
            problem(
                path,
                format!("its image img/{id}.jpg is not here. Add the image"),
            )
        })?;
        let source = path.clone();
        items.push(AnnotatedImage {
            split: lists
                .iter()
                .rev()
                .find_map(|(split, ids)| ids.contains(&id).then_some(*split)),
            id,
            image: ImageOf::File(image),
            doubt: None,
            source: path.clone(),
            draw: Box::new(move || {
                let bytes = read(&source).map_err(|err| err.to_string())?;
                mat::segmentation(&bytes)
            }),
        });
    }
    let text = "VOC's 21, which SBD labels";
    Ok(Some(Annotated {
        layout: Layout::Sbd,
        classes: ClassList::voc(),
        items,
        documents: sources,
        notes: vec![Note::found(NoteTopic::ClassNames, text)],
    }))
}

fn list(path: &Path) -> Result<std::collections::BTreeSet<String>, DatasetError> {
    if !path.is_file() {
        return Ok(std::collections::BTreeSet::new());
    }
    let lines = read_lines(path)?.into_iter();
    Ok(lines
        .filter_map(|(_, line)| candidates(&line).last().map(|name| (*name).to_owned()))
        .collect())
}
