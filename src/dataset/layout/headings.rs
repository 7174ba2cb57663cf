//! The words that people write above the columns of lists and tables.

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    Image,
    /// Something with a name: images, if the list is one of images.
    Name,
    Mask,
    Split,
}

/// Words without blanks, hyphens and underscores. Of several columns of a kind that with the first of them counts.
const WORDS: [(Column, &[&str]); 4] = [
    (
        Column::Image,
        &[
            "image",
            "images",
            "img",
            "imgs",
            "imagepath",
            "imgpath",
            "imagefile",
            "imgfile",
            "imagefilename",
            "imagename",
            "imgname",
            "imageid",
            "imgid",
            "input",
            "filename",
            "filenames",
        ],
    ),
    (
        Column::Name,
        &[
            "filepath", "file", "files", "path", "paths", "photo", "picture", "frame", "stem",
            "name", "names", "id", "ids", "x",
        ],
    ),
    (
        Column::Mask,
        &[
            "mask",
            "masks",
            "label",
            "labels",
            "maskpath",
            "labelpath",
            "maskfile",
            "labelfile",
            "maskname",
            "labelname",
            "maskid",
            "annotation",
            "annotations",
            "annotationpath",
            "segmentation",
            "segmentationpath",
            "seg",
            "segpath",
            "segmap",
            "target",
            "groundtruth",
            "gt",
            "gtpath",
        ],
    ),
    (
        Column::Split,
        &["split", "subset", "set", "partition", "fold", "usage"],
    ),
];

/// What a heading says, and how far behind in its list it is; `None` = something else, or no heading.
pub(super) fn column(heading: &str) -> Option<(Column, usize)> {
    let lower = heading.trim().trim_matches('"').to_lowercase();
    let word: String = lower
        .chars()
        .filter(|letter| ![' ', '-', '_'].contains(letter))
        .collect();
    WORDS.iter().find_map(|(column, words)| {
        let place = words.iter().position(|known| *known == word)?;
        Some((*column, place))
    })
}

/// The best of these headings for a column.
pub(super) fn best<'a>(wanted: Column, headings: impl Iterator<Item = &'a str>) -> Option<usize> {
    let found = headings.enumerate().filter_map(|(index, heading)| {
        let (column, place) = column(heading)?;
        (column == wanted).then_some((place, index))
    });
    found.min().map(|(_, index)| index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_known_however_they_are_written() {
        for (heading, expected) in [
            ("image", Some(Column::Image)),
            (" Image_Path ", Some(Column::Image)),
            ("\"File Name\"", Some(Column::Image)),
            ("ID", Some(Column::Name)),
            ("ground-truth", Some(Column::Mask)),
            ("Split", Some(Column::Split)),
            ("img_000", None),
            ("", None),
        ] {
            let found = column(heading).map(|(column, _)| column);
            assert_eq!(found, expected, "{heading}");
        }
    }

    #[test]
    fn the_likeliest_of_several_columns_counts() {
        let headings = ["image_id", "label", "Image", "mask"];
        let of = |wanted| best(wanted, headings.into_iter());
        // Of boxes.
        assert_eq!(best(Column::Mask, ["image", "x", "y"].into_iter()), None);
        assert_eq!(of(Column::Image), Some(2));
        assert_eq!(of(Column::Mask), Some(3));
        assert_eq!(of(Column::Split), None);
    }
}
