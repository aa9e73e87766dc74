//! Side outputs: records that leave an operator beside its main output, under a tag.
//!
//! Previous: a user's function, or a window that refuses a late record. Next: whatever reads the
//! side output of that tag; if nothing does, the record is gone, as in Flink.

use std::any::{Any, type_name};
use std::cell::RefCell;
use std::fmt;
use std::marker::PhantomData;
use std::rc::Rc;

use super::{AnyBatch, AnyOutput, Batch, ChainEvent, Data, Failure, RecordId};
use crate::base::{EventTime, Name};

/// Names a side output and says what its records are (Flink's class of this name).
///
/// ```
/// use weir::record::OutputTag;
///
/// let late = OutputTag::<(String, i64)>::new("late");
/// assert_eq!(late.id(), "late");
/// ```
pub struct OutputTag<X> {
    id: Name,
    records: PhantomData<fn() -> X>,
}

impl<X> OutputTag<X> {
    /// The side output called `id`; one name stands for one type.
    pub fn new(id: &str) -> Self {
        Self { id: id.into(), records: PhantomData }
    }

    /// Its name.
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl<X> Clone for OutputTag<X> {
    fn clone(&self) -> Self {
        Self { id: self.id.clone(), records: PhantomData }
    }
}

impl<X> fmt::Debug for OutputTag<X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OutputTag({}: {})", self.id, type_name::<X>())
    }
}

struct Side {
    tag: Name,
    readers: Vec<Box<dyn AnyOutput>>,
    staged: Option<Box<dyn AnyBatch>>,
}

/// The side outputs of one operator. Clones are the same side outputs.
#[derive(Clone)]
pub struct SideOutputs(Rc<RefCell<Inner>>);

struct Inner {
    sides: Vec<Side>,
    /// The first mistake: user functions emit without an answer.
    failure: Option<Failure>,
}

impl SideOutputs {
    pub(super) fn new(readers: Vec<(Name, Box<dyn AnyOutput>)>) -> Self {
        let mut sides: Vec<Side> = Vec::new();
        for (tag, reader) in readers {
            match sides.iter_mut().find(|side| side.tag == tag) {
                Some(side) => side.readers.push(reader),
                None => sides.push(Side { tag, readers: vec![reader], staged: None }),
            }
        }
        Self(Rc::new(RefCell::new(Inner { sides, failure: None })))
    }

    /// Side outputs that nobody reads.
    pub fn none() -> Self {
        Self::new(Vec::new())
    }

    /// Whether nobody reads any.
    pub fn is_empty(&self) -> bool {
        self.0.borrow().sides.is_empty()
    }

    /// Emits a record. It is passed on with the next [`Self::flush`], which also tells of a tag
    /// that is used for two types.
    pub fn emit<X: Data>(
        &self,
        tag: &OutputTag<X>,
        value: X,
        timestamp: Option<EventTime>,
        id: Option<RecordId>,
    ) {
        let Inner { sides, failure } = &mut *self.0.borrow_mut();
        let Some(side) = sides.iter_mut().find(|side| side.tag == tag.id) else { return };
        let staged = side.staged.get_or_insert_with(|| Box::new(Batch::<X>::default()));
        let staged: &mut dyn Any = &mut **staged;
        match staged.downcast_mut::<Batch<X>>() {
            Some(batch) => batch.push(value, timestamp, id),
            None => {
                let (tag, found) = (&tag.id, type_name::<X>());
                failure.get_or_insert(Failure(format!(
                    "side output `{tag}` is written with records of two types, one of them {found}"
                )));
            }
        }
    }

    /// Passes on what was emitted.
    pub fn flush(&self) -> Result<(), Failure> {
        let Inner { sides, failure } = &mut *self.0.borrow_mut();
        if let Some(failure) = failure.take() {
            return Err(failure);
        }
        for Side { tag, readers, staged } in sides {
            let Some(batch) = staged.take() else { continue };
            let about = |Failure(cause)| Failure(format!("side output `{tag}`: {cause}"));
            let Some((last, others)) = readers.split_last_mut() else { continue };
            for reader in others {
                reader.collect_any(0, batch.clone_any()).map_err(about)?;
            }
            last.collect_any(0, batch).map_err(about)?;
        }
        Ok(())
    }

    pub(super) fn on_event(&self, event: ChainEvent) -> Result<(), Failure> {
        let mut inner = self.0.borrow_mut();
        let readers = inner.sides.iter_mut().flat_map(|side| &mut side.readers);
        readers.into_iter().try_for_each(|reader| reader.on_event(event))
    }
}
