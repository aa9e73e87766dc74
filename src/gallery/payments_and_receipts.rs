//! Payments matched with receipts by hand: each side waits in state for the other, and a timer
//! ends its waiting.
//!
//! What an interval join does not say is said here: who has waited in vain. A timer of event time
//! fires when *both* streams have come so far, and so nobody is reported only since the other
//! stream is slow.

use serde::{Deserialize, Serialize};

use super::payments::{Payment, Receipt, bounds, payments_and_receipts, with_payments};
use super::{ArgumentError, Arguments, GalleryJob};
use crate::api::{Program, StreamExecutionEnvironment};
use crate::base::EventTime;
use crate::operator::{KeyedCoProcessFunction, KeyedContext, KeyedOpenContext};
use crate::record::{Collector, Failure, OutputTag};
use crate::state::{KeyedState, ValueState, ValueStateDescriptor};

const MATCHED: [&str; 4] = ["transaction", "amount", "bank", "receipt_after_ms"];
const PAYMENTS: [&str; 3] = ["happened", "transaction", "amount"];
const RECEIPTS: [&str; 3] = ["happened", "transaction", "bank"];

/// What scenarios know of the job.
pub(super) fn job() -> GalleryJob {
    let about = "Payments matched with receipts, and which of either have found no match.";
    with_payments(GalleryJob::new("payments-and-receipts", about, match_payments))
        .sink("matched", &MATCHED)
        .sink("payments-without-receipt", &PAYMENTS)
        .sink("receipts-without-payment", &RECEIPTS)
}

fn match_payments(arguments: &Arguments) -> Result<Program, ArgumentError> {
    let env = StreamExecutionEnvironment::new("payments-and-receipts");
    let (payments, receipts) = payments_and_receipts(&env, arguments)?;
    let (before_ms, after_ms) = bounds(arguments)?;
    let matching = Matching {
        before_ms,
        after_ms,
        payment: ValueState::default(),
        receipt: ValueState::default(),
        without_receipt: OutputTag::new("payments-without-receipt"),
        without_payment: OutputTag::new("receipts-without-payment"),
    };

    let matched = payments
        .key_by_field(|payment| &payment.transaction)
        .connect(&receipts.key_by_field(|receipt| &receipt.transaction))
        .process(matching.clone())
        .uid("match");
    matched.write_to("matched", MATCHED);
    let without = matched.get_side_output(&matching.without_receipt);
    without.write_to("payments-without-receipt", PAYMENTS);
    let without = matched.get_side_output(&matching.without_payment);
    without.write_to("receipts-without-payment", RECEIPTS);
    super::finish(&env)
}

/// What of a transaction waits for its match, of which there is one.
#[derive(Clone)]
struct Matching {
    before_ms: i64,
    after_ms: i64,
    payment: ValueState<Payment>,
    receipt: ValueState<Receipt>,
    without_receipt: OutputTag<Payment>,
    without_payment: OutputTag<Receipt>,
}

/// A payment with its receipt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Matched {
    transaction: String,
    amount: u64,
    bank: String,
    receipt_after_ms: i64,
}

impl Matching {
    /// Until when a payment waits.
    fn end_of_payment(&self, payment: &Payment) -> EventTime {
        EventTime(payment.happened.0 + self.after_ms)
    }

    /// Until when a receipt waits.
    fn end_of_receipt(&self, receipt: &Receipt) -> EventTime {
        EventTime(receipt.happened.0 + self.before_ms)
    }

    /// The two as a match, unless they are too far apart. That both are there does not mean that
    /// they are near: event time may be far behind what has already come.
    fn matched(&self, payment: &Payment, receipt: &Receipt) -> Option<Matched> {
        let after = receipt.happened.0 - payment.happened.0;
        (-self.before_ms..=self.after_ms).contains(&after).then(|| Matched {
            transaction: payment.transaction.clone(),
            amount: payment.amount,
            bank: receipt.bank.clone(),
            receipt_after_ms: after,
        })
    }
}

impl KeyedCoProcessFunction<String, Payment, Receipt> for Matching {
    type Out = Matched;

    fn open(&mut self, context: &mut KeyedOpenContext<'_, String>) -> Result<(), Failure> {
        self.payment = context.state(ValueStateDescriptor::new("payment"))?;
        self.receipt = context.state(ValueStateDescriptor::new("receipt"))?;
        Ok(())
    }

    fn process_element1(
        &mut self,
        payment: Payment,
        context: &mut KeyedContext<'_, String>,
        out: &mut Collector<Matched>,
    ) -> Result<(), Failure> {
        if let Some(receipt) = self.receipt.value(context.state())?.cloned()
            && let Some(matched) = self.matched(&payment, &receipt)
        {
            context.delete_event_time_timer(self.end_of_receipt(&receipt));
            self.receipt.clear(context.state())?;
            out.collect(matched);
        } else {
            context.register_event_time_timer(self.end_of_payment(&payment));
            self.payment.update(context.state(), payment)?;
        }
        Ok(())
    }

    fn process_element2(
        &mut self,
        receipt: Receipt,
        context: &mut KeyedContext<'_, String>,
        out: &mut Collector<Matched>,
    ) -> Result<(), Failure> {
        if let Some(payment) = self.payment.value(context.state())?.cloned()
            && let Some(matched) = self.matched(&payment, &receipt)
        {
            context.delete_event_time_timer(self.end_of_payment(&payment));
            self.payment.clear(context.state())?;
            out.collect(matched);
        } else {
            context.register_event_time_timer(self.end_of_receipt(&receipt));
            self.receipt.update(context.state(), receipt)?;
        }
        Ok(())
    }

    fn on_timer(
        &mut self,
        timestamp: EventTime,
        context: &mut KeyedContext<'_, String>,
        _out: &mut Collector<Matched>,
    ) -> Result<(), Failure> {
        if let Some(payment) = self.payment.value(context.state())?.cloned()
            && self.end_of_payment(&payment) == timestamp
        {
            self.payment.clear(context.state())?;
            context.output(&self.without_receipt, payment);
        }
        if let Some(receipt) = self.receipt.value(context.state())?.cloned()
            && self.end_of_receipt(&receipt) == timestamp
        {
            self.receipt.clear(context.state())?;
            context.output(&self.without_payment, receipt);
        }
        Ok(())
    }
}
