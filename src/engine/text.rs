//! Values as text, the same in the window and on the command line. What stands for a missing value
//! is theirs.

/// `0.4123` as `41.2 %`.
pub fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
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
    }

    #[test]
    fn shares_are_per_cent() {
        assert_eq!(percent(0.4126), "41.3 %");
        assert_eq!(percent(0.0), "0.0 %");
    }
}
