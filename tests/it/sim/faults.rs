//! Faults and notes: when they strike, what they say, and which were in vain.

use std::rc::Rc;

use serde_json::json;
use weir::base::{JobId, Step};
use weir::host::{ReadRecords, Signal};
use weir::record::RecordId;
use weir::sim::{FaultAction, FaultOptions, NoteOptions, SimError, SimOptions, When};
use weir::trace::{Event, FaultEvent, NodeEvent, Pattern};

use super::harness::{at, cut, fault, kill, link, ms, play, play_out, said, say, world};

fn event(kind: &str, fields: &[(&str, serde_json::Value)], nth: u32) -> When {
    let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    When::Event { pattern: Pattern { kind: kind.into(), fields }, nth }
}

/// Node `a` and `b` count to five, a word every 10 ms. The faults, the nodes' lives and what was
/// in vain, one line each.
fn check(faults: Vec<FaultOptions>, notes: Vec<NoteOptions>) -> String {
    let options = SimOptions { faults, notes, ..world(5, 2) };
    let outcome = play_out(options, |host, _| async move {
        for count in 1..=5 {
            host.clock.sleep_until(host.clock.now() + ms(10)).await;
            say(&host, format!("{count}"));
        }
    });
    let mut lines = Vec::new();
    for entry in &outcome.recorder.entries {
        let what = match &entry.event {
            Event::Node(event) => format!("{event:?}"),
            Event::Fault(FaultEvent::FaultInjected { fault, what }) => format!("{fault}: {what}"),
            Event::Fault(FaultEvent::FaultHealed { fault, what }) => format!("{fault}, {what}"),
            Event::Fault(FaultEvent::NoteShown { note, text }) => format!("note {note}: {text}"),
            _ => continue,
        };
        let start = matches!(&entry.event, Event::Node(NodeEvent::NodeStarted { .. }));
        if !(start && entry.at.as_millis() == 0) {
            lines.push(format!("{} {} {what}", entry.at.as_millis(), entry.node));
        }
    }
    lines.extend(outcome.vacuous.into_iter().map(|text| format!("vacuous: {text}")));
    lines.join("\n")
}

