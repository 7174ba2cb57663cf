use super::*;
use crate::engine::{RunInfo, Trunk, preset};

fn active(info: Option<RunInfo>) -> ActiveRun {
    let mut active = ActiveRun::new(preset(Trunk::Vgg16Slim));
    active.run = "run".to_owned();
    active.phase = Phase::Validating { done: 3, total: 9 };
    active.info = info;
    active.step = 150;
    active.epoch = 3;
    active.steps_per_sec = Some(2.0);
    active.remaining_secs = Some(425.0);
    active
}

#[test]
fn progress_is_in_words() {
    let info = RunInfo {
        run: "run".to_owned(),
        device: "cpu".to_owned(),
        arithmetic: "f32".to_owned(),
        parameters: 1,
        steps_per_epoch: 50,
        total_steps: 2_000,
        first_step: 0,
        repeats: None,
    };
    let progress = RunProgress::new(&active(Some(info)));
    assert_eq!(progress.phase, "Validating image 3 of 9");
    assert_eq!(progress.steps.as_deref(), Some("Step 150 of 2,000"));
    assert_eq!(progress.epoch, "Epoch 3 of 40");
    assert_eq!(
        progress.speed.as_deref(),
        Some("2.0 steps/s · 7 min 05 s left without validation")
    );
    assert_eq!(progress.share, Some(0.075));
}

#[test]
fn several_runs_are_counted_together() {
    let mut active = active(Some(RunInfo {
        run: "run".to_owned(),
        device: "cpu".to_owned(),
        arithmetic: "f32".to_owned(),
        parameters: 1,
        steps_per_epoch: 50,
        total_steps: 200,
        first_step: 0,
        repeats: None,
    }));
    active.remaining_secs = Some(60.0);
    active.was_validated = true;
    let speed = RunProgress::new(&active).speed;
    assert_eq!(
        speed.as_deref(),
        Some("2.0 steps/s · 1 min 00 s left with validation")
    );
    let plan = Plan {
        runs: vec!["first".to_owned(), "run".to_owned()],
        total: 3,
        done: false,
        alarms: Vec::new(),
    };
    // 150 of 200 steps of the second: 1.75 of 3 runs. A quarter takes 60 s, the third one 240 s.
    let progress = PlanProgress::new(Some(&plan), &active).expect("a plan");
    assert_eq!(progress.text, "All 3 runs: 58 %, about 5 min left");
    assert!((progress.share - 1.75 / 3.0).abs() < 1e-6);
    let alone = Plan { total: 1, ..plan };
    assert_eq!(PlanProgress::new(Some(&alone), &active), None);
}

#[test]
fn a_run_that_cannot_be_saved_says_what_is_wrong() {
    let mut active = active(None);
    active.phase = Phase::Waiting("last.json: no space is left".to_owned());
    let progress = RunProgress::new(&active);
    assert_eq!(progress.phase, "Waiting until it can be saved");
    let text = progress.in_step.expect("a line");
    assert!(text.starts_with("last.json: no space is left. It continues by itself once"));
    // So does a stop that was asked for before.
    active.phase = Phase::Stopping;
    assert_eq!(RunProgress::new(&active).phase, "Saving and stopping");
    active.blocked = Some("last.json: no space is left".to_owned());
    let progress = RunProgress::new(&active);
    assert_eq!(
        progress.phase,
        "Waiting until it can be saved, then it stops"
    );
    let text = progress.in_step.expect("a line");
    assert!(text.starts_with("last.json: no space is left. It stops by itself once"));
}

#[test]
fn what_the_machine_tells_is_said_and_nothing_else() {
    let meters = Meters {
        program_memory: Some(3 << 29),
        free_memory: Some(8 << 30),
        processor_use: Some(0.846),
        gpu_celsius: Some(70.6),
        ..Meters::default()
    };
    assert_eq!(
        machine_text(&meters, Some(0.031)),
        "Memory 1.5 GiB in the whole program, 8.0 GiB free · processor 85 % · GPU 71 °C · waiting for data 3 %"
    );
    assert_eq!(machine_text(&Meters::default(), None), "");
    assert_eq!(
        machine_text(&Meters::default(), Some(0.5)),
        "Waiting for data 50 %"
    );
}

#[test]
fn a_long_step_is_shown_from_within() {
    let mut step = StepProgress {
        step: 1_013,
        secs: 9.9,
        batches_done: 3,
        batches: 20,
        batch_size: 2,
        phase: StepPhase::Backward,
        share: Some(0.1875),
    };
    assert_eq!(step_text(&step), None);
    step.secs = 34.0;
    assert_eq!(
        step_text(&step).as_deref(),
        Some("Step 1,013: backward pass, 6 of 40 images, 18.8 % after 34 s")
    );
    (step.batches, step.batches_done, step.share) = (1, 0, None);
    step.phase = StepPhase::Computing;
    assert_eq!(
        step_text(&step).as_deref(),
        Some("Step 1,013: computing, 2 images after 34 s")
    );
}

#[test]
fn the_preparation_of_a_gpu_says_what_it_does_and_for_how_long() {
    let text = |what, secs| preparation_text(what, Duration::from_secs(secs));
    assert_eq!(
        text(Preparation::Opening, 3),
        "Starting its driver, 3 s so far"
    );
    let long = text(Preparation::Kernels, 75);
    assert!(
        long.starts_with("Compiling its kernels, 1 min 15 s so far; the first use"),
        "{long}"
    );
    let phase = Phase::Preparing(Preparation::Weights);
    assert_eq!(phase_text(&phase), "Preparing the GPU");
}

#[test]
fn nothing_is_claimed_before_the_start() {
    let mut active = active(None);
    (active.steps_per_sec, active.epoch) = (None, 0);
    let progress = RunProgress::new(&active);
    assert_eq!(
        (progress.share, progress.steps, progress.speed),
        (None, None, None)
    );
    assert_eq!(progress.epoch, "Epoch 1 of 40");
}
