//! Properties of random worlds under random faults.

use std::sync::mpsc;
use std::thread;

use proptest::prelude::*;
use weir::base::{Incarnation, NodeId, SimTime, Step};
use weir::sim::{DiskTrouble, FaultAction, FaultOptions, LinkOptions, Recording, SimOptions, When};
use weir::trace::{Event, Pattern};

use super::chatter::{chat, chat_watched};
use super::harness::{Log, at, cut, fault, kill, ms, world};

fn any_link() -> impl Strategy<Value = LinkOptions> {
    let bandwidth = prop::option::of(20_000..2_000_000_u64);
    let more = prop_oneof![Just(0), 0..20_u64];
    let loss = prop_oneof![Just(0.0), 0.0..0.5_f64];
    (0..5_u64, more, loss, bandwidth).prop_map(|(low, more, loss, bandwidth)| LinkOptions {
        latency: ms(low)..=ms(low + more),
        loss,
        bandwidth,
    })
}

fn any_world() -> impl Strategy<Value = SimOptions> {
    let drift = prop_oneof![Just(0), -200_000..200_000_i64];
    (any::<u64>(), 2..5_usize, any_link(), drift).prop_map(|(seed, nodes, link, drift)| {
        let mut options = world(seed, nodes);
        options.network.default = link;
        // Retransmission timeouts double: with bad luck the last letter takes hours.
        options.limits.virtual_time = ms(100 * 3_600_000);
        options.nodes[1].clock_drift_ppm = drift;
        options
    })
}

fn any_name() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a".to_owned(), "b".to_owned()])
}

fn any_action() -> impl Strategy<Value = FaultAction> {
    let span = || prop::option::of((1..80_u64).prop_map(ms));
    let trouble =
        vec![DiskTrouble::Errors, DiskTrouble::Full, DiskTrouble::Slow(3.0), DiskTrouble::Tears];
    prop_oneof![
        (any_name(), span()).prop_map(|(node, after)| kill(&node, after)),
        (any_name(), span()).prop_map(|(node, duration)| FaultAction::Pause { node, duration }),
        (any_name(), span()).prop_map(|(node, duration)| cut(&node, duration)),
        (any_link(), span()).prop_map(|(link, duration)| FaultAction::Degrade {
            from: "a".into(),
            to: "b".into(),
            link,
            duration
        }),
        (any_name(), -90_000..90_000_i64, -500_000..500_000_i64)
            .prop_map(|(node, jump_us, drift_ppm)| FaultAction::Clock { node, jump_us, drift_ppm }),
        (any_name(), prop::sample::select(trouble), span())
            .prop_map(|(node, trouble, duration)| FaultAction::Disk { node, trouble, duration }),
        any_name().prop_map(|node| FaultAction::Expire { node }),
        span().prop_map(|duration| FaultAction::Poison { subtask: "in#1".into(), duration }),
    ]
}

fn any_moment() -> impl Strategy<Value = When> {
    let said = Pattern { kind: "rpc-received".into(), fields: Default::default() };
    // Not before all ports are open: whoever is stopped until then resets its peers alive.
    prop_oneof![
        (1_000_000..120_000_000_u64).prop_map(|nanos| When::At(SimTime(nanos))),
        (5..150_u64).prop_map(|step| When::Step(Step(step))),
        (1..40_u32).prop_map(move |nth| When::Event { pattern: said.clone(), nth }),
    ]
}

fn any_fault() -> impl Strategy<Value = FaultOptions> {
    (any_moment(), any_action()).prop_map(|(when, action)| fault(when, action))
}

/// A recorder that asks another thread at every event and waits for the answer.
struct Asking(Log, mpsc::Sender<()>, mpsc::Receiver<()>);

