//! `data catalogue` and `data get`: public datasets.
//!
//! JSON of `catalogue`: one object per dataset with `id`, `name`, `what`, `classes`, `source`, `files`
//! (`file`, `urls`, `bytes`, `hash_kind`, `hash`), `state`, `path` and `message`. JSON of `get` is that of
//! `weights get`.

use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::{Value, json};

use crate::cli::args::DataGetArgs;
use crate::cli::catalogue::{DATASETS, message_of, size_text, text, word};
use crate::cli::interrupts::Interrupts;
use crate::cli::{Session, output};
use crate::engine::{CatalogueItem, Engine, PublicDataset};

/// Lists the public datasets.
pub fn list(engine: &mut Engine, session: &Session) -> ExitCode {
    DATASETS.wait_until_looked(engine);
    let header = ["id", "name", "size", "classes", "state"];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    for item in engine.public_datasets().items() {
        if session.json {
            output::json(&as_json(item));
        }
        let CatalogueItem { entry, state } = item;
        rows.push(vec![
            entry.id.to_owned(),
            entry.name.to_owned(),
            size_text(entry.size()),
            entry.classes.to_owned(),
            text(state),
        ]);
    }
    if session.json {
        return ExitCode::SUCCESS;
    }
    output::line(output::table(&rows));
    for CatalogueItem { entry, .. } in engine.public_datasets().items() {
        let unknown = if entry.can_be_verified() {
            ""
        } else {
            ". Nobody published a hash: what is checked is that it opens as this dataset"
        };
        output::line(format!(
            "\n{}: {}. {}{unknown}",
            entry.id, entry.what, entry.source
        ));
    }
    let folder = engine.public_datasets().folder();
    output::line(format!("\nfolder: {}", folder.display()));
    ExitCode::SUCCESS
}

fn as_json(CatalogueItem { entry, state }: &CatalogueItem<PublicDataset>) -> Value {
    let files: Vec<Value> = entry
        .files
        .iter()
        .map(|file| {
            json!({
                "file": file.name,
                "urls": file.urls,
                "bytes": file.size,
                "hash_kind": file.hash.kind(),
                "hash": file.hash.digits(),
            })
        })
        .collect();
    json!({
        "id": entry.id,
        "name": entry.name,
        "what": entry.what,
        "classes": entry.classes,
        "source": entry.source,
        "files": files,
        "state": word(state),
        "path": state.path(),
        "message": message_of(state),
    })
}

/// Downloads a dataset, or takes files of this machine as it, and unpacks it.
pub fn get(args: &DataGetArgs, engine: &mut Engine, session: &Session) -> Result<ExitCode, String> {
    DATASETS.wait_until_looked(engine);
    let id = DATASETS.find(engine, &args.name)?;
    let interrupts = Interrupts::install()?;
    if args.files.is_empty() {
        engine.get_dataset(id)?;
    } else {
        let files: Vec<PathBuf> = args
            .files
            .iter()
            .map(|file| {
                std::path::absolute(file).map_err(|err| format!("{}: {err}", file.display()))
            })
            .collect::<Result<_, _>>()?;
        engine.add_dataset(id, files)?;
    }
    let stopped = DATASETS.follow(id, engine, &interrupts, session)?;
    Ok(stopped.unwrap_or(ExitCode::SUCCESS))
}
