//! The operator state of a subtask: its registered states, their snapshot and their restore.
//!
//! Invariants: a name has one mode and one type; what was restored and not yet registered is kept
//! and is part of the next snapshot.

use std::any::Any;
use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::sync::{Arc, LazyLock};

use serde::{Deserialize, Serialize};

use super::repartition::{OperatorStateHandle, OperatorStateMode, StateMetaInfo};
use super::states::{BroadcastState, OperatorListState, Place};
use crate::record::Data;
use crate::record::format::{
    FormatError, Schema, decode_prefix, encode_into, from_document_as, to_document_as,
};
use crate::state::{ListStateDescriptor, MapStateDescriptor, Namespace, StateError};

/// What an operator state is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperatorStateMeta {
    /// Its name.
    pub name: String,
    /// How it is dealt out.
    pub mode: OperatorStateMode,
    /// The type of its elements; of broadcast state, that of its map.
    pub element: Schema,
}

/// The operator state of a subtask as bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperatorSnapshot {
    /// The states, by name.
    pub states: Vec<OperatorStateMeta>,
    /// Where the elements of each begin, in the order of `states`.
    pub offsets: Vec<Vec<u64>>,
    /// The elements.
    #[serde(with = "crate::state::snapshot::blob")]
    pub bytes: Vec<u8>,
}

/// The type of snapshots, traced once.
static SCHEMA: LazyLock<Schema> = LazyLock::new(Schema::of::<OperatorSnapshot>);

impl OperatorSnapshot {
    /// The snapshot as redistribution sees it; `handle` is what it is called there.
    pub fn handle(&self, handle: impl Into<String>) -> OperatorStateHandle {
        let info = |(meta, offsets): (&OperatorStateMeta, &Vec<u64>)| {
            let info = StateMetaInfo { mode: meta.mode, offsets: offsets.clone() };
            (meta.name.clone(), info)
        };
        let states = self.states.iter().zip(&self.offsets).map(info).collect();
        OperatorStateHandle { handle: handle.into(), states }
    }

    /// The snapshot as bytes that say what they are.
    pub fn to_bytes(&self) -> Vec<u8> {
        to_document_as(&SCHEMA, self).expect("a snapshot is plain data")
    }

    /// The snapshot that these bytes are.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FormatError> {
        from_document_as(&SCHEMA, bytes)
    }
}

/// A state whose type is not known.
trait AnyOperatorState: Any + Send {
    /// Writes each element behind what is in `bytes` and says where it begins.
    fn write(&self, bytes: &mut Vec<u8>, offsets: &mut Vec<u64>) -> Result<(), StateError>;
    /// Takes the element in that `bytes` begin with; the rest is none of its business.
    fn read(&mut self, bytes: &[u8]) -> Result<(), StateError>;
    fn as_any(&self) -> &dyn Any;
    fn as_any_mut(&mut self) -> &mut dyn Any;
}

impl<V: Data> AnyOperatorState for Vec<V> {
    fn write(&self, bytes: &mut Vec<u8>, offsets: &mut Vec<u64>) -> Result<(), StateError> {
        for element in self {
            offsets.push(bytes.len() as u64);
            encode_into(element, bytes)?;
        }
        Ok(())
    }

    fn read(&mut self, bytes: &[u8]) -> Result<(), StateError> {
        self.push(decode_prefix(bytes)?.0);
        Ok(())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
}

impl<U: Namespace, V: Data> AnyOperatorState for BTreeMap<U, V> {
    fn write(&self, bytes: &mut Vec<u8>, offsets: &mut Vec<u64>) -> Result<(), StateError> {
        offsets.push(bytes.len() as u64);
        Ok(encode_into(self, bytes)?)
    }

