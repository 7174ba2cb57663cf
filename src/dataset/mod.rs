//! stub, to be replaced
mod augment; mod classes; mod error; mod image_io; mod layout; mod stats;
pub use augment::{Augment, Normalization};
pub use classes::{Class, ClassList, VOID, voc_color};
pub use error::DatasetError;
pub use image_io::{IMAGE_EXTENSIONS, LabelMap, Rgb};
pub use layout::{Dataset, Item, Layout, Split};
pub use stats::DatasetStats;
