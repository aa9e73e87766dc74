//! A diagram as a drawing: lanes as lines from top to bottom, messages as arrows that fall with
//! time, the cut as a line through the lanes.
//!
//! Time is pressed together where nothing happens: between two moments there is never less room
//! than a line of text needs, and never much more.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::{Carries, Class, CutAt, End, Message, Moment, SpaceTime};
use crate::graph::render::escape::printable;

/// Room on the left for times.
const LEFT: u64 = 110;
/// Between two lanes.
const LANE: u64 = 150;
/// Above the first moment.
const TOP: u64 = 76;
/// Between two moments, at least and at most.
const ROW: (u64, u64) = (18, 54);
/// How many nanoseconds are a point.
const NANOS: u64 = 100_000;

const HEAD: &str = r##"<defs><marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path d="M0 0L10 5L0 10z" fill="context-stroke"/></marker></defs>
<style>text{font:12px monospace;fill:#222}.dim{fill:#777}.lane{stroke:#bbb}.cut{stroke:#7a3db8;stroke-width:3;fill:none}.fault{stroke:#c60;stroke-dasharray:2 4}.before{stroke:#556}.after{stroke:#a8a8b0}.crossing{stroke:#087f5b;stroke-width:2;stroke-dasharray:7 3}.wrong{stroke:#c00;stroke-width:3}.marker{stroke:#7a3db8}.unknown{stroke:#999;stroke-dasharray:2 3}</style>
"##;

/// The drawing, as a document of its own. It ends with a line end.
pub fn to_svg(diagram: &SpaceTime) -> String {
    let rows = Rows::new(diagram);
    let width = LEFT + LANE * to_u64(diagram.lanes.len().max(1)) + 20;
    let height = rows.bottom + 30;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\">\n{HEAD}<rect width=\"{width}\" height=\"{height}\" \
         fill=\"#fff\"/>\n"
    );
    let _ = writeln!(out, "<text x=\"10\" y=\"20\">{}</text>", escape(&title(diagram)));
    for (lane, known) in diagram.lanes.iter().enumerate() {
        let (x, bottom) = (x_of(lane), rows.bottom);
        let _ = writeln!(
            out,
            "<text x=\"{x}\" y=\"{}\" text-anchor=\"middle\">{}</text><line class=\"lane\" \
             x1=\"{x}\" y1=\"{}\" x2=\"{x}\" y2=\"{bottom}\"/>",
            TOP - 26,
            escape(&known.name),
            TOP - 18
        );
    }
    for (when, y) in rows.labelled() {
        let _ = writeln!(out, "<text class=\"dim\" x=\"10\" y=\"{}\">{}</text>", y + 4, when.at);
    }
    cut(&mut out, diagram, &rows);
    for message in &diagram.messages {
        arrow(&mut out, message, &rows);
    }
    points(&mut out, diagram, &rows, width);
    out.push_str("</svg>\n");
    out
}

fn title(diagram: &SpaceTime) -> String {
    let Some(cut) = &diagram.cut else { return "space and time".to_owned() };
    let tally = diagram.tally();
    format!(
        "cut of checkpoint {}: {} before, {} in flight, {} after, {} wrong",
        cut.checkpoint, tally.before, tally.crossing, tally.after, tally.inconsistent
    )
}

/// Where moments are.
struct Rows {
    y: BTreeMap<usize, (Moment, u64)>,
    bottom: u64,
}

impl Rows {
    fn new(diagram: &SpaceTime) -> Self {
        let (mut y, mut at) = (BTreeMap::new(), TOP);
        let mut last: Option<Moment> = None;
        for moment in diagram.moments() {
            if let Some(last) = last {
                let nanos = moment.at.as_nanos().saturating_sub(last.at.as_nanos());
                at += (nanos / NANOS).clamp(ROW.0, ROW.1);
            }
            last = Some(moment);
            y.insert(moment.event, (moment, at));
        }
        Self { y, bottom: at + ROW.1 }
    }

    fn y(&self, moment: Moment) -> u64 {
        self.y.get(&moment.event).map_or(self.bottom, |(_, y)| *y)
    }

    /// The first moment of each time.
    fn labelled(&self) -> impl Iterator<Item = (Moment, u64)> {
        let mut last = None;
        self.y
            .values()
            .copied()
            .filter(move |(moment, _)| last.replace(moment.at) != Some(moment.at))
    }
}

