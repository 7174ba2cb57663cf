//! Names of classes in a configuration that people may have edited.

use crate::dataset::ClassList;

/// What is said where classes have other names than they had `then`, when the run began: its network does not
/// know. `None` = nothing.
pub(super) fn changed(then: &[String], now: &ClassList) -> Option<String> {
    let mut changed = now
        .iter()
        .map(|class| &class.name)
        .zip(then)
        .enumerate()
        .filter(|(_, (now, then))| now != then);
    let (label, (now, then)) = changed.next()?;
    let more = match changed.count() {
        0 => String::new(),
        others => format!(" (and {others} more)"),
    };
    Some(format!(
        "label {label} is called \"{now}\", but was \"{then}\" when the run began{more}. The masks that it predicts \
         still mean what they meant then: put the names back, unless the same classes only have better names"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn swapped_names_are_told() {
        let now = ClassList::numbered(3);
        let text = |then: [&str; 3]| changed(&then.map(str::to_owned), &now);
        assert_eq!(text(["class 0", "class 1", "class 2"]), None);
        let swapped = text(["class 0", "class 2", "class 1"]).expect("a text");
        assert!(
            swapped.starts_with("label 1 is called \"class 1\", but was \"class 2\"")
                && swapped.contains("(and 1 more)"),
            "{swapped}"
        );
    }
}
