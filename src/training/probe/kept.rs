//! What earlier tests have found out, kept in a file until the driver changes.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::files::{program_dirs, read_json, write_json};
use crate::training::TrainError;
use crate::training::device::{AdapterName, DeviceId};

/// Counted up when the test changes.
const TEST: u32 = 4;

/// The file in which results of the self-test are kept, and which may be deleted at any time; `None`
/// where the system has no place for such files.
pub fn tested_devices_file() -> Option<PathBuf> {
    Some(program_dirs()?.cache_dir().join("tested-devices.json"))
}

/// What of a device was tested.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Subject {
    /// All that training computes.
    #[default]
    Device,
    /// Its units that multiply matrices.
    MatrixUnits,
}

/// A device as it was tested.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Tested {
    id: DeviceId,
    #[serde(default)]
    subject: Subject,
    name: String,
    backend: String,
    driver: String,
    /// Version of the program, whose kernels were tested.
    program: String,
    test: u32,
}

/// The test's result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    #[serde(flatten)]
    tested: Tested,
    problem: Option<String>,
}

/// The results of earlier tests.
pub(super) struct KeptResults {
    file: Option<PathBuf>,
}

impl KeptResults {
    pub fn of_program() -> Self {
        Self {
            file: tested_devices_file(),
        }
    }

    /// What is wrong with a device: as it was found before, or as `test` finds now. Only answers of
    /// the device are kept: a test that did not come to an end is made again.
    pub fn problem(
        &self,
        id: DeviceId,
        adapter: &AdapterName,
        test: impl FnOnce() -> Result<(), TrainError>,
    ) -> Option<String> {
        let file = self.file_for(adapter);
        let tested = Tested::now(id, Subject::Device, adapter);
        if let Some(kept) = self.known(&tested, adapter) {
            return kept.problem;
        }
        let result = test();
        let answered = matches!(result, Ok(()) | Err(TrainError::Device { .. }));
        let problem = result.err().map(|err| err.to_string());
        if let Some(file) = file.filter(|_| answered) {
            let kept = Kept {
                tested,
                problem: problem.clone(),
            };
            keep(file, kept);
        }
        problem
    }

    /// As [`problem`](Self::problem), of the matrix units. Nobody needs them, so that a test which
    /// did not come to an end is not made again.
    pub fn problem_of_units(
        &self,
        id: DeviceId,
        adapter: &AdapterName,
        test: impl FnOnce() -> Result<(), TrainError>,
    ) -> Option<String> {
        let tested = Tested::now(id, Subject::MatrixUnits, adapter);
        if let Some(kept) = self.known(&tested, adapter) {
            return kept.problem;
        }
        let note = |problem: Option<String>| {
            if let Some(file) = self.file_for(adapter) {
                let tested = tested.clone();
                keep(file, Kept { tested, problem });
            }
        };
        note(Some("its driver did not end their test".to_owned()));
        let problem = test().err().map(|err| err.to_string());
        note(problem.clone());
        problem
    }

    /// Whether the matrix units of a device have passed their test with the driver that it has now.
    pub fn units_passed(&self, id: DeviceId, adapter: &AdapterName) -> bool {
        let tested = Tested::now(id, Subject::MatrixUnits, adapter);
        let kept = self.known(&tested, adapter);
        kept.is_some_and(|kept| kept.problem.is_none())
    }

    fn known(&self, tested: &Tested, adapter: &AdapterName) -> Option<Kept> {
        let results = read(self.file_for(adapter)?);
        results.into_iter().find(|kept| kept.tested == *tested)
    }

    /// Without its version a new driver would not be noticed.
    fn file_for(&self, adapter: &AdapterName) -> Option<&Path> {
        self.file.as_deref().filter(|_| !adapter.driver.is_empty())
    }
}

impl Tested {
    fn now(id: DeviceId, subject: Subject, adapter: &AdapterName) -> Self {
        Self {
            id,
            subject,
            name: adapter.name.clone(),
            backend: adapter.backend.clone(),
            driver: adapter.driver.clone(),
            program: env!("CARGO_PKG_VERSION").to_owned(),
            test: TEST,
        }
    }
}

/// Results that are kept. A file that cannot be read has none; the next result replaces it.
fn read(file: &Path) -> Vec<Kept> {
    read_json(file).unwrap_or_default()
}

