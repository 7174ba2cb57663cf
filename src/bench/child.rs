//! Measures each case in a child process, which has a peak memory and a thread pool of its own
//! and does not end the program where a driver crashes.

use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use super::measure::{BenchResult, measure};
use super::plan::BenchJob;
use crate::engine::{describe_exit, guarded};

/// Between two looks at a child.
const TICK: Duration = Duration::from_millis(10);

/// What a child writes to its stderr: the reason where it fails, and else lines of drivers and libraries in
/// the middle of a table.
pub(super) struct SetAside(File);

impl SetAside {
    /// # Errors
    /// A sentence for the user where there is no place for temporary files.
    pub fn new() -> Result<Self, String> {
        tempfile::tempfile()
            .map(Self)
            .map_err(|err| format!("no temporary file could be made: {err}"))
    }

    /// # Errors
    /// As [`new`](Self::new).
    pub fn for_child(&self) -> Result<Stdio, String> {
        let file = self.0.try_clone();
        file.map(Stdio::from)
            .map_err(|err| format!("no temporary file could be made: {err}"))
    }

    /// A problem of the child, and the last that it has written.
    pub fn behind(mut self, problem: String) -> String {
        const LINES: usize = 3;
        let mut bytes = Vec::new();
        let read = self
            .0
            .rewind()
            .and_then(|()| self.0.read_to_end(&mut bytes));
        let text = String::from_utf8_lossy(&bytes);
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let lines: Vec<&str> = lines.collect();
        let last = lines[lines.len().saturating_sub(LINES)..].join(" / ");
        if read.is_err() || last.is_empty() {
            problem
        } else {
            format!("{problem}; it wrote: {last}")
        }
    }
}

/// Has `program` measure a case; `None` when `stopped` said so in between. `threads` limits
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
    let aside = SetAside::new()?;
    let mut command = Command::new(program);
    command
        .args(["bench", "--measure", &text])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(aside.for_child()?);
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
            aside.behind(format!(
                "its process ended early ({})",
                describe_exit(status)
            ))
        } else {
            answer
        });
    }
    serde_json::from_str(&answer)
        .map(Some)
        .map_err(|err| aside.behind(format!("its process gave no result ({err})")))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Size;
    use std::path::PathBuf;

    use crate::bench::BenchCase;
    use crate::training::DeviceId;

    fn job(case: BenchCase) -> BenchJob {
        BenchJob {
            case,
            device: DeviceId::Cpu,
            rounds: 1,
            weights: None,
            sample: PathBuf::from("no folder is needed"),
        }
    }

    const CONFUSION: BenchCase = BenchCase::Confusion {
        size: Size::new(500, 375),
    };

    #[test]
    fn a_job_goes_to_the_child_and_its_result_comes_back() {
        let job = job(CONFUSION);
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
        let job = job(CONFUSION);
        for (name, script, words) in [
            ("dies", "kill -SEGV $$", "signal 11"),
            (
                "complains",
                "echo 'the driver is gone' >&2; kill -SEGV $$",
                "it wrote: the driver is gone",
            ),
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
        let job = job(BenchCase::Data);
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
}
