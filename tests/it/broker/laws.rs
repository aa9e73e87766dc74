//! Whatever happens, in whatever order: readers of what is committed see of each transaction all
//! or nothing, each record once, in order.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use weir::base::SimDuration;
use weir::broker::{BrokerState, Place};
use weir::host::{Append, IsolationLevel, ProducerIdentity, TransactionResult};
use weir::runtime::rpc::{BrokerRpc, LogAnswer};
use weir::trace::LogEvent;

use super::world::{BROKERS, World, client, coordinator, leader, millis};
use super::{TOPIC, partition, records};

/// After how long a transaction is aborted.
const TIMEOUT: SimDuration = SimDuration::from_secs(20);

/// Two writers share a transactional id, and so fence each other.
const IDS: [&str; 3] = ["t", "t", "another"];

#[derive(Clone, Copy, Debug)]
enum Action {
    /// A writer initializes its transactional id.
    Init(usize),
    /// A writer appends so many records to a partition.
    Write(usize, u16, u8),
    /// A writer ends its transaction.
    End(usize, bool),
    /// Time passes, in seconds.
    Pass(u8),
}

/// What happens while an action waits for its answer.
#[derive(Clone, Copy, Debug)]
enum Trouble {
    Nothing,
    /// The request comes twice.
    Twice,
    /// After so many steps a broker crashes; the last is what is left of what it had not synced.
    Crash(u16, usize, usize),
    /// A disk refuses so many calls.
    Refuse(u16, u32),
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        2 => (0..IDS.len()).prop_map(Action::Init),
        5 => (0..IDS.len(), 0..BROKERS, 1_u8..4)
            .prop_map(|(who, to, count)| Action::Write(who, to, count)),
        3 => (0..IDS.len(), prop::bool::weighted(0.7))
            .prop_map(|(who, commits)| Action::End(who, commits)),
        1 => (1_u8..25).prop_map(Action::Pass),
    ]
}

fn trouble() -> impl Strategy<Value = Trouble> {
    prop_oneof![
        4 => Just(Trouble::Nothing),
        2 => Just(Trouble::Twice),
        3 => (0..BROKERS, 0_usize..25, 0_usize..200)
            .prop_map(|(own, after, cut)| Trouble::Crash(own, after, cut)),
        1 => (0..BROKERS, 1_u32..4).prop_map(|(own, calls)| Trouble::Refuse(own, calls)),
    ]
}

/// A writer as its client knows it.
#[derive(Default)]
struct Writer {
    producer: Option<ProducerIdentity>,
    /// By partition: how many records this epoch has appended.
    sequences: BTreeMap<u16, u64>,
    /// What the open transaction has appended: partition, offset, record.
    open: Vec<(u16, u64, String)>,
}

/// What a log is that does as it promises.
struct Model {
    world: World,
    writers: [Writer; 3],
    requests: u64,
    written: u64,
    /// By partition: what is committed, by offset.
    committed: BTreeMap<u16, BTreeMap<u64, String>>,
    /// By partition: the offsets that were given out.
    given: BTreeMap<u16, BTreeSet<u64>>,
    /// By partition: what a reader of what is committed has seen so far.
    seen: BTreeMap<u16, Vec<(u64, String)>>,
}

impl Model {
    /// Asks until there is an answer, as clients do.
    fn ask(
        &mut self,
        who: usize,
        trouble: Trouble,
        to: weir::base::NodeId,
        rpc: impl Fn(u64) -> BrokerRpc,
    ) -> LogAnswer {
        self.requests += 1;
        let (request, from) = (self.requests, client(who as u16));
        for tries in 0..30 {
            self.world.post(from, to, rpc(request));
            if tries == 0 {
                self.afflict(trouble, || (from, to, rpc(request)));
            }
            let until = self.world.now + SimDuration::from_secs(2);
            loop {
                if let Some(answer) = self.world.answer(from, request) {
                    return answer;
                }
                if !self.world.step(until) {
                    break;
                }
            }
        }
        panic!("there is no answer after a minute");
    }

    fn afflict(
        &mut self,
        trouble: Trouble,
        again: impl FnOnce() -> (weir::host::Address, weir::base::NodeId, BrokerRpc),
    ) {
        match trouble {
            Trouble::Nothing => {}
            Trouble::Twice => {
                let (from, to, rpc) = again();
                self.world.post(from, to, rpc);
            }
            Trouble::Crash(own, after, cut) => {
                let until = self.world.now + SimDuration::from_secs(1);
                for _ in 0..after {
                    self.world.step(until);
                }
                self.world.crash(own, cut);
            }
            Trouble::Refuse(own, calls) => self.world.refuse_writes(own, calls),
        }
    }

    fn init(&mut self, who: usize, trouble: Trouble) {
        let id = IDS[who];
        let answer = self.ask(who, trouble, coordinator(id), |request| BrokerRpc::InitProducerId {
            request,
            transactional_id: Some(id.into()),
            timeout: TIMEOUT,
        });
        let LogAnswer::Producer(producer) = answer else { panic!("anyone is initialized") };
        self.writers[who] = Writer { producer: Some(producer), ..Writer::default() };
    }

