//! Exports and imports: a file is as good as the run it was made of.

use fcn_workbench::dataset::{BandChoice, Normalization, Rgb, Size};
use fcn_workbench::model::{Geometry, Variant};
use fcn_workbench::training::checkpoint::{EndMark, RunMeta};
use fcn_workbench::training::{
    DeviceId, InitialWeights, Outcome, PredictOptions, Predictor, SavedWeights, TilePlan, Tiling,
    WeightsChoice, WeightsSummary, export_run, import_run,
};

use super::tensors::{Values, copy_with_text, metadata, read, write, write_with};
use super::{output, parent, plain, trained};
use crate::common::TinySet;

/// Neither the training size nor a multiple of a stride.
fn image() -> Rgb {
    let (width, height) = (45, 37);
    let pixels = (0..width * height * 3)
        .map(|n| (n * 29 % 251) as u8)
        .collect();
    Rgb {
        width,
        height,
        pixels,
    }
}

fn choice(path: &std::path::Path) -> WeightsChoice {
    WeightsChoice {
        path: path.to_path_buf(),
        variant: None,
        geometry: None,
        images: BandChoice::default(),
    }
}

#[test]
fn a_file_predicts_what_its_run_predicts() {
    let set = TinySet::new(4, 1);
    for variant in [Variant::Fcn8s, Variant::Fcn8sAtOnce] {
        let folder = set.run(|config| {
            plain(config);
            (config.variant, config.epochs) = (variant, 3);
            (config.geometry, config.normalization) = (Geometry::Reference, Normalization::CAFFE);
            config.test_size = Some(Size::new(40, 33));
        });
        assert_eq!(trained(&set, &folder).outcome(), Some(&Outcome::Finished));
        let file = set.dir.path().join("net.safetensors");
        export_run(&folder, SavedWeights::Best, &output(&file)).expect("a file");

        let of_run = Predictor::load(&folder, DeviceId::Cpu).expect("a run");
        let of_file = Predictor::from_weights(&choice(&file), DeviceId::Cpu).expect("a file");
        let plan = of_run.plan(image().size(), &Tiling::default());
        assert!(plan.is_whole());
        let logits = of_run.logits(&image().into(), &plan).expect("logits");
        assert_eq!(logits.len(), 3 * 45 * 37);
        assert!(logits.iter().any(|logit| *logit != 0.0));
        assert_eq!(
            of_file.logits(&image().into(), &plan).expect("logits"),
            logits
        );
        let mask_of = |predictor: &Predictor, wanted: bool| {
            let options = PredictOptions::default();
            predictor
                .predict(
                    &image().into(),
                    &plan,
                    &options,
                    move |_| wanted,
                    &mut |_, _| {},
                )
                .expect("no error")
        };
        let mask = mask_of(&of_run, true).expect("all of it");
        assert_eq!(mask_of(&of_file, true), Some(mask));

        // A mask that nobody wants is not computed to its end.
        assert_eq!(mask_of(&of_run, false), None);

        // Everything that a run's folder says is in the header.
        let meta = folder.meta().expect("the configuration");
        assert_eq!(of_file.meta().classes, meta.classes);
        assert_eq!(of_file.meta().config, meta.config);
        let header: RunMeta =
            serde_json::from_str(&metadata(&file)["fcn_workbench"]).expect("JSON");
        assert_eq!(header, meta);
        assert_eq!((of_run.step() > 0, of_file.step()), (true, 0));

        // The same values under the wrong treatment of borders are another network.
        let padded = WeightsChoice {
            geometry: Some(Geometry::Padded),
            ..choice(&file)
        };
        let padded = Predictor::from_weights(&padded, DeviceId::Cpu).expect("a file");
        assert_ne!(
            padded.logits(&image().into(), &plan).expect("logits"),
            logits
        );
    }
}

#[test]
fn of_a_file_without_our_header_the_layers_tell_the_network() {
    let set = TinySet::new(4, 1);
    let (_, file) = parent(&set);
    let bare = set.dir.path().join("bare.safetensors");
    write(&bare, &read(&file));
    let summary = WeightsSummary::read(&choice(&bare)).expect("a known network");
    assert_eq!(
        summary.layout.to_string(),
        "FCN-32s on VGG16 slim for 3 classes"
    );
    assert_eq!(summary.config.variant, Variant::Fcn32s);
    assert_eq!(summary.config.init, InitialWeights::File(bare.clone()));
    let names: Vec<String> = summary
        .classes
        .expect("classes")
        .iter()
        .map(|class| class.name.clone())
        .collect();
    assert_eq!(names.len(), 3);
    assert_ne!(names, ["ground", "red square", "blue square"]);
    let own = WeightsSummary::read(&choice(&file)).expect("a known network");
    let names: Vec<String> = own
        .classes
        .expect("classes")
        .iter()
        .map(|class| class.name.clone())
        .collect();
    assert_eq!(names, ["ground", "red square", "blue square"]);
}

