//! Runs that wait for each other.

use std::net::TcpListener;

use fcn_workbench::engine::{
    DatasetRef, Engine, QueueEdit, QueuedRun, RunConfig, RunState, Variant,
};
use fcn_workbench::ui::command::{Command, UiCommand};

use super::desk::Desk;

/// The runs that wait, by network and learning rate.
fn waiting(desk: &Desk) -> Vec<(Variant, f64)> {
    let entries = desk.engine().queue().entries.iter();
    entries
        .map(|entry| (entry.config.variant, entry.config.learning.learning_rate))
        .collect()
}

#[test]
fn a_grid_is_queued_put_in_order_and_trained_with_one_click() {
    let mut desk = Desk::new(|config| config.max_steps = Some(1));
    desk.find("Queue").click_accesskit();
    desk.frames(10);
    desk.find("Grid").focus();
    desk.find("Grid").type_text("lr=0.02,0.01 variant=fcn32s");
    desk.frames(3);
    assert!(desk.says("2 runs"));
    desk.find("Add to queue").click_accesskit();
    desk.frames(3);
    assert_eq!(
        waiting(&desk),
        [(Variant::Fcn32s, 0.02), (Variant::Fcn32s, 0.01)]
    );
    assert!(desk.active().is_none(), "it waits for a click");
    desk.find("Move run 2 up").click_accesskit();
    desk.frames(3);
    assert_eq!(waiting(&desk)[0].1, 0.01);
    // Its settings are in the form, to change one and add it again.
    desk.find("Use settings of run 2").click_accesskit();
    desk.frames(3);
    desk.find("Take run 2 out").click_accesskit();
    desk.frames(3);
    assert_eq!(waiting(&desk), [(Variant::Fcn32s, 0.01)]);

    desk.click("Run queue");
    desk.until("all is trained", |desk| {
        desk.engine().plan().is_some_and(|plan| plan.done)
    });
    assert_eq!(desk.run().state, RunState::Finished);
    assert_eq!(desk.run().config.learning.learning_rate, 0.01);
    assert!(waiting(&desk).is_empty());
}

#[test]
fn a_run_that_fails_does_not_stop_the_next_where_that_is_wanted() {
    let mut desk = Desk::new(|config| config.max_steps = Some(1));
    let sound = desk.set.config();
    let sound = RunConfig {
        max_steps: Some(1),
        ..sound
    };
    let broken = RunConfig {
        dataset: DatasetRef::Folder(desk.set.dir.path().join("nowhere")),
        ..sound.clone()
    };
    let runs = vec![broken, sound];
    desk.window.state().send(Command::AddToQueue(runs));
    desk.frames(3);
    desk.click("Run queue");
    desk.until("the first has failed", |desk| {
        desk.has_message("nowhere") && desk.active().is_none()
    });
    assert_eq!(waiting(&desk).len(), 2, "nothing is lost");
    assert!(desk.engine().runs().is_empty());

    desk.find("Queue (2)").click_accesskit();
    desk.frames(10);
    desk.find("Go on after a failure").click_accesskit();
    desk.frames(3);
    assert!(desk.engine().queue().keep_going);
    desk.click("Run queue");
    desk.until("the queue is over", |desk| waiting(desk).is_empty());
    desk.until("the run is over", |desk| desk.active().is_none());
    assert_eq!(desk.run().state, RunState::Finished);
}

#[test]
fn what_another_program_adds_is_trained_after_the_active_run() {
    let mut desk = Desk::new(|config| config.epochs = 5_000);
    desk.click("Start training");
    desk.until("some steps are done", |desk| {
        desk.active().is_some_and(|active| active.step >= 2)
    });
    let config = RunConfig {
        max_steps: Some(1),
        ..desk.set.config()
    };
    // One here, which sets the queue going, and one by another program.
    let runs = vec![config.clone()];
    desk.window.state().send(Command::AddToQueue(runs));
    desk.frames(3);
    let dirs = desk.engine().dirs().clone();
    let edit = QueueEdit::Add {
        runs: vec![QueuedRun::new(config, false)],
        first: false,
    };
    desk.until("the file has the first", |_| {
        Engine::change_queue(&dirs, &[]).is_ok_and(|queue| queue.entries.len() == 1)
    });
    Engine::change_queue(&dirs, &[edit]).expect("changed");
    desk.until("it is seen", |desk| {
        waiting(desk).len() == 2 && desk.says("Run 1 of 3")
    });
    // A stop ends the queue too; what waits stays there.
    desk.click("Stop");
    desk.until("it has stopped", |desk| desk.active().is_none());
    assert_eq!(waiting(&desk).len(), 2);
}

#[test]
fn who_is_told_of_the_end_of_a_run_is_asked_and_tried() {
    let mut desk = Desk::new(|_| ());
    desk.window
        .state()
        .send(Command::Ui(UiCommand::Notifications));
    desk.frames(3);
    assert!(desk.says("When a run is finished or fails"));
    assert!(!desk.is_enabled("Send a test"), "no address is set");
    // Where the desktop has no program for it, the field below is the other way.
    desk.click("Show a notification of the desktop");
    let wanted = &desk.app().state().prefs.notifications;
    assert!(wanted.desktop);
    let is_possible = wanted.problem("write an address below").is_none();
    assert_eq!(desk.finds("write an address below"), !is_possible);
    assert!(!desk.finds("--webhook"), "that is for the command line");
    desk.find("Post a message to this address").focus();
    // Nobody listens on the port of a server that is gone.
    let gone = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/hook", gone.local_addr().expect("an address"));
    drop(gone);
    desk.find("Post a message to this address").type_text(&url);
    desk.frames(3);
    assert_eq!(desk.app().state().prefs.notifications.webhook, url);
    desk.click("Send a test");
    desk.until("it is told that nobody is there", |desk| {
        desk.has_message(&format!(
            "{url}: the end of a run could not be posted there"
        ))
    });
}
