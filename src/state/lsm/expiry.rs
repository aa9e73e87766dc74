//! Leaves expired values out when files are merged: Flink's cleanup in RocksDB's compaction filter.
//!
//! The filter knows of a value only its address, which names the state, and the moment that its
//! bytes begin with; that is enough. Invariant: what is removed is expired, so nothing that is seen
//! depends on when files are merged.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, RwLock};

use lsm_tree::compaction::filter::Context;
use lsm_tree::compaction::{CompactionFilter, Factory, ItemAccessor, Verdict};

use super::super::stamped::decode_stamp;
use super::super::ttl::Ttl;
use super::PREFIX;
use crate::base::EventTime;

/// The states whose values expire, and the time.
#[derive(Default)]
pub(super) struct Expiry {
    now: AtomicI64,
    states: RwLock<BTreeMap<u16, Ttl>>,
}

impl Expiry {
    pub fn set_now(&self, now: EventTime) {
        self.now.store(now.0, Ordering::Relaxed);
    }

    pub fn register(&self, state: u16, ttl: Ttl) {
        let mut states = self.states.write().expect("no holder of the lock panics");
        states.insert(state, ttl);
    }
}

/// Makes a filter for each merge of files.
pub(super) struct ExpiryFactory(pub Arc<Expiry>);

impl Factory for ExpiryFactory {
    fn name(&self) -> &'static str {
        "expiry"
    }

    fn make_filter(&self, _: &Context) -> Box<dyn CompactionFilter> {
        let states = self.0.states.read().expect("no holder of the lock panics").clone();
        Box::new(Filter { states, now: EventTime(self.0.now.load(Ordering::Relaxed)) })
    }
}

struct Filter {
    states: BTreeMap<u16, Ttl>,
    now: EventTime,
}

impl CompactionFilter for Filter {
    fn filter_item(&mut self, item: ItemAccessor<'_>, _: &Context) -> lsm_tree::Result<Verdict> {
        if self.states.is_empty() {
            return Ok(Verdict::Keep);
        }
        let state = item.key().get(2..PREFIX).and_then(|bytes| bytes.try_into().ok());
        let ttl = state.and_then(|bytes| self.states.get(&u16::from_be_bytes(bytes)));
        let Some(ttl) = ttl else { return Ok(Verdict::Keep) };
        match decode_stamp(&item.value()?) {
            Ok((updated, _)) if ttl.is_expired(updated, self.now) => Ok(Verdict::Remove),
            Ok(_) | Err(_) => Ok(Verdict::Keep),
        }
    }
}
