use super::*;
use crate::engine::DatasetRef;
use crate::ui::command::PlotFormat;
use crate::ui::test_engine::Bench;

fn desktop(bench: &Bench, since: Instant, answer: Option<&str>) -> Dialogs {
    let answer = answer.map(|path| vec![PathBuf::from(path)]);
    Dialogs {
        desktop: Desktop::Shows,
        open: Some(Open::Desktop {
            ask: Ask::Dataset,
            task: bench.engine.spawn_waiting("dialog", move |_| answer),
            since,
        }),
    }
}

/// Polls until the desktop has answered; returns what that led to.
fn settle(bench: &Bench, dialogs: &mut Dialogs) -> Option<Command> {
    let mut command = None;
    bench.until(|ctx| {
        command = dialogs.poll(ctx.engine, &Start::default());
        command.is_some() || !matches!(dialogs.open, Some(Open::Desktop { .. } | Open::Trying(..)))
    });
    command
}

#[test]
fn what_the_desktop_answers_becomes_a_command() {
    let bench = Bench::new();
    let mut dialogs = desktop(&bench, Instant::now(), Some("/data/own"));
    assert!(dialogs.problem().is_some());
    let opened = Command::OpenDataset(DatasetRef::Folder("/data/own".into()));
    assert_eq!(settle(&bench, &mut dialogs), Some(opened));
    assert!(dialogs.open.is_none() && dialogs.problem().is_none());
}

#[test]
fn cancelled_is_not_failed() {
    let bench = Bench::new();
    let Some(long_ago) = Instant::now().checked_sub(Duration::from_mins(1)) else {
        return; // the machine was started within this minute
    };
    let mut dialogs = desktop(&bench, long_ago, None);
    assert_eq!(settle(&bench, &mut dialogs), None);
    assert!(dialogs.open.is_none(), "a person has cancelled it");
    assert_eq!(dialogs.desktop, Desktop::Shows);

    // It is told that the dialog opens in the future: it was gone at once.
    let soon = Instant::now() + Duration::from_mins(1);
    let mut dialogs = desktop(&bench, soon, None);
    assert_eq!(settle(&bench, &mut dialogs), None);
    assert!(matches!(dialogs.open, Some(Open::Window(_))));
    assert_eq!(dialogs.desktop, Desktop::ShowsNone);
}

#[test]
fn a_lost_dialog_is_told_and_the_window_shows_its_own() {
    let bench = Bench::new();
    let mut dialogs = Dialogs {
        desktop: Desktop::Shows,
        open: Some(Open::Desktop {
            ask: Ask::Weights,
            task: bench.lost(),
            since: Instant::now(),
        }),
    };
    let told = settle(&bench, &mut dialogs);
    assert!(matches!(
        told,
        Some(Command::Notify(NoticeLevel::Warning, _))
    ));
    assert!(matches!(dialogs.open, Some(Open::Window(_))));
}

#[test]
fn a_desktop_without_dialogs_is_asked_once() {
    let bench = Bench::new();
    let mut dialogs = Dialogs {
        desktop: Desktop::Unknown,
        open: Some(Open::Trying(
            Ask::Images,
            bench.engine.spawn_waiting("dialog", |_| false),
        )),
    };
    assert_eq!(settle(&bench, &mut dialogs), None);
    assert!(matches!(dialogs.open, Some(Open::Window(_))));
    dialogs.open = None;
    dialogs.ask(&bench.engine, Ask::Dataset, &Start::default());
    assert!(matches!(dialogs.open, Some(Open::Window(_))));
}

#[test]
fn every_answer_has_a_command() {
    let path = PathBuf::from("/a");
    for ask in [
        Ask::Dataset,
        Ask::Images,
        Ask::CompareImage,
        Ask::Weights,
        Ask::CatalogueFile("id"),
        Ask::DatasetArchive("id"),
        Ask::SavePng("a.png".to_owned()),
        Ask::SavePlots(PlotFormat::Csv),
    ] {
        assert!(
            ask.clone().answered(vec![path.clone()]).is_some(),
            "{ask:?}"
        );
        assert_eq!(ask.answered(Vec::new()), None);
    }
}
