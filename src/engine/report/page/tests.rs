//! What is on the page.

use super::*;
use crate::dataset::Rgb;
use crate::engine::plots::curves::tests::{epoch, step};
use crate::engine::report::masks::{MaskRow, ShownMask};
use crate::engine::{RunState, test_runs};
use crate::training::DeviceId;
use crate::training::checkpoint::RunFolder;

fn report_run(name: &str) -> ReportRun {
    let mut snapshot = test_runs::run(name, 1);
    snapshot.notes.name = format!("{name} & <co>");
    snapshot.steps = (1..=4)
        .map(|number| step(number, 1.0 / number as f64))
        .collect();
    snapshot.epochs = vec![epoch(1, 4, Some(0.5), Some(0.25))];
    snapshot.epochs[0].scores.class_iu = vec![Some(0.125), None];
    ReportRun {
        folder: RunFolder::at(name),
        device: DeviceId::Cpu,
        command_line: Ok(format!("fcn-workbench train --dataset '{name}'")),
        origin: None,
        snapshot,
    }
}

fn masks(runs: usize) -> Masks {
    let image = || Rgb {
        width: 1,
        height: 1,
        pixels: vec![1, 2, 3],
    };
    let shown = |_| {
        Some(ShownMask {
            mask: image(),
            mean_iu: Some(0.5),
        })
    };
    Masks {
        dataset: "tiny".to_owned(),
        rows: vec![MaskRow {
            id: "street".to_owned(),
            image: image(),
            truth: image(),
            masks: (0..runs).map(shown).collect(),
        }],
        remarks: vec!["b has no masks here: no weights".to_owned()],
    }
}

#[test]
fn a_page_of_one_run_has_all_of_it() {
    let page = page(&[report_run("a")], &masks(1));
    for part in [
        "<title>a &amp; &lt;co&gt;</title>",
        ">Loss</text>",
        ">IoU per class</text>",
        "class 0<td class=\"n\">12.5 %",
        // Of a class without a score, nothing is claimed.
        "class 1<td class=\"n\">–",
        "<td class=\"n\">25.0 %",
        "Prediction, mIoU 50.0 %",
        "alt=\"Ground truth of street\"",
        "<td>learning rate<td>0.05",
        "fcn-workbench train --dataset 'a'",
        "&quot;epochs&quot;: 40",
        "b has no masks here: no weights",
    ] {
        assert!(page.contains(part), "no {part} in\n{page}");
    }
    // Nothing is fetched from anywhere.
    for elsewhere in ["src=\"http", "href=", "<script"] {
        assert!(!page.contains(elsewhere), "{elsewhere}");
    }
    assert!(page.matches("data:image/png;base64,").count() == 3);
}

#[test]
fn a_comparison_puts_what_differs_first() {
    let (first, mut second) = (report_run("a"), report_run("b"));
    second.snapshot.config.learning.learning_rate = 0.01;
    second.snapshot.state = RunState::Failed("disk & full".to_owned());
    second.command_line = Err("it cannot be said".to_owned());
    let page = page(&[first, second], &masks(2));
    assert!(page.contains("<title>Comparison of 2 runs</title>"));
    let differs = page.find("<tr class=\"d\"><td>learning rate<td>0.05<td>0.01");
    let equal = page.find("<tr><td>batch size<td>4<td>4");
    assert!(
        differs.is_some() && differs < equal,
        "{differs:?} {equal:?}"
    );
    assert!(page.contains("failed: disk &amp; full") && page.contains("it cannot be said"));
    assert!(
        page.contains("a &amp; &lt;co&gt;: mIoU</text>"),
        "each line has its run"
    );
    assert!(!page.contains(">IoU per class</text>"));
}

#[test]
fn a_run_without_a_step_has_a_page() {
    let mut run = report_run("a");
    (run.snapshot.steps, run.snapshot.epochs) = (Vec::new(), Vec::new());
    let page = page(&[run], &Masks::default());
    assert!(page.contains("No step is done yet"));
}
