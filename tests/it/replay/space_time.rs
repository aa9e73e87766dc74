//! Diagrams of space and time: which messages cross a cut, and what is read of a window.

use proptest::prelude::*;
use weir::base::{CheckpointId, Name, SimTime};
use weir::record::CheckpointKind;
use weir::replay::Timeline;
use weir::replay::space_time::{
    Carries, Class, Cut, CutAt, End, Happening, Lane, Lanes, Message, Moment, Point, Process,
    Shown, Side, SpaceTime, Tally, Wanted, to_mermaid, to_svg,
};
use weir::trace::{
    CheckpointEvent as E, Event, ExchangeEvent, FaultEvent, Recorded, RpcEvent, TaskEvent,
};

use super::{JOB, header, plan, record, sent, submitted};

const CHOSEN: CheckpointId = CheckpointId(2);

fn moment(event: usize) -> Moment {
    Moment { event, at: SimTime(1_000_000 * u64::try_from(event).unwrap()) }
}

/// A message from process 1 to process 2.
fn message(sent: Option<usize>, received: Option<usize>) -> Message {
    let end = |process, when: Option<usize>| End { process, lane: process, when: when.map(moment) };
    Message {
        from: end(1, sent),
        to: end(2, received),
        carries: Carries::Buffer { seq: 1, records: 3 },
        order: None,
        class: None,
    }
}

fn cut(of: [CutAt; 2]) -> Cut {
    Cut { checkpoint: CHOSEN, of: vec![CutAt::Unknown, of[0], of[1]] }
}

/// The coordinator and two tasks, whose cut goes through 10 and 20.
fn by_hand(messages: Vec<Message>) -> SpaceTime {
    let names = ["jobmanager-1", "a#1", "b#1"].map(Name::from);
    let mut diagram = SpaceTime {
        lanes: names.iter().map(|name| Lane { name: name.clone() }).collect(),
        processes: names
            .iter()
            .enumerate()
            .map(|(lane, name)| Process { name: name.clone(), lane })
            .collect(),
        points: [(1, 10), (2, 20)]
            .map(|(lane, event)| Point {
                when: moment(event),
                lane: Some(lane),
                what: Happening::Snapshot(CHOSEN),
            })
            .to_vec(),
        messages,
        cut: Some(cut([CutAt::At(moment(10)), CutAt::At(moment(20))])),
    };
    diagram.classify();
    diagram
}

#[test]
fn a_message_is_before_the_cut_or_after_it_or_in_flight_or_wrong() {
    let class = |sent, received| by_hand(vec![message(sent, received)]).messages[0].class;
    let cases = [
        (Some(5), Some(15), Class::Before),
        (Some(9), Some(19), Class::Before),
        (Some(11), Some(25), Class::After),
        (Some(5), Some(25), Class::Crossing),
        (Some(15), Some(18), Class::Inconsistent),
        // What is not received in the window was in flight at a cut that is in it.
        (Some(5), None, Class::Crossing),
        (Some(15), None, Class::After),
        (None, Some(15), Class::Before),
        (None, Some(25), Class::Crossing),
    ];
    for (sent, received, expected) in cases {
        assert_eq!(class(sent, received), Some(expected), "{sent:?} to {received:?}");
    }
}

#[test]
fn what_lies_outside_the_window_is_known_as_far_as_it_can_be() {
    use CutAt::{Earlier, Later, Unknown};
    let class = |of, sent, received| cut(of).class(&message(sent, received));
    assert_eq!(class([Earlier, Earlier], Some(1), Some(2)), Class::After);
    assert_eq!(class([Later, Later], Some(1), Some(2)), Class::Before);
    assert_eq!(class([Later, Earlier], Some(1), Some(2)), Class::Crossing);
    assert_eq!(class([Earlier, Later], Some(1), Some(2)), Class::Inconsistent);
    assert_eq!(class([Later, Later], Some(1), None), Class::Unknown);
    assert_eq!(class([Earlier, Earlier], None, Some(2)), Class::Unknown);
    assert_eq!(class([Unknown, Earlier], Some(1), Some(2)), Class::Unknown);
}