impl Recording for Asking {
    fn record(&mut self, at: SimTime, node: NodeId, life: Incarnation, event: &Event) -> Step {
        self.1.send(()).unwrap();
        self.2.recv().unwrap();
        self.0.record(at, node, life, event)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever the network is like: all arrives, in order, none early, and nobody is reset.
    #[test]
    fn all_arrives_without_faults(options in any_world()) {
        let chat = chat(&options, 40);
        prop_assert_eq!(chat.diary.sent, 40 * options.nodes.len());
        prop_assert_eq!(chat.diary.arrivals.len(), chat.diary.sent);
    }

    /// The checks of `chat` hold under any faults: above all, the dead change nothing.
    #[test]
    fn the_dead_change_nothing(
        mut options in any_world(),
        faults in prop::collection::vec(any_fault(), 1..5),
    ) {
        options.faults = faults;
        chat(&options, 40);
    }

    /// The same seed gives the same run, and whether the recorder blocks makes no difference.
    #[test]
    fn runs_repeat(mut options in any_world(), faults in prop::collection::vec(any_fault(), 0..4)) {
        options.faults = faults;
        let first = chat(&options, 25);
        let (ask, asked) = mpsc::channel();
        let (answer, answered) = mpsc::channel();
        let answering = move || {
            while asked.recv().is_ok() {
                thread::yield_now();
                answer.send(()).unwrap();
            }
        };
        let other = thread::Builder::new().spawn(answering).unwrap();
        let asking = Asking(Log::default(), ask, answered);
        let second = chat_watched(&options, 25, asking, |asking| asking.0);
        other.join().unwrap();
        prop_assert_eq!(first.outcome.recorder.entries, second.outcome.recorder.entries);
        prop_assert_eq!(first.diary.arrivals, second.diary.arrivals);
        prop_assert_eq!(first.outcome.vacuous, second.outcome.vacuous);
    }

    /// One more fault changes nothing before it strikes.
    #[test]
    fn prefixes_are_stable(
        mut options in any_world(),
        faults in prop::collection::vec(any_fault(), 0..3),
        more in any_fault(),
    ) {
        options.faults = faults;
        let without = chat(&options, 30).outcome.recorder;
        let when = more.when.clone();
        options.faults.push(more);
        let with = chat(&options, 30).outcome.recorder;
        let same = match (with.injected(options.faults.len()), when) {
            // Until its timer goes off, a fault with a time has not happened in any sense.
            (Some(_), When::At(moment)) => {
                with.entries.iter().take_while(|entry| entry.at < moment).count()
            }
            (Some(place), When::Step(_) | When::Event { .. }) => {
                prop_assert_eq!(
                    with.entries[place].at,
                    with.entries[place - 1].at,
                    "it strikes at the event"
                );
                place
            }
            (None, When::At(moment)) => {
                with.entries.iter().take_while(|entry| entry.at < moment).count()
            }
            (None, When::Step(_) | When::Event { .. }) => with.entries.len(),
        };
        prop_assert_eq!(&with.entries[..same], &without.entries[..same]);
    }

    /// A partition that heals loses nothing and lets nothing through before.
    #[test]
    fn partitions_heal_in_order(mut options in any_world(), from in 0..30_u64, long in 1..200_u64) {
        options.faults = vec![fault(When::At(at(ms(from))), cut("a", Some(ms(long))))];
        let chat = chat(&options, 40);
        prop_assert_eq!(chat.diary.arrivals.len(), chat.diary.sent);
        let cut = |node: NodeId| node == NodeId(0);
        // The executor's clock runs on a little between a moment and what happens at it.
        let (begin, end) = (at(ms(from)) + std::time::Duration::from_micros(50), at(ms(from + long)));
        for arrival in &chat.diary.arrivals {
            let crosses = cut(arrival.to) != cut(arrival.letter.from);
            let meanwhile = arrival.at > begin && arrival.at < end;
            prop_assert!(!(crosses && meanwhile), "{:?} crossed the cut", arrival);
        }
    }
}

/// The same where it is most delicate: many nodes act at one moment, with little else to come
/// before a fault that waits for its time.
#[test]
fn a_fault_to_come_wakes_nobody() {
    for seed in 0..10 {
        let mut options = world(seed, 5);
        let without = chat(&options, 10).outcome.recorder.entries;
        for micros in (1_500..22_000).step_by(500) {
            let moment = at(std::time::Duration::from_micros(micros));
            options.faults = vec![fault(When::At(moment), kill("a", None))];
            let with = chat(&options, 10).outcome.recorder.entries;
            let same = with.iter().take_while(|entry| entry.at < moment).count();
            assert_eq!(with[..same], without[..same], "seed {seed}, a fault at {moment}");
        }
    }
}
