//! An engine over empty folders, for unit tests of the window.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::command::{Command, CommandSender, command_channel};
use super::context::PanelCtx;
use super::view_model::ClassColors;
use crate::engine::{Dirs, Engine, EngineOptions, NoticeLevel, Task};

/// Starts an engine that writes below `dir` alone.
pub fn engine(dir: &TempDir) -> Engine {
    let dirs = Dirs {
        data: dir.path().join("data"),
        runs: dir.path().join("runs"),
    };
    Engine::new(EngineOptions {
        dirs,
        waker: Arc::new(|| {}),
        probe_program: None,
        live_masks: false,
    })
}

/// An engine and a queue of commands.
pub struct Bench {
    pub engine: Engine,
    sender: CommandSender,
    colors: ClassColors,
    receiver: crossbeam_channel::Receiver<Command>,
    _dir: TempDir,
}

impl Bench {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let (sender, receiver) = command_channel();
        Self {
            engine: engine(&dir),
            sender,
            colors: ClassColors::default(),
            receiver,
            _dir: dir,
        }
    }

    pub fn ctx(&self) -> PanelCtx<'_> {
        PanelCtx {
            engine: &self.engine,
            commands: &self.sender,
            colors: &self.colors,
        }
    }

    /// A task that will not have a result.
    pub fn lost<T: Send + 'static>(&self) -> Task<T> {
        self.engine.spawn_waiting("lost", |_| panic!("on purpose"))
    }

    /// Calls `poll` until it says that the wait is over.
    #[track_caller]
    pub fn until(&self, mut poll: impl FnMut(&PanelCtx<'_>) -> bool) {
        let since = Instant::now();
        while !poll(&self.ctx()) {
            assert!(since.elapsed() < Duration::from_mins(1), "not in time");
            std::thread::yield_now();
        }
    }

    /// The errors that were shown.
    pub fn errors(&self) -> Vec<String> {
        let text = |command| match command {
            Command::Notify(NoticeLevel::Error, text) => Some(text),
            _ => None,
        };
        self.receiver.try_iter().filter_map(text).collect()
    }
}
