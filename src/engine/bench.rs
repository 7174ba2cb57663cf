//! Measures the program itself: each row in a child process, which has a peak memory and a
//! thread pool of its own, and takes nobody with it where a driver ends it.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use super::devices::how;
use super::source::location;
use super::tasks::guarded;
use crate::model::{Trunk, Variant};
use crate::training::{BenchJob, BenchResult, BenchRow, DatasetRef, DeviceId, measure, preset};

/// Between two looks at a child.
const TICK: Duration = Duration::from_millis(10);

/// What is to be measured, and how.
#[derive(Debug, Clone)]
pub struct BenchOptions {
    /// Trunks of the networks; none = `vgg16-slim` and `vgg16`.
    pub trunks: Vec<Trunk>,
    /// Variant of the networks; `None` = that of each trunk's preset.
    pub variant: Option<Variant>,
    /// Where networks run.
    pub device: DeviceId,
    /// Timed rounds of each row, 1 or more.
    pub rounds: usize,
    /// Names of rows, or their first parts; none = all.
    pub rows: Vec<String>,
    /// Weights of the networks; `None` = drawn from a seed.
    pub weights: Option<PathBuf>,
}

impl BenchOptions {
    /// The rows in the order in which they are measured: the matrix product, which the others
    /// are compared with, is first.
    ///
    /// # Errors
    /// A sentence for the user: a name that no row has, or a variant that cannot be built on
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
        let rows = BenchRow::all(&networks.collect::<Result<Vec<_>, _>>()?);
        if let Some(name) = self
            .rows
            .iter()
            .find(|name| !rows.iter().any(|row| row.is_named(name)))
        {
            let names: Vec<String> = rows.iter().map(BenchRow::name).collect();
            return Err(format!(
                "{name}: no such row. There are {}",
                names.join(", ")
            ));
        }
        let wanted = |row: &BenchRow| {
            self.rows.is_empty() || self.rows.iter().any(|name| row.is_named(name))
        };
        let job = |row: BenchRow| BenchJob {
            device: if row.uses_device() {
                self.device
            } else {
                DeviceId::Cpu
            },
            row,
            rounds: self.rounds,
            weights: self.weights.clone(),
            sample: location(&DatasetRef::Sample, data_dir),
        };
        Ok(rows.into_iter().filter(wanted).map(job).collect())
    }
}

/// Has `program` measure a row; `None` when `stopped` said so in between. `threads` limits
/// the threads of the processor.
///
/// # Errors
/// A sentence for the user: what the child said, or how it ended.
pub fn measure_in_child(
    program: &Path,
    job: &BenchJob,
    threads: Option<usize>,
    stopped: &dyn Fn() -> bool,
) -> Result<Option<BenchResult>, String> {
    let text = serde_json::to_string(job).map_err(|err| err.to_string())?;
    let mut command = Command::new(program);
    command
        .args(["bench", "--measure", &text])
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    if let Some(threads) = threads {
        // Burn's processor backend computes on rayon's pool, which reads this when it starts.
        command.env("RAYON_NUM_THREADS", threads.to_string());
    }
    let mut child = command
        .spawn()
        .map_err(|err| format!("{}: {err}", program.display()))?;
    let status = loop {
        match child.try_wait().map_err(|err| err.to_string())? {
            Some(status) => break status,
            None if stopped() => {
                child.kill().ok();
                child.wait().ok();
                return Ok(None);
            }
            None => thread::sleep(TICK),
        }
    };
    // Ctrl+C reaches the child as well, which ends by it.
    if stopped() {
        return Ok(None);
    }
    let answer = read_answer(&mut child)?;
    if !status.success() {
        return Err(if answer.is_empty() {
            format!("its process ended early ({})", how(status))
        } else {
            answer
        });
    }
    serde_json::from_str(&answer)
        .map(Some)
        .map_err(|err| format!("its process gave no result ({err})"))
}

fn read_answer(child: &mut Child) -> Result<String, String> {
    let mut text = String::new();
    if let Some(mut stdout) = child.stdout.take() {
        stdout
            .read_to_string(&mut text)
            .map_err(|err| err.to_string())?;
    }
    Ok(text.trim().to_owned())
}

/// The child's side of a measurement: the result as a JSON object, or what went wrong as
/// text; and the exit code.
pub fn bench_main(job: &str) -> (String, u8) {
    let result =
        serde_json::from_str::<BenchJob>(job).map_err(|err| format!("this is no job: {err}"));
    let result =
        result.and_then(|job| guarded(|| measure(&job).map_err(|err| err.to_string())).flatten());
    match result.and_then(|result| serde_json::to_string(&result).map_err(|err| err.to_string())) {
        Ok(text) => (text, 0),
        Err(message) => (message, 1),
    }
}

/// Sets each row's share of the rate that the matrix product had, where it is among them.
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
        jobs.iter().map(|job| job.row.name()).collect()
    }

    #[test]
    fn rows_come_in_their_order_however_they_were_named() {
        let all = names(&options(&[]));
        assert_eq!((all.len(), all[0].as_str()), (11, "gemm/2048"));
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

    #[test]
    fn a_job_goes_to_the_child_and_its_result_comes_back() {
        let job = options(&["confusion"])
            .jobs(Path::new("data"))
            .expect("jobs")
            .remove(0);
        let (text, code) = bench_main(&serde_json::to_string(&job).expect("JSON"));
        assert_eq!(code, 0, "{text}");
        let result: BenchResult = serde_json::from_str(&text).expect("a result");
        assert_eq!(
            (result.row.as_str(), result.items.as_str()),
            ("confusion/500x375", "pixels")
        );
        assert!(
            result.timing.median_ms > 0.0 && result.gflop.is_none(),
            "{text}"
        );
        let (message, code) = bench_main("{}");
        assert!(code == 1 && message.contains("no job"), "{message}");
    }

    #[cfg(unix)]
    #[test]
    fn a_child_that_fails_is_told_in_its_words_or_by_its_end() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("a folder");
        let job = options(&["confusion"])
            .jobs(folder.path())
            .expect("jobs")
            .remove(0);
        for (name, script, words) in [
            ("dies", "kill -SEGV $$", "signal 11"),
            (
                "speaks",
                "echo the weights are gone; exit 1",
                "the weights are gone",
            ),
            ("mumbles", "echo mumble", "no result"),
        ] {
            let program = folder.path().join(name);
            std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).expect("a script");
            std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755))
                .expect("executable");
            let message = measure_in_child(&program, &job, None, &|| false).expect_err("no result");
            assert!(message.contains(words), "{message}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_stop_ends_the_child() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("a folder");
        let program = folder.path().join("waits");
        std::fs::write(&program, "#!/bin/sh\nexec sleep 600\n").expect("a script");
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755))
            .expect("executable");
        let job = options(&["data"])
            .jobs(folder.path())
            .expect("jobs")
            .remove(0);
        let looks = std::cell::Cell::new(0);
        let stopped = || {
            looks.set(looks.get() + 1);
            looks.get() > 3
        };
        assert_eq!(
            measure_in_child(&program, &job, Some(1), &stopped),
            Ok(None)
        );
    }

    #[test]
    fn shares_are_of_the_matrix_product() {
        let job = options(&["confusion"])
            .jobs(Path::new("data"))
            .expect("jobs")
            .remove(0);
        let result = measure(&job).expect("a result");
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
