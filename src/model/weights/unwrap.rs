//! The names of a network's tensors without what training scripts put around them.

use std::collections::{BTreeMap, BTreeSet};

use burn_store::burn_pack::Tensor;

/// What training scripts and PyTorch put before the names of a network's tensors: dictionaries
/// of a checkpoint, `DataParallel` (`module`), `torch.compile` (`_orig_mod`), Lightning and others
/// (`model`, `net`). Any of them may come several times and in any order.
const WRAPPERS: [&str; 11] = [
    "state_dict.",
    "model_state_dict.",
    "module.",
    "_orig_mod.",
    "model.",
    "net.",
    "network.",
    "weights.",
    "params.",
    "model_ema.",
    "ema.",
];

/// What is put around a part of a network, inside of names: `torch.compile`, and memory savers.
const INNER: [&str; 3] = [
    "_orig_mod",
    "_fsdp_wrapped_module",
    "_checkpoint_wrapped_module",
];

/// Parts of names of what is no weight of a network: losses and metrics that a Lightning module
/// holds, and the states of optimizers and counters.
const OTHER_PARTS: [&str; 12] = [
    "loss",
    "criterion",
    "loss_fn",
    "loss_function",
    "metric",
    "metrics",
    "accuracy",
    "confmat",
    "optimizer",
    "optimizers",
    "optimizer_state_dict",
    "lr_schedulers",
];

/// Single numbers that count batches or averaged models, which no network here uses.
const COUNTERS: [&str; 2] = ["num_batches_tracked", "n_averaged"];

/// What is left of the names of a file.
pub(super) struct Unwrapped {
    /// The network's own tensors under their own names.
    pub tensors: BTreeMap<String, Tensor>,
    /// Which were taken, where there are as many others beside them.
    pub choice: Option<String>,
}

/// The network's own tensors under their own names.
pub(super) fn unwrapped(mut tensors: BTreeMap<String, Tensor>) -> Unwrapped {
    tensors.retain(|name, _| {
        let last = name.rsplit('.').next().unwrap_or(name);
        !COUNTERS.contains(&last) && !is_other(name)
    });
    tensors = tensors
        .into_iter()
        .map(|(name, tensor)| (without_inner(&name), tensor))
        .collect();
    let mut choice = None;
    // What stands beside a wrapper is the state of an optimizer and the like.
    while let Some(wrapper) = WRAPPERS
        .iter()
        .find(|wrapper| tensors.keys().any(|name| name.starts_with(**wrapper)))
    {
        let is_own = |name: &String| name.starts_with(wrapper);
        let (own, others): (Vec<&String>, Vec<&String>) = tensors
            .keys()
            .filter(|name| name.ends_with(".weight"))
            .partition(|name| is_own(name));
        // An average of all that lies there plainly. Where a part does, the network has a second name for it.
        let is_copy = !own.is_empty() && own.iter().all(|name| is_plain(&tensors, name, wrapper));
        // Numbers of a recipe beside a network, such as `ema.decay`.
        let is_no_network = own.is_empty() && !others.is_empty();
        if is_copy || is_no_network {
            choice = choice.or(is_copy.then(|| without(wrapper)));
            tensors.retain(|name, _| !is_own(name));
            continue;
        }
        let beside = beside(&tensors, wrapper);
        tensors.retain(|name, _| name.starts_with(wrapper));
        tensors = strip(tensors, wrapper);
        choice = choice.or(beside);
    }
    Unwrapped { tensors, choice }
}

/// Whether a tensor is there without its wrappers, too.
fn is_plain(tensors: &BTreeMap<String, Tensor>, name: &str, wrapper: &str) -> bool {
    let mut rest = name.strip_prefix(wrapper);
    while let Some(inner) = rest {
        if tensors.contains_key(inner) {
            return true;
        }
        rest = WRAPPERS
            .iter()
            .find_map(|wrapper| inner.strip_prefix(wrapper));
    }
    false
}

fn without(wrapper: &str) -> String {
    let name = wrapper.trim_end_matches('.');
    format!(
        "the weights without `{name}` are taken; those under `{name}` are left out. To use these, save those whose keys \
         begin with `{wrapper}` as a file of their own"
    )
}

/// Says which weights are taken, where there are about as many under other names: a moving average, or
/// another network.
fn beside(tensors: &BTreeMap<String, Tensor>, wrapper: &str) -> Option<String> {
    let last = |name: &'_ str| name.rsplit('.').next().unwrap_or_default().to_owned();
    let own = || tensors.keys().filter(|name| name.starts_with(wrapper));
    let (taken, kinds): (usize, BTreeSet<String>) =
        (own().count(), own().map(|name| last(name)).collect());
    let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for name in tensors.keys().filter(|name| !name.starts_with(wrapper)) {
        // The tensors of an optimizer's state are called otherwise than weights: `exp_avg`.
        if let Some((group, _)) = name.split_once('.')
            && kinds.contains(&last(name))
        {
            groups.entry(group).or_default().push(name);
        }
    }
    let are_as_many = |count: usize| 2 * count >= taken;
    let large: Vec<&str> = groups
        .iter()
        .filter(|(_, names)| are_as_many(names.len()))
        .map(|(group, _)| *group)
        .collect();
    let name = wrapper.trim_end_matches('.');
    if let [first, ..] = large[..] {
        return Some(format!(
            "the weights under `{name}` are taken; those under `{}` are left out. To use others, save those \
             whose keys begin with `{first}.` as a file of their own",
            large.join("`, `")
        ));
    }
    // The layers of a network that lies there plainly may be groups of their own.
    let mut plain = groups.values().flatten();
    let first = plain.next()?;
    are_as_many(1 + plain.count()).then(|| {
        format!(
            "the weights under `{name}` are taken; those beside it, such as `{first}`, are left out. To use these, save \
             those whose keys do not begin with `{wrapper}` as a file of their own"
        )
    })
}

/// A name without wrappers inside of it.
fn without_inner(name: &str) -> String {
    let (first, rest) = name.split_once('.').unwrap_or((name, ""));
    let rest = rest.split('.').filter(|part| !INNER.contains(part));
    let parts: Vec<&str> = std::iter::once(first).chain(rest).collect();
    parts.join(".").trim_end_matches('.').to_owned()
}

/// Whether a tensor belongs to a loss, a metric or an optimizer: `train_metrics.confmat`.
fn is_other(name: &str) -> bool {
    let mut parts = name.split('.').peekable();
    // The last part is the tensor's own name.
    std::iter::from_fn(|| parts.next().filter(|_| parts.peek().is_some())).any(|part| {
        let part = part.to_lowercase();
        OTHER_PARTS.iter().any(|other| {
            part == *other
                || part
                    .strip_suffix(other)
                    .is_some_and(|start| start.ends_with('_'))
        })
    })
}

fn strip(tensors: BTreeMap<String, Tensor>, prefix: &str) -> BTreeMap<String, Tensor> {
    tensors
        .into_iter()
        .map(|(name, tensor)| (name[prefix.len()..].to_owned(), tensor))
        .collect()
}