    fn read(&mut self, bytes: &[u8]) -> Result<(), StateError> {
        self.extend(decode_prefix::<Self>(bytes)?.0);
        Ok(())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
}

/// A registered state.
struct Slot {
    name: Arc<str>,
    meta: OperatorStateMeta,
    state: Box<dyn AnyOperatorState>,
}

/// Restored and not yet registered: each element behind its own bytes.
struct Unclaimed {
    meta: OperatorStateMeta,
    /// From the beginning of each element on; the end is known only to its type.
    elements: Vec<Vec<u8>>,
}

/// See the module.
#[derive(Default)]
pub struct OperatorStateBackend {
    slots: Vec<Slot>,
    unclaimed: BTreeMap<String, Unclaimed>,
}

impl OperatorStateBackend {
    /// No state as yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Registers a list whose elements are dealt out anew when the parallelism changes.
    pub fn list_state<V: Data>(
        &mut self,
        descriptor: &ListStateDescriptor<V>,
    ) -> Result<OperatorListState<V>, StateError> {
        self.register_list(descriptor, OperatorStateMode::SplitDistribute)
    }

    /// Registers a list of which every subtask gets all elements after a restart.
    pub fn union_list_state<V: Data>(
        &mut self,
        descriptor: &ListStateDescriptor<V>,
    ) -> Result<OperatorListState<V>, StateError> {
        self.register_list(descriptor, OperatorStateMode::Union)
    }

    fn register_list<V: Data>(
        &mut self,
        descriptor: &ListStateDescriptor<V>,
        mode: OperatorStateMode,
    ) -> Result<OperatorListState<V>, StateError> {
        let (name, element) = (descriptor.name().to_string(), Schema::of::<V>());
        let place = self.register(OperatorStateMeta { name, mode, element }, Vec::<V>::new())?;
        Ok(OperatorListState { place, element: PhantomData })
    }

    /// Registers a map that is the same in every subtask.
    pub fn broadcast_state<U: Namespace, V: Data>(
        &mut self,
        descriptor: &MapStateDescriptor<U, V>,
    ) -> Result<BroadcastState<U, V>, StateError> {
        let (name, mode) = (descriptor.name().to_string(), OperatorStateMode::Broadcast);
        let element = Schema::of::<BTreeMap<U, V>>();
        let meta = OperatorStateMeta { name, mode, element };
        let place = self.register(meta, BTreeMap::<U, V>::new())?;
        Ok(BroadcastState { place, entry: PhantomData })
    }

    fn register<S: AnyOperatorState>(
        &mut self,
        meta: OperatorStateMeta,
        mut state: S,
    ) -> Result<Place, StateError> {
        if let Some(index) = self.slots.iter().position(|slot| *slot.name == meta.name) {
            let slot = &self.slots[index];
            check_same(&slot.meta, &meta)?;
            if (*slot.state).type_id() != state.type_id() {
                return Err(type_differs(&slot.meta, &meta));
            }
            return Ok(Place { index, name: slot.name.clone() });
        }
        if let Some(restored) = self.unclaimed.get(&meta.name) {
            check_unchanged(&restored.meta, &meta)?;
            for element in &restored.elements {
                state.read(element)?;
            }
            self.unclaimed.remove(&meta.name);
        }
        let (index, name) = (self.slots.len(), Arc::<str>::from(meta.name.as_str()));
        self.slots.push(Slot { name: name.clone(), meta, state: Box::new(state) });
        Ok(Place { index, name })
    }

    fn slot(&self, place: &Place) -> Result<&Slot, StateError> {
        let slot = self.slots.get(place.index);
        let slot = slot.filter(|slot| Arc::ptr_eq(&slot.name, &place.name));
        slot.ok_or_else(|| StateError::Unregistered(place.name.to_string()))
    }

    pub(super) fn get<S: 'static>(&self, place: &Place) -> Result<&S, StateError> {
        let state = self.slot(place)?.state.as_any().downcast_ref();
        Ok(state.expect("a handle has the type it was registered with"))
    }

    pub(super) fn get_mut<S: 'static>(&mut self, place: &Place) -> Result<&mut S, StateError> {
        self.slot(place)?;
        let state = self.slots[place.index].state.as_any_mut().downcast_mut();
        Ok(state.expect("a handle has the type it was registered with"))
    }

