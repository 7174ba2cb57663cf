//! Plots as an SVG file: what the window shows, in lines that can be enlarged and edited.

use std::fmt::Write as _;

use super::{Figure, LineKind, NUM_COLORS, PlotLine, cut_text, dashes, ticks};

/// Colors of runs on white: calm, and far apart for everybody, color-blind people included.
pub const PAPER_COLORS: [[u8; 3]; NUM_COLORS] = [
    [0, 117, 194],
    [201, 123, 37],
    [211, 84, 101],
    [34, 152, 164],
    [70, 49, 116],
    [98, 85, 0],
    [10, 72, 32],
    [64, 69, 84],
];

/// Colors of the drawing, as CSS has them.
#[derive(Debug, Clone)]
pub struct Paint {
    pub background: String,
    pub text: String,
    pub grid: String,
    /// The colors of runs.
    pub runs: Vec<String>,
}

impl Paint {
    /// Papers are white.
    pub fn for_paper() -> Self {
        Self {
            background: "#ffffff".to_owned(),
            text: "#000000".to_owned(),
            grid: "#c4c8cf".to_owned(),
            runs: PAPER_COLORS
                .map(|[r, g, b]| format!("#{r:02x}{g:02x}{b:02x}"))
                .to_vec(),
        }
    }
}

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 400.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 36.0;
const BOTTOM: f64 = 48.0;
const LEGEND_LINE: f64 = 16.0;

/// The plots one below the other, each with a legend below it.
pub fn svg(figures: &[Figure<'_>], paint: &Paint) -> String {
    let height: f64 = figures.iter().map(height_of).sum();
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" \
         viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"{}\"/>\n",
        paint.background
    );
    let mut top = 0.0;
    for figure in figures {
        writeln!(text, "<g transform=\"translate(0 {top})\">").ok();
        plot(&mut text, figure, paint);
        text.push_str("</g>\n");
        top += height_of(figure);
    }
    text.push_str("</svg>\n");
    text
}

fn height_of(figure: &Figure<'_>) -> f64 {
    HEIGHT + LEGEND_LINE * legend(figure).len() as f64
}

fn plot(text: &mut String, figure: &Figure<'_>, paint: &Paint) {
    let legend = legend(figure);
    let frame = Frame { figure };
    frame.axes(text, paint);
    writeln!(text, "<g clip-path=\"url(#{})\">", frame.id()).ok();
    for line in &figure.lines {
        frame.line(text, line, color_of(line.slot, paint));
    }
    text.push_str("</g>\n");
    frame.cuts(text, paint);
    for (row, line) in legend.iter().enumerate() {
        let y = HEIGHT + LEGEND_LINE * row as f64;
        let dash = dash_attribute(line);
        let name = if line.label.is_empty() {
            line.what.clone()
        } else {
            format!("{}: {}", line.label, line.what)
        };
        writeln!(
            text,
            "<line x1=\"{LEFT}\" y1=\"{y}\" x2=\"{}\" y2=\"{y}\" stroke=\"{}\" stroke-width=\"2\"{dash}/>\
             <text x=\"{}\" y=\"{}\" fill=\"{}\">{}</text>",
            LEFT + 28.0,
            color_of(line.slot, paint),
            LEFT + 36.0,
            y + 4.0,
            paint.text,
            escaped(&name)
        )
        .ok();
    }
}

/// The lines that need a name, without the faint ones.
fn legend<'a, 'b>(figure: &'b Figure<'a>) -> Vec<&'b PlotLine<'a>> {
    let named = |line: &&PlotLine<'_>| line.kind != LineKind::Faint && !line.points.is_empty();
    figure.lines.iter().filter(named).collect()
}

fn color_of(slot: usize, paint: &Paint) -> &str {
    &paint.runs[slot % paint.runs.len()]
}

fn dash_attribute(line: &PlotLine<'_>) -> String {
    let lengths: Vec<String> = dashes(line.slot).iter().map(ToString::to_string).collect();
    if lengths.is_empty() {
        return String::new();
    }
    format!(" stroke-dasharray=\"{}\"", lengths.join(" "))
}

