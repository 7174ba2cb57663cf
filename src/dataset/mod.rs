//! Pictures and label maps on disk: dataset layouts, decoding, the built-in
//! sample, augmentation, and batches prepared ahead of the training step.
//!
//! Everything here is plain bytes and floats. Must not know about tensors
//! (Burn), the window or the network.

mod area;
mod augment;
mod check;
mod class_counts;
mod class_match;
mod class_shares;
mod classes;
mod error;
mod generator;
mod image_files;
mod image_io;
mod item;
mod layout;
mod loader;
#[cfg(test)]
mod mutated_files;
mod normalization;
mod prepare;
mod rare_sampling;
mod separator;
mod size;
mod split;
mod stats;

pub use area::Area;
pub use augment::{Augment, Change, Light, Noise, Rng, Tint, Warp, resize_labels, resize_rgb};
pub use check::{
    CheckReport, DatasetRecord, Depth, Finding, FindingKind, Fix, FixPlan, FixedDataset, Severity,
    TurnMasks, check, check_and_count, check_masks, check_predictions, check_split, fix,
    list_digest, plan_for_all_lists, plan_for_test_list, refuse_inside,
};
pub use class_counts::ClassCounts;
pub use class_match::{ClassMatch, compared_name};
pub use classes::{Class, ClassList, VOID, color_blind, voc_color};
pub use error::DatasetError;
pub use generator::{SampleSpec, ensure_sample};
pub use image_files::{
    IMAGES_AND_ARCHIVES, ImageFiles, ZippedImages, has_archive_extension, has_image_extension,
};
pub use image_io::{
    BandChoice, IMAGE_EXTENSIONS, ImageFacts, ImageReading, LabelMap, MOST_BANDS, MaskColors,
    MaskReader, Pixels, RangeChoice, Rgb, encode_index_png, encode_rgb_png, encode_rgb_rows,
    large_masks_differ, paint_mask, read_image_size, read_rgb, write_index_png, write_rgb_png,
};
pub use item::DatasetItem;
pub use layout::{
    CLASS_MAP_FILE, ChosenLists, ClassMap, Confidence, Dataset, Layout, MappedClass, Note,
    NoteTopic, PairReview, Palette, ReviewedPair, Split, classes_of_masks, find_class_list,
    folded_name, has_parts, list_masks, read_class_list, read_names,
};
pub use loader::{
    Batch, BatchPlan, DecodeCache, DiskCache, DrawnImage, Loader, StoredBatch, StoredBatches,
};
pub use normalization::{ChannelOrder, Normalization, ValueRange};
pub use prepare::{dataset_below, unpack, unpacked_size};
pub use rare_sampling::RareSampling;
pub use size::Size;
pub use split::{PlanValue, SplitPlan, ValidationPart, split};
pub use stats::{DatasetStats, LabelSet};
