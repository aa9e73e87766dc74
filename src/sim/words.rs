//! Faults in words, for the trace and for whoever reads why a run was vacuous.

use std::fmt;

use super::{DiskTrouble, FaultAction, When};
use crate::base::SimDuration;

/// ` for 2s`, or nothing for what lasts.
struct For(Option<SimDuration>);

impl fmt::Display for For {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(duration) => write!(f, " for {duration:?}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for FaultAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kill { node, restart_after: None } => write!(f, "kill {node}"),
            Self::Kill { node, restart_after: Some(after) } => {
                write!(f, "kill {node}, restart after {after:?}")
            }
            Self::Pause { node, duration } => write!(f, "pause {node}{}", For(*duration)),
            Self::Partition { from, to, one_way, duration } => {
                let others = if to.is_empty() { "the rest".to_owned() } else { to.join(", ") };
                let arrow = if *one_way { "to" } else { "and" };
                let cut = if *one_way { "cut the way from" } else { "cut the ways between" };
                write!(f, "{cut} {} {arrow} {others}{}", from.join(", "), For(*duration))
            }
            Self::Degrade { from, to, link, duration } => {
                let (low, high) = (link.latency.start(), link.latency.end());
                write!(f, "degrade the way from {from} to {to}: latency {low:?}..{high:?}")?;
                write!(f, ", loss {}", link.loss)?;
                if let Some(bandwidth) = link.bandwidth {
                    write!(f, ", {bandwidth} bytes per second")?;
                }
                write!(f, "{}", For(*duration))
            }
            Self::Clock { node, jump_us, drift_ppm } => {
                write!(f, "move the clock of {node} by {jump_us} us, drift {drift_ppm} ppm")
            }
            Self::Disk { node, trouble, duration } => {
                write!(f, "disk of {node} {trouble}{}", For(*duration))
            }
            Self::Lock { node, duration } => write!(f, "lock the {node}{}", For(*duration)),
            Self::Panic { subtask } => write!(f, "panic in {subtask}"),
            Self::Slow { subtask, factor, duration } => {
                write!(f, "{subtask} is {factor} times slower{}", For(*duration))
            }
            Self::Fail { subtask } => write!(f, "fail {subtask}"),
            Self::Poison { subtask, duration } => {
                write!(f, "poison the next record of {subtask}{}", For(*duration))
            }
            Self::Expire { node } => write!(f, "expire the open transactions of {node}"),
        }
    }
}

impl fmt::Display for DiskTrouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Errors => f.write_str("fails"),
            Self::Slow(times) => write!(f, "is {times} times slower"),
            Self::Full => f.write_str("is full"),
            Self::Corrupts => f.write_str("flips bits"),
            Self::Tears => f.write_str("tears what a crash finds unsynced"),
        }
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(at) => write!(f, "at {at}"),
            Self::Step(step) => write!(f, "after step {step}"),
            Self::Event { pattern, nth } => {
                write!(f, "at event {nth} of kind `{}`", pattern.kind)?;
                for (name, value) in &pattern.fields {
                    write!(f, ", {name} = {value}")?;
                }
                Ok(())
            }
        }
    }
}
