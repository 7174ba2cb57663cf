//! Limits how often worker events repaint the window.
//!
//! Every frame takes time from training, most of all when the CPU does the painting. So the
//! pause between two such frames follows from the cost of a frame. After user input egui
//! repaints at once, and for a moment nothing is throttled.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use eframe::egui::{self, ViewportId};

use crate::engine::Waker;

/// Share of the time of all cores that event frames may take, as long as [`LONGEST`] allows
/// it. A training step waits for its slowest thread, so on two cores it loses twice this share.
const SHARE: f64 = 0.01;
/// One frame of a 60 Hz screen.
const SHORTEST: Duration = Duration::from_micros(16_667);
/// Older contents would feel stale.
const LONGEST: Duration = Duration::from_secs(1);
/// Time after user input without throttling.
const ATTENTION: Duration = Duration::from_secs(1);
/// A software driver keeps painting after the frame was submitted: with Mesa at 1440x900, all
/// threads together took three times the measured time.
const AFTER: f64 = 3.0;
/// Weight of the earlier frames in the moving average of the cost.
const MEMORY: f64 = 0.8;

/// What paints the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Painter {
    /// A GPU: only one thread of the program is busy meanwhile.
    Gpu,
    /// A software driver, which uses all cores.
    Cpu,
}

/// Shared by the window, which measures its frames, and the threads that wake it.
pub struct RepaintThrottle {
    shared: Arc<Mutex<Shared>>,
    painter: Painter,
    cores: usize,
    /// Wall time of a frame in seconds, including painting.
    cost_secs: Option<f64>,
    attention: Instant,
}

/// The part that the threads share.
struct Shared {
    /// Whether a requested frame has not begun yet.
    asked: bool,
    /// No event frame begins earlier.
    next: Instant,
}

impl RepaintThrottle {
    /// Does not throttle until the cost of a frame is known.
    pub fn new(painter: Painter) -> Self {
        let now = Instant::now();
        Self {
            shared: Arc::new(Mutex::new(Shared {
                asked: false,
                next: now,
            })),
            painter,
            cores: thread::available_parallelism().map_or(1, usize::from),
            cost_secs: None,
            attention: now + ATTENTION,
        }
    }

    /// A waker for the window of `ctx`; many calls lead to one frame.
    pub fn waker(&self, ctx: &egui::Context) -> Waker {
        let (shared, ctx) = (Arc::clone(&self.shared), ctx.clone());
        Arc::new(move || {
            let delay = shared
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .ask(Instant::now());
            if let Some(delay) = delay {
                ctx.request_repaint_after_for(delay, ViewportId::ROOT);
            }
        })
    }

    /// Call before handling events: later events request a new frame.
    pub fn begin(&self) {
        let now = Instant::now();
        let pause = if now < self.attention {
            SHORTEST
        } else {
            self.pause()
        };
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        *shared = Shared {
            asked: false,
            next: now + pause,
        };
    }

    /// Call in every painted frame. `is_input`: there was user input; `last_secs`: wall time of
    /// the previous frame without waiting for the screen.
    pub fn frame(&mut self, is_input: bool, last_secs: Option<f32>) {
        if is_input {
            self.attention = Instant::now() + ATTENTION;
        }
        if let Some(secs) = last_secs.map(f64::from).filter(|secs| secs.is_finite()) {
            self.cost_secs = Some(
                self.cost_secs
                    .map_or(secs, |old| MEMORY * old + (1.0 - MEMORY) * secs),
            );
        }
    }

    /// The pause between two event frames.
    pub fn pause(&self) -> Duration {
        pause(self.cost_secs.unwrap_or_default(), self.painter, self.cores)
    }
}

impl Shared {
    /// Delay of the requested frame; `None` = one was requested already.
    fn ask(&mut self, now: Instant) -> Option<Duration> {
        let first = !std::mem::replace(&mut self.asked, true);
        // 0 would paint two frames.
        first.then(|| {
            self.next
                .saturating_duration_since(now)
                .max(Duration::from_millis(1))
        })
    }
}

/// The pause after which frames of `cost_secs` wall time take [`SHARE`] of the machine.
fn pause(cost_secs: f64, painter: Painter, cores: usize) -> Duration {
    let busy = match painter {
        Painter::Gpu => 1.0,
        Painter::Cpu => AFTER * cores as f64,
    };
    let secs = cost_secs * busy / (SHARE * cores.max(1) as f64);
    Duration::try_from_secs_f64(secs)
        .unwrap_or(LONGEST)
        .clamp(SHORTEST, LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expensive_frames_are_rare_and_cheap_ones_smooth() {
        let ms = |cost, painter, cores| pause(cost, painter, cores).as_secs_f64() * 1e3;
        let near = |found: f64, expected: f64| assert!((found - expected).abs() < 0.01, "{found}");
        near(ms(0.002, Painter::Gpu, 2), 100.0);
        near(ms(0.002, Painter::Gpu, 16), 16.667);
        near(ms(0.002, Painter::Cpu, 2), 600.0);
        near(ms(0.002, Painter::Cpu, 16), 600.0);
        near(ms(0.040, Painter::Cpu, 2), 1000.0);
        near(ms(f64::INFINITY, Painter::Gpu, 2), 1000.0);
        near(ms(0.0, Painter::Cpu, 0), 16.667);
    }

    #[test]
    fn many_events_ask_for_one_frame() {
        let now = Instant::now();
        let mut shared = Shared {
            asked: false,
            next: now + LONGEST,
        };
        assert_eq!(shared.ask(now), Some(LONGEST));
        assert_eq!(shared.ask(now), None);
        shared.asked = false;
        assert_eq!(
            shared.ask(now + 2 * LONGEST),
            Some(Duration::from_millis(1))
        );
    }

    #[test]
    fn nothing_waits_after_input() {
        let mut throttle = RepaintThrottle::new(Painter::Cpu);
        let next = |throttle: &RepaintThrottle| {
            throttle.begin();
            let now = Instant::now();
            throttle
                .shared
                .lock()
                .unwrap()
                .next
                .saturating_duration_since(now)
        };
        throttle.frame(false, Some(10.0));
        assert!(next(&throttle) <= SHORTEST, "it has just been opened");
        throttle.attention = Instant::now();
        assert!(next(&throttle) > SHORTEST);
        throttle.frame(true, None);
        assert!(next(&throttle) <= SHORTEST);
        assert_eq!(throttle.pause(), LONGEST);
    }
}
