//! The settings of the next run: what differs from the preset, which device it gets.
//!
//! Dataset, prediction stride and device are choices, not preset values.

use crate::engine::{
    DeviceEntry, DeviceId, DeviceKind, InitialWeights, RunConfig, Trunk, Variant, preset,
};

struct Field {
    label: &'static str,
    same: fn(&RunConfig, &RunConfig) -> bool,
    copy: fn(&mut RunConfig, &RunConfig),
}

macro_rules! field {
    ($label:literal, $($path:ident).+) => {
        Field {
            label: $label,
            same: |a, b| a.$($path).+ == b.$($path).+,
            copy: |to, from| to.$($path).+.clone_from(&from.$($path).+),
        }
    };
}

const FIELDS: &[Field] = &[
    field!("epochs", epochs),
    field!("step limit", max_steps),
    field!("batch size", batch_size),
    field!("learning rate", learning.learning_rate),
    field!("momentum", learning.momentum),
    field!("weight decay", learning.weight_decay),
    field!("schedule", learning.schedule),
    field!("warm-up", learning.warmup_steps),
    field!("bias LR factor", learning.bias_rate),
    field!("bias decay", learning.decay_biases),
    field!("reduction", learning.reduction),
    field!("accumulation", learning.accumulation),
    field!("clip norm", learning.clip_norm),
    field!("dropout", dropout),
    field!("final upsampling", final_upsampling),
    field!("crop", augment.crop),
    field!("crop place", augment.random_crop),
    field!("scale", augment.scale),
    field!("flip", augment.flip),
    field!("brightness", augment.brightness),
    field!("order", order),
    field!("normalization", normalization),
    field!("test size", test_size),
    field!("seed", seed),
    field!("loader threads", workers),
    field!("precision", precision),
    field!("recompute activations", recompute_activations),
    field!("live images", preview_images),
    field!("live interval", preview_secs),
];

/// Names of the values that differ from the preset of their trunk.
pub fn changed_fields(settings: &RunConfig) -> Vec<&'static str> {
    let preset = preset(settings.trunk);
    FIELDS
        .iter()
        .filter(|field| !(field.same)(settings, &preset))
        .map(|field| field.label)
        .collect()
}

/// Sets all preset values; dataset, stride, trunk and device stay.
pub fn reset(settings: &mut RunConfig) {
    let preset = preset(settings.trunk);
    for field in FIELDS {
        (field.copy)(settings, &preset);
    }
}

/// Changes the trunk: values at the old preset go to the new one, values the user set stay.
pub fn switch_trunk(settings: &mut RunConfig, trunk: Trunk) {
    if settings.trunk == trunk {
        return;
    }
    let (old, new) = (preset(settings.trunk), preset(trunk));
    settings.trunk = trunk;
    if let (false, [geometry, ..]) = (
        trunk.geometries().contains(&settings.geometry),
        trunk.geometries(),
    ) {
        settings.geometry = *geometry;
    }
    // Weights of another trunk do not fit.
    start_random(settings);
    for field in FIELDS {
        if (field.same)(settings, &old) {
            (field.copy)(settings, &new);
        }
    }
}

/// Changes the network; also changes the trunk if the network does not support it.
pub fn switch_variant(settings: &mut RunConfig, variant: Variant) {
    *settings = settings.with_variant(variant);
    let trunks = variant.trunks();
    if let (false, Some(trunk)) = (trunks.contains(&settings.trunk), trunks.first()) {
        switch_trunk(settings, *trunk);
    }
}

/// Starts from random weights, with the normalization of the preset.
pub fn start_random(settings: &mut RunConfig) {
    settings.init = InitialWeights::Random;
    settings.normalization = preset(settings.trunk).normalization;
}

/// Starts from weights that were trained with the settings `own`: on their trunk, with their
/// input and, where they are a whole network's, in its geometry. The network stays where it
/// can be built on that trunk.
pub fn start_from(
    settings: &mut RunConfig,
    init: InitialWeights,
    own: &RunConfig,
    is_network: bool,
) {
    if !settings.variant.trunks().contains(&own.trunk) {
        switch_variant(settings, own.variant);
    }
    switch_trunk(settings, own.trunk);
    if is_network {
        settings.geometry = own.geometry;
    }
    settings.normalization = own.normalization.clone();
    settings.init = init;
}

