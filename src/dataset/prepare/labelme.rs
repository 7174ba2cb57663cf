//! labelme's JSON files: one beside each image, with outlines by name.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;
use std::path::{Path, PathBuf};

use base64::alphabet;
use base64::engine::{DecodePaddingMode, Engine as _, GeneralPurpose, GeneralPurposeConfig};
use image::{GrayImage, ImageFormat, ImageReader};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::annotated::{Annotated, AnnotatedImage, ImageOf, Images, problem, read, split_of_path};
use super::labelme_outline::outline;
use super::outline::{empty, fill};
use crate::dataset::classes::{is_background, is_ignored};
use crate::dataset::layout::listed_classes;
use crate::dataset::{
    Class, ClassList, DatasetError, LabelMap, Layout, Note, NoteTopic, Size, VOID, read_image_size,
    voc_color,
};
use crate::text::plural;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    shapes: Vec<Shape>,
    image_path: String,
    /// Versions before 3.3 write no size.
    #[serde(default)]
    image_height: Option<u32>,
    #[serde(default)]
    image_width: Option<u32>,
    /// Whether the image is in the document as well.
    image_data: Option<IgnoredAny>,
}

/// A document with its image.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WithImage {
    image_data: String,
}

#[derive(Debug, Deserialize)]
struct Shape {
    label: String,
    points: Vec<[f64; 2]>,
    #[serde(default, rename = "shape_type")]
    kind: Option<String>,
    /// Of the type `mask`: a PNG in base 64, which begins at the first point.
    #[serde(default)]
    mask: Option<String>,
}

/// Longer documents are not looked at.
const LARGEST: u64 = 256 << 20;

/// The annotations in these documents; `None` = none is labelme's.
pub(super) fn find(
    root: &Path,
    images: &[PathBuf],
    documents: &[PathBuf],
) -> Result<Option<Annotated>, DatasetError> {
    let parse = |path: &Path| -> Result<Document, DatasetError> {
        serde_json::from_slice(&read(path)?)
            .map_err(|err| problem(path, format!("not a document of labelme ({err})")))
    };
    let mut names = BTreeSet::new();
    let mut parsed = Vec::new();
    let mut left_out: BTreeMap<String, usize> = BTreeMap::new();
    let (mut others, mut first_problem) = (Vec::new(), None);
    for path in documents.iter().filter(|path| can_be_labelme(path)) {
        let mut document = match parse(path) {
            Ok(document) => document,
            // Settings of a program lie beside annotations.
            Err(_) if !looks_like_labelme(path) => {
                others.push(path);
                continue;
            }
            Err(err) => {
                first_problem.get_or_insert(err);
                continue;
            }
        };
        document.tidy(&mut left_out);
        names.extend(document.shapes.iter().map(|shape| shape.label.clone()));
        parsed.push((path, document));
    }
    match first_problem {
        _ if parsed.is_empty() => return Ok(None),
        Some(err) => return Err(err),
        None => {}
    }
    let (classes, mut notes) = classes(root, &names)?;
    if let Some(first) = others.first() {
        let text = format!(
            "{} not annotations of labelme, left out, such as {}",
            plural(others.len(), "document is", "documents are"),
            first.display()
        );
        notes.push(Note::assumed(NoteTopic::Files, text));
    }
    for (kind, count) in left_out {
        let text = format!("{count} shapes of the type \"{kind}\" have no area and are left out");
        notes.push(Note::assumed(NoteTopic::Files, text));
    }
    let labels = Labels::of(&classes);
    let images = Images::new(images);
    let paths = parsed.iter().map(|(path, _)| (*path).clone()).collect();
    let mut items = Vec::new();
    for (path, document) in parsed {
        let folder = path.parent().unwrap_or(root);
        let mut doubt = None;
        let image = match images.find(folder, &document.image_path, "") {
            Some(image) => {
                doubt = images
                    .rival(path, &image)
                    .map(|rival| doubt_about(path, &image, &rival, root));
                ImageOf::File(image)
            }
            None if document.image_data.is_some() => {
                let path = path.clone();
                ImageOf::Document(Box::new(move || image_in(&path)))
            }
            None => {
                let reason = format!(
                    "its image {} is not here. Put the image beside it",
                    document.image_path
                );
                return Err(problem(path, reason));
            }
        };
        let labels = labels.clone();
        let file = match &image {
            ImageOf::File(file) => Some(file.clone()),
            ImageOf::Document(_) => None,
        };
        items.push(AnnotatedImage {
            id: path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
            image,
            doubt,
            split: split_of_path(path, root),
            source: path.clone(),
            draw: Box::new(move || draw(&document, file.as_deref(), &labels)),
        });
    }
    Ok(Some(Annotated {
        layout: Layout::Labelme,
        classes,
        items,
        documents: paths,
        notes,
    }))
}

