//! How large texts and controls are, as a share of what the desktop asks for.

/// The scales that the keys go through, in percent.
const SCALES: [u16; 10] = [100, 110, 125, 140, 150, 175, 200, 225, 250, 300];

/// A change of the scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScaleStep {
    Larger,
    Smaller,
    /// To so many percent.
    To(u16),
}

impl ScaleStep {
    /// The scale after it, in percent, within the smallest and the largest one.
    pub fn from(self, scale: u16) -> u16 {
        let [smallest, .., largest] = SCALES;
        match self {
            Self::Larger => SCALES
                .into_iter()
                .find(|next| *next > scale)
                .unwrap_or(largest),
            Self::Smaller => {
                let smaller = SCALES.into_iter().rev().find(|next| *next < scale);
                smaller.unwrap_or(smallest)
            }
            Self::To(scale) => scale.clamp(smallest, largest),
        }
    }

    /// Its name in the menu.
    pub fn label(self) -> &'static str {
        match self {
            Self::Larger => "Larger",
            Self::Smaller => "Smaller",
            Self::To(125) => "125 %",
            Self::To(150) => "150 %",
            Self::To(200) => "200 %",
            Self::To(250) => "250 %",
            Self::To(300) => "300 %",
            Self::To(_) => "100 %",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_go_through_the_scales_and_stop_at_the_ends() {
        assert_eq!(ScaleStep::Larger.from(100), 110);
        assert_eq!(ScaleStep::Larger.from(120), 125);
        assert_eq!(ScaleStep::Larger.from(300), 300);
        assert_eq!(ScaleStep::Smaller.from(300), 250);
        assert_eq!(ScaleStep::Smaller.from(100), 100);
        assert_eq!(ScaleStep::To(200).from(110), 200);
        // Of a file that somebody wrote by hand.
        assert_eq!(ScaleStep::To(5).from(100), 100);
        assert_eq!(ScaleStep::To(900).from(100), 300);
    }
}
