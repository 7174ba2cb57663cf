//! A folder of its own for each test, a dataset in it, and the program at work there.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use image::{Rgb, RgbImage};
use serde_json::Value;
use tempfile::{NamedTempFile, TempDir};

/// Width and height of every image.
pub const SIZE: [u32; 2] = [64, 48];

/// Past this a program hangs; the slowest takes a small share of it.
const LIMIT: Duration = Duration::from_mins(5);

pub struct Workshop {
    dir: TempDir,
}

impl Workshop {
    /// A dataset in VOC layout with four training and two validation images: a light
    /// rectangle (class 1) in the dark (class 0), with a void border between them.
    pub fn new() -> Self {
        let shop = Self {
            dir: tempfile::tempdir().expect("a folder"),
        };
        let root = shop.dataset();
        let lists = root.join("ImageSets/Segmentation");
        for folder in [
            root.join("JPEGImages"),
            root.join("SegmentationClass"),
            lists.clone(),
        ] {
            fs::create_dir_all(folder).expect("a folder");
        }
        let names: Vec<String> = (0..6).map(|index| format!("img{index}")).collect();
        for (index, name) in (0..).zip(&names) {
            write_pair(&root, name, 8 + 4 * index);
        }
        // VOC's number of classes, so that public weights fit.
        let classes: Vec<String> = (0..21).map(|label| format!("class {label}")).collect();
        fs::write(root.join("classes.txt"), classes.join("\n")).expect("a list");
        fs::write(lists.join("train.txt"), names[..4].join("\n") + "\n").expect("a list");
        fs::write(lists.join("val.txt"), names[4..].join("\n") + "\n").expect("a list");
        shop
    }

    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub fn dataset(&self) -> PathBuf {
        self.dir().join("shapes")
    }

    pub fn runs(&self) -> PathBuf {
        self.dir().join("runs")
    }

    /// `train` on the dataset with the smallest network and JSON lines.
    pub fn train_args(&self, more: &[&str]) -> Vec<String> {
        let dataset = self.dataset();
        let words = [
            "--json",
            "train",
            "--dataset",
            dataset.to_str().expect("UTF-8"),
            "--variant",
            "fcn16s",
            "--trunk",
            "vgg16-slim",
            "--batch-size",
            "2",
            "--train-size",
            "64x48",
            "--test-size",
            "native",
            "--seed",
            "1",
            "--workers",
            "1",
        ];
        words
            .iter()
            .chain(more)
            .map(|word| (*word).to_owned())
            .collect()
    }

    /// Runs the program to its end.
    pub fn run(&self, args: &[impl AsRef<OsStr>]) -> Output {
        self.start(args).finish()
    }

    /// As [`run`](Self::run), where no other programs are found but those in the folder.
    pub fn run_without_path(&self, args: &[impl AsRef<OsStr>]) -> Output {
        let mut command = self.command(args);
        command.env("PATH", self.dir());
        started(command).finish()
    }

