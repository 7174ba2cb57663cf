//! Settings of a run that were edited since it began.

use serde_json::Value;

/// Where it runs, and what it is told apart.
const NOT_COMPARED: [&str; 3] = ["dataset", "device", "seed"];

/// Adds what differs in two settings or groups of them; `name` is that of the group, as in the file.
pub(super) fn compare_settings(name: &str, then: &Value, now: &Value, edited: &mut Vec<String>) {
    match (then, now) {
        (Value::Object(then), Value::Object(now)) => {
            let both = then
                .iter()
                .filter_map(|(field, then)| Some((field, then, now.get(field)?)));
            for (field, then, now) in both {
                let is_outer = name.is_empty();
                if is_outer && NOT_COMPARED.contains(&field.as_str()) {
                    continue;
                }
                let inner = if is_outer {
                    field.clone()
                } else {
                    format!("{name}.{field}")
                };
                compare_settings(&inner, then, now, edited);
            }
        }
        _ if !is_same(then, now) => edited.push(format!("{name} is {now} and was {then}")),
        _ => {}
    }
}

/// Numbers may be rounded when they are read.
fn is_same(then: &Value, now: &Value) -> bool {
    match (then, now) {
        (Value::Array(then), Value::Array(now)) => {
            let mut pairs = then.iter().zip(now);
            then.len() == now.len() && pairs.all(|(then, now)| is_same(then, now))
        }
        (Value::Number(then), Value::Number(now)) => {
            let numbers = then.as_f64().zip(now.as_f64());
            numbers.is_some_and(|(then, now)| (then - now).abs() <= 1e-12 * then.abs())
        }
        _ => then == now,
    }
}
