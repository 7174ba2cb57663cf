//! stub
use std::path::PathBuf;
use serde::{Deserialize, Serialize};
use super::ClassList;
/// An image and its mask.
#[derive(Debug, Clone)]
pub struct Item { pub id: String, pub image: PathBuf, pub mask: PathBuf }
/// Which list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Split { Train, Val }
/// Folder layouts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout { Voc, CamVid }
impl std::fmt::Display for Layout { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str("VOC layout") } }
/// A data set on disk.
#[derive(Debug, Clone)]
pub struct Dataset { pub name: String, pub root: PathBuf, pub layout: Layout, pub classes: ClassList, pub void_labels: Vec<u8>, pub train: Vec<Item>, pub val: Vec<Item> }
impl Dataset { pub fn items(&self, split: Split) -> &[Item] { match split { Split::Train => &self.train, Split::Val => &self.val } } }
