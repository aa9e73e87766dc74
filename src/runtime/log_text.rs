//! What the trace and the wire need to know of the log's messages.

use super::rpc::{BrokerRpc, LogAnswer, LogClientRpc};
use crate::host::LogRecord;
use crate::trace::TransactionResult;

impl BrokerRpc {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::DescribeTopic { .. } => "DescribeTopic",
            Self::CreatePartitions { .. } => "CreatePartitions",
            Self::ListOffsets { .. } => "ListOffsets",
            Self::InitProducerId { .. } => "InitProducerId",
            Self::Produce { .. } => "Produce",
            Self::EndTransaction { .. } => "EndTxn",
            Self::ListTransactions { .. } => "ListTransactions",
            Self::Fetch { .. } => "Fetch",
            Self::AddPartition { .. } => "AddPartitionsToTxn",
            Self::PartitionAdded { .. } => "PartitionsAddedToTxn",
            Self::WriteMarker { .. } => "WriteTxnMarkers",
            Self::MarkerWritten { .. } => "TxnMarkersWritten",
        }
    }

    pub(super) fn about(&self) -> String {
        match self {
            Self::DescribeTopic { topic, .. } => topic.to_string(),
            Self::CreatePartitions { topic, partitions, .. } => format!("{partitions} of {topic}"),
            Self::ListOffsets { of, .. } => of.to_string(),
            Self::InitProducerId { transactional_id, .. } => {
                transactional_id.as_deref().unwrap_or("without a transactional id").to_owned()
            }
            Self::Produce { append, .. } => {
                format!("{} records to {}", append.records.len(), append.to)
            }
            Self::EndTransaction { transactional_id, result, .. } => {
                format!("{} {transactional_id}", word(*result))
            }
            Self::ListTransactions { prefix, .. } => {
                format!("{}*", prefix.as_deref().unwrap_or_default())
            }
            Self::Fetch { from, position, .. } => format!("{from} from {position}"),
            Self::AddPartition { transactional_id, partition, .. }
            | Self::MarkerWritten { transactional_id, partition, .. } => {
                format!("{partition} {transactional_id}")
            }
            Self::PartitionAdded { transactional_id, partition, result, .. } => match result {
                Ok(()) => format!("{partition} {transactional_id}"),
                Err(error) => format!("{partition} {transactional_id}: {error}"),
            },
            Self::WriteMarker { transactional_id, partition, result, .. } => {
                format!("{} {partition} {transactional_id}", word(*result))
            }
        }
    }

    pub(super) fn wire_size(&self) -> u64 {
        match self {
            Self::Produce { append, .. } => append.records.iter().map(size).sum(),
            message => message.about().len() as u64,
        }
    }

    /// Whether it moves records: traces tell of those by what becomes of them.
    pub(super) fn is_data(&self) -> bool {
        matches!(self, Self::Produce { .. } | Self::Fetch { .. })
    }
}

impl LogClientRpc {
    pub(super) fn name(&self) -> &'static str {
        match self.answer {
            LogAnswer::Done => "EndTxnDone",
            LogAnswer::Partitions(_) => "TopicDescribed",
            LogAnswer::PartitionsCreated => "PartitionsCreated",
            LogAnswer::Offsets(_) => "OffsetsListed",
            LogAnswer::Producer(_) => "ProducerIdInitialized",
            LogAnswer::Appended(_) => "Produced",
            LogAnswer::Transactions(_) => "TransactionsListed",
            LogAnswer::Fetched(_) => "Fetched",
            LogAnswer::Failed(_) => "LogRequestFailed",
        }
    }

    pub(super) fn about(&self) -> String {
        match &self.answer {
            LogAnswer::Done | LogAnswer::PartitionsCreated => String::new(),
            LogAnswer::Partitions(count) => format!("{count} partitions"),
            LogAnswer::Offsets(ends) => format!("{}..{}", ends.earliest, ends.latest),
            LogAnswer::Producer(producer) => producer.to_string(),
            LogAnswer::Appended(offset) => format!("at {offset}"),
            LogAnswer::Transactions(open) => open.join(", "),
            LogAnswer::Fetched(fetched) => format!("{} records", fetched.records.len()),
            LogAnswer::Failed(error) => error.to_string(),
        }
    }

    pub(super) fn wire_size(&self) -> u64 {
        match &self.answer {
            LogAnswer::Fetched(fetched) => fetched.records.iter().map(|(_, it)| size(it)).sum(),
            _ => self.about().len() as u64,
        }
    }

    /// Whether it moves records: traces tell of those by what becomes of them.
    pub(super) fn is_data(&self) -> bool {
        matches!(self.answer, LogAnswer::Appended(_) | LogAnswer::Fetched(_))
    }
}

fn size(record: &LogRecord) -> u64 {
    16 + record.row.fields.iter().map(|field| 2 + field.len() as u64).sum::<u64>()
}

fn word(result: TransactionResult) -> &'static str {
    result.into()
}
