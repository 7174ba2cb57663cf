//! Where the names and colors of classes come from: a file of the dataset. Without one, [`look`](super::look).

use std::path::{Path, PathBuf};

use super::json_list;
use super::text::read_text;
use super::{Note, NoteTopic};
use crate::dataset::classes::{ListKind, ParsedClasses, is_background};
use crate::dataset::image_io::read_error;
use crate::dataset::{Class, ClassList, DatasetError, MaskColors, MaskReader, VOID};
use crate::files::{has_extension, is_named};

/// Names of class lists, and what these say. The first one counts.
const CLASS_FILES: [(&str, ListKind); 9] = [
    ("classes.txt", ListKind::Names),
    ("classes.csv", ListKind::Table),
    ("class_names.txt", ListKind::Names),
    ("labelmap.txt", ListKind::Colors),
    ("label_colors.txt", ListKind::Colors),
    ("class_dict.csv", ListKind::Colors),
    ("_classes.csv", ListKind::Table),
    ("objectInfo150.txt", ListKind::Names),
    ("labels.txt", ListKind::Names),
];

/// The classes of a dataset and what is known about its masks' colors.
#[derive(Debug, Clone)]
pub(super) struct Classes {
    pub(super) list: ClassList,
    pub(super) colors: MaskColors,
    pub(super) void_colors: Vec<[u8; 3]>,
    pub(super) notes: Vec<Note>,
}

impl Classes {
    /// Classes that are known without a file.
    pub(super) fn published(list: ClassList, colors: MaskColors, note: Note) -> Self {
        Self {
            list,
            colors,
            void_colors: Vec::new(),
            notes: vec![note],
        }
    }
}

/// The classes in a file, in any of the forms that class lists have.
///
/// # Errors
/// [`DatasetError::File`] when the file cannot be read, [`DatasetError::List`] when there
/// is no class in it, too many, or a color value above 255.
pub fn read_class_list(path: &Path) -> Result<ClassList, DatasetError> {
    Ok(parse(path)?.classes)
}

/// The classes in a class list in a folder of masks or in the one around it.
///
/// # Errors
/// Those of [`read_class_list`].
pub fn find_class_list(masks: &Path) -> Result<Option<ClassList>, DatasetError> {
    // A path such as `labels` has a parent only once it is whole.
    let masks = std::path::absolute(masks).map_err(|err| read_error(masks, err))?;
    let folders = [Some(masks.as_path()), masks.parent()];
    let found = folders.into_iter().flatten().find_map(class_file);
    found.map(|path| read_class_list(&path)).transpose()
}

