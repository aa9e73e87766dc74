//! A set of timers that leaves in order of time: Flink's `HeapPriorityQueueSet`.
//!
//! Timers of equal time leave in the order in which Flink's array heap gives them up, which is
//! neither the order of arrival nor that of keys; results of windows that end together are
//! emitted in it. So the heap is binary, its root is element 1, a new element rises only past
//! strictly later ones, of two equal children the left one rises, and an element taken out of the
//! middle is replaced by the last one, which sinks and, if it did not, rises.
//!
//! Layout: the heap holds time, Java hash and slot (16 bytes), a side table says where in the
//! heap a slot is (4 bytes), so that sifting never touches keys; keys and namespaces stand still
//! in slots that are used again. A hash table of slots finds duplicates; nothing ever depends on
//! its order.
//!
//! Unlike Flink: one hash table instead of one per key group. A duplicate has the same key and so
//! the same group; the groups are told apart only when a snapshot is taken.
//!
//! Invariants: `heap[positions[slot] - 1].slot == slot` for every slot in use; the hash table
//! holds exactly the slots in use; no two timers agree in time, key and namespace.

use hashbrown::HashTable;

use super::Timer;
use crate::base::EventTime;
use crate::record::Key;

/// Ends the list of free slots.
const NO_SLOT: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
struct Node {
    timestamp: EventTime,
    hash_code: i32,
    slot: u32,
}

/// See the module.
#[derive(Debug)]
pub(super) struct HeapSet<K, N> {
    /// The heap, its element 1 at place 0.
    heap: Vec<Node>,
    /// By slot: its element in the heap, from 1; of a free slot, the next free one.
    positions: Vec<u32>,
    slots: Vec<Option<(K, N)>>,
    free: u32,
    by_identity: HashTable<u32>,
}

/// Spreads time and Java hash over all 64 bits. The namespace stays out: timers of one key and
/// time in many namespaces are rare, and namespaces need no hash this way.
#[inline]
fn spread(timestamp: EventTime, hash_code: i32) -> u64 {
    let mixed = (timestamp.0 as u64 ^ (u64::from(hash_code as u32) << 32))
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        ^ u64::from(hash_code as u32);
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed ^ (mixed >> 32)
}

impl<K: Key, N: PartialEq> HeapSet<K, N> {
    pub fn new() -> Self {
        Self {
            heap: Vec::new(),
            positions: Vec::new(),
            slots: Vec::new(),
            free: NO_SLOT,
            by_identity: HashTable::new(),
        }
    }

    pub fn len(&self) -> usize {
        self.heap.len()
    }

    /// The time of the timer that leaves next.
    #[inline]
    pub fn next_timestamp(&self) -> Option<EventTime> {
        self.heap.first().map(|node| node.timestamp)
    }

    /// Adds a timer; false if it is there already.
    pub fn add(&mut self, timer: Timer<K, N>) -> bool {
        let Timer { timestamp, hash_code, key, namespace } = timer;
        if self.find(timestamp, hash_code, &key, &namespace).is_some() {
            return false;
        }
        let slot = self.take_slot((key, namespace));
        let Self { heap, positions, by_identity, .. } = self;
        by_identity.insert_unique(spread(timestamp, hash_code), slot, |&slot| {
            let node = &heap[positions[slot as usize] as usize - 1];
            spread(node.timestamp, node.hash_code)
        });
        heap.push(Node { timestamp, hash_code, slot });
        let last = heap.len();
        self.sift_up(last);
        true
    }

    /// Takes a timer out; false if it is not there.
    pub fn remove(&mut self, timestamp: EventTime, hash_code: i32, key: &K, namespace: &N) -> bool {
        let Some(slot) = self.find(timestamp, hash_code, key, namespace) else { return false };
        self.take_out(self.positions[slot as usize] as usize);
        true
    }

