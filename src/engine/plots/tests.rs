use super::*;

fn classes(names: &[&str]) -> ClassList {
    let classes: Vec<_> = names
        .iter()
        .map(|name| serde_json::json!({"name": name, "color": [1, 2, 3]}))
        .collect();
    serde_json::from_value(classes.into()).unwrap()
}

pub(super) fn model() -> CurveModel {
    let losses = |scale: f64| {
        (0..50)
            .map(|step| [f64::from(step), scale])
            .collect::<Vec<_>>()
    };
    CurveModel {
        loss: losses(1.0),
        smoothed: losses(1.0),
        val_loss: vec![[25.0, 1.5], [49.0, 1.25]],
        mean_iu: vec![[25.0, 0.25], [49.0, 0.5]],
        class_iu: vec![vec![[25.0, 0.1]], vec![[25.0, 0.4]]],
        extent: Some([0.0, 49.0]),
        ..CurveModel::default()
    }
}

pub(super) fn run<'a>(
    name: &'a str,
    slot: usize,
    classes: &'a ClassList,
    model: &'a CurveModel,
) -> PlottedRun<'a> {
    PlottedRun {
        name,
        label: name,
        slot,
        classes,
        model,
    }
}

pub(super) fn settings(view: &PlotView) -> FigureSettings<'_> {
    FigureSettings {
        axis: Axis::Step,
        log: false,
        class: None,
        view,
    }
}

#[test]
fn a_plot_shows_all_that_there_is_from_the_start() {
    let (classes, model, view) = (classes(&["sky"]), model(), PlotView::default());
    let runs = [run("a", 0, &classes, &model)];
    let figure = Figure::new(PlotKind::Loss, &runs, &settings(&view));
    let [x, y] = figure.ranges;
    // The marks of the first and the last value are whole, so neither lies on the frame.
    assert!((x[0] + 0.04 * 49.0).abs() < 1e-9 && (x[1] - 1.04 * 49.0).abs() < 1e-9);
    assert!(y[0] < 1.0 && y[1] > 1.5, "{y:?}");
    assert!(!figure.is_out_of_sight() && !figure.is_empty() && figure.cut().is_empty());
    let scores = Figure::new(PlotKind::Scores, &runs, &settings(&view));
    assert_eq!(scores.ranges[1], [-0.04, 1.04]);
    assert_eq!(scores.scales[1], Scale::Share);
    let norms = Figure::new(PlotKind::GradNorm, &runs, &settings(&view));
    assert!(norms.is_empty() && !norms.is_out_of_sight());
}

#[test]
fn cut_values_are_counted_and_told() {
    let (classes, mut model, view) = (classes(&["sky"]), model(), PlotView::default());
    model.loss[10][1] = 1e9;
    model.loss[20][1] = -1e9;
    let runs = [run("a", 0, &classes, &model)];
    let figure = Figure::new(PlotKind::Loss, &runs, &settings(&view));
    let cuts = figure.cut();
    let places: Vec<(f64, bool)> = cuts.iter().map(|cut| (cut.x, cut.above)).collect();
    assert_eq!(places, [(10.0, true), (20.0, false)]);
    assert_eq!(cut_text(&cuts).as_deref(), Some("1 value above, 1 below"));
    assert_eq!(cut_text(&[]), None);
}

#[test]
fn away_from_all_values_nothing_is_in_sight() {
    let (classes, model) = (classes(&["sky"]), model());
    let mut view = PlotView::default();
    view.show(PlotKind::Loss, [500.0, 10.0], [600.0, 20.0]);
    let runs = [run("a", 0, &classes, &model)];
    assert!(Figure::new(PlotKind::Loss, &runs, &settings(&view)).is_out_of_sight());
}

#[test]
fn a_class_is_that_of_its_name_in_every_run() {
    let (first, second) = (classes(&["sky", "car"]), classes(&["car", "tree"]));
    let (model, view) = (model(), PlotView::default());
    let runs = [run("a", 0, &first, &model), run("b", 9, &second, &model)];
    assert_eq!(class_names(&runs), ["sky", "car", "tree"]);
    let lines = |class| {
        let settings = FigureSettings {
            class,
            ..settings(&view)
        };
        let figure = Figure::new(PlotKind::ClassIu, &runs, &settings);
        figure
            .lines
            .iter()
            .map(|line| (line.run, line.points[0][1], line.slot))
            .collect::<Vec<_>>()
    };
    assert_eq!(lines(Some("car")), [("a", 0.4, 0), ("b", 0.1, 9)]);
    assert_eq!(lines(Some("tree")), [("b", 0.4, 9)]);
    // Classes of one run differ by their labels.
    assert_eq!(lines(None), [("a", 0.1, 0), ("a", 0.4, 1)]);
}

#[test]
fn the_plot_of_classes_says_what_it_shows() {
    let classes = classes(&["sky", "car"]);
    let (model, view) = (model(), PlotView::default());
    let runs = [run("a", 0, &classes, &model), run("b", 9, &classes, &model)];
    let figure = |kind, runs: &[PlottedRun<'_>], class| {
        let settings = FigureSettings {
            class,
            ..settings(&view)
        };
        let figure = Figure::new(kind, runs, &settings);
        (figure.subject.clone(), figure.is_by_class())
    };
    let kind = PlotKind::ClassIu;
    assert_eq!(figure(kind, &runs[..1], None), (None, true));
    assert_eq!(figure(kind, &runs, None), (Some("a".to_owned()), true));
    assert_eq!(
        figure(kind, &runs, Some("car")),
        (Some("car".to_owned()), false)
    );
    assert_eq!(figure(PlotKind::Loss, &runs, None), (None, false));
}

#[test]
fn the_line_under_the_pointer_is_found_between_its_points() {
    let (classes, mut model, view) = (classes(&["sky", "car"]), model(), PlotView::default());
    model.class_iu = vec![vec![[0.0, 0.0], [10.0, 1.0]], vec![[0.0, 0.9], [10.0, 0.7]]];
    let runs = [run("a", 0, &classes, &model)];
    let figure = Figure::new(PlotKind::ClassIu, &runs, &settings(&view));
    // At 5 the lines are at 0.5 and 0.8.
    assert_eq!(figure.nearest_line([5.0, 0.55], 0.1), Some(0));
    assert_eq!(figure.nearest_line([5.0, 0.72], 0.1), Some(1));
    assert_eq!(figure.nearest_line([5.0, 0.65], 0.1), None);
    assert_eq!(figure.nearest_line([10.0, 1.0], 0.1), Some(0));
    assert_eq!(figure.nearest_line([11.0, 1.0], 0.1), None);
}

#[test]
fn runs_of_one_color_have_other_dashes() {
    assert!(dashes(0).is_empty() && dashes(7).is_empty());
    assert_ne!(dashes(8), dashes(16));
    assert_eq!(dashes(8), dashes(15));
    let look = |slot: usize| (slot % NUM_COLORS, dashes(slot));
    for a in 0..NUM_LOOKS {
        for b in 0..a {
            assert_ne!(look(a), look(b), "slots {a} and {b}");
        }
    }
}

#[test]
fn an_empty_plot_says_what_is_waited_for_or_that_nothing_comes() {
    for kind in [PlotKind::Scores, PlotKind::ClassIu] {
        let first = "The first values appear after the first epoch";
        assert_eq!(kind.why_empty(false), first);
        assert_eq!(kind.why_empty(true), "No validation was made");
    }
}
