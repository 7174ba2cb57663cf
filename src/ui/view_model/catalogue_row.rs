//! Rows of the tables of public weights and datasets.
//!
//! Knows the catalogues. Must not know about widgets.

use super::format;
use crate::engine::{EntryState, KnownHash, PublicDataset, PublicFile, PublicWeights};

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
pub struct CatalogueRow {
    /// Its size, or a dash if it is unknown.
    pub size: String,
    /// Its state in a word or two.
    pub state: String,
    /// The color of the state.
    pub tone: Tone,
    /// Progress of what is going on, `0.0..=1.0`.
    pub share: Option<f32>,
    /// The error, or a remark about the state.
    pub note: Option<String>,
    /// The same without what the row says anyway, for a narrow column.
    pub brief: Option<String>,
    /// The label of the download button; `None` = it cannot be downloaded now.
    pub download: Option<&'static str>,
}

impl CatalogueRow {
    /// The row of public weights; `busy` = something is going on with them.
    pub fn of_weights(entry: &PublicWeights, state: &EntryState, busy: bool) -> Self {
        let has_address = !entry.file.urls.is_empty();
        Self::new(entry.file.size, has_address, state, busy)
    }

    /// The row of a public dataset; `busy` = something is going on with it.
    pub fn of_dataset(entry: &PublicDataset, state: &EntryState, busy: bool) -> Self {
        Self::new(entry.size(), entry.has_address(), state, busy)
    }

