//! Payments and the receipts of banks for them: two streams, each with its own watermarks, in
//! which the same transactions occur.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::every_nth::watermark_per_record;
use super::timed_table::timed_table;
use super::{ArgumentError, ArgumentKind, ArgumentValue, Arguments, GalleryJob, utc};
use crate::api::{DataStream, SourceOptions, StreamExecutionEnvironment};
use crate::base::{EventTime, SimDuration};

/// A payment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Payment {
    #[serde(with = "utc")]
    pub(super) happened: EventTime,
    pub(super) transaction: String,
    pub(super) amount: u64,
}

/// A bank's word that it has been paid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Receipt {
    #[serde(with = "utc")]
    pub(super) happened: EventTime,
    pub(super) transaction: String,
    pub(super) bank: String,
}

/// Adds the arguments that say what there is and what belongs together.
pub(super) fn with_payments(job: GalleryJob) -> GalleryJob {
    let seconds = |seconds| ArgumentValue::Duration(SimDuration::from_secs(seconds));
    let payments = "payments as CSV: arrives_s,happened,transaction,amount";
    let receipts = "receipts as CSV: arrives_s,happened,transaction,bank";
    job.argument("payments", ArgumentKind::File, payments)
        .argument("receipts", ArgumentKind::File, receipts)
        .optional("before", seconds(3), "how long before its payment a receipt may be")
        .optional("after", seconds(5), "how long after its payment a receipt may be")
        .optional("out-of-orderness", seconds(0), "how far behind the latest a record may be")
}

/// How far before and after its payment a receipt may be, in milliseconds.
pub(super) fn bounds(arguments: &Arguments) -> Result<(i64, i64), ArgumentError> {
    let millis = |name| Ok(arguments.duration(name)?.as_millis() as i64);
    Ok((millis("before")?, millis("after")?))
}

/// The two streams.
pub(super) fn payments_and_receipts(
    env: &StreamExecutionEnvironment,
    arguments: &Arguments,
) -> Result<(DataStream<Payment>, DataStream<Receipt>), ArgumentError> {
    let out_of_orderness = arguments.duration("out-of-orderness")?;
    let options = SourceOptions::default();
    let strategy = watermark_per_record(out_of_orderness, |payment: &Payment| payment.happened);
    let payments = Arc::new(timed_table::<Payment>(arguments, "payments")?);
    let payments = env.from_source("payments", payments, options, strategy);
    let strategy = watermark_per_record(out_of_orderness, |receipt: &Receipt| receipt.happened);
    let receipts = Arc::new(timed_table::<Receipt>(arguments, "receipts")?);
    let receipts = env.from_source("receipts", receipts, options, strategy);
    Ok((payments.uid("payments").parallelism(1), receipts.uid("receipts").parallelism(1)))
}
