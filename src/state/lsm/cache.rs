//! A cache of decoded values that are written back when they leave it.
//!
//! Values are handed out for change in place, so how large one has become is seen only afterwards: it
//! is measured again when the next value is asked for. A large one is not measured each time, since
//! that would cost more than using it, but before it can have grown by an eighth at the rate at
//! which it grew last, or has been used as often as is worth it. So the bound in bytes holds up to
//! that. What leaves is chosen by the clock rule: a hand goes round and takes what has not been used
//! since it last came by.
//!
//! Invariants: a slot is in the index as long as it is taken; a dirty slot is in the list of dirty
//! ones (which may name it twice, and slots that are clean by now). What the cache does follows
//! from what was asked of it and from nothing else.

use hashbrown::HashTable;

/// What a slot costs beside address and value.
const SLOT_BYTES: usize = 64;

/// Values up to this size are measured after each change.
const SMALL_BYTES: usize = 1024;

/// The number of a slot.
pub(super) type SlotId = u32;

/// Where a new value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// It was read from the tree.
    Tree,
    /// It is new, and the tree has nothing at its address.
    New,
    /// It is new, and nobody has looked whether the tree has something there.
    Unknown,
}

struct Slot<A, W> {
    hash: u64,
    address: A,
    value: W,
    bytes: usize,
    /// Uses since it was last measured.
    uses: u32,
    /// After how many it is measured again, if it is large.
    measured_after: u32,
    /// Whether it was used since the hand last came by.
    recent: bool,
    /// Whether it differs from what the tree has.
    dirty: bool,
    /// Whether the tree may have something at its address.
    stored: bool,
}

/// See the module. `A` is the address, `W` the value.
pub(super) struct WriteBackCache<A, W> {
    index: HashTable<SlotId>,
    slots: Vec<Option<Slot<A, W>>>,
    free: Vec<SlotId>,
    dirty: Vec<SlotId>,
    hand: usize,
    bytes: usize,
    /// The slot whose value was handed out for change last.
    lent: Option<SlotId>,
}

/// How a value is measured and written.
pub(super) trait WriteBack<A, W> {
    /// Why writing may fail.
    type Error;
    /// How many bytes the cache may hold.
    fn limit(&self) -> usize;
    /// How many bytes address and value take.
    fn size(&mut self, address: &A, value: &W) -> usize;
    /// Writes it to the tree.
    fn write(&mut self, address: &A, value: &W) -> Result<(), Self::Error>;
}

const TAKEN: &str = "a slot in the index is taken";

impl<A, W> WriteBackCache<A, W> {
    pub fn new() -> Self {
        Self {
            index: HashTable::new(),
            slots: Vec::new(),
            free: Vec::new(),
            dirty: Vec::new(),
            hand: 0,
            bytes: 0,
            lent: None,
        }
    }

    fn slot(&self, id: SlotId) -> &Slot<A, W> {
        self.slots[id as usize].as_ref().expect(TAKEN)
    }

    fn slot_mut(&mut self, id: SlotId) -> &mut Slot<A, W> {
        self.slots[id as usize].as_mut().expect(TAKEN)
    }

    /// The slot of an address.
    #[inline]
    pub fn find(&self, hash: u64, is_address: impl Fn(&A) -> bool) -> Option<SlotId> {
        let slots = &self.slots;
        let found = self.index.find(hash, |id| {
            let slot = slots[*id as usize].as_ref().expect(TAKEN);
            slot.hash == hash && is_address(&slot.address)
        });
        found.copied()
    }

    /// The value in a slot, to look at without a trace: the cache will not remember it.
    pub fn glance(&self, id: SlotId) -> &W {
        &self.slot(id).value
    }

    /// All values, to look at without a trace, in no order that means anything.
    pub fn glance_all(&self) -> impl Iterator<Item = (&A, &W)> {
        self.slots.iter().flatten().map(|slot| (&slot.address, &slot.value))
    }

    /// The value in a slot, to read.
    #[inline]
    pub fn read(&mut self, id: SlotId) -> (&A, &W) {
        let slot = self.slot_mut(id);
        slot.recent = true;
        (&slot.address, &slot.value)
    }

    /// The value in a slot, to change.
    #[inline]
    pub fn change<O: WriteBack<A, W>>(
        &mut self,
        id: SlotId,
        owner: &mut O,
    ) -> Result<(&A, &mut W), O::Error> {
        if self.measure_lent(owner) {
            self.make_room(owner.limit(), Some(id), owner)?;
        }
        self.lent = Some(id);
        let slot = self.slots[id as usize].as_mut().expect(TAKEN);
        slot.recent = true;
        slot.uses += 1;
        if !slot.dirty {
            slot.dirty = true;
            self.push_dirty(id);
        }
        let slot = self.slot_mut(id);
        Ok((&slot.address, &mut slot.value))
    }

