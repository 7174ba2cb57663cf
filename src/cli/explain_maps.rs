//! The maps that `explain` writes.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::args::ExplainArgs;
use crate::engine::{
    Activations, ColorScale, EffectiveField, Engine, Explanation, ExplanationMap, NetworkSource,
    NumberMap,
};

/// A map that was written.
#[derive(Debug, Serialize)]
pub struct WrittenMap {
    /// `tree_probability`, `pool4`.
    map: String,
    /// The PNG.
    pub picture: PathBuf,
    /// The NumPy file.
    numbers: PathBuf,
    shape: Vec<usize>,
    /// What the first and the last color of the PNG mean.
    range: [f32; 2],
}

/// The effective receptive field of a pixel.
pub struct PixelField<'a> {
    /// Column and row.
    pub at: (u32, u32),
    pub field: &'a EffectiveField,
}

/// A map with its colors, and the numbers of its NumPy file.
struct Named {
    name: String,
    map: NumberMap,
    scale: ColorScale,
    numbers: Option<(Vec<usize>, Vec<f32>)>,
}

/// Computes the maps that were asked for, and writes them into `folder`: nothing where one of the names is
/// taken.
pub fn write(
    engine: &Engine,
    network: &NetworkSource,
    (explanation, effective): (&Explanation, &[PixelField<'_>]),
    (args, folder): (&ExplainArgs, &Path),
) -> Result<Vec<WrittenMap>, String> {
    let label = label(explanation, args)?;
    let mut maps = class_maps(explanation, label);
    for PixelField { at: (x, y), field } in effective {
        let class = plain(explanation.classes.name(field.label));
        maps.push(Named {
            name: format!("{class}_gradient_{x}_{y}"),
            scale: ColorScale::of(&field.map),
            map: (*field.map).clone(),
            numbers: None,
        });
    }
    for layer in &args.layer_maps {
        let activations = engine.activations(network, &args.image, layer).wait()?;
        maps.push(activation_map(&activations, args)?);
    }
    let image = args.image.file_stem().unwrap_or_default();
    let image = image.to_string_lossy();
    let names = maps.iter().map(|map| format!("{image}_{}", map.name));
    let files = engine
        .plan_maps(folder, names.collect(), args.existing.choice())
        .wait()?;
    let mut written = Vec::new();
    for (named, files) in maps.into_iter().zip(files) {
        let Named {
            name,
            map,
            scale,
            numbers,
        } = named;
        let (shape, numbers) = numbers.unwrap_or_else(|| {
            let [rows, columns] = map.size.dims();
            (vec![rows, columns], map.values.clone())
        });
        let task = engine.save_map(map, scale, (shape.clone(), numbers), files);
        let [picture, numbers] = task.wait()?;
        written.push(WrittenMap {
            map: name,
            picture,
            numbers,
            shape,
            range: [scale.low, scale.high],
        });
    }
    Ok(written)
}

/// The class of the maps.
fn label(explanation: &Explanation, args: &ExplainArgs) -> Result<u8, String> {
    let classes = &explanation.classes;
    let labels = || (0..=u8::MAX).take(classes.len());
    if let Some(class) = &args.class {
        let known = labels().find(|label| classes.name(*label) == class);
        let numbered = || {
            class
                .parse()
                .ok()
                .filter(|label| labels().any(|known| known == *label))
        };
        return known.or_else(numbered).ok_or_else(|| {
            let names: Vec<&str> = labels().map(|label| classes.name(label)).collect();
            format!("no class {class}. Choose one of: {}", names.join(", "))
        });
    }
    let first = args.pixels.first();
    let scores = first.and_then(|&(x, y)| explanation.pixel(x, y));
    match scores.and_then(|scores| scores.ranking().first().copied()) {
        Some(label) => Ok(label),
        None => Err(
            "of which class are the maps? Name it with --class, or a pixel with --at".to_owned(),
        ),
    }
}

fn class_maps(explanation: &Explanation, label: u8) -> Vec<Named> {
    let class = plain(explanation.classes.name(label));
    let named = |what: &str, map: NumberMap, scale: ColorScale| Named {
        name: format!("{class}_{what}"),
        map,
        scale,
        numbers: None,
    };
    let probability = explanation.map(ExplanationMap::Probability, label);
    let logit = explanation.map(ExplanationMap::Logit, label);
    let sources = explanation.sources();
    let parts: Vec<NumberMap> = (0..sources.len())
        .map(|part| explanation.map(ExplanationMap::Part(part), label))
        .collect();
    // One scale, so that it can be seen which of them decides.
    let scale = ColorScale::around_zero(parts.iter().chain([&logit]));
    let mut maps = vec![named("probability", probability, ColorScale::SHARES)];
    for (source, part) in sources.into_iter().zip(parts) {
        maps.push(named(&format!("from_{source}"), part, scale));
    }
    maps.push(named("logit", logit, scale));
    maps
}

fn activation_map(activations: &Activations, args: &ExplainArgs) -> Result<Named, String> {
    let (layer, channels) = (&activations.layer, activations.channels);
    let map = activations.map(args.channel);
    if map.values.is_empty() {
        return Err(format!(
            "--channel: {layer} has {channels} channels. Choose one from 0 to {}, mean or max",
            channels - 1
        ));
    }
    let [rows, columns] = activations.size.dims();
    Ok(Named {
        name: layer.clone(),
        scale: ColorScale::of(&map),
        map,
        numbers: Some((vec![channels, rows, columns], activations.values.clone())),
    })
}

/// A name of a class as a part of the name of a file.
fn plain(name: &str) -> String {
    let character = |c: char| if c.is_alphanumeric() { c } else { '-' };
    name.chars().map(character).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_classes_become_names_of_files() {
        assert_eq!(plain("traffic light/2"), "traffic-light-2");
        assert_eq!(plain("straße"), "straße");
    }
}
