//! Times of the program's own work in a frame: drawing panels and handling events.
//!
//! The time of the GPU and the display is not counted.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{Read as _, Seek as _, Write as _};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use eframe::egui::{self, Align2, Area, Frame, Id, Order, RichText, vec2};

use super::upload_counter::UploadCounter;

/// Frames in the statistics of the overlay.
const RECENT: usize = 600;
/// Frames in the statistics of the log.
const LOGGED: usize = 1 << 20;
/// Longer frames are logged one by one at debug level.
const LONG_MS: f32 = 4.0;
/// Environment variable with the file that gets one line of JSON when the window closes.
const LOG_VARIABLE: &str = "FCN_WORKBENCH_FRAME_LOG";
/// Nanoseconds that this thread ran, and that it waited for a core. Linux only.
const SCHEDULE: &str = "/proc/thread-self/schedstat";

/// Times over some frames, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FrameStats {
    /// Number of frames.
    pub count: usize,
    /// Mean.
    pub mean: f64,
    /// Half of the frames took no longer.
    pub p50: f64,
    /// 95 of 100 frames took no longer.
    pub p95: f64,
    /// 99 of 100 frames took no longer.
    pub p99: f64,
    /// The longest.
    pub max: f64,
}

impl FrameStats {
    /// Statistics of times in milliseconds; `None` without any.
    pub fn new(times_ms: impl IntoIterator<Item = f32>) -> Option<Self> {
        let mut sorted: Vec<f32> = times_ms.into_iter().collect();
        sorted.sort_by(f32::total_cmp);
        let at = |share: f64| {
            let rank = (share * sorted.len() as f64).ceil() as usize;
            sorted.get(rank.saturating_sub(1)).copied().map(f64::from)
        };
        Some(Self {
            count: sorted.len(),
            mean: sorted.iter().copied().map(f64::from).sum::<f64>() / sorted.len().max(1) as f64,
            p50: at(0.50)?,
            p95: at(0.95)?,
            p99: at(0.99)?,
            max: at(1.0)?,
        })
    }

    /// One line of JSON.
    pub fn to_json(self) -> String {
        let Self {
            count,
            mean,
            p50,
            p95,
            p99,
            max,
        } = self;
        format!(
            "{{\"count\":{count},\"mean\":{mean:.4},\"p50\":{p50:.4},\"p95\":{p95:.4},\"p99\":{p99:.4},\"max\":{max:.4}}}"
        )
    }
}

/// When a part of a frame began.
#[must_use = "give it back at the end of the part"]
pub struct Part {
    start: Instant,
    queued: Duration,
}

/// How long parts of a frame took.
#[derive(Debug, Clone, Copy, Default)]
struct Spent {
    wall: Duration,
    /// Of it, time waiting for a core.
    queued: Duration,
}

impl Spent {
    fn plus(self, other: Self) -> Self {
        Self {
            wall: self.wall + other.wall,
            queued: self.queued + other.queued,
        }
    }
}

/// Measures frames and shows their times.
pub struct FrameTimes {
    logic: Spent,
    recent: VecDeque<(f64, f32)>,
    log: Option<Log>,
}

/// The frames since the window was opened.
struct Log {
    path: PathBuf,
    /// In milliseconds.
    frames: Vec<f32>,
    /// The same without waiting for a core.
    running: Vec<f32>,
    schedule: Option<File>,
}

impl Default for FrameTimes {
    fn default() -> Self {
        Self {
            logic: Spent::default(),
            recent: VecDeque::with_capacity(RECENT),
            log: std::env::var_os(LOG_VARIABLE).map(|path| Log::new(PathBuf::from(path))),
        }
    }
}

impl Log {
    /// Call on the thread that draws the frames.
    fn new(path: PathBuf) -> Self {
        let (frames, running) = (Vec::new(), Vec::new());
        Self {
            path,
            frames,
            running,
            schedule: File::open(SCHEDULE).ok(),
        }
    }

    /// Time that the thread waited for a core since it began; 0 if that is unknown.
    fn queued(&mut self) -> Duration {
        let mut text = String::new();
        let read = self.schedule.as_mut().map(|file| {
            file.rewind()?;
            file.read_to_string(&mut text)
        });
        let nanoseconds = read.and_then(|_| text.split_whitespace().nth(1)?.parse().ok());
        Duration::from_nanos(nanoseconds.unwrap_or_default())
    }

    fn add(&mut self, frame: Spent) {
        if self.frames.len() < LOGGED {
            self.frames.push(milliseconds(frame.wall));
            self.running
                .push(milliseconds(frame.wall.saturating_sub(frame.queued)));
        }
    }

    fn line(&self) -> Option<String> {
        let frames = FrameStats::new(self.frames.iter().copied())?.to_json();
        let running =
            FrameStats::new(self.running.iter().copied()).filter(|_| self.schedule.is_some());
        Some(match (frames.strip_suffix('}'), running) {
            (Some(open), Some(running)) => format!("{open},\"running\":{}}}", running.to_json()),
            _ => frames,
        })
    }
}

fn milliseconds(time: Duration) -> f32 {
    (time.as_secs_f64() * 1e3) as f32
}

impl FrameTimes {
    /// Begins a part of a frame.
    pub fn begin(&mut self) -> Part {
        let queued = self.queued();
        Part {
            start: Instant::now(),
            queued,
        }
    }

    fn queued(&mut self) -> Duration {
        self.log.as_mut().map_or(Duration::ZERO, Log::queued)
    }

