//! Parts of the names that layers have in the reference code.

/// `0` as `1`: a number that counts from 1, as the names of the reference code do.
pub fn one_based(index: &str) -> usize {
    index.parse::<usize>().map_or(0, |index| index + 1)
}

/// Burn's gamma and beta are PyTorch's weight and bias.
pub fn norm_leaf(leaf: &str) -> &str {
    match leaf {
        "gamma" => "weight",
        "beta" => "bias",
        other => other,
    }
}

/// fc6 and fc7, as pytorch-fcn has them; their batch normalization, which it does not have, is
/// `bnfc6` and `bnfc7`.
pub fn fc_name(path: &[&str]) -> String {
    match path {
        [fc, "conv", leaf] => format!("{fc}.{leaf}"),
        [fc, "norm", leaf] => format!("bn{fc}.{}", norm_leaf(leaf)),
        other => other.join("."),
    }
}
