//! Width and height of an image.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Width and height in pixels. In files it is `[width, height]`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "[u32; 2]", into = "[u32; 2]")]
pub struct Size {
    /// Pixels in a row.
    pub width: u32,
    /// Number of rows.
    pub height: u32,
}

impl Size {
    /// `width` x `height` pixels.
    pub const fn new(width: u32, height: u32) -> Self {
        Self { width, height }
    }

    /// Number of pixels.
    pub const fn pixels(self) -> u64 {
        self.width as u64 * self.height as u64
    }

    /// `[height, width]`, the order of a tensor's dimensions.
    pub const fn dims(self) -> [usize; 2] {
        [self.height as usize, self.width as usize]
    }
}

impl From<[u32; 2]> for Size {
    fn from([width, height]: [u32; 2]) -> Self {
        Self { width, height }
    }
}

impl From<Size> for [u32; 2] {
    fn from(size: Size) -> Self {
        [size.width, size.height]
    }
}

/// As people write it: `500x375`.
impl fmt::Display for Size {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}x{}", self.width, self.height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_hold_width_and_height_in_this_order() {
        let size = Size::new(500, 375);
        assert_eq!(serde_json::to_string(&size).unwrap(), "[500,375]");
        assert_eq!(serde_json::from_str::<Size>("[500,375]").unwrap(), size);
        assert_eq!(
            (size.to_string(), size.dims()),
            ("500x375".to_owned(), [375, 500])
        );
    }
}