#[test]
fn barriers_of_the_cut_and_calls_are_on_no_side_of_it() {
    let barrier = Message { carries: Carries::Barrier(CHOSEN), ..message(Some(15), Some(18)) };
    let other = Message { carries: Carries::Barrier(CheckpointId(1)), ..message(Some(5), Some(7)) };
    let mut call = Message { carries: Carries::Trigger(CHOSEN), ..message(Some(5), Some(25)) };
    call.from.process = 0;
    let diagram = by_hand(vec![barrier, other, call]);
    let classes: Vec<_> = diagram.messages.iter().map(|message| message.class).collect();
    assert_eq!(classes, [Some(Class::Marker), Some(Class::Before), None]);
    assert_eq!(diagram.tally(), Tally { before: 1, ..Tally::default() });
}

#[test]
fn the_order_in_a_channel_is_worth_more_than_the_moment() {
    let late = Message { order: Some(Side::Before), ..message(Some(15), Some(18)) };
    assert_eq!(by_hand(vec![late]).messages[0].class, Some(Class::Before));
}

/// A run of three processes: who does what, in order. A send says to whom; all else takes up the
/// oldest message that waits.
fn exchanged(steps: &[(usize, usize, bool)]) -> Vec<Message> {
    let mut messages: Vec<Message> = Vec::new();
    for (event, (process, other, sends)) in steps.iter().enumerate() {
        let when = Some(moment(event));
        if *sends {
            let to = (process + other) % 3;
            let end = |process, when| End { process: process + 1, lane: process + 1, when };
            let (from, to) = (end(*process, when), end(to, None));
            messages.push(Message { from, to, ..message(None, None) });
        } else {
            let waits = |message: &&mut Message| {
                message.to.process == process + 1 && message.to.when.is_none()
            };
            if let Some(message) = messages.iter_mut().find(waits) {
                message.to.when = when;
            }
        }
    }
    messages
}

/// The greatest consistent cut that is nowhere later than this one: whoever knows of an effect
/// must know of its cause.
fn closed(messages: &[Message], mut cuts: [usize; 3]) -> [usize; 3] {
    loop {
        let broken = messages.iter().find_map(|message| {
            let (from, to) = (message.from.process - 1, message.to.process - 1);
            let (sent, received) = (message.from.when?.event, message.to.when?.event);
            (received < cuts[to] && sent >= cuts[from]).then_some((to, received))
        });
        let Some((process, received)) = broken else { return cuts };
        cuts[process] = received;
    }
}

fn tally(messages: &[Message], cuts: [usize; 3]) -> Tally {
    let at = cuts.map(|event| CutAt::At(moment(event)));
    let cut = Cut { checkpoint: CHOSEN, of: vec![CutAt::Unknown, at[0], at[1], at[2]] };
    Tally::of(messages.iter().map(|message| cut.class(message)))
}

proptest! {
    #[test]
    fn no_message_goes_back_over_a_consistent_cut(
        steps in prop::collection::vec((0usize..3, 1usize..3, any::<bool>()), 0..60),
        cuts in [0usize..61, 0..61, 0..61],
    ) {
        let messages = exchanged(&steps);
        let consistent = closed(&messages, cuts);
        prop_assert_eq!(tally(&messages, consistent).inconsistent, 0);
        // And one that had to be moved for it was not consistent.
        prop_assert_eq!(tally(&messages, cuts).inconsistent == 0, consistent == cuts);
        let known = tally(&messages, cuts);
        let all = known.before + known.after + known.crossing + known.inconsistent;
        prop_assert_eq!((all, known.unknown), (messages.len(), 0));
    }
}

fn consumed(seq: u64, records: u32) -> Event {
    let (job, edge, from, to) = (JOB, 0, "a#1".into(), "b#1".into());
    Event::Exchange(ExchangeEvent::BufferConsumed { job, edge, from, to, seq, records })
}

fn barrier(seq: u64, overtaken: u64, is_sent: bool) -> Event {
    let (job, edge, from, to, attempt) = (JOB, 0, "a#1".into(), "b#1".into(), 0);
    let (checkpoint, records) = (CHOSEN, 9);
    Event::Checkpoint(if is_sent {
        E::BarrierSent { job, edge, from, to, attempt, checkpoint, seq, records, overtaken }
    } else {
        E::BarrierReceived { job, edge, from, to, attempt, checkpoint, seq, records, overtaken }
    })
}

