//! `explain`: why pixels have their class.
//!
//! JSON: one object per pixel with `image`, `x`, `y`, `size` (`[width, height]` at which the scores
//! were computed, smaller than the image where it is very large), `entropy` (bits), `receptive_fields`
//! (first column and row, last column and row, by the name of the map) and `classes`, the
//! most likely first: `label`, `name`, `probability`, `logit` and `contributions` (by the name of the
//! map that the score layer is on; their sum is the logit). With `--effective` also `effective_field`:
//! `label`, `share` and `outline` (as the fields, `null` where no pixel has an influence). With `--maps` one last
//! object: `image` and `maps`, each with `map`, `picture`, `numbers`, `shape` and `range`. With `--layers`
//! one object: `layers`, each with `name`, `channels`, `rows` and `columns`.

use std::process::ExitCode;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::args::ExplainArgs;
use super::explain_maps::{self, PixelField};
use super::output::{self, percent};
use super::{Session, find_network};
use crate::engine::{
    EFFECTIVE_SHARE, EffectiveField, Engine, Explanation, NetworkSource, PixelRect, PixelScores,
};

/// A pixel, with its effective receptive field where that was asked for.
struct Explained {
    at: (u32, u32),
    scores: PixelScores,
    effective: Option<Arc<EffectiveField>>,
}

/// Computes the scores once and reports each pixel.
pub fn run(args: &ExplainArgs, session: &Session) -> Result<ExitCode, String> {
    let mut engine = session.engine(args.source.may_need_gpus());
    let network = find_network(&mut engine, &args.source)?;
    let explanation = engine.explain(&network, &args.image).wait()?;
    if args.layers {
        list_layers(&explanation, session.json);
    }
    let mut pixels = Vec::new();
    for &at in &args.pixels {
        let explained = explain(&engine, &network, (args, &explanation), at)?;
        if session.json {
            output::json(&as_json(&explanation, &explained));
        } else {
            output::line(as_text(&explanation, &explained));
        }
        pixels.push(explained);
    }
    let Some(folder) = &args.maps else {
        return Ok(ExitCode::SUCCESS);
    };
    let effective: Vec<_> = pixels
        .iter()
        .filter_map(|pixel| {
            Some(PixelField {
                at: pixel.at,
                field: pixel.effective.as_deref()?,
            })
        })
        .collect();
    let written = explain_maps::write(
        &engine,
        &network,
        (&explanation, &effective),
        (args, folder),
    )?;
    if session.json {
        output::json(&json!({ "image": explanation.image_path, "maps": written }));
    } else {
        for map in &written {
            output::line(map.picture.display());
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn explain(
    engine: &Engine,
    network: &NetworkSource,
    (args, explanation): (&ExplainArgs, &Explanation),
    (x, y): (u32, u32),
) -> Result<Explained, String> {
    let scores = explanation.pixel(x, y).ok_or_else(|| {
        format!(
            "{}: no pixel at {x},{y} in an image of {}. Name a column and a row inside, from 0,0",
            args.image.display(),
            explanation.image_size
        )
    })?;
    let label = scores.ranking().first().copied().filter(|_| args.effective);
    let effective = match label {
        Some(label) => {
            let task = engine.effective_field(network, &args.image, [x, y], label);
            Some(task.wait()?)
        }
        None => None,
    };
    Ok(Explained {
        at: (x, y),
        scores,
        effective,
    })
}

fn list_layers(explanation: &Explanation, as_json: bool) {
    let layers = explanation.layers();
    if as_json {
        let layer = |layer: &crate::engine::LayerOutput| {
            let [rows, columns] = layer.size;
            json!({ "name": layer.name, "channels": layer.channels, "rows": rows, "columns": columns })
        };
        let layers: Vec<Value> = layers.iter().map(layer).collect();
        output::json(&json!({ "layers": layers }));
        return;
    }
    let mut rows: Vec<Vec<String>> = vec![
        ["layer", "channels", "rows", "columns"]
            .map(str::to_owned)
            .into(),
    ];
    rows.extend(layers.iter().map(|layer| {
        let [rows, columns] = layer.size;
        let numbers = [layer.channels, rows, columns].map(|number| number.to_string());
        std::iter::once(layer.name.clone()).chain(numbers).collect()
    }));
    output::line(output::table(&rows));
}

fn as_json(explanation: &Explanation, explained: &Explained) -> Value {
    let (scores, (x, y)) = (&explained.scores, explained.at);
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
    let rect = |f: &PixelRect| json!([f.left, f.top, f.right, f.bottom]);
    let fields = explanation.receptive_fields(x, y);
    let fields = sources.iter().zip(&fields);
    let fields: Map<String, Value> = fields
        .map(|(source, field)| ((*source).to_owned(), rect(field)))
        .collect();
    let classes: Vec<Value> = scores.ranking().into_iter().map(of_class).collect();
    let mut found = json!({
        "image": explanation.image_path,
        "x": x,
        "y": y,
        "size": [explanation.size().width, explanation.size().height],
        "entropy": scores.entropy,
        "receptive_fields": fields,
        "classes": classes,
    });
    if let Some(field) = &explained.effective {
        found["effective_field"] = json!({
            "label": field.label,
            "share": EFFECTIVE_SHARE,
            "outline": field.outline.as_ref().map(rect),
        });
    }
    found
}

fn as_text(explanation: &Explanation, explained: &Explained) -> String {
    let (scores, (x, y)) = (&explained.scores, explained.at);
    let sources = explanation.sources();
    let mut header: Vec<String> = ["class", "probability", "logit"].map(str::to_owned).into();
    header.extend(sources.iter().map(|source| format!("from {source}")));
    let mut rows: Vec<Vec<String>> = vec![header];
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
    let seen = if explanation.size() == explanation.image_size {
        String::new()
    } else {
        format!(", scores computed at {}", explanation.size())
    };
    let fields = explanation.receptive_fields(x, y);
    let fields = sources.iter().zip(&fields);
    let fields: Vec<String> = fields
        .map(|(source, field)| format!("{source} {} px", field.size()))
        .collect();
    let effective = explained.effective.as_ref();
    let effective = effective.map_or_else(String::new, |field| effective_text(explanation, field));
    format!(
        "{} at {x},{y}: entropy {:.2} of {:.2} bits{seen}\nreceptive field inside the image: {}\n{effective}{}\n",
        explanation.image_path.display(),
        scores.entropy,
        (scores.classes.len() as f64).log2(),
        fields.join(", "),
        output::table(&rows)
    )
}

fn effective_text(explanation: &Explanation, field: &EffectiveField) -> String {
    let class = explanation.classes.name(field.label);
    match &field.outline {
        Some(outline) => format!(
            "effective receptive field of {class}: {} px hold {} of the gradient\n",
            outline.size(),
            percent(Some(EFFECTIVE_SHARE))
        ),
        None => format!("effective receptive field of {class}: no pixel has an influence\n"),
    }
}