    /// The window, with these names of a Wayland compositor and of an X server, to its end.
    #[cfg(target_os = "linux")]
    pub fn run_on_desktop(&self, wayland: Option<&str>, x11: Option<&str>) -> Output {
        let mut command = self.command(&[] as &[&str]);
        command
            .env_remove("WAYLAND_SOCKET")
            .env_remove("WGPU_BACKEND");
        // Libraries of desktops say where it is missing.
        command.env("XDG_RUNTIME_DIR", self.dir());
        for (name, value) in [("WAYLAND_DISPLAY", wayland), ("DISPLAY", x11)] {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        started(command).finish()
    }

    /// Starts the program. Its output goes to files, which can be read while it runs.
    pub fn start(&self, args: &[impl AsRef<OsStr>]) -> Running {
        started(self.command(args))
    }

    fn command(&self, args: &[impl AsRef<OsStr>]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fcn-workbench"));
        command
            .arg("--data-dir")
            .arg(self.dir().join("data"))
            .arg("--runs-dir")
            .arg(self.runs())
            .args(args)
            .current_dir(self.dir())
            .stdin(Stdio::null());
        command
    }
}

fn started(mut command: Command) -> Running {
    let [stdout, stderr] = [(); 2].map(|()| NamedTempFile::new().expect("a file"));
    let child = command
        .stdout(stdout.reopen().expect("a file"))
        .stderr(stderr.reopen().expect("a file"))
        .spawn()
        .expect("the program starts");
    Running {
        child,
        stdout,
        stderr,
        since: Instant::now(),
    }
}

fn write_pair(root: &Path, name: &str, left: u32) {
    let [width, height] = SIZE;
    // How far inside the rectangle a pixel is; 0 is its border.
    let depth = |x: u32, y: u32| {
        let (x, y) = (i64::from(x) - i64::from(left), i64::from(y) - 12);
        x.min(y).min(24 - x).min(24 - y)
    };
    let image = RgbImage::from_fn(width, height, |x, y| {
        if depth(x, y) >= 0 {
            Rgb([220, 200, 90])
        } else {
            Rgb([30, 60, (x * 2) as u8])
        }
    });
    image
        .save(root.join(format!("JPEGImages/{name}.jpg")))
        .expect("an image");
    let label = |x, y| match depth(x, y) {
        0 => 255,
        depth => u8::from(depth > 0),
    };
    let labels: Vec<u8> = (0..height)
        .flat_map(|y| (0..width).map(move |x| label(x, y)))
        .collect();
    let file = File::create(root.join(format!("SegmentationClass/{name}.png"))).expect("a file");
    let mut encoder = png::Encoder::new(file, width, height);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_palette(
        (0..=255_u8)
            .flat_map(|label| [label; 3])
            .collect::<Vec<u8>>(),
    );
    let mut writer = encoder.write_header().expect("a header");
    writer.write_image_data(&labels).expect("a mask");
}

/// Size and palette indices of a mask.
pub fn read_indices(path: &Path) -> ([u32; 2], Vec<u8>) {
    let file = BufReader::new(File::open(path).expect("the mask"));
    let mut reader = png::Decoder::new(file).read_info().expect("a PNG");
    let mut labels = vec![0; reader.output_buffer_size().expect("a size")];
    let info = reader.next_frame(&mut labels).expect("pixels");
    assert_eq!(
        (info.color_type, info.bit_depth),
        (png::ColorType::Indexed, png::BitDepth::Eight),
        "{}: labels are palette indices",
        path.display()
    );
    labels.truncate(info.buffer_size());
    ([info.width, info.height], labels)
}

/// The program while it runs. What is still running is killed with the test.
pub struct Running {
    child: Child,
    stdout: NamedTempFile,
    stderr: NamedTempFile,
    since: Instant,
}

impl Running {
    /// Waits until one of the JSON lines fits.
    pub fn wait_for(&mut self, fits: impl Fn(&Value) -> bool) {
        loop {
            let ended = self.poll();
            let output = self.output(ended);
            // The last line may be half written.
            let whole = output
                .stdout
                .rfind('\n')
                .map_or("", |end| &output.stdout[..end]);
            if json_lines(whole).iter().any(&fits) {
                return;
            }
            assert!(
                ended.is_none(),
                "ended early:\n{}\n{}",
                output.stdout,
                output.stderr
            );
        }
    }

    /// Ends the program at once, as a crash or a power cut does.
    pub fn kill(mut self) {
        self.child.kill().expect("a running program");
        self.child.wait().expect("an exit status");
    }

    /// Sends a signal: `INT` is Ctrl+C.
    #[cfg(unix)]
    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let status = Command::new("kill").args(["-s", name, &id]).status();
        assert!(status.expect("kill").success());
    }

    /// Waits for the end.
    pub fn finish(mut self) -> Output {
        loop {
            if let Some(status) = self.poll() {
                return self.output(Some(status));
            }
        }
    }

    /// The exit status where it has ended, else waits a moment.
    fn poll(&mut self) -> Option<ExitStatus> {
        let status = self.child.try_wait().expect("a status");
        if status.is_none() {
            let output = self.output(None);
            let text = format!("{}\n{}", output.stdout, output.stderr);
            assert!(
                self.since.elapsed() < LIMIT,
                "the program does not end:\n{text}"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        status
    }

    fn output(&self, status: Option<ExitStatus>) -> Output {
        let read = |file: &NamedTempFile| fs::read_to_string(file.path()).expect("text");
        Output {
            code: status.and_then(|status| status.code()),
            stdout: read(&self.stdout),
            stderr: read(&self.stderr),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Fails where it has ended, which is what is wanted.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// What a program left behind.
pub struct Output {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Output {
    #[track_caller]
    pub fn succeeded(&self) -> &Self {
        assert_eq!(
            self.code,
            Some(0),
            "stdout:\n{}\nstderr:\n{}",
            self.stdout,
            self.stderr
        );
        self
    }

    /// The exit code is `code`, and stderr has all of `words` in it.
    #[track_caller]
    pub fn failed_with(&self, code: i32, words: &[&str]) {
        assert_eq!(
            self.code,
            Some(code),
            "stdout:\n{}\nstderr:\n{}",
            self.stdout,
            self.stderr
        );
        for word in words {
            assert!(
                self.stderr.contains(word),
                "no {word:?} in:\n{}",
                self.stderr
            );
        }
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
    }

    /// Every line of stdout is one JSON object.
    #[track_caller]
    pub fn json(&self) -> Vec<Value> {
        json_lines(&self.stdout)
    }

    /// The first line of this event.
    #[track_caller]
    pub fn event(&self, event: &str) -> Value {
        let mut lines = self.json().into_iter();
        lines
            .find(|line| line["event"] == event)
            .unwrap_or_else(|| panic!("no {event} in:\n{}", self.stdout))
    }
}

#[track_caller]
fn json_lines(text: &str) -> Vec<Value> {
    let parse = |line: &str| match serde_json::from_str(line) {
        Ok(value) => value,
        Err(err) => panic!("{err} in {line}"),
    };
    text.lines().map(parse).collect()
}
