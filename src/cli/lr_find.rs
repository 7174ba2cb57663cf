//! `lr-find`: losses at rising learning rates, and the rate that they suggest.
//!
//! JSON: one object with `suggested` (`null` where the loss falls at no rate) and `points`, each
//! with `rate`, `loss` and `smoothed`. Nothing is written to disk.

use std::process::ExitCode;

use super::args::LrFindArgs;
use super::{Session, TICK, output, wait_for_device};
use crate::engine::{DatasetState, DeviceId, Engine, RatePoint, RateSearch};

/// Lines of the table; a step more is one of a curve.
const LINES: usize = 20;

/// Width of the longest bar.
const BAR: f64 = 40.0;

/// Searches and says what was found.
pub fn run(args: &LrFindArgs, session: &Session) -> Result<ExitCode, String> {
    if args.network.plan.is_some() {
        return Err("a rate is searched for one network: leave --plan out".to_owned());
    }
    let mut engine = session.engine(args.device != Some(DeviceId::Cpu));
    let start = match &args.network.init {
        Some(wanted) => Some(engine.starting_point(wanted)?),
        None => None,
    };
    let mut config = args.config(start.as_ref())?;
    wait_for_device(&mut engine, args.device);
    if args.device.is_none() {
        config.device = engine.devices().best();
    }
    open_dataset(&mut engine, &config.dataset)?;
    let range = args.range(&config);
    let Some(task) = engine.search_rate(config, range)? else {
        return Err("the dataset was closed. Try again".to_owned());
    };
    let found = task.wait()?;
    if session.json {
        let point = |point: &RatePoint| {
            serde_json::json!({
                "rate": point.rate, "loss": point.loss, "smoothed": point.smoothed,
            })
        };
        let points: Vec<_> = found.points.iter().map(point).collect();
        output::json(&serde_json::json!({ "suggested": found.suggested, "points": points }));
    } else {
        output::line(table(&found));
        output::line(conclusion(&found));
    }
    Ok(ExitCode::SUCCESS)
}

fn open_dataset(engine: &mut Engine, dataset: &crate::engine::DatasetRef) -> Result<(), String> {
    engine.open_dataset(dataset.clone());
    loop {
        match engine.dataset() {
            DatasetState::Failed { message, .. } | DatasetState::Unlabeled { message, .. } => {
                return Err(message.clone());
            }
            DatasetState::Ready(_) => return Ok(()),
            DatasetState::Opening { .. } | DatasetState::None => engine.wait(TICK),
        }
    }
}

/// Some of the points, with bars as long as the losses.
fn table(found: &RateSearch) -> String {
    let every = found.points.len().div_ceil(LINES).max(1);
    let largest = found.points.iter().map(|point| point.smoothed);
    let largest = largest.fold(f64::MIN_POSITIVE, f64::max);
    let row = |point: &RatePoint| {
        let length = (BAR * point.smoothed / largest).round() as usize;
        vec![
            format!("{:.1e}", point.rate),
            format!("{:.4}", point.smoothed),
            "#".repeat(length),
        ]
    };
    let rows: Vec<Vec<String>> = found.points.iter().step_by(every).map(row).collect();
    output::table(&rows)
}

fn conclusion(found: &RateSearch) -> String {
    match found.suggested {
        Some(rate) => format!(
            "suggested learning rate: {rate}, a tenth of the one with the lowest loss; use it with --lr \
             {rate}"
        ),
        None => "the loss falls at none of these rates. Try other ones with --from and --to, or look for \
                 what else is wrong"
            .to_owned(),
    }
}