/// The same settings at each stride, coarse to fine; `None` where the trunk lacks one.
pub fn three_strides(settings: &RunConfig) -> Option<Vec<RunConfig>> {
    let at = |variant: Variant| {
        variant
            .trunks()
            .contains(&settings.trunk)
            .then(|| settings.with_variant(variant))
    };
    Variant::STRIDES.into_iter().map(at).collect()
}

/// The same settings for FCN-8s at once; `None` where the trunk does not have it.
pub fn at_once(settings: &RunConfig) -> Option<RunConfig> {
    let variant = Variant::Fcn8sAtOnce;
    variant
        .trunks()
        .contains(&settings.trunk)
        .then(|| settings.with_variant(variant))
}

/// Why no run can be started with these settings; `None` = one can.
pub fn problem(settings: &RunConfig) -> Option<&'static str> {
    if settings.augment.crop.is_none() && settings.batch_size > 1 {
        return Some("Whole images need batch size 1; set it, or set a crop size under Advanced");
    }
    if settings.recompute_activations && !settings.trunk.has_stages() {
        return Some(
            "Recomputing activations needs a VGG16 or ResNet trunk; turn it off under Advanced",
        );
    }
    None
}

/// Why a device cannot be chosen; `None` = it can.
pub fn device_problem(entry: &DeviceEntry) -> Option<String> {
    match (&entry.problem, entry.kind) {
        (Some(problem), _) => Some(problem.clone()),
        (None, DeviceKind::Software) => {
            Some("a software driver, slower than the CPU itself".to_owned())
        }
        (None, _) => None,
    }
}

/// The device of the next run: the wanted one where it can be used, else the fastest kind found.
pub fn choose_device(wanted: Option<DeviceId>, entries: &[DeviceEntry]) -> DeviceId {
    let usable = || {
        entries
            .iter()
            .filter(|entry| device_problem(entry).is_none())
    };
    if let Some(entry) = usable().find(|entry| Some(entry.id) == wanted) {
        return entry.id;
    }
    let rank = |kind: DeviceKind| match kind {
        DeviceKind::DiscreteGpu => 0,
        DeviceKind::VirtualGpu => 1,
        DeviceKind::IntegratedGpu => 2,
        DeviceKind::Cpu => 3,
        DeviceKind::Software => 4,
    };
    usable()
        .min_by_key(|entry| rank(entry.kind))
        .map_or(DeviceId::Cpu, |entry| entry.id)
}

