//! Who was last heard when (Flink's `HeartbeatManager`, its deciding half).
//!
//! A component that monitors peers keeps at most one check pending: [`HeartbeatMonitor::arm`]
//! gives the moment of the next one, at which [`HeartbeatMonitor::expired`] names the silent.
//! Being heard only moves a peer's deadline back, so that check is never too late.

use std::collections::BTreeMap;

use crate::base::{SimDuration, SimTime};

/// The peers that a component expects to hear from.
pub struct HeartbeatMonitor<P> {
    timeout: SimDuration,
    heard: BTreeMap<P, SimTime>,
    check_pending: bool,
}

impl<P: Ord + Copy> HeartbeatMonitor<P> {
    /// Monitors nobody yet.
    pub fn new(timeout: SimDuration) -> Self {
        Self { timeout, heard: BTreeMap::new(), check_pending: false }
    }

    /// Expects `peer` to be heard from now on.
    pub fn monitor(&mut self, peer: P, now: SimTime) {
        self.heard.insert(peer, now);
    }

    /// No longer expects `peer`.
    pub fn unmonitor(&mut self, peer: P) {
        self.heard.remove(&peer);
    }

    /// Has heard `peer`; no matter if it is not expected.
    pub fn heard(&mut self, peer: P, now: SimTime) {
        if let Some(last) = self.heard.get_mut(&peer) {
            *last = now;
        }
    }

    /// When to check next, if anybody is monitored and no check is pending; it then is.
    pub fn arm(&mut self) -> Option<SimTime> {
        if self.check_pending {
            return None;
        }
        let first = self.heard.values().min().copied()?;
        self.check_pending = true;
        Some(first + self.timeout)
    }

    /// The pending check has come: who has been silent for too long. They are no longer
    /// monitored.
    pub fn expired(&mut self, now: SimTime) -> Vec<P> {
        self.check_pending = false;
        let timeout = self.timeout;
        let silent: Vec<P> = self
            .heard
            .iter()
            .filter(|&(_, &last)| last + timeout <= now)
            .map(|(&peer, _)| peer)
            .collect();
        for peer in &silent {
            self.heard.remove(peer);
        }
        silent
    }
}

#[cfg(test)]
mod tests {
    use super::HeartbeatMonitor;
    use crate::base::{SimDuration, SimTime};

    fn at(seconds: u64) -> SimTime {
        SimTime::ZERO + SimDuration::from_secs(seconds)
    }

    #[test]
    fn a_peer_expires_exactly_one_timeout_after_it_was_last_heard() {
        let mut monitor = HeartbeatMonitor::new(SimDuration::from_secs(50));
        assert_eq!(monitor.arm(), None);
        monitor.monitor('a', at(0));
        monitor.monitor('b', at(1));
        assert_eq!(monitor.arm(), Some(at(50)));
        assert_eq!(monitor.arm(), None, "one check is enough");
        monitor.heard('a', at(10));
        assert!(monitor.expired(at(50)).is_empty());
        assert_eq!(monitor.arm(), Some(at(51)));
        assert_eq!(monitor.expired(at(51)), ['b']);
        assert_eq!(monitor.arm(), Some(at(60)));
        assert_eq!(monitor.expired(at(60)), ['a']);
        assert_eq!(monitor.arm(), None);
    }
}
