//! Watermarks per split, made into one per source subtask: Flink's `WatermarkOutputMultiplexer`.
//!
//! Each split has its own generator and so its own event time; a split that is read faster than
//! another must not make the other's records late. What a generator emits at an event goes out at
//! once (*immediate*) if it moves the slowest split; what it emits periodically waits (*deferred*)
//! until all splits have been asked.
//!
//! Unlike Flink: no listener hears of a split's own watermark; alignment asks for it
//! ([`WatermarkOutputMultiplexer::watermarks`]).
//!
//! Previous: one generator per split. Next: [`super::WatermarkToDataOutput`].

use std::collections::BTreeMap;

use super::combined::{CombinedWatermarkStatus, PartialWatermark};
use super::output::WatermarkOutput;
use crate::base::EventTime;

/// See the module.
#[derive(Clone, Debug)]
pub struct WatermarkOutputMultiplexer<Id> {
    outputs: BTreeMap<Id, PartialWatermark>,
    combined: CombinedWatermarkStatus,
}

impl<Id> Default for WatermarkOutputMultiplexer<Id> {
    fn default() -> Self {
        Self { outputs: BTreeMap::new(), combined: CombinedWatermarkStatus::NEW }
    }
}

impl<Id: Ord> WatermarkOutputMultiplexer<Id> {
    /// Adds an output, which holds event time until it has a watermark or is idle.
    pub fn register_new_output(&mut self, id: Id) {
        let before = self.outputs.insert(id, PartialWatermark::NEW);
        assert!(before.is_none(), "every output is registered once");
    }

    /// Takes an output away; false if it was not there. What it held becomes visible with the
    /// next emission of the others.
    pub fn unregister_output(&mut self, id: &Id) -> bool {
        self.outputs.remove(id).is_some()
    }

    /// The output of a split whose watermarks go out to `underlying` at once. The split must be
    /// registered.
    pub fn immediate_output<'a>(
        &'a mut self,
        id: &'a Id,
        underlying: &'a mut dyn WatermarkOutput,
    ) -> ImmediateOutput<'a, Id> {
        ImmediateOutput { multiplexer: self, id, underlying }
    }

    /// The output of a split whose watermarks wait for [`Self::on_periodic_emit`]. The split must
    /// be registered.
    pub fn deferred_output(&mut self, id: &Id) -> DeferredOutput<'_> {
        DeferredOutput { part: self.part(id) }
    }

    /// Combines what the outputs have said and tells `underlying`.
    pub fn on_periodic_emit(&mut self, underlying: &mut dyn WatermarkOutput) {
        let advances = self.combined.update(self.outputs.values().copied());
        if advances {
            underlying.emit_watermark(self.combined.watermark);
        }
        if self.combined.idle {
            underlying.mark_idle();
        }
    }

    /// The watermark of each output with its id, and whether it is idle.
    pub fn watermarks(&self) -> impl Iterator<Item = (&Id, EventTime, bool)> {
        self.outputs.iter().map(|(id, part)| (id, part.watermark, part.idle))
    }

    fn part(&mut self, id: &Id) -> &mut PartialWatermark {
        self.outputs.get_mut(id).expect("only registered outputs are written to")
    }
}

/// See [`WatermarkOutputMultiplexer::immediate_output`].
pub struct ImmediateOutput<'a, Id> {
    multiplexer: &'a mut WatermarkOutputMultiplexer<Id>,
    id: &'a Id,
    underlying: &'a mut dyn WatermarkOutput,
}

impl<Id: Ord> WatermarkOutput for ImmediateOutput<'_, Id> {
    fn emit_watermark(&mut self, watermark: EventTime) {
        let advances = self.multiplexer.part(self.id).set_watermark(watermark);
        // Only a watermark beyond the combined one can move it.
        if advances && watermark > self.multiplexer.combined.watermark {
            self.multiplexer.on_periodic_emit(self.underlying);
        }
    }

    fn mark_idle(&mut self) {
        self.multiplexer.part(self.id).idle = true;
        // This output may have been the one that held the others.
        self.multiplexer.on_periodic_emit(self.underlying);
    }

    fn mark_active(&mut self) {
        self.multiplexer.part(self.id).idle = false;
        // Its watermark may have been put off, and beyond those of all others.
        self.multiplexer.on_periodic_emit(self.underlying);
    }
}

/// See [`WatermarkOutputMultiplexer::deferred_output`].
pub struct DeferredOutput<'a> {
    part: &'a mut PartialWatermark,
}

impl WatermarkOutput for DeferredOutput<'_> {
    fn emit_watermark(&mut self, watermark: EventTime) {
        self.part.set_watermark(watermark);
    }

    fn mark_idle(&mut self) {
        self.part.idle = true;
    }

    fn mark_active(&mut self) {
        self.part.idle = false;
    }
}
