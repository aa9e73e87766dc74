//! Writes trace events one by one, and keeps track of tracks and open spans.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::{Value, json};

use crate::base::{NodeId, SimTime};
use crate::trace::{Header, Recorded};

/// A line of the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Track {
    pub process: NodeId,
    /// 0 is the process itself.
    pub thread: u32,
}

/// Every span that is opened is closed, the inner ones first.
pub(super) struct Out<W> {
    out: W,
    first: bool,
    threads: BTreeMap<NodeId, BTreeMap<String, u32>>,
    /// How many spans are open on a track.
    open: BTreeMap<Track, u32>,
}

impl<W: Write> Out<W> {
    /// Begins the document and names the processes.
    pub fn begin(mut out: W, header: &Header) -> io::Result<Self> {
        let about = json!({
            "scenario": header.scenario,
            "seed": header.seed.0,
            "weir_version": header.weir_version,
        });
        write!(out, "{{\"displayTimeUnit\":\"ms\",\"otherData\":{about},\"traceEvents\":[")?;
        let mut begun = Self { out, first: true, threads: BTreeMap::new(), open: BTreeMap::new() };
        for (place, name) in header.nodes.iter().enumerate() {
            let args = json!({ "name": name });
            begun.object(
                &json!({ "ph": "M", "name": "process_name", "pid": place, "args": args }),
            )?;
            let args = json!({ "sort_index": place });
            begun.object(
                &json!({ "ph": "M", "name": "process_sort_index", "pid": place, "args": args }),
            )?;
        }
        Ok(begun)
    }

    /// Closes what is open and ends the document.
    pub fn end(mut self, at: SimTime) -> io::Result<()> {
        let open: Vec<_> = self.open.keys().copied().collect();
        open.into_iter().try_for_each(|track| self.close(track, at))?;
        self.out.write_all(b"\n]}\n")?;
        self.out.flush()
    }

    /// The track of that name on the node of an event.
    pub fn track(&mut self, recorded: &Recorded, name: &str) -> io::Result<Track> {
        let process = recorded.node;
        let threads = self.threads.entry(process).or_default();
        if let Some(&thread) = threads.get(name) {
            return Ok(Track { process, thread });
        }
        let thread = u32::try_from(threads.len() + 1).expect("tracks are few");
        threads.insert(name.to_owned(), thread);
        self.object(&json!({
            "ph": "M",
            "name": "thread_name",
            "pid": process,
            "tid": thread,
            "args": { "name": name },
        }))?;
        Ok(Track { process, thread })
    }

    /// Writes an event at a time and on a track.
    pub fn write(&mut self, track: Track, at: SimTime, mut event: Value) -> io::Result<()> {
        event["pid"] = track.process.0.into();
        event["tid"] = track.thread.into();
        event["ts"] = micros(at);
        self.object(&event)
    }

    /// Opens a span within those that are open on its track.
    pub fn open(
        &mut self,
        track: Track,
        at: SimTime,
        name: &str,
        area: &str,
        args: &Value,
    ) -> io::Result<()> {
        *self.open.entry(track).or_default() += 1;
        self.write(track, at, json!({ "ph": "B", "name": name, "cat": area, "args": args }))
    }

    /// Closes all spans of a track.
    pub fn close(&mut self, track: Track, at: SimTime) -> io::Result<()> {
        self.close_to(track, 0, at)
    }

    /// Closes the innermost spans of a track until at most `left` are open.
    pub fn close_to(&mut self, track: Track, left: u32, at: SimTime) -> io::Result<()> {
        let open = self.open.get(&track).copied().unwrap_or_default();
        for _ in left..open {
            self.write(track, at, json!({ "ph": "E" }))?;
        }
        if open > left {
            self.open.insert(track, left);
        }
        Ok(())
    }

    /// Closes all spans of a process.
    pub fn close_process(&mut self, process: NodeId, at: SimTime) -> io::Result<()> {
        let tracks: Vec<_> =
            self.open.keys().copied().filter(|track| track.process == process).collect();
        tracks.into_iter().try_for_each(|track| self.close(track, at))
    }

    fn object(&mut self, object: &Value) -> io::Result<()> {
        self.out.write_all(if self.first { b"\n" } else { b",\n" })?;
        self.first = false;
        serde_json::to_writer(&mut self.out, object)?;
        Ok(())
    }
}

/// A time as trace events have it: microseconds, with nanoseconds behind the point.
fn micros(at: SimTime) -> Value {
    if at.0.is_multiple_of(1_000) { at.as_micros().into() } else { (at.0 as f64 / 1_000.0).into() }
}
