//! Ten whole runs, each of another kind. At every position there is one world, whether one steps
//! there, steps back or seeks; and where a subtask took a snapshot, that world holds of it what the
//! live run has stored.
//!
//! A step back and a seek fold half a key frame's distance of events on the average. So that no
//! position of any run need be left out, scenarios that can are given fewer records than they have.

mod held;
mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use rand::Rng;
use weir::base::{CheckpointId, JobId, Name, Seed, StreamRng};
use weir::checkpoint::{FileHandle, TaskSnapshot};
use weir::cluster::{Onlooker, RunReport};
use weir::gallery::registry;
use weir::replay::{Place, Timeline, World};
use weir::scenario::{self, Overrides, load_with};
use weir::trace::{
    CheckpointEvent, Event, JobStatus, Level, Recorded, RecoveryEvent, StoredFile, TraceFile,
};

use held::{Held, stored, told};

/// How many worlds are kept at a time. Blocks begin anywhere between key frames.
const BLOCK: usize = 200;

#[test]
fn an_alignment() {
    check("checkpoints/alignment", &["job.args.records=400"], &["position", "state"]);
}

#[test]
fn barriers_that_overtake_and_a_crash() {
    let held = ["position", "restored", "state"];
    check("checkpoints/unaligned", &["job.args.records=300"], &held);
}

#[test]
fn windows_and_timers_that_are_restored() {
    let held = ["position", "restored", "state", "timer", "window"];
    check("checkpoints/windows-and-timers", &["job.args.records=2000"], &held);
}

#[test]
fn transactions_of_the_log() {
    check("transactions/two-phase-commit", &[], &["position", "state"]);
}

#[test]
fn transactions_of_the_database_and_a_crash() {
    let held = ["position", "restored", "state"];
    check("transactions/bank-transfers", &["job.args.transfers=600"], &held);
}

#[test]
fn sessions_that_merge() {
    let sets = ["job.args.users=40", "checkpointing.interval=\"100ms\""];
    check("windows/click-sessions", &sets, &["position", "state", "timer", "window"]);
}

#[test]
fn back_pressure() {
    check("flow/back-pressure", &["checkpointing.interval=\"300ms\""], &["position"]);
}

#[test]
fn an_interval_join() {
    let sets = ["checkpointing.interval=\"5s\""];
    check("joins/payments-joined", &sets, &["position", "state", "timer"]);
}

#[test]
fn an_idle_partition() {
    let sets = ["checkpointing.interval=\"5s\""];
    check("time/idleness", &sets, &["position", "state", "timer", "window"]);
}

#[test]
fn timers_of_a_function_and_state_in_a_tree() {
    let sets = ["checkpointing.interval=\"500ms\"", "state.backend=\"lsm\""];
    check("state/order-timeouts", &sets, &["position", "state", "timer"]);
}

/// Runs a scenario and goes through all of its trace. `held` is what its snapshots hold between
/// them; `restored` stands for any snapshot of what has itself been restored.
fn check(scenario: &str, sets: &[&str], held: &[&str]) {
    let files = Arc::new(Mutex::new(BTreeMap::new()));
    let seen = files.clone();
    let see = move |path: &str, contents: &[u8]| {
        seen.lock().unwrap().insert(path.to_owned(), contents.to_vec());
    };
    let onlooker = Onlooker { files: Some(Box::new(see)), ..Onlooker::default() };
    let report = run(scenario, sets, onlooker);
    let trace = report.trace.unwrap();
    let alone = run(scenario, sets, Onlooker::default()).trace.unwrap();
    assert!(trace == alone, "{scenario} does not depend on who sees its files");

    let trace = TraceFile::parse(trace).unwrap();
    let events: Vec<Recorded> = trace.iter().collect();
    let mut timeline = Timeline::new(trace.header().clone(), events.clone());
    let files = std::mem::take(&mut *files.lock().unwrap());
    let mut live = Live { files, ..Live::default() };
    let begins = step_forward(&mut timeline, &events, &mut live);
    step_back_and_seek(timeline, &events, &begins);
    let held: BTreeSet<&str> = held.iter().copied().collect();
    assert_eq!(live.compared, held, "what the snapshots of {scenario} hold");
}

fn run(scenario: &str, sets: &[&str], onlooker: Onlooker) -> RunReport {
    let sets: Vec<String> = sets.iter().map(|&set| set.to_owned()).collect();
    let scenario = load_with(scenario, &sets).unwrap();
    let overrides = Overrides { level: Level::Records, ..Overrides::default() };
    let report = scenario::run(&scenario, &registry(), &overrides, onlooker).unwrap().report;
    assert!(report.jobs.iter().all(|job| job.status == JobStatus::Finished));
    report
}

// One world for one position.

fn agree(timeline: &Timeline, position: usize, world: &World, by: &str) {
    assert_eq!(timeline.position(), position, "by {by}");
    // Worlds are too large to be shown.
    assert!(timeline.world() == world, "{by} to {position} leads to another world");
}

/// Steps to the end beside a plain fold; gives the worlds of that where blocks begin.
fn step_forward(timeline: &mut Timeline, events: &[Recorded], live: &mut Live) -> Vec<World> {
    let mut plain = World::new(timeline.header());
    agree(timeline, 0, &plain, "beginning");
    let mut begins = vec![plain.clone()];
    for (before, recorded) in events.iter().enumerate() {
        let position = before + 1;
        plain.apply(recorded);
        timeline.forward();
        agree(timeline, position, &plain, "stepping");
        live.see(recorded, timeline.world());
        if position % BLOCK == 0 {
            begins.push(plain.clone());
        }
    }
    begins
}

