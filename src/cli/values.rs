//! Parsers of option values: numbers with ranges, sizes, names from a list.

use std::fmt::Display;
use std::path::PathBuf;
use std::str::FromStr;

use clap::builder::{OsStringValueParser, PossibleValuesParser, TypedValueParser};
use strum::VariantArray;

use crate::engine::{ChannelChoice, RangeChoice, Size, argument_path};

/// Sizes past this are typing errors: one such image would fill the memory.
const MAX_SIDE: u32 = 8192;

// Of their own because clap gives arrays and nested options another meaning.
#[derive(Debug, Clone, Copy)]
pub struct ScaleRange(pub [f32; 2]);

#[derive(Debug, Clone, Copy)]
pub struct ImageSize(pub Option<Size>);

/// What validation images are resized to.
#[derive(Debug, Clone, Copy)]
pub enum TestSize {
    /// A size, or none.
    Given(ImageSize),
    /// That of the training crops.
    Train,
}

/// One of the values of an enum, by its name.
pub fn one_of<T>() -> impl TypedValueParser<Value = T>
where
    T: VariantArray + FromStr + Copy + Into<&'static str> + Send + Sync,
{
    let names = T::VARIANTS.iter().map(|value| (*value).into());
    PossibleValuesParser::new(names.collect::<Vec<&'static str>>())
        .try_map(|name| name.parse().map_err(|_| "not one of the values"))
}

/// A path, as people type and paste it.
pub fn path() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().map(|text| argument_path(&text))
}

fn number<T: FromStr<Err: Display>>(text: &str) -> Result<T, String> {
    text.trim().parse().map_err(|err: T::Err| err.to_string())
}

pub fn one_or_more(text: &str) -> Result<usize, String> {
    let value = number(text)?;
    if value >= 1 {
        Ok(value)
    } else {
        Err("must be 1 or more".to_owned())
    }
}

/// A range of values that is stated, where there are no training images to measure.
pub fn stated_range(text: &str) -> Result<RangeChoice, String> {
    match text.parse()? {
        RangeChoice::Measured => Err(
            "there are no training images to measure. Write the lowest and the highest value, such as 0,4095"
                .to_owned(),
        ),
        stated @ RangeChoice::Stated(_) => Ok(stated),
    }
}

/// Column and row of a pixel: `12,34`.
pub fn pixel(text: &str) -> Result<(u32, u32), String> {
    let (x, y) = text
        .split_once(',')
        .ok_or("must be a column and a row, such as 120,80")?;
    Ok((number(x)?, number(y)?))
}

/// Which of many channels: `mean`, `max` or a number.
pub fn channel(text: &str) -> Result<ChannelChoice, String> {
    match text {
        "mean" => Ok(ChannelChoice::Mean),
        "max" => Ok(ChannelChoice::Max),
        text => match text.parse() {
            Ok(channel) => Ok(ChannelChoice::One(channel)),
            Err(_) => Err("must be mean, max or the number of a channel, from 0".to_owned()),
        },
    }
}

fn in_range(text: &str, good: impl Fn(f64) -> bool, rule: &str) -> Result<f64, String> {
    let value = number(text)?;
    if good(value) {
        Ok(value)
    } else {
        Err(format!("must be {rule}"))
    }
}

pub fn above_zero(text: &str) -> Result<f64, String> {
    in_range(text, |value| value > 0.0 && value.is_finite(), "above 0")
}

pub fn zero_or_more(text: &str) -> Result<f64, String> {
    in_range(text, |value| value >= 0.0 && value.is_finite(), "0 or more")
}

pub fn below_one(text: &str) -> Result<f64, String> {
    in_range(
        text,
        |value| (0.0..1.0).contains(&value),
        "0 or more and below 1",
    )
}

pub fn zero_to_one(text: &str) -> Result<f32, String> {
    up_to(text, 1.0)
}

pub fn degrees(text: &str) -> Result<f32, String> {
    up_to(text, 180.0)
}

pub fn up_to_20(text: &str) -> Result<f32, String> {
    up_to(text, 20.0)
}

pub fn up_to_100(text: &str) -> Result<f32, String> {
    up_to(text, 100.0)
}

fn up_to(text: &str, most: f32) -> Result<f32, String> {
    let value = number(text)?;
    if (0.0..=most).contains(&value) {
        Ok(value)
    } else {
        Err(format!("must be from 0 to {most}"))
    }
}

/// A size of an image as a share of its own.
pub fn image_scale(text: &str) -> Result<f32, String> {
    let value = number(text)?;
    if (0.1..=4.0).contains(&value) {
        Ok(value)
    } else {
        Err("must be from 0.1 to 4".to_owned())
    }
}

pub fn count(text: &str) -> Result<usize, String> {
    number(text)
}

pub fn size(text: &str) -> Result<Size, String> {
    let (width, height) = text
        .split_once(['x', 'X'])
        .ok_or("must be `native` or WxH, such as 320x240")?;
    let size = Size::new(number(width)?, number(height)?);
    let fine = |side| (1..=MAX_SIDE).contains(&side);
    if fine(size.width) && fine(size.height) {
        Ok(size)
    } else {
        Err(format!("both sides must be from 1 to {MAX_SIDE}"))
    }
}

pub fn size_or_native(text: &str) -> Result<ImageSize, String> {
    if text == "native" {
        Ok(ImageSize(None))
    } else {
        size(text).map(|size| ImageSize(Some(size)))
    }
}

pub fn test_size(text: &str) -> Result<TestSize, String> {
    if text == "train" {
        return Ok(TestSize::Train);
    }
    size_or_native(text).map(TestSize::Given)
}

pub fn scale(text: &str) -> Result<ScaleRange, String> {
    let (min, max) = text
        .split_once(',')
        .ok_or("must be MIN,MAX, such as 0.5,2")?;
    let range: [f32; 2] = [number(min)?, number(max)?];
    if range[0] > 0.0 && range[0] <= range[1] && range[1].is_finite() {
        Ok(ScaleRange(range))
    } else {
        Err("must be above 0, the smaller number first".to_owned())
    }
}

/// `255=1`: a label and its new number.
pub fn label_pair(text: &str) -> Result<(u8, u8), String> {
    let label = |text: &str| text.trim().parse::<u8>().ok();
    text.split_once('=')
        .and_then(|(old, new)| Some((label(old)?, label(new)?)))
        .ok_or_else(|| "not OLD=NEW with labels from 0 to 255, such as 255=1".to_owned())
}

/// A share in percent, which leaves something on both sides.
pub fn percent(text: &str) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if value > 0.0 && value < 100.0 {
        Ok(value)
    } else {
        Err("must be above 0 and below 100".to_owned())
    }
}

/// `1/5`: one of several parts.
pub fn fold(text: &str) -> Result<(usize, usize), String> {
    let number = |text: &str| text.trim().parse::<usize>().ok();
    text.split_once('/')
        .and_then(|(one, of)| Some((number(one)?, number(of)?)))
        .filter(|(one, of)| (1..=*of).contains(one) && *of > 1)
        .ok_or_else(|| "not N/PARTS, such as 1/5 for the first of five parts".to_owned())
}
