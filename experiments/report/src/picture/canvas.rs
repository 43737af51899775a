//! Lines, dots and text with a size.

use std::fmt::Write;

use assay_structure::visible::visible;

/// The size of ordinary text.
pub(crate) const TEXT: f64 = 12.5;
/// The size of the protocol line below a picture.
const CAPTION: f64 = 8.0;
const MARGIN: f64 = 10.0;

pub(crate) const INK: &str = "#1b1f24";
pub(crate) const SOFT: &str = "#5b6470";
const GRID: &str = "#e3e6ea";

/// How text stands to its point.
#[derive(Clone, Copy)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// A drawing under construction; lengths are pixels at its natural size.
pub(crate) struct Canvas {
    width: f64,
    height: f64,
    body: String,
}

/// A finished drawing.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Drawing {
    /// Its natural width in pixels.
    pub(crate) width: f64,
    height: f64,
    /// What it shows, for those who do not see it.
    title: String,
    body: String,
}

impl Canvas {
    pub(crate) fn new(width: f64, height: f64) -> Self {
        Self { width, height, body: String::new() }
    }

    pub(crate) fn finish(self, title: impl Into<String>) -> Drawing {
        Drawing { width: self.width, height: self.height, title: title.into(), body: self.body }
    }

    pub(crate) fn text(&mut self, (x, y): (f64, f64), anchor: Anchor, text: &str) {
        self.styled_text((x, y), anchor, ("ink", INK), TEXT, text);
    }

    pub(crate) fn soft_text(&mut self, (x, y): (f64, f64), anchor: Anchor, text: &str) {
        self.styled_text((x, y), anchor, ("soft", SOFT), TEXT - 1.0, text);
    }

