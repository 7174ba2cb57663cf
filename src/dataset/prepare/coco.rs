//! COCO's JSON: one file for many images, with outlines or run lengths by category.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::annotated::{Annotated, AnnotatedImage, ImageOf, Images, problem, read, validates};
use super::outline::{empty, fill, fill_runs, runs_of};
use crate::dataset::{
    Class, ClassList, DatasetError, LabelMap, Layout, Note, NoteTopic, Size, VOID, voc_color,
};

#[derive(Debug, Deserialize)]
struct Document {
    images: Vec<Image>,
    annotations: Vec<Annotation>,
    categories: Vec<Category>,
}

#[derive(Debug, Deserialize)]
struct Image {
    id: u64,
    file_name: String,
    width: u32,
    height: u32,
}

#[derive(Debug, Deserialize)]
struct Category {
    id: u64,
    name: String,
}

#[derive(Debug, Deserialize)]
struct Annotation {
    image_id: u64,
    category_id: u64,
    #[serde(default)]
    segmentation: Option<Segmentation>,
    #[serde(default)]
    iscrowd: u8,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Segmentation {
    Outlines(Vec<Vec<f64>>),
    Runs { counts: Counts, size: [u32; 2] },
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Counts {
    Text(String),
    Numbers(Vec<u64>),
}

/// An object of one image, with its label.
struct Object {
    segmentation: Segmentation,
    label: u8,
}

/// The annotations in the documents that are COCO's; `None` = there are none.
pub(super) fn find(
    root: &Path,
    images: &[PathBuf],
    documents: &[PathBuf],
) -> Result<Option<Annotated>, DatasetError> {
    let mut parsed: Vec<(&PathBuf, Document)> = Vec::new();
    for path in documents {
        let bytes = read(path)?;
        match serde_json::from_slice(&bytes) {
            Ok(document) => parsed.push((path, document)),
            Err(err) if looks_like_coco(&bytes) => {
                return Err(problem(
                    path,
                    format!(
                        "not a document of COCO ({err}). Export it again, or mend it in an editor"
                    ),
                ));
            }
            Err(_) => {}
        }
    }
    if parsed.is_empty() {
        return Ok(None);
    }
    let categories: BTreeMap<u64, String> = parsed
        .iter()
        .flat_map(|(_, document)| &document.categories)
        .map(|category| (category.id, category.name.clone()))
        .collect();
    let classes = classes(root, &categories)?;
    let labels: BTreeMap<u64, u8> = categories.keys().copied().zip(1..VOID).collect();
    let files = Images::new(images);
    let (mut items, mut without) = (Vec::new(), 0);
    for (path, document) in parsed {
        let objects = objects(path, document.annotations, &labels)?;
        let mut objects = objects;
        for image in document.images {
            let Some(objects) = objects.remove(&image.id) else {
                without += 1;
                continue;
            };
            items.push(item(root, path, &files, image, objects)?);
        }
    }
    let mut notes = vec![
        Note::found(
            NoteTopic::ClassNames,
            "the categories of the annotations after the background",
        ),
        Note::assumed(NoteTopic::Void, "crowds, and 255"),
        Note::assumed(
            NoteTopic::Files,
            "where objects overlap, the one that comes later in the file is on top",
        ),
    ];
    if without > 0 {
        let text = format!("{without} images without an annotation are left out");
        notes.push(Note::assumed(NoteTopic::Pairing, text));
    }
    Ok((!items.is_empty()).then_some(Annotated {
        layout: Layout::Coco,
        classes,
        items,
        notes,
    }))
}

fn looks_like_coco(bytes: &[u8]) -> bool {
    let has = |word: &[u8]| bytes.windows(word.len()).any(|part| part == word);
    has(b"\"annotations\"") && has(b"\"categories\"") && has(b"\"images\"")
}

fn classes(root: &Path, categories: &BTreeMap<u64, String>) -> Result<ClassList, DatasetError> {
    let names = std::iter::once("background").chain(categories.values().map(String::as_str));
    let class = |(label, name): (usize, &str)| Class {
        name: name.to_owned(),
        color: voc_color(u8::try_from(label).unwrap_or(VOID)),
    };
    ClassList::new(names.enumerate().map(class).collect()).map_err(|reason| problem(root, reason))
}

/// The objects by image.
fn objects(
    path: &Path,
    annotations: Vec<Annotation>,
    labels: &BTreeMap<u64, u8>,
) -> Result<BTreeMap<u64, Vec<Object>>, DatasetError> {
    let mut objects: BTreeMap<u64, Vec<Object>> = BTreeMap::new();
    for annotation in annotations {
        let label = *labels.get(&annotation.category_id).ok_or_else(|| {
            let id = annotation.category_id;
            problem(
                path,
                format!(
                    "an annotation is of category {id}, which is not in the file. Add it to the categories, or take the \
                     annotation out"
                ),
            )
        })?;
        let of_image = objects.entry(annotation.image_id).or_default();
        // Boxes without an outline say nothing about pixels.
        of_image.extend(annotation.segmentation.map(|segmentation| Object {
            segmentation,
            label: if annotation.iscrowd == 1 { VOID } else { label },
        }));
    }
    Ok(objects)
}

fn item(
    root: &Path,
    path: &Path,
    files: &Images<'_>,
    image: Image,
    objects: Vec<Object>,
) -> Result<AnnotatedImage, DatasetError> {
    let folder = path.parent().unwrap_or(root);
    let validates = validates(path, root);
    let split = match validates {
        Some(true) => "val",
        Some(false) => "train",
        None => "",
    };
    let found = files.find(folder, &image.file_name, split).ok_or_else(|| {
        let reason = format!(
            "its image {} is not in this folder, or several have this name. Add the image",
            image.file_name
        );
        problem(path, reason)
    })?;
    let size = Size::new(image.width, image.height);
    Ok(AnnotatedImage {
        id: found
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
        image: ImageOf::File(found),
        validates,
        source: path.to_owned(),
        draw: Box::new(move || draw(size, &objects)),
    })
}

fn draw(size: Size, objects: &[Object]) -> Result<LabelMap, String> {
    let mut labels = empty(size)?;
    for object in objects {
        match &object.segmentation {
            Segmentation::Outlines(outlines) => {
                // The parts of one object may overlap, so each is filled by itself.
                for outline in outlines {
                    let points = outline.as_chunks::<2>().0.to_vec();
                    fill(&mut labels, &[points], object.label);
                }
            }
            Segmentation::Runs { counts, size: own } => {
                if *own != [size.height, size.width] {
                    return Err(format!(
                        "an object is {}x{} pixels but its image {size}",
                        own[1], own[0]
                    ));
                }
                let runs = match counts {
                    Counts::Text(text) => runs_of(text)?,
                    Counts::Numbers(runs) => runs.clone(),
                };
                fill_runs(&mut labels, &runs, object.label)?;
            }
        }
    }
    Ok(labels)
}
