use std::fs;
use std::path::Path;

use super::file::{encode_frame, framed};
use super::writer::{MAX_FRAMES, Moment, Reel, told_damage};
use super::*;

fn map(width: u32, label: impl Fn(usize) -> u8) -> LabelMap {
    LabelMap {
        width,
        height: 6,
        labels: (0..6 * width as usize).map(label).collect(),
    }
}

fn probe(id: &str) -> FilmProbe {
    FilmProbe {
        id: id.to_owned(),
        image: Arc::new(Rgb {
            width: 8,
            height: 6,
            pixels: vec![90; 8 * 6 * 3],
        }),
        truth: Arc::new(map(8, |at| (at % 3) as u8)),
    }
}

fn probes() -> Vec<FilmProbe> {
    vec![probe("a"), probe("b")]
}

/// The masks after a step: the border between two classes moves.
fn masks(step: usize) -> Vec<LabelMap> {
    [1, 2]
        .map(|pace| map(8, |at| u8::from(at % 48 < step * pace % 48)))
        .to_vec()
}

fn moment(step: usize) -> Moment {
    Moment {
        step,
        secs: step as f64,
        masks: masks(step)
            .into_iter()
            .map(|mask| (Arc::new(mask), Some(0.5)))
            .collect(),
        always: false,
    }
}

fn filmed(path: &Path, steps: std::ops::Range<usize>) -> Reel {
    let mut reel = Reel::open(path, probes(), steps.start).expect("a film");
    for step in steps {
        reel.push(&moment(step)).expect("written");
    }
    reel
}

fn read(path: &Path) -> Film {
    read_film(path, None).expect("read").expect("a film")
}

fn assert_sound(film: &Film) {
    let mut walked = film.blank();
    for (place, frame) in film.frames.iter().enumerate() {
        assert_eq!(film.masks(place), Some(masks(frame.step)), "frame {place}");
        film.next_masks(&mut walked, place).expect("sound");
        assert_eq!(walked, masks(frame.step));
        assert_eq!((frame.secs, frame.mean_iu.len()), (frame.step as f64, 2));
    }
}

#[test]
fn a_film_comes_back_frame_by_frame() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("film.bin");
    assert!(read_film(&path, None).expect("read").is_none());
    drop(filmed(&path, 0..40));
    let film = read(&path);
    assert_eq!(film.frames.len(), 40);
    assert_eq!(film.probes[1].id, "b");
    assert_eq!(film.probes[0].truth, probe("a").truth);
    assert_eq!(film.probes[0].image.size(), probe("a").image.size());
    assert_sound(&film);
    assert_eq!((film.masks(40), film.frame_at(17)), (None, 17));
    assert_eq!((film.frame_at(0), film.frame_at(999)), (0, 39));
}

#[test]
fn a_torn_tail_is_cut_off_and_the_film_goes_on() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("film.bin");
    drop(filmed(&path, 0..20));
    let whole = fs::read(&path).expect("bytes");
    let film = read(&path);
    let (frames, head) = (film.frames.len(), 16 + film.head.len());
    // Wherever it breaks off, what is before is whole.
    for cut in (0..whole.len()).step_by(7) {
        fs::write(&path, &whole[..cut]).expect("written");
        match read_film(&path, None) {
            Ok(Some(film)) => {
                assert!(film.frames.len() < frames);
                assert!(!film.is_damaged, "what broke off is no damage");
                assert_sound(&film);
            }
            Ok(None) => panic!("there is a file"),
            Err(err) => {
                assert!(cut < head, "the images were whole at {cut}");
                assert!(err.to_string().contains("film.bin: this film"), "{err}");
            }
        }
    }

    fs::write(&path, &whole[..whole.len() - 5]).expect("written");
    drop(filmed(&path, 19..25));
    let film = read(&path);
    let steps: Vec<usize> = film.frames.iter().map(|frame| frame.step).collect();
    assert_eq!(steps, (0..25).collect::<Vec<_>>());
    assert_sound(&film);
}

