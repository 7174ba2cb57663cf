//! The settings of a run as the words of a command line.
//!
//! The other direction is `cli::settings` and `cli::network`; the tests of `cli::args` read every
//! line back. Live masks have no option: a command line shows none.

use std::path::Path;

use super::config::{DatasetRef, DecodedCache, InitialWeights, RunConfig};
use super::learning::Learning;
use super::network_choice::network_preset;
use super::objective::Objective;
use crate::dataset::{Normalization, Size};

/// A value that no option can say.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} cannot be said on the command line: {why}. Copy config.json instead")]
pub struct NoCommandLine {
    what: &'static str,
    why: String,
}

impl RunConfig {
    /// The words behind `fcn-workbench` that train a run with these settings. What the network
    /// and its trunk have by themselves is left out.
    ///
    /// # Errors
    /// When a value has no option: an input normalization of its own, or a path that is no text.
    pub fn command_line(&self) -> Result<Vec<String>, NoCommandLine> {
        let base = network_preset(Some(self.variant), Some(self.trunk));
        let mut words = Words(vec!["train".to_owned()]);
        self.add_dataset(&mut words)?;
        words.add("--variant", name(self.variant));
        words.add("--trunk", name(self.trunk));
        self.add_start(&base, &mut words)?;
        if self.aux_head {
            words.flag("--aux-head");
        }
        words.add("--device", self.device);
        words.changed("--precision", name(self.precision), name(base.precision));
        let recompute = |config: &Self| config.recompute_activations;
        words.changed("--recompute-activations", recompute(self), recompute(&base));
        words.changed("--epochs", self.epochs, base.epochs);
        let sampling = |config: &Self| config.rare_sampling;
        words.option("--rare-sampling", sampling(self), sampling(&base))?;
        words.option("--ema", self.ema, base.ema)?;
        words.option("--max-steps", self.max_steps, base.max_steps)?;
        words.changed("--batch-size", self.batch_size, base.batch_size);
        self.add_learning(&base, &mut words)?;
        words.changed("--dropout", self.dropout, base.dropout);
        let upsampling = |config: &Self| name(config.final_upsampling);
        words.changed("--final-upsampling", upsampling(self), upsampling(&base));
        words.changed("--order", name(self.order), name(base.order));
        self.add_images(&base, &mut words);
        words.option("--early-stop", self.early_stop, base.early_stop)?;
        self.add_checkpoints(&base, &mut words)?;
        if let Some(folder) = &self.batches {
            words.add("--batches", text_of("the folder of batches", folder)?);
        }
        words.option("--film-every", self.film_secs, base.film_secs)?;
        self.add_probes(&mut words)?;
        if self.extra_logs.tensorboard {
            words.flag("--tensorboard");
        }
        if self.extra_logs.csv {
            words.flag("--csv");
        }
        words.changed("--seed", self.seed, base.seed);
        words.changed("--workers", self.workers, base.workers);
        self.add_cache(&mut words)?;
        Ok(words.0)
    }

    fn add_dataset(&self, words: &mut Words) -> Result<(), NoCommandLine> {
        const FOLDER: &str = "the dataset folder";
        match &self.dataset {
            DatasetRef::Sample => {}
            DatasetRef::Folder(folder) => words.add("--dataset", text_of(FOLDER, folder)?),
            DatasetRef::Mapped { void, .. } if !void.is_empty() => {
                return Err(NoCommandLine {
                    what: "the void labels",
                    why: "training has no option for them".to_owned(),
                });
            }
            DatasetRef::Mapped {
                folder,
                class_map,
                images,
                ..
            } => {
                words.add("--dataset", text_of(FOLDER, folder)?);
                if let Some(map) = class_map {
                    words.add("--class-map", text_of("the class map", map)?);
                }
                if !images.bands.is_empty() {
                    words.add("--bands", images.bands_text());
                }
                if let Some(range) = &images.range {
                    words.add("--range", range.to_string());
                }
            }
        }
        Ok(())
    }

    /// Border handling, input and initial weights. Weights bring the first two with them, so
    /// they are said wherever there are some.
    fn add_start(&self, base: &Self, words: &mut Words) -> Result<(), NoCommandLine> {
        let has_start = self.init != InitialWeights::Random;
        if has_start || self.geometry != base.geometry {
            words.add("--geometry", name(self.geometry));
        }
        match &self.init {
            InitialWeights::Random => {}
            InitialWeights::Run(run) => words.add("--init", run),
            InitialWeights::File(path) => words.add("--init", text_of("the weights file", path)?),
        }
        if has_start || self.normalization != base.normalization {
            let named = Normalization::NAMED
                .iter()
                .find(|(_, known)| *known == self.normalization);
            let Some((name, _)) = named else {
                return Err(NoCommandLine {
                    what: "the input normalization",
                    why: "it is none of those with a name".to_owned(),
                });
            };
            words.add("--input", name);
        }
        Ok(())
    }

