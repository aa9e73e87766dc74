//! What a barrier overtakes, as it is stored, and back.

use crate::checkpoint::{StoredChannel, StoredElement};
use crate::operator::EdgeFactory;
use crate::record::{Element, Failure, StreamEvent};

/// An element as it is stored; none for what is no part of a checkpoint: barriers, and the end of a
/// channel, which shows in the state of its producer.
pub(super) fn stored(element: &Element) -> Option<StoredElement> {
    match element {
        Element::Data(batch) => {
            let records = batch.records() as u64;
            Some(StoredElement::Records { records, bytes: batch.encode() })
        }
        Element::Event(StreamEvent::Watermark(watermark)) => {
            Some(StoredElement::Watermark(*watermark))
        }
        Element::Event(StreamEvent::WatermarkStatus(status)) => {
            Some(StoredElement::WatermarkStatus(*status))
        }
        Element::Event(
            StreamEvent::Barrier(_) | StreamEvent::CancelCheckpoint(_) | StreamEvent::EndOfInput,
        ) => None,
    }
}

/// What was stored of a channel of this edge, once more.
pub fn restored(channel: &StoredChannel, edge: &dyn EdgeFactory) -> Result<Vec<Element>, Failure> {
    let element = |stored: &StoredElement| {
        Ok(match stored {
            StoredElement::Records { bytes, .. } => Element::Data(edge.decode(bytes)?),
            StoredElement::Watermark(watermark) => {
                Element::Event(StreamEvent::Watermark(*watermark))
            }
            StoredElement::WatermarkStatus(status) => {
                Element::Event(StreamEvent::WatermarkStatus(*status))
            }
        })
    };
    channel.elements.iter().map(element).collect()
}
