//! Rows of the table of public weights.
//!
//! Knows the catalogue. Must not know about widgets.

use super::format;
use crate::engine::{CatalogueItem, EntryState, KnownHash};

/// The color of a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Neutral.
    Plain,
    /// It can be used.
    Good,
    /// It needs attention.
    Doubtful,
    /// It went wrong.
    Bad,
}

/// One row of the table.
#[derive(Debug, Clone, PartialEq)]
pub struct PretrainedRow {
    /// Its size, or a dash if it is unknown.
    pub size: String,
    /// Its state in a word or two.
    pub state: String,
    /// The color of the state.
    pub tone: Tone,
    /// Progress of the download or check, `0.0..=1.0`.
    pub share: Option<f32>,
    /// The error, or a remark about the state.
    pub note: Option<String>,
    /// The label of the download button; `None` = it cannot be downloaded now.
    pub download: Option<&'static str>,
}

impl PretrainedRow {
    /// The row of `item`; `busy` = it is being downloaded or checked.
    pub fn new(item: &CatalogueItem, busy: bool) -> Self {
        let CatalogueItem { entry, state } = item;
        let mut row = Self {
            size: entry
                .size
                .map_or_else(|| format::MISSING.to_owned(), format::bytes),
            state: String::new(),
            tone: Tone::Plain,
            share: None,
            note: None,
            download: None,
        };
        let of = |bytes: u64, total: u64| bytes as f32 / total.max(1) as f32;
        match state {
            EntryState::Missing => {
                if busy { "starting" } else { "not downloaded" }.clone_into(&mut row.state);
                row.download = Some("Download");
                if entry.url.is_none() {
                    row.note = Some(
                        "This host allows browser downloads only: copy the link, then add the file"
                            .to_owned(),
                    );
                }
            }
            EntryState::Partial { bytes } => {
                row.state = format!("{} downloaded", format::bytes(*bytes));
                row.tone = Tone::Doubtful;
                row.download = Some("Continue download");
            }
            EntryState::Downloading { bytes, total } => {
                row.state = match total {
                    Some(total) => {
                        format!("{} of {}", format::bytes(*bytes), format::bytes(*total))
                    }
                    None => format::bytes(*bytes),
                };
                row.share = Some(total.map_or(0.0, |total| of(*bytes, total)));
            }
            EntryState::Verifying { bytes, total } => {
                row.state = format!(
                    "checking {}",
                    format::percent(Some(f64::from(of(*bytes, *total))))
                );
                row.share = Some(of(*bytes, *total));
            }
            EntryState::Ready { .. } => {
                "ready".clone_into(&mut row.state);
                row.tone = Tone::Good;
            }
            EntryState::Unverified { .. } => {
                "not verified".clone_into(&mut row.state);
                row.tone = Tone::Doubtful;
                row.note = Some("There is no published hash to check it against".to_owned());
            }
            EntryState::Failed { message } => {
                "failed".clone_into(&mut row.state);
                row.tone = Tone::Bad;
                row.note = Some(message.clone());
                row.download = Some("Retry download");
            }
        }
        if busy || entry.url.is_none() {
            row.download = None;
        }
        row
    }
}

/// All details of an entry, for its tooltip.
pub fn details(item: &CatalogueItem) -> String {
    let entry = &item.entry;
    let hash = match &entry.hash {
        KnownHash::Unknown => "No published hash".to_owned(),
        hash => format!("{} {}", hash.kind(), hash.digits().unwrap_or_default()),
    };
    let address = entry
        .url
        .as_deref()
        .or(entry.page)
        .unwrap_or("No known address");
    format!(
        "{}\nTensors and images: {}\n{}\n{hash}\n{address}",
        entry.what, entry.layout, entry.source
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::public_weights;

    fn item(id: &str, state: EntryState) -> CatalogueItem {
        let entry = public_weights()
            .into_iter()
            .find(|entry| entry.id == id)
            .unwrap();
        CatalogueItem { entry, state }
    }

    #[test]
    fn rows_say_what_is_there_and_what_can_be_done() {
        let row = |state| PretrainedRow::new(&item("vgg16", state), false);
        let missing = row(EntryState::Missing);
        assert_eq!(
            (missing.size.as_str(), missing.state.as_str()),
            ("553 MB", "not downloaded")
        );
        assert_eq!(missing.download, Some("Download"));
        let partial = row(EntryState::Partial { bytes: 12_300_000 });
        assert_eq!(
            (partial.state.as_str(), partial.download),
            ("12.3 MB downloaded", Some("Continue download"))
        );
        let coming = row(EntryState::Downloading {
            bytes: 1_000_000,
            total: Some(4_000_000),
        });
        assert_eq!(
            (coming.state.as_str(), coming.share),
            ("1.0 MB of 4.0 MB", Some(0.25))
        );
        let checking = row(EntryState::Verifying { bytes: 1, total: 2 });
        assert_eq!(checking.state, "checking 50.0 %");
        let failed = row(EntryState::Failed {
            message: "why".to_owned(),
        });
        assert_eq!(
            (failed.note.as_deref(), failed.tone),
            (Some("why"), Tone::Bad)
        );
        assert_eq!(failed.download, Some("Retry download"));
        let ready = row(EntryState::Ready {
            path: "vgg16.pth".into(),
        });
        assert_eq!((ready.tone, ready.download), (Tone::Good, None));
    }

    #[test]
    fn nothing_is_offered_twice_or_without_an_address() {
        let busy = PretrainedRow::new(&item("vgg16", EntryState::Missing), true);
        assert_eq!((busy.state.as_str(), busy.download), ("starting", None));
        let browser = PretrainedRow::new(&item("fcn8s-caffe", EntryState::Missing), false);
        assert_eq!((browser.size.as_str(), browser.download), ("–", None));
        assert!(browser.note.unwrap().contains("browser"));
    }

    #[test]
    fn details_name_hash_and_address() {
        let text = details(&item("fcn8s-caffe", EntryState::Missing));
        assert!(
            text.contains("MD5 de93e540ec79512f8770033849c8ae89")
                && text.contains("drive.google.com")
        );
        assert!(details(&item("vgg16", EntryState::Missing)).contains("SHA-256 397923af"));
    }
}
