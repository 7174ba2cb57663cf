//! What each setting of the form does, when to change it, and where that is from.

mod images;
mod network;
mod optimizer;
mod run;

use eframe::egui::{Response, Ui};

use crate::ui::terms::Term;
use crate::ui::ui_ext::UiExt as _;

/// The tooltip of a setting: its label, what it does, when to change it, and the source.
type Explained = (&'static str, &'static str, &'static str, &'static str);

const ALL: [&[Explained]; 4] = [network::TEXTS, optimizer::TEXTS, images::TEXTS, run::TEXTS];

/// A setting of the form, with its tooltip.
pub fn setting_ui(ui: &mut Ui, label: &str, add: impl FnOnce(&mut Ui) -> Response) -> Response {
    ui.field(label, &text(label), add)
}

/// As [`setting_ui`], with what is to be said at the moment.
pub fn setting_now_ui(
    ui: &mut Ui,
    label: &str,
    now: &str,
    add: impl FnOnce(&mut Ui) -> Response,
) -> Response {
    ui.field(label, &format!("{now}\n{}", text(label)), add)
}

/// As [`setting_ui`], of a setting whose name is a term.
pub fn setting_term_ui(
    ui: &mut Ui,
    label: &str,
    term: Term,
    add: impl FnOnce(&mut Ui) -> Response,
) -> Response {
    ui.term_field(label, (&text(label), term), add)
}

fn text(label: &str) -> String {
    let found = ALL.into_iter().flatten().find(|of| of.0 == label);
    found.map_or_else(String::new, |(_, what, when, source)| {
        format!("{what}. {when}\n{source}")
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    /// The labels of the settings that a file shows.
    fn labels(text: &str) -> impl Iterator<Item = &str> {
        let calls = ["setting_ui(", "setting_now_ui(", "setting_term_ui("].into_iter();
        let called = calls
            .flat_map(|start| text.split(start).skip(1))
            .filter_map(|rest| rest.trim_start().strip_prefix("ui,"));
        let listed = text.split("label:").skip(1);
        called
            .chain(listed)
            .filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next())
    }

    #[test]
    fn every_setting_of_the_form_says_what_it_does_when_to_change_it_and_the_source() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/ui/panels/train");
        let mut shown = BTreeSet::new();
        for entry in fs::read_dir(folder).expect("the panel").flatten() {
            let Ok(text) = fs::read_to_string(entry.path()) else {
                continue;
            };
            shown.extend(labels(&text).map(str::to_owned));
            // The weights of the classes and the rates of the stages have names of their own.
            let own = text.matches("ui.field(&class.name").count()
                + text.matches("ui.field(&name").count();
            let plain = text.matches("ui.field(").count() + text.matches(".term_field(").count();
            assert_eq!(
                plain,
                own,
                "{}: a setting without its text",
                entry.path().display()
            );
        }
        let known: BTreeSet<String> = ALL
            .into_iter()
            .flatten()
            .map(|of| of.0.to_owned())
            .collect();
        assert!(shown.len() > 50, "{shown:?}");
        assert_eq!(shown, known);
        for (label, what, when, source) in ALL.into_iter().flatten() {
            for part in [what, when, source] {
                assert!(part.len() > 10 && !part.ends_with('.'), "{label}: {part}");
                assert!(!part.contains("--"), "{label} names an option: {part}");
            }
            assert_eq!(
                ALL.into_iter()
                    .flatten()
                    .filter(|of| of.0 == *label)
                    .count(),
                1,
                "{label}"
            );
        }
    }

    #[test]
    fn a_tooltip_ends_with_its_source() {
        assert!(text("Momentum").starts_with("Share of the last update"));
        assert!(text("Momentum").ends_with("Shelhamer et al. 2017 (0.99)"));
    }
}
