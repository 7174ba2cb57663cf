//! The settings of a run as options; the preset of the trunk fills in the others.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::ValueEnum;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use strum::VariantArray as _;

use super::values::{
    ImageSize, ScaleRange, TestSize, above_zero, below_one, count, degrees, one_of, one_or_more,
    scale, size_or_native, test_size, up_to_20, up_to_100, zero_or_more, zero_to_one,
};
use crate::engine::{
    Augment, BandChoice, BestBy, ClassWeights, DatasetRef, DecodedCache, FinalUpsampling,
    OptimizerKind, Precision, Recipe, Reduction, RunConfig, SampleOrder, Schedule, Size,
    StageRates, Trunk, argument_path, preset,
};

#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of the command line by itself"
)]
#[derive(Debug, clap::Args)]
#[group(id = "settings", multiple = true)]
pub struct Settings {
    /// What the labels of the masks mean: names, colors, merged and void classes [default:
    /// class-map.toml in the dataset's folder]
    #[arg(long, value_name = "FILE", value_parser = whole_path)]
    pub class_map: Option<PathBuf>,
    /// Dtype of what convolutions multiply in training; 16 bits save memory on GPUs
    #[arg(long, value_parser = one_of::<Precision>())]
    precision: Option<Precision>,
    /// Whether training keeps only the activations between the stages of the trunk and recomputes
    /// the others in the backward pass: less memory, more time
    #[arg(long, alias = "checkpointing")]
    recompute_activations: Option<bool>,
    /// Values of a paper for all options below except the length; options that are given
    /// override them
    #[arg(long, value_parser = recipes())]
    recipe: Option<Recipe>,
    /// Passes over the training images
    #[arg(long, value_name = "N", value_parser = one_or_more)]
    epochs: Option<usize>,
    /// Stop after this many steps, even within an epoch
    #[arg(long, value_name = "N", value_parser = one_or_more)]
    max_steps: Option<usize>,
    /// Images per batch
    #[arg(long, value_name = "N", value_parser = one_or_more)]
    batch_size: Option<usize>,
    /// Train on the batches in this folder instead of the training images: NumPy arrays in the form of
    /// `data dump`, of this program or another
    #[arg(long, value_name = "DIR", value_parser = whole_path)]
    batches: Option<PathBuf>,
    /// Batches whose gradients are averaged for one step
    #[arg(long, value_name = "N", value_parser = one_or_more)]
    accumulation: Option<usize>,
    /// Learning rate
    #[arg(long, value_name = "RATE", value_parser = above_zero)]
    lr: Option<f64>,
    /// Momentum of SGD, as in PyTorch
    #[arg(long, value_name = "SHARE", value_parser = below_one)]
    momentum: Option<f64>,
    /// L2 penalty, as in PyTorch
    #[arg(long, value_name = "RATE", value_parser = zero_or_more)]
    weight_decay: Option<f64>,
    /// Factor on the learning rate of biases; 2 in the papers
    #[arg(long, value_name = "FACTOR", value_parser = zero_or_more)]
    bias_rate: Option<f64>,
    /// Whether weight decay applies to biases too; it does not in the papers
    #[arg(long)]
    decay_biases: Option<bool>,
    /// Loss over the labeled pixels: their mean or their sum
    #[arg(long, value_parser = one_of::<Reduction>())]
    reduction: Option<Reduction>,
    /// Maximum norm of the gradients of a step; larger gradients are scaled down
    #[arg(long, value_name = "NORM", value_parser = above_zero)]
    clip_norm: Option<f64>,
    /// Optimizer: stochastic gradient descent, or Adam with decoupled weight decay
    #[arg(long, value_parser = one_of::<OptimizerKind>())]
    optimizer: Option<OptimizerKind>,
    /// Factors on the learning rate by stage: stem, stage1 to stage5, fc, head; 0 freezes one, 1 is
    /// usual
    #[arg(long, value_name = "STAGE=FACTOR,...")]
    stage_rates: Option<StageRates>,
    /// Weights of the classes in the loss: equal, inverse (of their pixels), median (frequency), or
    /// one number for each class, such as 1,0.5,2
    #[arg(long, value_name = "equal|inverse|median|W,...")]
    class_weights: Option<ClassWeights>,
    /// Focal loss: power by which pixels that are right already count less, 0 for none
    #[arg(long, value_name = "GAMMA", value_parser = zero_or_more)]
    focal_gamma: Option<f64>,
    /// Share of the Dice loss, 0 to 1; the rest is the cross entropy
    #[arg(long, value_name = "SHARE", value_parser = zero_or_more)]
    dice_share: Option<f64>,
    /// Score and predict with a moving average of the weights; how much of it each step keeps, such
    /// as 0.999
    #[arg(long, value_name = "DECAY", value_parser = above_zero)]
    ema: Option<f64>,
    /// End after this many epochs without a better validation
    #[arg(long, value_name = "EPOCHS", value_parser = one_or_more)]
    early_stop: Option<usize>,
    /// Schedule of the learning rate: fixed, step:STEPS,FACTOR, poly[:POWER] or cosine[:FINAL]
    #[arg(long)]
    schedule: Option<Schedule>,
    /// Steps in which the learning rate rises from near 0 to that of the schedule
    #[arg(long, value_name = "N", value_parser = count)]
    warmup_steps: Option<usize>,
    /// Probability of dropping a value after fc6 and fc7
    #[arg(long, value_name = "SHARE", value_parser = below_one)]
    dropout: Option<f64>,
    /// Which upsampling layers are fixed to bilinear interpolation: none, the last, or all
    #[arg(long, value_parser = one_of::<FinalUpsampling>())]
    final_upsampling: Option<FinalUpsampling>,
    /// Order of the training images: shuffled each epoch, or that of the list
    #[arg(long, value_parser = one_of::<SampleOrder>())]
    order: Option<SampleOrder>,
    /// Draw images and crops by rare classes, at this temperature: 0.01 the rarest alone, 1 all
    /// classes about alike
    #[arg(long, value_name = "TEMPERATURE", value_parser = above_zero)]
    rare_sampling: Option<f64>,
    /// `none`: nothing random; whole images if the batch size is 1, else center crops of the train size
    #[arg(long, conflicts_with_all = ["flip", "scale", "brightness", "crop", "rotation", "elastic",
        "saturation", "hue", "blur", "noise"])]
    augment: Option<AugmentArg>,
    /// Size of the training crops, `native` for whole images (with batch size 1)
    #[arg(long, value_name = "WxH|native", value_parser = size_or_native)]
    train_size: Option<ImageSize>,
    /// Where training images are cropped
    #[arg(long, value_enum)]
    crop: Option<CropArg>,
    /// Range of the random scale, `1,1` for none
    #[arg(long, value_name = "MIN,MAX", value_parser = scale)]
    scale: Option<ScaleRange>,
    /// Flip training images horizontally at random
    #[arg(long, overrides_with = "no_flip")]
    flip: bool,
    /// Do not flip training images
    #[arg(long, overrides_with = "flip")]
    no_flip: bool,
    /// Amount of random brightness and contrast, 0 to 1
    #[arg(long, value_name = "SHARE", value_parser = zero_to_one)]
    brightness: Option<f32>,
    /// Largest random rotation each way, 0 to 180 degrees
    #[arg(long, value_name = "DEGREES", value_parser = degrees)]
    rotation: Option<f32>,
    /// Random bends of the image: deviation by which the points of a 3x3 grid move, 0 to 100 pixels
    #[arg(long, value_name = "PIXELS", value_parser = up_to_100)]
    elastic: Option<f32>,
    /// Amount of random saturation, 0 to 1
    #[arg(long, value_name = "SHARE", value_parser = zero_to_one)]
    saturation: Option<f32>,
    /// Largest random turn of the hue each way, 0 to 180 degrees
    #[arg(long, value_name = "DEGREES", value_parser = degrees)]
    hue: Option<f32>,
    /// Largest deviation of a random Gaussian blur, 0 to 20 pixels
    #[arg(long, value_name = "PIXELS", value_parser = up_to_20)]
    blur: Option<f32>,
    /// Largest deviation of random noise, 0 to 1 (1 is white)
    #[arg(long, value_name = "SHARE", value_parser = zero_to_one)]
    noise: Option<f32>,
    /// Size to which validation images are resized, `native` for their original size, `train` for
    /// that of the training crops
    #[arg(long, value_name = "WxH|native|train", value_parser = test_size)]
    test_size: Option<TestSize>,
    /// Seed of weights, order, augmentation and dropout
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Minutes between two checkpoints, 0 for none by time; the best epoch and the end are always
    /// saved [default: 2]
    #[arg(long, value_name = "MINUTES", value_parser = zero_or_more)]
    checkpoint_minutes: Option<f64>,
    /// Steps between two checkpoints
    #[arg(long, value_name = "N", value_parser = one_or_more)]
    checkpoint_steps: Option<usize>,
    /// Epochs between two checkpoints [default: 1]
    #[arg(long, value_name = "N", value_parser = one_or_more)]
    checkpoint_epochs: Option<usize>,
    /// How many of the newest checkpoints are kept to resume from [default: 2]
    #[arg(long, value_name = "N", value_parser = one_or_more)]
    keep_last: Option<usize>,
    /// How many of the best weights are kept to predict with [default: 1]
    #[arg(long, value_name = "N", value_parser = one_or_more)]
    keep_best: Option<usize>,
    /// Keep each Nth epoch whole
    #[arg(long, value_name = "N", value_parser = one_or_more)]
    keep_every: Option<usize>,
    /// Score of the validation by which the best epoch is found [default: mean-iu]
    #[arg(long, value_parser = one_of::<BestBy>())]
    best_by: Option<BestBy>,
    /// Seconds between two frames of the film, which else has one after each epoch
    #[arg(long, value_name = "SECONDS", value_parser = above_zero)]
    film_every: Option<f64>,
    /// An image of your own whose masks are filmed beside those of validation images; may be given
    /// several times
    #[arg(long = "probe", value_name = "FILE", value_parser = whole_path)]
    probe_images: Vec<PathBuf>,
    /// Also write event files for TensorBoard, scalars and masks, into the folder `tensorboard` of the run
    #[arg(long)]
    tensorboard: bool,
    /// Also write the table `history.csv` into the folder of the run, a line for each step and epoch
    #[arg(long)]
    csv: bool,
    /// Threads that load images ahead of training
    #[arg(long, value_name = "N", value_parser = one_or_more)]
    workers: Option<usize>,
    /// Keep decoded images in this folder, for later epochs and runs [default: in memory alone]
    #[arg(long, value_name = "DIR", value_parser = whole_path)]
    cache: Option<PathBuf>,
    /// How large that folder may become, in GiB [default: 20]
    #[arg(long, value_name = "GIB", value_parser = above_zero, requires = "cache")]
    cache_gib: Option<f64>,
}

