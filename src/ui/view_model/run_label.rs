//! The shortest name that tells a run from the others it is shown with.

use crate::engine::RunSnapshot;

/// The stride alone where no other of `runs` has it, then with the time, then the folder.
pub fn run_label(runs: &[&RunSnapshot], run: &RunSnapshot) -> String {
    let variant = run.config.variant;
    let same = |other: &&&RunSnapshot| other.config.variant == variant;
    if runs.iter().filter(same).count() <= 1 {
        return variant.to_string();
    }
    let at_once = |other: &&&RunSnapshot| same(other) && other.created_text() == run.created_text();
    if runs.iter().filter(at_once).count() <= 1 {
        format!("{variant} {}", run.created_text())
    } else {
        run.name.clone()
    }
}