    /// Takes out the timer that leaves next.
    pub fn poll(&mut self) -> Option<Timer<K, N>> {
        if self.heap.is_empty() { None } else { Some(self.take_out(1)) }
    }

    /// All timers, in the order of the array.
    pub fn iter(&self) -> impl Iterator<Item = (EventTime, i32, &K, &N)> {
        self.heap.iter().map(|node| {
            let slot = self.slots[node.slot as usize].as_ref();
            let (key, namespace) = slot.expect("the heap names only slots in use");
            (node.timestamp, node.hash_code, key, namespace)
        })
    }

    fn find(&self, timestamp: EventTime, hash_code: i32, key: &K, namespace: &N) -> Option<u32> {
        let same = |&slot: &u32| {
            let node = &self.heap[self.positions[slot as usize] as usize - 1];
            node.timestamp == timestamp
                && node.hash_code == hash_code
                && self.slots[slot as usize]
                    .as_ref()
                    .is_some_and(|(k, n)| n == namespace && k.same(key))
        };
        self.by_identity.find(spread(timestamp, hash_code), same).copied()
    }

    fn take_slot(&mut self, content: (K, N)) -> u32 {
        // The caller's sifting writes the position.
        if self.free == NO_SLOT {
            let slot = u32::try_from(self.slots.len())
                .ok()
                .filter(|&slot| slot != NO_SLOT)
                .expect("four thousand million timers do not fit into memory");
            self.slots.push(Some(content));
            self.positions.push(0);
            return slot;
        }
        let slot = self.free;
        self.free = self.positions[slot as usize];
        self.slots[slot as usize] = Some(content);
        slot
    }

    /// Takes out the element at `index` (from 1) of the heap.
    fn take_out(&mut self, index: usize) -> Timer<K, N> {
        let Node { timestamp, hash_code, slot } = self.heap[index - 1];
        let entry = self.by_identity.find_entry(spread(timestamp, hash_code), |&it| it == slot);
        entry.expect("every timer of the heap is in the hash table").remove();
        let last = self.heap.pop().expect("an element is being taken out");
        if index <= self.heap.len() {
            self.heap[index - 1] = last;
            self.sift_down(index);
            if self.heap[index - 1].slot == last.slot {
                self.sift_up(index);
            }
        }
        self.positions[slot as usize] = self.free;
        self.free = slot;
        let content = self.slots[slot as usize].take();
        let (key, namespace) = content.expect("the heap names only slots in use");
        Timer { timestamp, hash_code, key, namespace }
    }

    #[inline]
    fn place(&mut self, node: Node, index: usize) {
        self.heap[index - 1] = node;
        self.positions[node.slot as usize] = index as u32;
    }

    fn sift_up(&mut self, mut index: usize) {
        let rising = self.heap[index - 1];
        while index > 1 {
            let above = self.heap[index / 2 - 1];
            if rising.timestamp >= above.timestamp {
                break;
            }
            self.place(above, index);
            index /= 2;
        }
        self.place(rising, index);
    }

    fn sift_down(&mut self, mut index: usize) {
        let sinking = self.heap[index - 1];
        let size = self.heap.len();
        while index * 2 <= size {
            let mut below = index * 2;
            if below < size && self.heap[below].timestamp < self.heap[below - 1].timestamp {
                below += 1;
            }
            let child = self.heap[below - 1];
            if child.timestamp >= sinking.timestamp {
                break;
            }
            self.place(child, index);
            index = below;
        }
        self.place(sinking, index);
    }
}

impl<K: Key, N: PartialEq> HeapSet<K, N> {
    /// Bytes of memory that are held, without what keys and namespaces own elsewhere.
    pub fn memory(&self) -> usize {
        self.heap.capacity() * size_of::<Node>()
            + self.positions.capacity() * size_of::<u32>()
            + self.slots.capacity() * size_of::<Option<(K, N)>>()
            + self.by_identity.allocation_size()
    }
}
