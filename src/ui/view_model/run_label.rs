//! Short labels for runs that are shown together.

use crate::engine::RunSnapshot;

/// What tells a run from the other `runs`: the name that it was given, else the variant if it
/// is unique, else with its dataset, its time, and at last the name of its folder.
pub fn run_label(runs: &[&RunSnapshot], run: &RunSnapshot) -> String {
    if !run.notes.name.is_empty() {
        return run.notes.name.clone();
    }
    let variant = run.config.variant;
    let with_dataset =
        |run: &RunSnapshot| format!("{} on {}", run.config.variant, run.dataset_name);
    let candidates: [&dyn Fn(&RunSnapshot) -> String; 3] = [
        &|run| run.config.variant.to_string(),
        &with_dataset,
        &|run| format!("{}, {}", with_dataset(run), run.started_text()),
    ];
    let is_unique = |text: &str, of: &dyn Fn(&RunSnapshot) -> String| {
        runs.iter().filter(|other| of(other) == text).count() <= 1
    };
    for of in candidates {
        let text = of(run);
        if is_unique(&text, of) {
            return text;
        }
    }
    format!("{variant} {}", run.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Variant;
    use crate::engine::test_runs::run;

    #[test]
    fn a_label_is_as_long_as_it_must_be() {
        let (mut a, mut b) = (run("a", 1_795_442_701), run("b", 1_795_442_702));
        a.config.variant = Variant::Fcn16s;
        let label = |a: &RunSnapshot, b: &RunSnapshot| run_label(&[a, b], a);
        assert_eq!(label(&a, &b), "FCN-16s");
        b.config.variant = Variant::Fcn16s;
        b.dataset_name = "street".to_owned();
        assert_eq!(label(&a, &b), "FCN-16s on sample");
        b.dataset_name = "sample".to_owned();
        assert_eq!(label(&a, &b), "FCN-16s on sample, 2026-11-23 14:05:01");
        b.created = a.created;
        assert_eq!(label(&a, &b), "FCN-16s a");
        a.notes.name = "baseline".to_owned();
        assert_eq!(label(&a, &b), "baseline");
    }
}