/// The name of a kind of device.
pub fn device_kind(kind: DeviceKind) -> &'static str {
    match kind {
        DeviceKind::Cpu => "CPU",
        DeviceKind::DiscreteGpu => "GPU",
        DeviceKind::IntegratedGpu => "integrated GPU",
        DeviceKind::VirtualGpu => "virtual GPU",
        DeviceKind::Software => "software driver",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: DeviceId, kind: DeviceKind, problem: Option<&str>) -> DeviceEntry {
        DeviceEntry {
            id,
            name: "test".to_owned(),
            kind,
            backend: "test".to_owned(),
            problem: problem.map(str::to_owned),
        }
    }

    #[test]
    fn choices_are_not_changes() {
        let mut settings = preset(Trunk::Vgg16Slim);
        settings.variant = Variant::Fcn32s;
        settings.device = DeviceId::Gpu(3);
        assert!(changed_fields(&settings).is_empty());
        settings.learning.momentum = 0.5;
        settings.seed = 7;
        assert_eq!(changed_fields(&settings), ["momentum", "seed"]);
        reset(&mut settings);
        assert!(changed_fields(&settings).is_empty());
        assert_eq!(
            (settings.variant, settings.device),
            (Variant::Fcn32s, DeviceId::Gpu(3))
        );
    }

    #[test]
    fn a_new_trunk_keeps_only_what_the_user_set() {
        let mut settings = preset(Trunk::Vgg16Slim);
        settings.seed = 7;
        switch_trunk(&mut settings, Trunk::Vgg16);
        assert_eq!(changed_fields(&settings), ["seed"]);
        assert_eq!(settings.learning, preset(Trunk::Vgg16).learning);
    }

    #[test]
    fn weights_bring_their_trunk_and_their_input_and_take_them_away_again() {
        use crate::engine::{Geometry, Normalization};
        let mut own = preset(Trunk::Vgg16);
        (own.variant, own.geometry, own.normalization) =
            (Variant::Fcn32s, Geometry::Reference, Normalization::CAFFE);
        let mut settings = preset(Trunk::Vgg16Slim);
        settings.variant = Variant::Fcn16s;
        let init = InitialWeights::File("fcn32s.pth".into());
        start_from(&mut settings, init.clone(), &own, true);
        assert_eq!(
            (settings.variant, settings.trunk),
            (Variant::Fcn16s, Trunk::Vgg16)
        );
        assert_eq!(
            (settings.geometry, &settings.init),
            (Geometry::Reference, &init)
        );
        assert_eq!(settings.normalization, Normalization::CAFFE);
        start_random(&mut settings);
        assert_eq!(
            (&settings.init, &settings.normalization),
            (&InitialWeights::Random, &Normalization::IMAGENET)
        );

        // A classifier does not determine the geometry.
        settings.geometry = Geometry::Padded;
        start_from(&mut settings, init, &own, false);
        assert_eq!(
            (settings.geometry, &settings.normalization),
            (Geometry::Padded, &Normalization::CAFFE)
        );
        switch_trunk(&mut settings, Trunk::Vgg16Slim);
        assert_eq!(
            (&settings.init, &settings.normalization),
            (&InitialWeights::Random, &Normalization::IMAGENET)
        );

        // A network that does not support the trunk is changed too.
        start_from(
            &mut settings,
            InitialWeights::Run("resnet".to_owned()),
            &preset(Trunk::Resnet50),
            true,
        );
        assert_eq!(
            (settings.variant, settings.trunk),
            (Variant::FcnResnet50, Trunk::Resnet50)
        );
        assert_eq!(settings.init, InitialWeights::Run("resnet".to_owned()));
    }

    #[test]
    fn no_value_of_a_recipe_is_left_out() {
        use crate::engine::{Recipe, SampleOrder, Schedule};
        let mut settings = preset(Trunk::Vgg16Slim);
        Recipe::Cvpr2015.apply(&mut settings);
        settings.learning.schedule = Schedule::Cosine { min_rate: 0.0 };
        settings.learning.reduction = crate::engine::Reduction::Sum;
        settings.learning.clip_norm = Some(1.0);
        settings.learning.warmup_steps = 5;
        settings.order = SampleOrder::Sequential;
        let changed = changed_fields(&settings);
        for name in [
            "bias LR factor",
            "bias decay",
            "reduction",
            "accumulation",
            "clip norm",
            "warm-up",
            "order",
        ] {
            assert!(changed.contains(&name), "{name} is not in {changed:?}");
        }
        reset(&mut settings);
        assert_eq!(settings, preset(Trunk::Vgg16Slim));
    }

    #[test]
    fn whole_images_in_batches_and_trunks_without_stages_are_a_problem() {
        let mut settings = preset(Trunk::Vgg16Slim);
        assert_eq!(problem(&settings), None);
        settings.augment.crop = None;
        assert!(problem(&settings).is_some_and(|text| text.contains("batch size 1")));
        settings.batch_size = 1;
        assert_eq!(problem(&settings), None);
        (settings.recompute_activations, settings.trunk) = (true, Trunk::Alexnet);
        assert!(problem(&settings).is_some_and(|text| text.contains("Recomputing")));
        settings.trunk = Trunk::Vgg16;
        assert_eq!(problem(&settings), None);
    }

    #[test]
    fn a_plan_has_all_strides_coarse_to_fine() {
        let plan = three_strides(&preset(Trunk::Vgg16)).unwrap();
        assert_eq!(
            plan.iter()
                .map(|config| config.variant.stride())
                .collect::<Vec<_>>(),
            [32, 16, 8]
        );
        assert_eq!(three_strides(&preset(Trunk::Alexnet)), None);
    }

    #[test]
    fn the_device_is_the_wanted_or_the_best_that_works() {
        let entries = [
            entry(DeviceId::Cpu, DeviceKind::Cpu, None),
            entry(DeviceId::Gpu(0), DeviceKind::Software, None),
            entry(DeviceId::Gpu(1), DeviceKind::DiscreteGpu, Some("failed")),
            entry(DeviceId::Gpu(2), DeviceKind::IntegratedGpu, None),
        ];
        assert_eq!(choose_device(None, &entries), DeviceId::Gpu(2));
        assert_eq!(choose_device(Some(DeviceId::Cpu), &entries), DeviceId::Cpu);
        assert_eq!(
            choose_device(Some(DeviceId::Gpu(1)), &entries),
            DeviceId::Gpu(2)
        );
        assert_eq!(
            choose_device(Some(DeviceId::Gpu(0)), &entries[..2]),
            DeviceId::Cpu
        );
        assert_eq!(choose_device(None, &[]), DeviceId::Cpu);
    }
}
