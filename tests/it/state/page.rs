//! The traces and tables of `docs/state.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Duration;

use weir::api::{StreamExecutionEnvironment, TumblingEventTimeWindows};
use weir::base::EventTime;
use weir::cluster::{ClusterOptions, Onlooker, execute};
use weir::gallery;
use weir::record::{Key, KeyGroup, KeyGroupRange, key_group};
use weir::scenario::{self, Overrides};
use weir::time::WatermarkStrategy;
use weir::trace::{Event, Level, StateEvent, TraceFile};
use weir::window::Trigger;

use crate::event_time::CountFirings;
use crate::page::{chosen_lines, with_block};
use crate::trace::schema::check_file;

fn of_scenario(name: &str) -> Vec<u8> {
    let scenario = scenario::load(name).unwrap();
    let overrides = Overrides { seed: None, level: Level::Records, mutant: None };
    let outcome =
        scenario::run(&scenario, &gallery::registry(), &overrides, Onlooker::default()).unwrap();
    outcome.report.trace.expect("its level is records")
}

fn of_windows() -> Vec<u8> {
    let env = StreamExecutionEnvironment::new("windows");
    let strategy = WatermarkStrategy::for_monotonous_timestamps()
        .with_timestamp_assigner(|reading: &(u8, i64), _| EventTime(reading.1));
    env.from_collection(vec![(1, 1), (1, 2), (1, 15), (1, 16)])
        .assign_timestamps_and_watermarks(strategy)
        .key_by(|reading| reading.0)
        .window(TumblingEventTimeWindows::of(Duration::from_millis(10)))
        .trigger(Trigger::Count(2))
        .process(CountFirings::new(true))
        .uid("counts")
        .discard();
    let mut options = ClusterOptions::new(1, 1);
    options.sim.level = Level::Records;
    execute(options, env.build().unwrap()).unwrap().trace.expect("its level is records")
}

/// Where the keys of a trace are: each with its group, and the subtask that tells of it.
fn keys(trace: &[u8]) -> String {
    let trace = TraceFile::parse(trace.to_vec()).unwrap();
    let mut owners: BTreeMap<(KeyGroup, String), BTreeSet<String>> = BTreeMap::new();
    for recorded in &trace {
        if let Event::State(StateEvent::StateWritten { subtask, key_group, key, .. }) =
            &recorded.event
        {
            let of_key = owners.entry((*key_group, key.trim_matches('"').to_string()));
            of_key.or_default().insert(subtask.to_string());
        }
    }
    let mut table = String::from("| key | key group | subtask |\n|---|---|---|\n");
    for ((group, key), subtasks) in owners {
        assert_eq!(group, key_group::assign(key.hash_code(), 128), "{key}");
        let index = (0..2).find(|index| KeyGroupRange::of_subtask(*index, 2, 128).contains(group));
        let owner = format!("await-payment#{}", index.unwrap() + 1);
        assert!(subtasks.iter().eq([&owner]), "{key} is at {subtasks:?}");
        writeln!(table, "| `{key}` | {group} | `{owner}` |").expect("a string can be written to");
    }
    table
}

#[test]
fn the_page_shows_what_happens() {
    let orders = of_scenario("state/order-timeouts");
    let of = |trace: &[u8], filter| chosen_lines(trace.to_vec(), filter);
    let of_keys = r#"(area = state or area = timer) and (key = "\"a\"" or key = "\"b\"")"#;
    let blocks = [
        ("trace: groups", of(&orders, "kind = state-backend-opened")),
        ("keys", keys(&orders)),
        ("trace: orders", of(&orders, of_keys)),
        ("trace: windows", of(&of_windows(), "area = state and kind != state-backend-opened")),
    ];
    check_file("state.md", |page| {
        blocks.iter().fold(page.to_string(), |page, (mark, block)| with_block(&page, mark, block))
    });
}
