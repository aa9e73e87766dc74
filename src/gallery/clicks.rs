//! Jobs over the clicks of a shop's visitors, which are made up: page views and unique visitors,
//! and visits as sessions.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use rand::RngExt;
use serde::{Deserialize, Serialize};

use super::flights::source_options;
use super::utc::{self, START};
use super::{ArgumentError, ArgumentValue, Arguments, GalleryJob, window_size};
use crate::api::{
    DataStream, EventTimeSessionWindows, Program, StreamExecutionEnvironment,
    TumblingEventTimeWindows,
};
use crate::base::{EventTime, Seed, SimDuration};
use crate::record::Collector;
use crate::time::WatermarkStrategy;
use crate::window::{AggregateFunction, ProcessClosure, WindowContext};

const VIEWS: [&str; 4] = ["window_start", "page", "views", "visitors"];
pub(super) const SESSIONS: [&str; 6] =
    ["user", "session_start", "session_end", "clicks", "pages", "bought"];
const CHECKOUT: &str = "/checkout";
const THANKS: &str = "/thanks";
const PAGES: [&str; 4] = ["/", "/search", "/product", "/help"];

/// What scenarios know of the jobs.
pub(super) fn jobs() -> [GalleryJob; 2] {
    let minutes = |minutes: u64| ArgumentValue::Duration(SimDuration::from_secs(minutes * 60));
    let about = "Views and unique visitors of each page.";
    let views = with_clicks(GalleryJob::new("page-views", about, page_views))
        .optional("window", minutes(60), "how long a window is")
        .sink("views", &VIEWS);
    let about = "Visits of a shop: clicks of a user that are not far apart.";
    let sessions = with_clicks(GalleryJob::new("click-sessions", about, click_sessions))
        .optional("gap", minutes(30), "how long after a click a visit is over")
        .optional(
            "checkout-gap",
            minutes(0),
            "how long after a click on the checkout a visit is over; 0 for as after any other",
        )
        .sink("sessions", &SESSIONS);
    [views, sessions]
}

pub(super) fn with_clicks(job: GalleryJob) -> GalleryJob {
    let enough = ArgumentValue::Duration(SimDuration::from_secs(40 * 60));
    job.optional("users", ArgumentValue::Integer(100), "how many users click during a day")
        .optional("out-of-orderness", enough, "how far behind the latest a click may be")
        .optional(
            "rate",
            ArgumentValue::Float(1_000.0),
            "clicks per second of simulated time; 0 for as fast as they can be processed",
        )
}

/// A click.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Click {
    pub(super) user: String,
    pub(super) page: String,
    pub(super) at: EventTime,
}

/// A day's clicks in the order in which they come: most within a minute, those of a phone that is
/// out of reach up to forty minutes after they happened. The same at every seed of the simulation.
fn made_up_clicks(users: u32) -> Vec<Click> {
    let mut random = Seed(1).stream("clicks");
    let mut coming = Vec::new();
    for user in 1..=users {
        let user = format!("user-{user}");
        let mut at_s = random.random_range(0..28_800_i64);
        for _visit in 0..random.random_range(1..4) {
            let mut click = |page: &str, after: std::ops::Range<i64>| {
                at_s += random.random_range(after);
                let at = EventTime(START.0 + at_s * 1_000);
                let is_out_of_reach = random.random_range(0..10) == 0;
                let longest_ms = if is_out_of_reach { 2_400_000 } else { 60_000_i64 };
                let delay_ms = random.random_range(0..longest_ms);
                coming.push((at.0 + delay_ms, Click { user: user.clone(), page: page.into(), at }));
                random.random_range(0..100_usize)
            };
            let mut dice = click(PAGES[0], 7_200..18_000);
            while dice < 80 {
                dice = click(PAGES[dice % PAGES.len()], 10..1_200);
            }
            if dice >= 90 {
                click(CHECKOUT, 10..1_200);
                // The bank has its own pages, and some people look for their cards.
                click(THANKS, 120..3_000);
            }
        }
    }
    coming.sort_by_key(|(comes_ms, _)| *comes_ms);
    coming.into_iter().map(|(_, click)| click).collect()
}

