//! What the watermark vectors write: a number is a watermark, a word a status.

use serde::Deserialize;
use weir::base::EventTime;
use weir::record::WatermarkStatus;
use weir::time::WatermarkOutput;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Said {
    Watermark(EventTime),
    Status(WatermarkStatus),
}

/// Writes down what is said.
#[derive(Default)]
pub struct Heard(pub Vec<Said>);

impl WatermarkOutput for Heard {
    fn emit_watermark(&mut self, watermark: EventTime) {
        self.0.push(Said::Watermark(watermark));
    }

    fn mark_idle(&mut self) {
        self.0.push(Said::Status(WatermarkStatus::Idle));
    }

    fn mark_active(&mut self) {
        self.0.push(Said::Status(WatermarkStatus::Active));
    }
}

/// Says it to an output.
pub fn say(said: Said, output: &mut dyn WatermarkOutput) {
    match said {
        Said::Watermark(watermark) => output.emit_watermark(watermark),
        Said::Status(WatermarkStatus::Idle) => output.mark_idle(),
        Said::Status(WatermarkStatus::Active) => output.mark_active(),
    }
}
