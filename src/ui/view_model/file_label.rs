//! What a file is called in the window.

use std::path::Path;

/// The file name, or the whole path if there is none.
pub fn file_label(path: &Path) -> String {
    path.file_name().map_or_else(
        || path.display().to_string(),
        |name| name.to_string_lossy().into_owned(),
    )
}