    /// All state of the subtask.
    pub fn snapshot(&self) -> Result<OperatorSnapshot, StateError> {
        let mut parts = BTreeMap::new();
        let mut bytes = Vec::new();
        for slot in &self.slots {
            let mut offsets = Vec::new();
            slot.state.write(&mut bytes, &mut offsets)?;
            parts.insert(slot.meta.name.as_str(), (&slot.meta, offsets));
        }
        for (name, unclaimed) in &self.unclaimed {
            let mut offsets = Vec::new();
            for element in &unclaimed.elements {
                offsets.push(bytes.len() as u64);
                bytes.extend_from_slice(element);
            }
            parts.insert(name, (&unclaimed.meta, offsets));
        }
        let (states, offsets) =
            parts.into_values().map(|(meta, offsets)| (meta.clone(), offsets)).unzip();
        Ok(OperatorSnapshot { states, offsets, bytes })
    }

    /// Takes in what redistribution has given to this subtask of a snapshot.
    pub fn restore(
        &mut self,
        snapshot: &OperatorSnapshot,
        handle: &OperatorStateHandle,
    ) -> Result<(), StateError> {
        let mut begins: Vec<u64> = snapshot.offsets.iter().flatten().copied().collect();
        begins.sort_unstable();
        for meta in &snapshot.states {
            let Some(info) = handle.states.get(&meta.name) else { continue };
            for &offset in &info.offsets {
                let element =
                    element_at(snapshot, &begins, offset).ok_or_else(|| FormatError::Damaged {
                        type_name: meta.name.clone(),
                        reason: format!("there is nothing at offset {offset}"),
                    })?;
                self.take_in(meta, element)?;
            }
        }
        Ok(())
    }

    fn take_in(&mut self, meta: &OperatorStateMeta, element: &[u8]) -> Result<(), StateError> {
        if let Some(slot) = self.slots.iter_mut().find(|slot| *slot.name == meta.name) {
            check_unchanged(meta, &slot.meta)?;
            return slot.state.read(element);
        }
        let kept = self
            .unclaimed
            .entry(meta.name.clone())
            .or_insert_with(|| Unclaimed { meta: meta.clone(), elements: Vec::new() });
        check_unchanged(&kept.meta, meta)?;
        kept.elements.push(element.to_vec());
        Ok(())
    }
}

/// The bytes of the element at an offset: up to where the next one of any state begins.
fn element_at<'a>(snapshot: &'a OperatorSnapshot, begins: &[u64], offset: u64) -> Option<&'a [u8]> {
    let next = begins.partition_point(|begin| *begin <= offset);
    let end = begins.get(next).copied().unwrap_or(snapshot.bytes.len() as u64);
    snapshot.bytes.get(usize::try_from(offset).ok()?..usize::try_from(end).ok()?)
}

fn type_differs(registered: &OperatorStateMeta, wanted: &OperatorStateMeta) -> StateError {
    let words = |meta: &OperatorStateMeta| format!("{} elements of {}", meta.mode, meta.element);
    let (name, registered) = (registered.name.clone(), words(registered));
    StateError::TypeDiffers { name, registered, wanted: words(wanted) }
}

fn check_same(
    registered: &OperatorStateMeta,
    wanted: &OperatorStateMeta,
) -> Result<(), StateError> {
    if registered == wanted { Ok(()) } else { Err(type_differs(registered, wanted)) }
}

/// Whether what was stored may become what is registered. As in Flink, the mode is that of the
/// snapshot until the next one.
fn check_unchanged(
    stored: &OperatorStateMeta,
    registered: &OperatorStateMeta,
) -> Result<(), StateError> {
    match stored.element.difference(&registered.element) {
        None => Ok(()),
        Some(difference) => Err(StateError::Changed { name: registered.name.clone(), difference }),
    }
}
