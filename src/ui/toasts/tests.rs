use super::*;
use eframe::egui::RawInput;

fn frame(ctx: &egui::Context, toasts: &mut Toasts, time: f64) {
    let input = RawInput {
        time: Some(time),
        ..RawInput::default()
    };
    ctx.run_ui(input, |ui| toasts.ui(ui))
        .drop_without_applying_deltas();
}

#[test]
fn infos_go_and_errors_stay() {
    let ctx = egui::Context::default();
    let mut toasts = Toasts::default();
    toasts.add(NoticeLevel::Info, "saved");
    toasts.add(NoticeLevel::Error, "disk full");
    frame(&ctx, &mut toasts, 100.0);
    frame(&ctx, &mut toasts, 103.0);
    assert_eq!(toasts.shown().collect::<Vec<_>>(), ["saved", "disk full"]);
    frame(&ctx, &mut toasts, 104.5);
    assert_eq!(toasts.shown().collect::<Vec<_>>(), ["disk full"]);
    frame(&ctx, &mut toasts, 1_000.0);
    assert_eq!(toasts.shown().count(), 1);
    assert_eq!(toasts.unread(), 2);
}

#[test]
fn the_same_message_counts_up() {
    let mut toasts = Toasts::default();
    toasts.add(NoticeLevel::Warning, "again");
    toasts.add(NoticeLevel::Warning, "again");
    assert_eq!(toasts.entries.len(), 1);
    assert_eq!(toasts.groups()[0].times, 2);
    assert_eq!(message_text("again", 2), "again (× 2)");
}

#[test]
fn the_history_is_bounded() {
    let mut toasts = Toasts::default();
    for number in 0..=HISTORY {
        toasts.add(NoticeLevel::Info, number.to_string());
    }
    assert_eq!(toasts.entries.len(), HISTORY);
    assert_eq!(toasts.entries[0].text, "1");
}

#[test]
fn messages_of_one_kind_are_one_and_close_together() {
    let mut toasts = Toasts::default();
    toasts.add(NoticeLevel::Info, "saved");
    for number in 0..30 {
        let text = format!("/data/image_{number}.png: cannot be decoded at byte {number}");
        toasts.add(NoticeLevel::Error, text);
    }
    toasts.add(NoticeLevel::Error, "The disk is full");
    toasts.add(
        NoticeLevel::Warning,
        "/data/image_1.png: cannot be decoded at byte 1",
    );
    let groups = toasts.groups();
    let found: Vec<_> = groups
        .iter()
        .map(|group| (&*toasts.entries[group.newest].text, group.times))
        .collect();
    assert_eq!(
        found,
        [
            ("The disk is full", 1),
            ("/data/image_29.png: cannot be decoded at byte 29", 30),
            ("/data/image_1.png: cannot be decoded at byte 1", 1),
            ("saved", 1),
        ]
    );
    let decoding = groups[1].newest;
    toasts.close(Some(decoding));
    assert_eq!(toasts.groups().len(), 3);
    toasts.close(None);
    assert_eq!(toasts.shown().count(), 0);
    assert_eq!(toasts.entries.len(), 33, "the bell keeps them");
}

#[test]
fn an_error_that_was_seen_lets_pass_what_is_new() {
    let ctx = egui::Context::default();
    let mut toasts = Toasts::default();
    let first = |toasts: &Toasts| toasts.entries[toasts.groups()[0].newest].text.clone();
    toasts.add(NoticeLevel::Error, "disk full");
    frame(&ctx, &mut toasts, 100.0);
    frame(&ctx, &mut toasts, 103.0);
    toasts.add(NoticeLevel::Info, "Stop: nothing trains");
    assert_eq!(first(&toasts), "disk full", "it is still new itself");
    frame(&ctx, &mut toasts, 105.0);
    assert_eq!(first(&toasts), "Stop: nothing trains");
    frame(&ctx, &mut toasts, 110.0);
    assert_eq!(first(&toasts), "disk full");
    toasts.add(NoticeLevel::Warning, "a warning");
    toasts.add(NoticeLevel::Error, "another error");
    assert_eq!(first(&toasts), "another error");
}

#[test]
fn the_message_about_a_problem_goes_with_it_and_stays_in_the_history() {
    let mut toasts = Toasts::default();
    toasts.add(NoticeLevel::Error, "a: no such folder");
    toasts.follow_problem(Some("a: no such folder"));
    toasts.add(NoticeLevel::Error, "disk full");
    assert_eq!(toasts.shown().count(), 2);
    // Another folder, which is not there either.
    toasts.add(NoticeLevel::Error, "b: no such folder");
    toasts.follow_problem(Some("b: no such folder"));
    assert_eq!(
        toasts.shown().collect::<Vec<_>>(),
        ["disk full", "b: no such folder"]
    );
    toasts.follow_problem(None);
    assert_eq!(toasts.shown().collect::<Vec<_>>(), ["disk full"]);
    assert_eq!(toasts.entries.len(), 3);
}