/// Why a document may be of another image than the one that it names: copies of images are often made
/// with copies of their documents, in which the name stays.
fn doubt_about(document: &Path, image: &Path, rival: &Path, root: &Path) -> String {
    let [document, image, rival] = [document, image, rival].map(|path| {
        path.strip_prefix(root)
            .unwrap_or(path)
            .display()
            .to_string()
    });
    format!("{document} says that it is of {image}, but there is {rival} too")
}

/// One image is in a document, if any; those of other programs may be very long.
fn can_be_labelme(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|file| file.len() <= LARGEST)
}

/// Whether a document that cannot be read was meant to be one of labelme's.
fn looks_like_labelme(path: &Path) -> bool {
    let is_key = |part: &[u8]| part == b"\"shapes\"";
    read(path).is_ok_and(|text| text.windows(8).any(is_key))
}

/// The classes of a class list, or the names in the order of the alphabet after the background.
fn classes(root: &Path, names: &BTreeSet<String>) -> Result<(ClassList, Vec<Note>), DatasetError> {
    if let Some((classes, mut notes)) = listed_classes(root)? {
        if !(0..VOID).any(|label| classes.is_background(label)) {
            let text = format!(
                "the class list has no background, so what is in no outline is of its first class, \"{}\". Write background as \
                 the first line if it is none of the classes",
                classes.name(0)
            );
            notes.push(Note::assumed(NoteTopic::ClassNames, text));
        }
        return Ok((classes, notes));
    }
    let foreground = names
        .iter()
        .filter(|name| !is_ignored(name) && !is_background(name));
    let all = std::iter::once("background").chain(foreground.map(String::as_str));
    let class = |(label, name): (u8, &str)| Class {
        name: name.to_owned(),
        color: voc_color(label),
    };
    let classes = ClassList::new((0..VOID).zip(all).map(class).collect())
        .map_err(|reason| problem(root, reason))?;
    let text = "those of the annotations in the order of the alphabet, after the background";
    Ok((classes, vec![Note::assumed(NoteTopic::ClassNames, text)]))
}

/// The labels of shapes by their names.
#[derive(Clone)]
struct Labels {
    by_name: BTreeMap<String, u8>,
    /// Of what is in no outline.
    around: u8,
}

impl Labels {
    fn of(classes: &ClassList) -> Self {
        let labels = (0..VOID).zip(classes);
        Self {
            by_name: labels
                .map(|(label, class)| (class.name.clone(), label))
                .collect(),
            around: (0..VOID)
                .find(|label| classes.is_background(*label))
                .unwrap_or(0),
        }
    }

    fn get(&self, name: &str) -> Option<u8> {
        match self.by_name.get(name) {
            Some(label) => Some(*label),
            None if is_ignored(name) => Some(VOID),
            None => is_background(name).then_some(self.around),
        }
    }
}

/// The size that a document says, or that its image has.
fn size(document: &Document, image: Option<&Path>) -> Result<Size, String> {
    if let (Some(width), Some(height)) = (document.image_width, document.image_height) {
        return Ok(Size::new(width, height));
    }
    let image = image.ok_or("it does not say the size of its image. Put the image beside it")?;
    read_image_size(image).map_err(|err| err.to_string())
}

fn draw(document: &Document, image: Option<&Path>, of_names: &Labels) -> Result<LabelMap, String> {
    let mut labels = empty(size(document, image)?)?;
    labels.labels.fill(of_names.around);
    for shape in &document.shapes {
        let label = of_names.get(&shape.label).ok_or_else(|| {
            format!(
                "the class \"{}\" is not in the class list. Add it or take the list away",
                shape.label
            )
        })?;
        if shape.has_mask() {
            draw_mask(&mut labels, shape, label)?;
        } else if let Some(outline) = outline(shape.kind.as_deref(), &shape.points) {
            fill(&mut labels, &[outline], label);
        }
    }
    Ok(labels)
}

