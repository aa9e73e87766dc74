//! Who waits for which barrier.

use serde::Deserialize;
use serde_json::Value;
use weir::checkpoint::{
    Alignment, BarrierAction, CheckpointBarrier, CheckpointBarrierTracker, CheckpointId,
    CheckpointKind, SingleCheckpointBarrierHandler,
};

use super::{Cases, Outcome, expect_eq, parse, vectors};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Case {
    handler: String,
    channels: usize,
    steps: Vec<(i64, String, Vec<String>)>,
    latest_checkpoint_id: i64,
}

pub fn run(file: &Value) -> Cases {
    let run = |case: &Value| {
        (format!("{} of {} channels", case["handler"], case["channels"]), check(case))
    };
    vectors(file, "cases").iter().map(run).collect()
}

enum Handler {
    Single(SingleCheckpointBarrierHandler, CheckpointKind),
    Tracker(CheckpointBarrierTracker),
}

impl Handler {
    fn named(name: &str, channels: usize) -> Result<Self, String> {
        let (alignment, kind) = match name {
            "aligned" => (Alignment::Aligned, CheckpointKind::Aligned { timeout_ms: None }),
            "unaligned" => (Alignment::Unaligned, CheckpointKind::Unaligned),
            "alternating" => {
                let kind = CheckpointKind::Aligned { timeout_ms: Some(100) };
                (Alignment::AlignedWithTimeout, kind)
            }
            "tracker" => return Ok(Self::Tracker(CheckpointBarrierTracker::new(channels))),
            _ => return Err(format!("not of the known format: handler {name:?}")),
        };
        Ok(Self::Single(SingleCheckpointBarrierHandler::new(alignment, channels), kind))
    }

    fn step(&mut self, channel: i64, event: &str, now: i64) -> Result<Vec<BarrierAction>, String> {
        let unknown = || format!("not of the known format: event {event:?}");
        let (word, number) = event.split_once(' ').unwrap_or((event, "0"));
        let id = CheckpointId(number.parse().map_err(|_| unknown())?);
        let place = usize::try_from(channel).unwrap_or(0);
        Ok(match (self, word) {
            (Self::Single(handler, kind), "barrier") => {
                let barrier =
                    CheckpointBarrier { id, timestamp: 0, kind: *kind, base: CheckpointId(0) };
                handler.process_barrier(barrier, place, now)
            }
            (Self::Single(handler, kind), "announce") => {
                let barrier =
                    CheckpointBarrier { id, timestamp: 0, kind: *kind, base: CheckpointId(0) };
                handler.process_announcement(barrier, place, now)
            }
            (Self::Single(handler, _), "cancel") => handler.process_cancellation(id),
            (Self::Single(handler, _), "eop") => handler.process_end_of_partition(place, now),
            (Self::Single(handler, _), "advance") => handler.on_clock(now),
            (Self::Tracker(tracker), "barrier") => {
                let kind = CheckpointKind::AtLeastOnce;
                tracker.process_barrier(
                    CheckpointBarrier { id, timestamp: 0, kind, base: CheckpointId(0) },
                    place,
                )
            }
            (Self::Tracker(tracker), "cancel") => tracker.process_cancellation(id, place),
            (Self::Tracker(tracker), "eop") => tracker.process_end_of_partition(place),
            (Self::Tracker(_), "announce" | "advance") => Vec::new(),
            _ => return Err(unknown()),
        })
    }

    fn latest(&self) -> i64 {
        let latest = match self {
            Self::Single(handler, _) => handler.latest_checkpoint(),
            Self::Tracker(tracker) => tracker.latest_checkpoint(),
        };
        latest.map_or(-1, |id| id.0 as i64)
    }
}

fn written(action: &BarrierAction) -> String {
    match action {
        BarrierAction::Block(channel) => format!("block {channel}"),
        BarrierAction::Resume(channel) => format!("resume {channel}"),
        BarrierAction::ConvertToPriority(channel) => format!("convertToPriority {channel}"),
        BarrierAction::InitInputs(id) => format!("coordinator.initInputsCheckpoint {id}"),
        BarrierAction::InputsStarted(id) => format!("inputCheckpointStarted {id}"),
        BarrierAction::InputsStopped(id) => format!("inputCheckpointStopped {id}"),
        BarrierAction::Trigger(barrier) => format!("trigger {} {}", barrier.id, barrier.kind),
        BarrierAction::Abort(id, reason) => format!("abort {id} {reason}"),
    }
}

fn check(case: &Value) -> Outcome {
    let case: Case = parse(case)?;
    let mut handler = Handler::named(&case.handler, case.channels)?;
    let mut now = 0;
    for (number, (channel, event, expected)) in case.steps.into_iter().enumerate() {
        if let Some(("advance", by)) = event.split_once(' ') {
            now += by.parse::<i64>().map_err(|error| error.to_string())?;
        }
        let actual: Vec<String> = handler.step(channel, &event, now)?.iter().map(written).collect();
        expect_eq(&format!("step {number}, {channel} {event}"), &expected, &actual)?;
    }
    expect_eq("the latest checkpoint", &case.latest_checkpoint_id, &handler.latest())
}