#[test]
fn an_imported_run_predicts_and_is_over() {
    let set = TinySet::new(4, 1);
    let (parent, file) = parent(&set);
    let runs = set.runs();
    let imported = import_run(&runs, "imported", 1_000_000, &choice(&file)).expect("a run");
    assert_eq!(
        (imported.end(), imported.last()),
        (Some(EndMark::Finished), None)
    );
    let meta = imported.meta().expect("the configuration");
    let of_parent = parent.meta().expect("the configuration");
    assert_eq!(
        (meta.created, &meta.classes),
        (1_000_000, &of_parent.classes)
    );
    assert!(
        meta.dataset_name.contains("parent.safetensors"),
        "{}",
        meta.dataset_name
    );
    let logits = |folder| {
        Predictor::load(folder, DeviceId::Cpu)
            .expect("weights")
            .logits(&image().into(), &TilePlan::whole(image().size()))
    };
    assert_eq!(
        logits(&imported).expect("logits"),
        logits(&parent).expect("logits")
    );
    let again = import_run(&runs, "imported", 0, &choice(&file)).expect("a second run");
    assert_eq!(again.name(), "imported-2");

    // It is as good a start as the run that it was.
    let child = set.run(|config| {
        plain(config);
        config.init = InitialWeights::Run(imported.name());
    });
    assert_eq!(super::start_of(&set, &child), read(&file));
}

#[test]
fn a_file_that_nobody_could_read_back_is_not_written() {
    let set = TinySet::new(4, 1);
    let (parent, _) = parent(&set);
    let file = set.dir.path().join("net.pth");
    let message = export_run(&parent, SavedWeights::Best, &output(&file))
        .expect_err("another format")
        .to_string();
    assert!(
        message.contains("net.pth") && message.contains(".safetensors"),
        "{message}"
    );
    assert!(!file.exists());
    let file = set.dir.path().join("nowhere/net.safetensors");
    let message = export_run(&parent, SavedWeights::Best, &output(&file))
        .expect_err("no folder")
        .to_string();
    assert!(message.contains("nowhere"), "{message}");
    let untrained = set.run(|_| {});
    let file = set.dir.path().join("net.safetensors");
    let message = export_run(&untrained, SavedWeights::Best, &output(&file))
        .expect_err("no weights")
        .to_string();
    assert!(
        message.contains("no saved weights") && !file.exists(),
        "{message}"
    );
}

#[test]
fn values_that_are_no_numbers_are_named_before_they_are_used() {
    let set = TinySet::new(4, 1);
    let folder = set.run(plain);
    assert_eq!(trained(&set, &folder).outcome(), Some(&Outcome::Finished));
    let file = set.dir.path().join("net.safetensors");
    export_run(&folder, SavedWeights::Best, &output(&file)).expect("a file");
    let mut tensors = read(&file);
    let layer = tensors.get_mut("conv3_1.weight").expect("the layer");
    (layer.values[0], layer.values[7]) = (f32::NAN, f32::INFINITY);
    // As `torch.compile` in `DataParallel` names the layers, in a file with another extension.
    let wrapped = tensors
        .into_iter()
        .map(|(name, values)| (format!("module._orig_mod.{name}"), values))
        .collect();
    let broken = set.dir.path().join("broken.pth");
    write(&broken, &wrapped);
    let message = Predictor::from_weights(&choice(&broken), DeviceId::Cpu)
        .err()
        .expect("refused")
        .to_string();
    assert!(
        message.contains("broken.pth: 2 of the") && message.contains("conv3_1.weight"),
        "{message}"
    );
}

/// Why a file cannot be predicted with.
#[track_caller]
fn refusal(path: &std::path::Path) -> String {
    let loaded = Predictor::from_weights(&choice(path), DeviceId::Cpu);
    loaded.err().expect("refused").to_string()
}

#[test]
fn variances_below_zero_and_whole_numbers_are_refused() {
    let set = TinySet::new(4, 1);
    let (_, file) = parent(&set);
    let mut tensors = read(&file);
    let weights = tensors["conv3_1.weight"].clone();
    let is_variance = |(name, _): &(&String, &mut Values)| name.ends_with(".running_var");
    let (name, variance) = tensors.iter_mut().find(is_variance).expect("one");
    let name = name.clone();
    variance.values[1] = -1.0;
    let broken = set.dir.path().join("negative.safetensors");
    write(&broken, &tensors);
    let message = refusal(&broken);
    assert!(
        message.contains("negative.safetensors: 1 of the")
            && message.contains(&name)
            && message.contains("below 0"),
        "{message}"
    );

    let bytes: Vec<u8> = vec![3; weights.values.len()];
    write_with(&broken, &read(&file), ("conv3_1.weight", &bytes));
    let message = refusal(&broken);
    assert!(
        message.contains("negative.safetensors: layer conv3_1.weight is stored as I8"),
        "{message}"
    );
}

#[test]
fn metadata_that_nothing_can_predict_with_is_no_metadata_of_others() {
    let set = TinySet::new(4, 1);
    let (_, file) = parent(&set);
    let edited = set.dir.path().join("edited.safetensors");
    let own = metadata(&file)["fcn_workbench"].clone();
    let meta: RunMeta = serde_json::from_str(&own).expect("JSON");
    let with = |edit: &dyn Fn(&mut RunMeta)| {
        let mut meta = meta.clone();
        edit(&mut meta);
        serde_json::to_string(&meta).expect("JSON")
    };
    let cases = [
        (own[..own.len() / 2].to_owned(), "damaged"),
        (
            with(&|meta| meta.config.test_size = Some(Size::new(0, 0))),
            "test size is 0x0",
        ),
        (
            with(&|meta| meta.config.normalization.std[0] = 0.0),
            "standard deviation is 0",
        ),
    ];
    for (text, reason) in cases {
        copy_with_text(&file, &edited, "fcn_workbench", &text);
        let summary = WeightsSummary::read(&choice(&edited)).expect_err(reason);
        let predictor = Predictor::from_weights(&choice(&edited), DeviceId::Cpu);
        let predictor = predictor.err().expect(reason);
        for message in [summary.to_string(), predictor.to_string()] {
            assert!(message.contains("edited.safetensors"), "{message}");
            assert!(message.contains(reason), "{message}");
        }
    }
}
