//! Values as text for people, the same in the window, on the command line and in messages. What
//! stands for a missing value is theirs. JSON and command lines keep every digit.

use chrono::DateTime;

/// Digits of a number that was computed.
const DIGITS: usize = 3;
/// Digits of a loss, of which people compare the last ones.
const LOSS_DIGITS: usize = 4;
/// A number with more digits than this was computed, and not written by anybody.
const WRITTEN_DIGITS: usize = 6;

/// `0.4123` as `41.2 %`.
pub fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

/// A number that was computed, rounded to three digits: `0.00992`, `1.23e-5`, `50`.
pub fn number(value: f64) -> String {
    without_zeros(&rounded(value, DIGITS))
}

/// As [`number`], with its zeros, so that numbers in a column have one width.
pub fn column_number(value: f64) -> String {
    rounded(value, DIGITS)
}

/// A setting: as somebody wrote it, or rounded if nobody writes so many digits.
pub fn setting(value: f64) -> String {
    let written = without_zeros(&rounded(value, WRITTEN_DIGITS));
    if written.parse() == Ok(value) {
        written
    } else {
        number(value)
    }
}

/// A loss.
pub fn loss(value: f64) -> String {
    rounded(value, LOSS_DIGITS)
}

/// The number that has the digits of [`number`].
pub fn round(value: f64) -> f64 {
    rounded(value, DIGITS).parse().unwrap_or(value)
}

