//! `explain`: why pixels have their class.
//!
//! JSON: one object per pixel with `image`, `x`, `y`, `size` (`[width, height]` at which the scores
//! were computed, smaller than the image where it is very large), `entropy` (bits), `receptive_fields`
//! (first column and row, last column and row, by the name of the map) and `classes`, the
//! most likely first: `label`, `name`, `probability`, `logit` and `contributions` (by the name of the
//! map that the score layer is on; their sum is the logit).

use std::process::ExitCode;

use serde_json::{Map, Value, json};

use super::args::ExplainArgs;
use super::output::{self, percent};
use super::{Session, find_network};
use crate::engine::{DeviceId, Explanation, PixelScores};

/// Computes the scores once and reports each pixel.
pub fn run(args: &ExplainArgs, session: &Session) -> Result<ExitCode, String> {
    let mut engine = session.engine(args.device != Some(DeviceId::Cpu));
    let network = find_network(&mut engine, &args.run, args.weights.choice(), args.device)?;
    let explanation = engine.explain(&network, &args.image).wait()?;
    for &(x, y) in &args.pixels {
        let scores = explanation.pixel(x, y).ok_or_else(|| {
            format!(
                "{}: no pixel at {x},{y} in an image of {}. Name a column and a row inside, from 0,0",
                args.image.display(),
                explanation.image.size()
            )
        })?;
        if session.json {
            output::json(&as_json(&explanation, (x, y), &scores));
        } else {
            output::line(as_text(&explanation, (x, y), &scores));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn as_json(explanation: &Explanation, (x, y): (u32, u32), scores: &PixelScores) -> Value {
    let sources = explanation.sources();
    let of_class = |label: u8| {
        let class = &scores.classes[usize::from(label)];
        let parts = sources.iter().zip(&class.contributions);
        let parts: Map<String, Value> = parts
            .map(|(source, value)| ((*source).to_owned(), json!(value)))
            .collect();
        json!({
            "label": label,
            "name": explanation.classes.name(label),
            "probability": class.probability,
            "logit": class.logit,
            "contributions": parts,
        })
    };
    let fields = explanation.receptive_fields(x, y);
    let fields = sources.iter().zip(&fields);
    let fields: Map<String, Value> = fields
        .map(|(source, f)| {
            (
                (*source).to_owned(),
                json!([f.left, f.top, f.right, f.bottom]),
            )
        })
        .collect();
    let classes: Vec<Value> = scores.ranking().into_iter().map(of_class).collect();
    json!({
        "image": explanation.image_path,
        "x": x,
        "y": y,
        "size": [explanation.size().width, explanation.size().height],
        "entropy": scores.entropy,
        "receptive_fields": fields,
        "classes": classes,
    })
}

fn as_text(explanation: &Explanation, (x, y): (u32, u32), scores: &PixelScores) -> String {
    let sources = explanation.sources();
    let mut header: Vec<String> = ["class", "probability", "logit"].map(str::to_owned).into();
    header.extend(sources.iter().map(|source| format!("from {source}")));
    let mut rows = vec![header];
    for label in scores.ranking() {
        let class = &scores.classes[usize::from(label)];
        let mut row = vec![
            explanation.classes.name(label).to_owned(),
            percent(Some(class.probability)),
            format!("{:.3}", class.logit),
        ];
        row.extend(
            class
                .contributions
                .iter()
                .map(|value| format!("{value:+.3}")),
        );
        rows.push(row);
    }
    let seen = if explanation.size() == explanation.image.size() {
        String::new()
    } else {
        format!(", scores computed at {}", explanation.size())
    };
    let fields = explanation.receptive_fields(x, y);
    let fields = sources.iter().zip(&fields);
    let fields: Vec<String> = fields
        .map(|(source, field)| format!("{source} {} px", field.size()))
        .collect();
    format!(
        "{} at {x},{y}: entropy {:.2} of {:.2} bits{seen}\nreceptive field inside the image: {}\n{}\n",
        explanation.image_path.display(),
        scores.entropy,
        (scores.classes.len() as f64).log2(),
        fields.join(", "),
        output::table(&rows)
    )
}
