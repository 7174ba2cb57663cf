//! Maps of numbers as files: a PNG with a color bar, and the numbers themselves.

use std::path::{Path, PathBuf};

use super::{ColorScale, NumberMap, picture_of};
use crate::dataset::encode_rgb_png;
use crate::engine::tasks::Task;
use crate::engine::{Engine, EngineError, in_dataset};
use crate::files::{Existing, Output, Outputs, make_folder, write_npy_floats};

/// The names of a map's files.
#[derive(Debug, Clone)]
pub struct MapFiles {
    /// The picture, `NAME.png`.
    pub picture: Output,
    /// The numbers, `NAME.npy`.
    pub numbers: Output,
}

impl Engine {
    /// Names for maps in a folder, which is made; `names` are without their endings. The task fails where
    /// one of them is taken by what [`Outputs`] does not replace, before anything is written.
    pub fn plan_maps(
        &self,
        folder: &Path,
        names: Vec<String>,
        existing: Existing,
    ) -> Task<Result<Vec<MapFiles>, EngineError>> {
        let folder = folder.to_owned();
        self.spawn("plan maps", move |_| {
            in_dataset::refuse(&folder)?;
            make_folder(&folder)?;
            let mut outputs = Outputs::new(existing);
            let mut claim =
                |name: &str, end: &str| outputs.claim(&folder.join(name.to_owned() + end));
            let files = names.iter().map(|name| {
                Ok(MapFiles {
                    picture: claim(name, ".png")?,
                    numbers: claim(name, ".npy")?,
                })
            });
            files.collect()
        })
    }

    /// Writes a map as a picture in the colors of `scale`, and `numbers`, of this shape, as a NumPy file;
    /// returns the paths.
    pub fn save_map(
        &self,
        map: NumberMap,
        scale: ColorScale,
        (shape, numbers): (Vec<usize>, Vec<f32>),
        files: MapFiles,
    ) -> Task<Result<[PathBuf; 2], EngineError>> {
        self.spawn("save map", move |_| {
            let picture = picture_of(&map, &scale);
            let MapFiles {
                picture: png,
                numbers: npy,
            } = files;
            png.write(|file| encode_rgb_png(&picture, file))?;
            npy.write(|file| write_npy_floats(file, &shape, &numbers))?;
            Ok([png.path().to_owned(), npy.path().to_owned()])
        })
    }
}