/// The file of the image that is in a document.
fn image_in(document: &Path) -> Result<Vec<u8>, String> {
    let text = read(document).map_err(|err| err.to_string())?;
    let with_image: WithImage =
        serde_json::from_slice(&text).map_err(|err| format!("its image cannot be read ({err})"))?;
    bytes_of(&with_image.image_data)
        .ok_or_else(|| "its image is not written in base 64. Put the image beside it".to_owned())
}

/// The bytes of a text in base 64, in either alphabet of RFC 4648, perhaps in lines and without the `=` at its end.
fn bytes_of(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text
        .bytes()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    let is_of_urls = |digit: &u8| [b'-', b'_'].contains(digit);
    let alphabet = if digits.iter().any(is_of_urls) {
        alphabet::URL_SAFE
    } else {
        alphabet::STANDARD
    };
    let tolerant = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    GeneralPurpose::new(&alphabet, tolerant).decode(digits).ok()
}

impl Document {
    /// Keeps the shapes that have an area, and counts the others by their kinds.
    fn tidy(&mut self, left_out: &mut BTreeMap<String, usize>) {
        self.shapes.retain_mut(|shape| {
            // Typed by hand, so that blanks at the ends are slips.
            shape.label = shape.label.trim().to_owned();
            let kept = outline(shape.kind.as_deref(), &shape.points).is_some() || shape.has_mask();
            if !kept {
                let kind = shape.kind.clone().unwrap_or_default();
                *left_out.entry(kind).or_default() += 1;
            }
            kept
        });
    }
}

impl Shape {
    fn has_mask(&self) -> bool {
        self.kind.as_deref() == Some("mask") && self.mask.is_some() && !self.points.is_empty()
    }
}

/// Draws a shape that is a picture of its own, beginning at its first point.
fn draw_mask(labels: &mut LabelMap, shape: &Shape, label: u8) -> Result<(), String> {
    let picture = picture(shape.mask.as_deref().unwrap_or_default())
        .map_err(|reason| format!("the mask of a shape \"{}\" {reason}", shape.label))?;
    let [left, top] = shape.points.first().map_or([0; 2], |point| {
        // Numbers that are too large lie outside of the image.
        point.map(|value| value.floor() as i64)
    });
    let place = |start: i64, at: u32, end: u32| {
        let place = start.checked_add(i64::from(at))?;
        usize::try_from(place)
            .ok()
            .filter(|place| *place < end as usize)
    };
    for (x, y, pixel) in picture.enumerate_pixels() {
        let column = place(left, x, labels.width);
        let row = place(top, y, labels.height);
        if let (true, Some(column), Some(row)) = (pixel.0[0] > 0, column, row) {
            labels.labels[row * labels.width as usize + column] = label;
        }
    }
    Ok(())
}

fn picture(text: &str) -> Result<GrayImage, String> {
    let bytes = bytes_of(text).ok_or("is not written in base 64")?;
    let mut reader = ImageReader::with_format(Cursor::new(bytes), ImageFormat::Png);
    reader.limits(mask_limits());
    let picture = reader
        .decode()
        .map_err(|err| format!("is no PNG ({err})"))?;
    Ok(picture.into_luma8())
}

/// Sides and memory of a shape's mask, which is no larger than an image.
fn mask_limits() -> image::Limits {
    let mut limits = image::Limits::default();
    limits.max_image_width = Some(32_768);
    limits.max_image_height = Some(32_768);
    limits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vectors_of_the_standard_are_read() {
        for (text, bytes) in [
            ("", &b""[..]),
            ("Zg==", b"f"),
            ("Zm8=", b"fo"),
            ("Zm8", b"fo"),
            ("Zm9v", b"foo"),
            ("Zm9v\nYmFy", b"foobar"),
            ("_w==", b"\xff"),
            ("/w==", b"\xff"),
        ] {
            assert_eq!(bytes_of(text).as_deref(), Some(bytes), "{text}");
        }
        assert_eq!(bytes_of("Zm9v!"), None);
    }
}
