//! Plays steps and writes down what brokers answer and tell the trace.

use std::fmt::Write as _;

use weir::base::{NodeId, SimDuration};
use weir::host::{Append, IsolationLevel, ProducerIdentity, TransactionResult};
use weir::runtime::rpc::BrokerRpc;

use super::world::{World, client, coordinator, leader, millis, words};
use super::{TOPIC, partition, records};
use Step::{
    Again, Crash, Create, Describe, Drop, End, Expire, Init, List, Pass, Produce, Read, Refuse,
};

/// What happens; clients and partitions are numbers. After a request so much time passes that it
/// is answered, unless something keeps it from that.
#[derive(Clone, Copy)]
pub(super) enum Step {
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
    /// How many partitions has the topic, for this broker?
    Describe(u16),
    /// A broker is told how many partitions there are to be.
    Create(u16, u16),
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
    fn ask(&mut self, from: u16, to: NodeId, rpc: impl Fn(u64) -> BrokerRpc + 'static) -> String {
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
            Describe(own) => self.ask(9, NodeId(own), |request| BrokerRpc::DescribeTopic {
                request,
                topic: TOPIC.into(),
            }),
            Create(own, partitions) => self.ask(9, NodeId(own), move |request| {
                BrokerRpc::CreatePartitions { request, topic: TOPIC.into(), partitions }
            }),
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
pub(super) fn check_with(world: World, steps: &[Step]) -> String {
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

/// The same in a log that keeps everything.
pub(super) fn check(steps: &[Step]) -> String {
    check_with(World::new(1), steps)
}