/// Writes a result in the place of what was known of the device.
fn keep(file: &Path, new: Kept) {
    let mut results = read(file);
    let is_old =
        |kept: &Kept| (kept.tested.id, kept.tested.subject) == (new.tested.id, new.tested.subject);
    results.retain(|kept| !is_old(kept));
    results.push(new);
    let folder = file.parent().map_or(Ok(()), std::fs::create_dir_all);
    // Without it the next start tests again.
    if let Err(err) = folder
        .map_err(|err| err.to_string())
        .and_then(|()| write_json(file, &results).map_err(|err| err.to_string()))
    {
        log::warn!(
            "{}: {err}. Devices are tested again at the next start",
            file.display()
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    fn adapter(driver: &str) -> AdapterName {
        AdapterName {
            name: "A card".into(),
            backend: "Vulkan".into(),
            driver: driver.into(),
            ..AdapterName::default()
        }
    }

    fn wrong() -> Result<(), TrainError> {
        Err(TrainError::Device {
            device: "gpu:0".into(),
            reason: "computes wrongly".into(),
        })
    }

    #[test]
    fn a_device_is_tested_once_for_each_version_of_its_driver() {
        let folder = tempfile::tempdir().expect("a folder");
        let kept = KeptResults {
            file: Some(folder.path().join("cache/tested-devices.json")),
        };
        let tests = Cell::new(0);
        let problem = |id, driver: &str, result: fn() -> Result<(), TrainError>| {
            kept.problem(id, &adapter(driver), || {
                tests.set(tests.get() + 1);
                result()
            })
        };
        let (first, second) = (DeviceId::Gpu(0), DeviceId::Gpu(1));
        assert_eq!(problem(first, "NVIDIA 580", || Ok(())), None);
        assert_eq!(problem(first, "NVIDIA 580", wrong), None);
        assert_eq!(tests.get(), 1, "the second start asks nothing");
        let found = problem(second, "NVIDIA 580", wrong).expect("a problem");
        assert_eq!(problem(second, "NVIDIA 580", || Ok(())), Some(found));
        assert_eq!(tests.get(), 2);
        // A new driver.
        assert!(problem(first, "NVIDIA 590", wrong).is_some());
        assert_eq!(problem(first, "NVIDIA 580", || Ok(())), None);
        assert_eq!(tests.get(), 4);
        // One that does not tell its version.
        assert_eq!(problem(first, "", || Ok(())), None);
        assert_eq!(problem(first, "", || Ok(())), None);
        assert_eq!(tests.get(), 6);
    }

    #[test]
    fn units_are_used_after_their_test_was_passed_and_a_crash_is_remembered() {
        let folder = tempfile::tempdir().expect("a folder");
        let kept = KeptResults {
            file: Some(folder.path().join("tested-devices.json")),
        };
        let (id, driver) = (DeviceId::Gpu(0), adapter("1"));
        assert!(!kept.units_passed(id, &driver), "untested");
        assert_eq!(kept.problem(id, &driver, || Ok(())), None);
        assert!(!kept.units_passed(id, &driver), "the device alone");
        // While the test runs, and after a process that it has ended.
        let within = kept.problem_of_units(id, &driver, || {
            assert!(!kept.units_passed(id, &driver));
            let again = kept.problem_of_units(id, &driver, || Ok(()));
            assert_eq!(again.as_deref(), Some("its driver did not end their test"));
            Ok(())
        });
        assert_eq!(within, None);
        assert!(kept.units_passed(id, &driver));
        assert!(!kept.units_passed(id, &adapter("2")), "another driver");
        assert_eq!(kept.problem(id, &driver, wrong), None, "both are kept");
        let other = DeviceId::Gpu(1);
        assert!(kept.problem_of_units(other, &driver, wrong).is_some());
        assert!(!kept.units_passed(other, &driver));
        // Where nothing can be kept they are not used.
        let nowhere = KeptResults { file: None };
        assert_eq!(nowhere.problem_of_units(id, &driver, || Ok(())), None);
        assert!(!nowhere.units_passed(id, &driver));
    }

    #[test]
    fn a_test_without_an_answer_and_a_broken_file_are_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("tested-devices.json");
        std::fs::write(&file, "[{").expect("a broken file");
        let kept = KeptResults { file: Some(file) };
        let id = DeviceId::Gpu(0);
        let lost = || Err(TrainError::Execution("device lost".into()));
        assert!(kept.problem(id, &adapter("1"), lost).is_some());
        assert_eq!(kept.problem(id, &adapter("1"), || Ok(())), None);
        assert_eq!(kept.problem(id, &adapter("1"), wrong), None, "kept");
        let nowhere = KeptResults { file: None };
        assert_eq!(nowhere.problem(id, &adapter("1"), || Ok(())), None);
        assert!(nowhere.problem(id, &adapter("1"), wrong).is_some());
    }
}
