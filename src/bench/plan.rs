//! Which cases are measured, and how.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::case::BenchCase;
use crate::engine::dataset_folder;
use crate::model::{Trunk, Variant};
use crate::training::{DatasetRef, DeviceId, preset};

/// What is to be measured, and how.
#[derive(Debug, Clone)]
pub struct BenchOptions {
    /// Trunks of the networks; none = `vgg16-slim` and `vgg16`.
    pub trunks: Vec<Trunk>,
    /// Variant of the networks; `None` = that of each trunk's preset.
    pub variant: Option<Variant>,
    /// Where networks run.
    pub device: DeviceId,
    /// Timed rounds of each case, 1 or more.
    pub rounds: usize,
    /// Names of cases, or their first parts (`predict`, `forward/vgg16`); none = all.
    pub rows: Vec<String>,
    /// Weights of the networks; `None` = drawn from a seed.
    pub weights: Option<PathBuf>,
}

impl BenchOptions {
    /// The cases in the order in which they are measured: the matrix product, which the others
    /// are compared with, is first.
    ///
    /// # Errors
    /// A sentence for the user: a name that no case has, or a variant that cannot be built on
    /// a trunk.
    pub fn jobs(&self, data_dir: &Path) -> Result<Vec<BenchJob>, String> {
        let trunks = if self.trunks.is_empty() {
            &[Trunk::Vgg16Slim, Trunk::Vgg16]
        } else {
            &self.trunks[..]
        };
        let networks = trunks.iter().map(|&trunk| {
            let variant = self.variant.unwrap_or_else(|| preset(trunk).variant);
            if variant.trunks().contains(&trunk) {
                return Ok((trunk, variant));
            }
            let (variant, trunk) = (variant.id(), trunk.id());
            Err(format!(
                "{variant} cannot be built on {trunk}. Name another with --trunk or --variant"
            ))
        });
        let cases = BenchCase::all(&networks.collect::<Result<Vec<_>, _>>()?);
        if let Some(name) = self
            .rows
            .iter()
            .find(|name| !cases.iter().any(|case| case.is_named(name)))
        {
            let names: Vec<String> = cases.iter().map(BenchCase::name).collect();
            return Err(format!(
                "{name}: no such row. There are {}",
                names.join(", ")
            ));
        }
        let wanted = |case: &BenchCase| {
            self.rows.is_empty() || self.rows.iter().any(|name| case.is_named(name))
        };
        let job = |case: BenchCase| BenchJob {
            device: if case.uses_device() {
                self.device
            } else {
                DeviceId::Cpu
            },
            case,
            rounds: self.rounds,
            weights: self.weights.clone(),
            sample: dataset_folder(&DatasetRef::Sample, data_dir),
        };
        Ok(cases.into_iter().filter(wanted).map(job).collect())
    }
}

/// One case to measure, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BenchJob {
    /// What is measured.
    pub case: BenchCase,
    /// Where networks and the matrix product run.
    pub device: DeviceId,
    /// Timed rounds after the warm-up, 1 or more.
    pub rounds: usize,
    /// Weights of the networks, of the case's trunk; `None` = drawn from a seed.
    pub weights: Option<PathBuf>,
    /// Folder of the generated sample, for the data path; made where it is not there.
    pub sample: PathBuf,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(rows: &[&str]) -> BenchOptions {
        BenchOptions {
            trunks: Vec::new(),
            variant: None,
            device: DeviceId::Cpu,
            rounds: 1,
            rows: rows.iter().map(|row| (*row).to_owned()).collect(),
            weights: None,
        }
    }

    fn names(options: &BenchOptions) -> Vec<String> {
        let jobs = options.jobs(Path::new("data")).expect("jobs");
        jobs.iter().map(|job| job.case.name()).collect()
    }

    #[test]
    fn rows_come_in_their_order_however_they_were_named() {
        let all = names(&options(&[]));
        assert_eq!((all.len(), all[0].as_str()), (16, "gemm/2048"));
        assert_eq!(
            names(&options(&["confusion", "gemm"])),
            ["gemm/2048", "confusion/500x375"]
        );
        let trunks = vec![Trunk::Googlenet];
        assert_eq!(
            names(&BenchOptions {
                trunks,
                ..options(&["forward"])
            }),
            ["forward/googlenet/500x375"]
        );
    }

    #[test]
    fn what_is_not_there_is_refused_by_name() {
        let message = options(&["forward", "speed"])
            .jobs(Path::new("data"))
            .expect_err("no such row");
        assert!(
            message.starts_with("speed: no such row") && message.contains("gemm/2048"),
            "{message}"
        );
        let variant = Some(Variant::Fcn8s);
        let wrong = BenchOptions {
            trunks: vec![Trunk::Resnet50],
            variant,
            ..options(&[])
        };
        let message = wrong.jobs(Path::new("data")).expect_err("no such network");
        assert!(
            message.contains("fcn8s cannot be built on resnet50"),
            "{message}"
        );
    }
}
