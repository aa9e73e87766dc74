//! A cache of decoded values that are written back when they leave it.
//!
//! Values are handed out for change in place, so their size can only be measured again now and
//! then: after some uses, the more the larger the value is, so that measuring costs a fixed share
//! of using. The bound in bytes holds for sizes as last measured. What leaves is chosen by the
//! clock rule: a hand goes round and takes what has not been used since it last came by.
//!
//! Invariants: a slot is in the index as long as it is taken; a dirty slot is in the list of dirty
//! ones (which may name it twice, and slots that are clean by now). What the cache does follows
//! from what was asked of it and from nothing else.

use hashbrown::HashTable;

/// What a slot costs beside address and value.
const SLOT_BYTES: usize = 64;

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
}

/// How a value is measured and written.
pub(super) trait WriteBack<A, W> {
    /// Why writing may fail.
    type Error;
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
    pub fn change(&mut self, id: SlotId, owner: &mut impl WriteBack<A, W>) -> (&A, &mut W) {
        let slot = self.slots[id as usize].as_mut().expect(TAKEN);
        slot.recent = true;
        slot.uses += 1;
        if slot.uses as usize > 8 + slot.bytes / 16 {
            let bytes = SLOT_BYTES + owner.size(&slot.address, &slot.value);
            self.bytes = self.bytes - slot.bytes + bytes;
            (slot.bytes, slot.uses) = (bytes, 0);
        }
        if !slot.dirty {
            slot.dirty = true;
            self.dirty.push(id);
            if self.dirty.len() > 2 * self.slots.len() {
                self.tidy_dirty();
            }
        }
        let slot = self.slot_mut(id);
        (&slot.address, &mut slot.value)
    }

    /// Drops the clean from the list of the dirty.
    fn tidy_dirty(&mut self) {
        let Self { dirty, slots, .. } = self;
        dirty.sort_unstable();
        dirty.dedup();
        dirty.retain(|id| slots[*id as usize].as_ref().is_some_and(|slot| slot.dirty));
    }

    /// Puts a value at an address that is not in the cache, and writes back others until all are
    /// within `limit`; the new one stays in any case.
    pub fn insert<O: WriteBack<A, W>>(
        &mut self,
        hash: u64,
        entry: (A, W),
        origin: Origin,
        limit: usize,
        owner: &mut O,
    ) -> Result<SlotId, O::Error> {
        let (address, value) = entry;
        let bytes = SLOT_BYTES + owner.size(&address, &value);
        self.make_room(limit.saturating_sub(bytes), owner)?;
        let dirty = origin != Origin::Tree;
        let stored = origin != Origin::New;
        let slot = Slot { hash, address, value, bytes, uses: 0, recent: true, dirty, stored };
        let id = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            (self.slots.len() - 1) as SlotId
        });
        self.slots[id as usize] = Some(slot);
        self.bytes += bytes;
        if dirty {
            self.dirty.push(id);
        }
        let slots = &self.slots;
        self.index.insert_unique(hash, id, |id| slots[*id as usize].as_ref().expect(TAKEN).hash);
        Ok(id)
    }

    fn make_room<O: WriteBack<A, W>>(
        &mut self,
        limit: usize,
        owner: &mut O,
    ) -> Result<(), O::Error> {
        while self.bytes > limit && !self.index.is_empty() {
            self.hand = if self.hand + 1 < self.slots.len() { self.hand + 1 } else { 0 };
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