/// `digits` significant digits, as a decimal number where that is not long; the digits of a whole
/// number are all shown.
fn rounded(value: f64, digits: usize) -> String {
    let scientific = format!("{value:.*e}", digits - 1);
    let Some((mantissa, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    match exponent.parse::<i32>() {
        Ok(exponent) if (-3..6).contains(&exponent) => {
            let decimals = digits as i32 - 1 - exponent;
            format!("{value:.*}", usize::try_from(decimals).unwrap_or(0))
        }
        _ => format!("{mantissa}e{exponent}"),
    }
}

/// `1.50` as `1.5`, `2.00e-5` as `2e-5`.
fn without_zeros(text: &str) -> String {
    let (mantissa, exponent) = text.split_at(text.find('e').unwrap_or(text.len()));
    if !mantissa.contains('.') {
        return text.to_owned();
    }
    let mantissa = mantissa.trim_end_matches('0').trim_end_matches('.');
    format!("{mantissa}{exponent}")
}

/// Seconds as `12 s`, `3 min 05 s`, `2 h 10 min` or `3 d 4 h`; `None` for what is no time.
pub fn duration(secs: f64) -> Option<String> {
    if !secs.is_finite() || secs < 0.0 {
        return None;
    }
    let secs = secs.round() as u64;
    Some(match secs {
        0..60 => format!("{secs} s"),
        60..3600 => format!("{} min {:02} s", secs / 60, secs % 60),
        3600..86_400 => format!("{} h {:02} min", secs / 3600, secs % 3600 / 60),
        _ => format!("{} d {} h", secs / 86_400, secs % 86_400 / 3600),
    })
}

/// Seconds that are estimated: `about 12 s`, or `less than a second`; `None` for what is no time.
pub fn about(secs: f64) -> Option<String> {
    if (0.0..1.0).contains(&secs) {
        return Some("less than a second".to_owned());
    }
    duration(secs).map(|text| format!("about {text}"))
}

/// A value on an axis, which may be one of many powers of ten.
pub fn scientific(value: f64) -> String {
    if value == 0.0 || (1e-3..1e4).contains(&value.abs()) {
        let text = format!("{value:.6}");
        return text.trim_end_matches('0').trim_end_matches('.').to_owned();
    }
    let text = format!("{value:.3e}");
    match text.split_once('e') {
        Some((mantissa, exponent)) => {
            let mantissa = mantissa.trim_end_matches('0').trim_end_matches('.');
            format!("{mantissa}e{exponent}")
        }
        None => text,
    }
}

/// `1234567` as `1,234,567`.
pub fn count(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A step on an axis: `800`, `12k`, `1.5M`.
pub fn short_count(number: f64) -> String {
    let short =
        |value: f64, unit: &str| format!("{}{unit}", scientific((value * 100.0).round() / 100.0));
    match number {
        n if n < 0.0 || !n.is_finite() => String::new(),
        n if n < 10_000.0 => scientific(n.round()),
        n if n < 1e6 => short(n / 1e3, "k"),
        n => short(n / 1e6, "M"),
    }
}

/// `1 image`, `2 images`.
pub fn plural(number: usize, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// Bytes as `812 B`, `49.7 MB` or `553 MB`, in steps of 1000.
pub fn bytes(bytes: u64) -> String {
    let mut value = bytes as f64;
    let mut units = ["B", "kB", "MB", "GB", "TB"].into_iter();
    let mut unit = units.next().unwrap_or_default();
    // A value that would round to 1000 belongs to the next unit.
    while value >= 999.5 {
        let Some(next) = units.next() else { break };
        value /= 1000.0;
        unit = next;
    }
    let digits = usize::from(value < 99.95 && unit != "B");
    format!("{value:.digits$} {unit}")
}

/// How a time is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeFormat {
    /// `2026-11-23 14:05`
    Minutes,
    /// `2026-11-23 14:05:01`
    Seconds,
    /// `20261123-140501`
    Name,
}

/// A time in UTC.
pub fn format_time(unix_secs: u64, format: TimeFormat) -> String {
    let format = match format {
        TimeFormat::Minutes => "%Y-%m-%d %H:%M",
        TimeFormat::Seconds => "%Y-%m-%d %H:%M:%S",
        TimeFormat::Name => "%Y%m%d-%H%M%S",
    };
    let secs = i64::try_from(unix_secs).ok();
    // No clock of a computer says a year that a calendar does not have.
    let time = secs.and_then(|secs| DateTime::from_timestamp(secs, 0));
    time.unwrap_or_default().format(format).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_use_two_units() {
        let text = |secs| duration(secs).expect("a time");
        assert_eq!(text(11.6), "12 s");
        assert_eq!(text(185.0), "3 min 05 s");
        assert_eq!(text(7_800.0), "2 h 10 min");
        assert_eq!(text(273_600.0), "3 d 4 h");
        assert_eq!((duration(f64::NAN), duration(-1.0)), (None, None));
        let told = [0.0, 0.99, 1.0, 185.0].map(|secs| about(secs).expect("a time"));
        assert_eq!(
            told,
            [
                "less than a second",
                "less than a second",
                "about 1 s",
                "about 3 min 05 s"
            ]
        );
        assert_eq!((about(f64::NAN), about(-1.0)), (None, None));
    }

    #[test]
    fn shares_are_per_cent() {
        assert_eq!(percent(0.4126), "41.3 %");
        assert_eq!(percent(0.0), "0.0 %");
    }

    #[test]
    fn computed_numbers_have_three_digits() {
        let numbers = [
            (9.915_585_312_589_867, "9.92"),
            (9.915_585_312_589_867e-3, "0.00992"),
            (9.915_585_312_589_867e-5, "9.92e-5"),
            (0.999_96, "1"),
            (0.000_999_96, "0.001"),
            (0.1, "0.1"),
            (-0.025, "-0.025"),
            (0.0, "0"),
            (1e-4, "1e-4"),
            (50.0, "50"),
            (12_345.6, "12346"),
            (123_456_789.0, "1.23e8"),
            (999_999.7, "1e6"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-inf"),
        ];
        for (value, text) in numbers {
            assert_eq!(number(value), text);
        }
        assert_eq!(round(9.915_585_312_589_867e-3), 0.009_92);
        assert_eq!(
            [1.5, 0.1, 42.0].map(column_number),
            ["1.50", "0.100", "42.0"]
        );
    }

    #[test]
    fn settings_are_shown_as_they_were_written() {
        assert_eq!(setting(0.012_345), "0.012345");
        assert_eq!(setting(2.5e-5), "2.5e-5");
        assert_eq!(setting(1e-10), "1e-10");
        // 0.05 for 3 images of 4, in binary.
        assert_eq!(setting(0.05 * 3.0 / 4.0), "0.0375");
        assert_eq!(setting(9.915_585_312_589_867e-3), "0.00992");
        // An f32 as an f64.
        assert_eq!(setting(f64::from(0.2_f32)), "0.2");
    }

    #[test]
    fn losses_have_four_digits() {
        let losses = [0.53249, 2.5, 12.345, 123.456, 0.000_123_45];
        assert_eq!(
            losses.map(loss),
            ["0.5325", "2.500", "12.35", "123.5", "1.234e-4"]
        );
    }

    #[test]
    fn counts_and_places_on_axes_are_short() {
        assert_eq!(scientific(1e-4), "1e-4");
        assert_eq!(scientific(0.05), "0.05");
        assert_eq!(scientific(2.5e-5), "2.5e-5");
        assert_eq!(scientific(0.0), "0");
        assert_eq!(scientific(10.0), "10");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(count(999), "999");
        assert_eq!(short_count(9_500.0), "9500");
        assert_eq!(short_count(12_500.0), "12.5k");
        assert_eq!(short_count(2_000_000.0), "2M");
        assert_eq!(short_count(-1.0), "");
        assert_eq!(plural(1, "image", "images"), "1 image");
    }

    #[test]
    fn times_equal_the_calendar() {
        assert_eq!(format_time(0, TimeFormat::Minutes), "1970-01-01 00:00");
        assert_eq!(
            format_time(951_782_400, TimeFormat::Seconds),
            "2000-02-29 00:00:00"
        );
        assert_eq!(
            format_time(1_795_442_701, TimeFormat::Name),
            "20261123-140501"
        );
    }
}
