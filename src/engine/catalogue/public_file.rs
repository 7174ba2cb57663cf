//! A public file: where it lies, and how its bytes are recognized.

use super::hash::Digests;

/// What the bytes of a file are checked against; hexadecimal digits in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KnownHash {
    /// All 64 digits of its SHA-256.
    Sha256(String),
    /// All 32 digits of its MD5. Tells damage, but no forgery.
    Md5(String),
    /// The first 8 digits of its SHA-256, which torchvision puts into file names:
    /// `resnet50-0676ba61.pth`. Tells damage, but no forgery.
    Sha256Prefix(String),
    /// Nobody published one: the file cannot be checked.
    Unknown,
}

impl KnownHash {
    /// What kind of hash it is, for people.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Sha256(_) => "SHA-256",
            Self::Md5(_) => "MD5",
            Self::Sha256Prefix(_) => "start of SHA-256",
            Self::Unknown => "unknown",
        }
    }

    /// Its digits; `None` where no hash is known.
    pub fn digits(&self) -> Option<&str> {
        match self {
            Self::Sha256(digits) | Self::Md5(digits) | Self::Sha256Prefix(digits) => Some(digits),
            Self::Unknown => None,
        }
    }

    /// The digits of `digests` to hold against [`digits`](Self::digits).
    pub(super) fn same_part<'a>(&self, digests: &'a Digests) -> &'a str {
        match self {
            Self::Sha256(_) | Self::Unknown => &digests.sha256,
            Self::Md5(_) => &digests.md5,
            Self::Sha256Prefix(start) => {
                digests.sha256.get(..start.len()).unwrap_or(&digests.sha256)
            }
        }
    }

    /// Whether a file with these digests is the one meant; `None` where no hash is known.
    pub(super) fn matches(&self, digests: &Digests) -> Option<bool> {
        self.digits()
            .map(|digits| digits == self.same_part(digests))
    }
}

/// One public file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicFile {
    /// Its name, here and at its source.
    pub name: &'static str,
    /// Where it can be downloaded, in the order in which that is tried; empty = programs cannot.
    pub urls: Vec<String>,
    /// A page for people that leads to the file, where it has no [`urls`](Self::urls).
    pub page: Option<&'static str>,
    /// Size in bytes, where somebody recorded it.
    pub size: Option<u64>,
    /// What its bytes are checked against.
    pub hash: KnownHash,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_held_against_the_start() {
        let digests = Digests {
            sha256: "0123456789abcdef".to_owned(),
            md5: "77".to_owned(),
        };
        let prefix = |digits: &str| KnownHash::Sha256Prefix(digits.to_owned());
        assert_eq!(prefix("01234567").matches(&digests), Some(true));
        assert_eq!(prefix("01234568").matches(&digests), Some(false));
        assert_eq!(prefix("01234567").same_part(&digests), "01234567");
        assert_eq!(
            KnownHash::Md5("77".to_owned()).matches(&digests),
            Some(true)
        );
        assert_eq!(
            KnownHash::Sha256("0123".to_owned()).matches(&digests),
            Some(false)
        );
        assert_eq!(KnownHash::Unknown.matches(&digests), None);
    }
}