/// Steps back to the beginning; in each block that comes by, seeks to all positions in disorder.
fn step_back_and_seek(mut back: Timeline, events: &[Recorded], begins: &[World]) {
    let mut sought = back.clone();
    let mut random = Seed(7).stream("seeks");
    for (block, begin) in begins.iter().enumerate().rev() {
        let first = block * BLOCK;
        let last = (first + BLOCK - 1).min(events.len());
        let mut plain = begin.clone();
        let mut worlds = vec![plain.clone()];
        for recorded in &events[first..last] {
            plain.apply(recorded);
            worlds.push(plain.clone());
        }
        for (index, world) in worlds.iter().enumerate().rev() {
            agree(&back, first + index, world, "stepping back");
            back.back();
        }
        let mut goals: Vec<usize> = (0..worlds.len()).collect();
        for left in (1..goals.len()).rev() {
            goals.swap(left, below(&mut random, left + 1));
        }
        for (nth, index) in goals.into_iter().enumerate() {
            let goal = first + index;
            if nth % 8 == 0 {
                sought.seek_position(below(&mut random, events.len() + 1));
            }
            if nth % 2 == 0 {
                sought.seek_position(goal);
            } else {
                let event = goal.checked_sub(1).map(|before| Place::of(&events[before]));
                sought.seek(event.unwrap_or_default());
            }
            agree(&sought, goal, &worlds[index], "seeking");
        }
    }
}

fn below(random: &mut StreamRng, count: usize) -> usize {
    (random.next_u64() % count as u64) as usize
}

// What the live run held.

/// An attempt at a subtask.
type Execution = (JobId, Name, u32);

/// What the live run has stored, and what worlds hold where it did.
#[derive(Default)]
struct Live {
    /// All that was written to durable storage, by path.
    files: BTreeMap<String, Vec<u8>>,
    /// What the world held of executions where they took snapshots that are not yet stored.
    taken: BTreeMap<(Execution, CheckpointId), Held>,
    /// What executions have taken over.
    restored: BTreeMap<Execution, Held>,
    /// The snapshots that were compared.
    stored: BTreeSet<(JobId, CheckpointId, Name)>,
    /// What has been found in them.
    compared: BTreeSet<&'static str>,
}

impl Live {
    /// Takes note of an event that has led to `world`.
    fn see(&mut self, recorded: &Recorded, world: &World) {
        match &recorded.event {
            Event::Checkpoint(CheckpointEvent::SnapshotTaken {
                job,
                subtask,
                attempt,
                checkpoint,
                ..
            }) => {
                let of = world.jobs.get(*job).expect("it has tasks");
                assert_eq!(of.tasks[subtask].attempt, *attempt, "{subtask} is not replaced");
                let execution = (*job, subtask.clone(), *attempt);
                self.taken.insert((execution, *checkpoint), told(of, subtask, *checkpoint));
            }
            Event::Checkpoint(CheckpointEvent::SnapshotStored {
                job,
                subtask,
                attempt,
                checkpoint,
                files,
                ..
            }) => {
                let stored = self.read(*job, subtask, *checkpoint, files);
                let taken = ((*job, subtask.clone(), *attempt), *checkpoint);
                let told = self.taken.remove(&taken).expect("what is stored was taken");
                self.compare(&taken, &told, &stored);
                self.stored.insert((*job, *checkpoint, subtask.clone()));
            }
            // Checkpoints consist of these, so that of none that is complete any is left out.
            Event::Checkpoint(CheckpointEvent::CheckpointAcknowledged {
                job,
                subtask,
                checkpoint,
                ..
            }) => assert!(self.stored.contains(&(*job, *checkpoint, subtask.clone()))),
            Event::Recovery(RecoveryEvent::StateRestored {
                job,
                subtask,
                attempt,
                checkpoint,
                files,
                ..
            }) => {
                let restored = self.read(*job, subtask, *checkpoint, files);
                self.restored.insert((*job, subtask.clone(), *attempt), restored);
            }
            _ => {}
        }
    }

    /// What a subtask's snapshot holds, which is one of these files.
    fn read(&self, job: JobId, subtask: &str, of: CheckpointId, files: &[StoredFile]) -> Held {
        let path = format!("job-{job}/chk-{of}/{subtask}");
        let file = files.iter().find(|file| *file.path == *path).expect("it is in a file");
        let contents = &self.files[&path];
        let checksum = FileHandle::of(path.clone(), contents).checksum;
        assert_eq!(*file.checksum, *format!("{checksum:032x}"), "{path}");
        stored(&TaskSnapshot::from_bytes(contents).unwrap())
    }

    /// The trace does not tell what an execution takes over. Until that is used, only the
    /// checkpoint has it, and the next must have it unchanged.
    fn compare(&mut self, of: &(Execution, CheckpointId), told: &Held, stored: &Held) {
        for (fact, text) in told {
            let found = stored.get(fact);
            let is_stored = found.is_some_and(|found| text.shows(found));
            assert!(is_stored, "{of:?}: the world has {fact:?} {text:?}, the file {found:?}");
            self.compared.insert(fact.kind());
        }
        let restored = self.restored.get(&of.0);
        for (fact, text) in stored {
            let is_told = told.contains_key(fact);
            let is_old = restored.is_some_and(|restored| restored.get(fact) == Some(text));
            assert!(is_told || is_old, "{of:?}: only the file has {fact:?} {text:?}");
        }
        if restored.is_some() && !stored.is_empty() {
            self.compared.insert("restored");
        }
    }
}