    pub(crate) fn styled_text(&mut self, (x, y): (f64, f64), anchor: Anchor, (class, fill): (&str, &str), size: f64, text: &str) {
        let anchor = anchor.attribute();
        let (x, y, text) = (short(x), short(y), escaped(text));
        self.push(&format!(r#"<text class="{class}" x="{x}" y="{y}" font-size="{size}" fill="{fill}"{anchor}>{text}</text>"#));
    }

    /// The title of a horizontal axis about this point, as large as fits.
    pub(crate) fn title_below(&mut self, (x, y): (f64, f64), title: &str) {
        let (size, lines) = fitted(title, 2.0 * (x.min(self.width - x) - MARGIN));
        for (line, shift) in stacked(&lines) {
            self.styled_text((x, y + shift), Anchor::Middle, ("ink", INK), size, line);
        }
    }

    /// The title of a vertical axis about this point, as large as fits.
    pub(crate) fn title_left(&mut self, (x, y): (f64, f64), title: &str) {
        let (size, lines) = fitted(title, 2.0 * (y.min(self.height - y) - MARGIN));
        for (line, shift) in stacked(&lines) {
            self.upright((x + shift, y), Anchor::Middle, size, line);
        }
    }

    /// Text that reads from bottom to top.
    pub(crate) fn upright_text(&mut self, at: (f64, f64), anchor: Anchor, text: &str) {
        self.upright(at, anchor, TEXT, text);
    }

    fn upright(&mut self, (x, y): (f64, f64), anchor: Anchor, size: f64, text: &str) {
        let (anchor, x, y, text) = (anchor.attribute(), short(x), short(y), escaped(text));
        let turn = format!("rotate(-90 {x} {y})");
        self.push(&format!(
            r#"<text class="ink" x="{x}" y="{y}" font-size="{size}" fill="{INK}"{anchor} transform="{turn}">{text}</text>"#
        ));
    }

    /// A line of an axis or a mark in the colour of text.
    pub(crate) fn line(&mut self, from: (f64, f64), to: (f64, f64)) {
        self.stroke(from, to, ("axis", INK), "");
    }

    pub(crate) fn grid_line(&mut self, from: (f64, f64), to: (f64, f64)) {
        self.stroke(from, to, ("grid", GRID), "");
    }

    pub(crate) fn dashed_line(&mut self, from: (f64, f64), to: (f64, f64), (class, colour): (&str, &str)) {
        self.stroke(from, to, (class, colour), r#" stroke-dasharray="5 3" stroke-width="1.5""#);
    }

    /// A line; `more` are further attributes.
    pub(crate) fn stroke(&mut self, from: (f64, f64), to: (f64, f64), (class, colour): (&str, &str), more: &str) {
        let [x1, y1, x2, y2] = [from.0, from.1, to.0, to.1].map(short);
        self.push(&format!(r#"<line class="{class}" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="{colour}"{more}/>"#));
    }

    pub(crate) fn dot(&mut self, (x, y): (f64, f64), radius: f64, (class, colour): (&str, &str)) {
        let [x, y] = [x, y].map(short);
        self.push(&format!(r#"<circle class="{class}" cx="{x}" cy="{y}" r="{radius}" fill="{colour}"/>"#));
    }

    /// An element that needs nothing of the canvas.
    pub(crate) fn push(&mut self, element: &str) {
        self.body += element;
        self.body.push('\n');
    }
}

impl Anchor {
    fn attribute(self) -> &'static str {
        match self {
            Self::Start => "",
            Self::Middle => r#" text-anchor="middle""#,
            Self::End => r#" text-anchor="end""#,
        }
    }
}

impl Drawing {
    /// For a page: shrinks to the width it is given, and takes its colours from the style sheet.
    pub(crate) fn inline(&self) -> String {
        let (width, height, title) = (short(self.width), short(self.height), escaped(&self.title));
        format!(
            "<svg viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\" aria-label=\"{title}\">\n{}</svg>",
            self.body
        )
    }

    /// For a file: on white, with these lines below it.
    pub(crate) fn standalone(&self, notes: &[String]) -> String {
        let room = self.width - 2.0 * MARGIN;
        let lines: Vec<String> = notes.iter().flat_map(|note| wrapped(note, room, CAPTION)).collect();
        let mut below = String::new();
        let mut y = self.height + CAPTION;
        for line in &lines {
            y += CAPTION * 1.35;
            let _ = writeln!(below, r#"<text x="{MARGIN}" y="{}" font-size="{CAPTION}" fill="{SOFT}">{}</text>"#, short(y), escaped(line));
        }
        let (width, height) = (short(self.width), short(y + MARGIN));
        let body = &self.body;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
             font-family=\"DejaVu Sans\">\n<rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n{body}{below}</svg>\n"
        )
    }
}

/// About how wide text is; a little more than it takes in most fonts.
pub(crate) fn width_of(text: &str, size: f64) -> f64 {
    text.chars().count() as f64 * size * 0.6
}

/// A line in the size in which it fits into so much room; in two lines where it would be too small.
fn fitted(text: &str, room: f64) -> (f64, Vec<String>) {
    const SMALLEST_OF_ONE: f64 = 9.0;
    const LARGEST_OF_TWO: f64 = 8.5;
    const SMALLEST: f64 = 6.0;
    let size_of = |line: &str| (TEXT * (room / width_of(line, TEXT)).min(1.0) * 10.0).floor() / 10.0;
    if size_of(text) >= SMALLEST_OF_ONE {
        return (size_of(text), vec![text.to_owned()]);
    }
    let longer = |(first, second): &(&str, &str)| first.chars().count().max(second.chars().count());
    let halves = text.match_indices(' ').map(|(at, _)| (&text[..at], &text[at + 1..])).min_by_key(longer).unwrap_or((text, ""));
    let size = size_of(halves.0).min(size_of(halves.1)).clamp(SMALLEST, LARGEST_OF_TWO);
    // What does not fit in the smallest size that can be read is cut.
    let most = (room / width_of("x", size)).floor().max(1.0) as usize;
    let cut = |line: &str| match line.chars().count() > most {
        true => line.chars().take(most - 1).chain(['…']).collect(),
        false => line.to_owned(),
    };
    (size, [halves.0, halves.1].iter().filter(|line| !line.is_empty()).map(|line| cut(line)).collect())
}

/// Lines with how far they are from where one line would be.
fn stacked(lines: &[String]) -> impl Iterator<Item = (&String, f64)> {
    let shifts: &[f64] = if lines.len() > 1 { &[-5.0, 4.0] } else { &[0.0] };
    lines.iter().zip(shifts.iter().copied())
}

fn wrapped(text: &str, room: f64, size: f64) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let last =
            lines.last_mut().filter(|line| line.is_empty() || width_of(line, size) + width_of(word, size) + width_of(" ", size) <= room);
        match last {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) => *line += &format!(" {word}"),
            None => lines.push(word.to_owned()),
        }
    }
    lines
}

/// A coordinate to a hundredth of a pixel.
pub(crate) fn short(value: f64) -> String {
    let rounded = (value * 100.0).round() / 100.0 + 0.0;
    rounded.to_string()
}

/// A text of others, as XML and HTML have it.
pub(crate) fn escaped(text: &str) -> String {
    visible(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_protocol_is_broken_into_lines_that_fit_and_keeps_every_word() {
        let text = "space nas-bench-201 (all 15,625 architectures); ".repeat(7);
        let lines = wrapped(text.trim(), 300.0, 7.5);
        assert!(lines.len() > 3 && lines.iter().all(|line| width_of(line, 7.5) <= 300.0), "{lines:?}");
        assert_eq!(lines.join(" "), text.trim());
        assert_eq!(wrapped("", 10.0, 7.5), [""]);
    }

    #[test]
    fn a_title_of_an_axis_fits_and_is_smaller_or_in_two_lines_only_where_it_has_to_be() {
        let title = "latency on an edge GPU (Jetson TX2), CIFAR-10 (hw_edgegpu_latency_cifar10), ms (lower is better)";
        for count in 1..title.len() {
            let title = title[..count].trim();
            let (size, lines) = fitted(title, 300.0);
            assert!(lines.iter().all(|line| width_of(line, size) <= 300.0) && (6.0..=TEXT).contains(&size), "{title}: {size}");
            assert_eq!(size.to_bits() == TEXT.to_bits(), width_of(title, TEXT) <= 300.0, "{title}: {size}");
            assert_eq!(lines.join(" "), title);
        }
        assert_eq!(fitted(title, 300.0).1.len(), 2);
        assert_eq!(fitted(&"x".repeat(200), 300.0), (6.0, vec![format!("{}…", "x".repeat(82))]), "what cannot be broken is cut");
    }

    #[test]
    fn text_of_a_proxy_cannot_break_the_drawing() {
        let mut canvas = Canvas::new(100.0, 100.0);
        canvas.text((0.0, 0.0), Anchor::Start, "a<b & \"c\">\u{1b}\u{202e}");
        let svg = canvas.finish("x").standalone(&["</svg>".into()]);
        let document = resvg::usvg::roxmltree::Document::parse(&svg).unwrap();
        let texts: Vec<&str> = document.descendants().filter(|node| node.has_tag_name("text")).filter_map(|node| node.text()).collect();
        assert_eq!(texts, [r#"a<b & "c">\u{1b}\u{202e}"#, "</svg>"]);
    }
}
