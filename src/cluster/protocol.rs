//! All parts that give a cluster's guarantees, in one bundle.
//!
//! Invariant: only this room knows the bundle; each component is given the part that it uses.

use std::sync::Arc;

use crate::mutant::{
    LateWindowReopened, MaxWatermark, Mutant, SessionMergeLosesState, WindowOffByOne,
};
use crate::operator::EventTimeParts;
use crate::window::Merging;

/// See the module. By default, all parts are the correct ones.
#[derive(Clone, Debug, Default)]
pub struct Protocol {
    /// How event time is merged, where windows lie, when they close, and how they merge.
    pub event_time: EventTimeParts,
}

impl Protocol {
    /// The correct parts, with a mutant in the place of one.
    pub fn with(mutant: Mutant) -> Self {
        let mut protocol = Self::default();
        let event_time = &mut protocol.event_time;
        match mutant {
            Mutant::MaxWatermark => event_time.watermark_merge = Arc::new(MaxWatermark),
            Mutant::WindowOffByOne => {
                event_time.window_placement = Some(Arc::new(WindowOffByOne));
            }
            Mutant::LateWindowReopened => event_time.lateness = Some(Arc::new(LateWindowReopened)),
            Mutant::SessionMergeLosesState => {
                event_time.window_merge = Merging::Custom(Arc::new(SessionMergeLosesState));
            }
        }
        protocol
    }
}
