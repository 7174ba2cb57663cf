//! The names that checkpoints have in a run folder. People keep files of their own there: what has
//! any other name is never read as a checkpoint, and never deleted.

/// What a checkpoint may hold, each in a file of its own.
const PARTS: [&str; 4] = ["weights", "optimizer", "moments", "average"];

/// The file of what a checkpoint holds.
pub(super) fn name_of(what: &str, step: usize) -> String {
    format!("{what}-{step:08}.bpk")
}

/// The manifest of the checkpoint of a step.
pub(super) fn manifest_of(step: usize) -> String {
    format!("checkpoint-{step:08}.json")
}

/// Whether a file has exactly the name of what a checkpoint holds.
pub(super) fn is_part(name: &str) -> bool {
    PARTS.iter().any(|what| {
        let step = step_in(name, what, ".bpk");
        step.is_some_and(|step| name_of(what, step) == name)
    })
}

/// Whether a file has exactly the name of a checkpoint's manifest.
pub(super) fn is_manifest(name: &str) -> bool {
    let step = step_in(name, "checkpoint", ".json");
    step.is_some_and(|step| manifest_of(step) == name)
}

fn step_in(name: &str, what: &str, extension: &str) -> Option<usize> {
    let step = name.strip_prefix(what)?.strip_prefix('-')?;
    step.strip_suffix(extension)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_exact_names_are_those_of_checkpoints() {
        for what in PARTS {
            assert!(is_part(&name_of(what, 140)));
        }
        assert!(is_part("weights-123456789.bpk") && is_manifest("checkpoint-00000140.json"));
        for foreign in [
            "my-weights.bpk",
            "weights-00000140 (copy).bpk",
            "weights-140.bpk",
            "weights-+0000140.bpk",
            "weights-best.bpk",
            "weights-00000140.BPK",
            "notes-00000140.bpk",
            "checkpoint-old.json",
            "checkpoint-notes.txt",
            "checkpoint-00000140.json.bak",
            "checkpoint-00000140 (copy).json",
        ] {
            assert!(!is_part(foreign) && !is_manifest(foreign), "{foreign}");
        }
    }
}
