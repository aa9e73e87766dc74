//! Jobs over the readings of thermometers: an alarm when a temperature rises for too long, and low
//! temperatures aside.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::timed_table::timed_table_at_speed;
use super::{ArgumentError, ArgumentKind, ArgumentValue, Arguments, GalleryJob, utc, window_size};
use crate::api::{DataStream, Program, SourceOptions, StreamExecutionEnvironment};
use crate::base::{EventTime, SimDuration};
use crate::operator::{
    KeyedContext, KeyedOpenContext, KeyedProcessFunction, LongCounter, LongMinimum, OpenContext,
    ProcessContext, ProcessFunction,
};
use crate::record::{Collector, Failure, OutputTag};
use crate::state::{KeyedState, ValueState, ValueStateDescriptor};

const ALARMS: [&str; 4] = ["sensor", "rising_since", "alarm_at", "degrees"];
const READINGS: [&str; 2] = ["sensor", "degrees"];
const LOW: [&str; 2] = ["warning", "degrees_below"];

/// What scenarios know of the jobs.
pub(super) fn jobs() -> [GalleryJob; 2] {
    let about = "An alarm for each sensor whose temperature has been rising for ten seconds.";
    let ten_seconds = ArgumentValue::Duration(SimDuration::from_secs(10));
    let rising = with_readings(GalleryJob::new("rising-temperature", about, rising_temperature))
        .optional("span", ten_seconds, "how long a temperature may rise without falling")
        .sink("alarms", &ALARMS);
    let about = "Readings, and low temperatures aside.";
    let low = with_readings(GalleryJob::new("low-temperature", about, low_temperature))
        .optional("below", ArgumentValue::Integer(3), "what is low: less than this")
        .sink("readings", &READINGS)
        .sink("low", &LOW);
    [rising, low]
}

fn with_readings(job: GalleryJob) -> GalleryJob {
    job.argument("input", ArgumentKind::File, "readings as CSV: arrives_s,sensor,degrees").optional(
        "speed",
        ArgumentValue::Float(1.0),
        "how many times faster than they were taken the readings come",
    )
}

/// What a thermometer says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Reading {
    sensor: String,
    degrees: i64,
}

fn readings(
    env: &StreamExecutionEnvironment,
    arguments: &Arguments,
) -> Result<DataStream<Reading>, ArgumentError> {
    let speed = arguments.float("speed")?;
    if !(0.001..=1_000.0).contains(&speed) {
        return Err(ArgumentError::new("speed", "it is between 0.001 and 1000"));
    }
    let readings = Arc::new(timed_table_at_speed::<Reading>(arguments, "input", speed)?);
    let source = env.from_splits("readings", readings, SourceOptions::default());
    Ok(source.uid("thermometers").parallelism(1))
}

fn rising_temperature(arguments: &Arguments) -> Result<Program, ArgumentError> {
    let env = StreamExecutionEnvironment::new("rising-temperature");
    let span_ms = window_size(arguments, "span")?.as_millis() as i64;
    let rising = Rising { span_ms, last: ValueState::default(), alarm: ValueState::default() };
    readings(&env, arguments)?
        .key_by_field(|reading| &reading.sensor)
        .process(rising)
        .uid("rising")
        .write_to("alarms", ALARMS);
    super::finish(&env)
}

/// Sounds an alarm when a temperature has not fallen for a span after it began to rise.
///
/// The alarm is about now, and so it goes by the clock: it sounds when it is time, also if no
/// reading comes any more. A timer of event time would wait for the next reading of some sensor.
/// The price is that the same readings, read again and faster, give other alarms.
#[derive(Clone)]
struct Rising {
    span_ms: i64,
    last: ValueState<i64>,
    /// When the alarm sounds, while the temperature rises.
    alarm: ValueState<EventTime>,
}

/// An alarm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Alarm {
    sensor: String,
    #[serde(with = "utc")]
    rising_since: EventTime,
    #[serde(with = "utc")]
    alarm_at: EventTime,
    degrees: i64,
}

impl KeyedProcessFunction<String, Reading> for Rising {
    type Out = Alarm;

    fn open(&mut self, context: &mut KeyedOpenContext<'_, String>) -> Result<(), Failure> {
        self.last = context.state(ValueStateDescriptor::new("last"))?;
        self.alarm = context.state(ValueStateDescriptor::new("alarm"))?;
        Ok(())
    }

    fn process_element(
        &mut self,
        Reading { degrees, .. }: Reading,
        context: &mut KeyedContext<'_, String>,
        _out: &mut Collector<Alarm>,
    ) -> Result<(), Failure> {
        let last = self.last.value(context.state())?.copied();
        let alarm = self.alarm.value(context.state())?.copied();
        self.last.update(context.state(), degrees)?;
        match (last, alarm) {
            (Some(last), None) if degrees > last => {
                let alarm = EventTime(context.current_processing_time().0 + self.span_ms);
                context.register_processing_time_timer(alarm);
                self.alarm.update(context.state(), alarm)?;
            }
            (Some(last), Some(alarm)) if degrees < last => {
                context.delete_processing_time_timer(alarm);
                self.alarm.clear(context.state())?;
            }
            (_, Some(_) | None) => {}
        }
        Ok(())
    }

    fn on_timer(
        &mut self,
        timestamp: EventTime,
        context: &mut KeyedContext<'_, String>,
        out: &mut Collector<Alarm>,
    ) -> Result<(), Failure> {
        self.alarm.clear(context.state())?;
        let degrees = self.last.value(context.state())?.copied();
        out.collect(Alarm {
            sensor: context.current_key().clone(),
            rising_since: EventTime(timestamp.0 - self.span_ms),
            alarm_at: context.current_processing_time(),
            degrees: degrees.expect("a timer is registered by a reading"),
        });
        Ok(())
    }
}

/// One function, two outputs of different types: readings, and words about those that are low.
fn low_temperature(arguments: &Arguments) -> Result<Program, ArgumentError> {
    let env = StreamExecutionEnvironment::new("low-temperature");
    let below = arguments.integer("below")?;
    let low = OutputTag::new("low");
    let split = Split {
        below,
        low: low.clone(),
        readings: LongCounter::default(),
        coldest: LongMinimum::default(),
    };
    let normal = readings(&env, arguments)?.process_with(split).uid("split");
    normal.write_to("readings", READINGS);
    normal.get_side_output(&low).write_to("low", LOW);
    super::finish(&env)
}

/// Sets low temperatures aside, and remembers for the job's result what it has seen.
#[derive(Clone)]
struct Split {
    below: i64,
    low: OutputTag<(String, i64)>,
    readings: LongCounter,
    coldest: LongMinimum,
}

impl ProcessFunction<Reading> for Split {
    type Out = Reading;

    fn open(&mut self, context: &mut OpenContext<'_>) -> Result<(), Failure> {
        context.runtime().add_accumulator("readings", &self.readings)?;
        context.runtime().add_accumulator("coldest", &self.coldest)?;
        Ok(())
    }

    fn process_element(
        &mut self,
        Reading { sensor, degrees }: Reading,
        context: &mut ProcessContext<'_>,
        out: &mut Collector<Reading>,
    ) -> Result<(), Failure> {
        self.readings.add(1);
        self.coldest.add(degrees);
        if degrees < self.below {
            let warning = format!("{sensor} has {degrees} degrees");
            context.output(&self.low, (warning, self.below - degrees));
        } else {
            out.collect(Reading { sensor, degrees });
        }
        Ok(())
    }
}
