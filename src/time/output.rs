//! Where watermarks go: the side that generators see, and the side that the chain sees.
//!
//! A generator may repeat itself and go back; [`WatermarkToDataOutput`] lets through only what
//! advances event time and only changes of status.

use crate::base::EventTime;
use crate::record::WatermarkStatus;

/// What a generator may say.
pub trait WatermarkOutput {
    /// No record with this timestamp or an earlier one is expected any more; the output becomes
    /// active.
    fn emit_watermark(&mut self, watermark: EventTime);
    /// Nothing comes for the time being: nobody should wait.
    fn mark_idle(&mut self);
    /// Something comes again.
    fn mark_active(&mut self);
}

/// What the chain takes, already cleared of repetitions.
pub trait DataOutput {
    /// Event time has come to here.
    fn emit_watermark(&mut self, watermark: EventTime);
    /// The output fell idle or came back.
    fn emit_watermark_status(&mut self, status: WatermarkStatus);
}

/// Remembers what was sent on (Flink's class of this name). Lend it an output with [`Self::to`].
#[derive(Clone, Copy, Debug)]
pub struct WatermarkToDataOutput {
    max_watermark_so_far: EventTime,
    idle: bool,
}

impl Default for WatermarkToDataOutput {
    fn default() -> Self {
        Self { max_watermark_so_far: EventTime::NONE, idle: false }
    }
}

impl WatermarkToDataOutput {
    /// The output as a generator sees it.
    pub fn to<'a>(&'a mut self, output: &'a mut dyn DataOutput) -> AttachedOutput<'a> {
        AttachedOutput { state: self, output }
    }

    /// The last watermark that was sent on, [`EventTime::NONE`] if none was.
    pub fn latest_watermark(&self) -> EventTime {
        self.max_watermark_so_far
    }

    /// Whether the output is idle.
    pub fn is_idle(&self) -> bool {
        self.idle
    }
}

/// A [`WatermarkToDataOutput`] with somewhere to send to.
pub struct AttachedOutput<'a> {
    state: &'a mut WatermarkToDataOutput,
    output: &'a mut dyn DataOutput,
}

impl WatermarkOutput for AttachedOutput<'_> {
    fn emit_watermark(&mut self, watermark: EventTime) {
        if watermark <= self.state.max_watermark_so_far {
            return;
        }
        self.state.max_watermark_so_far = watermark;
        self.mark_active();
        self.output.emit_watermark(watermark);
    }

    fn mark_idle(&mut self) {
        if !self.state.idle {
            self.state.idle = true;
            self.output.emit_watermark_status(WatermarkStatus::Idle);
        }
    }

    fn mark_active(&mut self) {
        if self.state.idle {
            self.state.idle = false;
            self.output.emit_watermark_status(WatermarkStatus::Active);
        }
    }
}
