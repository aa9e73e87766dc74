//! How runs begin, end and leave nothing behind.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use weir::base::NodeId;
use weir::host::{Address, Lane, Message, Port, Signal, Writer};
use weir::record::{Row, RowKind};
use weir::sim::{End, Limits, SimOptions, Watch, When, run};
use weir::trace::{Event, Level, SinkEvent};

use super::harness::{Log, at, boot, cut, fault, kill, ms, play, play_out, said, say, world};

/// A message that counts as alive until it is dropped.
struct Counted(Arc<()>);

impl Message for Counted {
    fn wire_size(&self) -> u64 {
        Arc::strong_count(&self.0) as u64
    }
}

/// Who writes.
const OUT: Writer<'_> = Writer { sink: "out", subtask: "sink#1", attempt: 0 };

#[test]
fn many_small_runs_leave_nothing_behind() {
    let alive = Arc::new(());
    for seed in 0..100 {
        let mut options = world(seed, 3);
        options.limits.virtual_time = ms(20);
        options.faults.push(fault(When::At(at(ms(3))), kill("a", Some(ms(2)))));
        options.faults.push(fault(When::At(at(ms(6))), cut("b", None)));
        let counted = alive.clone();
        let outcome = play_out(options, move |host, _| {
            let counted = counted.clone();
            async move {
                let inbox = host.wire.open(Port(1), Signal::default());
                let held = (counted.clone(), inbox, host.clone());
                host.spawn.spawn(Box::pin(async move {
                    pending::<()>().await;
                    drop(held);
                }));
                // Some are read by nobody, some are held back, some are on their way at the end.
                for round in 1.. {
                    let to = Address { node: NodeId((host.node.0 + 1) % 3), port: Port(1) };
                    host.wire.send(Port(1), to, Lane::Data, Box::new(Counted(counted.clone())));
                    host.clock.sleep_until(at(ms(round))).await;
                }
            }
        });
        assert!(matches!(outcome.end, End::Limit(_)));
        drop(outcome);
        assert_eq!(Arc::strong_count(&alive), 1, "after the run with seed {seed}");
    }
}

/// How a run of nodes that send and talk for ever ends under such limits.
fn check(change: fn(&mut Limits)) -> String {
    let mut options = world(2, 2);
    change(&mut options.limits);
    let outcome = play_out(options, |host, _| async move {
        let _inbox = host.wire.open(Port(1), Signal::default());
        for round in 1.. {
            let to = Address { node: NodeId(1 - host.node.0), port: Port(1) };
            host.wire.send(Port(1), to, Lane::Rpc, Box::new(Counted(Arc::default())));
            say(&host, "on and on");
            host.clock.sleep_until(at(ms(round))).await;
        }
    });
    assert_eq!(outcome.events, outcome.recorder.entries.len() as u64);
    format!(
        "{:?} at {} ms, {} events",
        outcome.end,
        outcome.virtual_time.as_millis(),
        outcome.events
    )
}

