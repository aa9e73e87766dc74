//! The network, one behaviour at a time: who hears what, and when.

use weir::base::NodeId;
use weir::host::{Address, Host, Lane, Message, Payload, Port, Signal};
use weir::sim::{FaultAction, LinkOptions, SimOptions, When};

use super::harness::{at, cut, fault, kill, link, ms, play_out, said, say, world};

struct Packet(u64, u64);

impl Message for Packet {
    fn wire_size(&self) -> u64 {
        self.1
    }
}

/// Says what arrives at `port`, for ever.
async fn listen(host: Host, port: Port) {
    let signal = Signal::default();
    let inbox = host.wire.open(port, signal.clone());
    loop {
        signal.wait().await;
        while let Some(delivery) = inbox.try_recv() {
            match delivery.payload {
                Payload::Message(message) => {
                    let message: Box<dyn std::any::Any> = message;
                    say(&host, format!("got {}", message.downcast::<Packet>().unwrap().0));
                }
                Payload::Reset => say(&host, "reset"),
            }
        }
    }
}

/// Node `a` sends a packet of 1000 bytes to `b` every `every` milliseconds, five of them, to
/// a `port` at which `b` may listen (1) or not. What was heard, one line each.
fn check(options: SimOptions, every: u64, port: u32) -> String {
    let outcome = play_out(options, move |host, _| async move {
        host.spawn.spawn(Box::pin(listen(host.clone(), Port(1))));
        if host.node == NodeId(1) {
            return;
        }
        for count in 1..=5 {
            let to = Address { node: NodeId(1), port: Port(port) };
            host.wire.send(Port(1), to, Lane::Data, Box::new(Packet(count, 1_000)));
            if every > 0 {
                host.clock.sleep_until(at(ms(count * every))).await;
            }
        }
    });
    assert_eq!(outcome.vacuous, Vec::<String>::new());
    said(&outcome.recorder).join("\n")
}

fn with_link(link: LinkOptions) -> SimOptions {
    let mut options = world(3, 2);
    options.network.links.push(("a".into(), "b".into(), link));
    options
}

fn with_fault(from: u64, action: FaultAction) -> SimOptions {
    let mut options = world(3, 2);
    options.faults.push(fault(When::At(at(ms(from))), action));
    options
}

#[test]
fn latency_and_bandwidth() {
    insta::assert_snapshot!(check(with_link(link(7..=7)), 10, 1), @r#"
    7 b got 1
    17 b got 2
    27 b got 3
    37 b got 4
    47 b got 5
    "#);
    let bandwidth = Some(10_000);
    insta::assert_snapshot!(check(with_link(LinkOptions { bandwidth, ..link(7..=7) }), 0, 1), @r#"
    107 b got 1
    207 b got 2
    307 b got 3
    407 b got 4
    507 b got 5
    "#);
}

#[test]
fn a_lost_transmission_costs_a_timeout_and_holds_up_what_follows() {
    insta::assert_snapshot!(check(with_link(LinkOptions { loss: 0.5, ..link(1..=1) }), 10, 1), @r#"
    201 b got 1
    611 b got 2
    3021 b got 3
    3021 b got 4
    3021 b got 5
    "#);
}

#[test]
fn a_closed_port_answers_once_until_that_is_known() {
    insta::assert_snapshot!(check(world(3, 2), 0, 9), @"2 a reset");
    insta::assert_snapshot!(check(world(3, 2), 10, 9), @r#"
    2 a reset
    12 a reset
    22 a reset
    32 a reset
    42 a reset
    "#);
}

#[test]
fn a_dead_peer_resets_and_its_next_life_listens() {
    insta::assert_snapshot!(check(with_fault(15, kill("b", None)), 10, 1), @r#"
    1 b got 1
    11 b got 2
    22 a reset
    32 a reset
    42 a reset
    "#);
    insta::assert_snapshot!(check(with_fault(15, kill("b", Some(ms(10)))), 10, 1), @r#"
    1 b got 1
    11 b got 2
    22 a reset
    31 b got 4
    41 b got 5
    "#);
}

#[test]
fn a_partition_is_silent_and_heals_in_order() {
    insta::assert_snapshot!(check(with_fault(15, cut("a", None)), 10, 1), @r#"
    1 b got 1
    11 b got 2
    "#);
    insta::assert_snapshot!(check(with_fault(15, cut("a", Some(ms(50)))), 10, 1), @r#"
    1 b got 1
    11 b got 2
    261 b got 3
    261 b got 4
    261 b got 5
    "#);
    // Nobody tells a sender that its peer died while neither can be reached.
    let mut options = with_fault(15, cut("a", Some(ms(50))));
    options.faults.push(fault(When::At(at(ms(18))), kill("b", None)));
    insta::assert_snapshot!(check(options, 10, 1), @r#"
    1 b got 1
    11 b got 2
    262 a reset
    "#);
}

#[test]
fn a_message_outlives_its_sender_unless_it_must_be_sent_again() {
    let mut options = with_link(link(30..=30));
    options.faults.push(fault(When::At(at(ms(25))), kill("a", None)));
    insta::assert_snapshot!(check(options.clone(), 10, 1), @r#"
    30 b got 1
    40 b got 2
    50 b got 3
    "#);
    options.faults.push(fault(When::At(at(ms(35))), cut("b", Some(ms(100)))));
    insta::assert_snapshot!(check(options, 10, 1), @"30 b got 1");
}

#[test]
fn a_degraded_link_recovers() {
    let (from, to) = ("a".to_owned(), "b".to_owned());
    let action = FaultAction::Degrade { from, to, link: link(5..=5), duration: Some(ms(20)) };
    insta::assert_snapshot!(check(with_fault(15, action), 10, 1), @r#"
    1 b got 1
    11 b got 2
    25 b got 3
    35 b got 4
    41 b got 5
    "#);
}

#[test]
fn a_node_that_stands_still_hears_all_afterwards() {
    let action = FaultAction::Pause { node: "b".into(), duration: Some(ms(50)) };
    insta::assert_snapshot!(check(with_fault(15, action), 10, 1), @r#"
    1 b got 1
    11 b got 2
    65 b got 3
    65 b got 4
    65 b got 5
    "#);
}
