//! Manifests: small JSON files that name larger ones, with checksums of these and of themselves.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::files::{FileError, read_regular, write_atomic};
use crate::training::error::TrainError;

/// What is before the checksum of a manifest, which is its last field.
const CHECKSUM_KEY: &str = ",\n  \"crc32\": ";

/// What a file holds, in short: a torn or changed one has another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Checksum {
    bytes: u64,
    crc32: u32,
}

/// Checksums of files by their names; files of before December 2026 have none.
pub(super) type Checksums = BTreeMap<String, Checksum>;

impl Checksum {
    pub fn of(bytes: &[u8]) -> Self {
        Self {
            bytes: bytes.len() as u64,
            crc32: crc32fast::hash(bytes),
        }
    }

    /// An error that names the file at `path` where `bytes` are not what was written.
    pub fn check(self, path: &Path, bytes: &[u8]) -> Result<(), TrainError> {
        let found = Self::of(bytes);
        if found.bytes != self.bytes {
            let reason = format!("it has {} bytes instead of {}", found.bytes, self.bytes);
            return Err(TrainError::read(path, reason));
        }
        if found.crc32 != self.crc32 {
            return Err(TrainError::read(path, "its checksum is wrong"));
        }
        Ok(())
    }
}

/// Writes `value`, a JSON object, with a checksum.
pub(super) fn write_manifest(path: &Path, value: &impl Serialize) -> Result<(), FileError> {
    write_atomic(path, |file| {
        let mut text = serde_json::to_string_pretty(value)?;
        // The closing brace comes behind the checksum.
        let object = text.strip_suffix("\n}");
        let object = object.ok_or_else(|| io::Error::other("a manifest is an object"))?;
        text.truncate(object.len());
        let checksum = crc32fast::hash(text.as_bytes());
        write!(file, "{text}{CHECKSUM_KEY}{checksum}\n}}")
    })
}

/// Reads what [`write_manifest`] wrote, or a manifest of before December 2026.
pub(super) fn read_manifest<T: DeserializeOwned>(path: &Path) -> Result<T, TrainError> {
    let bytes = read_regular(path).map_err(FileError::read(path))?;
    let value = serde_json::from_slice(&bytes).map_err(|err| TrainError::read(path, err))?;
    let text = String::from_utf8_lossy(&bytes);
    if let Some(end) = text.rfind(CHECKSUM_KEY) {
        let written = text[end + CHECKSUM_KEY.len()..].trim_end_matches(['\n', '}']);
        if written.parse() != Ok(crc32fast::hash(&text.as_bytes()[..end])) {
            return Err(TrainError::read(path, "its checksum is wrong"));
        }
    }
    Ok(value)
}

/// Numbers that come back as they were: `serde_json` reads some as their neighbors, but a text as
/// it is. Before December 2026 they were written as numbers.
pub(super) mod exact {
    use serde::{Deserialize, Deserializer, Serializer};

    #[derive(Deserialize)]
    #[serde(untagged)]
    pub(super) enum Written {
        Text(String),
        Number(f64),
    }

    impl Written {
        pub(super) fn value<E: serde::de::Error>(self) -> Result<f64, E> {
            match self {
                Self::Number(value) => Ok(value),
                Self::Text(text) => text.parse().map_err(E::custom),
            }
        }
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes the field")]
    pub(in crate::training::checkpoint) fn serialize<S: Serializer>(
        value: &f64,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(in crate::training::checkpoint) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<f64, D::Error> {
        Written::deserialize(deserializer)?.value()
    }
}

/// As [`exact`], where there may be no number.
pub(super) mod exact_option {
    use serde::{Deserialize, Deserializer, Serializer};

    use super::exact::Written;

    #[expect(clippy::ref_option, reason = "serde passes the field")]
    pub(in crate::training::checkpoint) fn serialize<S: Serializer>(
        value: &Option<f64>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => serializer.collect_str(value),
            None => serializer.serialize_none(),
        }
    }

    pub(in crate::training::checkpoint) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<f64>, D::Error> {
        Option::<Written>::deserialize(deserializer)?
            .map(Written::value)
            .transpose()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Values {
        name: String,
        #[serde(with = "exact")]
        loss: f64,
        #[serde(default, with = "exact_option")]
        score: Option<f64>,
        #[serde(default)]
        checksums: Checksums,
    }

    fn values() -> Values {
        Values {
            name: "}\n".to_owned(),
            loss: 1.234_567_890_123_456_7e-300,
            score: Some(0.1 + 0.2),
            checksums: Checksums::from([("a".to_owned(), Checksum::of(b"a"))]),
        }
    }

    #[test]
    fn numbers_come_back_bit_by_bit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("last.json");
        for loss in [1.234_567_890_123_456_7e-300, 2.675_000_000_000_003, 0.0] {
            let written = Values { loss, ..values() };
            write_manifest(&path, &written).unwrap();
            let read: Values = read_manifest(&path).unwrap();
            assert_eq!(read.loss.to_bits(), loss.to_bits());
            assert_eq!(read, written);
        }
    }

    #[test]
    fn a_manifest_of_before_december_2026_has_numbers_and_no_checksum() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("last.json");
        fs::write(&path, "{\"name\": \"a\", \"loss\": 0.5}").unwrap();
        let read: Values = read_manifest(&path).unwrap();
        assert_eq!((read.loss, read.score), (0.5, None));
    }

    #[test]
    fn every_flipped_bit_of_a_manifest_is_noticed_or_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("last.json");
        write_manifest(&path, &values()).unwrap();
        let sound = fs::read(&path).unwrap();
        let mut noticed = 0;
        for bit in 0..8 * sound.len() {
            let mut bytes = sound.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            fs::write(&path, &bytes).unwrap();
            match read_manifest::<Values>(&path) {
                // In the name of the checksum itself.
                Ok(read) => assert_eq!(read, values(), "bit {bit}"),
                Err(err) => {
                    noticed += 1;
                    assert!(err.to_string().contains("last.json"), "{err}");
                }
            }
        }
        assert!(
            noticed > 7 * sound.len(),
            "{noticed} of {}",
            8 * sound.len()
        );
    }
}