    fn end(&mut self, part: &Part) -> Spent {
        let wall = part.start.elapsed();
        Spent {
            wall,
            queued: self.queued().saturating_sub(part.queued),
        }
    }

    /// Counts a pass of `logic`.
    pub fn end_logic(&mut self, part: &Part) {
        let spent = self.end(part);
        self.logic = self.logic.plus(spent);
    }

    /// Counts a pass of `ui`, which ends the frame.
    pub fn end_ui(&mut self, now: f64, part: &Part) {
        let spent = self.end(part);
        self.add(now, spent);
    }

    fn add(&mut self, now: f64, ui: Spent) {
        let logic = std::mem::take(&mut self.logic);
        let frame = logic.plus(ui);
        let ms = milliseconds(frame.wall);
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back((now, ms));
        if ms > LONG_MS {
            log::debug!(
                "A frame took {ms:.1} ms, {now:.2} s after the start: {:.1} ms for events, {:.1} ms without a processor",
                milliseconds(logic.wall),
                milliseconds(frame.queued),
            );
        }
        if let Some(log) = &mut self.log {
            log.add(frame);
        }
    }

    /// Statistics of the last frames.
    pub fn stats(&self) -> Option<FrameStats> {
        FrameStats::new(self.recent.iter().map(|(_, ms)| *ms))
    }

    /// Appends the statistics of all frames to the log file, if there is one.
    pub fn write_log(&self) {
        let Some((log, line)) = self.log.as_ref().and_then(|log| Some((log, log.line()?))) else {
            return;
        };
        let written = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&log.path)
            .and_then(|mut file| writeln!(file, "{line}"));
        if let Err(err) = written {
            log::error!(
                "The frame log was not written: {err}\nFile path: {}",
                log.path.display()
            );
        }
    }

    /// Shows the statistics in the top right corner; `pause` is the time between frames for
    /// worker events.
    pub fn overlay_ui(&self, ctx: &egui::Context, pause: Duration) {
        let Some(stats) = self.stats() else { return };
        let last = self.recent.back().map_or(0.0, |(_, ms)| f64::from(*ms));
        let now = self.recent.back().map_or(0.0, |(time, _)| *time);
        let per_second = self
            .recent
            .iter()
            .rev()
            .take_while(|(time, _)| now - time < 1.0)
            .count();
        let mut text = String::new();
        for (label, value) in [
            ("last", last),
            ("mean", stats.mean),
            ("p95", stats.p95),
            ("p99", stats.p99),
            ("max", stats.max),
        ] {
            writeln!(text, "{label:<5}{value:>8.2} ms").ok();
        }
        writeln!(
            text,
            "{per_second:>4} frames in the last second\n{:>4} frames counted",
            stats.count
        )
        .ok();
        writeln!(text, "{:>4} ms between events' frames", pause.as_millis()).ok();
        let uploads = UploadCounter::of(ctx);
        write!(
            text,
            "{:>4} uploads, {:.1} Mpx",
            uploads.count,
            uploads.pixels as f64 / 1e6
        )
        .ok();
        Area::new(Id::unique("debug overlay"))
            .anchor(Align2::RIGHT_TOP, vec2(-12.0, 40.0))
            .order(Order::Foreground)
            .interactable(false)
            .accessible_name("Frame times")
            .show(ctx, |ui| {
                Frame::popup(ui.style()).show(ui, |ui| {
                    ui.label(RichText::new(text).monospace().size(11.0))
                });
            });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_sorted_times() {
        let stats = FrameStats::new((1..=100).rev().map(|ms| ms as f32)).unwrap();
        assert_eq!(
            (stats.p50, stats.p95, stats.p99, stats.max),
            (50.0, 95.0, 99.0, 100.0)
        );
        assert_eq!((stats.count, stats.mean), (100, 50.5));
        assert_eq!(FrameStats::new([]), None);
    }

    #[test]
    fn the_log_line_is_json() {
        let line = FrameStats::new([1.0, 2.0]).unwrap().to_json();
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(value["count"], 2);
        assert_eq!(value["max"], 2.0);
    }

    #[test]
    fn a_frame_is_its_logic_and_its_drawing() {
        let spent = |ms| Spent {
            wall: Duration::from_millis(ms),
            queued: Duration::from_millis(ms / 2),
        };
        let mut times = FrameTimes {
            log: Some(Log::new(PathBuf::new())),
            ..FrameTimes::default()
        };
        times.logic = spent(2);
        times.add(0.0, spent(4));
        times.add(0.1, spent(1));
        assert_eq!(times.stats().map(|stats| stats.max), Some(6.0));
        let log = times.log.unwrap();
        assert_eq!((log.frames, log.running), (vec![6.0, 1.0], vec![3.0, 1.0]));
    }

    #[test]
    fn the_log_tells_what_it_was_without_waiting() {
        let mut log = Log::new(PathBuf::new());
        assert_eq!(log.line(), None);
        assert!(log.queued() <= log.queued());
        log.add(Spent {
            wall: Duration::from_millis(5),
            queued: Duration::from_millis(3),
        });
        let value: serde_json::Value = serde_json::from_str(&log.line().unwrap()).unwrap();
        assert_eq!(value["max"], 5.0);
        let is_told = log.schedule.is_some();
        assert_eq!(
            value["running"]["max"],
            if is_told {
                2.0.into()
            } else {
                serde_json::Value::Null
            }
        );
    }
}
