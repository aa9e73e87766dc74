//! Filters and patterns: which events they choose, and what they say of mistakes.

use insta::assert_snapshot;
use proptest::prelude::*;
use serde_json::{Value, json};
use weir::trace::{Event, Filter, Level, Pattern};

use super::strategy::arbitrary_event;
use super::{examples, trace_of};

/// The kinds of the example events that a filter lets through, or what is wrong with it.
fn chosen(text: &str) -> String {
    let filter = match Filter::parse(text) {
        Ok(filter) => filter,
        Err(error) => return error.pointed(text),
    };
    let trace = trace_of(Level::Records, &examples::run());
    let fits = trace.iter().filter(|event| filter.matches(event, trace.header()));
    let fits: Vec<_> = fits.map(|event| event.event.kind()).collect();
    format!("{text}\n  {}", fits.join(" "))
}

fn check(filters: &[&str]) -> String {
    filters.iter().map(|text| chosen(text)).collect::<Vec<_>>().join("\n")
}

#[test]
fn filters_choose() {
    let filters = [
        "kind = buffer-sent",
        "kind ~ buffer",
        "area=exchange and records > 0",
        "area = task or area = job",
        "area = job or area = task and not job = 2",
        "(area = job or area = task) and not (job = 2)",
        "not area != fault",
        "t_us < 3ms and t_us > 1.5ms",
        "busy_us > 20ms",
        "back_pressured_us = 1.2s",
        "back_pressured_us = 1200000",
        "step < 3",
        "sub > 2",
        "to ~ 'count#2' and seq > 7",
        "to = RUNNING",
        "cause ~ \"not a flight\"",
        "values = be",
        "rows ~ \"be\" and node ~ 'lient'",
        "offset_us < -1000",
        "hash = 65261",
        "life = 1 and area = rpc",
    ];
    assert_snapshot!(check(&filters), @r#"
kind = buffer-sent
  buffer-sent
kind ~ buffer
  buffer-sent buffer-consumed
area=exchange and records > 0
  buffer-sent buffer-consumed
area = task or area = job
  job-submitted job-status-changed execution-state-changed task-started back-pressured back-pressure-eased state-left task-ended accumulators-merged
area = job or area = task and not job = 2
  job-submitted job-status-changed execution-state-changed accumulators-merged
(area = job or area = task) and not (job = 2)
  job-submitted job-status-changed execution-state-changed accumulators-merged
not area != fault
  fault-injected fault-healed note-shown
t_us < 3ms and t_us > 1.5ms
  clock-changed
busy_us > 20ms
  task-ended
back_pressured_us = 1.2s
  task-ended
back_pressured_us = 1200000
  task-ended
step < 3
  node-started clock-changed
sub > 2
  credit-added watermark-sent watermark-received watermark-status-sent watermark-status-received window-fired window-purged window-cleaned record-late timer-registered timer-deleted timer-fired
to ~ 'count#2' and seq > 7
  end-of-input-sent end-of-input-received watermark-sent watermark-received watermark-status-sent watermark-status-received
to = RUNNING
  execution-state-changed
cause ~ "not a flight"
  job-status-changed
values = be
  records-sent
rows ~ "be" and node ~ 'lient'
  
offset_us < -1000
  clock-changed
hash = 65261
  rows-visible
life = 1 and area = rpc
  rpc-sent connection-reset
"#);
}

#[test]
fn mistakes_in_filters_are_pointed_at() {
    let filters = [
        "",
        "kind",
        "kind =",
        "kid = buffer-sent",
        "kind = bufer-sent",
        "area = tasks",
        "records > many",
        "t_us > 3 parsecs",
        "busy_us > soon",
        "state = finishd",
        "(kind = buffer-sent",
        "kind = buffer-sent)",
        "kind = buffer-sent records > 2",
        "kind ! buffer-sent",
        "cause ~ \"open",
        "and",
        "not",
        "kind = \u{1b}",
    ];
    assert_snapshot!(check(&filters), @r#"
expected a field name here, such as `kind`
  
  ^
expected one of `=`, `!=`, `<`, `>`, `~` here
  kind
      ^
expected a value here
  kind =
        ^
no event has a field `kid`, did you mean `kind`?
  kid = buffer-sent
  ^^^
there is no event `bufer-sent`, did you mean `buffer-sent`?
  kind = bufer-sent
         ^^^^^^^^^^
there is no area `tasks`; there are node, fault, rpc, resource, job, task, exchange, record, time, window, timer, state, checkpoint, recovery, storage, log, database, transaction, sink
  area = tasks
         ^^^^^
`records` is compared with a number, not `many`
  records > many
            ^^^^
expected `and`, `or` or the end of the filter here
  t_us > 3 parsecs
           ^^^^^^^
`busy_us` is compared with a number or a time such as 1.2s, not `soon`
  busy_us > soon
            ^^^^
state = finishd
  
this parenthesis is not closed
  (kind = buffer-sent
  ^
expected `and`, `or` or the end of the filter here
  kind = buffer-sent)
                    ^
expected `and`, `or` or the end of the filter here
  kind = buffer-sent records > 2
                     ^^^^^^^
`!` must be followed by `=`; to negate, write `not`
  kind ! buffer-sent
       ^
" is missing at the end
  cause ~ "open
          ^^^^^
no event has a field `and`
  and
  ^^^
expected a field name here, such as `kind`
  not
     ^
this character must stand within quotes
  kind = \u{1b}
         ^^^^^^
"#);
}

#[test]
fn nesting_is_bounded() {
    let nested = |depth: usize| format!("{}step = 1{}", "(".repeat(depth), ")".repeat(depth));
    assert!(Filter::parse(&nested(63)).is_ok());
    let error = Filter::parse(&nested(64)).expect_err("too deep");
    assert_eq!(error.message, "nested more than 64 deep");
    assert!(Filter::parse(&"not ".repeat(100_000)).is_err());
    assert!(Filter::parse(&"(".repeat(100_000)).is_err());
    let flat = vec!["step = 1"; 50_000].join(" and ");
    assert!(Filter::parse(&flat).is_ok());
}

proptest! {
    #[test]
    fn any_text_is_a_filter_or_an_error_within_it(text in "([a-z_]{1,5}|[ =<>~!()\"']|and|or|not|\\PC){0,12}") {
        if let Err(error) = Filter::parse(&text) {
            prop_assert!(text.get(error.span.clone()).is_some());
            prop_assert!(!error.pointed(&text).is_empty());
        }
    }

    #[test]
    fn a_pattern_made_of_an_event_fits_it(event in arbitrary_event()) {
        let tagged = serde_json::to_value(&event).expect("plain data");
        let fields = tagged[event.area()].get(event.kind()).and_then(Value::as_object);
        let plain = |value: &Value| value.is_string() || value.is_number();
        let fields = fields.into_iter().flatten().filter(|(name, value)| plain(value) && *name != "plan");
        let mut pattern = Pattern {
            kind: event.kind().into(),
            fields: fields.map(|(name, value)| (name.clone(), value.clone())).collect(),
        };
        prop_assert_eq!(pattern.check(), Ok(()));
        prop_assert!(pattern.matches(&event, "client"));
        pattern.fields.insert("node".into(), "client".into());
        prop_assert!(pattern.matches(&event, "client"));
        prop_assert!(!pattern.matches(&event, "jobmanager-1"));
    }
}

fn pattern(kind: &str, fields: &Value) -> Pattern {
    let fields = fields.as_object().expect("fields").clone().into_iter().collect();
    Pattern { kind: kind.into(), fields }
}

#[test]
fn patterns_compare_kind_and_fields() {
    let events = examples::events();
    let fits = |kind: &str, fields: Value| {
        let pattern = pattern(kind, &fields);
        let fit = |event: &&Event| pattern.matches(event, "taskmanager-1");
        events.iter().filter(fit).count()
    };
    assert_eq!(fits("buffer-sent", json!({})), 1);
    assert_eq!(fits("buffer-sent", json!({ "seq": 7, "to": "count#2" })), 1);
    assert_eq!(fits("buffer-sent", json!({ "seq": 8 })), 0);
    assert_eq!(fits("buffer-sent", json!({ "node": "taskmanager-2" })), 0);
    assert_eq!(fits("node-paused", json!({ "node": "taskmanager-1" })), 1);
    assert_eq!(fits("task-ended", json!({ "state": "FINISHED" })), 1);
    assert_eq!(fits("task-finished", json!({})), 0);
}

#[test]
fn mistakes_in_patterns_are_explained() {
    let check = |kind: &str, fields: Value| {
        pattern(kind, &fields).check().expect_err("it is wrong somewhere")
    };
    let messages = [
        check("bufer-sent", json!({})),
        check("zzz", json!({})),
        check("buffer-sent", json!({ "seqence": 1 })),
        check("node-paused", json!({ "xyz": 1 })),
        check("buffer-sent", json!({ "seq": "7" })),
        check("buffer-sent", json!({ "to": 7 })),
        check("task-ended", json!({ "state": "finished" })),
        check("task-ended", json!({ "state": "FINISH" })),
        check("records-sent", json!({ "values": "a" })),
    ];
    assert_snapshot!(messages.join("\n"), @r#"
    there is no event `bufer-sent`, did you mean `buffer-sent`?
    there is no event `zzz`
    `buffer-sent` has no field `seqence`, did you mean `seq`?
    `node-paused` has no field `xyz`; it has node
    `seq` must be a whole number, not "7"
    `to` must be text, not 7
    `state` must be one of CREATED, SCHEDULED, DEPLOYING, INITIALIZING, RUNNING, FINISHED, CANCELING, CANCELED, FAILED, not "finished", did you mean `FINISHED`?
    `state` must be one of CREATED, SCHEDULED, DEPLOYING, INITIALIZING, RUNNING, FINISHED, CANCELING, CANCELED, FAILED, not "FINISH", did you mean `FINISHED`?
    `values` is a list of text, on which a pattern cannot wait
    "#);
}
