//! The valve against a model that looks at all channels anew at every step.

use std::sync::Arc;

use proptest::prelude::*;
use weir::base::EventTime;
use weir::record::WatermarkStatus;
use weir::time::{
    AlignedChannels, MinimumWatermark, StatusWatermarkValve, ValveOutput, WatermarkMerge,
};

#[derive(Clone, Copy, Debug)]
enum Input {
    Watermark(EventTime),
    Status(WatermarkStatus),
}

/// Watermarks and statuses of the channels, and what was sent on.
struct Model {
    channels: Vec<(EventTime, bool)>,
    sent: EventTime,
}

impl Model {
    /// The furthest that the channels which count allow: the active ones that are not behind.
    fn lowest(&self) -> Option<EventTime> {
        let counting = self.channels.iter().filter(|(at, active)| *active && *at >= self.sent);
        counting.map(|(at, _)| *at).min()
    }

    fn send(&mut self, watermark: Option<EventTime>) -> Option<EventTime> {
        let watermark = watermark.filter(|&at| at > self.sent)?;
        self.sent = watermark;
        Some(watermark)
    }

    fn step(&mut self, channel: usize, input: Input) -> ValveOutput {
        let any_active = |model: &Self| model.channels.iter().any(|(_, active)| *active);
        let was_active = any_active(self);
        let (at, active) = self.channels[channel];
        let watermark = match input {
            Input::Watermark(watermark) if active && watermark > at => {
                self.channels[channel].0 = watermark;
                self.send(self.lowest())
            }
            Input::Watermark(_) => None,
            Input::Status(status) => {
                self.channels[channel].1 = status == WatermarkStatus::Active;
                let fell_idle = active && !self.channels[channel].1;
                // Only the channel that held event time can set it free.
                match (fell_idle && at == self.sent, any_active(self)) {
                    (false, _) => None,
                    (true, true) => self.send(self.lowest()),
                    (true, false) => self.send(self.channels.iter().map(|it| it.0).max()),
                }
            }
        };
        let status = match (was_active, any_active(self)) {
            (true, false) => Some(WatermarkStatus::Idle),
            (false, true) => Some(WatermarkStatus::Active),
            (true, true) | (false, false) => None,
        };
        ValveOutput { watermark, status }
    }
}

fn input() -> impl Strategy<Value = Input> {
    prop_oneof![
        6 => (0..40_i64).prop_map(|at| Input::Watermark(EventTime(at))),
        1 => Just(Input::Watermark(EventTime::MAX)),
        3 => Just(Input::Status(WatermarkStatus::Idle)),
        3 => Just(Input::Status(WatermarkStatus::Active)),
    ]
}

fn step(valve: &mut StatusWatermarkValve, channel: usize, input: Input) -> ValveOutput {
    match input {
        Input::Watermark(watermark) => {
            let watermark = valve.input_watermark(watermark, channel);
            ValveOutput { watermark, status: None }
        }
        Input::Status(status) => valve.input_watermark_status(status, channel),
    }
}

proptest! {
    #[test]
    fn the_valve_is_the_model(
        channels in 1..5_usize,
        steps in prop::collection::vec((0..5_usize, input()), 0..80),
    ) {
        let mut valve = StatusWatermarkValve::new(channels, Arc::new(MinimumWatermark));
        let mut model = Model { channels: vec![(EventTime::NONE, true); channels], sent: EventTime::NONE };
        for (channel, input) in steps {
            let channel = channel % channels;
            let actual = step(&mut valve, channel, input);
            prop_assert_eq!(actual, model.step(channel, input));
            prop_assert_eq!(valve.last_output_watermark(), model.sent);
            let status =
                |active| if active { WatermarkStatus::Active } else { WatermarkStatus::Idle };
            let channels = model.channels.iter().map(|&(at, active)| (at, status(active)));
            prop_assert!(valve.channels().eq(channels), "the valve knows its channels");
        }
    }
}

/// A wrong part: the fastest channel decides.
#[derive(Debug)]
struct Highest;

impl WatermarkMerge for Highest {
    fn merge(&self, channels: &AlignedChannels) -> Option<EventTime> {
        channels.highest()
    }
}

#[test]
fn another_part_in_the_seam_decides_and_still_never_goes_back() {
    let mut valve = StatusWatermarkValve::new(2, Arc::new(Highest));
    let mut sent = Vec::new();
    for (watermark, channel) in [(10, 0), (3, 1), (12, 1), (11, 0)] {
        sent.push(valve.input_watermark(EventTime(watermark), channel).map(|at| at.0));
    }
    assert_eq!(sent, [Some(10), None, Some(12), None]);
}
