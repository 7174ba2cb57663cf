use super::*;

#[test]
fn a_new_user_sees_data_training_curves_and_live() {
    let layout = DockLayout::default();
    for panel in [
        PanelKind::Dataset,
        PanelKind::Train,
        PanelKind::Curves,
        PanelKind::Live,
    ] {
        assert!(layout.is_in_front(panel), "{panel:?}");
    }
    assert!(!layout.is_in_front(PanelKind::Inspect));
    assert!(
        PanelKind::ALL
            .into_iter()
            .all(|panel| layout.is_open(panel))
    );
}

#[test]
fn panels_come_back_to_the_front() {
    let mut layout = DockLayout::default();
    layout.show(PanelKind::Compare);
    assert!(layout.is_in_front(PanelKind::Compare) && !layout.is_in_front(PanelKind::Live));
    layout.hide(PanelKind::Live);
    assert!(!layout.is_open(PanelKind::Live));
    layout.show(PanelKind::Live);
    assert!(layout.is_in_front(PanelKind::Live));
}

#[test]
fn a_tab_is_preferred_to_its_neighbors_only() {
    let others = [PanelKind::Inspect, PanelKind::Compare];
    let mut layout = DockLayout::default();
    layout.show(PanelKind::Compare);
    layout.prefer(PanelKind::Live, &[PanelKind::Train]);
    assert!(layout.is_in_front(PanelKind::Compare));
    layout.prefer(PanelKind::Live, &others);
    assert!(layout.is_in_front(PanelKind::Live));
    layout.hide(PanelKind::Live);
    layout.prefer(PanelKind::Live, &others);
    assert!(!layout.is_open(PanelKind::Live));
}

#[test]
fn a_layout_without_a_panel_is_replaced() {
    let old = || Tree::new_tabs(Id::unique("old"), vec![PanelKind::Live]);
    let mut layout = DockLayout {
        tree: old(),
        ..DockLayout::default()
    };
    layout.repair();
    assert!(layout.is_open(PanelKind::Compare));
    let mut layout = DockLayout {
        low_tree: old(),
        ..DockLayout::default()
    };
    layout.repair();
    draw(&mut layout, [900.0, 550.0]);
    assert!(layout.is_open(PanelKind::Compare));
}

fn draw(layout: &mut DockLayout, [width, height]: [f32; 2]) {
    let screen = egui::Rect::from_min_size(egui::Pos2::ZERO, egui::vec2(width, height));
    let input = egui::RawInput {
        screen_rect: Some(screen),
        ..egui::RawInput::default()
    };
    egui::Context::default()
        .run_ui(input, |ui| layout.ui(ui, &mut |_, _| {}))
        .drop_without_applying_deltas();
}

#[test]
fn a_low_window_shows_curves_or_images_and_the_same_panels_are_open() {
    let mut layout = DockLayout::default();
    layout.hide(PanelKind::Runs);
    layout.show(PanelKind::Compare);
    // The second is what a window of 1280 x 768 has for panels.
    for size in [[900.0, 550.0], [1280.0, 720.0]] {
        draw(&mut layout, size);
        assert!(layout.is_in_front(PanelKind::Compare));
        assert!(!layout.is_in_front(PanelKind::Curves) && layout.is_open(PanelKind::Curves));
    }
    assert!(layout.is_in_front(PanelKind::Dataset) && layout.is_in_front(PanelKind::Train));
    assert!(!layout.is_open(PanelKind::Runs));
    layout.show(PanelKind::Curves);
    assert!(!layout.is_in_front(PanelKind::Compare));
    // A tab that is closed here is closed there.
    set_open(layout.shown_mut(), PanelKind::Evaluate, false);
    draw(&mut layout, [900.0, 550.0]);
    draw(&mut layout, [1440.0, 850.0]);
    assert!(!layout.is_open(PanelKind::Evaluate) && !layout.is_open(PanelKind::Runs));
    for panel in [PanelKind::Curves, PanelKind::Compare] {
        assert!(layout.is_in_front(panel), "{panel:?}");
    }
}

#[test]
fn the_left_column_keeps_its_width() {
    let mut layout = DockLayout::default();
    for window in [1440.0, 900.0, 2000.0] {
        draw(&mut layout, [window, 800.0]);
        assert!(
            (layout.left_width - LEFT_WIDTH).abs() < f32::EPSILON,
            "{window}: {}",
            layout.left_width
        );
    }
}
