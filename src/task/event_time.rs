//! Event time of a task's input: the valve of each input, and what the inputs come to together.
//!
//! Previous: the input gate, whose channels carry watermarks and statuses. Next: the head of the
//! chain, which is told only what moves event time on.

use std::sync::Arc;

use crate::base::EventTime;
use crate::record::{ChainEvent, StreamEvent, WatermarkStatus};
use crate::time::{IndexedCombinedWatermarkStatus, StatusWatermarkValve, WatermarkMerge};

/// See the module.
pub(super) struct InputEventTime {
    /// By input.
    valves: Vec<StatusWatermarkValve>,
    /// By channel of the gate: its place at the valve of its input.
    places: Vec<usize>,
    combined: IndexedCombinedWatermarkStatus,
}

impl InputEventTime {
    /// For channels that feed these inputs.
    pub(super) fn new(inputs: impl Iterator<Item = u16>, merge: &Arc<dyn WatermarkMerge>) -> Self {
        let mut channels: Vec<usize> = Vec::new();
        let mut places = Vec::new();
        for input in inputs.map(usize::from) {
            if channels.len() <= input {
                channels.resize(input + 1, 0);
            }
            places.push(channels[input]);
            channels[input] += 1;
        }
        let valve = |&count: &usize| StatusWatermarkValve::new(count, merge.clone());
        let valves: Vec<_> = channels.iter().map(valve).collect();
        let combined = IndexedCombinedWatermarkStatus::new(valves.len());
        Self { valves, places, combined }
    }

    /// What the chain is told when this event arrives on a channel: a watermark first.
    pub(super) fn on_event(
        &mut self,
        channel: usize,
        input: u16,
        event: StreamEvent,
    ) -> impl Iterator<Item = ChainEvent> + use<> {
        let input = usize::from(input);
        let (valve, place) = (&mut self.valves[input], self.places[channel]);
        let (watermark, status) = match event {
            StreamEvent::Watermark(watermark) => (valve.input_watermark(watermark, place), None),
            StreamEvent::WatermarkStatus(status) => {
                let output = valve.input_watermark_status(status, place);
                (output.watermark, output.status)
            }
            // The last watermark of a channel has come before its end.
            StreamEvent::Barrier(_)
            | StreamEvent::CancelCheckpoint(_)
            | StreamEvent::EndOfInput => (None, None),
        };
        let told = if self.valves.len() == 1 {
            (watermark, status)
        } else {
            self.combine(input, watermark, status)
        };
        let watermark = told.0.map(ChainEvent::Watermark);
        watermark.into_iter().chain(told.1.map(ChainEvent::WatermarkStatus))
    }

    /// What an operator with several inputs makes of one input's news.
    fn combine(
        &mut self,
        input: usize,
        watermark: Option<EventTime>,
        status: Option<WatermarkStatus>,
    ) -> (Option<EventTime>, Option<WatermarkStatus>) {
        let before = self.combined.status();
        let mut advances = false;
        if let Some(watermark) = watermark {
            advances |= self.combined.update_watermark(input, watermark);
        }
        if let Some(status) = status {
            advances |= self.combined.update_status(input, status);
        }
        let after = self.combined.status();
        let watermark = advances.then(|| self.combined.combined_watermark());
        (watermark, (after != before).then_some(after))
    }
}
