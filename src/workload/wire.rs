//! `wire`: batches from one node to another, through a result partition, the simulated network and
//! an input gate, with credit, as between two tasks; but nothing else is on the nodes.

use std::any::Any;
use std::collections::VecDeque;
use std::hint::black_box;

use super::{Prepared, Processed, Size};
use crate::base::{JobId, Name, NodeId};
use crate::cluster::ClusterOptions;
use crate::host::{Address, Delivery, Host, Payload, Port, Signal, Task};
use crate::network::{
    Consumer, ConsumerChannel, DataMessage, InputChannel, InputGate, PartitionSettings,
    ResultPartition,
};
use crate::operator::Channels;
use crate::record::{AnyBatch, BATCH_RECORDS, Batch, Element, Partitioning, StreamEvent};
use crate::sim::{self, Boot, End, NodeOptions, Stop, Watch};
use crate::trace::{Header, Level, Recorder};

const DEFAULT_BATCHES: u64 = 500_000;
const PRODUCER: NodeId = NodeId(0);
const PORT: Port = Port(1);
/// How many batches wait in the queue of the loop: about as many as are on their way here.
const QUEUED: usize = 8;

struct Wire {
    batches: u64,
}

pub(super) fn prepare(size: Size) -> Box<dyn Prepared> {
    Box::new(Wire { batches: size.records.unwrap_or(DEFAULT_BATCHES) })
}

fn batch(number: u64) -> Box<dyn AnyBatch> {
    let longs = (0..BATCH_RECORDS as u64).map(|place| number + place);
    Box::new(Batch::from(longs.collect::<Vec<u64>>()))
}

/// How much a channel may have on its way, and how much its producer may hold beyond that.
#[derive(Clone, Copy)]
struct Room {
    credits: u32,
    output_buffers: usize,
}

impl Wire {
    fn processed(&self) -> Processed {
        let bytes = self.batches * (BATCH_RECORDS * size_of::<u64>()) as u64;
        Processed { records: self.batches, bytes: Some(bytes) }
    }
}

impl Prepared for Wire {
    fn engine(&self, level: Level) -> Processed {
        let ClusterOptions { mut sim, task, .. } = ClusterOptions::new(1, 1);
        let node = |name: &str| NodeOptions {
            name: name.to_string(),
            clock_offset_us: 0,
            clock_drift_ppm: 0,
        };
        (sim.nodes, sim.level) = (["producer", "consumer"].map(node).into(), level);
        let names: Vec<Name> = sim.nodes.iter().map(|node| node.name.as_str().into()).collect();
        let recorder = Recorder::new(Header::new("wire", "", sim.seed, names.clone()), level);
        let room = Room { credits: task.credits, output_buffers: task.output_buffers };
        let batches = self.batches;
        let boot = move |stop: Stop| -> Boot {
            Box::new(move |host: Host| -> Task {
                if host.node == PRODUCER {
                    Box::pin(produce(host, names[1].clone(), room, batches))
                } else {
                    Box::pin(consume(host, names[0].clone(), room, stop.clone()))
                }
            })
        };
        let outcome = sim::run(sim, recorder, Watch::default(), boot);
        let outcome = outcome.expect("the world is possible and nothing panics");
        assert_eq!(outcome.end, End::Stopped, "the consumer comes to the end");
        self.processed()
    }

    fn hand_written(&self) -> Option<Processed> {
        let mut queue = VecDeque::new();
        for number in 0..self.batches {
            queue.push_back(batch(number));
            if queue.len() == QUEUED {
                queue.drain(..).for_each(|batch| drop(black_box(batch)));
            }
        }
        Some(self.processed())
    }
}

fn message(delivery: Delivery) -> (Address, DataMessage) {
    let Payload::Message(message) = delivery.payload else {
        unreachable!("both listen before either sends, until all has arrived");
    };
    let message: Box<dyn Any> = message;
    let message = message.downcast::<DataMessage>().expect("nobody else is there");
    (delivery.from, *message)
}

async fn produce(host: Host, consumer: Name, room: Room, batches: u64) {
    let signal = Signal::default();
    let inbox = host.wire.open(PORT, signal.clone());
    let settings = PartitionSettings {
        job: JobId(1),
        producer: host.name.clone(),
        attempt: 0,
        port: PORT,
        edge: 0,
        partitioning: Partitioning::Forward,
        max_parallelism: 1,
        consumers: vec![consumer],
        queue_limit: room.output_buffers,
        buffer_timeout: std::time::Duration::ZERO,
    };
    let partition = ResultPartition::new(host, settings);
    let mut given = 0;
    // It listens to the end of the run, since credit for the last batches comes when all are sent.
    loop {
        while let Some(delivery) = inbox.try_recv() {
            match message(delivery) {
                (address, DataMessage::PartitionRequest { subpartition, channel, credit, .. }) => {
                    let consumer = ConsumerChannel { address, channel, credit };
                    partition.on_partition_request(subpartition, consumer);
                }
                (_, DataMessage::AddCredit { subpartition, credit, .. }) => {
                    partition.on_add_credit(subpartition, credit);
                }
                (_, DataMessage::BufferResponse { .. } | DataMessage::ErrorResponse { .. }) => {
                    unreachable!("nobody sends to the producer")
                }
            }
        }
        while given < batches && partition.is_available() {
            partition.add(0, batch(given));
            given += 1;
            if given == batches {
                partition.broadcast(StreamEvent::EndOfInput);
            }
        }
        signal.wait().await;
    }
}

async fn consume(host: Host, producer: Name, room: Room, stop: Stop) {
    let signal = Signal::default();
    let inbox = host.wire.open(PORT, signal.clone());
    let address = Address { node: PRODUCER, port: PORT };
    let channel = InputChannel { edge: 0, input: 0, producer, address, subpartition: 0 };
    let me = Consumer { job: JobId(1), name: host.name.clone(), attempt: 0, port: PORT };
    let mut gate = InputGate::new(host, me, room.credits, vec![channel]);
    gate.request_partitions();
    while !gate.is_ended() {
        signal.wait().await;
        while let Some(delivery) = inbox.try_recv() {
            let (_, DataMessage::BufferResponse { channel, seq, element }) = message(delivery)
            else {
                unreachable!("the producer sends buffers only");
            };
            gate.on_buffer(channel, seq, element).expect("buffers come in their order");
        }
        while let Some(taken) = gate.take() {
            if let Element::Data(batch) = taken.element {
                drop(black_box(batch));
            }
        }
    }
    stop.stop();
}