/// The classes that the class list of a folder gives; `None` where there is no such file.
pub(super) fn read_classes(root: &Path) -> Result<Option<Classes>, DatasetError> {
    // Roboflow writes one into each of its folders.
    let of_roboflow = Some(root.join("train/_classes.csv")).filter(|path| is_named(path));
    let Some(path) = class_file(root).or(of_roboflow) else {
        return Ok(of_document(root));
    };
    let parsed = parse(&path)?;
    if path.ends_with("train/_classes.csv") {
        check_other_lists(root, &path, &parsed.classes)?;
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let names = match &parsed.heading {
        None => Note::found(NoteTopic::ClassNames, format!("from {name}")),
        Some(heading) => Note::assumed(
            NoteTopic::ClassNames,
            format!(
                "from {name}, whose first line \"{heading}\" is taken for a heading and is no class"
            ),
        ),
    };
    let colors = if parsed.has_colors {
        Note::found(NoteTopic::ClassColors, format!("from {name}"))
    } else {
        Note::found(
            NoteTopic::ClassColors,
            format!("{name} has none for all classes; the others are VOC's for the label"),
        )
    };
    Ok(Some(Classes {
        colors: if parsed.by_color {
            MaskColors::Decide
        } else if parsed.has_colors {
            MaskColors::Listed
        } else {
            MaskColors::Assumed
        },
        list: parsed.classes,
        void_colors: parsed.void_colors,
        notes: vec![names, colors],
    }))
}

/// The lists of Roboflow's other folders must number the classes as that of the training folder does.
fn check_other_lists(root: &Path, path: &Path, classes: &ClassList) -> Result<(), DatasetError> {
    for folder in ["valid", "val", "test"] {
        let other_path = root.join(folder).join("_classes.csv");
        if !is_named(&other_path) {
            continue;
        }
        let other = parse(&other_path)?.classes;
        let name = |list: &ClassList, label| list.get(label).map(|class| class.name.clone());
        let differ = |label: &u8| name(classes, *label) != name(&other, *label);
        let Some(label) = (0..VOID).find(differ) else {
            continue;
        };
        let shown =
            |name: Option<String>| name.map_or("no class".to_owned(), |name| format!("\"{name}\""));
        let reason = format!(
            "label {label} is {} here but {} in {}, and the masks of one dataset are of one list. Export the dataset \
             again, or where the masks are of one list, write it into classes.txt beside the folders",
            shown(name(&other, label)),
            shown(name(classes, label)),
            path.display()
        );
        return Err(DatasetError::List {
            path: other_path,
            reason,
        });
    }
    Ok(())
}

/// The names that the list of images of the Medical Segmentation Decathlon gives to labels.
fn of_document(root: &Path) -> Option<Classes> {
    let name = "dataset.json";
    let document = json_list::parse(&read_text(&root.join(name)).ok()?)?;
    let named = || document.classes.iter().filter(|(label, _)| *label < VOID);
    let highest = named().map(|(label, _)| usize::from(*label)).max()?;
    let mut classes = Vec::<Class>::from(ClassList::numbered(highest + 1));
    for (label, name) in named() {
        classes[usize::from(*label)].name.clone_from(name);
    }
    let mut found = Classes::published(
        ClassList::new(classes).ok()?,
        MaskColors::Assumed,
        Note::found(NoteTopic::ClassNames, format!("from {name}")),
    );
    let colors = format!("VOC's for the label, since {name} has none");
    found
        .notes
        .push(Note::assumed(NoteTopic::ClassColors, colors));
    Some(found)
}

/// The classes of a folder's class list, and what to say about them.
pub(in crate::dataset) fn listed_classes(
    root: &Path,
) -> Result<Option<(ClassList, Vec<Note>)>, DatasetError> {
    Ok(read_classes(root)?.map(|classes| (classes.list, classes.notes)))
}

/// What to say of a class list in a folder whose classes are named by its annotations; nothing where it has
/// the same names, with or without the background.
pub(in crate::dataset) fn note_of_unread_list(root: &Path, classes: &ClassList) -> Option<Note> {
    let path = class_file(root)?;
    let names = |list: &ClassList| -> Vec<String> {
        let classes = list.iter().filter(|class| !is_background(&class.name));
        classes.map(|class| class.name.clone()).collect()
    };
    let listed = read_class_list(&path).ok();
    if listed.is_some_and(|listed| names(&listed) == names(classes)) {
        return None;
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let text = format!(
        "{name} is not read, since the annotations name the classes: call the categories otherwise there, or the \
         classes in a class map"
    );
    Some(Note::assumed(NoteTopic::ClassNames, text))
}

/// What the colors of masks stand for: the classes, and void for its own colors, VOC's, and
/// black where no class is black.
pub(in crate::dataset) fn mask_palette(
    classes: &ClassList,
    void_colors: &[[u8; 3]],
) -> Vec<([u8; 3], u8)> {
    let mut reader = MaskReader::new(classes, Vec::new());
    let void = void_colors.iter().map(|color| (*color, VOID));
    reader.palette.splice(classes.len()..classes.len(), void);
    reader.palette
}

/// The names that are looked for, for messages.
pub(super) fn class_file_names() -> String {
    CLASS_FILES.map(|(name, _)| name).join(", ")
}

/// Whether a folder has a class list.
pub(super) fn is_in(folder: &Path) -> bool {
    class_file(folder).is_some()
}

fn class_file(folder: &Path) -> Option<PathBuf> {
    let named = CLASS_FILES.iter().map(|(name, _)| folder.join(name));
    let mut named = named.filter(|path| is_named(path));
    named.next().or_else(|| in_another_case(folder))
}

/// A class list whose name is written in other letters, which systems that do not tell cases apart take for the same.
fn in_another_case(folder: &Path) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let place = |path: &PathBuf| {
        let mut names = CLASS_FILES.iter().map(|(name, _)| name);
        names.position(|name| is_called(path, name))
    };
    // The names first: there may be very many images, of which nothing is asked of the disk.
    let found = entries.filter_map(|entry| Some((place(&entry.path())?, entry.path())));
    found
        .filter(|(_, path)| is_named(path))
        .min()
        .map(|(_, path)| path)
}

fn is_called(path: &Path, name: &str) -> bool {
    path.file_name()
        .is_some_and(|found| found.eq_ignore_ascii_case(name))
}

fn parse(path: &Path) -> Result<ParsedClasses, DatasetError> {
    let known = CLASS_FILES.iter().find(|(name, _)| is_called(path, name));
    let kind = match known {
        Some((_, kind)) => *kind,
        None if has_extension(path, &["csv", "tsv"]) => ListKind::Table,
        None => ListKind::Names,
    };
    ClassList::parse(&read_text(path)?, kind).map_err(|reason| DatasetError::List {
        path: path.to_owned(),
        reason,
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::write_text;
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_class_list_that_cannot_be_read_is_an_error() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let link = dir.path().join("classes.txt");
        std::os::unix::fs::symlink("../names.txt", &link).expect("a link");
        let message = find_class_list(dir.path()).unwrap_err().to_string();
        assert!(
            message.contains("classes.txt: it is a link to ../names.txt, which is not there"),
            "{message}"
        );
        std::fs::remove_file(&link).expect("removed");
        let made = std::process::Command::new("mkfifo").arg(&link).status();
        assert!(made.expect("mkfifo").success());
        let message = find_class_list(dir.path()).unwrap_err().to_string();
        assert!(message.contains("classes.txt: it is a pipe"), "{message}");
    }

    #[test]
    fn classes_lie_beside_the_masks_or_one_folder_up() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let masks = dir.path().join("labels");
        std::fs::create_dir(&masks).expect("created");
        let count = || {
            let found = find_class_list(&masks).expect("read");
            found.map(|classes| classes.len())
        };
        assert_eq!(count(), None);
        write_text(&dir.path().join("classes.txt"), "a\nb\n");
        assert_eq!(count(), Some(2));
        write_text(
            &masks.join("class_dict.csv"),
            "name,r,g,b\na,1,2,3\nb,4,5,6\nVoid,0,0,0\nc,7,8,9\n",
        );
        assert_eq!(count(), Some(3));
        // In other letters, and with the mark at the end that programs of DOS write.
        std::fs::remove_file(masks.join("class_dict.csv")).expect("removed");
        write_text(&masks.join("Classes.TXT"), "a\nb\nc\nd\u{1a}");
        let found = find_class_list(&masks).expect("read").expect("a list");
        assert_eq!((found.len(), found.name(3)), (4, "d"));
        std::fs::remove_file(masks.join("Classes.TXT")).expect("removed");
        write_text(&masks.join("classes.txt"), "a 1 2 300\n");
        let message = find_class_list(&masks).unwrap_err().to_string();
        assert!(message.contains("classes.txt: line 1"), "{message}");
    }
}
