//! What tasks say to each other (Flink's `NettyMessage`).

use crate::host::Message;
use crate::record::Element;

/// See the module. An edge is given by its place in the job graph, a channel by its place in the
/// consumer's input gate.
pub enum DataMessage {
    /// A consumer connects one of its channels to a subpartition.
    PartitionRequest {
        /// The edge.
        edge: u16,
        /// The subpartition of the producer.
        subpartition: u32,
        /// The channel that it is to feed.
        channel: u32,
        /// How many buffers may be sent at first.
        credit: u32,
    },
    /// A producer sends a buffer.
    BufferResponse {
        /// The channel.
        channel: u32,
        /// Its number on the channel, from 1.
        seq: u64,
        /// What it holds.
        element: Element,
    },
    /// A producer that has failed or was cancelled will send nothing more.
    ErrorResponse {
        /// The channel.
        channel: u32,
    },
    /// A consumer lets a producer send more.
    AddCredit {
        /// The edge.
        edge: u16,
        /// The subpartition of the producer.
        subpartition: u32,
        /// How many buffers more.
        credit: u32,
    },
}

/// Flink's frame header: length, magic number, message id.
const FRAME_HEADER: u64 = 9;

impl Message for DataMessage {
    fn wire_size(&self) -> u64 {
        let body = match self {
            Self::PartitionRequest { .. } => 40,
            Self::BufferResponse { element: Element::Data(batch), .. } => 20 + batch.encoded_size(),
            Self::BufferResponse { element: Element::Event(_), .. } => 24,
            Self::ErrorResponse { .. } => 16,
            Self::AddCredit { .. } => 20,
        };
        FRAME_HEADER + body
    }
}
