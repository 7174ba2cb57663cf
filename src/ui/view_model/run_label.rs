//! Short labels for runs that are shown together.

use crate::engine::RunSnapshot;

/// The variant if it is unique among `runs`, else with the time, else the folder name.
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
