//! An event with its place in the run.

use super::Event;
use crate::base::{Incarnation, NodeId, SimTime, Step};

/// An event with its place in the run.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// The number of the control event it is, or of the last one before it.
    pub step: Step,
    /// Its number below that step, from 1; 0 for the control event itself.
    pub sub: u32,
    /// When it happened.
    pub at: SimTime,
    /// Where it happened.
    pub node: NodeId,
    /// In which life of that node.
    pub incarnation: Incarnation,
    /// What happened.
    pub event: Event,
}
