//! The question that shows in which settings runs differ.

use eframe::egui::accesskit::Role;
use eframe::egui::{Event, Modifiers, MouseWheelSource, MouseWheelUnit, TouchPhase, vec2};
use egui_kittest::kittest::Queryable as _;
use fcn_workbench::engine::{RunConfig, Trunk, Variant};
use fcn_workbench::ui::command::{Command, PanelKind};

use super::desk::Desk;
use super::runs::{click_row, make_run, title};

/// Other values in more settings than fit.
fn change(config: &mut RunConfig) {
    config.variant = Variant::Fcn32s;
    config.trunk = Trunk::Vgg16;
    config.aux_head = !config.aux_head;
    config.recompute_activations = !config.recompute_activations;
    config.epochs += 1;
    config.max_steps = Some(7);
    config.batch_size += 1;
    config.dropout = 0.25;
    config.rare_sampling = Some(0.5);
    config.seed += 1;
    config.workers += 1;
    config.early_stop = Some(3);
    config.ema = Some(0.99);
    config.preview_images += 1;
    config.preview_secs += 1.0;
    let learning = &mut config.learning;
    learning.learning_rate *= 2.0;
    learning.momentum = 0.5;
    learning.weight_decay = 0.125;
    learning.warmup_steps += 5;
    learning.bias_rate = 2.5;
    learning.decay_biases = !learning.decay_biases;
    learning.accumulation += 1;
    learning.clip_norm = Some(3.0);
    let checkpoints = &mut config.checkpoints;
    checkpoints.minutes += 1.0;
    checkpoints.steps = Some(9);
    checkpoints.epochs += 1;
    checkpoints.keep_last += 1;
    checkpoints.keep_best += 1;
    checkpoints.keep_every = Some(4);
}

/// Shows in what the first and the second run differ.
fn show_differences(desk: &mut Desk) {
    desk.app().send(Command::ShowPanel(PanelKind::Runs));
    desk.until("the runs of the folder are there", |desk| {
        desk.engine().runs().len() == 2
    });
    let titles = ["first", "second"].map(|name| title(desk, name));
    click_row(desk, &titles[0], Modifiers::NONE);
    click_row(desk, &titles[1], Modifiers::SHIFT);
    desk.click("Differences…");
    desk.frames(4);
}

#[test]
fn the_name_of_a_setting_stays_in_one_line() {
    let mut desk = Desk::new(|_| ());
    let mut config = desk.set.config();
    for (name, created) in [("first", 1_795_442_701), ("second", 1_795_442_702)] {
        make_run(&desk.set.runs(), name, created, &config);
        config.epochs += 1;
    }
    show_differences(&mut desk);
    // Broken into "epoch" and "s", it is about as high as wide.
    let name = desk.find("epochs").rect();
    assert!(name.width() > 2.0 * name.height(), "{name}");
}

#[test]
fn the_names_of_runs_stay_above_their_settings() {
    let mut desk = Desk::new(|_| ());
    let mut config = desk.set.config();
    for (name, created) in [("first", 1_795_442_701), ("second", 1_795_442_702)] {
        make_run(&desk.set.runs(), name, created, &config);
        change(&mut config);
    }
    show_differences(&mut desk);
    let row = desk.find("accumulation").rect().center();
    desk.window.hover_at(row);
    desk.frames(2);
    for _ in 0..8 {
        desk.window.event(Event::MouseWheel {
            unit: MouseWheelUnit::Point,
            delta: vec2(0.0, -20.0),
            phase: TouchPhase::Move,
            source: MouseWheelSource::Unknown,
            modifiers: Modifiers::NONE,
        });
        desk.frames(4);
    }
    let heading = desk.find("Differences between settings").rect();
    let within = heading.bottom() - 0.5..heading.bottom() + 60.0;
    let headers = desk.window.query_all_by_role(Role::ColumnHeader);
    let tops: Vec<f32> = headers.map(|header| header.rect().top()).collect();
    let stay = tops.iter().filter(|top| within.contains(top));
    assert_eq!(stay.count(), 2, "{tops:?} in {within:?}");
}
