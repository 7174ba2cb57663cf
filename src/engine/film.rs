//! The films of runs: read, decoded, and saved as files; a moment of one as a run.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use image::codecs::gif::{GifEncoder, Repeat};
use image::{Delay, Frame, RgbaImage};

use super::export::{SaveTo, overlay};
use super::runs::unix_secs;
use super::tasks::{Cancel, Task};
use super::{Engine, EngineError};
use crate::dataset::{ClassList, LabelMap, Rgb, encode_rgb_png};
use crate::files::{Existing, FileError, Output, Outputs};
use crate::training::checkpoint::run_of_step;
use crate::training::film::{Film, read_film};

/// The film of a run as it was read.
#[derive(Debug, Clone)]
pub struct RunFilm {
    /// The frames.
    pub film: Arc<Film>,
    /// Steps of which the weights are kept, in their order.
    pub kept_steps: Vec<usize>,
}

/// What a film is saved as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilmFile {
    /// One animated picture, of at most [`MOST_IN_GIF`] frames.
    Gif,
    /// A picture for each frame: `NAME-0001.png` and so on.
    Pngs,
}

/// More frames make files that nothing plays well.
pub const MOST_IN_GIF: usize = 240;
/// For how long each frame of a GIF is shown.
const SHOWN: Duration = Duration::from_millis(90);
/// For how long the last one is.
const SHOWN_LAST: Duration = Duration::from_millis(1500);
/// How coarsely the colors of a GIF are looked for, 1 to 30.
const COLOR_SPEED: i32 = 15;
/// Pixels between the images.
const GAP: u32 = 4;
/// Height of the bar that says how far the training is.
const BAR: u32 = 6;

impl Engine {
    /// The film of a run; `known` is the same film as it was read before. `None` = it has none.
    pub fn film(
        &self,
        run: &str,
        known: Option<Arc<Film>>,
    ) -> Task<Result<Option<RunFilm>, EngineError>> {
        let folder = self.folder(run);
        self.spawn("film", move |_| {
            let film = read_film(&folder.film(), known.as_deref())?;
            Ok(film.map(|film| RunFilm {
                film: Arc::new(film),
                kept_steps: folder.kept_steps(),
            }))
        })
    }

    /// The masks of a frame; `None` = it is damaged.
    pub fn film_masks(&self, film: &Arc<Film>, frame: usize) -> Task<Option<Vec<LabelMap>>> {
        let film = Arc::clone(film);
        self.spawn("film frame", move |_| film.masks(frame))
    }

    /// Makes a finished run of the weights that a run has of a step; returns what it is called.
    /// [`refresh_runs`](Self::refresh_runs) shows it.
    pub fn use_step(&self, run: &str, step: usize) -> Task<Result<String, EngineError>> {
        let (runs, folder) = (self.dirs.runs.clone(), self.folder(run));
        self.spawn_waiting("use this", move |_| {
            Ok(run_of_step(&runs, &folder, step, unix_secs())?.short_title())
        })
    }

    /// Saves a film, the masks in the colors of `classes` over the images, `opacity` in `0.0..=1.0`;
    /// returns the path of the file, or of the last of them.
    pub fn save_film(
        &self,
        film: Arc<Film>,
        classes: Arc<ClassList>,
        opacity: f32,
        (what, path): (FilmFile, PathBuf),
    ) -> Task<Result<PathBuf, EngineError>> {
        self.spawn_waiting("save film", move |cancel| {
            let sheet = Sheet {
                film: &film,
                classes: &classes,
                opacity,
            };
            match what {
                FilmFile::Gif => sheet.save_gif(path, cancel),
                FilmFile::Pngs => sheet.save_pngs(path, cancel),
            }
        })
    }
}

/// The images of a film side by side, frame by frame.
struct Sheet<'a> {
    film: &'a Film,
    classes: &'a ClassList,
    opacity: f32,
}

