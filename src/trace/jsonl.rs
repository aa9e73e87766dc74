//! A trace as JSON Lines: the header with the trailer in it, then one object per event.
//!
//! The trailer stands in the first line (`trailer`), so that every other line is an event. A
//! filtered trace has no trailer: it is for other programs, and cannot be read back.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::header::FORMAT_VERSION;
use super::{Event, Header, Level, Recorded, Recorder, TraceError, TraceFile, Trailer};

/// What the first line says the file is.
const FORMAT: &str = "weir-trace";

/// The first line.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct FirstLine {
    /// Always `weir-trace`.
    format: String,
    #[serde(flatten)]
    header: Header,
    /// How the run ended; missing if events were left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    trailer: Option<Trailer>,
}

/// Writes the whole of `trace` as JSON Lines.
pub fn write_jsonl(trace: &TraceFile, out: &mut impl Write) -> io::Result<()> {
    write_first(trace.header(), Some(trace.trailer()), out)?;
    trace.iter().try_for_each(|event| write_jsonl_event(&event, trace.header(), out))
}

/// Writes the first line of JSON Lines that do not hold the whole of a trace.
pub fn write_jsonl_header(header: &Header, out: &mut impl Write) -> io::Result<()> {
    write_first(header, None, out)
}

fn write_first(header: &Header, trailer: Option<&Trailer>, out: &mut impl Write) -> io::Result<()> {
    let (header, trailer) = (header.clone(), trailer.cloned());
    write_line(&FirstLine { format: FORMAT.into(), header, trailer }, out)
}

/// Writes the line of one event.
pub fn write_jsonl_event(
    recorded: &Recorded,
    header: &Header,
    out: &mut impl Write,
) -> io::Result<()> {
    write_line(&Event::to_json(recorded, header), out)
}

fn write_line(value: &impl Serialize, out: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    out.write_all(b"\n")
}

/// Reads JSON Lines by recording their events anew, which also checks numbers and digest.
pub(super) fn parse(bytes: &[u8]) -> Result<TraceFile, TraceError> {
    let mut lines = Lines { rest: bytes, line: 0, offset: 0, length: 0 };
    let first = lines.next_line().unwrap_or_default();
    let first = lines.check(read_first(first))?;
    let header = first.header;
    let trailer = lines.check(first.trailer.ok_or_else(|| {
        "the header has no `trailer`: events were left out, so it cannot be read back".into()
    }))?;
    let mut recorder = Recorder::new(header.clone(), header.level);
    let mut kept = 0;
    while let Some(line) = lines.next_line() {
        let recorded = lines.check(read_event(line, &header))?;
        let step =
            recorder.record(recorded.at, recorded.node, recorded.incarnation, &recorded.event);
        let place = (step.0, recorder.sub());
        lines.check(if place == (recorded.step.0, recorded.sub) {
            Ok(())
        } else {
            Err(format!("expected step {}.{}: events are missing or moved", place.0, place.1))
        })?;
        kept += 1;
    }
    if kept < trailer.kept {
        let expected = format!("event {} of {}", kept + 1, trailer.kept);
        return Err(TraceError::Truncated { offset: bytes.len(), expected });
    }
    let finished = recorder.finish(&trailer.end);
    let written = finished.bytes.unwrap_or_default();
    let file = TraceFile::parse(written)?;
    if file.trailer() != &trailer {
        let expected = "events that give the header's digest and counts".into();
        return Err(TraceError::Damaged { offset: 0, expected });
    }
    Ok(file)
}

fn read_first(line: &[u8]) -> Result<FirstLine, String> {
    let object: Map<String, Value> = serde_json::from_slice(line).map_err(|e| e.to_string())?;
    if object.get("format").and_then(Value::as_str) != Some(FORMAT) {
        return Err(format!("the first line must say `\"format\":\"{FORMAT}\"`"));
    }
    let version = object.get("format_version").and_then(Value::as_u64);
    if version != Some(FORMAT_VERSION.into()) {
        let found = version.map_or("none".to_owned(), |version| version.to_string());
        return Err(format!("format version {found}, but this Weir reads {FORMAT_VERSION}"));
    }
    let first: FirstLine =
        serde_json::from_value(Value::Object(object)).map_err(|e| e.to_string())?;
    let nodes = &first.header.nodes;
    match (1..nodes.len()).find(|&place| nodes[..place].contains(&nodes[place])) {
        Some(place) => Err(format!("two nodes are called `{}`", nodes[place])),
        None if first.header.level == Level::Off => Err("a trace of level `off` is empty".into()),
        None => Ok(first),
    }
}

fn read_event(line: &[u8], header: &Header) -> Result<Recorded, String> {
    let object: Map<String, Value> = serde_json::from_slice(line).map_err(|e| e.to_string())?;
    let recorded = Event::from_json(object, header)?;
    let level = recorded.event.level();
    if level > header.level {
        let kind = recorded.event.kind();
        return Err(format!("`{kind}` is of level {level}, the trace of level {}", header.level));
    }
    Ok(recorded)
}

/// Lines, with where they are.
struct Lines<'a> {
    rest: &'a [u8],
    line: usize,
    offset: usize,
    length: usize,
}

impl<'a> Lines<'a> {
    fn next_line(&mut self) -> Option<&'a [u8]> {
        self.offset += self.length;
        if self.rest.is_empty() {
            return None;
        }
        let end = self.rest.iter().position(|&byte| byte == b'\n');
        self.length = end.map_or(self.rest.len(), |end| end + 1);
        let (line, rest) = self.rest.split_at(self.length);
        self.rest = rest;
        self.line += 1;
        Some(line)
    }

    fn check<T>(&self, result: Result<T, String>) -> Result<T, TraceError> {
        let (line, offset) = (self.line, self.offset);
        result.map_err(|message| TraceError::Line { line, offset, message })
    }
}