fn taken(subtask: &str) -> Event {
    Event::Checkpoint(E::SnapshotTaken {
        job: JOB,
        subtask: subtask.into(),
        attempt: 0,
        checkpoint: CHOSEN,
        barriers: CheckpointKind::default().word().into(),
        inputs: Vec::new(),
        outputs: Vec::new(),
        positions: Vec::new(),
        state: Vec::new(),
        state_version: 0,
        watermark: None,
        start_delay_us: 1,
        alignment_us: 2,
        sync_us: 3,
        bytes: 40,
    })
}

fn triggered() -> Event {
    Event::Checkpoint(E::CheckpointTriggered {
        job: JOB,
        checkpoint: CHOSEN,
        barriers: CheckpointKind::default().word().into(),
        sources: vec!["a#1".into(), "a#2".into()],
        tasks: ["a#1", "b#1"].map(Name::from).to_vec(),
        finished: vec!["a#2".into()],
    })
}

fn started(subtask: &str) -> Event {
    Event::Task(TaskEvent::TaskStarted { job: JOB, subtask: subtask.into(), attempt: 1 })
}

fn timeline(events: Vec<Event>) -> Timeline {
    Timeline::new(header(), record([submitted(&plan())].into_iter().chain(events)))
}

fn wanted(shown: Shown) -> Wanted {
    let (job, lanes, checkpoint) = (JOB, Lanes::Subtasks, Some(CHOSEN));
    Wanted { job, lanes, shown, checkpoint, around: 0, reach: 1_000 }
}

/// What is read of a run, a line for each message.
fn read(events: Vec<Event>) -> Vec<String> {
    let diagram = SpaceTime::read(&timeline(events), &wanted(Shown::All));
    let name = |end: &End| diagram.processes[end.process].name.to_string();
    let lines = diagram.messages.iter().map(|message| {
        let open = |end: &End| if end.when.is_none() { "?" } else { "" };
        let class = message.class.map_or("", Class::words);
        let (from, to) = (&message.from, &message.to);
        let (from, to) = (name(from) + open(from), name(to) + open(to));
        format!("{from} -> {to}: {}: {class}", message.carries.words())
    });
    lines.collect()
}

#[test]
fn messages_of_an_aligned_checkpoint_find_their_ends_and_their_side() {
    let events = vec![
        sent(1, 4, 2),
        triggered(),
        // The snapshot is taken while a buffer and the barrier still wait for credit.
        taken("a#1"),
        sent(2, 5, 2),
        barrier(3, 0, true),
        sent(4, 6, 2),
        consumed(1, 4),
        consumed(2, 5),
        barrier(3, 0, false),
        taken("b#1"),
        consumed(4, 6),
        sent(5, 7, 2),
    ];
    assert_eq!(
        read(events),
        [
            "a#1 -> b#1: buffer 1, 4 records: before the cut",
            "a#1 -> b#1: buffer 2, 5 records: before the cut",
            "a#1 -> b#1: barrier 2: carries the cut",
            "a#1 -> b#1: buffer 4, 6 records: after the cut",
            "a#1 -> b#1?: buffer 5, 7 records: after the cut",
        ]
    );
}

#[test]
fn what_a_barrier_overtakes_is_in_flight() {
    let events = vec![
        sent(1, 4, 2),
        triggered(),
        barrier(2, 5, true),
        taken("a#1"),
        barrier(2, 4, false),
        taken("b#1"),
        consumed(1, 4),
        sent(3, 5, 2),
        sent(4, 6, 2),
        consumed(3, 5),
    ];
    assert_eq!(
        read(events),
        [
            "a#1 -> b#1: buffer 1, 4 records: in flight",
            "a#1 -> b#1: barrier 2: carries the cut",
            "a#1 -> b#1: buffer 3, 5 records: in flight",
            "a#1 -> b#1?: buffer 4, 6 records: after the cut",
        ]
    );
}

