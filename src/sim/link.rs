//! Links: when what is sent from one node to another arrives.
//!
//! A link behaves as TCP over a lossy line does: a lost transmission costs a retransmission
//! timeout, a cut holds parcels back until it heals, and the lanes of a link, which share its
//! bandwidth, each keep their order whatever happens. Each link draws from a random stream of
//! its own, so that traffic elsewhere never moves it. Nothing here knows ports or lives.
//! Previous: `wire`, which sends. Next: `queue`, where parcels wait for their arrival.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use super::draw::{chance, evenly};
use super::{LinkOptions, NetworkOptions};
use crate::base::{Incarnation, Name, NodeId, Seed, SimDuration, SimTime, StreamRng};
use crate::host::{Address, Lane, Message, Port};

/// How long TCP waits for an acknowledgement before it sends again, at first.
const RETRANSMISSION_TIMEOUT: SimDuration = Duration::from_millis(200);
/// How long it waits at most (Linux's `TCP_RTO_MAX`).
const LONGEST_TIMEOUT: SimDuration = Duration::from_secs(120);
/// What a message is taken to occupy besides its content.
const OVERHEAD: u64 = 128;

/// A direction between two nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LinkId {
    pub(super) from: NodeId,
    pub(super) to: NodeId,
}

/// What a parcel holds.
pub(super) enum Load {
    Message(Box<dyn Message>),
    /// The sender's message found nobody; `from` is the place that is not there.
    Reset,
}

/// Something on its way.
pub(super) struct Parcel {
    pub(super) from: Address,
    /// The life of the sender.
    pub(super) from_life: Incarnation,
    pub(super) to: Address,
    /// The life of the receiver that it is meant for.
    pub(super) to_life: Incarnation,
    pub(super) lane: Lane,
    /// Its encoded length, if anybody asked.
    pub(super) size: u64,
    pub(super) load: Load,
}

impl Parcel {
    /// The link it travels on.
    pub(super) fn link(&self) -> LinkId {
        LinkId { from: self.from.node, to: self.to.node }
    }

    /// The memory it is taken to occupy.
    pub(super) fn weight(&self) -> u64 {
        OVERHEAD + self.size
    }
}

/// One lane of one link.
#[derive(Default)]
struct Stream {
    /// When the last parcel so far arrives; none arrives earlier.
    last: SimTime,
    /// What a cut holds back, in order.
    held: VecDeque<Parcel>,
    /// Whether a flush of `held` is scheduled.
    flushing: bool,
}

/// One direction between two nodes.
pub(super) struct Link {
    usual: LinkOptions,
    /// Faults that change the link, by their place in the list, the last one in force.
    degraded: Vec<(usize, LinkOptions)>,
    cuts: u32,
    rng: StreamRng,
    /// When the line is free for the next byte, if bandwidth is limited.
    free_at: SimTime,
    streams: [Stream; 2],
    /// Resets on their way, by port that is not there and port that is told: a peer is told
    /// once, however many of its messages found nobody.
    resets: BTreeSet<(Port, Port)>,
}

impl Link {
    /// How the link behaves now.
    pub(super) fn options(&self) -> &LinkOptions {
        self.degraded.last().map_or(&self.usual, |(_, options)| options)
    }

    /// Whether sizes matter.
    pub(super) fn is_limited(&self) -> bool {
        self.options().bandwidth.is_some()
    }

    /// When a parcel of `size` bytes sent now arrives.
    pub(super) fn arrival(&mut self, now: SimTime, lane: Lane, size: u64) -> SimTime {
        let options = self.degraded.last().map_or(&self.usual, |(_, options)| options);
        let mut at = now;
        if let Some(bandwidth) = options.bandwidth {
            self.free_at = self.free_at.max(now) + transmission(size, bandwidth);
            at = self.free_at;
        }
        if options.loss > 0.0 {
            let mut timeout = RETRANSMISSION_TIMEOUT;
            while chance(&mut self.rng, options.loss) {
                at += timeout;
                timeout = (timeout * 2).min(LONGEST_TIMEOUT);
            }
        }
        at += latency(options, &mut self.rng);
        let stream = &mut self.streams[lane as usize];
        stream.last = stream.last.max(at);
        stream.last
    }

    /// Takes a parcel out at the end of the link, unless it must wait there for a cut to heal.
    pub(super) fn accept(&mut self, parcel: Parcel) -> Option<Parcel> {
        let stream = &mut self.streams[parcel.lane as usize];
        if self.cuts == 0 && stream.held.is_empty() {
            return Some(parcel);
        }
        stream.held.push_back(parcel);
        None
    }

    /// Cuts the link once more; true if it was whole.
    pub(super) fn cut(&mut self) -> bool {
        self.cuts += 1;
        self.cuts == 1
    }

    /// Whether nothing gets through.
    pub(super) fn is_cut(&self) -> bool {
        self.cuts > 0
    }