impl Settings {
    /// As [`config`](Self::config), of a run on `dataset`, the sample where none is named, whose images have
    /// these bands.
    pub fn config_on(
        &self,
        base: RunConfig,
        dataset: Option<DatasetRef>,
        bands: &BandChoice,
    ) -> RunConfig {
        let dataset = dataset.unwrap_or(DatasetRef::Sample);
        RunConfig {
            dataset: dataset.mapped(self.class_map.clone(), &[], bands),
            ..self.config(base)
        }
    }

    /// The recipe on top of `base`, with what was given on top of that.
    pub fn config(&self, base: RunConfig) -> RunConfig {
        let mut config = base;
        if let Some(recipe) = self.recipe {
            recipe.apply(&mut config);
        }
        config.rare_sampling = self.rare_sampling.or(config.rare_sampling);
        config.ema = self.ema.or(config.ema);
        config.early_stop = self.early_stop.or(config.early_stop);
        config.film_secs = self.film_every.or(config.film_secs);
        config.probe_images.extend(self.probe_images.clone());
        config.max_steps = self.max_steps.or(config.max_steps);
        config.batches = self.batches.clone().or(config.batches);
        set(&mut config.precision, self.precision);
        set(
            &mut config.recompute_activations,
            self.recompute_activations,
        );
        set(&mut config.epochs, self.epochs);
        set(&mut config.batch_size, self.batch_size);
        set(&mut config.dropout, self.dropout);
        set(&mut config.final_upsampling, self.final_upsampling);
        set(&mut config.order, self.order);
        set(&mut config.seed, self.seed);
        set(&mut config.workers, self.workers);
        if let Some(folder) = self.cache.clone() {
            let gib = self.cache_gib.unwrap_or(DecodedCache::GIB);
            config.decoded_cache = Some(DecodedCache { folder, gib });
        }
        config.extra_logs.tensorboard |= self.tensorboard;
        config.extra_logs.csv |= self.csv;
        self.set_checkpoints(&mut config);
        self.set_learning(&mut config);
        self.set_augmentation(&mut config);
        match self.test_size {
            Some(TestSize::Given(size)) => config.test_size = size.0,
            Some(TestSize::Train) => config.test_size = config.augment.crop,
            None => {}
        }
        config
    }