    /// Measures the value that was handed out last, if it is time; whether it has grown.
    #[inline]
    fn measure_lent(&mut self, owner: &mut impl WriteBack<A, W>) -> bool {
        let Some(id) = self.lent.take() else { return false };
        let slot = self.slots[id as usize].as_mut().expect(TAKEN);
        if slot.bytes > SMALL_BYTES && slot.uses < slot.measured_after {
            return false;
        }
        let bytes = SLOT_BYTES + owner.size(&slot.address, &slot.value);
        let grown = bytes.saturating_sub(slot.bytes);
        let rarely = 8 + bytes / SMALL_BYTES;
        let per_use = grown / slot.uses.max(1) as usize;
        let soon = (bytes / 8).checked_div(per_use).unwrap_or(rarely).clamp(1, rarely);
        slot.measured_after = u32::try_from(soon).unwrap_or(u32::MAX);
        self.bytes = self.bytes - slot.bytes + bytes;
        (slot.bytes, slot.uses) = (bytes, 0);
        grown > 0
    }

    fn push_dirty(&mut self, id: SlotId) {
        self.dirty.push(id);
        if self.dirty.len() > 2 * self.slots.len() {
            self.tidy_dirty();
        }
    }

    /// Drops the clean from the list of the dirty.
    fn tidy_dirty(&mut self) {
        let Self { dirty, slots, .. } = self;
        dirty.sort_unstable();
        dirty.dedup();
        dirty.retain(|id| slots[*id as usize].as_ref().is_some_and(|slot| slot.dirty));
    }

    /// Puts a value at an address that is not in the cache, and writes back others until all are
    /// within the limit; the new one stays in any case.
    pub fn insert<O: WriteBack<A, W>>(
        &mut self,
        hash: u64,
        entry: (A, W),
        origin: Origin,
        owner: &mut O,
    ) -> Result<SlotId, O::Error> {
        self.measure_lent(owner);
        let (address, value) = entry;
        let bytes = SLOT_BYTES + owner.size(&address, &value);
        self.make_room(owner.limit().saturating_sub(bytes), None, owner)?;
        let dirty = origin != Origin::Tree;
        let stored = origin != Origin::New;
        let (uses, measured_after, recent) = (0, 1, true);
        let slot =
            Slot { hash, address, value, bytes, uses, measured_after, recent, dirty, stored };
        let id = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            (self.slots.len() - 1) as SlotId
        });
        self.slots[id as usize] = Some(slot);
        self.bytes += bytes;
        if dirty {
            self.push_dirty(id);
        }
        let slots = &self.slots;
        self.index.insert_unique(hash, id, |id| slots[*id as usize].as_ref().expect(TAKEN).hash);
        Ok(id)
    }

    /// Writes back values until the others take no more than `limit`. The value in the slot `kept`
    /// stays.
    fn make_room<O: WriteBack<A, W>>(
        &mut self,
        limit: usize,
        kept: Option<SlotId>,
        owner: &mut O,
    ) -> Result<(), O::Error> {
        while self.bytes > limit && self.index.len() > usize::from(kept.is_some()) {
            self.hand = if self.hand + 1 < self.slots.len() { self.hand + 1 } else { 0 };
            if kept == Some(self.hand as SlotId) {
                continue;
            }
            let Some(slot) = &mut self.slots[self.hand] else { continue };
            if std::mem::take(&mut slot.recent) {
                continue;
            }
            if slot.dirty {
                owner.write(&slot.address, &slot.value)?;
            }
            self.remove(self.hand as SlotId);
        }
        Ok(())
    }

    /// Takes a slot's contents out; the last is whether the tree may have something there.
    pub fn remove(&mut self, id: SlotId) -> (A, W, bool) {
        let hash = self.slot(id).hash;
        if let Ok(entry) = self.index.find_entry(hash, |found| *found == id) {
            entry.remove();
        }
        let slot = self.slots[id as usize].take().expect(TAKEN);
        self.free.push(id);
        self.lent = self.lent.filter(|lent| *lent != id);
        self.bytes -= slot.bytes;
        (slot.address, slot.value, slot.stored)
    }

    /// Writes all changes to the tree; the values stay.
    pub fn write_back<O: WriteBack<A, W>>(&mut self, owner: &mut O) -> Result<(), O::Error> {
        for id in std::mem::take(&mut self.dirty) {
            let Some(slot) = &mut self.slots[id as usize] else { continue };
            if slot.dirty {
                owner.write(&slot.address, &slot.value)?;
                (slot.dirty, slot.stored) = (false, true);
            }
        }
        Ok(())
    }

    /// Forgets everything, changes too.
    pub fn clear(&mut self) {
        *self = Self::new();
    }

    /// How many bytes are in it, as last measured.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}
