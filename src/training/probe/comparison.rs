//! What a device computed, against what the processor computed.

use std::fmt;

/// Numbers of one kind, such as the gradient of a layer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Part {
    /// In words, for a message.
    pub what: String,
    pub values: Vec<f32>,
}

/// Share of a part's largest number by which its numbers may differ. Rounding makes less than a
/// thousandth, also where products are rounded to TF32.
const TOLERANCE: f32 = 1e-2;

/// What is wrong with a device.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Fault {
    /// NaN or infinite numbers.
    NotFinite { what: String },
    /// The largest difference, as a share of the largest number.
    Different { what: String, share: f32 },
    /// Another number of numbers.
    Count { what: String },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFinite { what } => {
                write!(f, "its numbers are NaN or infinite ({what})")?;
            }
            Self::Different { what, share } => write!(
                f,
                "its numbers differ from the CPU's by {:.1} % ({what})",
                share * 100.0
            )?,
            Self::Count { what } => write!(f, "it returned too few numbers ({what})")?,
        }
        f.write_str(": the driver computes wrongly. Update the driver, or train on another device")
    }
}

/// The first fault of what was found.
pub(super) fn compare(expected: &[Part], found: &[Part]) -> Result<(), Fault> {
    for (nth, expected) in expected.iter().enumerate() {
        let what = expected.what.clone();
        let Some(found) = found
            .get(nth)
            .filter(|found| found.values.len() == expected.values.len())
        else {
            return Err(Fault::Count { what });
        };
        if !found.values.iter().all(|value| value.is_finite()) {
            return Err(Fault::NotFinite { what });
        }
        let largest = |values: &mut dyn Iterator<Item = f32>| {
            values.fold(0.0f32, |most, value| most.max(value.abs()))
        };
        let scale = largest(&mut expected.values.iter().copied());
        let pairs = expected.values.iter().zip(&found.values);
        // All are finite, so none gets lost.
        let share = largest(&mut pairs.map(|(expected, found)| expected - found)) / scale;
        // A part of zeros has no scale, and no share is right.
        if share > TOLERANCE || share.is_nan() && found.values.iter().any(|value| *value != 0.0) {
            return Err(Fault::Different { what, share });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(values: &[f32]) -> Vec<Part> {
        let part = |what: &str, values: &[f32]| Part {
            what: what.to_owned(),
            values: values.to_vec(),
        };
        vec![part("logits", &[1.0, -2.0]), part("gradient", values)]
    }

    const VALUES: [f32; 5] = [4.0, -1.0, 0.5, 2.0, -3.0];

    #[test]
    fn equal_and_rounded_numbers_pass() {
        let rounded = VALUES.map(|value| value * 1.001);
        assert_eq!(compare(&parts(&VALUES), &parts(&VALUES)), Ok(()));
        assert_eq!(compare(&parts(&VALUES), &parts(&rounded)), Ok(()));
        assert_eq!(compare(&parts(&[0.0]), &parts(&[0.0])), Ok(()));
    }

    #[test]
    fn a_number_that_is_not_finite_is_found_wherever_it_is() {
        for broken in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            for at in [0, 2, 4] {
                let mut values = VALUES;
                values[at] = broken;
                let what = "gradient".to_owned();
                assert_eq!(
                    compare(&parts(&VALUES), &parts(&values)),
                    Err(Fault::NotFinite { what }),
                    "{broken} at {at}"
                );
            }
        }
        let nothing = [f32::NAN; 5];
        assert!(compare(&parts(&VALUES), &parts(&nothing)).is_err());
    }

    #[test]
    fn numbers_that_are_wrong_by_two_percent_are_found() {
        // All of them; and the largest alone.
        let scaled = VALUES.map(|value| value * 1.02);
        let mut one = VALUES;
        one[0] *= 0.98;
        for found in [scaled, one] {
            let fault = compare(&parts(&VALUES), &parts(&found)).expect_err("a fault");
            let text = fault.to_string();
            assert!(text.contains("by 2.0 % (gradient)"), "{text}");
        }
        assert!(compare(&parts(&[0.0]), &parts(&[1e-9])).is_err());
    }

    #[test]
    fn what_is_missing_is_found() {
        let mut short = parts(&VALUES);
        short[1].values.pop();
        assert!(matches!(
            compare(&parts(&VALUES), &short),
            Err(Fault::Count { .. })
        ));
        short.pop();
        assert!(matches!(
            compare(&parts(&VALUES), &short),
            Err(Fault::Count { .. })
        ));
    }
}
