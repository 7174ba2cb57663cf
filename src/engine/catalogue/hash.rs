//! The fingerprints of a file.

use std::io::{ErrorKind, Read};

use md5::Md5;
use sha2::{Digest as _, Sha256};

/// Bytes read at a time.
pub(super) const CHUNK: usize = 256 * 1024;

/// Hexadecimal digits in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Digests {
    pub sha256: String,
    pub md5: String,
}

/// Takes in bytes in any pieces.
#[derive(Default)]
pub(super) struct Digester {
    sha256: Sha256,
    md5: Md5,
}

impl Digester {
    pub fn update(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        self.md5.update(bytes);
    }

    pub fn finish(self) -> Digests {
        Digests {
            sha256: hex(&self.sha256.finalize()),
            md5: hex(&self.md5.finalize()),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(u32::from(digit), 16))
        .collect()
}

/// Reads the next piece into `buffer`; 0 = the end. An interrupted read is done again.
pub(super) fn read_piece(reader: &mut impl Read, buffer: &mut [u8]) -> std::io::Result<usize> {
    loop {
        match reader.read(buffer) {
            Err(err) if err.kind() == ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_those_of_the_standards() {
        let mut digester = Digester::default();
        digester.update(b"a");
        digester.update(b"bc");
        let digests = digester.finish();
        // FIPS 180-4 and RFC 1321 give these for "abc".
        assert_eq!(
            digests.sha256,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(digests.md5, "900150983cd24fb0d6963f7d28e17f72");
    }
}
