//! How records get from one task to the next.
//!
//! A [`RecordWriter`] deals records to the channels of a [`ResultPartition`], which sends a buffer
//! only where the consumer has granted credit; the consumer's [`InputGate`] takes buffers in and
//! grants credit as they are consumed. A slow consumer therefore fills first its own channel,
//! then its producer's, and then stops the producer: back-pressure.
//!
//! Invariants: a channel's buffers arrive in the order of their numbers, without gaps; data never
//! exceeds credit; events need none.
//!
//! Previous: the last operator of a chain ([`crate::operator`]). Next: the first operator of the
//! next task ([`crate::task`]).

mod channel;
mod input;
mod input_gate;
mod kept;
mod message;
mod overtaken;
mod owners;
mod record_writer;
mod result_partition;
mod selector;
mod staging;

pub use input::{Consumer, InputChannel, PriorityEvent, Taken};
pub use input_gate::InputGate;
pub use message::DataMessage;
pub use overtaken::restored;
pub use record_writer::{CustomEdge, KeyedEdge, RecordWriter, UnkeyedEdge};
pub use result_partition::{ConsumerChannel, PartitionSettings, ResultPartition};
pub use selector::{Custom, Deal, KeyGroups, UnkeyedDeal};
pub use staging::Staging;
