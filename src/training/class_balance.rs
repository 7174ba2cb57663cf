//! What a run does for rare classes, computed from the masks of its training list.

use std::sync::Arc;

use super::config::RunConfig;
use super::error::TrainError;
use crate::dataset::{ClassCounts, Dataset, RareSampling};

/// Weights of the classes in the loss, and how images are drawn.
pub(super) struct ClassBalance {
    /// `None` where all are equal.
    pub weights: Option<Vec<f64>>,
    /// `None` where each image is taken once an epoch.
    pub sampling: Option<Arc<RareSampling>>,
}

impl ClassBalance {
    /// Counts the classes where a setting needs that. `goes_on` is told how many masks are read.
    ///
    /// # Errors
    /// When a mask cannot be read, and when the rest is not wanted.
    pub fn of(
        config: &RunConfig,
        dataset: &Dataset,
        goes_on: &mut dyn FnMut(usize) -> bool,
    ) -> Result<Self, TrainError> {
        let weights = &config.learning.objective.class_weights;
        let counts = if weights.needs_counts() || config.rare_sampling.is_some() {
            ClassCounts::of(&dataset.train, &dataset.mask_reader(), goes_on)?
                .ok_or(TrainError::Stopped)?
        } else {
            ClassCounts::default()
        };
        let weights = weights.resolve(&counts);
        if let Some(weights) = &weights {
            let named = dataset.classes.iter().zip(weights);
            let named: Vec<String> = named
                .map(|(class, weight)| format!("{} {weight:.3}", class.name))
                .collect();
            log::info!("Weights of the classes: {}", named.join(", "));
        }
        let sampling = config
            .rare_sampling
            .and_then(|temperature| RareSampling::new(&counts, temperature));
        Ok(Self {
            weights,
            sampling: sampling.map(Arc::new),
        })
    }
}