#[test]
fn limits_end_a_run() {
    insta::assert_snapshot!(check(|limits| limits.events = 20), @r#"Limit("20 control events") at 8 ms, 20 events"#);
    insta::assert_snapshot!(check(|limits| limits.virtual_time = ms(30)), @r#"Limit("30ms of simulated time") at 30 ms, 62 events"#);
    insta::assert_snapshot!(check(|limits| limits.memory = 5_000), @r#"Limit("5000 bytes of memory") at 19 ms, 41 events"#);
}

#[test]
fn a_run_in_which_nothing_happens_ends_at_its_limit() {
    let outcome = play_out(world(1, 2), |_, _| pending());
    assert_eq!(outcome.virtual_time.as_millis(), 60_000);
}

#[test]
fn a_run_is_interrupted_from_outside_and_shows_its_progress() {
    let watch = Watch::default();
    let (seen, stop) = (watch.progress.clone(), watch.stop.clone());
    let outcome = run(world(1, 1), Log::default(), watch, move |never| {
        let stop = stop.clone();
        boot(never, move |host, _| {
            let stop = stop.clone();
            async move {
                for round in 1.. {
                    stop.store(round == 50, Ordering::Relaxed);
                    say(&host, "busy");
                    host.clock.sleep_until(at(ms(round))).await;
                }
            }
        })
    });
    let outcome = outcome.unwrap();
    assert_eq!(outcome.end, End::Interrupted);
    assert_eq!((seen.events(), seen.virtual_time().as_millis()), (51, 49));
}

#[test]
fn a_panic_ends_the_run_with_the_node_s_name() {
    let panics = |options: SimOptions| {
        play(options, |host, _| async move {
            let task = host.clone();
            host.spawn.spawn(Box::pin(async move {
                task.clock.sleep_until(at(ms(5))).await;
                assert_ne!(&*task.name, "b", "b does not like it");
            }));
        })
    };
    let error = panics(world(1, 3)).err().unwrap().to_string();
    insta::assert_snapshot!(error.lines().next().unwrap(), @"the code of node `b` panicked: assertion `left != right` failed: b does not like it");
    // The dead may panic as they like.
    let mut options = world(1, 3);
    options.faults.push(fault(When::At(at(ms(4))), kill("b", None)));
    assert!(panics(options).is_ok());
}

#[test]
fn streams_are_named_and_differ_between_nodes_and_lives() {
    let mut options = world(1, 2);
    options.faults.push(fault(When::At(at(ms(5))), kill("b", Some(ms(1)))));
    let outcome = play_out(options, |host, _| async move {
        let draw = |name: &str| rand::Rng::next_u64(&mut host.random.stream(name)) % 1_000;
        say(&host, format!("{} {} {}", draw("x"), draw("y"), draw("x")));
    });
    insta::assert_snapshot!(said(&outcome.recorder).join("\n"), @r#"
    0 a 959 733 959
    0 b 655 634 655
    6 b 291 814 291
    "#);
}

#[test]
fn rows_become_visible_with_a_hash_that_knows_no_order() {
    let mut options = world(1, 1);
    options.level = Level::Records;
    let outcome = play_out(options, |host, stop| async move {
        let row = |text: &str| Row {
            kind: RowKind::Insert,
            fields: vec![text.into()],
            id: None,
            number: None,
        };
        host.outside.publish(OUT, vec![row("x"), row("y")]);
        host.outside.publish(OUT, vec![row("y"), row("x")]);
        host.outside.publish(OUT, Vec::new());
        stop.stop();
        host.outside.publish(OUT, vec![row("too late")]);
    });
    let hashes = outcome.recorder.entries.iter().filter_map(|entry| match &entry.event {
        Event::Sink(SinkEvent::RowsVisible { hash, .. }) => Some(*hash),
        _ => None,
    });
    let hashes: Vec<u64> = hashes.collect();
    assert_eq!((hashes.len(), hashes[0]), (2, hashes[1]));
    assert_eq!(outcome.sinks["out"].len(), 4);
    assert_eq!(outcome.recorder.entries.len(), 5, "one start, rows written and visible twice");
}

#[test]
fn rows_of_a_partition_are_revealed_once() {
    let outcome = play_out(world(1, 1), |host, stop| async move {
        let row = |text: &str| Row {
            kind: RowKind::Insert,
            fields: vec![text.into()],
            id: None,
            number: None,
        };
        host.outside.reveal("out", "out-0", vec![(0, row("x")), (2, row("y"))]);
        host.outside.reveal("out", "out-1", vec![(0, row("z"))]);
        host.outside.reveal("out", "out-0", vec![(0, row("x")), (2, row("y"))]);
        host.outside.reveal("out", "out-0", vec![(2, row("y")), (5, row("w"))]);
        stop.stop();
        host.outside.reveal("out", "out-0", vec![(6, row("too late"))]);
    });
    let visible = outcome.recorder.entries.iter().filter_map(|entry| match &entry.event {
        Event::Sink(SinkEvent::RowsVisible { subtask, rows, .. }) => Some((&**subtask, *rows)),
        _ => None,
    });
    let visible: Vec<_> = visible.collect();
    assert_eq!(visible, [("out-0", 2), ("out-1", 1), ("out-0", 1)]);
    let texts: Vec<_> = outcome.sinks["out"].iter().map(|row| row.fields[0].as_str()).collect();
    assert_eq!(texts, ["x", "y", "z", "w"]);
}

#[test]
fn a_trace_s_recorder_keeps_a_run() {
    let options = world(1, 2);
    let names = ["a", "b"].map(weir::base::Name::from).to_vec();
    let header = weir::trace::Header::new("test", "", options.seed, names);
    let recorder = weir::trace::Recorder::new(header, Level::Control);
    let ran = run(options, recorder, Watch::default(), |stop| {
        boot(stop, |host, stop| async move {
            say(&host, "hello");
            host.clock.sleep_until(at(ms(5))).await;
            stop.stop();
        })
    });
    let ran = ran.unwrap();
    let finished = ran.recorder.finish("completed");
    assert_eq!((ran.events, finished.events), (4, 4));
    assert!(finished.bytes.is_some());
}
