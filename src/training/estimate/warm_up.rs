//! A warm-up that does not fit into its run.

use super::data_facts::DataFacts;
use super::time::total_steps;
use crate::text::{plural, setting};
use crate::training::config::RunConfig;

/// What is to be said of a warm-up that is longer than its run; `None` = it is not.
pub fn warm_up_problem(config: &RunConfig, facts: &DataFacts) -> Option<String> {
    let (rising, all) = (config.learning.warmup_steps, total_steps(config, facts));
    (rising > all).then(|| {
        format!(
            "the learning rate rises over {}, and the whole run has {}: it never comes to {}. Shorten the warm-up",
            plural(rising, "step", "steps"),
            plural(all, "step", "steps"),
            setting(config.learning.learning_rate)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Size;
    use crate::model::Trunk;
    use crate::training::preset;

    #[test]
    fn a_warm_up_is_told_where_it_is_longer_than_the_run() {
        let facts = DataFacts {
            train_images: 10,
            val_images: 2,
            classes: 3,
            usual: Size::new(32, 32),
            largest: Size::new(32, 32),
        };
        let mut config = preset(Trunk::Vgg16Slim);
        // 3 batches an epoch, 2 of them a step.
        (config.batch_size, config.epochs, config.max_steps) = (4, 5, None);
        config.learning.accumulation = 2;
        config.learning.learning_rate = 0.05;
        config.learning.warmup_steps = 10;
        assert_eq!(warm_up_problem(&config, &facts), None);
        config.learning.warmup_steps = 11;
        let told = warm_up_problem(&config, &facts).expect("too long");
        assert!(
            told.contains(
                "rises over 11 steps, and the whole run has 10 steps: it never comes to 0.05"
            ),
            "{told}"
        );
        config.learning.warmup_steps = 8;
        config.max_steps = Some(7);
        assert!(warm_up_problem(&config, &facts).is_some());
    }
}
