//! Measurements of the parts that take the time, one row at a time.
//!
//! A row is measured in a process of its own (the engine starts it), so that its peak
//! memory and its thread pool are its own. Weights are drawn from a seed, or read from a
//! file where another program is to compute the same; images are made up.

mod clock;
mod memory;
mod row;
mod scene;
mod subject;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::device::DeviceId;
use super::error::TrainError;
use crate::model::{Trunk, Variant};

pub use clock::Timing;
pub use row::BenchRow;

use subject::Subject;

/// One row to measure, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BenchJob {
    /// What is measured.
    pub row: BenchRow,
    /// Where networks and the matrix product run.
    pub device: DeviceId,
    /// Timed rounds after the warm-up, 1 or more.
    pub rounds: usize,
    /// Weights of the networks, of the row's trunk; `None` = drawn from a seed.
    pub weights: Option<PathBuf>,
    /// Folder of the generated sample, for the data path; made where it is not there.
    pub sample: PathBuf,
}

/// What was measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BenchResult {
    /// [Name](BenchRow::name) of the row.
    pub row: String,
    /// The network's trunk, where there is a network.
    pub trunk: Option<Trunk>,
    /// The network's variant, where there is a network.
    pub variant: Option<Variant>,
    /// Where it ran.
    pub device: DeviceId,
    /// Threads of the processor that it may use.
    pub threads: usize,
    /// Timed rounds.
    pub rounds: usize,
    /// Calls in a round; short ones are repeated, since clocks and schedulers are coarse.
    pub repeats: usize,
    /// Milliseconds of one call.
    #[serde(flatten)]
    pub timing: Timing,
    /// What the calls work on: `images`, `batches`, `pixels`, `products`.
    pub items: String,
    /// Items a second, at the median.
    pub items_per_sec: f64,
    /// Floating point operations of one call, in billions: twice the multiply-adds of the
    /// convolutions, and for a training step three times those of a forward pass.
    pub gflop: Option<f64>,
    /// Billions of operations a second, at the median.
    pub gflop_per_sec: Option<f64>,
    /// Share of the rate that the row [`Gemm`](BenchRow::Gemm) had, where it was measured.
    pub share_of_peak: Option<f64>,
    /// Peak resident memory of the process from the warm-up on, in MiB; where the system
    /// does not tell, `None`. A GPU's own memory is not in it.
    pub peak_memory_mib: Option<f64>,
    /// A number that must be the same, but for rounding, in another program that computes
    /// the same: the mean absolute logit, the mean label, the pixel accuracy.
    pub check: Option<f64>,
}

/// Measures one row: sets it up, calls it twice to warm up, then `rounds` times.
///
/// # Errors
/// When the device cannot be used, a file cannot be read, or the weights are no numbers.
pub fn measure(job: &BenchJob) -> Result<BenchResult, TrainError> {
    let mut subject = Subject::new(job)?;
    memory::reset_peak();
    let (mut times, repeats) = clock::rounds(job.rounds, || subject.call())?;
    let peak_memory_mib = memory::peak_mib();
    let timing = Timing::new(&mut times);
    let secs = timing.median_ms / 1000.0;
    let (items, count) = subject.items();
    let gflop = job
        .row
        .operations()
        .map(|operations| operations as f64 / 1e9);
    let (trunk, variant) = job.row.network().unzip();
    Ok(BenchResult {
        row: job.row.name(),
        trunk,
        variant,
        device: job.device,
        threads: rayon::current_num_threads(),
        rounds: job.rounds,
        repeats,
        timing,
        items: items.to_owned(),
        items_per_sec: count as f64 / secs,
        gflop,
        gflop_per_sec: gflop.map(|gflop| gflop / secs),
        share_of_peak: None,
        peak_memory_mib,
        check: subject.check()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(row: BenchRow) -> BenchJob {
        let sample = PathBuf::from("no folder is needed");
        BenchJob {
            row,
            device: DeviceId::Cpu,
            rounds: 2,
            weights: None,
            sample,
        }
    }

    #[test]
    fn a_network_is_measured_with_its_operations() {
        let (trunk, variant) = (Trunk::Vgg16Slim, Variant::Fcn32s);
        for row in [
            BenchRow::Forward {
                trunk,
                variant,
                size: [64, 32],
            },
            BenchRow::Predict {
                trunk,
                variant,
                size: [64, 32],
            },
        ] {
            let result = measure(&job(row.clone())).expect("a result");
            let expected = row.operations().expect("a network") as f64 / 1e9;
            assert_eq!(result.gflop, Some(expected), "{row:?}");
            let rate = result.gflop_per_sec.expect("a rate");
            assert!(
                (rate * result.timing.median_ms / 1e3 / expected - 1.0).abs() < 1e-9,
                "{result:?}"
            );
            assert_eq!((result.trunk, result.variant), (Some(trunk), Some(variant)));
            // Score layers start at zero: every logit is 0, and the first class wins.
            assert_eq!(result.check, Some(0.0));
        }
    }

    #[test]
    fn a_step_counts_its_batch_three_times_over() {
        let row = BenchRow::step_of(Trunk::Vgg16Slim, Variant::Fcn8s);
        let BenchRow::Step {
            size, batch_size, ..
        } = row
        else {
            panic!("{row:?}")
        };
        assert_eq!(
            (size, batch_size, row.name()),
            ([160, 128], 4, "train/vgg16-slim/160x128/b4".into())
        );
        let forward = BenchRow::Forward {
            trunk: Trunk::Vgg16Slim,
            variant: Variant::Fcn8s,
            size,
        };
        assert_eq!(
            row.operations(),
            forward.operations().map(|forward| 3 * 4 * forward)
        );
        let result = measure(&job(row)).expect("a result");
        assert!(
            (result.items_per_sec * result.timing.median_ms / 1e3 - 4.0).abs() < 1e-9,
            "{result:?}"
        );
    }

    #[test]
    fn the_data_path_goes_through_the_whole_sample() {
        let folder = tempfile::tempdir().expect("a folder");
        let sample = folder.path().join("sample");
        let result = measure(&BenchJob {
            sample,
            rounds: 1,
            ..job(BenchRow::Data)
        })
        .expect("a result");
        assert_eq!(result.items, "batches");
        // 200 images in batches of 4.
        assert!(
            (result.items_per_sec * result.timing.median_ms / 1e3 - 50.0).abs() < 1e-9,
            "{result:?}"
        );
        assert_eq!(result.gflop, None);
    }

    #[test]
    fn a_product_of_matrices_has_the_operations_of_its_side() {
        let row = BenchRow::Gemm { side: 64 };
        assert_eq!(row.operations(), Some(2 * 64 * 64 * 64));
        let result = measure(&job(row)).expect("a result");
        assert!(
            result.gflop_per_sec.is_some_and(|rate| rate > 0.0),
            "{result:?}"
        );
    }
}
