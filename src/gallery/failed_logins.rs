//! Three failed logins of one user within two seconds.
//!
//! What counts is the order in which people have tried, not that in which the tries come. So a try
//! waits in state until the watermark says that nothing before it is missing, and is judged then:
//! a timer at its own time.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::every_nth::watermark_per_record;
use super::timed_table::timed_table;
use super::{ArgumentError, ArgumentKind, ArgumentValue, Arguments, GalleryJob, utc};
use crate::api::{Program, SourceOptions, StreamExecutionEnvironment};
use crate::base::{EventTime, SimDuration};
use crate::operator::{KeyedContext, KeyedOpenContext, KeyedProcessFunction};
use crate::record::{Collector, Failure, OutputTag};
use crate::state::{ListState, ListStateDescriptor};

const ALARMS: [&str; 4] = ["user", "first", "last", "failures"];
const LATE: [&str; 3] = ["happened", "user", "outcome"];

/// What scenarios know of the job.
pub(super) fn job() -> GalleryJob {
    let seconds = |seconds| ArgumentValue::Duration(SimDuration::from_secs(seconds));
    let about = "Users who fail to log in three times within two seconds.";
    GalleryJob::new("failed-logins", about, failed_logins)
        .argument("input", ArgumentKind::File, "logins as CSV: arrives_s,happened,user,outcome")
        .optional("failures", ArgumentValue::Integer(3), "how many failures are too many")
        .optional("within", seconds(2), "within which span they are too many")
        .optional("out-of-orderness", seconds(1), "how far behind the latest a login may be")
        .sink("alarms", &ALARMS)
        .sink("late", &LATE)
}

/// Somebody has tried to log in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Login {
    #[serde(with = "utc")]
    happened: EventTime,
    user: String,
    outcome: Outcome,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Outcome {
    Succeeded,
    Failed,
}

fn failed_logins(arguments: &Arguments) -> Result<Program, ArgumentError> {
    let env = StreamExecutionEnvironment::new("failed-logins");
    let failures = usize::try_from(arguments.integer("failures")?).ok().filter(|many| *many > 0);
    let failures = failures.ok_or_else(|| ArgumentError::new("failures", "it is at least 1"))?;
    let out_of_orderness = arguments.duration("out-of-orderness")?;
    let strategy = watermark_per_record(out_of_orderness, |login: &Login| login.happened);
    let logins = Arc::new(timed_table::<Login>(arguments, "input")?);
    let too_many = TooManyFailures {
        failures,
        within_ms: arguments.duration("within")?.as_millis() as i64,
        waiting: ListState::default(),
        failed: ListState::default(),
        late: OutputTag::new("late"),
    };

    let alarms = env
        .from_source("logins", logins, SourceOptions::default(), strategy)
        .uid("logins")
        .parallelism(1)
        .key_by_field(|login| &login.user)
        .process(too_many.clone())
        .uid("too-many");
    alarms.write_to("alarms", ALARMS);
    alarms.get_side_output(&too_many.late).write_to("late", LATE);
    super::finish(&env)
}

/// Judges the logins of a user in the order of their times.
#[derive(Clone)]
struct TooManyFailures {
    failures: usize,
    within_ms: i64,
    /// Those that the watermark has not reached.
    waiting: ListState<Login>,
    /// The failures since the last success or alarm, as long as they matter.
    failed: ListState<EventTime>,
    late: OutputTag<Login>,
}

/// Too many failures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Alarm {
    user: String,
    #[serde(with = "utc")]
    first: EventTime,
    #[serde(with = "utc")]
    last: EventTime,
    failures: u64,
}

impl KeyedProcessFunction<String, Login> for TooManyFailures {
    type Out = Alarm;

    fn open(&mut self, context: &mut KeyedOpenContext<'_, String>) -> Result<(), Failure> {
        self.waiting = context.state(ListStateDescriptor::new("waiting"))?;
        self.failed = context.state(ListStateDescriptor::new("failed"))?;
        Ok(())
    }

    fn process_element(
        &mut self,
        login: Login,
        context: &mut KeyedContext<'_, String>,
        _out: &mut Collector<Alarm>,
    ) -> Result<(), Failure> {
        if login.happened <= context.current_watermark() {
            context.output(&self.late, login);
        } else {
            context.register_event_time_timer(login.happened);
            self.waiting.add(context.state(), login)?;
        }
        Ok(())
    }

    fn on_timer(
        &mut self,
        timestamp: EventTime,
        context: &mut KeyedContext<'_, String>,
        out: &mut Collector<Alarm>,
    ) -> Result<(), Failure> {
        let waiting: Vec<_> = self.waiting.get(context.state())?.cloned().collect();
        let (due, waiting): (Vec<_>, Vec<_>) =
            waiting.into_iter().partition(|login| login.happened <= timestamp);
        self.waiting.update(context.state(), waiting)?;
        let mut failed: Vec<_> = self.failed.get(context.state())?.copied().collect();
        for login in due {
            match login.outcome {
                Outcome::Succeeded => failed.clear(),
                Outcome::Failed => failed.push(login.happened),
            }
            failed.retain(|failure| failure.0 >= timestamp.0 - self.within_ms);
            if failed.len() >= self.failures {
                let (first, failures) = (failed[0], failed.len() as u64);
                out.collect(Alarm { user: login.user, first, last: timestamp, failures });
                failed.clear();
            }
        }
        self.failed.update(context.state(), failed)?;
        Ok(())
    }
}
