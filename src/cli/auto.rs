//! `train --auto`: the settings that suit the data, the device and the memory, with their reasons.
//!
//! JSON: one line `{"event":"configured","choices":[{"field","value","reason"}]}`.

use super::{TICK, output};
use crate::engine::{Choice, DatasetRef, DatasetState, DeviceId, Engine, EngineError, RunConfig};

/// Opens the dataset, chooses and tells.
pub fn choose(
    engine: &mut Engine,
    dataset: &DatasetRef,
    device: DeviceId,
    json: bool,
) -> Result<RunConfig, String> {
    engine.open_dataset(dataset.clone());
    loop {
        match engine.dataset() {
            DatasetState::Failed { message, .. } | DatasetState::Unlabeled { message, .. } => {
                return Err(message.clone());
            }
            DatasetState::Ready(_) => break,
            DatasetState::Opening { .. } | DatasetState::None => engine.wait(TICK),
        }
    }
    let Some(task) = engine.configure(device) else {
        return Err("the dataset was closed. Try again".to_owned());
    };
    let configured = task.join().map_err(EngineError::from)?;
    if json {
        let choices: Vec<serde_json::Value> = configured
            .choices
            .iter()
            .map(
                |Choice {
                     field,
                     value,
                     reason,
                 }| {
                    serde_json::json!({ "field": field, "value": value, "reason": reason })
                },
            )
            .collect();
        output::json(&serde_json::json!({ "event": "configured", "choices": choices }));
    } else {
        output::line(
            "Settings for this data, device and memory; options that are given override them:",
        );
        let rows: Vec<Vec<String>> = configured
            .choices
            .iter()
            .map(|choice| {
                vec![
                    choice.field.to_owned(),
                    choice.value.clone(),
                    choice.reason.clone(),
                ]
            })
            .collect();
        output::line(output::table(&rows));
    }
    Ok(configured.config)
}
