//! Short labels for runs that are shown together.

use crate::engine::RunSnapshot;

/// What tells a run from the other `runs`, in a few words: the name that it was given, with its start where another one
/// has that name, else the variant if it is unique, else with its trunk, its dataset, or its time (with the day, where the runs are of
/// several), and at last the name of its folder.
pub fn run_label(runs: &[&RunSnapshot], run: &RunSnapshot) -> String {
    if !run.notes.name.is_empty() {
        return given_label(runs, run);
    }
    let variant = run.config.variant;
    let alike: Vec<&RunSnapshot> = runs
        .iter()
        .copied()
        .filter(|other| other.config.variant == variant)
        .collect();
    let is_of_one_dataset = (alike.iter()).all(|other| other.dataset_name == run.dataset_name);
    let is_of_one_day = (alike.iter()).all(|other| day_and_time(other).0 == day_and_time(run).0);
    let with_dataset = |run: &RunSnapshot| format!("{variant} on {}", run.dataset_name);
    let with_time = |run: &RunSnapshot| {
        let what = if is_of_one_dataset {
            variant.to_string()
        } else {
            with_dataset(run)
        };
        let (day, time) = day_and_time(run);
        if is_of_one_day {
            format!("{what}, {time}")
        } else {
            format!("{what}, {day} {time}")
        }
    };
    let candidates: [&dyn Fn(&RunSnapshot) -> String; 4] = [
        &|_| variant.to_string(),
        &|run| format!("{variant} {}", run.config.trunk),
        &with_dataset,
        &with_time,
    ];
    for of in candidates {
        let text = of(run);
        if alike.iter().filter(|other| of(other) == text).count() <= 1 {
            return text;
        }
    }
    format!("{variant} {}", run.name)
}

/// The name that a run was given, and what tells it from others that were given the same one.
fn given_label(runs: &[&RunSnapshot], run: &RunSnapshot) -> String {
    let given = &run.notes.name;
    let named = || runs.iter().filter(|other| other.notes.name == *given);
    let is_of_its_time = |other: &&&RunSnapshot| other.created == run.created;
    if named().count() <= 1 {
        given.clone()
    } else if named().filter(is_of_its_time).count() <= 1 {
        format!("{given}, {}", run.started_text())
    } else {
        format!("{given}, {}", run.name)
    }
}

/// `2026-11-23` and `14:05:01`.
fn day_and_time(run: &RunSnapshot) -> (String, String) {
    let started = run.started_text();
    match started.split_once(' ') {
        Some((day, time)) => (day.to_owned(), time.to_owned()),
        None => (started, String::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::test_runs::run;
    use crate::engine::{Trunk, Variant};

    #[test]
    fn a_label_is_as_long_as_it_must_be() {
        let (mut a, mut b) = (run("a", 1_795_442_701), run("b", 1_795_442_702));
        a.config.variant = Variant::Fcn16s;
        let label = |a: &RunSnapshot, b: &RunSnapshot| run_label(&[a, b], a);
        assert_eq!(label(&a, &b), "FCN-16s");
        b.config.variant = Variant::Fcn16s;
        b.config.trunk = Trunk::Vgg16;
        assert_eq!(label(&a, &b), "FCN-16s VGG16 slim");
        assert_eq!(label(&b, &a), "FCN-16s VGG16");
        b.config.trunk = a.config.trunk;
        b.dataset_name = "street".to_owned();
        assert_eq!(label(&a, &b), "FCN-16s on sample");
        b.dataset_name = "sample".to_owned();
        assert_eq!(label(&a, &b), "FCN-16s, 14:05:01");
        b.created += 86_400;
        assert_eq!(label(&a, &b), "FCN-16s, 2026-11-23 14:05:01");
        b.created = a.created;
        assert_eq!(label(&a, &b), "FCN-16s a");
        a.notes.name = "baseline".to_owned();
        assert_eq!(label(&a, &b), "baseline");
        // Nothing keeps people from giving two runs one name.
        b.notes.name = "baseline".to_owned();
        assert_eq!(label(&a, &b), "baseline, a");
        b.created += 1;
        assert_eq!(label(&a, &b), "baseline, 2026-11-23 14:05:01");
        assert_eq!(label(&b, &a), "baseline, 2026-11-23 14:05:02");
    }

    #[test]
    fn runs_of_several_datasets_are_told_apart_by_both() {
        let (a, b) = (run("a", 1_795_442_701), run("b", 1_795_442_702));
        let mut c = run("c", 1_795_442_703);
        c.dataset_name = "street".to_owned();
        let labels = [&a, &b, &c].map(|run| run_label(&[&a, &b, &c], run));
        assert_eq!(
            labels,
            [
                "FCN-8s on sample, 14:05:01",
                "FCN-8s on sample, 14:05:02",
                "FCN-8s on street"
            ]
        );
    }
}
