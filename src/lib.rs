//! FCN Workbench: train, watch and compare fully convolutional networks for
//! semantic segmentation (Long, Shelhamer and Darrell, CVPR 2015 / PAMI 2016).
//!
//! The house is `ui -> engine -> training -> {model, kernels, dataset, metrics}`: a module
//! may use what stands to its right and nothing else; the leaves do not know each other, but
//! that `model` computes with `kernels`. Every room may use `files` and `text`. `cli` is the headless twin of `ui` and uses the same engine; `bench` stands
//! beside it, measures what is below, and is used by `cli` alone.
//! `tests/architecture` guards this.

pub mod bench;
pub mod cli;
pub mod dataset;
pub mod engine;
pub mod files;
pub mod kernels;
pub mod metrics;
pub mod model;
pub mod text;
pub mod training;
pub mod ui;
