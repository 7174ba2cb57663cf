//! What a panel can access while it draws.

use super::command::CommandSender;
use super::view_model::ClassColors;
use crate::engine::Engine;

/// Borrowed for one panel in one frame: it reads the engine and queues commands.
#[derive(Clone, Copy)]
pub struct PanelCtx<'a> {
    /// State and workers.
    pub engine: &'a Engine,
    /// The command queue; commands are carried out after the panels are drawn.
    pub commands: &'a CommandSender,
    /// The colors of classes.
    pub colors: &'a ClassColors,
}

impl<'a> PanelCtx<'a> {
    /// What a panel can access.
    pub fn new(engine: &'a Engine, commands: &'a CommandSender, colors: &'a ClassColors) -> Self {
        Self {
            engine,
            commands,
            colors,
        }
    }
}
