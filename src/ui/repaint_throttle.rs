//! How often the window is painted for what threads send.
//!
//! Every painted frame takes time from training, most where the processor itself paints.
//! The pause between two such frames follows from what a frame costs; for what a person
//! does egui paints at once, and for a moment afterwards nothing waits.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use eframe::egui::{self, ViewportId};

use crate::engine::Waker;

/// Share of all processors' time that frames for the threads' sake may take, as long as
/// [`LONGEST`] allows it. A step waits for the slowest of its threads, so on two processors it
/// loses twice this share.
const SHARE: f64 = 0.01;
/// As often as screens show anything.
const SHORTEST: Duration = Duration::from_micros(16_667);
/// What is older than this feels stale.
const LONGEST: Duration = Duration::from_secs(1);
/// A person who did something looks for the answer so long.
const ATTENTION: Duration = Duration::from_secs(1);
/// A driver on the processor goes on painting when the frame was handed over: with Mesa's,
/// all threads together took three times what was measured, at 1440x900.
const AFTER: f64 = 3.0;
/// Weight of the frames before the last one in the cost of a frame.
const MEMORY: f64 = 0.8;

/// What paints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Painter {
    /// A graphics card: beside it one thread of the program is busy.
    Graphics,
    /// A driver that computes pixels on all processors.
    Processor,
}

/// Shared by the window, which tells what its frames cost, and the threads that wake it.
pub struct RepaintThrottle {
    shared: Arc<Mutex<Shared>>,
    painter: Painter,
    processors: usize,
    /// Wall time of a frame in seconds, the painter's included.
    cost_secs: Option<f64>,
    attention: Instant,
}

/// What the threads need to know.
struct Shared {
    /// Whether a frame was asked for that has not begun.
    asked: bool,
    /// No frame for a thread's sake begins sooner.
    next: Instant,
}

impl RepaintThrottle {
    /// Paints as often as can be until costs are known.
    pub fn new(painter: Painter) -> Self {
        let now = Instant::now();
        Self {
            shared: Arc::new(Mutex::new(Shared {
                asked: false,
                next: now,
            })),
            painter,
            processors: thread::available_parallelism().map_or(1, usize::from),
            cost_secs: None,
            attention: now + ATTENTION,
        }
    }

    /// Wakes the window of `ctx`; many calls make one frame.
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

    /// To be called before events are taken in: those that come later ask anew.
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

    /// To be called in every frame that is painted. `is_input` = a person did something;
    /// `last_secs` = wall time of the frame before, waiting for the screen left out.
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

    /// Time from one frame to the next for the threads' sake.
    pub fn pause(&self) -> Duration {
        pause(
            self.cost_secs.unwrap_or_default(),
            self.painter,
            self.processors,
        )
    }
}

impl Shared {
    /// Time until the frame that a thread asks for; `None` = one was asked for already.
    fn ask(&mut self, now: Instant) -> Option<Duration> {
        let first = !std::mem::replace(&mut self.asked, true);
        // Not 0, which would paint two frames.
        first.then(|| {
            self.next
                .saturating_duration_since(now)
                .max(Duration::from_millis(1))
        })
    }
}

/// The pause after which frames of `cost_secs` wall time take [`SHARE`] of the machine.
fn pause(cost_secs: f64, painter: Painter, processors: usize) -> Duration {
    let busy = match painter {
        Painter::Graphics => 1.0,
        Painter::Processor => AFTER * processors as f64,
    };
    let secs = cost_secs * busy / (SHARE * processors.max(1) as f64);
    Duration::try_from_secs_f64(secs)
        .unwrap_or(LONGEST)
        .clamp(SHORTEST, LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dear_frames_are_rare_and_cheap_ones_smooth() {
        let ms = |cost, painter, processors| pause(cost, painter, processors).as_secs_f64() * 1e3;
        let near = |found: f64, expected: f64| assert!((found - expected).abs() < 0.01, "{found}");
        near(ms(0.002, Painter::Graphics, 2), 100.0);
        near(ms(0.002, Painter::Graphics, 16), 16.667);
        near(ms(0.002, Painter::Processor, 2), 600.0);
        near(ms(0.002, Painter::Processor, 16), 600.0);
        near(ms(0.040, Painter::Processor, 2), 1000.0);
        near(ms(f64::INFINITY, Painter::Graphics, 2), 1000.0);
        near(ms(0.0, Painter::Processor, 0), 16.667);
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
        let mut throttle = RepaintThrottle::new(Painter::Processor);
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