/// A text in which XML finds no tags.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

struct Frame<'a, 'b> {
    figure: &'b Figure<'a>,
}

impl Frame<'_, '_> {
    /// Name of the area within the axes, unique in the file.
    fn id(&self) -> String {
        let title = self.figure.kind.title();
        format!("frame-{}", title.to_lowercase().replace(' ', "-"))
    }

    fn x(&self, value: f64) -> f64 {
        let [from, to] = self.figure.ranges[0];
        LEFT + (value - from) / (to - from) * (WIDTH - LEFT - RIGHT)
    }

    fn y(&self, value: f64) -> f64 {
        let [from, to] = self.figure.ranges[1];
        HEIGHT - BOTTOM - (value - from) / (to - from) * (HEIGHT - TOP - BOTTOM)
    }

    fn axes(&self, text: &mut String, paint: &Paint) {
        let (width, height) = (WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM);
        let (middle, bottom) = (LEFT + width / 2.0, HEIGHT - BOTTOM);
        let Paint {
            text: ink, grid, ..
        } = paint;
        writeln!(
            text,
            "<clipPath id=\"{}\"><rect x=\"{LEFT}\" y=\"{TOP}\" width=\"{width}\" height=\"{height}\"/></clipPath>\n\
             <text x=\"{middle}\" y=\"22\" fill=\"{ink}\" text-anchor=\"middle\" font-weight=\"bold\">{}</text>\n\
             <text x=\"{middle}\" y=\"{}\" fill=\"{ink}\" text-anchor=\"middle\">{}</text>",
            self.id(),
            escaped(&self.figure.title()),
            bottom + 36.0,
            escaped(&self.figure.x_label)
        )
        .ok();
        let [x_scale, y_scale] = self.figure.scales;
        for tick in ticks(self.figure.ranges[0], x_scale, 7) {
            let x = self.x(tick.at);
            writeln!(
                text,
                "<line x1=\"{x:.2}\" y1=\"{TOP}\" x2=\"{x:.2}\" y2=\"{bottom}\" stroke=\"{grid}\"/>\
                 <text x=\"{x:.2}\" y=\"{}\" fill=\"{ink}\" text-anchor=\"middle\">{}</text>",
                bottom + 16.0,
                tick.label
            )
            .ok();
        }
        for tick in ticks(self.figure.ranges[1], y_scale, 7) {
            let y = self.y(tick.at);
            writeln!(
                text,
                "<line x1=\"{LEFT}\" y1=\"{y:.2}\" x2=\"{}\" y2=\"{y:.2}\" stroke=\"{grid}\"/>\
                 <text x=\"{}\" y=\"{:.2}\" fill=\"{ink}\" text-anchor=\"end\">{}</text>",
                WIDTH - RIGHT,
                LEFT - 6.0,
                y + 4.0,
                tick.label
            )
            .ok();
        }
    }

    fn line(&self, text: &mut String, line: &PlotLine<'_>, color: &str) {
        if line.points.is_empty() {
            return;
        }
        let (width, opacity) = match line.kind {
            LineKind::Faint => (1.0, 0.28),
            LineKind::Main => (2.0, 1.0),
            LineKind::Second => (1.2, 1.0),
        };
        let place = |[x, y]: &[f64; 2]| format!("{:.2},{:.2}", self.x(*x), self.y(*y));
        let points: Vec<String> = line.points.iter().map(place).collect();
        let dash = if line.kind == LineKind::Main {
            dash_attribute(line)
        } else {
            String::new()
        };
        writeln!(
            text,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"{width}\" opacity=\"{opacity}\"{dash}/>",
            points.join(" ")
        )
        .ok();
        if let [[x, y]] = line.points {
            // A single point is no line.
            let fill = match line.kind {
                LineKind::Second => "none",
                LineKind::Main | LineKind::Faint => color,
            };
            writeln!(
                text,
                "<circle cx=\"{:.2}\" cy=\"{:.2}\" r=\"3.5\" fill=\"{fill}\" stroke=\"{color}\" stroke-width=\"2\" \
                 opacity=\"{opacity}\"/>",
                self.x(*x),
                self.y(*y)
            )
            .ok();
        } else if line.kind == LineKind::Second {
            for [x, y] in line.points {
                writeln!(
                    text,
                    "<circle cx=\"{:.2}\" cy=\"{:.2}\" r=\"2.5\" fill=\"none\" stroke=\"{color}\"/>",
                    self.x(*x),
                    self.y(*y)
                )
                .ok();
            }
        }
    }

