//! A broker of the transactional log (Apache Kafka's, in its terms): what it knows and decides.
//!
//! Nothing here reads a clock, sends or stores. A decision looks at the state and returns what is
//! to be written; [`BrokerState::apply`] is the only way by which state changes, for an entry that
//! was just made as for one that is read again after a crash. So what a broker has after a restart
//! is what it had, up to the last entry that was durable.
//!
//! Invariants: an offset is given out once; a batch of an idempotent producer is in its partition
//! once; readers of what is committed see of a transaction all of its records or none, and none
//! before its marker is durable; a transactional id has one producer that may append, the one that
//! was initialized last; what retention removes is stable, and older than it says.
//!
//! | file | what it is |
//! |---|---|
//! | `partition` | the log of one partition: offsets, idempotence, isolation |
//! | `transactions` | the coordinator of transactional ids |
//! | `entry` | the entries of the write-ahead log, and their bytes |
//! | `state` | all that a broker knows, folded from entries |
//! | `placement` | which broker is in charge of what |
//! | `retention` | how long records are kept |
//! | `seams` | decisions that a wrong part may take |
//!
//! Previous: [`crate::host::LogAccess`], through which nodes use the log. Next: the component in
//! `runtime` that gives this messages, timers and a disk.

mod entry;
mod partition;
pub mod placement;
mod retention;
mod seams;
mod state;
mod transactions;

pub use entry::WalEntry;
pub use partition::{Admission, Batch, PartitionLog};
pub use retention::Retention;
pub use seams::{FenceOlderEpochs, ProducerFencing};
pub use state::{BrokerState, Place};
pub use transactions::{
    EndDecision, InitDecision, InitRequest, JoinDecision, Phase, Transaction, TransactionChange,
    Transactions,
};
