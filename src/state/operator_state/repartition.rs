//! Who gets which operator state after a restart: the seam, and Flink's rule.
//!
//! Flink's `RoundRobinOperatorStateRepartitioner`, to the offset: elements of a list are dealt out
//! in runs as even as can be; a state whose elements do not come out even leaves off where the next
//! one begins, so that the same subtask does not get the odd one of each. States take their turn in
//! the order of a Java hash map, which is reproduced.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::record::Key;

/// How a state is dealt out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OperatorStateMode {
    /// Each element to one subtask.
    SplitDistribute,
    /// All elements to all subtasks.
    Union,
    /// Every subtask has the same already.
    Broadcast,
}

impl fmt::Display for OperatorStateMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SplitDistribute => "split",
            Self::Union => "union",
            Self::Broadcast => "broadcast",
        })
    }
}

/// Where a state's elements begin in the bytes of a handle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateMetaInfo {
    /// How it is dealt out.
    pub mode: OperatorStateMode,
    /// The offsets.
    pub offsets: Vec<u64>,
}

/// A part of what a subtask stored: some bytes, and which of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperatorStateHandle {
    /// Which bytes.
    pub handle: String,
    /// Which of them, by state.
    pub states: BTreeMap<String, StateMetaInfo>,
}

/// The seam: what each new subtask gets of what each old one stored.
pub trait OperatorStateRepartitioner: Send + Sync {
    /// Deals the handles of all old subtasks out to `new_parallelism` new ones.
    fn repartition(
        &self,
        previous: &[Vec<OperatorStateHandle>],
        new_parallelism: usize,
    ) -> Vec<Vec<OperatorStateHandle>>;
}

/// See the module.
#[derive(Clone, Copy, Debug, Default)]
pub struct RoundRobinOperatorStateRepartitioner;

/// One old subtask's part of a state.
struct Part<'a> {
    subtask: usize,
    handle: &'a str,
    info: &'a StateMetaInfo,
}

/// All parts by state.
type Parts<'a> = BTreeMap<&'a str, Vec<Part<'a>>>;

/// What a new subtask gets: states by handle.
type Assigned = BTreeMap<String, BTreeMap<String, StateMetaInfo>>;

impl OperatorStateRepartitioner for RoundRobinOperatorStateRepartitioner {
    fn repartition(
        &self,
        previous: &[Vec<OperatorStateHandle>],
        new_parallelism: usize,
    ) -> Vec<Vec<OperatorStateHandle>> {
        let split = parts(previous, OperatorStateMode::SplitDistribute);
        let union = parts(previous, OperatorStateMode::Union);
        let mut broadcast = parts(previous, OperatorStateMode::Broadcast);
        let mut assigned = vec![Assigned::new(); new_parallelism];
        if previous.len() == new_parallelism {
            // Everyone keeps its own, and is given what all must have.
            for (kept, subtask) in assigned.iter_mut().zip(previous) {
                for handle in subtask {
                    kept.insert(handle.handle.clone(), handle.states.clone());
                }
            }
            broadcast.retain(|_, parts| is_of_some(parts, previous.len()));
        } else {
            deal_split(&split, &mut assigned);
        }
        give_union(&union, &mut assigned);
        give_broadcast(&broadcast, &mut assigned);
        assigned.into_iter().map(into_handles).collect()
    }
}

fn parts(previous: &[Vec<OperatorStateHandle>], mode: OperatorStateMode) -> Parts<'_> {
    let mut found = Parts::new();
    for (subtask, handles) in previous.iter().enumerate() {
        for handle in handles {
            for (name, info) in handle.states.iter().filter(|(_, info)| info.mode == mode) {
                found.entry(name).or_default().push(Part { subtask, handle: &handle.handle, info });
            }
        }
    }
    found
}

/// Whether some subtasks have stored it and others, which had finished by then, have not.
fn is_of_some(parts: &[Part<'_>], parallelism: usize) -> bool {
    let subtasks: BTreeSet<usize> = parts.iter().map(|part| part.subtask).collect();
    subtasks.len() < parallelism
}

fn give(assigned: &mut Assigned, part: &Part<'_>, name: &str, offsets: Vec<u64>) {
    let info = StateMetaInfo { mode: part.info.mode, offsets };
    assigned.entry(part.handle.to_string()).or_default().insert(name.to_string(), info);
}

fn deal_split(states: &Parts<'_>, assigned: &mut [Assigned]) {
    let parallelism = assigned.len();
    let mut start = 0;
    for name in in_hash_order(states) {
        let parts = &states[name];
        let total: usize = parts.iter().map(|part| part.info.offsets.len()).sum();
        let (share, odd) = (total / parallelism, total % parallelism);
        let (mut part, mut taken) = (0, 0);
        for turn in 0..parallelism {
            let subtask = (start + turn) % parallelism;
            let mut wanted = share + usize::from(turn < odd);
            while wanted > 0 {
                let offsets = &parts[part].info.offsets;
                let run = wanted.min(offsets.len() - taken);
                let run_offsets = offsets[taken..taken + run].to_vec();
                give(&mut assigned[subtask], &parts[part], name, run_offsets);
                if taken + wanted < offsets.len() {
                    taken += run;
                } else {
                    (part, taken) = (part + 1, 0);
                }
                wanted -= run;
            }
        }
        // The next state begins where this one ran out of odd elements.
        start = (start + odd) % parallelism;
    }
}

fn give_union(states: &Parts<'_>, assigned: &mut [Assigned]) {
    for assigned in assigned {
        for (name, parts) in states {
            for part in parts {
                give(assigned, part, name, part.info.offsets.clone());
            }
        }
    }
}

fn give_broadcast(states: &Parts<'_>, assigned: &mut [Assigned]) {
    for (subtask, assigned) in assigned.iter_mut().enumerate() {
        for (name, parts) in states {
            let part = &parts[subtask % parts.len()];
            give(assigned, part, name, part.info.offsets.clone());
        }
    }
}

fn into_handles(assigned: Assigned) -> Vec<OperatorStateHandle> {
    let handle = |(handle, states)| OperatorStateHandle { handle, states };
    assigned.into_iter().map(handle).collect()
}

/// The names in the order in which a Java `HashMap` lists them.
fn in_hash_order<'a>(states: &Parts<'a>) -> Vec<&'a str> {
    let mut capacity = 16;
    while states.len() > capacity / 4 * 3 {
        capacity *= 2;
    }
    let bucket = |name: &&str| {
        let hash = (*name).to_string().hash_code() as u32;
        (hash ^ (hash >> 16)) as usize & (capacity - 1)
    };
    let mut names: Vec<&str> = states.keys().copied().collect();
    names.sort_by_key(bucket);
    names
}