/// As with barriers of which one does not wait for the others, or with a wrong part.
#[test]
fn what_is_consumed_behind_the_barrier_and_before_the_snapshot_is_wrong() {
    let events = vec![
        triggered(),
        barrier(1, 0, true),
        taken("a#1"),
        sent(2, 5, 2),
        barrier(1, 0, false),
        consumed(2, 5),
        taken("b#1"),
    ];
    assert_eq!(read(events)[1], "a#1 -> b#1: buffer 2, 5 records: from after to before");
}

#[test]
fn what_an_attempt_has_sent_is_not_received_by_the_next() {
    let again = vec![sent(1, 4, 2), started("a#1"), started("b#1"), consumed(1, 4), sent(2, 5, 2)];
    assert_eq!(
        read(again),
        [
            "a#1 -> b#1?: buffer 1, 4 records: not known",
            "a#1? -> b#1: buffer 1, 4 records: not known",
            "a#1 -> b#1?: buffer 2, 5 records: not known",
        ]
    );
}

fn call(message: &str, task: &str, is_sent: bool) -> Event {
    let (message, about) = (Name::from(message), format!("{task}: checkpoint 2"));
    Event::Rpc(if is_sent {
        let (from, to) = ("jobmaster-1".into(), "jobmanager-1".into());
        RpcEvent::RpcSent { from, to, message, about }
    } else {
        RpcEvent::RpcReceived {
            by: "taskexecutor".into(),
            from: "jobmanager-1".into(),
            message,
            about,
        }
    })
}

#[test]
fn calls_about_checkpoints_go_between_the_coordinator_and_tasks() {
    let events = vec![
        call("TriggerCheckpoint", "a#1", true),
        call("TriggerCheckpoint", "a#1", false),
        call("ConfirmCheckpoint", "b#1", false),
        call("AcknowledgeCheckpoint", "a#1", true),
        // These are not about checkpoints, or not about a task of the job.
        call("SubmitTask", "a#1", true),
        call("TriggerCheckpoint", "z#1", true),
    ];
    assert_eq!(
        read(events),
        [
            "jobmanager-1 -> a#1: trigger 2: ",
            "jobmanager-1? -> b#1: complete 2: ",
            "a#1 -> jobmanager-1?: acknowledge 2: ",
        ]
    );
}

/// The cut of each lane, read from the window around a position.
fn cuts(timeline: &Timeline, around: usize, reach: usize) -> Vec<CutAt> {
    let wanted = Wanted { around, reach, ..wanted(Shown::Barriers) };
    SpaceTime::read(timeline, &wanted).cut_of_lanes()
}

#[test]
fn the_cut_is_known_beyond_the_window() {
    let quiet = |count| (0..count).map(|_| sent(9, 1, 1));
    let mut events = vec![triggered(), taken("a#1")];
    events.extend(quiet(6));
    events.push(taken("b#1"));
    events.extend(quiet(6));
    let timeline = timeline(events);
    let at = |event: usize| CutAt::At(Moment { event, at: timeline.event(event).unwrap().at });
    let (earlier, later, unknown) = (CutAt::Earlier, CutAt::Later, CutAt::Unknown);
    // The lanes: jobmanager-1, a#1, a#2, which had finished, b#1, b#2, of which nothing is heard.
    assert_eq!(cuts(&timeline, 5, 100), [unknown, at(2), later, at(9), unknown]);
    assert_eq!(cuts(&timeline, 5, 2), [unknown, earlier, unknown, later, unknown]);
    assert_eq!(cuts(&timeline, 14, 3), [unknown, earlier, unknown, earlier, unknown]);
    // Too far back to be looked for.
    assert_eq!(cuts(&timeline, 14, 2), [unknown, unknown, unknown, earlier, unknown]);
    assert_eq!(cuts(&timeline, 0, 1), [unknown, later, unknown, later, unknown]);
}

#[test]
fn nothing_outside_the_window_is_read() {
    let events: Vec<Event> = (1..50).flat_map(|seq| [sent(seq, 1, 1), consumed(seq, 1)]).collect();
    let timeline = timeline(events);
    for (around, reach) in [(0, 5), (50, 5), (1_000, 7), (usize::MAX, usize::MAX)] {
        let wanted = Wanted { around, reach, ..wanted(Shown::All) };
        let len = timeline.len();
        let middle = around.min(len);
        let window = middle.saturating_sub(reach)..middle.saturating_add(reach).min(len);
        let moments = SpaceTime::read(&timeline, &wanted).moments();
        assert!(moments.iter().all(|moment| window.contains(&moment.event)), "{moments:?}");
        assert!(moments.is_sorted());
    }
    let other = Wanted { job: weir::base::JobId(7), ..wanted(Shown::All) };
    assert_eq!(SpaceTime::read(&timeline, &other), SpaceTime::default());
}

