//! stub
/// Extensions of images that can be read.
pub const IMAGE_EXTENSIONS: &[&str] = &["png", "jpg", "jpeg", "bmp", "tif", "tiff", "webp", "gif", "ppm", "pgm"];
/// An RGB image, row by row, 3 bytes a pixel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rgb { pub width: u32, pub height: u32, pub pixels: Vec<u8> }
/// A label per pixel, row by row; [`VOID`](super::VOID) where nothing is labelled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelMap { pub width: u32, pub height: u32, pub labels: Vec<u8> }
