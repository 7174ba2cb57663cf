//! Times of our own work in a frame: drawing panels and taking in events.
//!
//! Time that the graphics card or the display takes is not counted.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use eframe::egui::{self, Align2, Area, Frame, Id, Order, RichText, vec2};

use super::uploads::Uploads;

/// Frames that the overlay looks back on.
const RECENT: usize = 600;
/// Frames that are kept for the log.
const LOGGED: usize = 1 << 20;
/// Longer frames are told one by one to who listens for details.
const LONG_MS: f32 = 4.0;
/// Names the file that takes one line of JSON when the window closes.
const LOG_VARIABLE: &str = "FCN_WORKBENCH_FRAME_LOG";

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
        let Self { count, mean, p50, p95, p99, max } = self;
        format!(
            "{{\"count\":{count},\"mean\":{mean:.4},\"p50\":{p50:.4},\"p95\":{p95:.4},\"p99\":{p99:.4},\"max\":{max:.4}}}"
        )
    }
}

/// Takes the time of frames and shows it.
pub struct FrameTimes {
    logic: Duration,
    recent: VecDeque<(f64, f32)>,
    log: Option<(PathBuf, Vec<f32>)>,
}

impl Default for FrameTimes {
    fn default() -> Self {
        Self {
            logic: Duration::ZERO,
            recent: VecDeque::with_capacity(RECENT),
            log: std::env::var_os(LOG_VARIABLE).map(|path| (PathBuf::from(path), Vec::new())),
        }
    }
}

impl FrameTimes {
    /// Counts a pass of `logic`.
    pub fn add_logic(&mut self, time: Duration) {
        self.logic += time;
    }

    /// Counts a pass of `ui`, which ends the frame.
    pub fn add_ui(&mut self, now: f64, time: Duration) {
        let ms = ((std::mem::take(&mut self.logic) + time).as_secs_f64() * 1e3) as f32;
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back((now, ms));
        if ms > LONG_MS {
            log::debug!("A frame took {ms:.1} ms, {now:.2} s after the start");
        }
        if let Some((_, log)) = &mut self.log
            && log.len() < LOGGED
        {
            log.push(ms);
        }
    }

    /// Statistics of the last frames.
    pub fn stats(&self) -> Option<FrameStats> {
        FrameStats::new(self.recent.iter().map(|(_, ms)| *ms))
    }

    /// Appends the statistics of all frames to the log file, where one is wanted.
    pub fn write_log(&self) {
        let Some((path, times)) = &self.log else {
            return;
        };
        let Some(stats) = FrameStats::new(times.iter().copied()) else {
            return;
        };
        let written = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .and_then(|mut file| writeln!(file, "{}", stats.to_json()));
        if let Err(err) = written {
            log::error!("The frame log was not written: {err}\nFile path: {}", path.display());
        }
    }

    /// Shows the statistics in the top right corner; `pause` is the time between frames
    /// that are painted for what threads send.
    pub fn overlay_ui(&self, ctx: &egui::Context, pause: Duration) {
        let Some(stats) = self.stats() else { return };
        let last = self.recent.back().map_or(0.0, |(_, ms)| f64::from(*ms));
        let now = self.recent.back().map_or(0.0, |(time, _)| *time);
        let per_second = self.recent.iter().rev().take_while(|(time, _)| now - time < 1.0).count();
        let mut text = String::new();
        for (label, value) in
            [("last", last), ("mean", stats.mean), ("p95", stats.p95), ("p99", stats.p99), ("max", stats.max)]
        {
            writeln!(text, "{label:<5}{value:>8.2} ms").ok();
        }
        writeln!(text, "{per_second:>4} frames in the last second\n{:>4} frames counted", stats.count).ok();
        writeln!(text, "{:>4} ms between events' frames", pause.as_millis()).ok();
        let uploads = Uploads::of(ctx);
        write!(text, "{:>4} uploads, {:.1} Mpx", uploads.count, uploads.pixels as f64 / 1e6).ok();
        Area::new(Id::unique("debug overlay"))
            .anchor(Align2::RIGHT_TOP, vec2(-12.0, 40.0))
            .order(Order::Foreground)
            .interactable(false)
            .accessible_name("Frame times")
            .show(ctx, |ui| {
                Frame::popup(ui.style()).show(ui, |ui| ui.label(RichText::new(text).monospace().size(11.0)));
            });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_sorted_times() {
        let stats = FrameStats::new((1..=100).rev().map(|ms| ms as f32)).unwrap();
        assert_eq!((stats.p50, stats.p95, stats.p99, stats.max), (50.0, 95.0, 99.0, 100.0));
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
        let mut times = FrameTimes { log: None, ..FrameTimes::default() };
        times.add_logic(Duration::from_millis(2));
        times.add_ui(0.0, Duration::from_millis(3));
        times.add_ui(0.1, Duration::from_millis(1));
        assert_eq!(times.stats().map(|stats| stats.max), Some(5.0));
    }
}
