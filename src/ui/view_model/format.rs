//! Numbers as text.
//!
//! `None` is a dash, never 0. Must not know about widgets.

use crate::engine::{FindingKind, Size};
use crate::text;

pub use crate::text::{bytes, count, number, plural, scientific, setting, short_count};

/// Shown for a missing value.
pub const MISSING: &str = "–";

/// `0.4123` as `41.2 %`.
pub fn percent(share: Option<f64>) -> String {
    share
        .filter(|share| share.is_finite())
        .map_or_else(|| MISSING.to_owned(), text::percent)
}

/// A loss.
pub fn loss(value: Option<f64>) -> String {
    match value {
        Some(value) if value.is_finite() => text::loss(value),
        Some(_) => "not a number".to_owned(),
        None => MISSING.to_owned(),
    }
}

/// Seconds as `12 s`, `3 min 05 s`, `2 h 10 min` or `3 d 4 h`.
pub fn duration(secs: f64) -> String {
    text::duration(secs).unwrap_or_else(|| MISSING.to_owned())
}

/// Seconds that are estimated, as `about 12 s` or `less than a second`.
pub fn about(secs: f64) -> String {
    text::about(secs).unwrap_or_else(|| MISSING.to_owned())
}

/// Seconds that are hardly known: `40 s`, `8 min`, `2 h`.
pub fn rough_duration(secs: f64) -> String {
    let (value, unit) = match secs {
        secs if secs.is_nan() => return MISSING.to_owned(),
        secs if secs < 90.0 => (secs, "s"),
        secs if secs < 90.0 * 60.0 => (secs / 60.0, "min"),
        secs if secs < 36.0 * 3600.0 => (secs / 3600.0, "h"),
        secs => (secs / 86_400.0, "d"),
    };
    let power = 10_f64.powf(value.max(1.0).log10().floor());
    format!("{} {unit}", (value / power).round().max(1.0) * power)
}

/// Steps per second, or seconds per step if that is larger.
pub fn speed(steps_per_sec: f64) -> String {
    if !steps_per_sec.is_finite() || steps_per_sec <= 0.0 {
        MISSING.to_owned()
    } else if steps_per_sec >= 10.0 {
        format!("{steps_per_sec:.0} steps/s")
    } else if steps_per_sec >= 1.0 {
        format!("{steps_per_sec:.1} steps/s")
    } else {
        format!("{:.1} s/step", 1.0 / steps_per_sec)
    }
}

/// A text with a capital letter at its start.
pub fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// Where the window puts right what no copy can.
pub fn finding_control(kind: FindingKind) -> Option<&'static str> {
    match kind {
        FindingKind::UnknownLabels | FindingKind::NumberedObjects => Some(
            "Dataset settings says which labels are of which class, and the masks stay as they are",
        ),
        FindingKind::BandChoice | FindingKind::DeepImages => {
            Some("Dataset settings writes that: Bands and Range")
        }
        FindingKind::SameFileInBoth => {
            Some("Dataset settings takes images off a list: Lists, Edit these lists")
        }
        FindingKind::GuessedPairs => Some("Dataset settings has them under Pairs"),
        _ => None,
    }
}

/// `480 x 360`, or the ranges of width and height if the images differ.
pub fn size_range(min: Size, max: Size) -> String {
    if min == max {
        format!("{} × {}", min.width, min.height)
    } else {
        format!(
            "{}–{} × {}–{}",
            min.width, max.width, min.height, max.height
        )
    }
}

/// How long ago, in words.
pub fn ago(secs: f64) -> String {
    match secs.max(0.0) as u64 {
        0..10 => "just now".to_owned(),
        secs @ 10..60 => format!("{secs} s ago"),
        secs @ 60..3600 => format!("{} min ago", secs / 60),
        secs => format!("{} h ago", secs / 3600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rough_times_have_one_digit() {
        let texts = [
            0.0,
            0.3,
            12.0,
            89.0,
            91.0,
            470.0,
            1500.0,
            7300.0,
            50.0 * 3600.0,
        ];
        let texts = texts.map(rough_duration);
        let expected = [
            "1 s", "1 s", "10 s", "90 s", "2 min", "8 min", "30 min", "2 h", "2 d",
        ];
        assert_eq!(texts, expected);
        assert_eq!(rough_duration(f64::NAN), MISSING);
    }

    #[test]
    fn missing_values_are_a_dash() {
        assert_eq!(percent(None), MISSING);
        assert_eq!(percent(Some(f64::NAN)), MISSING);
        assert_eq!(loss(None), MISSING);
        assert_eq!(loss(Some(f64::INFINITY)), "not a number");
        assert_eq!(duration(f64::NAN), MISSING);
        assert_eq!(speed(0.0), MISSING);
    }

    #[test]
    fn values_are_short() {
        assert_eq!(percent(Some(0.4123)), "41.2 %");
        assert_eq!(loss(Some(0.53249)), "0.5325");
        assert_eq!(loss(Some(123.456)), "123.5");
        let sizes = [0, 999, 1_000, 52_147_035, 553_433_881, 999_600_000];
        assert_eq!(
            sizes.map(bytes),
            ["0 B", "999 B", "1.0 kB", "52.1 MB", "553 MB", "1.0 GB"]
        );
        assert_eq!(
            size_range(Size::new(480, 360), Size::new(480, 360)),
            "480 × 360"
        );
        assert_eq!(
            size_range(Size::new(200, 100), Size::new(500, 375)),
            "200–500 × 100–375"
        );
    }

    #[test]
    fn times_use_two_units() {
        assert_eq!(duration(12.4), "12 s");
        assert_eq!(duration(185.0), "3 min 05 s");
        assert_eq!(duration(7_800.0), "2 h 10 min");
        assert_eq!(duration(273_600.0), "3 d 4 h");
        assert_eq!(speed(0.25), "4.0 s/step");
        assert_eq!(speed(4.12), "4.1 steps/s");
        assert_eq!(ago(130.0), "2 min ago");
    }
}