/// A source of the clicks.
pub(super) fn clicks(
    env: &StreamExecutionEnvironment,
    arguments: &Arguments,
) -> Result<DataStream<Click>, ArgumentError> {
    let users = u32::try_from(arguments.integer("users")?).ok().filter(|users| *users <= 100_000);
    let users = users.ok_or_else(|| ArgumentError::new("users", "there are 0 to 100000 users"))?;
    let out_of_orderness = arguments.duration("out-of-orderness")?;
    let strategy = WatermarkStrategy::for_bounded_out_of_orderness(out_of_orderness)
        .with_timestamp_assigner(|click: &Click, _| click.at);
    let clicks = Arc::new(made_up_clicks(users));
    let source = env.from_source("clicks", clicks, source_options(arguments)?, strategy);
    Ok(source.uid("clicks").parallelism(1))
}

/// Views and unique visitors of each page and window.
fn page_views(arguments: &Arguments) -> Result<Program, ArgumentError> {
    let env = StreamExecutionEnvironment::new("page-views");
    clicks(&env, arguments)?
        .key_by_field(|click| &click.page)
        .window(TumblingEventTimeWindows::of(window_size(arguments, "window")?))
        .aggregate_with(
            ViewsAndVisitors,
            ProcessClosure::new(
                |page: &String,
                 context: &mut WindowContext<'_, _>,
                 totals: &[(u64, u64)],
                 out: &mut _| {
                    let window = context.window().time().expect("they are spans of time");
                    for (views, visitors) in totals {
                        let start = utc::text(window.start);
                        Collector::collect(out, (start, page.clone(), *views, *visitors));
                    }
                },
            ),
        )
        .uid("windows")
        .write_to("views", VIEWS);
    super::finish(&env)
}

/// Views can be counted one by one. To count visitors, one must know who they were.
#[derive(Clone)]
struct ViewsAndVisitors;

impl AggregateFunction<Click> for ViewsAndVisitors {
    type Accumulator = (u64, BTreeSet<String>);
    type Out = (u64, u64);

    fn create_accumulator(&self) -> Self::Accumulator {
        (0, BTreeSet::new())
    }

    fn add(&self, (views, visitors): &mut Self::Accumulator, click: Click) {
        *views += 1;
        visitors.insert(click.user);
    }

    fn get_result(&self, (views, visitors): &Self::Accumulator) -> (u64, u64) {
        (*views, visitors.len() as u64)
    }

    fn merge(&self, (views, visitors): &mut Self::Accumulator, (more, others): Self::Accumulator) {
        *views += more;
        visitors.extend(others);
    }
}

/// Visits: sessions of clicks. A click on the checkout may keep the session open for longer.
fn click_sessions(arguments: &Arguments) -> Result<Program, ArgumentError> {
    let env = StreamExecutionEnvironment::new("click-sessions");
    let gap = window_size(arguments, "gap")?;
    let checkout_gap = arguments.duration("checkout-gap")?;
    let clicks = clicks(&env, arguments)?.key_by_field(|click| &click.user);
    let sessions = match checkout_gap {
        Duration::ZERO => clicks.window(EventTimeSessionWindows::with_gap(gap)),
        checkout_gap => {
            let gap_after = move |click: &Click| match click.page.as_str() {
                CHECKOUT => checkout_gap,
                _ => gap,
            };
            clicks.window(EventTimeSessionWindows::with_dynamic_gap(gap_after))
        }
    };
    sessions
        .apply(|user: &String, context, clicks: &[Click], out| session(user, context, clicks, out))
        .uid("visits")
        .write_to("sessions", SESSIONS);
    super::finish(&env)
}

fn session(
    user: &str,
    context: &mut WindowContext<'_, String>,
    clicks: &[Click],
    out: &mut Collector<Session>,
) {
    let window = context.window().time().expect("sessions are spans of time");
    let pages = clicks.iter().map(|click| click.page.clone()).collect();
    let span = (window.start, window.end);
    out.collect(session_row(user.to_owned(), span, clicks.len() as u64, &pages));
}

/// A visit as it is written.
pub(super) type Session = (String, String, String, u64, u64, u64);

/// A visit from `start` to `end`, with how many clicks, on which pages.
pub(super) fn session_row(
    user: String,
    (start, end): (EventTime, EventTime),
    clicks: u64,
    pages: &BTreeSet<String>,
) -> Session {
    let bought = pages.contains(CHECKOUT) && pages.contains(THANKS);
    let pages = pages.len() as u64;
    (user, utc::text(start), utc::text(end), clicks, pages, u64::from(bought))
}
