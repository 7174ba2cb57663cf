//! The settings of a run as options, with the preset of the trunk for what is not given.

use std::fmt::Display;
use std::fmt::Write as _;
use std::str::FromStr;

use clap::ValueEnum;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::engine::{DatasetRef, DeviceId, FinalUpsampling, RunConfig, Schedule, Trunk, Variant, preset};

/// Sizes past this are typing errors: one such image would fill the memory.
const MAX_SIDE: u32 = 8192;

#[derive(Debug, clap::Args)]
#[group(id = "settings", multiple = true)]
pub struct Settings {
    /// `sample` (generated where it is missing) or a folder in VOC or CamVid layout
    #[arg(long, value_name = "sample|FOLDER", value_parser = dataset, default_value = "sample")]
    dataset: DatasetRef,
    /// Stride of the finest fused score map
    #[arg(long, value_parser = variants(), default_value = Variant::Fcn8s.id())]
    variant: Variant,
    /// Network under the score layers
    #[arg(long, value_parser = trunks(), default_value = Trunk::Vgg16Slim.id())]
    trunk: Trunk,
    /// Where to train: cpu, gpu:N or cuda:N, as `devices` lists them
    #[arg(long, value_name = "ID", default_value = "cpu")]
    device: DeviceId,
    /// Passes over the training images
    #[arg(long, value_name = "N", value_parser = one_or_more)]
    epochs: Option<usize>,
    /// Stop after this many steps, even inside an epoch
    #[arg(long, value_name = "N", value_parser = one_or_more)]
    max_steps: Option<usize>,
    /// Images in a step
    #[arg(long, value_name = "N", value_parser = one_or_more)]
    batch_size: Option<usize>,
    /// Learning rate
    #[arg(long, value_name = "RATE", value_parser = above_zero)]
    lr: Option<f64>,
    /// Share of the last update that is kept
    #[arg(long, value_name = "SHARE", value_parser = below_one)]
    momentum: Option<f64>,
    /// L2 penalty
    #[arg(long, value_name = "RATE", value_parser = zero_or_more)]
    weight_decay: Option<f64>,
    /// Course of the learning rate
    #[arg(long, value_enum)]
    schedule: Option<ScheduleArg>,
    /// Probability of dropping a value behind fc6 and fc7
    #[arg(long, value_name = "SHARE", value_parser = below_one)]
    dropout: Option<f64>,
    /// Whether the last upsampling is trained or stays bilinear
    #[arg(long, value_enum)]
    final_upsampling: Option<UpsamplingArg>,
    /// Size of the training crops
    #[arg(long, value_name = "WxH", value_parser = size)]
    train_size: Option<[u32; 2]>,
    /// Range of the random scale, `1,1` for none
    #[arg(long, value_name = "MIN,MAX", value_parser = scale)]
    scale: Option<ScaleRange>,
    /// Mirror training images at random
    #[arg(long, overrides_with = "no_flip")]
    flip: bool,
    /// Never mirror training images
    #[arg(long, overrides_with = "flip")]
    no_flip: bool,
    /// Size to which validation images are brought, `native` for their own
    #[arg(long, value_name = "WxH|native", value_parser = test_size)]
    test_size: Option<TestSize>,
    /// Seed of weights, order, augmentation and dropout
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Threads that read images ahead of the step
    #[arg(long, value_name = "N", value_parser = one_or_more)]
    workers: Option<usize>,
}

impl Settings {
    /// The preset of the trunk with what was given on top.
    pub fn config(&self) -> RunConfig {
        let mut config = preset(self.trunk);
        config.dataset = self.dataset.clone();
        config.variant = self.variant;
        config.device = self.device;
        config.max_steps = self.max_steps.or(config.max_steps);
        set(&mut config.epochs, self.epochs);
        set(&mut config.batch_size, self.batch_size);
        set(&mut config.learning.learning_rate, self.lr);
        set(&mut config.learning.momentum, self.momentum);
        set(&mut config.learning.weight_decay, self.weight_decay);
        set(&mut config.learning.schedule, self.schedule.map(Into::into));
        set(&mut config.dropout, self.dropout);
        set(&mut config.final_upsampling, self.final_upsampling.map(Into::into));
        set(&mut config.augment.crop, self.train_size);
        set(&mut config.augment.scale, self.scale.map(|range| range.0));
        set(&mut config.test_size, self.test_size.map(|size| size.0));
        set(&mut config.seed, self.seed);
        set(&mut config.workers, self.workers);
        if self.flip || self.no_flip {
            config.augment.flip = self.flip;
        }
        config
    }
}

fn set<T>(slot: &mut T, given: Option<T>) {
    if let Some(value) = given {
        *slot = value;
    }
}

