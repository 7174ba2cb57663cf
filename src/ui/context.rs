//! What a panel may see of the program while it draws.

use super::command::CommandSender;
use crate::engine::Engine;

/// Borrowed for one panel in one frame: read the engine, queue commands.
#[derive(Clone, Copy)]
pub struct PanelCtx<'a> {
    /// State and workers.
    pub engine: &'a Engine,
    /// Where wishes go; carried out after the frame's panels are drawn.
    pub commands: &'a CommandSender,
}
