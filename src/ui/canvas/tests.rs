//! The canvas under a real pointer.

use eframe::egui::{self, Event, Modifiers, MouseWheelUnit, PointerButton, TouchPhase, pos2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;

use super::*;
use crate::engine::Rgb;

const SIZE: Vec2 = vec2(200.0, 100.0);

#[derive(Default)]
struct State {
    textures: TextureCache,
    view: CanvasView,
    rect: Option<Rect>,
    hovered: Option<Pixel>,
}

/// A canvas with an image of 100 x 100 pixels, which fits at a zoom of 1.
fn harness() -> Harness<'static, State> {
    let image = Rgb {
        width: 100,
        height: 100,
        pixels: vec![90; 30_000],
    };
    let layer = Layer::Image(image.into());
    let drawn = [DrawnLayer::opaque(layer.clone())];
    Harness::builder()
        .with_size(vec2(300.0, 200.0))
        .with_step_dt(0.02) // every event is a frame; a double click must be quick
        .with_max_steps(200)
        .build_ui_state(
            move |ui, state: &mut State| {
                state
                    .textures
                    .paint_now(ui.ctx(), std::slice::from_ref(&layer));
                let output = Canvas::new(&mut state.textures, &drawn, [100, 100], "Test image")
                    .show(ui, SIZE, &mut state.view);
                state.rect = Some(output.response.rect);
                state.hovered = output.hovered;
            },
            State::default(),
        )
}

fn scroll(harness: &Harness<'_, State>, delta: f32) {
    harness.event(Event::MouseWheel {
        unit: MouseWheelUnit::Point,
        delta: vec2(0.0, delta),
        phase: TouchPhase::Move,
        source: egui::MouseWheelSource::Unknown,
        modifiers: Modifiers::NONE,
    });
}

#[test]
fn a_divider_splits_the_canvas_between_two_sets_of_layers() {
    let layer = |value: u8| {
        let image = Rgb {
            width: 1,
            height: 1,
            pixels: vec![value; 3],
        };
        [DrawnLayer::opaque(Layer::Image(image.into()))]
    };
    let (left, right) = (layer(1), layer(2));
    let rect = egui::Rect::from_min_size(egui::pos2(10.0, 0.0), vec2(100.0, 50.0));
    let both = super::parts(rect, &left, Some((&right, 0.25)));
    assert_eq!(both[0], (rect.with_max_x(35.0), &left[..]));
    assert_eq!(both[1], (rect.with_min_x(35.0), &right[..]));
    assert_eq!(super::parts(rect, &left, None), [(rect, &left[..])]);
}

#[test]
fn it_starts_fitted_and_is_found_by_name() {
    let mut harness = harness();
    harness.run();
    harness.get_by_label("Test image");
    let state = harness.state();
    assert!(state.view.fitted);
    assert!((state.view.zoom - 1.0).abs() < 1e-3);
}

#[test]
fn the_pixel_under_the_pointer_is_reported() {
    let mut harness = harness();
    harness.run();
    let rect = harness.state().rect.unwrap();
    harness.hover_at(rect.center() + vec2(10.5, -20.5));
    harness.run();
    assert_eq!(harness.state().hovered, Some(Pixel { x: 60, y: 29 }));
    harness.hover_at(rect.left_center() + vec2(5.0, 0.0));
    harness.run();
    assert_eq!(harness.state().hovered, None);
}

#[test]
fn the_wheel_zooms_at_the_pointer_and_a_double_click_fits() {
    let mut harness = harness();
    harness.run();
    let pointer = harness.state().rect.unwrap().center() + vec2(30.25, 10.25);
    harness.hover_at(pointer);
    harness.run();
    let before = harness.state().hovered;
    scroll(&harness, 120.0);
    harness.run();
    assert!(harness.state().view.zoom > 1.3);
    assert!(!harness.state().view.fitted);
    assert_eq!(harness.state().hovered, before);

    for pressed in [true, false, true, false] {
        harness.event(Event::PointerButton {
            pos: pointer,
            button: PointerButton::Primary,
            pressed,
            modifiers: Modifiers::NONE,
        });
    }
    harness.run();
    assert!(harness.state().view.fitted);
    assert!((harness.state().view.zoom - 1.0).abs() < 1e-3);
}

#[test]
fn dragging_pans() {
    let mut harness = harness();
    harness.run();
    let start = harness.state().rect.unwrap().center();
    harness.drag_at(start);
    harness.run();
    harness.hover_at(start + vec2(20.0, 10.0));
    harness.run();
    harness.drop_at(start + vec2(20.0, 10.0));
    harness.run();
    let view = harness.state().view;
    assert!(!view.fitted);
    assert!(view.center.distance(pos2(30.0, 40.0)) < 0.5, "{view:?}");
}
