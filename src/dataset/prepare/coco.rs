//! COCO's JSON: one file for many images, with outlines or run lengths by category.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use super::annotated::{Annotated, AnnotatedImage, ImageOf, Images, problem, split_of_path};
use super::coco_categories::{Categories, Category};
use super::coco_document::{Annotation, Counts, Document, Image, Segmentation};
use super::coco_left_out::LeftOut;
use super::outline::{empty, fill, fill_runs, runs_of};
use crate::dataset::layout::note_of_unread_list;
use crate::dataset::{
    Class, ClassList, DatasetError, LabelMap, Layout, Note, NoteTopic, Size, Split, VOID, voc_color,
};
use crate::text::plural;

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
        if let Some(document) = Document::read(path)? {
            document.check_ids(path)?;
            parsed.push((path, document));
        }
    }
    if parsed.is_empty() {
        return Ok(None);
    }
    let paths: Vec<PathBuf> = parsed.iter().map(|(path, _)| (*path).clone()).collect();
    let documents: Vec<&Document> = parsed.iter().map(|(_, document)| document).collect();
    let lists: Vec<&[Category]> = documents
        .iter()
        .map(|one| one.categories.as_slice())
        .collect();
    let categories = Categories::of(&lists);
    let classes = classes(root, &categories.names)?;
    let files = Images::new(images);
    let mut pictures = Pictures::default();
    let (mut without, mut left_out) = (0, Vec::new());
    for ((path, document), labels) in parsed.into_iter().zip(&categories.labels) {
        left_out.extend(LeftOut::of(path, &document)?.notes());
        let mut objects = objects(path, document.annotations, labels)?;
        for image in document.images {
            match objects.remove(&image.id) {
                Some(objects) => pictures.add(picture(root, path, &files, image, objects)?)?,
                None => without += 1,
            }
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
    if categories.are_by_name {
        let text =
            "the files number the categories differently: categories of one name are one class";
        notes.push(Note::assumed(NoteTopic::ClassNames, text));
    }
    notes.extend(note_of_unread_list(root, &classes));
    notes.extend(left_out);
    if pictures.shared > 0 {
        let images = plural(pictures.shared, "image is", "images are");
        let text =
            format!("{images} in several files of annotations, whose objects are put together");
        notes.push(Note::assumed(NoteTopic::Files, text));
    }
    if without > 0 {
        let text = format!(
            "{} left out",
            plural(
                without,
                "image without an annotation is",
                "images without an annotation are"
            )
        );
        notes.push(Note::assumed(NoteTopic::Pairing, text));
    }
    Ok(Some(Annotated {
        layout: Layout::Coco,
        classes,
        items: pictures.found.into_iter().map(Picture::item).collect(),
        documents: paths,
        notes,
    }))
}

fn classes(root: &Path, names: &[String]) -> Result<ClassList, DatasetError> {
    let names = std::iter::once("background").chain(names.iter().map(String::as_str));
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
        of_image.extend(annotation.segmentation.map(|segmentation| Object {
            segmentation,
            label: if annotation.iscrowd.is_set() {
                VOID
            } else {
                label
            },
        }));
    }
    Ok(objects)
}

/// An image and all its objects.
struct Picture {
    image: PathBuf,
    size: Size,
    split: Option<Split>,
    source: PathBuf,
    objects: Vec<Object>,
}

impl Picture {
    fn item(self) -> AnnotatedImage {
        let name = self.image.file_stem().unwrap_or_default();
        let (size, objects) = (self.size, self.objects);
        AnnotatedImage {
            id: name.to_string_lossy().into_owned(),
            image: ImageOf::File(self.image),
            doubt: None,
            split: self.split,
            source: self.source,
            draw: Box::new(move || draw(size, &objects)),
        }
    }
}

/// The images of all documents, each once in a list: a document may hold some classes alone.
#[derive(Default)]
struct Pictures {
    found: Vec<Picture>,
    places: HashMap<(PathBuf, Option<Split>), usize>,
    /// How many are in several documents.
    shared: usize,
}

impl Pictures {
    fn add(&mut self, picture: Picture) -> Result<(), DatasetError> {
        match self.places.entry((picture.image.clone(), picture.split)) {
            Entry::Vacant(place) => {
                place.insert(self.found.len());
                self.found.push(picture);
            }
            Entry::Occupied(place) => {
                let known = &mut self.found[*place.get()];
                if known.size != picture.size {
                    let reason = format!(
                        "its image {} is {} here but {} in {}",
                        picture.image.display(),
                        picture.size,
                        known.size,
                        known.source.display()
                    );
                    return Err(problem(&picture.source, reason));
                }
                known.objects.extend(picture.objects);
                self.shared += 1;
            }
        }
        Ok(())
    }
}

fn picture(
    root: &Path,
    path: &Path,
    files: &Images<'_>,
    image: Image,
    objects: Vec<Object>,
) -> Result<Picture, DatasetError> {
    let folder = path.parent().unwrap_or(root);
    let split = split_of_path(path, root);
    let folder_of_split: &str = split.map_or("", Into::into);
    let found = files.find(folder, &image.file_name, folder_of_split);
    let found = found.ok_or_else(|| {
        let reason = format!(
            "its image {} is not in this folder, or several have this name. Add the image",
            image.file_name
        );
        problem(path, reason)
    })?;
    Ok(Picture {
        image: found,
        size: Size::new(image.width, image.height),
        split,
        source: path.to_owned(),
        objects,
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
