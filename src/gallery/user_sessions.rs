//! Visits of a shop kept by hand: what session windows do, as a process function with map state.
//!
//! A user's open visits are the entries of a map, by when they began. A click makes a visit of its
//! own, joins it with those that it touches, and moves the timer that ends it. The results are those
//! of the job `click-sessions`.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::clicks::{self, Click};
use super::{ArgumentError, ArgumentValue, Arguments, GalleryJob, utc, window_size};
use crate::api::{Program, StreamExecutionEnvironment};
use crate::base::{EventTime, SimDuration};
use crate::operator::{KeyedContext, KeyedOpenContext, KeyedProcessFunction};
use crate::record::{Collector, Failure, OutputTag};
use crate::state::{MapState, MapStateDescriptor};

const LATE: [&str; 3] = ["user", "page", "at"];

/// What scenarios know of the job.
pub(super) fn job() -> GalleryJob {
    let half_an_hour = ArgumentValue::Duration(SimDuration::from_secs(1_800));
    let about = "Visits of a shop, kept in map state and ended by timers.";
    clicks::with_clicks(GalleryJob::new("user-sessions", about, user_sessions))
        .optional("gap", half_an_hour, "how long after a click a visit is over")
        .sink("sessions", &clicks::SESSIONS)
        .sink("late", &LATE)
}

fn user_sessions(arguments: &Arguments) -> Result<Program, ArgumentError> {
    let env = StreamExecutionEnvironment::new("user-sessions");
    let gap_ms = window_size(arguments, "gap")?.as_millis() as i64;
    let late = OutputTag::new("late");
    let sessions = clicks::clicks(&env, arguments)?
        .key_by_field(|click| &click.user)
        .process(Sessions { gap_ms, visits: MapState::default(), late: late.clone() })
        .uid("visits");
    sessions.write_to("sessions", clicks::SESSIONS);
    let late = sessions.get_side_output(&late);
    let late = late.map(|Click { user, page, at }| (user, page, utc::text(at))).uid("late-clicks");
    late.write_to("late", LATE);
    super::finish(&env)
}

/// See the module.
#[derive(Clone)]
struct Sessions {
    gap_ms: i64,
    /// The open visits, by when they began.
    visits: MapState<EventTime, Visit>,
    late: OutputTag<Click>,
}

/// A visit that may go on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Visit {
    end: EventTime,
    clicks: u64,
    pages: BTreeSet<String>,
}

impl Visit {
    /// The last moment of the visit: when the watermark has reached it, the visit is over.
    fn last(&self) -> EventTime {
        EventTime(self.end.0 - 1)
    }
}

impl KeyedProcessFunction<String, Click> for Sessions {
    type Out = clicks::Session;

    fn open(&mut self, context: &mut KeyedOpenContext<'_, String>) -> Result<(), Failure> {
        self.visits = context.state(MapStateDescriptor::new("visits"))?;
        Ok(())
    }

    fn process_element(
        &mut self,
        click: Click,
        context: &mut KeyedContext<'_, String>,
        _out: &mut Collector<clicks::Session>,
    ) -> Result<(), Failure> {
        let mut start = click.at;
        let pages = BTreeSet::from([click.page.clone()]);
        let mut visit = Visit { end: EventTime(start.0 + self.gap_ms), clicks: 1, pages };
        let mut visits = self.visits.entries(context.state())?;
        visits.retain(|(began, other)| *began <= visit.end && start <= other.end);
        for (began, other) in &mut visits {
            start = start.min(*began);
            visit.end = visit.end.max(other.end);
            visit.clicks += other.clicks;
            visit.pages.append(&mut other.pages);
        }
        if visit.last() <= context.current_watermark() {
            context.output(&self.late, click);
            return Ok(());
        }
        for (began, other) in visits {
            context.delete_event_time_timer(other.last());
            self.visits.remove(context.state(), &began)?;
        }
        context.register_event_time_timer(visit.last());
        self.visits.put(context.state(), start, visit)?;
        Ok(())
    }

    fn on_timer(
        &mut self,
        timestamp: EventTime,
        context: &mut KeyedContext<'_, String>,
        out: &mut Collector<clicks::Session>,
    ) -> Result<(), Failure> {
        let visits = self.visits.entries(context.state())?;
        for (start, visit) in visits.into_iter().filter(|(_, visit)| visit.last() == timestamp) {
            self.visits.remove(context.state(), &start)?;
            let Visit { end, clicks, pages } = visit;
            let user = context.current_key().clone();
            out.collect(clicks::session_row(user, (start, end), clicks, &pages));
        }
        Ok(())
    }
}
