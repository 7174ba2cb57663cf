//! What a training takes of the machine at the moment: memory, the use and the temperature of its
//! processor and its GPU, where the system tells.

mod card;
mod machine;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::{RecvTimeoutError, Sender, bounded};

use crate::training::DeviceId;
use card::Card;
use machine::Machine;

/// Between two looks. One at NVIDIA's cards starts a program.
const INTERVAL: Duration = Duration::from_secs(2);

/// What was measured last; `None` = the system does not tell.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Meters {
    /// Memory of this program, in bytes.
    pub program_memory: Option<u64>,
    /// Memory that is left on the machine, in bytes.
    pub free_memory: Option<u64>,
    /// Share of the processor that works, of all programs.
    pub processor_use: Option<f64>,
    /// Temperature of the processor, in degrees Celsius.
    pub processor_celsius: Option<f64>,
    /// Share of the time in which the GPU works.
    pub gpu_use: Option<f64>,
    /// Temperature of the GPU, in degrees Celsius.
    pub gpu_celsius: Option<f64>,
    /// Memory of the GPU that is taken, in bytes, by all programs.
    pub gpu_memory: Option<u64>,
}

/// Measures on a thread of its own until it is dropped. Nobody waits for that thread: a driver may not
/// answer.
pub(super) struct MetersThread {
    latest: Arc<Mutex<Meters>>,
    /// Closed when it is dropped.
    _stop: Sender<()>,
}

impl MetersThread {
    /// Starts to measure what a training on `device` takes.
    pub fn start(device: DeviceId) -> Self {
        let latest = Arc::new(Mutex::new(Meters::default()));
        let (stop, stopped) = bounded::<()>(0);
        let shared = Arc::clone(&latest);
        let measure = move || {
            let card = Card::of(device);
            let mut machine = Machine::default();
            loop {
                let started = Instant::now();
                let mut meters = Meters::default();
                machine.measure(&mut meters);
                if let Some(card) = &card {
                    card.measure(&mut meters);
                }
                *shared.lock().unwrap_or_else(PoisonError::into_inner) = meters;
                // A program that answers slowly is asked less often.
                let pause = INTERVAL.max(10 * started.elapsed());
                if stopped.recv_timeout(pause) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new().name("meters".into());
        let thread = thread.spawn(measure);
        if let Err(err) = &thread {
            log::warn!("Memory and temperatures cannot be measured: {err}");
        }
        Self {
            latest,
            _stop: stop,
        }
    }

    /// What was measured last.
    pub fn latest(&self) -> Meters {
        *self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
