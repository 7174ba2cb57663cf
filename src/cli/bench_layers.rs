//! `bench --layers`: the time of each layer and pass of a training step.
//!
//! JSON: one object per part, as soon as it is done, with `layer`, `pass` (`forward`,
//! `data-gradient`, `weight-gradient`, `loss-forward`, `loss-gradient`, `optimizer`, `step`),
//! `count` (layers of the network that are the same; times are of one), `first_ms` (the first use:
//! generated, compiled and tuned), `later_ms` (the middle of `rounds` later ones), `rounds`, `gflop`,
//! `tflop_per_sec`, `gbyte` (read and written at least), `gbyte_per_sec`, `route` (what computes it),
//! `tuning_ms` (of the first use, what Burn's tuner took), `problem` (why there is no time), and of a GPU `first_calls` and `calls`, what the first use and a
//! later one ask of it: `launches` of kernels, `own_launches` and `library_launches` (of them ours and
//! Burn's, by name), `uploads`,
//! `submissions`, `waits` for the device, `paced` (waits for work long before, so that no more piles up;
//! the device has work meanwhile), `compiled` programs with `generating_ms` and `compiling_ms`, and `tuned`
//! (what the tuner did not know).

use std::process::ExitCode;

use super::args::BenchArgs;
use super::interrupts::Interrupts;
use super::output::number;
use super::{EXIT_STOPPED, Session, output, probe_program};
use crate::bench::{self, DeviceCalls, LayerResult, LayersJob, Pass};
use crate::engine::{Trunk, preset};

/// Measures the parts and tells each when it is done.
pub(super) fn run(args: &BenchArgs, session: &Session) -> Result<ExitCode, String> {
    let program =
        probe_program().ok_or("The path of this program is unknown. Start it by its full path")?;
    let job = job(args)?;
    let interrupts = Interrupts::install()?;
    let mut results = Vec::new();
    if !session.json {
        output::line(row(HEADER.map(str::to_owned)));
    }
    let whole = bench::measure_layers(
        &program,
        &job,
        args.threads,
        &|| interrupts.any(),
        &mut |result| {
            if session.json {
                output::json(&result);
            } else {
                output::line(row(cells(&result)));
            }
            results.push(result);
        },
    )?;
    if !session.json {
        output::line(summary(&results));
    }
    let failed = results.iter().any(|result| result.problem.is_some());
    Ok(match (whole, failed) {
        (false, _) => ExitCode::from(EXIT_STOPPED),
        (true, true) => ExitCode::FAILURE,
        (true, false) => ExitCode::SUCCESS,
    })
}

fn job(args: &BenchArgs) -> Result<LayersJob, String> {
    let trunk = match args.trunk[..] {
        [] => Trunk::Vgg16Slim,
        [trunk] => trunk,
        _ => return Err("--layers measures one network. Name one --trunk".to_owned()),
    };
    let config = preset(trunk);
    let variant = args.variant.unwrap_or(config.variant);
    if !variant.trunks().contains(&trunk) {
        let (variant, trunk) = (variant.id(), trunk.id());
        return Err(format!(
            "{variant} cannot be built on {trunk}. Name another with --trunk or --variant"
        ));
    }
    let size = args.size.or(config.augment.crop);
    let pass = |name: &String| {
        name.parse::<Pass>().map_err(|_| {
            let names = <Pass as strum::VariantArray>::VARIANTS.iter();
            let names: Vec<&str> = names.map(Into::into).collect();
            format!("{name}: no such pass. There are {}", names.join(", "))
        })
    };
    Ok(LayersJob {
        trunk,
        variant,
        size: size.ok_or_else(|| {
            format!(
                "images of {} have no size of their own. Name one with --size",
                trunk.id()
            )
        })?,
        batch_size: args.batch_size.unwrap_or(config.batch_size),
        device: args.device,
        precision: args.precision,
        passes: args.rows.iter().map(pass).collect::<Result<_, _>>()?,
        seconds: args.seconds as u64,
    })
}

const HEADER: [&str; 10] = [
    "layer",
    "pass",
    "times",
    "first ms",
    "generated",
    "compiled",
    "later ms",
    "TFLOP/s",
    "GB/s",
    "computed by",
];
/// Characters of each column; the last has no end. The first use is in milliseconds, of which programs
/// were generated and compiled for so many.
const WIDTHS: [usize; 9] = [34, 15, 5, 9, 9, 9, 9, 8, 8];

/// One line: rows are printed before the next ones are known.
fn row(cells: [String; 10]) -> String {
    let mut line = String::new();
    for (nth, cell) in cells.iter().enumerate() {
        let width = WIDTHS.get(nth).copied().unwrap_or(0);
        let cell = if nth < 2 {
            format!("{cell:<width$}  ")
        } else {
            format!("{cell:>width$}  ")
        };
        line.push_str(&cell);
    }
    line.trim_end().to_owned()
}

