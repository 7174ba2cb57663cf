//! What autotune has found out: which kernel is the fastest for each shape on a GPU. With the
//! feature `autotune-cache` it is kept on disk, else it is forgotten when the program ends.

use std::path::{Path, PathBuf};

use crate::files::program_dirs;

/// The folder in which autotune's choices are kept, and which may be deleted at any time; `None`
/// without the feature `autotune-cache`, or where the system has no place for such folders.
pub fn autotune_folder() -> Option<PathBuf> {
    let dirs = program_dirs()?;
    cfg!(feature = "autotune-cache").then(|| dirs.cache_dir().join("autotune"))
}

/// To be called before a GPU is opened. GPUs work without the folder too.
#[cfg(any(feature = "wgpu", feature = "cuda"))]
pub(super) fn start() {
    static STARTED: std::sync::Once = std::sync::Once::new();
    STARTED.call_once(|| {
        let Some(folder) = autotune_folder() else {
            return;
        };
        if let Err(err) = keep_autotune_choices(&folder) {
            log::warn!(
                "{}: {err}. GPUs are tuned again after each start until it can be written",
                folder.display()
            );
        }
    });
}

/// Keeps autotune's choices in `folder` from now on, and uses those of earlier starts. Does nothing
/// without the feature `autotune-cache`.
///
/// # Errors
/// When the folder cannot be made or read.
pub fn keep_autotune_choices(folder: &Path) -> std::io::Result<()> {
    #[cfg(feature = "autotune-cache")]
    return on_disk::keep(folder);
    #[cfg(not(feature = "autotune-cache"))]
    {
        let _ = folder;
        Ok(())
    }
}

#[cfg(feature = "autotune-cache")]
mod on_disk {
    use std::io::{self, Read as _};
    use std::path::Path;

    use burn::cubecl::config::{CubeClRuntimeConfig, RuntimeConfig as _};
    use burn::cubecl::environment;
    use burn::cubecl::records::{self, RecordLevel, RecordsConfig};

    pub fn keep(folder: &Path) -> io::Result<()> {
        // Settings that Burn reads from files and variables come first, or they would undo these.
        CubeClRuntimeConfig::get();
        environment::set_root(folder);
        // A log of all that was ever tuned, which would grow without an end.
        records::configure(RecordsConfig {
            level: RecordLevel::Off,
            keep_sessions: None,
        });
        std::fs::create_dir_all(folder)?;
        remove_if_broken(&environment::path())
    }

    /// Burn would go without the file in silence, start for start.
    fn remove_if_broken(file: &Path) -> io::Result<()> {
        const MAGIC: &[u8; 16] = b"SQLite format 3\0";
        let mut start = [0; MAGIC.len()];
        let database = match std::fs::File::open(file).and_then(|mut file| file.read(&mut start)) {
            Ok(0) => true,
            Ok(_) => start == *MAGIC,
            Err(err) if err.kind() == io::ErrorKind::NotFound => true,
            Err(err) => return Err(err),
        };
        if database {
            return Ok(());
        }
        log::warn!(
            "{}: not a database; removed, GPUs are tuned again",
            file.display()
        );
        for beside in ["-wal", "-shm", "-tshm"] {
            let mut name = file.as_os_str().to_owned();
            name.push(beside);
            // Most often there is none.
            std::fs::remove_file(name).ok();
        }
        std::fs::remove_file(file)
    }
}
