//! Orders that are not paid within fifteen minutes.
//!
//! An order waits in state for its payment, and a timer of event time ends its waiting. A payment
//! may come before its order, since the two are out of order; it waits until the watermark has
//! reached its own time, when its order must have come if there is one. So nothing waits for ever.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::every_nth::watermark_per_record;
use super::timed_table::timed_table;
use super::{ArgumentError, ArgumentKind, ArgumentValue, Arguments, GalleryJob, utc};
use crate::api::{Program, SourceOptions, StreamExecutionEnvironment};
use crate::base::{EventTime, SimDuration};
use crate::operator::{KeyedContext, KeyedOpenContext, KeyedProcessFunction};
use crate::record::{Collector, Failure, OutputTag};
use crate::state::{KeyedState, ValueState, ValueStateDescriptor};

const PAID: [&str; 4] = ["order", "created", "paid", "after_s"];
const TIMED_OUT: [&str; 4] = ["order", "created", "due", "watermark"];
const LATE: [&str; 3] = ["order", "paid", "watermark"];

/// What scenarios know of the job.
pub(super) fn job() -> GalleryJob {
    let minutes = |minutes: u64| ArgumentValue::Duration(SimDuration::from_secs(minutes * 60));
    let about =
        "Orders that are paid in time, those that are not, and payments that come too late.";
    GalleryJob::new("order-timeouts", about, order_timeouts)
        .argument("input", ArgumentKind::File, "events as CSV: arrives_s,happened,order,event")
        .optional("within", minutes(15), "how long after it was made an order may be paid")
        .optional("out-of-orderness", minutes(2), "how far behind the latest an event may be")
        .sink("paid", &PAID)
        .sink("timed-out", &TIMED_OUT)
        .sink("late-payments", &LATE)
}

/// What happens to an order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct OrderEvent {
    #[serde(with = "utc")]
    happened: EventTime,
    order: String,
    event: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Created,
    Paid,
}

fn order_timeouts(arguments: &Arguments) -> Result<Program, ArgumentError> {
    let env = StreamExecutionEnvironment::new("order-timeouts");
    let out_of_orderness = arguments.duration("out-of-orderness")?;
    let strategy = watermark_per_record(out_of_orderness, |event: &OrderEvent| event.happened);
    let events = Arc::new(timed_table::<OrderEvent>(arguments, "input")?);
    let await_payment = AwaitPayment {
        within_ms: arguments.duration("within")?.as_millis() as i64,
        created: ValueState::default(),
        paid: ValueState::default(),
        timed_out: OutputTag::new("timed-out"),
        late: OutputTag::new("late-payments"),
    };

    let paid = env
        .from_source("events", events, SourceOptions::default(), strategy)
        .uid("events")
        .parallelism(1)
        .key_by_field(|event| &event.order)
        .process(await_payment.clone())
        .uid("await-payment");
    paid.write_to("paid", PAID);
    paid.get_side_output(&await_payment.timed_out).write_to("timed-out", TIMED_OUT);
    paid.get_side_output(&await_payment.late).write_to("late-payments", LATE);
    super::finish(&env)
}

/// See the module. State of an order that is settled is gone.
#[derive(Clone)]
struct AwaitPayment {
    within_ms: i64,
    /// When the order was made, while it waits for its payment.
    created: ValueState<EventTime>,
    /// When it was paid, while the payment waits for its order.
    paid: ValueState<EventTime>,
    timed_out: OutputTag<TimedOut>,
    late: OutputTag<LatePayment>,
}

/// An order that was paid in time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct PaidOrder {
    order: String,
    #[serde(with = "utc")]
    created: EventTime,
    #[serde(with = "utc")]
    paid: EventTime,
    after_s: i64,
}

/// An order that was not, and the watermark that said so.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct TimedOut {
    order: String,
    #[serde(with = "utc")]
    created: EventTime,
    #[serde(with = "utc")]
    due: EventTime,
    #[serde(with = "utc")]
    watermark: EventTime,
}

/// A payment for which there is no order, or none any more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct LatePayment {
    order: String,
    #[serde(with = "utc")]
    paid: EventTime,
    #[serde(with = "utc")]
    watermark: EventTime,
}

impl AwaitPayment {
    fn due(&self, created: EventTime) -> EventTime {
        EventTime(created.0 + self.within_ms)
    }

    /// Settles the order if both are there and the payment is in time.
    fn settle(
        &mut self,
        context: &mut KeyedContext<'_, String>,
        out: &mut Collector<PaidOrder>,
    ) -> Result<(), Failure> {
        let created = self.created.value(context.state())?.copied();
        let paid = self.paid.value(context.state())?.copied();
        let (Some(created), Some(paid)) = (created, paid) else { return Ok(()) };
        if paid > self.due(created) {
            // Both timers will say so.
            return Ok(());
        }
        context.delete_event_time_timer(self.due(created));
        context.delete_event_time_timer(paid);
        self.created.clear(context.state())?;
        self.paid.clear(context.state())?;
        let (order, after_s) = (context.current_key().clone(), (paid.0 - created.0) / 1_000);
        out.collect(PaidOrder { order, created, paid, after_s });
        Ok(())
    }
}

impl KeyedProcessFunction<String, OrderEvent> for AwaitPayment {
    type Out = PaidOrder;

    fn open(&mut self, context: &mut KeyedOpenContext<'_, String>) -> Result<(), Failure> {
        self.created = context.state(ValueStateDescriptor::new("created"))?;
        self.paid = context.state(ValueStateDescriptor::new("paid"))?;
        Ok(())
    }

    fn process_element(
        &mut self,
        OrderEvent { happened, event, .. }: OrderEvent,
        context: &mut KeyedContext<'_, String>,
        out: &mut Collector<PaidOrder>,
    ) -> Result<(), Failure> {
        match event {
            Kind::Created => {
                context.register_event_time_timer(self.due(happened));
                self.created.update(context.state(), happened)?;
            }
            Kind::Paid => {
                context.register_event_time_timer(happened);
                self.paid.update(context.state(), happened)?;
            }
        }
        self.settle(context, out)
    }

    fn on_timer(
        &mut self,
        timestamp: EventTime,
        context: &mut KeyedContext<'_, String>,
        _out: &mut Collector<PaidOrder>,
    ) -> Result<(), Failure> {
        let (order, watermark) = (context.current_key().clone(), context.current_watermark());
        if let Some(created) = self.created.value(context.state())?.copied()
            && self.due(created) == timestamp
        {
            self.created.clear(context.state())?;
            let order = order.clone();
            let timed_out = TimedOut { order, created, due: timestamp, watermark };
            context.output(&self.timed_out, timed_out);
        }
        if let Some(paid) = self.paid.value(context.state())?.copied()
            && paid == timestamp
        {
            self.paid.clear(context.state())?;
            context.output(&self.late, LatePayment { order, paid, watermark });
        }
        Ok(())
    }
}
