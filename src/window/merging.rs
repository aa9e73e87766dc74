//! Sessions: windows that merge when they intersect or touch.
//!
//! A window that has grown keeps the state of one of the windows it grew from, the *state window*,
//! so that growing moves no data. Which one survives a merge of several follows in Flink the order
//! of a Java hash set; that order is reproduced here (`TimeWindow.hashCode` and the table size of
//! `HashSet`), so vectors can be compared exactly.
//!
//! Invariants: windows in flight neither intersect nor touch each other; they are sorted; no two
//! have the same state window.
//!
//! Unlike Flink: a new window that equals one in flight joins it and its state window. There the
//! mapping is overwritten and the earlier state lost, which can happen only with dynamic gaps.

use serde::{Deserialize, Serialize};

use super::TimeWindow;

/// A window in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct InFlight {
    /// The window as it is by now.
    pub window: TimeWindow,
    /// The window under which its contents are kept.
    pub state_window: TimeWindow,
}

/// The windows of one key that are in flight, and where their state is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergingWindowSet {
    in_flight: Vec<InFlight>,
}

/// Several windows became one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merge {
    /// What they became.
    pub result: TimeWindow,
    /// Which they were, without the new one.
    pub merged: Vec<TimeWindow>,
    /// Where the state is from now on.
    pub state_window: TimeWindow,
    /// Whose state has to go there.
    pub merged_state_windows: Vec<TimeWindow>,
}

/// Where a new window went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Added {
    /// The window in flight that holds it.
    pub window: TimeWindow,
    /// What has merged for it.
    pub merge: Option<Merge>,
}

/// The seam: how a new window joins those in flight.
pub trait WindowMerge: std::fmt::Debug + Send + Sync {
    /// Adds a window to the set and tells what merged.
    fn add_window(&self, set: &mut MergingWindowSet, window: TimeWindow) -> Added;
}

impl MergingWindowSet {
    /// The windows in flight, sorted.
    pub fn in_flight(&self) -> &[InFlight] {
        &self.in_flight
    }

    /// Whether nothing is in flight.
    pub fn is_empty(&self) -> bool {
        self.in_flight.is_empty()
    }

    /// Where the state of a window in flight is.
    pub fn state_window(&self, window: TimeWindow) -> Option<TimeWindow> {
        let place = self.in_flight.binary_search_by_key(&window, |found| found.window).ok()?;
        Some(self.in_flight[place].state_window)
    }

    /// Takes a window out of flight.
    pub fn retire_window(&mut self, window: TimeWindow) {
        self.in_flight.retain(|found| found.window != window);
    }

    /// Puts a window in flight, in place of `replaced` (which lie side by side in the set).
    pub fn replace(&mut self, replaced: std::ops::Range<usize>, by: InFlight) {
        self.in_flight.splice(replaced, [by]);
    }

    /// The places of the windows that intersect or touch a window. They lie side by side, since
    /// windows in flight do not intersect each other.
    pub fn touching(&self, window: TimeWindow) -> std::ops::Range<usize> {
        let from = self.in_flight.partition_point(|found| found.window.end < window.start);
        let count =
            self.in_flight[from..].iter().take_while(|found| found.window.intersects(window));
        from..from + count.count()
    }

    /// Adds a window and tells what merged: Flink's `MergingWindowSet.addWindow`.
    pub fn add_window(&mut self, window: TimeWindow) -> Added {
        let touching = self.touching(window);
        let touched = &self.in_flight[touching.clone()];
        let result = touched.iter().fold(window, |cover, found| cover.cover(found.window));
        match touched {
            [] => {
                self.replace(touching, InFlight { window, state_window: window });
                Added { window, merge: None }
            }
            [one] if one.window == result => Added { window: result, merge: None },
            several => {
                let ordered = in_hash_order(several, window);
                let state_window = ordered[0].state_window;
                let merge = Merge {
                    result,
                    merged: ordered.iter().map(|found| found.window).collect(),
                    state_window,
                    merged_state_windows: ordered[1..].iter().map(|f| f.state_window).collect(),
                };
                self.replace(touching, InFlight { window: result, state_window });
                Added { window: result, merge: Some(merge) }
            }
        }
    }
}

/// The order in which a Java `HashSet` lists these windows after `new` has been in it too.
fn in_hash_order(windows: &[InFlight], new: TimeWindow) -> Vec<InFlight> {
    let mut ordered = windows.to_vec();
    // They were added in order of their starts, which is the order within a bucket.
    ordered.sort_by_key(|found| found.window.start);
    let elements = windows.len() + usize::from(windows.iter().all(|found| found.window != new));
    let mut capacity = 16;
    while elements > capacity / 4 * 3 {
        capacity *= 2;
    }
    ordered.sort_by_key(|found| {
        let hash = found.window.hash_code() as u32;
        (hash ^ (hash >> 16)) as usize & (capacity - 1)
    });
    ordered
}

/// Which of these windows become one: Flink's `TimeWindow.mergeWindows`. Groups of one are left
/// out; windows in a group are sorted and differ from each other.
pub fn merge_windows(windows: &[TimeWindow]) -> Vec<(TimeWindow, Vec<TimeWindow>)> {
    let mut sorted = windows.to_vec();
    sorted.sort_by_key(|window| window.start);
    let mut groups: Vec<(TimeWindow, Vec<TimeWindow>)> = Vec::new();
    for window in sorted {
        match groups.last_mut() {
            Some((cover, group)) if cover.intersects(window) => {
                *cover = cover.cover(window);
                group.push(window);
            }
            Some(_) | None => groups.push((window, vec![window])),
        }
    }
    for (_, group) in &mut groups {
        group.sort();
        group.dedup();
    }
    groups.retain(|(_, group)| group.len() > 1);
    groups
}
