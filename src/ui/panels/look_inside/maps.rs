//! Maps of numbers behind the panel: what each network is asked for, computed on workers.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use eframe::egui::{Rect, pos2};

use crate::engine::{
    Activations, ChannelChoice, ColorScale, EFFECTIVE_SHARE, EffectiveField, EngineError,
    Explanation, ExplanationMap, NetworkSource, NumberMap, Poll, Task,
};
use crate::ui::context::PanelCtx;
use crate::ui::view_model::format::percent;
use crate::ui::view_model::mask::Pixel;

/// What is shown of a network.
#[derive(Debug, Clone, PartialEq)]
pub enum Wanted {
    /// The probability of a class.
    Probability(u8),
    /// What each score layer adds to a class, and the sum.
    Scores(u8),
    /// What a layer makes.
    Activations(String, ChannelChoice),
    /// Which pixels pull at the score of a class at a pixel.
    Field(Pixel, u8),
}

/// A map as it is shown.
#[derive(Debug, Clone)]
pub struct ShownMap {
    /// What it is.
    pub caption: String,
    pub map: Arc<NumberMap>,
    pub scale: ColorScale,
    /// A rectangle on it, in its cells.
    pub outline: Option<Rect>,
}

/// What is there of the maps of a network.
pub enum MapsState<'a> {
    Running(Instant),
    Ready(&'a [ShownMap]),
    Failed(&'a str),
}

/// What to show of a network.
pub struct Job {
    pub run: String,
    pub explanation: Arc<Explanation>,
    pub wanted: Wanted,
}

enum Work {
    Layer(Task<Result<Arc<Activations>, EngineError>>),
    Field(Task<Result<Arc<EffectiveField>, EngineError>>),
    Maps(Task<Vec<ShownMap>>),
    Ready(Vec<ShownMap>),
    Failed(String),
}

struct Entry {
    job: Job,
    since: Instant,
    work: Work,
}

/// The activations of a network, so that another channel is there at once.
struct Layer {
    run: String,
    explanation: Arc<Explanation>,
    activations: Arc<Activations>,
}

/// The maps of all networks that are shown.
#[derive(Default)]
pub struct Maps {
    entries: Vec<Entry>,
    layers: Vec<Layer>,
    /// The effective field of a network at a pixel, for the outline on the image.
    fields: Vec<(String, PathBuf, Pixel, Arc<EffectiveField>)>,
}

impl Job {
    /// Whether another job has the same result.
    fn is(&self, other: &Self) -> bool {
        self.run == other.run
            && Arc::ptr_eq(&self.explanation, &other.explanation)
            && self.wanted == other.wanted
    }
}

impl Maps {
    /// Collects what is ready; starts what is missing of `jobs`, and gives up the rest.
    pub fn update(&mut self, ctx: &PanelCtx<'_>, jobs: Vec<Job>) {
        self.entries
            .retain(|entry| jobs.iter().any(|job| job.is(&entry.job)));
        self.layers.retain(|layer| {
            let is_of = |job: &Job| {
                job.run == layer.run
                    && Arc::ptr_eq(&job.explanation, &layer.explanation)
                    && matches!(&job.wanted, Wanted::Activations(name, _) if *name == layer.activations.layer)
            };
            jobs.iter().any(is_of)
        });
        self.fields.retain(|(run, image, pixel, _)| {
            let is_of = |job: &Job| {
                job.run == *run
                    && job.explanation.image_path == *image
                    && matches!(&job.wanted, Wanted::Field(at, _) if at == pixel)
            };
            jobs.iter().any(is_of)
        });
        for job in jobs {
            if !self.entries.iter().any(|entry| entry.job.is(&job)) {
                let work = self.start(ctx, &job);
                self.entries.push(Entry {
                    job,
                    since: Instant::now(),
                    work,
                });
            }
        }
        for entry in &mut self.entries {
            match &mut entry.work {
                Work::Ready(_) | Work::Failed(_) => {}
                Work::Maps(task) => match task.poll() {
                    Poll::Pending => {}
                    Poll::Ready(maps) => entry.work = Work::Ready(maps),
                    Poll::Lost => {
                        entry.work = Work::Failed("The log says more. Try again".to_owned());
                    }
                },
                Work::Layer(task) => match task.poll_result() {
                    None => {}
                    Some(Err(err)) => entry.work = Work::Failed(err.to_string()),
                    Some(Ok(activations)) => {
                        self.layers.push(Layer {
                            run: entry.job.run.clone(),
                            explanation: Arc::clone(&entry.job.explanation),
                            activations: Arc::clone(&activations),
                        });
                        entry.work = channel_maps(ctx, activations, &entry.job.wanted);
                    }
                },
                Work::Field(task) => match task.poll_result() {
                    None => {}
                    Some(Err(err)) => entry.work = Work::Failed(err.to_string()),
                    Some(Ok(field)) => {
                        let job = &entry.job;
                        let map = field_map(&job.explanation, &field);
                        if let Wanted::Field(pixel, _) = job.wanted {
                            let image = job.explanation.image_path.clone();
                            self.fields.push((job.run.clone(), image, pixel, field));
                        }
                        entry.work = Work::Ready(vec![map]);
                    }
                },
            }
        }
    }

    /// The maps of a run.
    pub fn of(&self, run: &str) -> Option<MapsState<'_>> {
        let entry = self.entries.iter().find(|entry| entry.job.run == run)?;
        Some(match &entry.work {
            Work::Ready(maps) => MapsState::Ready(maps),
            Work::Failed(message) => MapsState::Failed(message),
            Work::Layer(_) | Work::Field(_) | Work::Maps(_) => MapsState::Running(entry.since),
        })
    }

    /// The effective field of a run at a pixel of an image, where it is known.
    pub fn field(&self, run: &str, image: &Path, pixel: Pixel) -> Option<&EffectiveField> {
        let is_it = |(known, of, at, _): &&(String, PathBuf, Pixel, Arc<EffectiveField>)| {
            known == run && of == image && *at == pixel
        };
        self.fields.iter().find(is_it).map(|(.., field)| &**field)
    }

    /// Channels of the layer that a run shows, once they are known.
    pub fn channels(&self) -> Option<usize> {
        self.layers.first().map(|layer| layer.activations.channels)
    }

    /// Computes those of a run again.
    pub fn repeat(&mut self, run: &str) {
        self.entries.retain(|entry| entry.job.run != run);
    }

    pub fn clear(&mut self) {
        *self = Self::default();
    }

    fn start(&self, ctx: &PanelCtx<'_>, job: &Job) -> Work {
        let network = || NetworkSource::Run(job.run.clone(), None);
        let image = &job.explanation.image_path;
        match &job.wanted {
            Wanted::Probability(_) | Wanted::Scores(_) => {
                let (explanation, wanted) = (Arc::clone(&job.explanation), job.wanted.clone());
                let work = move |_: &_| class_maps(&explanation, &wanted);
                Work::Maps(ctx.engine.spawn("look inside", work))
            }
            Wanted::Activations(layer, _) => {
                let known = self.layers.iter().find(|known| {
                    known.run == job.run && Arc::ptr_eq(&known.explanation, &job.explanation)
                });
                match known.filter(|known| known.activations.layer == *layer) {
                    Some(known) => channel_maps(ctx, Arc::clone(&known.activations), &job.wanted),
                    None => Work::Layer(ctx.engine.activations(&network(), image, layer)),
                }
            }
            Wanted::Field(pixel, label) => {
                let at = [pixel.x, pixel.y];
                Work::Field(ctx.engine.effective_field(&network(), image, at, *label))
            }
        }
    }
}