/// The presets in words, so that the help cannot grow stale.
pub fn defaults_help() -> String {
    let mut text = String::from("What is not given comes from the preset of the trunk:");
    for trunk in Trunk::ALL {
        let config = preset(trunk);
        let learning = &config.learning;
        let [width, height] = config.augment.crop;
        let test_size = config
            .test_size
            .map_or_else(|| "native".to_owned(), |[width, height]| format!("{width}x{height}"));
        let schedule = ScheduleArg::from(learning.schedule).to_possible_value();
        write!(
            text,
            "\n  {}: --epochs {} --batch-size {} --lr {} --momentum {} --weight-decay {} --schedule {} \
             --dropout {} --train-size {width}x{height} --test-size {test_size}",
            trunk.id(),
            config.epochs,
            config.batch_size,
            learning.learning_rate,
            learning.momentum,
            learning.weight_decay,
            schedule.as_ref().map_or("", |value| value.get_name()),
            config.dropout,
        )
        .ok();
    }
    text
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ScheduleArg {
    Fixed,
    Poly,
}

impl From<ScheduleArg> for Schedule {
    fn from(schedule: ScheduleArg) -> Self {
        match schedule {
            ScheduleArg::Fixed => Self::Fixed,
            ScheduleArg::Poly => Self::Poly,
        }
    }
}

impl From<Schedule> for ScheduleArg {
    fn from(schedule: Schedule) -> Self {
        match schedule {
            Schedule::Fixed => Self::Fixed,
            Schedule::Poly => Self::Poly,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum UpsamplingArg {
    Learned,
    Fixed,
}

impl From<UpsamplingArg> for FinalUpsampling {
    fn from(upsampling: UpsamplingArg) -> Self {
        match upsampling {
            UpsamplingArg::Learned => Self::Learned,
            UpsamplingArg::Fixed => Self::Fixed,
        }
    }
}

// Of their own because clap gives arrays and nested options another meaning.
#[derive(Debug, Clone, Copy)]
struct ScaleRange([f32; 2]);

#[derive(Debug, Clone, Copy)]
struct TestSize(Option<[u32; 2]>);

fn variants() -> impl TypedValueParser<Value = Variant> {
    PossibleValuesParser::new(Variant::ALL.map(Variant::id)).try_map(|id| {
        let found = Variant::ALL.into_iter().find(|variant| variant.id() == id);
        found.ok_or("not a variant")
    })
}

fn trunks() -> impl TypedValueParser<Value = Trunk> {
    PossibleValuesParser::new(Trunk::ALL.map(Trunk::id)).try_map(|id| {
        let found = Trunk::ALL.into_iter().find(|trunk| trunk.id() == id);
        found.ok_or("not a trunk")
    })
}

/// The run keeps the path, and may be resumed from another folder.
fn dataset(text: &str) -> Result<DatasetRef, String> {
    if text == "sample" {
        return Ok(DatasetRef::Sample);
    }
    std::path::absolute(text).map(DatasetRef::Folder).map_err(|err| format!("not a path ({err})"))
}

fn number<T: FromStr<Err: Display>>(text: &str) -> Result<T, String> {
    text.trim().parse().map_err(|err: T::Err| err.to_string())
}

fn one_or_more(text: &str) -> Result<usize, String> {
    let value = number(text)?;
    if value >= 1 { Ok(value) } else { Err("must be 1 or more".to_owned()) }
}

fn in_range(text: &str, good: impl Fn(f64) -> bool, rule: &str) -> Result<f64, String> {
    let value = number(text)?;
    if good(value) { Ok(value) } else { Err(format!("must be {rule}")) }
}

fn above_zero(text: &str) -> Result<f64, String> {
    in_range(text, |value| value > 0.0 && value.is_finite(), "above 0")
}

fn zero_or_more(text: &str) -> Result<f64, String> {
    in_range(text, |value| value >= 0.0 && value.is_finite(), "0 or more")
}

fn below_one(text: &str) -> Result<f64, String> {
    in_range(text, |value| (0.0..1.0).contains(&value), "0 or more and below 1")
}

pub fn opacity(text: &str) -> Result<f32, String> {
    let value = number(text)?;
    if (0.0..=1.0).contains(&value) { Ok(value) } else { Err("must be from 0 to 1".to_owned()) }
}

fn size(text: &str) -> Result<[u32; 2], String> {
    let (width, height) = text.split_once(['x', 'X']).ok_or("must be WxH, such as 320x240")?;
    let size = [number(width)?, number(height)?];
    if size.iter().all(|side| (1..=MAX_SIDE).contains(side)) {
        Ok(size)
    } else {
        Err(format!("both sides must be from 1 to {MAX_SIDE}"))
    }
}

fn test_size(text: &str) -> Result<TestSize, String> {
    if text == "native" { Ok(TestSize(None)) } else { size(text).map(|size| TestSize(Some(size))) }
}

fn scale(text: &str) -> Result<ScaleRange, String> {
    let (min, max) = text.split_once(',').ok_or("must be MIN,MAX, such as 0.5,2")?;
    let range: [f32; 2] = [number(min)?, number(max)?];
    if range[0] > 0.0 && range[0] <= range[1] && range[1].is_finite() {
        Ok(ScaleRange(range))
    } else {
        Err("must be above 0, the smaller number first".to_owned())
    }
}