fn x_of(lane: usize) -> u64 {
    LEFT + LANE / 2 + LANE * to_u64(lane)
}

fn to_u64(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// The line through the lanes. Where a lane has no snapshot it is interrupted.
fn cut(out: &mut String, diagram: &SpaceTime, rows: &Rows) {
    let mut pieces: Vec<Vec<(u64, u64)>> = vec![Vec::new()];
    for (lane, at) in diagram.cut_of_lanes().into_iter().enumerate() {
        let y = match at {
            CutAt::At(when) => rows.y(when),
            CutAt::Earlier => TOP - 12,
            CutAt::Later => rows.bottom,
            CutAt::Unknown => {
                pieces.push(Vec::new());
                continue;
            }
        };
        let piece = pieces.last_mut().expect("there is always a last piece");
        piece.extend([(x_of(lane) - LANE / 3, y), (x_of(lane) + LANE / 3, y)]);
    }
    for piece in pieces.iter().filter(|piece| !piece.is_empty()) {
        let points: Vec<String> = piece.iter().map(|(x, y)| format!("{x},{y}")).collect();
        let _ = writeln!(out, "<polyline class=\"cut\" points=\"{}\"/>", points.join(" "));
    }
}

fn arrow(out: &mut String, message: &Message, rows: &Rows) {
    let Message { from, to, class, .. } = message;
    let place = |end: &End| end.when.map(|when| (x_of(end.lane), rows.y(when)));
    // An end that is not seen is a little way off.
    let ((x1, y1), (x2, y2)) = match (place(from), place(to)) {
        (Some(from), Some(to)) => (from, to),
        (Some((x, y)), None) => ((x, y), (toward(x, x_of(to.lane)), y + ROW.0)),
        (None, Some((x, y))) => ((toward(x, x_of(from.lane)), y - ROW.0.min(y)), (x, y)),
        (None, None) => return,
    };
    let kind = match class {
        Some(Class::Before) | None => "before",
        Some(Class::After) => "after",
        Some(Class::Crossing) => "crossing",
        Some(Class::Inconsistent) => "wrong",
        Some(Class::Marker) => "marker",
        Some(Class::Unknown) => "unknown",
    };
    let kind = if matches!(message.carries, Carries::Barrier(_)) && class.is_none() {
        "marker"
    } else {
        kind
    };
    let bend = if x1 == x2 { x1 + LANE / 4 } else { u64::midpoint(x1, x2) };
    let middle = u64::midpoint(y1, y2);
    let _ = writeln!(
        out,
        "<path class=\"{kind}\" fill=\"none\" marker-end=\"url(#head)\" \
         d=\"M{x1} {y1}Q{bend} {middle} {x2} {y2}\"/>"
    );
    let mut label = message.carries.words();
    match class {
        Some(Class::Inconsistent) => label += " WRONG",
        Some(Class::Crossing) => label += " in flight",
        Some(Class::Before | Class::After | Class::Marker | Class::Unknown) | None => {}
    }
    let _ = writeln!(
        out,
        "<text x=\"{bend}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
        middle - 3,
        escape(&label)
    );
}

/// A point near `x` in the direction of `other`.
fn toward(x: u64, other: u64) -> u64 {
    if other < x { x - LANE / 3 } else { x + LANE / 3 }
}

fn points(out: &mut String, diagram: &SpaceTime, rows: &Rows, width: u64) {
    for point in &diagram.points {
        let (y, words) = (rows.y(point.when), escape(&point.what.words()));
        let _ = match point.lane {
            Some(lane) => {
                let x = x_of(lane);
                writeln!(
                    out,
                    "<circle cx=\"{x}\" cy=\"{y}\" r=\"3\"/><text x=\"{}\" y=\"{}\">{words}</text>",
                    x + 7,
                    y + 4
                )
            }
            None => writeln!(
                out,
                "<line class=\"fault\" x1=\"{LEFT}\" y1=\"{y}\" x2=\"{width}\" y2=\"{y}\"/>\
                 <text x=\"{LEFT}\" y=\"{}\">{words}</text>",
                y - 3
            ),
        };
    }
}

/// Printable text within XML.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in printable(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // These are in no XML document at all, not even as entities.
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
