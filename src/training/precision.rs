//! The dtype of a training step, what that means on a device, and the scale that keeps small gradients
//! in `f16`.

use burn::tensor::{Device, FloatDType, Tensor};
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

use super::device::{DeviceId, reads_for_free};
use super::error::TrainError;
use super::probe::matrix_units_passed;
use crate::kernels::{Arithmetic, Half, MatrixUnits, has_half_steps, has_matrix_units};

/// The dtype in which a training step convolves. Weights, momentum, batch normalization, scores,
/// upsampling and loss are `f32` in each case, and so are validation and prediction.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    VariantArray,
    IntoStaticStr,
    EnumString,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Precision {
    /// 32 bits, on every device.
    #[default]
    F32,
    /// 16 bits with the range of `f32` and 8 bits of precision.
    Bf16,
    /// 32 bits, each multiplied as the sum of two [`Bf16`](Self::Bf16) in a GPU's matrix units: about
    /// 16 bits of precision, where TF32 has 11. As PyTorch's `float32_matmul_precision` "high".
    Bf16x3,
    /// 16 bits with 11 bits of precision and a small range: the loss is scaled up, and a step
    /// whose gradients are not finite is left out (see [`LossScale`]).
    F16,
}

/// What matrix units have to pass before they are used, see `probe::units`.
const OF_UNITS: &str =
    "this device's results were within 1 % of the processor's, by the largest of each kernel";

impl Precision {
    /// The name on the command line and in files: `bf16`.
    pub fn id(self) -> &'static str {
        self.into()
    }

    pub(super) fn dtype(self) -> FloatDType {
        match self {
            Self::F32 | Self::Bf16x3 => FloatDType::F32,
            Self::Bf16 => FloatDType::BF16,
            Self::F16 => FloatDType::F16,
        }
    }

    /// The 16 bits of a step on a GPU.
    fn half(self) -> Option<Half> {
        match self {
            Self::F32 | Self::Bf16x3 => None,
            Self::Bf16 => Some(Half::Bf16),
            Self::F16 => Some(Half::F16),
        }
    }

    /// What convolutions of a step on a GPU multiply with; exact on the processor, whose maps have the
    /// [`dtype`](Self::dtype). Matrix units are used after they have passed their test.
    pub fn on(self, device: &Device, id: DeviceId) -> Arithmetic {
        let map = Tensor::zeros([1; 4], device);
        let half = self.half();
        let wanted = self != Self::F32 && has_matrix_units(&map, half) && matrix_units_passed(id);
        Arithmetic {
            half: half.filter(|_| has_half_steps(&map)),
            units: wanted.then_some(MatrixUnits::Device),
        }
    }

    /// What steps on a device compute with, in words.
    pub(super) fn arithmetic(self, device: &Device, id: DeviceId) -> String {
        if reads_for_free(device) {
            return self.id().to_owned();
        }
        let Arithmetic { half, units } = self.on(device, id);
        let id = self.id();
        match (half, units) {
            (None, None) => "exact f32, each kernel within 0.002 % of the processor's".to_owned(),
            (None, Some(_)) => {
                format!("f32 multiplied as two bf16 in matrix units, sums f32; {OF_UNITS}")
            }
            (Some(_), None) => {
                format!(
                    "{id} values kept and multiplied, products and sums exact f32, each kernel within \
                     0.002 % of the processor's on rounded values"
                )
            }
            (Some(_), Some(_)) => {
                format!(
                    "{id} values kept and multiplied in matrix units, gradients too, sums f32; {OF_UNITS}"
                )
            }
        }
    }

    /// # Errors
    /// Where the device does not support the dtype; it names those it does.
    pub fn check(self, device: &Device, id: DeviceId) -> Result<(), TrainError> {
        let can = |precision: Self| match precision {
            Self::F32 => true,
            Self::Bf16x3 => precision.on(device, id).units.is_some(),
            Self::Bf16 | Self::F16 => {
                has_half_steps(&Tensor::zeros([1; 4], device))
                    || device.supports_dtype(precision.dtype())
            }
        };
        if can(self) {
            return Ok(());
        }
        let choices: Vec<&str> = Self::VARIANTS
            .iter()
            .copied()
            .filter(|choice| can(*choice))
            .map(Self::id)
            .collect();
        Err(TrainError::Precision {
            precision: self.id(),
            device: id.to_string(),
            choices: choices.join(" or "),
        })
    }
}

