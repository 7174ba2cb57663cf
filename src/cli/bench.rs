//! `bench`: times of the parts that dominate training and prediction.
//!
//! JSON: one object per row with `row`, `trunk`, `variant`, `device`, `threads`, `rounds`,
//! `repeats` (calls in a round), `median_ms`, `lower_quartile_ms`, `upper_quartile_ms`,
//! `min_ms`, `max_ms` (of one call), `items` (`images`, `batches`, `pixels`, `products`),
//! `items_per_sec`, `gflop` (of one call), `gflop_per_sec`, `share_of_peak` (of the row
//! `gemm`, where it is among the rows), `peak_memory_mib` and `check` (a number that must be
//! the same in a program that computes the same). With `--list` it has `row` alone.

use std::process::ExitCode;

use indicatif::{ProgressBar, ProgressStyle};

use super::args::BenchArgs;
use super::interrupts::Interrupts;
use super::output::number;
use super::{EXIT_STOPPED, Session, output, probe_program};
use crate::bench::{self, BenchJob, BenchOptions, BenchResult};
use crate::text::plural;

/// Measures the rows, or answers as the process that measures one.
pub fn run(args: &BenchArgs, session: &Session) -> Result<ExitCode, String> {
    if let Some(job) = &args.measure {
        let (answer, code) = bench::bench_main(job);
        output::line(answer);
        return Ok(ExitCode::from(code));
    }
    if let Some(job) = &args.measure_layers {
        let (answer, code) = bench::layers_main(job, &mut |result| output::json(result));
        if !answer.is_empty() {
            output::line(answer);
        }
        return Ok(ExitCode::from(code));
    }
    if args.layers {
        return super::bench_layers::run(args, session);
    }
    let options = BenchOptions {
        trunks: args.trunk.clone(),
        variant: args.variant,
        device: args.device,
        rounds: args.rounds,
        rows: args.rows.clone(),
        weights: args.weights.clone(),
    };
    let jobs = options.jobs(&session.dirs.data)?;
    if !args.list {
        return measure(&jobs, args.threads, session.json);
    }
    for name in jobs.iter().map(|job| job.case.name()) {
        if session.json {
            output::json(&serde_json::json!({ "row": name }));
        } else {
            output::line(name);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn measure(jobs: &[BenchJob], threads: Option<usize>, json: bool) -> Result<ExitCode, String> {
    let program =
        probe_program().ok_or("The path of this program is unknown. Start it by its full path")?;
    let interrupts = Interrupts::install()?;
    let style = ProgressStyle::with_template("{pos}/{len}  {msg}");
    let bar = ProgressBar::new(jobs.len() as u64)
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let mut results: Vec<BenchResult> = Vec::new();
    let mut failed = false;
    for job in jobs {
        let name = job.case.name();
        bar.set_message(name.clone());
        bar.tick();
        match bench::measure_in_child(&program, job, threads, &|| interrupts.any()) {
            Ok(Some(result)) => {
                results.push(result);
                // The matrix product is first, so a case knows its share when it is done.
                bench::set_shares_of_peak(&mut results);
                if let (true, Some(result)) = (json, results.last()) {
                    bar.suspend(|| output::json(result));
                }
            }
            Ok(None) => break,
            Err(message) => {
                failed = true;
                bar.suspend(|| output::problem("error", &format!("{name}: {message}")));
            }
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    if !json && !results.is_empty() {
        output::line(table(&results));
    }
    Ok(match (interrupts.any(), failed) {
        (true, _) => ExitCode::from(EXIT_STOPPED),
        (false, true) => ExitCode::FAILURE,
        (false, false) => ExitCode::SUCCESS,
    })
}

fn table(results: &[BenchResult]) -> String {
    let header = [
        "row",
        "median ms",
        "quartiles",
        "range",
        "rate",
        "GFLOP/s",
        "of peak",
        "peak memory",
    ];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    for result in results {
        let timing = &result.timing;
        let or_none = |value: Option<String>| value.unwrap_or_else(|| "n/a".to_owned());
        rows.push(vec![
            result.row.clone(),
            number(timing.median_ms),
            format!(
                "{} .. {}",
                number(timing.lower_quartile_ms),
                number(timing.upper_quartile_ms)
            ),
            format!("{} .. {}", number(timing.min_ms), number(timing.max_ms)),
            format!("{} {}/s", number(result.items_per_sec), result.items),
            or_none(result.gflop_per_sec.map(number)),
            output::percent(result.share_of_peak),
            or_none(result.peak_memory_mib.map(|mib| format!("{mib:.0} MiB"))),
        ]);
    }
    let how = results.first().map(
        |BenchResult {
             device,
             threads,
             rounds,
             ..
         }| {
            let rounds = plural(*rounds, "round", "rounds");
            let threads = plural(*threads, "CPU thread", "CPU threads");
            format!("\n\n{rounds} on {device}, {threads}")
        },
    );
    output::table(&rows) + &how.unwrap_or_default()
}
