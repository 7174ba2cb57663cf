//! The benchmark: measures the parts that take the time, one case at a time.
//!
//! [`BenchOptions::jobs`] picks the cases. Each is measured in a process of its own
//! ([`measure_in_child`] starts it, [`bench_main`] answers in it), so that its peak memory and
//! its thread pool are its own. Weights are drawn from a seed, or read from a file where another
//! program is to compute the same; images are synthetic.
//!
//! Stands beside the command line, which alone uses it, and may use everything below.

mod case;
mod child;
mod device_calls;
mod image_stages;
mod layer_calls;
mod layer_parts;
mod layers;
mod measure;
mod memory;
mod plan;
mod synthetic;
mod timing;
mod workload;

pub use case::BenchCase;
pub use child::{bench_main, measure_in_child};
pub use device_calls::{DeviceCalls, note_log_line};
pub use layer_parts::{LayerResult, LayersJob, Pass};
pub use layers::{layers_main, measure_layers};
pub use measure::{BenchResult, measure, set_shares_of_peak};
pub use plan::{BenchJob, BenchOptions};
pub use timing::Timing;
