//! Tries devices, each in a child process: a driver may end the process that asks it.

use std::io::Read as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;

use super::kind_of;
use crate::engine::tasks::guarded;
use crate::training::{
    DeviceEntry, DeviceId, DeviceKind, DeviceMemory, MatrixUnitsState, candidates, probe,
    probe_matrix_units,
};

/// A first start compiles kernels, which takes a while on some drivers.
const PATIENCE: Duration = Duration::from_mins(3);

/// Probes all devices, telling each as it is found.
pub(in crate::engine) fn probe_all(program: &Path, mut found: impl FnMut(DeviceEntry)) {
    let mut index = 0;
    loop {
        let entries: Vec<DeviceEntry> = candidates(index)
            .into_iter()
            .filter_map(|id| probe_in_child(program, id, PATIENCE))
            .collect();
        // The numbers of a kind have no gaps: where no kind has one, there are no more.
        let more = entries
            .iter()
            .any(|entry| entry.kind != DeviceKind::Software);
        entries.into_iter().for_each(&mut found);
        if !more {
            return;
        }
        index += 1;
    }
}

fn probe_in_child(program: &Path, id: DeviceId, patience: Duration) -> Option<DeviceEntry> {
    let ask = |more: &[&str]| ask_child(program, id, more, patience);
    match ask(&[]).and_then(|text| understand::<Option<DeviceEntry>>(&text)) {
        Ok(entry) => entry.map(|mut entry| {
            // A process of its own: these may be broken where all else works.
            if entry.problem.is_none() && id != DeviceId::Cpu {
                let answer = ask(&["--matrix-units"]).and_then(|text| understand(&text));
                entry.matrix_units = answer.unwrap_or_else(MatrixUnitsState::Faulty);
            }
            entry
        }),
        Err(problem) => Some(DeviceEntry {
            id,
            name: "unknown".into(),
            kind: kind_of(id),
            backend: String::new(),
            memory: DeviceMemory::default(),
            matrix_units: MatrixUnitsState::Absent,
            problem: Some(problem),
        }),
    }
}

/// What a probing process prints.
fn ask_child(
    program: &Path,
    id: DeviceId,
    more: &[&str],
    patience: Duration,
) -> Result<String, String> {
    let child = Command::new(program)
        .args(["devices", "--probe", &id.to_string()])
        .args(more)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    answer(child.map_err(|err| err.to_string())?, patience)
}

fn understand<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_str(text.trim()).map_err(|err| format!("its test did not answer ({err})"))
}

fn answer(mut child: Child, patience: Duration) -> Result<String, String> {
    let deadline = Instant::now() + patience;
    let status = loop {
        match child.try_wait().map_err(|err| err.to_string())? {
            Some(status) => break status,
            None if Instant::now() > deadline => {
                child.kill().ok();
                child.wait().ok();
                return Err(format!(
                    "its test did not end within {} s",
                    patience.as_secs()
                ));
            }
            None => thread::sleep(Duration::from_millis(10)),
        }
    };
    if !status.success() {
        return Err(format!(
            "its driver ended the test process ({})",
            describe_exit(status)
        ));
    }
    let mut text = String::new();
    if let Some(mut stdout) = child.stdout.take() {
        stdout
            .read_to_string(&mut text)
            .map_err(|err| err.to_string())?;
    }
    Ok(text)
}

/// How a process ended, in words.
pub fn describe_exit(status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return format!("signal {signal}");
    }
    status.to_string()
}

/// The child's side of a probe: tests the device, or its matrix units, and gives what is found as
/// JSON, which is `null` when the machine has no such device; and the exit code.
pub fn probe_main(id: &str, matrix_units: bool) -> (String, u8) {
    let found = id.parse::<DeviceId>().and_then(|id| {
        guarded(|| {
            if matrix_units {
                serde_json::to_string(&probe_matrix_units(id))
            } else {
                serde_json::to_string(&probe(id))
            }
        })
    });
    match found {
        Ok(json) => (json.unwrap_or_else(|_| "null".into()), 0),
        Err(message) => (message, 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::cpu_entry;

    fn entry(id: DeviceId, kind: DeviceKind, problem: Option<&str>) -> DeviceEntry {
        DeviceEntry {
            id,
            name: "test".to_owned(),
            kind,
            backend: "test".to_owned(),
            memory: DeviceMemory::default(),
            matrix_units: MatrixUnitsState::Absent,
            problem: problem.map(str::to_owned),
        }
    }

    /// What becomes of a device whose test is this script.
    #[cfg(unix)]
    fn problem_of(script: &str) -> String {
        entry_of(script).problem.expect("a problem")
    }

    #[cfg(unix)]
    fn entry_of(script: &str) -> DeviceEntry {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("a folder");
        let program = folder.path().join("driver");
        std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).expect("a script");
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755))
            .expect("executable");
        let entry = probe_in_child(&program, DeviceId::Gpu(0), Duration::from_secs(1));
        entry.expect("an entry")
    }

    #[cfg(unix)]
    #[test]
    fn a_driver_that_ends_the_process_hangs_or_talks_nonsense_becomes_a_problem() {
        assert!(problem_of("kill -SEGV $$").contains("signal 11"));
        assert!(problem_of("exit 3").contains("ended the test process"));
        assert!(problem_of("exec sleep 600").contains("did not end within 1 s"));
        assert!(problem_of("echo what").contains("did not answer"));
    }

    #[cfg(unix)]
    #[test]
    fn a_device_is_used_without_matrix_units_that_end_their_test() {
        let works = serde_json::to_string(&entry(DeviceId::Gpu(0), DeviceKind::DiscreteGpu, None))
            .expect("JSON");
        let units = |answer: &str| {
            let script =
                format!("if [ \"$4\" = --matrix-units ]; then {answer}; else echo '{works}'; fi");
            let entry = entry_of(&script);
            assert_eq!(entry.problem, None);
            entry.matrix_units
        };
        assert_eq!(units("echo '\"working\"'"), MatrixUnitsState::Working);
        assert_eq!(units("echo '\"absent\"'"), MatrixUnitsState::Absent);
        let faulty = |answer: &str| match units(answer) {
            MatrixUnitsState::Faulty(reason) => reason,
            other => panic!("{answer}: {other:?}"),
        };
        assert!(faulty("kill -SEGV $$").contains("signal 11"));
        assert!(faulty("exec sleep 600").contains("did not end within 1 s"));
        assert!(faulty("echo what").contains("did not answer"));
        assert_eq!(faulty("echo '{\"faulty\":\"wrong\"}'"), "wrong");
    }

    #[test]
    fn the_probe_of_the_processor_answers_with_json() {
        let (text, code) = probe_main("cpu", false);
        assert_eq!(code, 0);
        let entry: Option<DeviceEntry> = serde_json::from_str(&text).expect("an entry");
        assert_eq!(entry, Some(cpu_entry()));
    }
}