/// The maps of a class: its probability, or the parts of its score and their sum on one scale.
fn class_maps(explanation: &Explanation, wanted: &Wanted) -> Vec<ShownMap> {
    let shown = |caption: String, map: NumberMap, scale: ColorScale| ShownMap {
        caption,
        map: Arc::new(map),
        scale,
        outline: None,
    };
    match wanted {
        Wanted::Probability(label) => {
            let name = explanation.classes.name(*label);
            let map = explanation.map(ExplanationMap::Probability, *label);
            vec![shown(
                format!("Probability of {name}"),
                map,
                ColorScale::SHARES,
            )]
        }
        Wanted::Scores(label) => {
            let name = explanation.classes.name(*label);
            let sources = explanation.sources();
            let parts =
                (0..sources.len()).map(|part| explanation.map(ExplanationMap::Part(part), *label));
            let mut maps: Vec<NumberMap> = parts.collect();
            maps.push(explanation.map(ExplanationMap::Logit, *label));
            let scale = ColorScale::around_zero(&maps);
            let captions = sources
                .into_iter()
                .map(|source| format!("{name} from {source}"));
            let captions = captions.chain([format!("Logit of {name} (the sum)")]);
            captions
                .zip(maps)
                .map(|(caption, map)| shown(caption, map, scale))
                .collect()
        }
        Wanted::Activations(..) | Wanted::Field(..) => Vec::new(),
    }
}

fn channel_maps(ctx: &PanelCtx<'_>, activations: Arc<Activations>, wanted: &Wanted) -> Work {
    let Wanted::Activations(_, choice) = *wanted else {
        return Work::Ready(Vec::new());
    };
    let work = move |_: &_| {
        let map = activations.map(choice);
        if map.values.is_empty() {
            return Vec::new();
        }
        let what = match choice {
            ChannelChoice::Mean => format!("mean of {} channels", activations.channels),
            ChannelChoice::Max => format!("largest of {} channels", activations.channels),
            ChannelChoice::One(channel) => format!("channel {channel} of {}", activations.channels),
        };
        vec![ShownMap {
            caption: format!("{}: {what}, {}", activations.layer, activations.size),
            scale: ColorScale::of(&map),
            map: Arc::new(map),
            outline: None,
        }]
    };
    Work::Maps(ctx.engine.spawn("look inside", work))
}

fn field_map(explanation: &Explanation, field: &EffectiveField) -> ShownMap {
    let class = explanation.classes.name(field.label);
    let area = field.area;
    let share = percent(Some(EFFECTIVE_SHARE));
    let caption = match &field.outline {
        Some(outline) => format!(
            "{class}: {} px of {} hold {share}",
            outline.size(),
            area.size()
        ),
        None => format!("{class}: no pixel has an influence"),
    };
    let columns = field.map.size.width as f32 / area.size().width as f32;
    let rows = field.map.size.height as f32 / area.size().height as f32;
    let outline = field.outline.map(|outline| {
        let x = |at: u32| (at - area.left) as f32 * columns;
        let y = |at: u32| (at - area.top) as f32 * rows;
        Rect::from_min_max(
            pos2(x(outline.left), y(outline.top)),
            pos2(x(outline.right + 1), y(outline.bottom + 1)),
        )
    });
    ShownMap {
        caption,
        map: Arc::clone(&field.map),
        // The largest few would leave all others dark; their sum is in the outline anyway.
        scale: ColorScale::of(&field.map),
        outline,
    }
}