    fn set_checkpoints(&self, config: &mut RunConfig) {
        let policy = &mut config.checkpoints;
        set(&mut policy.minutes, self.checkpoint_minutes);
        set(&mut policy.epochs, self.checkpoint_epochs);
        set(&mut policy.keep_last, self.keep_last);
        set(&mut policy.keep_best, self.keep_best);
        set(&mut policy.best_by, self.best_by);
        policy.steps = self.checkpoint_steps.or(policy.steps);
        policy.keep_every = self.keep_every.or(policy.keep_every);
    }

    fn set_learning(&self, config: &mut RunConfig) {
        let learning = &mut config.learning;
        set(&mut learning.learning_rate, self.lr);
        set(&mut learning.momentum, self.momentum);
        set(&mut learning.weight_decay, self.weight_decay);
        set(&mut learning.bias_rate, self.bias_rate);
        set(&mut learning.decay_biases, self.decay_biases);
        set(&mut learning.reduction, self.reduction);
        set(&mut learning.accumulation, self.accumulation);
        set(&mut learning.schedule, self.schedule);
        set(&mut learning.warmup_steps, self.warmup_steps);
        set(&mut learning.optimizer, self.optimizer);
        set(&mut learning.stage_rates, self.stage_rates.clone());
        let objective = &mut learning.objective;
        set(&mut objective.class_weights, self.class_weights.clone());
        set(&mut objective.focal_gamma, self.focal_gamma);
        set(&mut objective.dice_share, self.dice_share);
        learning.clip_norm = self.clip_norm.or(learning.clip_norm);
    }