/// On lanes of nodes the same messages have the same classes.
#[test]
fn lanes_of_nodes_change_nothing_but_the_lanes() {
    let events = vec![
        sent(1, 4, 2),
        triggered(),
        barrier(2, 0, true),
        taken("a#1"),
        sent(3, 4, 2),
        barrier(2, 0, false),
        taken("b#1"),
        consumed(1, 4),
    ];
    let mut recorded: Vec<Recorded> = record([submitted(&plan())].into_iter().chain(events));
    for index in [6, 7, 8] {
        recorded[index].node = weir::base::NodeId(2);
    }
    let timeline = Timeline::new(header(), recorded);
    let of = |lanes| SpaceTime::read(&timeline, &Wanted { lanes, ..wanted(Shown::All) });
    let (subtasks, nodes) = (of(Lanes::Subtasks), of(Lanes::Nodes));
    assert_eq!(subtasks.tally(), nodes.tally());
    let names: Vec<&str> = nodes.lanes.iter().map(|lane| &*lane.name).collect();
    assert_eq!(names, ["client", "jobmanager-1", "taskmanager-1"]);
    let lanes: Vec<_> = nodes.messages.iter().map(|it| (it.from.lane, it.to.lane)).collect();
    assert_eq!(lanes, [(1, 2), (1, 2), (1, 0)]);
}

/// All that a drawing can show.
fn drawn() -> SpaceTime {
    let mut diagram = by_hand(vec![
        message(Some(5), Some(15)),
        message(Some(6), Some(25)),
        Message { carries: Carries::Barrier(CHOSEN), ..message(Some(9), Some(18)) },
        message(Some(12), Some(19)),
        message(Some(22), None),
        message(None, Some(3)),
    ]);
    diagram.points.push(Point {
        when: moment(30),
        lane: None,
        what: Happening::Fault("<b>&\"'; %%\n\u{202e}\u{0}#1: end".to_owned()),
    });
    diagram.lanes[2].name = "b<script>#1".into();
    diagram
}

#[test]
fn drawings_for_elsewhere() {
    insta::assert_snapshot!("space-time-svg", to_svg(&drawn()));
    insta::assert_snapshot!("space-time-mermaid", to_mermaid(&drawn()));
}

#[test]
fn nothing_in_a_name_gets_out_of_its_place_in_a_drawing() {
    let (svg, mermaid) = (to_svg(&drawn()), to_mermaid(&drawn()));
    for text in [&svg, &mermaid] {
        assert!(text.chars().all(|c| c == '\n' || (!c.is_control() && c != '\u{202e}')));
        assert!(!text.contains("<script>") && !text.contains("<b>"));
    }
    // Whatever opens is closed, and only the markup has angle brackets.
    assert_eq!(svg.matches('<').count(), svg.matches('>').count());
    assert_eq!(svg.matches("<text").count(), svg.matches("</text>").count());
    for line in mermaid.lines().skip(1) {
        let known = ["  participant l", "  l", "  Note over l"];
        assert!(known.iter().any(|start| line.starts_with(start)), "{line}");
    }
    for empty in [SpaceTime::default(), by_hand(Vec::new())] {
        assert!(to_svg(&empty).ends_with("</svg>\n"));
        assert!(to_mermaid(&empty).starts_with("sequenceDiagram\n"));
    }
}

#[test]
fn faults_concern_all_lanes() {
    let fault = FaultEvent::FaultInjected { fault: 1, what: "a storm".to_owned() };
    let timeline = timeline(vec![Event::Fault(fault)]);
    let diagram = SpaceTime::read(&timeline, &wanted(Shown::Barriers));
    let fault = Happening::Fault("a storm".to_owned());
    assert_eq!(diagram.points[0].what, fault);
    assert_eq!(diagram.points[0].lane, None);
}
