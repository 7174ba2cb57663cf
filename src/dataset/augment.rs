//! stub
use serde::{Deserialize, Serialize};
/// Random changes of training images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Augment {
    /// `[width, height]` of the training crop.
    pub crop: [u32; 2],
    /// Smallest and largest random scale; `[1.0, 1.0]` = none.
    pub scale: [f32; 2],
    /// Mirror left and right at random.
    pub flip: bool,
    /// Amount of random brightness and contrast, 0 = off.
    pub brightness: f32,
}
/// Mean and standard deviation by channel, RGB on 0..=1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Normalization {
    /// Subtracted.
    pub mean: [f32; 3],
    /// Divided by.
    pub std: [f32; 3],
}