    /// Takes one cut back; if that makes it whole, says for each lane on which parcels wait when
    /// they are delivered: after the sender's next retransmission.
    pub(super) fn heal(&mut self, now: SimTime) -> Option<Vec<(Lane, SimTime)>> {
        self.cuts -= 1;
        if self.cuts > 0 {
            return None;
        }
        let mut flushes = Vec::new();
        for lane in [Lane::Rpc, Lane::Data] {
            let stream = &self.streams[lane as usize];
            if stream.held.is_empty() || stream.flushing {
                continue;
            }
            let retransmitted = evenly(&mut self.rng, 0..=nanos(RETRANSMISSION_TIMEOUT));
            let on_the_way = self.draw_latency();
            self.streams[lane as usize].flushing = true;
            flushes.push((lane, now + Duration::from_nanos(retransmitted) + on_the_way));
        }
        Some(flushes)
    }

    /// What may now be delivered of what waited on a lane, and when the rest goes on.
    pub(super) fn flush(&mut self, now: SimTime, lane: Lane) -> (Vec<Parcel>, Option<SimTime>) {
        let bandwidth = self.options().bandwidth;
        let stream = &mut self.streams[lane as usize];
        stream.flushing = false;
        if self.cuts > 0 {
            return (Vec::new(), None);
        }
        let Some(bandwidth) = bandwidth else {
            return (stream.held.drain(..).collect(), None);
        };
        let first: Vec<Parcel> = stream.held.pop_front().into_iter().collect();
        let next = stream.held.front().map(|parcel| now + transmission(parcel.size, bandwidth));
        stream.flushing = next.is_some();
        (first, next)
    }

    /// Everything that a cut holds back, for good.
    pub(super) fn take_held(&mut self) -> Vec<Parcel> {
        self.streams.iter_mut().flat_map(|stream| stream.held.drain(..)).collect()
    }

    /// Puts other behaviour in force.
    pub(super) fn degrade(&mut self, fault: usize, options: LinkOptions) {
        self.degraded.push((fault, options));
    }

    /// Ends what [`Self::degrade`] began.
    pub(super) fn restore(&mut self, fault: usize) {
        self.degraded.retain(|(by, _)| *by != fault);
    }

    /// Notes that a reset is on its way; false if it already was.
    pub(super) fn announce_reset(&mut self, gone: Port, told: Port) -> bool {
        self.resets.insert((gone, told))
    }

    /// Notes that a reset has arrived.
    pub(super) fn reset_arrived(&mut self, gone: Port, told: Port) {
        self.resets.remove(&(gone, told));
    }

    fn draw_latency(&mut self) -> SimDuration {
        let options = self.degraded.last().map_or(&self.usual, |(_, options)| options);
        latency(options, &mut self.rng)
    }
}

fn nanos(span: SimDuration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}

fn latency(options: &LinkOptions, rng: &mut StreamRng) -> SimDuration {
    let (low, high) = (nanos(*options.latency.start()), nanos(*options.latency.end()));
    Duration::from_nanos(evenly(rng, low..=high))
}

fn transmission(size: u64, bandwidth: u64) -> SimDuration {
    let span = u128::from(size) * 1_000_000_000 / u128::from(bandwidth);
    Duration::from_nanos(u64::try_from(span).unwrap_or(u64::MAX))
}

/// All links, that of each node to itself included. Of the many pairs of nodes few ever speak to
/// each other, so each link is made when it is first asked for; it draws from a stream of its own,
/// so that it is the same whenever that is.
pub(super) struct Links {
    options: NetworkOptions,
    names: Vec<Name>,
    seed: Seed,
    links: Vec<Option<Box<Link>>>,
}

impl Links {
    /// Links as the options say; names must be known.
    pub(super) fn new(options: &NetworkOptions, names: &[Name], seed: Seed) -> Self {
        let mut links = Vec::new();
        links.resize_with(names.len() * names.len(), || None);
        Self { options: options.clone(), names: names.to_vec(), seed, links }
    }

    /// One of them.
    pub(super) fn get(&mut self, id: LinkId) -> &mut Link {
        let (from, to) = (usize::from(id.from.0), usize::from(id.to.0));
        let (options, names, seed) = (&self.options, &self.names, self.seed);
        let link = &mut self.links[from * names.len() + to];
        link.get_or_insert_with(|| Box::new(new_link(options, (&names[from], &names[to]), seed)))
    }

    /// Everything that cuts hold back, for good.
    pub(super) fn take_held(&mut self) -> Vec<Parcel> {
        self.links.iter_mut().flatten().flat_map(|link| link.take_held()).collect()
    }
}

fn new_link(options: &NetworkOptions, (from, to): (&Name, &Name), seed: Seed) -> Link {
    let mut usual = options.default.clone();
    if from == to {
        usual = LinkOptions {
            latency: options.loopback..=options.loopback,
            loss: 0.0,
            bandwidth: None,
        };
    }
    for (a, b, listed) in &options.links {
        if **a == **from && **b == **to {
            usual = listed.clone();
        }
    }
    Link {
        usual,
        degraded: Vec::new(),
        cuts: 0,
        rng: seed.stream(&format!("link {from} {to}")),
        free_at: SimTime::ZERO,
        streams: Default::default(),
        resets: BTreeSet::new(),
    }
}
