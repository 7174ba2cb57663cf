//! Weights that are no numbers any more are named before anything is done with them: a network
//! that has some predicts one class everywhere, and never learns again.

use std::path::Path;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Tensor, TensorData};

use super::error::TrainError;
use super::gradients::total;

/// An error that names the first weight of `model` that has infinite or NaN values; `path` is the
/// file or run that they came from.
pub(super) fn check_finite<M: Module>(model: &M, path: &Path) -> Result<(), TrainError> {
    // One number is read from the device where all is well. Finite weights may have an infinite sum.
    if total(model)?.is_finite() {
        return Ok(());
    }
    let mut search = Search::default();
    model.visit(&mut search);
    let Some((name, broken, values)) = search.found else {
        return Ok(());
    };
    Err(TrainError::Unusable {
        path: path.to_path_buf(),
        reason: format!("{broken} of the {values} values of {name} are infinite or NaN"),
        hint: "The training that wrote these weights broke down. Use an earlier checkpoint or other \
               weights",
    })
}

#[derive(Default)]
struct Search {
    names: Vec<String>,
    /// The first weight with such values, how many of them, and how many it has in all.
    found: Option<(String, usize, usize)>,
}

impl ModuleVisitor for Search {
    fn enter_module(&mut self, name: &str, _container_type: &str) {
        self.names.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.names.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if self.found.is_some() {
            return;
        }
        let data: TensorData = param.val().into_data();
        let (mut broken, mut values) = (0, 0);
        for value in data.iter::<f32>() {
            values += 1;
            broken += usize::from(!value.is_finite());
        }
        if broken > 0 {
            self.found = Some((self.names.join("."), broken, values));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::nn::{Linear, LinearConfig};
    use burn::tensor::Device;

    fn line(bias: [f32; 3]) -> Linear {
        let device = Device::flex();
        let mut model: Linear = LinearConfig::new(1, 3).init(&device);
        model.bias = Some(Param::from_tensor(Tensor::from_data(bias, &device)));
        model
    }

    #[test]
    fn the_weight_and_how_many_of_its_values_are_named() {
        let path = Path::new("net.pth");
        check_finite(&line([1.0, 2.0, 3.0]), path).expect("finite");
        let message = check_finite(&line([1.0, f32::NAN, f32::INFINITY]), path)
            .expect_err("two are not finite")
            .to_string();
        assert!(
            message.starts_with("net.pth: 2 of the 3 values of bias are infinite or NaN. "),
            "{message}"
        );
    }

    #[test]
    fn large_weights_are_not_broken_ones() {
        check_finite(&line([f32::MAX, f32::MAX, f32::MAX]), Path::new("net.pth")).expect("finite");
    }
}
