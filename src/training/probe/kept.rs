//! What earlier tests have found out, kept in a file until the driver changes.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::files::{program_dirs, read_json, write_json};
use crate::training::TrainError;
use crate::training::device::{AdapterName, DeviceId};

/// Counted up when the test changes.
const TEST: u32 = 2;

/// The file in which results of the self-test are kept, and which may be deleted at any time; `None`
/// where the system has no place for such files.
pub fn tested_devices_file() -> Option<PathBuf> {
    Some(program_dirs()?.cache_dir().join("tested-devices.json"))
}

/// A device as it was tested.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Tested {
    id: DeviceId,
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
        let tested = Tested {
            id,
            name: adapter.name.clone(),
            backend: adapter.backend.clone(),
            driver: adapter.driver.clone(),
            program: env!("CARGO_PKG_VERSION").to_owned(),
            test: TEST,
        };
        // Without its version a new driver would not be noticed.
        let file = self.file.as_deref().filter(|_| !adapter.driver.is_empty());
        let known = file.and_then(|file| read(file).into_iter().find(|kept| kept.tested == tested));
        if let Some(kept) = known {
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
}

/// Results that are kept. A file that cannot be read has none; the next result replaces it.
fn read(file: &Path) -> Vec<Kept> {
    read_json(file).unwrap_or_default()
}

/// Writes a result in the place of what was known of the device.
fn keep(file: &Path, new: Kept) {
    let mut results = read(file);
    results.retain(|kept| kept.tested.id != new.tested.id);
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
