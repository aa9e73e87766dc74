//! Which broker is in charge of what. Brokers and their clients compute the same from the same
//! list, so that nobody needs to be asked.

use xxhash_rust::xxh3::xxh3_64;

use super::state::Place;
use crate::base::NodeId;

/// The leader of a partition, of whatever topic. There is at least one broker.
pub fn leader(brokers: &[NodeId], partition: u16) -> NodeId {
    brokers[usize::from(partition) % brokers.len()]
}

/// Whether a broker leads a partition, of whatever topic.
pub fn leads(place: Place, partition: u16) -> bool {
    partition % place.brokers == place.own
}

/// The coordinator of a transactional id. There is at least one broker.
pub fn coordinator(brokers: &[NodeId], transactional_id: &str) -> NodeId {
    let place = xxh3_64(transactional_id.as_bytes()) % brokers.len() as u64;
    brokers[place as usize]
}