    fn new(size: Option<u64>, has_address: bool, state: &EntryState, busy: bool) -> Self {
        let mut row = Self {
            size: size.map_or_else(|| format::MISSING.to_owned(), format::bytes),
            state: String::new(),
            tone: Tone::Plain,
            share: None,
            note: None,
            brief: None,
            download: None,
        };
        let of = |bytes: u64, total: u64| bytes as f32 / total.max(1) as f32;
        match state {
            EntryState::Missing => {
                if busy { "starting" } else { "not downloaded" }.clone_into(&mut row.state);
                row.download = Some("Download");
                if !has_address {
                    row.note = Some(
                        "This host allows browser downloads only: copy the link, then add the file"
                            .to_owned(),
                    );
                }
            }
            EntryState::Partial { bytes } => {
                row.state = format!("{} downloaded", format::bytes(*bytes));
                row.tone = Tone::Doubtful;
                row.download = Some("Continue");
            }
            EntryState::Incomplete { missing } => {
                row.tone = Tone::Doubtful;
                if missing.is_empty() {
                    "not unpacked yet".clone_into(&mut row.state);
                    row.download = Some("Unpack");
                } else {
                    "incomplete".clone_into(&mut row.state);
                    row.note = Some(format!("Still missing: {}", missing.join(", ")));
                    row.download = Some("Continue");
                }
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
            EntryState::Unpacking { bytes, total } => {
                row.state = format!(
                    "unpacking {}",
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
                row.download = Some("Retry");
            }
        }
        if busy || !has_address {
            row.download = None;
        }
        row.brief = row.note.as_deref().map(without_address);
        row
    }
}

/// A message without the address that it begins with: people want to read the reason.
fn without_address(message: &str) -> String {
    let reason = message.split_once(": ").filter(|(address, _)| {
        let is_web = address.starts_with("http://") || address.starts_with("https://");
        is_web && !address.contains(' ')
    });
    reason.map_or(message, |(_, reason)| reason).to_owned()
}

/// All details of public weights, for their tooltip.
pub fn weights_details(entry: &PublicWeights) -> String {
    format!(
        "{}\nTensors and images: {}\n{}\n{}",
        entry.what,
        entry.layout,
        entry.source,
        file_details(&entry.file)
    )
}

/// All details of a public dataset, for its tooltip.
pub fn dataset_details(entry: &PublicDataset) -> String {
    let mut lines = vec![entry.what.to_owned(), entry.source.to_owned()];
    for file in &entry.files {
        lines.push(format!("{}\n{}", file.name, file_details(file)));
    }
    lines.join("\n")
}

/// Hash and addresses of a file.
fn file_details(file: &PublicFile) -> String {
    let mut lines = vec![match &file.hash {
        KnownHash::Unknown => "No published hash".to_owned(),
        hash => format!("{} {}", hash.kind(), hash.digits().unwrap_or_default()),
    }];
    lines.extend(file.urls.iter().cloned());
    lines.extend(file.page.map(str::to_owned));
    if lines.len() == 1 {
        lines.push("No known address".to_owned());
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{public_datasets, public_weights};

    fn weights(id: &str) -> PublicWeights {
        let mut all = public_weights().into_iter();
        all.find(|entry| entry.id == id).unwrap()
    }

    fn row_of(id: &str, state: EntryState, busy: bool) -> CatalogueRow {
        CatalogueRow::of_weights(&weights(id), &state, busy)
    }

    #[test]
    fn rows_say_what_is_there_and_what_can_be_done() {
        let row = |state| row_of("vgg16", state, false);
        let missing = row(EntryState::Missing);
        assert_eq!(
            (missing.size.as_str(), missing.state.as_str()),
            ("553 MB", "not downloaded")
        );
        assert_eq!(missing.download, Some("Download"));
        let partial = row(EntryState::Partial { bytes: 12_300_000 });
        assert_eq!(
            (partial.state.as_str(), partial.download),
            ("12.3 MB downloaded", Some("Continue"))
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
        assert_eq!(failed.download, Some("Retry"));
        let reason = "the server cannot be reached (no network)";
        let failed = row(EntryState::Failed {
            message: format!("https://example.org/vgg16.pth: {reason}"),
        });
        assert_eq!(failed.brief.as_deref(), Some(reason));
        assert!(failed.note.unwrap().contains("example.org"));
        let ready = row(EntryState::Ready {
            path: "vgg16.pth".into(),
        });
        assert_eq!((ready.tone, ready.download), (Tone::Good, None));
    }

    #[test]
    fn nothing_is_offered_twice_or_without_an_address() {
        let busy = row_of("vgg16", EntryState::Missing, true);
        assert_eq!((busy.state.as_str(), busy.download), ("starting", None));
        let browser = row_of("fcn8s-caffe", EntryState::Missing, false);
        assert_eq!((browser.size.as_str(), browser.download), ("–", None));
        assert!(browser.note.unwrap().contains("browser"));
    }

    #[test]
    fn details_name_hash_and_address() {
        let text = weights_details(&weights("fcn8s-caffe"));
        assert!(
            text.contains("MD5 de93e540ec79512f8770033849c8ae89")
                && text.contains("drive.google.com")
        );
        assert!(weights_details(&weights("vgg16")).contains("SHA-256 397923af"));
    }

    #[test]
    fn datasets_say_which_of_their_files_are_missing() {
        let all = public_datasets();
        let pets = all.iter().find(|entry| entry.id == "pets").unwrap();
        let state = |missing: &[&'static str]| EntryState::Incomplete {
            missing: missing.to_vec(),
        };
        let row = CatalogueRow::of_dataset(pets, &state(&["images.tar.gz"]), false);
        assert_eq!(row.download, Some("Continue"));
        assert!(row.note.unwrap().contains("images.tar.gz"));
        let row = CatalogueRow::of_dataset(pets, &state(&[]), false);
        assert_eq!(row.download, Some("Unpack"));
        let unpacking = EntryState::Unpacking { bytes: 1, total: 4 };
        let row = CatalogueRow::of_dataset(pets, &unpacking, true);
        assert_eq!(
            (row.state.as_str(), row.share),
            ("unpacking 25.0 %", Some(0.25))
        );
        let text = dataset_details(pets);
        assert!(
            text.contains("MD5 5c4f3ee8e5d25df40f4fd59a7f44e54c"),
            "{text}"
        );
        assert!(text.contains("annotations.tar.gz"), "{text}");
    }
}