/// What the loss is multiplied by before it is differentiated in `f16`, and the gradients are
/// divided by afterwards, so that small ones are not rounded to 0.
///
/// As PyTorch's `torch.amp.GradScaler`: it starts at 65536; a step whose gradients are not
/// finite changes no weight and halves it; 2000 steps in a row with finite ones double it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LossScale {
    /// The factor, a power of two.
    pub(super) factor: f64,
    /// Steps with finite gradients since it last changed.
    pub(super) good_steps: usize,
}

/// Steps after which the scale is doubled.
const PATIENCE: usize = 2000;

/// Gradients that are not finite with this scale are not so because of it.
const LEAST: f64 = 1.0 / (1u32 << 24) as f64;

impl LossScale {
    pub(super) fn new() -> Self {
        Self {
            factor: 65536.0,
            good_steps: 0,
        }
    }

    /// The scale after a step; `None` where it cannot be halved any more.
    pub(super) fn after(self, finite: bool) -> Option<Self> {
        let Self { factor, good_steps } = self;
        if !finite {
            return (factor > LEAST).then_some(Self {
                factor: factor / 2.0,
                good_steps: 0,
            });
        }
        Some(match good_steps + 1 {
            // Past what a float can hold it would stay infinite.
            PATIENCE if factor < 2f64.powi(100) => Self {
                factor: factor * 2.0,
                good_steps: 0,
            },
            good_steps => Self {
                factor,
                good_steps: good_steps.min(PATIENCE),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_halves_at_once_and_doubles_after_two_thousand_good_steps() {
        let mut scale = LossScale::new();
        let mut step = |finite: bool, times: usize| {
            for _ in 0..times {
                scale = scale.after(finite).expect("a scale");
            }
            (scale.factor, scale.good_steps)
        };
        assert_eq!(step(true, 1999), (65536.0, 1999));
        assert_eq!(step(true, 1), (131_072.0, 0));
        assert_eq!(step(true, 3), (131_072.0, 3));
        assert_eq!(step(false, 1), (65536.0, 0));
        assert_eq!(step(false, 2), (16384.0, 0));
        assert_eq!(step(true, 1999), (16384.0, 1999));
        assert_eq!(step(false, 1), (8192.0, 0));
        assert_eq!(step(true, 2000), (16384.0, 0));
        // 2^14 down to 2^-24, and no further.
        assert_eq!(step(false, 38), (LEAST, 0));
        assert_eq!(scale.after(false), None);
    }

    #[test]
    fn the_cpu_supports_its_dtypes_and_has_no_matrix_units() {
        let cpu = Device::flex();
        for precision in [Precision::F32, Precision::Bf16, Precision::F16] {
            precision
                .check(&cpu, DeviceId::Cpu)
                .expect("a dtype of the CPU");
            assert_eq!(precision.on(&cpu, DeviceId::Cpu), Arithmetic::EXACT);
        }
        let refused = Precision::Bf16x3.check(&cpu, DeviceId::Cpu);
        let refused = refused.expect_err("no matrix units").to_string();
        assert!(
            refused.contains("bf16x3") && refused.contains("f32 or bf16 or f16"),
            "{refused}"
        );
    }

    #[test]
    fn the_processor_computes_in_the_dtype_itself() {
        let words = [Precision::F32, Precision::Bf16, Precision::F16]
            .iter()
            .map(|precision| precision.arithmetic(&Device::flex(), DeviceId::Cpu));
        assert_eq!(words.collect::<Vec<_>>(), ["f32", "bf16", "f16"]);
    }

    #[test]
    fn names_are_those_of_the_files() {
        for precision in Precision::VARIANTS {
            let text = serde_json::to_string(&precision).expect("JSON");
            assert_eq!(text, format!("\"{}\"", precision.id()));
        }
    }
}