#[test]
fn a_damaged_film_says_so_and_is_kept_when_its_run_is_resumed() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("film.bin");
    drop(filmed(&path, 0..20));
    let whole = fs::read(&path).expect("bytes");
    let film = read(&path);
    assert!(!film.is_damaged);
    // A flipped bit in a frame hides it and those behind it.
    let tail: usize = (film.frames[17..].iter())
        .map(|frame| framed(&encode_frame(frame)).len())
        .sum();
    let mut flipped = whole.clone();
    flipped[whole.len() - tail + 12] ^= 4;
    fs::write(&path, &flipped).expect("written");
    let film = read(&path);
    assert_eq!((film.frames.len(), film.is_damaged), (17, true));
    assert_sound(&film);
    // A film that was known to its end is not as it was, either.
    fs::write(&path, &whole).expect("written");
    let known = read(&path);
    let again = read_film(&path, Some(&known)).expect("read");
    assert!(!again.expect("a film").is_damaged);

    // The run goes on behind the damage, and the film before stays as it was.
    assert_eq!(told_damage(&path), None);
    fs::write(&path, &flipped).expect("written");
    let told = told_damage(&path).expect("damage");
    for part in [
        "film.bin: this film",
        "kept as film.before.bin, and the film goes on",
    ] {
        assert!(told.contains(part), "{told}");
    }
    drop(filmed(&path, 19..22));
    let film = read(&path);
    assert!(!film.is_damaged);
    assert_eq!(film.frames.len(), 17 + 3);
    assert_sound(&film);
    let before = |name: &str| fs::read(dir.path().join(name)).expect("kept");
    assert_eq!(before("film.before.bin"), flipped);

    // So does one whose images are damaged, beside the first.
    let mut headless = whole;
    headless[20] ^= 4;
    fs::write(&path, &headless).expect("written");
    assert!(read_film(&path, None).is_err());
    let told = told_damage(&path).expect("damage");
    assert!(
        told.contains("kept as film.before-2.bin, and another film begins"),
        "{told}"
    );
    drop(filmed(&path, 0..3));
    assert_eq!(read(&path).frames.len(), 3);
    assert_eq!(before("film.before-2.bin"), headless);
    assert_eq!(before("film.before.bin"), flipped);
}

#[test]
fn a_resumed_run_continues_its_film_from_its_checkpoint() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("film.bin");
    drop(filmed(&path, 0..30));
    // The checkpoint is of step 9: what is behind it is trained again.
    let mut reel = Reel::open(&path, probes(), 9).expect("a film");
    reel.push(&moment(12)).expect("written");
    // The same step again is no frame.
    reel.push(&moment(12)).expect("skipped");
    drop(reel);
    let film = read(&path);
    let steps: Vec<usize> = film.frames.iter().map(|frame| frame.step).collect();
    assert_eq!(steps, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12]);
    assert_sound(&film);

    // Of other images it is another film; the one before stays.
    drop(Reel::open(&path, vec![probe("c")], 12).expect("a film"));
    assert!(read(&path).frames.is_empty());
    assert_eq!(read(&dir.path().join("film.before.bin")).frames.len(), 11);
}

#[test]
fn what_is_appended_is_read_without_the_rest() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("film.bin");
    let mut reel = filmed(&path, 0..5);
    let known = read(&path);
    for step in 5..8 {
        reel.push(&moment(step)).expect("written");
    }
    let grown = read_film(&path, Some(&known))
        .expect("read")
        .expect("a film");
    assert_eq!(grown.frames.len(), 8);
    assert_sound(&grown);
    assert!(Arc::ptr_eq(
        &grown.frames[0].changes[0],
        &known.frames[0].changes[0]
    ));
    // Another film in its place is read as a whole.
    drop(reel);
    drop(Reel::open(&path, probes(), 2).expect("a film"));
    let other = read_film(&path, Some(&grown))
        .expect("read")
        .expect("a film");
    assert_eq!(other.frames.len(), 3);
}

#[test]
fn a_long_film_is_thinned_and_reaches_from_start_to_end() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("film.bin");
    let last = 3 * MAX_FRAMES;
    drop(filmed(&path, 0..last + 1));
    let film = read(&path);
    assert!(
        (MAX_FRAMES / 2..=MAX_FRAMES).contains(&film.frames.len()),
        "{}",
        film.frames.len()
    );
    let steps: Vec<usize> = film.frames.iter().map(|frame| frame.step).collect();
    assert_eq!(steps[0], 0);
    assert!(steps[steps.len() - 1] + 8 > last, "{:?}", steps.last());
    let widest = steps.windows(2).map(|pair| pair[1] - pair[0]).max();
    assert!(widest <= Some(10), "{widest:?}");
    assert_sound(&film);
}
