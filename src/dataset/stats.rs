//! stub
/// Counts over all masks of a data set.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DatasetStats { pub class_pixels: Vec<u64>, pub void_pixels: u64, pub min_size: [u32; 2], pub max_size: [u32; 2], pub images: usize, pub problems: Vec<String> }
impl DatasetStats { /// Share of the labelled pixels, 0..=1.
 pub fn share(&self, label: u8) -> f64 { self.class_pixels.get(usize::from(label)).map_or(0.0, |n| *n as f64 / self.class_pixels.iter().sum::<u64>().max(1) as f64) } }
