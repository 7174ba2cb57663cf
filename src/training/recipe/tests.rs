use strum::VariantArray as _;

use super::*;
use crate::model::Trunk;
use crate::training::{SampleOrder, preset};

fn applied(recipe: Recipe, variant: Variant) -> RunConfig {
    let mut config = preset(Trunk::Vgg16Slim).with_variant(variant);
    recipe.apply(&mut config);
    config.validate().expect("a recipe is sound");
    config
}

#[test]
fn the_values_are_those_of_the_sources() {
    use FinalUpsampling::{AllFixed, Fixed, Learned};
    use Reduction::{Mean, Sum};
    // Rate, momentum, batch, accumulation, reduction, factor on biases, crop, upsampling.
    let table = [
        (
            Recipe::Seed,
            1e-4,
            0.99,
            1,
            1,
            Mean,
            1.0,
            Some(Size::new(224, 224)),
            Learned,
        ),
        (
            Recipe::SlimFast,
            0.05,
            0.9,
            4,
            1,
            Mean,
            1.0,
            Some(Size::new(160, 128)),
            Learned,
        ),
        (Recipe::Cvpr2015, 1e-4, 0.9, 1, 20, Mean, 2.0, None, Fixed),
        (
            Recipe::PamiHeavy,
            1e-14,
            0.99,
            1,
            1,
            Sum,
            2.0,
            None,
            AllFixed,
        ),
        (
            Recipe::PamiAtOnce,
            1e-10,
            0.99,
            1,
            1,
            Sum,
            2.0,
            None,
            AllFixed,
        ),
        (Recipe::AlexNet, 1e-4, 0.9, 1, 20, Mean, 2.0, None, AllFixed),
    ];
    // The last one, of another project, has values of its own below.
    assert_eq!(table.map(|row| row.0)[..], Recipe::VARIANTS[..6]);
    for (recipe, rate, momentum, batch, accumulation, reduction, bias_rate, crop, upsampling) in
        table
    {
        let config = applied(recipe, Variant::Fcn8s);
        let learning = &config.learning;
        assert_eq!(
            (
                learning.learning_rate,
                learning.momentum,
                learning.weight_decay,
                config.dropout
            ),
            (rate, momentum, 5e-4, 0.5),
            "{recipe}"
        );
        assert_eq!(
            (config.batch_size, learning.accumulation),
            (batch, accumulation),
            "{recipe}"
        );
        assert_eq!(
            (
                learning.reduction,
                learning.bias_rate,
                learning.decay_biases
            ),
            (reduction, bias_rate, bias_rate == 1.0),
            "{recipe}"
        );
        assert_eq!(
            (config.augment.crop, config.final_upsampling),
            (crop, upsampling),
            "{recipe}"
        );
        assert_eq!(config.augment.flip, crop.is_some(), "{recipe}");
        assert_eq!(Recipe::of(&config), Some(recipe));
    }
}

#[test]
fn heavy_momentum_at_once_has_a_rate_of_its_own() {
    let heavy = applied(Recipe::PamiHeavy, Variant::Fcn8s);
    let at_once = heavy.with_variant(Variant::Fcn8sAtOnce);
    assert_eq!(
        (heavy.learning.learning_rate, at_once.learning.learning_rate),
        (1e-14, 1e-10)
    );
}

#[test]
fn heavy_momentum_has_a_rate_for_each_stride() {
    let rate = |variant| applied(Recipe::PamiHeavy, variant).learning.learning_rate;
    assert_eq!(
        [Variant::Fcn32s, Variant::Fcn16s, Variant::Fcn8s].map(rate),
        [1e-10, 1e-12, 1e-14]
    );
}

#[test]
fn another_stride_keeps_the_recipe_but_not_over_a_changed_value() {
    let heavy = applied(Recipe::PamiHeavy, Variant::Fcn8s);
    let coarse = heavy.with_variant(Variant::Fcn16s);
    assert_eq!(
        (coarse.variant, coarse.learning.learning_rate),
        (Variant::Fcn16s, 1e-12)
    );
    let mut changed = heavy;
    changed.learning.learning_rate = 3e-13;
    assert_eq!(Recipe::of(&changed), None);
    let coarse = changed.with_variant(Variant::Fcn16s);
    assert_eq!(
        (coarse.variant, coarse.learning.learning_rate),
        (Variant::Fcn16s, 3e-13)
    );
}

#[test]
fn choices_and_the_length_of_a_run_are_left_alone() {
    let mut config = preset(Trunk::Vgg16Slim);
    (config.epochs, config.max_steps, config.seed) = (7, Some(9), 11);
    config.order = SampleOrder::Sequential;
    let before = config.clone();
    for &recipe in Recipe::VARIANTS {
        recipe.apply(&mut config);
    }
    let Values {
        learning,
        batch_size,
        dropout,
        final_upsampling,
        augment,
        test_size,
    } = Recipe::SlimFast.values(8);
    let restored = RunConfig {
        batch_size,
        learning,
        dropout,
        final_upsampling,
        augment,
        test_size,
        ..config
    };
    assert_eq!(restored, before);
}

#[test]
fn presets_are_recipes() {
    assert_eq!(Recipe::of(&preset(Trunk::Vgg16)), Some(Recipe::Seed));
    assert_eq!(
        Recipe::of(&preset(Trunk::Vgg16Slim)),
        Some(Recipe::SlimFast)
    );
}

#[test]
fn names_and_sources_tell_recipes_apart() {
    for (n, recipe) in Recipe::VARIANTS.iter().enumerate() {
        for other in &Recipe::VARIANTS[n + 1..] {
            assert_ne!(recipe.id(), other.id());
            assert_ne!(recipe.to_string(), other.to_string());
            assert_ne!(recipe.source(), other.source());
        }
    }
}