    /// After the batch size, on which it depends what no augmentation is.
    fn set_augmentation(&self, config: &mut RunConfig) {
        let augment = &mut config.augment;
        if let Some(AugmentArg::None) = self.augment {
            *augment = Augment::none(augment.crop.filter(|_| config.batch_size > 1));
        }
        set(&mut augment.crop, self.train_size.map(|size| size.0));
        set(&mut augment.scale, self.scale.map(|range| range.0));
        for (amount, given) in [
            (&mut augment.brightness, self.brightness),
            (&mut augment.rotation, self.rotation),
            (&mut augment.elastic, self.elastic),
            (&mut augment.saturation, self.saturation),
            (&mut augment.hue, self.hue),
            (&mut augment.blur, self.blur),
            (&mut augment.noise, self.noise),
        ] {
            set(amount, given);
        }
        set(
            &mut augment.random_crop,
            self.crop.map(|crop| matches!(crop, CropArg::Random)),
        );
        if self.flip || self.no_flip {
            augment.flip = self.flip;
        }
    }
}

fn set<T>(slot: &mut T, given: Option<T>) {
    if let Some(value) = given {
        *slot = value;
    }
}

/// The presets as help text, so that the help cannot become outdated.
pub fn defaults_help() -> String {
    let mut text = String::from(
        "Options that are not given come from the recipe, or else from the preset of the trunk:",
    );
    for &trunk in Trunk::VARIANTS {
        let config = preset(trunk);
        let learning = &config.learning;
        write!(
            text,
            "\n  {}: --epochs {} --batch-size {} --lr {} --momentum {} --weight-decay {} --schedule {} \
             --dropout {} --train-size {} --test-size {}",
            trunk.id(),
            config.epochs,
            config.batch_size,
            learning.learning_rate,
            learning.momentum,
            learning.weight_decay,
            learning.schedule,
            config.dropout,
            size_text(config.augment.crop),
            size_text(config.test_size),
        )
        .ok();
    }
    text
}

fn size_text(size: Option<Size>) -> String {
    size.map_or_else(|| "native".to_owned(), |size| size.to_string())
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum AugmentArg {
    None,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum CropArg {
    Random,
    Center,
}

fn recipes() -> impl TypedValueParser<Value = Recipe> {
    let value = |recipe: Recipe| PossibleValue::new(recipe.id()).help(recipe.source());
    PossibleValuesParser::new(Recipe::VARIANTS.iter().copied().map(value))
        .try_map(|id| id.parse::<Recipe>())
}

/// The run keeps the path, and may be resumed from another folder.
pub fn whole_path(text: &str) -> Result<PathBuf, String> {
    let path = argument_path(text.as_ref());
    std::path::absolute(path).map_err(|err| format!("not a path ({err})"))
}

/// A dataset, as an option names it.
pub fn dataset(text: &str) -> Result<DatasetRef, String> {
    if text == "sample" {
        return Ok(DatasetRef::Sample);
    }
    whole_path(text).map(DatasetRef::Folder)
}
