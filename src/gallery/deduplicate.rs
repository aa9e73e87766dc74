//! Each event once, as far as anybody remembers.
//!
//! What has been seen is kept as state of the event's name. Kept for ever it would grow without
//! bound, so it lives for a while only: a duplicate that comes later than that passes.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::timed_table::timed_table;
use super::{ArgumentError, ArgumentKind, ArgumentValue, Arguments, GalleryJob, utc};
use crate::api::{Program, SourceOptions, StreamExecutionEnvironment};
use crate::base::{EventTime, SimDuration};
use crate::operator::{KeyedContext, KeyedOpenContext, KeyedProcessFunction};
use crate::record::{Collector, Failure, OutputTag};
use crate::state::{StateTtlConfig, UpdateType, ValueState, ValueStateDescriptor};

const EVENTS: [&str; 2] = ["event", "came"];
const DUPLICATES: [&str; 3] = ["event", "came", "first_came"];

/// What scenarios know of the job.
pub(super) fn job() -> GalleryJob {
    let five_seconds = ArgumentValue::Duration(SimDuration::from_secs(5));
    let renew = "whether a duplicate makes its event be remembered anew";
    GalleryJob::new("deduplicate", "Each event once, while it is remembered.", deduplicate)
        .argument("input", ArgumentKind::File, "events as CSV: arrives_s,event")
        .optional("ttl", five_seconds, "how long an event is remembered")
        .optional("renew", ArgumentValue::Boolean(false), renew)
        .sink("events", &EVENTS)
        .sink("duplicates", &DUPLICATES)
}

/// Something that happened, and may be told of more than once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Told {
    event: String,
}

fn deduplicate(arguments: &Arguments) -> Result<Program, ArgumentError> {
    let env = StreamExecutionEnvironment::new("deduplicate");
    let update_type = match arguments.boolean("renew")? {
        true => UpdateType::OnReadAndWrite,
        false => UpdateType::OnCreateAndWrite,
    };
    let ttl = StateTtlConfig::new(arguments.duration("ttl")?).with_update_type(update_type);
    let duplicates = OutputTag::new("duplicates");
    let first = First { ttl, seen: ValueState::default(), duplicates: duplicates.clone() };

    let events = Arc::new(timed_table::<Told>(arguments, "input")?);
    let events = env
        .from_splits("events", events, SourceOptions::default())
        .uid("told")
        .parallelism(1)
        .key_by_field(|told| &told.event)
        .process(first)
        .uid("first");
    events.write_to("events", EVENTS);
    events.get_side_output(&duplicates).write_to("duplicates", DUPLICATES);
    super::finish(&env)
}

/// Lets an event pass if nothing is known of it.
#[derive(Clone)]
struct First {
    ttl: StateTtlConfig,
    /// When the event first came.
    seen: ValueState<EventTime>,
    duplicates: OutputTag<Duplicate>,
}

/// An event that has passed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Event {
    event: String,
    #[serde(with = "utc")]
    came: EventTime,
}

/// An event that has passed before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Duplicate {
    event: String,
    #[serde(with = "utc")]
    came: EventTime,
    #[serde(with = "utc")]
    first_came: EventTime,
}

impl KeyedProcessFunction<String, Told> for First {
    type Out = Event;

    fn open(&mut self, context: &mut KeyedOpenContext<'_, String>) -> Result<(), Failure> {
        let descriptor = ValueStateDescriptor::new("seen").enable_time_to_live(self.ttl);
        self.seen = context.state(descriptor)?;
        Ok(())
    }

    fn process_element(
        &mut self,
        Told { event }: Told,
        context: &mut KeyedContext<'_, String>,
        out: &mut Collector<Event>,
    ) -> Result<(), Failure> {
        let came = context.current_processing_time();
        if let Some(&first_came) = self.seen.value(context.state())? {
            context.output(&self.duplicates, Duplicate { event, came, first_came });
        } else {
            self.seen.update(context.state(), came)?;
            out.collect(Event { event, came });
        }
        Ok(())
    }
}