    fn cuts(&self, text: &mut String, paint: &Paint) {
        let cuts = self.figure.cut();
        for cut in &cuts {
            let x = self.x(cut.x);
            let (base, tip) = if cut.above {
                (TOP + 7.0, TOP + 1.0)
            } else {
                (HEIGHT - BOTTOM - 7.0, HEIGHT - BOTTOM - 1.0)
            };
            let color = color_of(self.figure.lines[cut.line].slot, paint);
            writeln!(
                text,
                "<polygon points=\"{:.2},{base} {:.2},{base} {x:.2},{tip}\" fill=\"{color}\"/>",
                x - 4.0,
                x + 4.0
            )
            .ok();
        }
        if let Some(words) = cut_text(&cuts) {
            writeln!(
                text,
                "<text x=\"{}\" y=\"{}\" fill=\"{}\" text-anchor=\"end\" font-size=\"10\">{words}</text>",
                WIDTH - RIGHT,
                TOP - 4.0,
                paint.text
            )
            .ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ClassList;
    use crate::engine::plots::tests::{model, run, settings};
    use crate::engine::plots::{PlotKind, PlotView};

    #[test]
    fn lines_are_where_the_axes_say() {
        let (classes, mut model, mut view) = (ClassList::numbered(2), model(), PlotView::default());
        model.val_loss = vec![[0.0, 0.0], [10.0, 2.0]];
        view.show(PlotKind::Loss, [0.0, 0.0], [10.0, 2.0]);
        let runs = [run("a<b", 9, &classes, &model)];
        let paint = Paint {
            background: "#fff".to_owned(),
            text: "#000".to_owned(),
            grid: "#ccc".to_owned(),
            runs: (0..8).map(|slot| format!("#00000{slot}")).collect(),
        };
        let settings = settings(&view);
        let loss = Figure::new(PlotKind::Loss, &runs, &settings);
        let text = svg(std::slice::from_ref(&loss), &paint);
        // From the lower left corner of the frame to the upper right one.
        assert!(
            text.contains("points=\"64.00,352.00 624.00,36.00\""),
            "{text}"
        );
        assert!(text.contains("stroke=\"#000001\"") && text.contains("stroke-dasharray=\"9 6\""));
        assert!(text.contains(">a&lt;b: validation</text>") && text.contains(">Step</text>"));
        // Scores are written as everywhere else.
        let scores = Figure::new(PlotKind::Scores, &runs, &settings);
        let written = svg(&[scores], &paint);
        assert!(
            written.contains(">100 %</text>") && !written.contains(">1.0</text>"),
            "{written}"
        );
        // A single point is seen, too.
        let first = [[10.0, 2.0]];
        let mut single = loss.clone();
        single.lines.retain(|line| line.kind == LineKind::Second);
        single.lines[0].points = &first;
        let circle = "<circle cx=\"624.00\" cy=\"36.00\" r=\"3.5\" fill=\"none\" stroke=\"#000001\" stroke-width=\"2\"";
        let text = svg(&[single], &paint);
        assert!(text.contains(circle), "{text}");
        // The second one is below the first, its legend of two lines included.
        let rate = Figure::new(PlotKind::LearningRate, &runs, &settings);
        let both = svg(&[loss, rate], &paint);
        assert!(both.contains("translate(0 432)"), "{both}");
        assert!(both.contains("id=\"frame-loss\"") && both.contains("id=\"frame-learning-rate\""));
        for tag in ["svg", "g"] {
            let opened = both.matches(&format!("<{tag} ")).count();
            assert_eq!(opened, both.matches(&format!("</{tag}>")).count(), "{tag}");
        }
    }
}
