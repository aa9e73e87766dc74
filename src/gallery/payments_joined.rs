//! Payments joined with receipts that are near them in time.
//!
//! An interval join pairs what fits and says nothing of the rest. What it refuses since it is
//! behind the watermark goes aside, and the sink `transactions` counts all that there was of each
//! transaction, so that what has found nobody can be seen, too.

use serde::{Deserialize, Serialize};

use super::payments::{Payment, Receipt, bounds, payments_and_receipts, with_payments};
use super::{ArgumentError, Arguments, GalleryJob, utc};
use crate::api::{Program, StreamExecutionEnvironment};
use crate::base::EventTime;
use crate::record::OutputTag;

const PAIRS: [&str; 4] = ["transaction", "amount", "bank", "receipt_after_ms"];
const LATE: [&str; 3] = ["transaction", "happened", "watermark"];
const TRANSACTIONS: [&str; 5] = ["transaction", "payments", "receipts", "late", "pairs"];

/// What scenarios know of the job.
pub(super) fn job() -> GalleryJob {
    let about = "Payments joined with receipts that are near them in time.";
    with_payments(GalleryJob::new("payments-joined", about, payments_joined))
        .sink("pairs", &PAIRS)
        .sink("late-payments", &LATE)
        .sink("late-receipts", &LATE)
        .sink("transactions", &TRANSACTIONS)
}

fn payments_joined(arguments: &Arguments) -> Result<Program, ArgumentError> {
    let env = StreamExecutionEnvironment::new("payments-joined");
    let (payments, receipts) = payments_and_receipts(&env, arguments)?;
    let (before, after) = bounds(arguments)?;
    let late_payments = OutputTag::<Payment>::new("late-payments");
    let late_receipts = OutputTag::<Receipt>::new("late-receipts");

    let pairs = payments
        .key_by_field(|payment| &payment.transaction)
        .interval_join(&receipts.key_by_field(|receipt| &receipt.transaction))
        .between_millis(-before, after)
        .side_output_left_late_data(&late_payments)
        .side_output_right_late_data(&late_receipts)
        .process(|payment: &Payment, receipt: &Receipt, context, out| {
            let Payment { transaction, amount, .. } = payment.clone();
            let after = context.right_timestamp().0 - context.left_timestamp().0;
            out.collect((transaction, amount, receipt.bank.clone(), after));
        })
        .uid("join");
    pairs.write_to("pairs", PAIRS);
    let late_payments = pairs.get_side_output(&late_payments);
    let late_receipts = pairs.get_side_output(&late_receipts);
    // Beside the join, what was late meets the watermark that it was late for.
    late_payments
        .process(|payment: Payment, context, out| {
            let Payment { happened, transaction, .. } = payment;
            out.collect(Late { transaction, happened, watermark: context.current_watermark() });
        })
        .uid("explain-payments")
        .write_to("late-payments", LATE);
    late_receipts
        .process(|receipt: Receipt, context, out| {
            let Receipt { happened, transaction, .. } = receipt;
            out.collect(Late { transaction, happened, watermark: context.current_watermark() });
        })
        .uid("explain-receipts")
        .write_to("late-receipts", LATE);

    let paid = payments.map(|it| (it.transaction, 1, 0, 0, 0)).uid("count-payments");
    let received = receipts.map(|it| (it.transaction, 0, 1, 0, 0)).uid("count-receipts");
    let late_paid = late_payments.map(|it| (it.transaction, 0, 0, 1, 0)).uid("count-late-payments");
    let late_received =
        late_receipts.map(|it| (it.transaction, 0, 0, 1, 0)).uid("count-late-receipts");
    let paired = pairs.map(|(transaction, ..)| (transaction, 0, 0, 0, 1)).uid("count-pairs");
    paid.union(&[&received, &late_paid, &late_received, &paired])
        .key_by_field(|(transaction, ..): &Counted| transaction)
        .reduce(|a, b| (a.0, a.1 + b.1, a.2 + b.2, a.3 + b.3, a.4 + b.4))
        .uid("count")
        .upsert_to("transactions", TRANSACTIONS, 1);
    super::finish(&env)
}

/// A transaction, and how many payments, receipts, late ones of either, and pairs it has.
type Counted = (String, u64, u64, u64, u64);

/// A record that came behind the watermark, which was as far as the slower of the two streams.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Late {
    transaction: String,
    #[serde(with = "utc")]
    happened: EventTime,
    #[serde(with = "utc")]
    watermark: EventTime,
}