fn cells(result: &LayerResult) -> [String; 10] {
    let first = |ms: fn(&DeviceCalls) -> f64| result.first_calls.as_ref().map(ms);
    let or_none = |value: Option<f64>| value.map_or_else(|| "n/a".to_owned(), number);
    [
        result.layer.clone(),
        result.pass.label().to_owned(),
        result.count.to_string(),
        or_none(result.first_ms),
        or_none(first(|calls| calls.generating_ms)),
        or_none(first(|calls| calls.compiling_ms)),
        or_none(result.later_ms),
        or_none(result.tflop_per_sec),
        or_none(result.gbyte_per_sec),
        result
            .problem
            .clone()
            .unwrap_or_else(|| result.route.clone()),
    ]
}

/// All layers together.
fn summary(results: &[LayerResult]) -> String {
    let parts = || results.iter().filter(|result| result.pass != Pass::Step);
    let sum = |ms: fn(&LayerResult) -> Option<f64>| -> f64 {
        parts()
            .filter_map(|part| Some(ms(part)? * part.count as f64))
            .sum()
    };
    let first: f64 = parts()
        .filter_map(|part| Some(part.first_ms? - part.later_ms.unwrap_or(0.0)))
        .sum();
    let mut text = format!(
        "\nAll parts: {} ms; beside that {} ms once, at the first use",
        number(sum(|part| part.later_ms)),
        number(first.max(0.0))
    );
    text.push_str(&first_use(results));
    let step = results.iter().find(|result| result.pass == Pass::Step);
    if let Some(calls) = step.and_then(|step| step.calls.as_ref()) {
        text.push_str(&step_calls(calls));
    }
    text
}

/// What was done once on a GPU.
fn first_use(results: &[LayerResult]) -> String {
    let calls = || results.iter().filter_map(|part| part.first_calls.as_ref());
    if calls().next().is_none() {
        return String::new();
    }
    let ms = |of: fn(&DeviceCalls) -> f64| number(calls().map(of).sum());
    let tuned: usize = calls().map(|calls| calls.tuned.len()).sum();
    let tuning: f64 = results.iter().filter_map(|part| part.tuning_ms).sum();
    format!(
        "\nFirst use: {} programs, {} ms to generate them and {} ms to compile them; the tuner timed {tuned} cases in \
         {} ms",
        calls().map(|calls| calls.compiled).sum::<usize>(),
        ms(|calls| calls.generating_ms),
        ms(|calls| calls.compiling_ms),
        number(tuning),
    )
}

/// What a step asks of a GPU.
fn step_calls(calls: &DeviceCalls) -> String {
    let library: usize = calls.library_launches.values().sum();
    let names = calls.library_launches.iter();
    let names: Vec<String> = names
        .map(|(name, count)| format!("{count} {name}"))
        .collect();
    let of_library = if library == 0 {
        String::new()
    } else {
        format!(" ({library} of Burn: {})", names.join(", "))
    };
    format!(
        "\nA step: {} kernels{of_library}, {} uploads, {} submissions, {} waits for the device",
        calls.launches, calls.uploads, calls.submissions, calls.waits
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(pass: Pass, count: usize, first: f64, later: f64) -> LayerResult {
        LayerResult {
            layer: "3x3, 64 to 64, 224x224".into(),
            pass,
            count,
            first_ms: Some(first),
            later_ms: Some(later),
            rounds: 3,
            gflop: 3.7,
            tflop_per_sec: Some(1.25),
            gbyte: 0.03,
            gbyte_per_sec: None,
            tuning_ms: None,
            route: "GPU kernel 128x128".into(),
            first_calls: None,
            calls: None,
            problem: None,
        }
    }

    #[test]
    fn rows_are_aligned_and_the_sum_counts_equal_layers() {
        let header = row(HEADER.map(str::to_owned));
        let line = row(cells(&result(Pass::Forward, 2, 10.0, 3.0)));
        assert_eq!(
            header.find("computed"),
            line.find("GPU"),
            "{header}\n{line}"
        );
        let mut new = result(Pass::Forward, 1, 10.0, 3.0);
        new.first_calls = Some(DeviceCalls {
            generating_ms: 4.5,
            compiling_ms: 2.25,
            ..DeviceCalls::default()
        });
        let line = row(cells(&new));
        for (name, text) in [("generated", "4.50"), ("compiled", "2.25")] {
            let ends = [header.find(name), line.find(text)].map(Option::unwrap_or_default);
            assert_eq!(ends[0] + name.len(), ends[1] + text.len(), "{line}");
        }
        let results = [
            result(Pass::Forward, 2, 10.0, 3.0),
            result(Pass::Optimizer, 1, 2.0, 1.0),
            result(Pass::Step, 1, 100.0, 50.0),
        ];
        // 2 * 3 + 1, and 7 + 1 once.
        assert!(
            summary(&results).contains("All parts: 7.00 ms; beside that 8.00 ms once"),
            "{}",
            summary(&results)
        );
    }
}
