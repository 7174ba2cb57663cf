//! One measurement and its result.

use serde::{Deserialize, Serialize};

use super::plan::BenchJob;
use super::timing::Timing;
use super::workload::Workload;
use super::{memory, timing};
use crate::model::{Trunk, Variant};
use crate::training::{DeviceId, TrainError};

/// What was measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BenchResult {
    /// [Name](super::BenchCase::name) of the case.
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
    /// Share of the rate that the case [`Gemm`](super::BenchCase::Gemm) had, where it was measured.
    pub share_of_peak: Option<f64>,
    /// Peak resident memory of the process from the warm-up on, in MiB; where the system
    /// does not tell, `None`. A GPU's own memory is not in it.
    pub peak_memory_mib: Option<f64>,
    /// A number that must be the same, but for rounding, in another program that computes
    /// the same: the mean absolute logit, the mean label, the pixel accuracy.
    pub check: Option<f64>,
}

/// Measures one case: sets it up, calls it twice to warm up, then `rounds` times.
///
/// # Errors
/// When the device cannot be used, a file cannot be read, or a step fails.
pub fn measure(job: &BenchJob) -> Result<BenchResult, TrainError> {
    let mut workload = Workload::new(job)?;
    memory::reset_peak();
    let (mut times, repeats) = timing::rounds(job.rounds, || workload.call())?;
    let peak_memory_mib = memory::peak_mib();
    let timing = Timing::new(&mut times);
    let secs = timing.median_ms / 1000.0;
    let (items, count) = workload.items();
    let gflop = job
        .case
        .operations()
        .map(|operations| operations as f64 / 1e9);
    let (trunk, variant) = job.case.network().unzip();
    Ok(BenchResult {
        row: job.case.name(),
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
        check: workload.check()?,
    })
}

/// Sets each case's share of the rate that the matrix product had, where it is among them.
pub fn set_shares_of_peak(results: &mut [BenchResult]) {
    let is_product = |result: &&BenchResult| result.row.starts_with("gemm/");
    let Some(peak) = results
        .iter()
        .find(is_product)
        .and_then(|result| result.gflop_per_sec)
    else {
        return;
    };
    for result in results {
        result.share_of_peak = result.gflop_per_sec.map(|rate| rate / peak);
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use strum::VariantArray as _;

    use super::*;
    use crate::bench::BenchCase;
    use crate::bench::case::ImageStage;
    use crate::dataset::Size;

    fn job(case: BenchCase) -> BenchJob {
        let sample = PathBuf::from("no folder is needed");
        BenchJob {
            case,
            device: DeviceId::Cpu,
            rounds: 2,
            weights: None,
            sample,
        }
    }

    #[test]
    fn a_network_is_measured_with_its_operations() {
        let (trunk, variant) = (Trunk::Vgg16Slim, Variant::Fcn32s);
        for case in [
            BenchCase::Forward {
                trunk,
                variant,
                size: Size::new(64, 32),
            },
            BenchCase::Predict {
                trunk,
                variant,
                size: Size::new(64, 32),
            },
        ] {
            let result = measure(&job(case.clone())).expect("a result");
            let expected = case.operations().expect("a network") as f64 / 1e9;
            assert_eq!(result.gflop, Some(expected), "{case:?}");
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
        let case = BenchCase::step_of(Trunk::Vgg16Slim, Variant::Fcn8s);
        let BenchCase::Step {
            size, batch_size, ..
        } = case
        else {
            panic!("{case:?}")
        };
        assert_eq!(
            (size, batch_size, case.name()),
            (Size::new(160, 128), 4, "train/vgg16-slim/160x128/b4".into())
        );
        let forward = BenchCase::Forward {
            trunk: Trunk::Vgg16Slim,
            variant: Variant::Fcn8s,
            size,
        };
        assert_eq!(
            case.operations(),
            forward.operations().map(|forward| 3 * 4 * forward)
        );
        let result = measure(&job(case)).expect("a result");
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
            ..job(BenchCase::Data)
        })
        .expect("a result");
        assert_eq!(result.items, "batches");
        // 200 images in batches of 4.
        assert!(
            (result.items_per_sec * result.timing.median_ms / 1e3 - 50.0).abs() < 1e-9,
            "{result:?}"
        );
        assert_eq!(result.gflop, None);
        // Each stage by itself, over 32 pairs of it.
        for &stage in ImageStage::VARIANTS {
            let sample = folder.path().join("sample");
            let result = measure(&BenchJob {
                sample,
                rounds: 1,
                ..job(BenchCase::Images { stage })
            })
            .expect("a result");
            assert_eq!(result.items, "images", "{stage:?}");
            assert!(
                (result.items_per_sec * result.timing.median_ms / 1e3 - 32.0).abs() < 1e-9,
                "{result:?}"
            );
        }
    }

    #[test]
    fn a_product_of_matrices_has_the_operations_of_its_side() {
        let case = BenchCase::Gemm { side: 64 };
        assert_eq!(case.operations(), Some(2 * 64 * 64 * 64));
        let result = measure(&job(case)).expect("a result");
        assert!(
            result.gflop_per_sec.is_some_and(|rate| rate > 0.0),
            "{result:?}"
        );
    }

    #[test]
    fn shares_are_of_the_matrix_product() {
        let case = BenchCase::Confusion {
            size: Size::new(50, 30),
        };
        let result = measure(&job(case)).expect("a result");
        let row = |row: &str, rate| BenchResult {
            row: row.to_owned(),
            gflop_per_sec: rate,
            ..result.clone()
        };
        let mut results = [
            row("gemm/2048", Some(200.0)),
            row("forward/vgg16/500x375", Some(50.0)),
            row("data", None),
        ];
        set_shares_of_peak(&mut results[1..]);
        assert!(results.iter().all(|result| result.share_of_peak.is_none()));
        set_shares_of_peak(&mut results);
        assert_eq!(
            [0, 1, 2].map(|at| results[at].share_of_peak),
            [Some(1.0), Some(0.25), None]
        );
    }
}