    fn add_learning(&self, base: &Self, words: &mut Words) -> Result<(), NoCommandLine> {
        let (own, base) = (&self.learning, &base.learning);
        words.changed("--accumulation", own.accumulation, base.accumulation);
        words.changed("--lr", own.learning_rate, base.learning_rate);
        words.changed("--momentum", own.momentum, base.momentum);
        words.changed("--weight-decay", own.weight_decay, base.weight_decay);
        words.changed("--bias-rate", own.bias_rate, base.bias_rate);
        words.changed("--decay-biases", own.decay_biases, base.decay_biases);
        words.changed("--reduction", name(own.reduction), name(base.reduction));
        words.option("--clip-norm", own.clip_norm, base.clip_norm)?;
        words.changed("--optimizer", name(own.optimizer), name(base.optimizer));
        let rates = |learning: &Learning| learning.stage_rates.to_string();
        words.changed("--stage-rates", rates(own), rates(base));
        let (shape, preset) = (&own.objective, &base.objective);
        let weights = |objective: &Objective| objective.class_weights.to_string();
        words.changed("--class-weights", weights(shape), weights(preset));
        words.changed("--focal-gamma", shape.focal_gamma, preset.focal_gamma);
        words.changed("--dice-share", shape.dice_share, preset.dice_share);
        words.changed("--schedule", own.schedule, base.schedule);
        words.changed("--warmup-steps", own.warmup_steps, base.warmup_steps);
        Ok(())
    }

    fn add_checkpoints(&self, base: &Self, words: &mut Words) -> Result<(), NoCommandLine> {
        let (own, base) = (&self.checkpoints, &base.checkpoints);
        words.changed("--checkpoint-minutes", own.minutes, base.minutes);
        words.option("--checkpoint-steps", own.steps, base.steps)?;
        words.changed("--checkpoint-epochs", own.epochs, base.epochs);
        words.changed("--keep-last", own.keep_last, base.keep_last);
        words.changed("--keep-best", own.keep_best, base.keep_best);
        words.option("--keep-every", own.keep_every, base.keep_every)?;
        words.changed("--best-by", name(own.best_by), name(base.best_by));
        Ok(())
    }

    fn add_images(&self, base: &Self, words: &mut Words) {
        let (own, preset) = (&self.augment, &base.augment);
        words.changed("--train-size", size(own.crop), size(preset.crop));
        if own.random_crop != preset.random_crop {
            words.add("--crop", if own.random_crop { "random" } else { "center" });
        }
        let scale = |[min, max]: [f32; 2]| format!("{min},{max}");
        words.changed("--scale", scale(own.scale), scale(preset.scale));
        if own.flip != preset.flip {
            words.flag(if own.flip { "--flip" } else { "--no-flip" });
        }
        words.changed("--brightness", own.brightness, preset.brightness);
        words.changed("--rotation", own.rotation, preset.rotation);
        words.changed("--elastic", own.elastic, preset.elastic);
        words.changed("--saturation", own.saturation, preset.saturation);
        words.changed("--hue", own.hue, preset.hue);
        words.changed("--blur", own.blur, preset.blur);
        words.changed("--noise", own.noise, preset.noise);
        words.changed("--test-size", size(self.test_size), size(base.test_size));
    }

    fn add_cache(&self, words: &mut Words) -> Result<(), NoCommandLine> {
        if let Some(DecodedCache { folder, gib }) = &self.decoded_cache {
            words.add("--cache", text_of("the folder of decoded images", folder)?);
            words.changed("--cache-gib", *gib, DecodedCache::GIB);
        }
        Ok(())
    }

    fn add_probes(&self, words: &mut Words) -> Result<(), NoCommandLine> {
        for path in &self.probe_images {
            words.add("--probe", text_of("a probe image", path)?);
        }
        Ok(())
    }
}

fn name(value: impl Into<&'static str>) -> &'static str {
    value.into()
}

fn size(size: Option<Size>) -> String {
    size.map_or_else(|| "native".to_owned(), |size| size.to_string())
}

fn text_of<'a>(what: &'static str, path: &'a Path) -> Result<&'a str, NoCommandLine> {
    path.to_str().ok_or_else(|| NoCommandLine {
        what,
        why: format!("{} is not Unicode", path.display()),
    })
}

struct Words(Vec<String>);

impl Words {
    fn flag(&mut self, option: &str) {
        self.0.push(option.to_owned());
    }

    fn add(&mut self, option: &str, value: impl ToString) {
        self.0.extend([option.to_owned(), value.to_string()]);
    }

    fn changed<T: PartialEq + ToString>(&mut self, option: &str, own: T, base: T) {
        if own != base {
            self.add(option, own);
        }
    }

    /// A value that may be missing; no option says that one is missing.
    fn option<T: PartialEq + ToString>(
        &mut self,
        option: &'static str,
        own: Option<T>,
        base: Option<T>,
    ) -> Result<(), NoCommandLine> {
        match own {
            own if own == base => {}
            Some(value) => self.add(option, value),
            None => {
                return Err(NoCommandLine {
                    what: option,
                    why: "the preset has a value and the run has none".to_owned(),
                });
            }
        }
        Ok(())
    }
}
