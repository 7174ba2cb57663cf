//! What the window says before a run, and how a run is left.

use fcn_workbench::engine::RunState;

use super::desk::Desk;

#[test]
fn a_run_can_be_left_at_once() {
    let mut desk = Desk::new(|config| config.epochs = 5_000);
    desk.click("Start training");
    desk.until("some steps are done", |desk| {
        desk.active().is_some_and(|active| active.step >= 6)
    });
    desk.click("Stop now");
    desk.until("it has ended", |desk| desk.active().is_none());
    assert_eq!(desk.run().state, RunState::Stopped);
    // Epochs have 4 steps.
    assert!(desk.has_message("was stopped at once; its last checkpoint is that after step"));
    let resume = format!("Resume {}", desk.run().title());
    assert!(desk.is_enabled(&resume));
}
