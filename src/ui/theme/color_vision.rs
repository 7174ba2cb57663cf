//! How different colors look to people, for tests of colors.

use super::Color32;

/// Who looks.
#[derive(Debug, Clone, Copy)]
pub enum Sight {
    /// No green cones.
    Deuteranope,
    /// No red cones.
    Protanope,
}

impl Sight {
    /// What they see, for linear RGB (Machado, Oliveira and Fernandes 2009, severity 1).
    fn matrix(self) -> [[f64; 3]; 3] {
        match self {
            Self::Deuteranope => [
                [0.367_322, 0.860_646, -0.227_968],
                [0.280_085, 0.672_501, 0.047_413],
                [-0.011_820, 0.042_940, 0.968_881],
            ],
            Self::Protanope => [
                [0.152_286, 1.052_583, -0.204_868],
                [0.114_503, 0.786_281, 0.099_216],
                [-0.003_882, -0.048_116, 1.051_998],
            ],
        }
    }
}

/// How strong a color is, 0 for grays: chroma in CIE L*a*b*.
pub fn chroma(color: Color32) -> f64 {
    let [_, a, b] = lab([color.r(), color.g(), color.b()].map(linear));
    a.hypot(b)
}

/// The distance in CIE L*a*b* of what is seen of two colors.
pub fn distance(a: Color32, b: Color32, sight: Sight) -> f64 {
    let seen = |color: Color32| {
        let [r, g, b] = [color.r(), color.g(), color.b()].map(linear);
        lab(times(sight.matrix(), [r, g, b]).map(|value| value.clamp(0.0, 1.0)))
    };
    let squares = seen(a)
        .into_iter()
        .zip(seen(b))
        .map(|(a, b)| (a - b).powi(2));
    squares.sum::<f64>().sqrt()
}

fn linear(value: u8) -> f64 {
    let value = f64::from(value) / 255.0;
    if value <= 0.04045 {
        value / 12.92
    } else {
        ((value + 0.055) / 1.055).powf(2.4)
    }
}

fn times(matrix: [[f64; 3]; 3], color: [f64; 3]) -> [f64; 3] {
    matrix.map(|row| {
        row.iter()
            .zip(color)
            .map(|(factor, value)| factor * value)
            .sum()
    })
}

/// CIE 1976 L*a*b* under D65.
fn lab(color: [f64; 3]) -> [f64; 3] {
    const TO_XYZ: [[f64; 3]; 3] = [
        [0.4124 / 0.950_47, 0.3576 / 0.950_47, 0.1805 / 0.950_47],
        [0.2126, 0.7152, 0.0722],
        [0.0193 / 1.088_83, 0.1192 / 1.088_83, 0.9505 / 1.088_83],
    ];
    let [x, y, z] = times(TO_XYZ, color).map(|value| {
        if value > 0.008_856 {
            value.cbrt()
        } else {
            7.787 * value + 16.0 / 116.0
        }
    });
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}
