//! What Inspect and Look inside tell each other.

use std::path::PathBuf;

use super::mask::Pixel;
use crate::engine::PixelRect;

/// What is looked at in Inspect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspected {
    /// The run that Inspect shows.
    pub run: String,
    /// The image file.
    pub image: PathBuf,
    /// The pixel that was clicked, else the one that was last under the pointer.
    pub pixel: Option<Pixel>,
    /// Whether it was clicked.
    pub is_pinned: bool,
}

/// Which receptive field of a pixel it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// What can have an influence at all through the score layer of this number, coarse to fine.
    Theoretical(usize),
    /// What has most of the influence.
    Effective,
}

/// A receptive field of a pixel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldOutline {
    /// Which one.
    pub kind: FieldKind,
    /// Its pixels.
    pub rect: PixelRect,
    /// What it is called beside the outline: `pool4`, `fc7 · FCN-32s, FCN-16s`.
    pub label: String,
}

impl FieldOutline {
    /// Adds the outline of a network to those of others. Where two are one, it has both names; `network` is
    /// empty where there is one network alone.
    pub fn add_to(
        outlines: &mut Vec<Self>,
        kind: FieldKind,
        rect: PixelRect,
        what: &str,
        network: &str,
    ) {
        let same = outlines.iter_mut().find(|known| {
            let is_called_so = known.label.split(" · ").next() == Some(what);
            known.kind == kind && known.rect == rect && is_called_so
        });
        match same {
            Some(same) => {
                same.label.push_str(", ");
                same.label.push_str(network);
            }
            None => outlines.push(Self {
                kind,
                rect,
                label: match network {
                    "" => what.to_owned(),
                    network => format!("{what} · {network}"),
                },
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_fields_of_several_networks_are_one_outline() {
        let rect = |right| PixelRect {
            left: 0,
            top: 0,
            right,
            bottom: 9,
        };
        let mut outlines = Vec::new();
        for (part, right, what, network) in [
            (0, 99, "fc7", "FCN-32s"),
            (0, 99, "fc7", "FCN-8s"),
            (1, 49, "pool4", "FCN-8s"),
            (1, 48, "pool4", "FCN-16s"),
        ] {
            let kind = FieldKind::Theoretical(part);
            FieldOutline::add_to(&mut outlines, kind, rect(right), what, network);
        }
        let labels: Vec<&str> = outlines.iter().map(|outline| &*outline.label).collect();
        assert_eq!(
            labels,
            ["fc7 · FCN-32s, FCN-8s", "pool4 · FCN-8s", "pool4 · FCN-16s"]
        );
    }

    #[test]
    fn one_network_needs_no_name() {
        let rect = PixelRect {
            left: 0,
            top: 0,
            right: 1,
            bottom: 1,
        };
        let mut outlines = Vec::new();
        FieldOutline::add_to(&mut outlines, FieldKind::Effective, rect, "effective", "");
        assert_eq!(outlines[0].label, "effective");
    }
}
