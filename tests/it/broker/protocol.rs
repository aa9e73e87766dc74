//! What brokers answer, step by step.

use std::fmt::Write as _;
use std::sync::Arc;

use weir::base::SimDuration;
use weir::broker::ProducerFencing;
use weir::host::{Append, IsolationLevel, ProducerIdentity, TransactionResult};
use weir::runtime::rpc::BrokerRpc;

use super::world::{World, client, coordinator, leader, millis, words};
use super::{partition, records};
use IsolationLevel::{ReadCommitted, ReadUncommitted};
use Step::{Again, Crash, Drop, End, Expire, Init, List, Pass, Produce, Read, Refuse};
use TransactionResult::{Abort, Commit};

/// What happens; clients and partitions are numbers. After a request so much time passes that it
/// is answered, unless something keeps it from that.
#[derive(Clone, Copy)]
enum Step {
    /// A client initializes a transactional id, or none.
    Init(u16, &'static str),
    /// A client appends to a partition: the transactional id, the sequence number, the record.
    Produce(u16, u16, &'static str, u64, &'static str),
    /// A client ends its transaction.
    End(u16, &'static str, TransactionResult),
    /// The last request comes again.
    Again,
    /// A reader fetches.
    Read(u16, u64, IsolationLevel),
    /// Which transactions are open?
    List,
    /// The coordinator of `t` is told to take the time of all that is open for passed.
    Expire,
    /// Time passes, in milliseconds.
    Pass(u64),
    /// A broker crashes; nothing is left of what it has not synced.
    Crash(u16),
    /// A disk refuses the next so many calls that write.
    Refuse(u16, u32),
    /// From now on messages of this kind are lost.
    Drop(fn(&BrokerRpc) -> bool),
}

/// Something that a client asks, as often as it is called.
type Request = Box<dyn Fn(&mut World) -> String>;

struct Script {
    world: World,
    requests: u64,
    /// The producer of each client.
    producers: [ProducerIdentity; 4],
    last: Option<Request>,
}

impl Script {
    /// Sends a request to a broker and waits for the answer.
    fn ask(
        &mut self,
        from: u16,
        to: weir::base::NodeId,
        rpc: impl Fn(u64) -> BrokerRpc + 'static,
    ) -> String {
        self.requests += 1;
        let request = self.requests;
        let asking = move |world: &mut World| {
            world.post(client(from), to, rpc(request));
            world.pass(millis(100));
            words(world.answer(client(from), request).as_ref())
        };
        let said = asking(&mut self.world);
        self.last = Some(Box::new(asking));
        said
    }

    fn play(&mut self, step: Step) -> String {
        match step {
            Init(who, id) => {
                let to = coordinator(id);
                let said = self.ask(who, to, move |request| BrokerRpc::InitProducerId {
                    request,
                    transactional_id: (!id.is_empty()).then(|| id.into()),
                    timeout: SimDuration::from_secs(10),
                });
                let given = said.strip_prefix("producer ").and_then(|it| it.split_once('/'));
                if let Some((id, epoch)) = given {
                    let id = id.parse().expect("it is a number");
                    let epoch = epoch.parse().expect("it is a number");
                    self.producers[usize::from(who)] = ProducerIdentity { id, epoch };
                }
                said
            }
            Produce(who, to, id, sequence, record) => {
                let (to, producer) = (partition(to), self.producers[usize::from(who)]);
                self.ask(who, leader(&to), move |request| BrokerRpc::Produce {
                    request,
                    append: Append {
                        to: to.clone(),
                        producer,
                        transactional_id: (!id.is_empty()).then(|| id.into()),
                        sequence,
                        records: records(&[record.to_string()]),
                    },
                })
            }
            End(who, id, result) => {
                let producer = self.producers[usize::from(who)];
                self.ask(who, coordinator(id), move |request| BrokerRpc::EndTransaction {
                    request,
                    transactional_id: id.into(),
                    producer,
                    result,
                })
            }
            Again => {
                let last = self.last.take().expect("there was a request");
                let said = last(&mut self.world);
                self.last = Some(last);
                said
            }
            Read(from, position, isolation) => {
                let from = partition(from);
                let said = self.ask(9, leader(&from), move |request| BrokerRpc::Fetch {
                    request,
                    from: from.clone(),
                    position,
                    isolation,
                    at_most: 100,
                });
                if said != "no answer" {
                    return said;
                }
                self.world.pass(millis(500));
                let said = self.world.answer(client(9), self.requests);
                format!("after a while {}", words(said.as_ref()))
            }
            List => self.ask(9, coordinator("t"), |request| BrokerRpc::ListTransactions {
                request,
                prefix: None,
            }),
            Expire => {
                self.world.expire_all(coordinator("t").0);
                self.world.pass(millis(100));
                let open = self.world.expired.pop().expect("a broker says how many there were");
                format!("{open} were open")
            }
            Pass(span) => {
                self.world.pass(millis(span));
                String::new()
            }
            Crash(own) => {
                self.world.crash(own, 0);
                self.world.pass(millis(100));
                String::new()
            }
            Refuse(own, calls) => {
                self.world.refuse_writes(own, calls);
                String::new()
            }
            Drop(which) => {
                self.world.drops = which;
                String::new()
            }
        }
    }
}

/// What comes of the steps: a line for each with the answer and what the brokers tell the trace.
fn check_with(world: World, steps: &[Step]) -> String {
    let producers = [ProducerIdentity { id: 0, epoch: 0 }; 4];
    let mut script = Script { world, requests: 0, producers, last: None };
    script.world.pass(millis(10));
    let mut lines = String::new();
    for step in steps {
        let said = script.play(*step);
        let told = script.world.told().join(", ");
        if !said.is_empty() || !told.is_empty() {
            writeln!(lines, "{said} ({told})").expect("a string can be written to");
        }
    }
    lines
}

fn check(steps: &[Step]) -> String {
    check_with(World::new(1), steps)
}

fn is_marker(rpc: &BrokerRpc) -> bool {
    matches!(rpc, BrokerRpc::WriteMarker { .. })
}

fn nothing(_rpc: &BrokerRpc) -> bool {
    false
}

#[test]
fn a_batch_that_comes_again_is_there_once() {
    let steps = [
        Init(0, ""),
        Produce(0, 0, "", 0, "a"),
        Again,
        Produce(0, 0, "", 1, "b"),
        Produce(0, 0, "", 0, "a"),
        Produce(0, 0, "", 5, "gap"),
        Crash(0),
        Produce(0, 0, "", 1, "b"),
        Produce(0, 0, "", 2, "c"),
        Read(0, 0, ReadCommitted),
        Read(0, 3, ReadCommitted),
        Read(0, 4, ReadCommitted),
        Read(7, 0, ReadCommitted),
    ];
    insta::assert_snapshot!(check(&steps), @"
    producer 0/0 (producer-initialized)
    appended at 0 (records-appended, stable-offset-advanced)
    appended at 0 ()
    appended at 1 (records-appended, stable-offset-advanced)
    appended at 0 ()
    OUT_OF_ORDER_SEQUENCE_NUMBER (append-refused)
     (log-recovered, stable-offset-advanced)
    appended at 1 ()
    appended at 2 (records-appended, stable-offset-advanced)
    [0:a 1:b 2:c] next 3 ()
    after a while [] next 3 ()
    OFFSET_OUT_OF_RANGE ()
    UNKNOWN_TOPIC_OR_PARTITION ()
    ");
}

#[test]
fn an_open_transaction_holds_up_readers_of_what_is_committed() {
    let steps = [
        Init(0, "t"),
        Produce(0, 0, "t", 0, "a"),
        Produce(0, 1, "t", 0, "A"),
        Init(1, ""),
        Produce(1, 0, "", 0, "x"),
        List,
        Read(0, 0, ReadCommitted),
        Read(0, 0, ReadUncommitted),
        End(0, "t", Commit),
        Again,
        End(0, "t", Abort),
        List,
        Read(0, 0, ReadCommitted),
        Read(1, 0, ReadCommitted),
    ];
    insta::assert_snapshot!(check(&steps), @"
    producer 1/0 (producer-initialized)
    appended at 0 (partition-joined, records-appended)
    appended at 0 (partition-joined, records-appended)
    producer 0/0 (producer-initialized)
    appended at 1 (records-appended)
    open: t ()
    after a while [] next 0 ()
    [0:a 1:x] next 2 ()
    done (transaction-decided, marker-written, stable-offset-advanced, marker-written, stable-offset-advanced, transaction-ended)
    done ()
    INVALID_TXN_STATE ()
    open:  ()
    [0:a 1:x] next 3 ()
    [0:A] next 2 ()
    ");
}

#[test]
fn whoever_initializes_a_transactional_id_fences_the_one_before() {
    let steps = [
        Init(0, "t"),
        Again,
        End(0, "t", Commit),
        Produce(0, 0, "t", 0, "old"),
        Init(1, "t"),
        Again,
        Produce(0, 0, "t", 1, "zombie"),
        Produce(0, 1, "t", 0, "zombie"),
        End(0, "t", Commit),
        Produce(1, 0, "t", 0, "new"),
        End(1, "t", Commit),
        End(2, "t", Commit),
        End(1, "other", Commit),
        Read(0, 0, ReadCommitted),
        Read(0, 0, ReadUncommitted),
    ];
    insta::assert_snapshot!(check(&steps), @"
    producer 1/0 (producer-initialized)
    producer 1/0 ()
    done ()
    appended at 0 (partition-joined, records-appended)
    producer 1/2 (transaction-decided, marker-written, stable-offset-advanced, transaction-ended, producer-initialized)
    producer 1/2 ()
    INVALID_PRODUCER_EPOCH (producer-fenced, append-refused)
    PRODUCER_FENCED (producer-fenced, append-refused)
    PRODUCER_FENCED (producer-fenced)
    appended at 2 (partition-joined, records-appended)
    done (transaction-decided, marker-written, stable-offset-advanced, transaction-ended)
    INVALID_PRODUCER_ID_MAPPING ()
    INVALID_PRODUCER_ID_MAPPING ()
    [2:new] next 4 ()
    [0:old 2:new] next 4 ()
    ");
}

#[test]
fn a_transaction_that_is_open_for_too_long_is_aborted() {
    let steps = [
        Init(0, "t"),
        Produce(0, 0, "t", 0, "a"),
        Crash(0),
        Crash(1),
        Pass(9_000),
        List,
        Pass(1_000),
        End(0, "t", Commit),
        Produce(0, 0, "t", 1, "zombie"),
        Read(0, 0, ReadCommitted),
        Init(0, "t"),
        Produce(0, 0, "t", 0, "b"),
        End(0, "t", Commit),
        Read(0, 0, ReadCommitted),
    ];
    insta::assert_snapshot!(check(&steps), @"
    producer 1/0 (producer-initialized)
    appended at 0 (partition-joined, records-appended)
     (log-recovered)
     (log-recovered)
    open: t ()
     (transaction-expired, transaction-decided, marker-written, stable-offset-advanced, transaction-ended)
    PRODUCER_FENCED (producer-fenced)
    INVALID_PRODUCER_EPOCH (producer-fenced, append-refused)
    after a while [] next 2 ()
    producer 1/2 (producer-initialized)
    appended at 2 (partition-joined, records-appended)
    done (transaction-decided, marker-written, stable-offset-advanced, transaction-ended)
    [2:b] next 4 ()
    ");
}

#[test]
fn a_transaction_whose_time_is_taken_for_passed_is_aborted() {
    let steps = [
        Init(0, "t"),
        Expire,
        Produce(0, 0, "t", 0, "a"),
        Expire,
        Expire,
        End(0, "t", Commit),
        Produce(0, 0, "t", 1, "zombie"),
        Read(0, 0, ReadCommitted),
    ];
    insta::assert_snapshot!(check(&steps), @"
    producer 1/0 (producer-initialized)
    0 were open ()
    appended at 0 (partition-joined, records-appended)
    1 were open (transaction-expired, transaction-decided, marker-written, stable-offset-advanced, transaction-ended)
    0 were open ()
    PRODUCER_FENCED (producer-fenced)
    INVALID_PRODUCER_EPOCH (producer-fenced, append-refused)
    after a while [] next 2 ()
    ");
}

#[test]
fn what_is_decided_is_done_after_a_crash() {
    let steps = [
        Init(0, "t"),
        Produce(0, 0, "t", 0, "a"),
        Produce(0, 1, "t", 0, "A"),
        Drop(is_marker),
        End(0, "t", Commit),
        Crash(0),
        Crash(1),
        Read(0, 0, ReadCommitted),
        Init(1, "t"),
        Drop(nothing),
        Crash(0),
        Crash(1),
        Pass(500),
        Read(0, 0, ReadCommitted),
        Read(1, 0, ReadCommitted),
        Init(1, "t"),
    ];
    insta::assert_snapshot!(check(&steps), @"
    producer 1/0 (producer-initialized)
    appended at 0 (partition-joined, records-appended)
    appended at 0 (partition-joined, records-appended)
    no answer (transaction-decided)
     (log-recovered)
     (log-recovered, transaction-decided)
    after a while [] next 0 ()
    no answer ()
     (log-recovered)
     (log-recovered, transaction-decided, marker-written, stable-offset-advanced, marker-written, stable-offset-advanced, transaction-ended)
    [0:a] next 2 ()
    [0:A] next 2 ()
    producer 1/1 (producer-initialized)
    ");
}

#[test]
fn nothing_is_answered_that_the_disk_has_refused() {
    let steps = [
        Init(0, ""),
        Refuse(0, 5),
        Produce(0, 0, "", 0, "a"),
        Again,
        Pass(500),
        Again,
        Refuse(0, 0),
        Produce(0, 0, "", 1, "b"),
        Crash(0),
        Read(0, 0, ReadCommitted),
    ];
    insta::assert_snapshot!(check(&steps), @"
    producer 0/0 (producer-initialized)
    no answer ()
    no answer ()
     (records-appended, stable-offset-advanced)
    appended at 0 ()
    appended at 1 (records-appended, stable-offset-advanced)
     (log-recovered, stable-offset-advanced)
    [0:a 1:b] next 2 ()
    ");
}

/// A part that fences nobody.
#[derive(Debug)]
struct FenceNobody;

impl ProducerFencing for FenceNobody {
    fn admits(&self, _epoch: u32, _current: u32) -> bool {
        true
    }
}

#[test]
fn a_part_that_fences_nobody_lets_a_zombie_into_the_transaction_of_another() {
    let steps = [
        Init(0, "t"),
        Produce(0, 0, "t", 0, "old"),
        Init(1, "t"),
        Produce(1, 0, "t", 0, "new"),
        Produce(0, 0, "t", 1, "zombie"),
        End(1, "t", Commit),
        Read(0, 0, ReadCommitted),
    ];
    let world = World::with_fencing(1, Arc::new(FenceNobody));
    insta::assert_snapshot!(check_with(world, &steps), @"
    producer 1/0 (producer-initialized)
    appended at 0 (partition-joined, records-appended)
    producer 1/2 (transaction-decided, marker-written, stable-offset-advanced, transaction-ended, producer-initialized)
    appended at 2 (partition-joined, records-appended)
    appended at 3 (records-appended)
    done (transaction-decided, marker-written, stable-offset-advanced, transaction-ended)
    [2:new 3:zombie] next 5 ()
    ");
}