#[test]
fn faults_strike_at_times_steps_and_events() {
    insta::assert_snapshot!(check(vec![
        fault(When::At(at(ms(15))), kill("a", Some(ms(7)))),
        fault(When::Step(Step(4)), cut("b", Some(ms(3)))),
        fault(
            event("rpc-received", &[("node", json!("b")), ("about", json!("3"))], 1),
            FaultAction::Pause { node: "b".into(), duration: Some(ms(4)) },
        ),
        fault(
            event("node-started", &[("incarnation", json!(2))], 1),
            FaultAction::Clock { node: "a".into(), jump_us: 500, drift_ppm: 10 },
        ),
    ], vec![
        NoteOptions { when: event("node-killed", &[], 1), text: "dead".into() },
        NoteOptions { when: When::At(at(ms(1))), text: "early".into() },
    ]), @r#"
    1 0 note 2: early
    10 1 2: cut the ways between b and the rest for 3ms
    10 0 LinkCut { to: "b" }
    10 1 LinkCut { to: "a" }
    13 1 2, no more: cut the ways between b and the rest for 3ms
    13 0 LinkHealed { to: "b" }
    13 1 LinkHealed { to: "a" }
    15 0 1: kill a, restart after 7ms
    15 0 NodeKilled { incarnation: Incarnation(1) }
    15 0 note 1: dead
    22 0 1, restart a
    22 0 NodeStarted { incarnation: Incarnation(2) }
    22 0 4: move the clock of a by 500 us, drift 10 ppm
    22 0 ClockChanged { offset_us: 500, drift_ppm: 10 }
    30 1 3: pause b for 4ms
    30 1 NodePaused
    34 1 3, no more: pause b for 4ms
    34 1 NodeResumed
    "#);
}

#[test]
fn faults_without_effect_are_vacuous() {
    let pause = FaultAction::Pause { node: "b".into(), duration: None };
    insta::assert_snapshot!(check(vec![
        fault(When::At(at(ms(5))), kill("a", None)),
        fault(When::At(at(ms(6))), kill("a", None)),
        fault(When::At(at(ms(90_000))), kill("b", None)),
        fault(When::Step(Step(1_000)), kill("b", None)),
        fault(event("rpc-received", &[("about", json!("2"))], 2), kill("b", None)),
        fault(event("rpc-received", &[("about", json!("9"))], 1), kill("b", None)),
        fault(When::At(at(ms(70))), cut("a", None)),
        fault(When::At(at(ms(71))), cut("b", None)),
        fault(When::At(at(ms(72))), pause.clone()),
        fault(When::At(at(ms(73))), pause),
        fault(When::At(at(ms(74))), FaultAction::Degrade {
            from: "a".into(), to: "b".into(), link: link(1..=1), duration: None,
        }),
        fault(When::At(at(ms(75))), FaultAction::Clock {
            node: "a".into(), jump_us: 0, drift_ppm: 0,
        }),
    ], vec![NoteOptions { when: event("node-resumed", &[], 1), text: "up".into() }]), @r#"
    5 0 1: kill a
    5 0 NodeKilled { incarnation: Incarnation(1) }
    70 0 7: cut the ways between a and the rest
    70 0 LinkCut { to: "b" }
    70 1 LinkCut { to: "a" }
    72 1 9: pause b
    72 1 NodePaused
    vacuous: fault 2 (kill a) had nothing to act on: a was down
    vacuous: fault 3 (kill b) never came: at 90.000000s
    vacuous: fault 4 (kill b) never came: after step 1000
    vacuous: fault 5 (kill b) never came: at event 2 of kind `rpc-received`, about = "2"; only 1 came
    vacuous: fault 6 (kill b) never came: at event 1 of kind `rpc-received`, about = "9"
    vacuous: fault 8 (cut the ways between b and the rest) had nothing to act on: all those links were cut already, or there are none
    vacuous: fault 10 (pause b) had nothing to act on: b stood still already
    vacuous: fault 11 (degrade the way from a to b: latency 1ms..1ms, loss 0) had nothing to act on: the link behaved so already
    vacuous: fault 12 (move the clock of a by 0 us, drift 0 ppm) had nothing to act on: the clock of a ran so already
    vacuous: note 1 ("up") never came: at event 1 of kind `node-resumed`
    "#);
}

#[test]
fn a_task_fails_if_it_runs_on_a_node_that_lives() {
    let fail = |subtask: &str| FaultAction::Fail { subtask: subtask.into() };
    let faults = vec![
        fault(When::At(at(ms(5))), fail("other#1")),
        fault(When::At(at(ms(6))), kill("a", None)),
        fault(When::At(at(ms(10))), fail("sum#1")),
        fault(When::At(at(ms(15))), fail("sum#1")),
    ];
    let outcome = play_out(SimOptions { faults, ..world(5, 2) }, |host, _| async move {
        let signal = Signal::default();
        let fails = host.outside.expect_failure("sum#1", signal.clone());
        while fails.get().is_none() {
            signal.wait().await;
        }
        say(&host, "fails");
    });
    assert_eq!(said(&outcome.recorder), ["10 b fails"]);
    assert_eq!(
        outcome.vacuous,
        [
            "fault 1 (fail other#1) had nothing to act on: no task other#1 was running",
            "fault 4 (fail sum#1) had nothing to act on: no task sum#1 was running",
        ]
    );
}

/// When, on which node and of which split which records are read.
const READS: [(u64, &str, u16, std::ops::Range<u64>); 8] = [
    (2, "a", 0, 0..3),
    (10, "a", 0, 3..3),
    (12, "a", 0, 3..7),
    (14, "a", 0, 0..3),
    (16, "b", 0, 0..8),
    (18, "b", 1, 3..7),
    (20, "b", 0, 4..8),
    (50, "a", 0, 3..7),
];

#[test]
fn a_poisoned_record_is_so_for_whoever_reads_it() {
    let poison = |subtask: &str| {
        let action = FaultAction::Poison { subtask: subtask.into(), duration: Some(ms(40)) };
        fault(When::At(at(ms(5))), action)
    };
    let faults = vec![poison("in#1"), poison("sum#1"), poison("other#1")];
    let outcome = play_out(SimOptions { faults, ..world(5, 2) }, |host, _| async move {
        let signal = Signal::default();
        let tasks = ["in#1", "sum#1"].map(|it| host.outside.expect_failure(it, signal.clone()));
        for (moment, _, split, offsets) in READS.iter().filter(|(_, node, ..)| *node == &*host.name)
        {
            host.clock.sleep_until(at(ms(*moment))).await;
            let poisoned = host.outside.poisoned(ReadRecords {
                job: JobId(1),
                subtask: "in#1",
                first: RecordId { source: 0, split: *split, offset: offsets.start },
                count: offsets.end - offsets.start,
            });
            say(&host, format!("{split}: {offsets:?} {poisoned:?}"));
        }
        drop(tasks);
    });
    insta::assert_snapshot!(said(&outcome.recorder).join("\n"), @"
    2 a 0: 0..3 None
    10 a 0: 3..3 None
    12 a 0: 3..7 Some(0)
    14 a 0: 0..3 None
    16 b 0: 0..8 Some(3)
    18 b 1: 3..7 None
    20 b 0: 4..8 None
    50 a 0: 3..7 None
    ");
    insta::assert_snapshot!(outcome.vacuous.join("\n"), @"
    fault 2 (poison the next record of sum#1 for 40ms) had nothing to act on: sum#1 is no source, or has read nothing since
    fault 3 (poison the next record of other#1 for 40ms) had nothing to act on: no task other#1 was running
    ");
}

#[test]
fn what_is_open_expires_where_somebody_has_something_open() {
    let expire = |moment, node: &str| {
        fault(When::At(at(ms(moment))), FaultAction::Expire { node: node.into() })
    };
    let faults = vec![
        expire(5, "a"),
        expire(10, "a"),
        expire(15, "b"),
        fault(When::At(at(ms(20))), kill("a", None)),
        expire(25, "a"),
    ];
    let outcome = play_out(SimOptions { faults, ..world(5, 2) }, |host, _| async move {
        if &*host.name == "b" {
            return;
        }
        let told = Signal::default();
        let signal = told.clone();
        let expire: Rc<dyn Fn()> = Rc::new(move || signal.notify());
        host.outside.expect_expiry(&expire);
        for open in [2, 0] {
            told.wait().await;
            host.outside.on_expired(open);
            say(&host, format!("{open} were open"));
        }
        host.clock.sleep_until(at(ms(50))).await;
        drop(expire);
    });
    assert_eq!(said(&outcome.recorder), ["5 a 2 were open", "10 a 0 were open"]);
    insta::assert_snapshot!(outcome.vacuous.join("\n"), @"
    fault 2 (expire the open transactions of a) had nothing to act on: no transaction of a was open
    fault 3 (expire the open transactions of b) had nothing to act on: nothing on b coordinates transactions
    fault 5 (expire the open transactions of a) had nothing to act on: a was down
    ");
}

#[test]
fn impossible_worlds_are_refused() {
    let refused = |change: fn(&mut SimOptions)| -> String {
        let mut options = world(1, 2);
        change(&mut options);
        let refused: Result<_, SimError> = play(options, |_, _| async {});
        refused.err().expect("the world is impossible").to_string()
    };
    insta::assert_snapshot!(
        refused(|o| o.faults.push(fault(When::At(at(ms(1))), kill("x", None)))), @"there is no node `x`; the nodes are a, b");
    insta::assert_snapshot!(
        refused(|o| o.network.links.push(("a".into(), "y".into(), link(1..=1)))), @"there is no node `y`; the nodes are a, b");
    insta::assert_snapshot!(refused(|o| o.nodes[1].name = "a".into()), @"two nodes are called `a`");
    insta::assert_snapshot!(refused(|o| o.nodes.clear()), @"there are no nodes");
    insta::assert_snapshot!(refused(|o| o.network.default.loss = 1.0), @"the link from `any` to `any` cannot be: its loss must be from 0 to less than 1");
    insta::assert_snapshot!(refused(|o| o.network.default.bandwidth = Some(0)), @"the link from `any` to `any` cannot be: its bandwidth is 0");
    insta::assert_snapshot!(refused(|o| o.network.default.latency = ms(2)..=ms(1)), @"the link from `any` to `any` cannot be: its shortest latency is longer than its longest");
    insta::assert_snapshot!(refused(|o| o.nodes[0].clock_drift_ppm = -1_000_000), @"the clock of `a` cannot drift by -1000000 ppm: it would stand still or more");
    insta::assert_snapshot!(refused(|o| o.disk.bandwidth = 0), @"no disk can be like that: its bandwidth is 0");
}

/// A node's clock after 100 s, and how long a sleep of 10 s then took.
fn clock(offset_us: i64, drift_ppm: i64, change: Option<(i64, i64)>) -> String {
    let mut options = world(1, 1);
    options.limits.virtual_time = ms(1_000_000);
    options.nodes[0].clock_offset_us = offset_us;
    options.nodes[0].clock_drift_ppm = drift_ppm;
    if let Some((jump_us, drift_ppm)) = change {
        let action = FaultAction::Clock { node: "a".into(), jump_us, drift_ppm };
        options.faults.push(fault(When::At(at(ms(50_000))), action));
    }
    let outcome = play_out(options, |host, stop| async move {
        while host.clock.now() < at(ms(100_000)) {
            host.clock.sleep_until(at(ms(100_000))).await;
        }
        let shown = host.clock.processing_time().0 - 1_704_067_200_000;
        let before = host.clock.now();
        host.clock.sleep_until(before + ms(10_000)).await;
        let slept = host.clock.now().since(before).as_millis();
        say(&host, format!("shows {shown}, slept {slept}"));
        stop.stop();
    });
    said(&outcome.recorder)[0].split_once(" a ").unwrap().1.to_owned()
}

#[test]
fn clocks_differ_drift_and_jump() {
    insta::assert_snapshot!(clock(0, 0, None), @"shows 100000, slept 10000");
    insta::assert_snapshot!(clock(-2_000_000, 0, None), @"shows 98000, slept 10000");
    insta::assert_snapshot!(clock(0, 250_000, None), @"shows 125000, slept 8000");
    insta::assert_snapshot!(clock(0, -500_000, Some((-1_000_000, 1_000_000))), @"shows 323999, slept 5000");
}
