use super::*;
use crate::engine::{Area, PartialMask, Rgb, Size, Tile};
use crate::ui::test_engine::Bench;

fn failed(run: &str, image: &str) -> Done {
    Done {
        weights: RunWeights::best(run),
        image: PathBuf::from(image),
        epoch: None,
        result: Err(Failure::Told("unreadable".to_owned())),
    }
}

#[test]
fn the_oldest_entries_go_first() {
    let mut cache = PredictionCache::default();
    for i in 0..40 {
        cache.done.push_back(failed("run", &i.to_string()));
    }
    cache.shrink();
    assert_eq!(cache.done.len(), MAX_ENTRIES);
    assert!(
        cache
            .find(&RunWeights::best("run"), Path::new("7"))
            .is_none()
    );
    assert!(
        cache
            .find(&RunWeights::best("run"), Path::new("8"))
            .is_some()
    );
}

#[test]
fn forgetting_a_run_keeps_the_others() {
    let mut cache = PredictionCache::default();
    cache.done.push_back(failed("a", "x"));
    cache.done.push_back(failed("b", "x"));
    cache.forget(&RunWeights::best("a"));
    assert!(cache.find(&RunWeights::best("a"), Path::new("x")).is_none());
    assert!(cache.find(&RunWeights::best("b"), Path::new("x")).is_some());
}

#[test]
fn a_lost_prediction_has_failed_and_can_be_asked_for_again() {
    let bench = Bench::new();
    let (run, image) = (&RunWeights::best("run"), Path::new("x"));
    let mut cache = PredictionCache::default();
    cache.running.push(Running {
        weights: run.clone(),
        image: image.to_owned(),
        epoch: None,
        since: Instant::now(),
        staged: Instant::now(),
        stage: Stage::Predicting(bench.lost(), PartialMask::default()),
    });
    bench.until(|ctx| {
        cache.poll(ctx.engine);
        cache.running.is_empty()
    });
    let Lookup::Failed(message) = cache.get(&bench.engine, run, image) else {
        panic!("it has not failed")
    };
    assert!(message.contains("ended unexpectedly"), "{message}");
    cache.forget(run);
    let again = cache.get(&bench.engine, run, image);
    assert!(matches!(again, Lookup::Running(_)));
}

#[test]
fn a_cancelled_prediction_stays_cancelled_until_it_is_asked_for_again() {
    let bench = Bench::new();
    let (run, image) = (&RunWeights::best("run"), Path::new("x"));
    let mut cache = PredictionCache::default();
    cache.get(&bench.engine, run, image);
    cache.get(&bench.engine, &RunWeights::best("other"), image);
    cache.cancel(run, image);
    assert!(matches!(
        cache.get(&bench.engine, run, image),
        Lookup::Cancelled(None, _)
    ));
    assert_eq!(cache.running.len(), 1, "the other one goes on");
    cache.forget(run);
    assert!(matches!(
        cache.get(&bench.engine, run, image),
        Lookup::Running(_)
    ));
    // Who comes back to the image wants its mask.
    cache.cancel(run, image);
    cache.cancel_others(Path::new("y"));
    assert!(cache.done.is_empty() && cache.images.is_empty());
}

#[test]
fn a_prediction_by_another_run_gives_way_and_one_that_waits_says_so() {
    let bench = Bench::new();
    let image = Path::new("x");
    let mut cache = PredictionCache::default();
    for run in ["a", "b"] {
        cache.get(&bench.engine, &RunWeights::best(run), image);
    }
    cache.cancel_other_weights(&RunWeights::best("b"));
    let runs: Vec<_> = cache.running.iter().map(|one| &one.weights.run).collect();
    assert_eq!(runs, ["b"]);

    let mut wait = Wait {
        secs: 1.25,
        is_queued: true,
        ..Wait::default()
    };
    assert_eq!(wait.text(" x"), "Waiting for another prediction · 1.2 s");
    (wait.is_queued, wait.share) = (false, Some(0.5));
    assert_eq!(wait.text(" x"), "Predicting x · 50 % · 1.2 s");
}

#[test]
fn an_image_that_cannot_be_read_fails_with_its_name() {
    let bench = Bench::new();
    let image = Path::new("/nowhere/gone.png");
    let mut cache = PredictionCache::default();
    cache.get(&bench.engine, &RunWeights::best("a"), image);
    cache.get(&bench.engine, &RunWeights::best("b"), image);
    bench.until(|ctx| {
        cache.poll(ctx.engine);
        cache.running.is_empty()
    });
    for run in ["a", "b"] {
        let Lookup::Failed(message) = cache.get(&bench.engine, &RunWeights::best(run), image)
        else {
            panic!("it has not failed")
        };
        assert!(message.contains("gone.png"), "{message}");
    }
}

/// What the answer of a lost run is does not matter here: nothing starts by itself.
#[test]
fn what_takes_several_tiles_is_offered_and_starts_when_it_is_wanted() {
    let bench = Bench::new();
    let (run, image) = (&RunWeights::best("run"), Path::new("x"));
    let pixels = Rgb {
        width: 2,
        height: 1,
        pixels: vec![0; 6],
    };
    let area = |left| Area {
        left,
        top: 0,
        size: Size::new(1, 1),
    };
    let tile = |left| Tile {
        core: area(left),
        seen: area(left),
    };
    let plan = TilePlan {
        image: Size::new(2, 1),
        tiles: vec![tile(0), tile(1)],
        memory: 7,
        is_in_file: false,
    };
    let mut cache = PredictionCache::default();
    cache.running.push(Running {
        weights: run.clone(),
        image: image.to_owned(),
        epoch: None,
        since: Instant::now(),
        staged: Instant::now(),
        stage: Stage::Offered(pixels.into(), plan.clone()),
    });
    let offered = |cache: &mut PredictionCache| matches!(cache.get(&bench.engine, run, image), Lookup::Offered(_, found) if found == plan);
    cache.poll(&bench.engine);
    assert!(offered(&mut cache));
    cache.start(&bench.engine, &RunWeights::best("other"), image, false);
    assert!(offered(&mut cache));
    cache.start(&bench.engine, run, image, true);
    assert!(matches!(
        cache.get(&bench.engine, run, image),
        Lookup::Running(_)
    ));
}

#[test]
fn a_wait_says_how_far_and_how_long() {
    let wait = Wait {
        secs: 1.94,
        share: Some(0.428),
        image: None,
        partial: PartialState::default(),
        is_queued: false,
    };
    assert_eq!(wait.text(" a.png"), "Predicting a.png · 42 % · 1.9 s");
    let wait = Wait {
        share: None,
        ..wait
    };
    assert_eq!(wait.text(""), "Predicting · 1.9 s");
    let partial = PartialState {
        mask: None,
        done: 3,
        total: 12,
    };
    let wait = Wait { partial, ..wait };
    assert_eq!(wait.text(""), "Predicting · 3 of 12 tiles · 1.9 s");
}
