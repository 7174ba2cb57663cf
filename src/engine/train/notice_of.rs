//! What people should know of a run that goes on.

use crate::engine::{Notice, NoticeLevel};
use crate::training::{AlarmKind, STOP_GRACE, TrainEvent};

/// The notice of an event; `None` where it says enough by itself.
pub(super) fn notice_of(run: &str, event: &TrainEvent) -> Option<Notice> {
    let (level, text) = match event {
        TrainEvent::Warning(text) => (NoticeLevel::Warning, format!("{run}: {text}")),
        // Its failure says it.
        TrainEvent::Alarm(alarm)
            if matches!(
                alarm.kind,
                AlarmKind::NotFinite | AlarmKind::DataChanged | AlarmKind::DatasetGone
            ) =>
        {
            return None;
        }
        TrainEvent::Alarm(alarm) => (NoticeLevel::Warning, format!("{run}: {}", alarm.text)),
        TrainEvent::Blocked(problem) => (
            NoticeLevel::Warning,
            format!(
                "{run} waits, since it cannot be saved: {problem}. It continues by itself once it can be saved. Stop it \
                 to give up what came after the last checkpoint; a run that was stopping already does so after {} seconds",
                STOP_GRACE.as_secs()
            ),
        ),
        TrainEvent::Unblocked => (
            NoticeLevel::Info,
            format!("{run} continues: its folder can be written again"),
        ),
        _ => return None,
    };
    Some(Notice { level, text })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_waits_says_why_and_when_it_continues() {
        let notice = notice_of("r", &TrainEvent::Blocked("last.json: full".to_owned()));
        let notice = notice.expect("a notice");
        assert_eq!(notice.level, NoticeLevel::Warning);
        assert!(
            notice
                .text
                .starts_with("r waits, since it cannot be saved: last.json: full. ")
        );
        assert!(
            notice
                .text
                .ends_with("a run that was stopping already does so after 30 seconds")
        );
        assert!(notice_of("r", &TrainEvent::Unblocked).is_some());
        assert!(notice_of("r", &TrainEvent::Paused).is_none());
    }
}