    fn write(&mut self, who: usize, to: u16, count: u8, trouble: Trouble) {
        let writer = &self.writers[who];
        let Some(producer) = writer.producer else { return };
        let sequence = writer.sequences.get(&to).copied().unwrap_or_default();
        let texts: Vec<String> =
            (0..count).map(|i| format!("{}", self.written + u64::from(i))).collect();
        self.written += u64::from(count);
        let at = partition(to);
        let answer = self.ask(who, trouble, leader(&at), |request| BrokerRpc::Produce {
            request,
            append: Append {
                to: at.clone(),
                producer,
                transactional_id: Some(IDS[who].into()),
                sequence,
                records: records(&texts),
            },
        });
        let writer = &mut self.writers[who];
        match answer {
            LogAnswer::Appended(first) => {
                *writer.sequences.entry(to).or_default() += u64::from(count);
                for (offset, text) in (first..).zip(texts) {
                    let is_new = self.given.entry(to).or_default().insert(offset);
                    assert!(is_new, "offset {offset} is given out again");
                    writer.open.push((to, offset, text));
                }
            }
            // It was replaced, or its transaction was open for too long.
            _ => *writer = Writer::default(),
        }
    }

    fn end(&mut self, who: usize, commits: bool, trouble: Trouble) {
        let Some(producer) = self.writers[who].producer else { return };
        let id = IDS[who];
        let result = if commits { TransactionResult::Commit } else { TransactionResult::Abort };
        let answer = self.ask(who, trouble, coordinator(id), |request| BrokerRpc::EndTransaction {
            request,
            transactional_id: id.into(),
            producer,
            result,
        });
        let open = std::mem::take(&mut self.writers[who].open);
        match answer {
            LogAnswer::Done if commits => {
                for (to, offset, text) in open {
                    self.committed.entry(to).or_default().insert(offset, text);
                }
            }
            LogAnswer::Done => {}
            _ => self.writers[who] = Writer::default(),
        }
    }

    fn play(&mut self, action: Action, trouble: Trouble) {
        match action {
            Action::Init(who) => self.init(who, trouble),
            Action::Write(who, to, count) => self.write(who, to, count, trouble),
            Action::End(who, commits) => self.end(who, commits, trouble),
            Action::Pass(seconds) => {
                self.world.pass(SimDuration::from_secs(u64::from(seconds)));
            }
        }
    }

    /// What a reader has seen it sees for ever.
    fn look(&mut self) -> Result<(), TestCaseError> {
        for of in 0..BROKERS {
            let read = self.world.read(of, IsolationLevel::ReadCommitted);
            let seen = self.seen.entry(of).or_default();
            // A broker that has just come back has read nothing yet.
            if read.len() >= seen.len() {
                prop_assert_eq!(&read[..seen.len()], &seen[..]);
                *seen = read;
            }
        }
        Ok(())
    }

    /// In the end everything is decided.
    fn judge(&mut self) -> Result<(), TestCaseError> {
        self.world.pass(TIMEOUT + SimDuration::from_secs(5));
        self.look()?;
        for of in 0..BROKERS {
            let committed: Vec<(u64, String)> =
                self.committed.remove(&of).unwrap_or_default().into_iter().collect();
            let texts: Vec<String> = committed.iter().map(|(_, text)| text.clone()).collect();
            prop_assert_eq!(&self.world.read(of, IsolationLevel::ReadCommitted), &committed);
            let revealed = self.world.revealed.get(&of).cloned().unwrap_or_default();
            prop_assert_eq!(&revealed.1, &texts);
            let all = self.world.read(of, IsolationLevel::ReadUncommitted);
            let all: BTreeSet<u64> = all.into_iter().map(|(offset, _)| offset).collect();
            let given = self.given.remove(&of).unwrap_or_default();
            prop_assert!(given.is_subset(&all), "what was acknowledged is there");
        }
        for own in 0..BROKERS {
            let topics = [(TOPIC.into(), BROKERS)];
            let mut again = BrokerState::new(Place { own, brokers: BROKERS }, topics);
            self.world.entries(own).iter().for_each(|entry| again.apply(entry));
            again.all_is_durable();
            prop_assert_eq!(&again, self.world.state(own));
        }
        Ok(())
    }
}

/// No two markers are at the same offset.
fn check_markers(events: &[LogEvent]) -> Result<(), TestCaseError> {
    let mut marked = BTreeSet::new();
    for event in events {
        if let LogEvent::MarkerWritten { partition, offset, .. } = event {
            let is_new = marked.insert((*partition, *offset));
            prop_assert!(is_new, "two markers at {}", offset);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn what_is_committed_is_seen_once_and_nothing_else_is(
        luck in any::<u64>(),
        script in prop::collection::vec((action(), trouble()), 1..40),
    ) {
        let mut model = Model {
            world: World::new(luck),
            writers: Default::default(),
            requests: 0,
            written: 0,
            committed: BTreeMap::new(),
            given: BTreeMap::new(),
            seen: BTreeMap::new(),
        };
        model.world.pass(millis(10));
        for who in 0..IDS.len() {
            model.init(who, Trouble::Nothing);
        }
        for (action, trouble) in script {
            model.play(action, trouble);
            model.look()?;
        }
        model.judge()?;
        check_markers(&model.world.events)?;
    }
}
