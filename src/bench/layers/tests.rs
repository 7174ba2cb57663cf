use super::*;
use crate::dataset::Size;
use crate::model::{Trunk, Variant};
use crate::training::{DeviceId, Precision};

fn job() -> LayersJob {
    LayersJob {
        trunk: Trunk::Vgg16Slim,
        variant: Variant::Fcn8s,
        size: Size::new(32, 48),
        batch_size: 2,
        device: DeviceId::Cpu,
        precision: Precision::F32,
        passes: Vec::new(),
        seconds: 60,
    }
}

#[test]
fn the_parts_are_those_of_a_step() {
    let parts = job().parts();
    let count = |pass| {
        parts
            .iter()
            .filter(|part| part.pass == pass)
            .map(|part| part.count)
            .sum()
    };
    let counts: [usize; 4] = [
        count(Pass::Forward),
        count(Pass::WeightGradient),
        count(Pass::DataGradient),
        count(Pass::Step),
    ];
    // 15 convolutions and 3 scores, 3 upsamplings, 5 poolings, 15 batch normalizations, 2 dropouts and 2
    // sums; images get no gradient.
    let others = 5 + 15 + 2 + 2;
    assert_eq!(counts, [18 + 3 + others, 18 + 3, 17 + 3 + others, 1]);
    let forward = parts.iter().filter(|part| part.pass == Pass::Forward);
    let multiply_adds: u64 = forward
        .filter_map(|part| {
            part.layer
                .map(|layer| layer.multiply_adds() * part.count as u64)
        })
        .sum();
    assert_eq!(multiply_adds, 2 * job().network().multiply_adds([48, 32]));
}

#[test]
fn the_child_tells_every_part_and_goes_on_where_it_is_told_to() {
    let parts = job().parts().len();
    let text = serde_json::to_string(&(job(), parts - 6)).expect("JSON");
    let mut results = Vec::new();
    let end = layers_main(&text, &mut |result| results.push(result.clone()));
    assert_eq!(end, (String::new(), 0));
    assert_eq!(results.len(), 6);
    for result in &results {
        assert!(result.problem.is_none(), "{result:?}");
        assert!(result.first_ms.is_some_and(|ms| ms > 0.0), "{result:?}");
        assert!(result.rounds >= 1 && !result.route.is_empty(), "{result:?}");
    }
    assert!(results[0].layer.starts_with("up "), "{:?}", results[0]);
    assert!(results[0].tflop_per_sec.is_some() && results[2].gbyte_per_sec.is_some());
    assert_eq!(layers_main("{}", &mut |_| {}).1, 1);
}

#[cfg(unix)]
#[test]
fn a_part_whose_process_ends_is_told_and_the_next_one_is_measured() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().expect("a folder");
    let program = folder.path().join("dies");
    std::fs::write(&program, "#!/bin/sh\necho no driver >&2\nkill -SEGV $$\n").expect("a script");
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).expect("executable");
    let mut results = Vec::new();
    let whole = measure_layers(&program, &job(), None, &|| false, &mut |result| {
        results.push(result);
    });
    assert_eq!(whole, Ok(true));
    assert_eq!(results.len(), job().parts().len());
    assert!(results.iter().all(|result| {
        result.problem.as_ref().is_some_and(|problem| {
            problem.contains("signal 11") && problem.ends_with("it wrote: no driver")
        })
    }));
    let stopped = measure_layers(&program, &job(), None, &|| true, &mut |_| {});
    assert_eq!(stopped, Ok(false));
}

#[test]
fn a_route_names_the_kernels_that_were_launched() {
    let named = |own: &[&str], library: &[&str]| {
        let counted = |names: &[&str]| names.iter().map(|name| ((*name).to_owned(), 1)).collect();
        let calls = DeviceCalls {
            own_launches: counted(own),
            library_launches: counted(library),
            ..DeviceCalls::default()
        };
        named_route(GPU_KERNEL.to_owned(), Pass::Forward, Some(&calls))
    };
    assert_eq!(named(&["pool::forward"], &[]), "GPU kernel pool::forward");
    assert_eq!(
        named(&["reduce::add_up", "reduce::spread"], &["FullKernel"]),
        "GPU kernel reduce::add_up, reduce::spread, Burn's FullKernel"
    );
    assert_eq!(named(&[], &[]), "GPU kernel");
    let chosen = "GPU kernel 128x128".to_owned();
    let calls = DeviceCalls::default();
    assert_eq!(
        named_route(chosen.clone(), Pass::Forward, Some(&calls)),
        chosen
    );
    assert_eq!(
        named_route("processor".to_owned(), Pass::Forward, None),
        "processor"
    );
}