impl Sheet<'_> {
    /// Places of the frames that are saved: all, or so many, the first and the last among them.
    fn places(&self, most: usize) -> Vec<usize> {
        let frames = self.film.frames.len();
        if frames <= most {
            return (0..frames).collect();
        }
        (0..most)
            .map(|place| place * (frames - 1) / (most - 1).max(1))
            .collect()
    }

    /// Draws the frames at `places`, one after another. `take` gets each with its place.
    fn draw(
        &self,
        places: &[usize],
        cancel: &Cancel,
        mut take: impl FnMut(usize, Rgb) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        for (done, &place) in places.iter().enumerate() {
            if cancel.is_cancelled() {
                return Err(EngineError::Cancelled);
            }
            cancel.set_progress(done as f32 / places.len() as f32);
            // A damaged frame is left out; the others are whole.
            if let Some(masks) = self.film.masks(place) {
                take(place, self.picture(&masks, place))?;
            }
        }
        Ok(())
    }

    /// The images in rows, the masks over them, and a bar below.
    fn picture(&self, masks: &[LabelMap], place: usize) -> Rgb {
        let probes = &self.film.probes;
        let columns = (probes.len() as f64).sqrt().ceil().max(1.0) as usize;
        let rows = probes.len().div_ceil(columns);
        let cell = |side: fn(&Rgb) -> u32| {
            let sides = probes.iter().map(|probe| side(&probe.image));
            sides.max().unwrap_or(1) + GAP
        };
        let [cell_width, cell_height] = [cell(|image| image.width), cell(|image| image.height)];
        let (width, height) = (cell_width * columns as u32, cell_height * rows as u32 + BAR);
        let mut picture = Rgb {
            width,
            height,
            pixels: vec![0; (3 * width * height) as usize],
        };
        for (index, (probe, mask)) in probes.iter().zip(masks).enumerate() {
            let tile = overlay(&probe.image, mask, self.classes, self.opacity, |_| true);
            let left = (index % columns) as u32 * cell_width;
            let top = (index / columns) as u32 * cell_height;
            for row in 0..tile.height {
                let from = (3 * row * tile.width) as usize;
                let to = (3 * ((top + row) * width + left)) as usize;
                let length = (3 * tile.width) as usize;
                picture.pixels[to..to + length].copy_from_slice(&tile.pixels[from..from + length]);
            }
        }
        let last = self.film.frames.last().map_or(1, |frame| frame.step.max(1));
        let step = self.film.frames.get(place).map_or(0, |frame| frame.step);
        let filled = (u64::from(width) * step as u64 / last as u64) as u32;
        for row in height - BAR + 2..height {
            for column in 0..width {
                let shade = if column < filled { 230 } else { 60 };
                let at = (3 * (row * width + column)) as usize;
                picture.pixels[at..at + 3].fill(shade);
            }
        }
        picture
    }

    fn save_gif(&self, path: PathBuf, cancel: &Cancel) -> Result<PathBuf, EngineError> {
        // The dialog has asked whether to replace a file; one that is not ours stays even so.
        let output = SaveTo::Path(path, Existing::ReplaceOwn).claim()?;
        let places = self.places(MOST_IN_GIF);
        let mut bytes = Vec::new();
        {
            let mut gif = GifEncoder::new_with_speed(&mut bytes, COLOR_SPEED);
            let failed =
                |err: image::ImageError| FileError::write(output.path())(io::Error::other(err));
            gif.set_repeat(Repeat::Infinite).map_err(failed)?;
            let last = places.last().copied();
            self.draw(&places, cancel, |place, picture| {
                let shown = if Some(place) == last {
                    SHOWN_LAST
                } else {
                    SHOWN
                };
                let delay = Delay::from_saturating_duration(shown);
                let frame = Frame::from_parts(rgba(picture), 0, 0, delay);
                Ok(gif.encode_frame(frame).map_err(failed)?)
            })?;
        }
        output.write(|file| file.write_all(&bytes))?;
        Ok(output.path().to_owned())
    }

    fn save_pngs(&self, path: PathBuf, cancel: &Cancel) -> Result<PathBuf, EngineError> {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let mut outputs = Outputs::new(Existing::ReplaceOwn);
        let places = self.places(usize::MAX);
        // All names before the first file.
        let claimed: Vec<Output> = places
            .iter()
            .map(|place| {
                let name = format!("{stem}-{:04}.png", place + 1);
                outputs.claim(&path.with_file_name(name))
            })
            .collect::<Result<_, _>>()?;
        self.draw(&places, cancel, |place, picture| {
            Ok(claimed[place].write(|file| encode_rgb_png(&picture, file))?)
        })?;
        Ok(claimed
            .last()
            .map_or(path, |output| output.path().to_owned()))
    }
}

fn rgba(picture: Rgb) -> RgbaImage {
    let pixels = picture.pixels.chunks_exact(3);
    let pixels = pixels
        .flat_map(|rgb| [rgb[0], rgb[1], rgb[2], 255])
        .collect();
    // There are four bytes for each pixel.
    RgbaImage::from_raw(picture.width, picture.height, pixels).unwrap_or_default()
}
