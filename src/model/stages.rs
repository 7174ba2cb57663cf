//! Recomputing activations, to train with less memory: the stages of a trunk keep only the maps
//! at their ends, and compute what lies between once more when the gradients come back (Chen, Xu, Zhang and
//! Guestrin, "Training deep nets with sublinear memory cost", arXiv:1604.06174).
//!
//! Burn's own way of it recomputes cheap operations alone, and the maps between the
//! convolutions of these networks are all needed by costly ones.

use burn::module::Module;
use burn::tensor::{Gradients, Tensor};

use crate::kernels::backward_with;

/// A network whose first layers are stages, one after another.
pub(super) trait Staged: Module {
    /// How many; 0 where there are none.
    fn num_stages(&self) -> usize;

    /// What the stage at `index` makes of a map. Nothing in it may be random.
    ///
    /// # Shapes
    /// - map: `[batch_size, channels, height, width]`, of the stage before
    fn stage(&self, index: usize, map: Tensor<4>) -> Tensor<4>;
}

/// What a forward pass has kept: the ends of the stages.
pub struct StageEnds {
    /// The images, then what each stage has made of the map before; each begins a graph.
    maps: Vec<Tensor<4>>,
}

impl StageEnds {
    /// What the stages have made, in their order, for the layers behind them.
    pub(super) fn outputs(&self) -> &[Tensor<4>] {
        &self.maps[1..]
    }
}

/// Computes the stages and forgets how.
///
/// # Shapes
/// - images: `[batch_size, 3, height, width]`
pub(super) fn forward<N: Staged>(net: &N, images: Tensor<4>) -> StageEnds {
    // A copy, so that batch normalization gathers its statistics once, when it is recomputed.
    let silent = net.valid().train().no_grad();
    let mut maps = vec![images.clone()];
    let mut map = images;
    for index in 0..net.num_stages() {
        map = silent.stage(index, map);
        maps.push(Tensor::from_inner(map.clone().inner()).require_grad());
    }
    StageEnds { maps }
}

/// Passes gradients back through the stages, the last one first. `gradients` are those of the
/// layers behind them; `take` is called with these, and then with those of each stage.
pub(super) fn backward<N: Staged>(
    net: &N,
    ends: StageEnds,
    gradients: Gradients,
    take: &mut dyn FnMut(Gradients),
) {
    let mut starts = ends.maps;
    // Of the layers behind the last stage, and of skips.
    let mut behind: Vec<Option<Tensor<4>>> =
        starts[1..].iter().map(|end| end.grad(&gradients)).collect();
    starts.pop();
    take(gradients);
    let mut through = None;
    while let (Some(start), Some(skipped)) = (starts.pop(), behind.pop()) {
        let gradient = match (skipped, through.take()) {
            (Some(skipped), Some(through)) => skipped + through,
            (Some(gradient), None) | (None, Some(gradient)) => gradient,
            (None, None) => continue,
        };
        let end = net.stage(behind.len(), start.clone());
        let gradients = backward_with(end, gradient);
        through = start.grad(&gradients);
        take(gradients);
    }
}
