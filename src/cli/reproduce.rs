//! `reproduce`: a run as a script for PyTorch, with all that it needs.
//!
//! JSON: one object with `run`, `folder`, `steps`, `images` and `differs` (why PyTorch's losses may be
//! others, one sentence each).

use std::process::ExitCode;

use serde_json::json;

use super::args::ReproduceArgs;
use super::data::wait;
use super::{EXIT_STOPPED, Session, output};
use crate::engine::Need;
use crate::text::plural;

/// Writes the folder and says what is in it.
pub fn run(args: &ReproduceArgs, session: &Session) -> Result<ExitCode, String> {
    let mut engine = session.engine(false);
    let name = engine.find_run(&args.run, Need::Training)?.name.clone();
    let task = engine.write_reproduction(&name, args.dataset.clone(), args.steps, args.out.clone());
    let Some(written) = wait(task, &mut engine)? else {
        return Ok(ExitCode::from(EXIT_STOPPED));
    };
    if session.json {
        output::json(&json!({
            "run": name, "folder": written.folder, "steps": written.steps,
            "images": written.images, "differs": written.differs,
        }));
    } else {
        let script = written.folder.join("reproduce.py");
        output::line(format!(
            "{name} -> {}: {} on {}. Repeat them with `python {}`",
            written.folder.display(),
            plural(written.steps, "step", "steps"),
            plural(written.images, "image", "images"),
            script.display()
        ));
        for reason in &written.differs {
            output::line(reason);
        }
    }
    Ok(ExitCode::SUCCESS)
}
