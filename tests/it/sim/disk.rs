//! What a crash leaves of a disk.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use rand::Rng;
use weir::base::SimTime;
use weir::host::{DiskError, Host};
use weir::sim::{DiskTrouble, FaultAction, Stop, When};
use weir::trace::{Event, NodeEvent};

use super::harness::{at, fault, kill, ms, play_out, said, say, world};

/// What a writer knows of its file: all it ever wrote, and how much of it must survive.
#[derive(Default)]
struct Ledger {
    written: Vec<u8>,
    durable: usize,
    survivors: Vec<(usize, usize)>,
}

/// Appends and now and then syncs; after a crash, compares what is left with the ledger.
async fn writer(host: Host, ledger: Arc<Mutex<Ledger>>) {
    if let Ok((left, done)) = host.disk.read("file") {
        host.clock.sleep_until(done).await;
        let mut ledger = ledger.lock().unwrap();
        let (durable, written) = (ledger.durable, ledger.written.len());
        assert!(left.len() >= durable, "{} left of {durable} synced", left.len());
        assert_eq!(left, ledger.written[..left.len()], "what is left is how it began");
        ledger.survivors.push((left.len() - durable, written - durable));
        ledger.written = left;
    } else {
        let mut ledger = ledger.lock().unwrap();
        assert_eq!(ledger.durable, 0, "a synced file is gone");
        ledger.written.clear();
    }
    let mut rng = host.random.stream("writer");
    loop {
        let bytes: Vec<u8> = (0..rng.next_u64() % 50).map(|_| rng.next_u64() as u8).collect();
        ledger.lock().unwrap().written.extend(&bytes);
        let done = host.disk.append("file", &bytes).unwrap();
        host.clock.sleep_until(done.max(host.clock.now() + ms(1))).await;
        if rng.next_u64().is_multiple_of(6) {
            let covers = ledger.lock().unwrap().written.len();
            let done = host.disk.sync("file").unwrap();
            host.clock.sleep_until(done).await;
            ledger.lock().unwrap().durable = covers;
        }
    }
}

fn crash_often(seed: u64, kills: &[u64], drift_ppm: i64) -> (Ledger, u64) {
    let mut options = world(seed, 1);
    options.limits.virtual_time = ms(1_500);
    options.nodes[0].clock_drift_ppm = drift_ppm;
    let mut moment = 0;
    for after in kills {
        moment += after;
        options.faults.push(fault(When::At(at(ms(moment))), kill("a", Some(ms(3)))));
        moment += 5;
    }
    let ledger = Arc::new(Mutex::new(Ledger::default()));
    let theirs = ledger.clone();
    let outcome = play_out(options, move |host, _| writer(host, theirs.clone()));
    let lost = outcome.recorder.entries.iter().map(|entry| match &entry.event {
        Event::Node(NodeEvent::BytesLost { bytes, .. }) => *bytes,
        _ => 0,
    });
    let lost = lost.sum();
    (Arc::into_inner(ledger).unwrap().into_inner().unwrap(), lost)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Synced bytes survive every crash, whatever the clock; what is left is a beginning.
    #[test]
    fn synced_data_survives(
        seed in any::<u64>(),
        kills in prop::collection::vec(1..120_u64, 1..8),
        drift_ppm in -400_000..400_000_i64,
    ) {
        crash_often(seed, &kills, drift_ppm);
    }
}

#[test]
fn unsynced_data_may_be_lost_kept_or_torn() {
    let mut seen = [false; 3];
    let mut lost = 0;
    for seed in 0..12 {
        let (ledger, bytes) = crash_often(seed, &[37, 90, 55], 0);
        lost += bytes;
        for (kept, of) in ledger.survivors {
            seen[0] |= of > 0 && kept == 0;
            seen[1] |= of > 0 && kept == of;
            seen[2] |= kept > 0 && kept < of;
        }
    }
    assert_eq!((seen, lost > 0), ([true; 3], true));
}

/// What a crash at 20 ms leaves of three files, of which only the first has a durable beginning.
async fn torn(host: Host, stop: Stop) {
    let disk = &host.disk;
    if let Ok((long, _)) = disk.read("long") {
        let others = ["pair", "single"].map(|path| match disk.read(path) {
            Ok((bytes, _)) => String::from_utf8(bytes).unwrap(),
            Err(error) => error.to_string(),
        });
        say(&host, format!("{}, {}", String::from_utf8(long).unwrap(), others.join(", ")));
        return stop.stop();
    }
    disk.append("long", b"kept").unwrap();
    let done = disk.sync("long").unwrap();
    host.clock.sleep_until(done).await;
    disk.append("long", b"abcd").unwrap();
    disk.append("long", b"efgh").unwrap();
    disk.write("pair", b"xy").unwrap();
    disk.append("single", b"z").unwrap();
    // A sync that is not done covers nothing.
    host.clock.sleep_until(at(ms(19))).await;
    disk.sync("long").unwrap();
}

#[test]
fn a_disk_that_tears_keeps_a_part_of_the_first_write() {
    let mut left = BTreeSet::new();
    for seed in 0..40 {
        let mut options = world(seed, 1);
        let (node, trouble) = ("a".into(), DiskTrouble::Tears);
        let tears = FaultAction::Disk { node, trouble, duration: None };
        options.faults.push(fault(When::At(at(ms(1))), tears));
        options.faults.push(fault(When::At(at(ms(20))), kill("a", Some(ms(3)))));
        left.extend(said(&play_out(options, torn).recorder));
    }
    insta::assert_snapshot!(left.into_iter().collect::<Vec<_>>().join("\n"), @"
    23 a kepta, x, no such file: single
    23 a keptab, x, no such file: single
    23 a keptabc, x, no such file: single
    ");
}

/// Runs one access every 10 ms under trouble from 15 to 35 ms; the answers in words.
fn check(troubles: &[DiskTrouble], access: fn(&Host) -> Result<SimTime, DiskError>) -> String {
    let mut options = world(1, 1);
    options.disk.capacity = 100;
    options.disk.bandwidth = 1_000_000;
    for trouble in troubles {
        let trouble = *trouble;
        let action = FaultAction::Disk { node: "a".into(), trouble, duration: Some(ms(20)) };
        options.faults.push(fault(When::At(at(ms(15))), action));
    }
    let outcome = play_out(options, move |host, stop| async move {
        host.disk.write("file", b"0123456789").unwrap();
        for round in 1..=4 {
            host.clock.sleep_until(at(ms(round * 10))).await;
            let now = host.clock.now();
            match access(&host) {
                Ok(done) => say(&host, format!("{}us", done.since(now).as_micros())),
                Err(error) => say(&host, error.to_string()),
            }
        }
        stop.stop();
    });
    let said = said(&outcome.recorder);
    said.iter().map(|line| line.splitn(3, ' ').last().unwrap()).collect::<Vec<_>>().join("; ")
}

#[test]
fn disks_refuse_and_are_slow() {
    let grow = |host: &Host| host.disk.append("file", &[7; 40]);
    let reread = |host: &Host| {
        let (bytes, done) = host.disk.read("file")?;
        let flipped = bytes.iter().zip(b"0123456789").map(|(a, b)| (a ^ b).count_ones());
        Ok(done + std::time::Duration::from_secs(flipped.sum::<u32>().into()))
    };
    insta::assert_snapshot!(check(&[], grow), @"40us; 40us; disk full: 40 bytes needed, 10 free; disk full: 40 bytes needed, 10 free");
    insta::assert_snapshot!(check(&[DiskTrouble::Full], grow), @"40us; disk full: 40 bytes needed, 0 free; disk full: 40 bytes needed, 0 free; 40us");
    insta::assert_snapshot!(check(&[], |host| host.disk.sync("file")), @"2000us; 2000us; 2000us; 2000us");
    insta::assert_snapshot!(check(&[DiskTrouble::Errors], |host| host.disk.sync("file")), @"2000us; input/output error on file; input/output error on file; 2000us");
    insta::assert_snapshot!(
        check(&[DiskTrouble::Slow(2.5)], |host| host.disk.sync("file")), @"2000us; 5000us; 5000us; 2000us");
    // Of several troubles the worst counts.
    let slow = [DiskTrouble::Slow(3.0), DiskTrouble::Slow(1.5)];
    insta::assert_snapshot!(check(&slow, |host| host.disk.sync("file")), @"2000us; 6000us; 6000us; 2000us");
    insta::assert_snapshot!(check(&[DiskTrouble::Corrupts], reread), @"10us; 1000010us; 1000010us; 10us");
    insta::assert_snapshot!(check(&[], |host| host.disk.sync("other")), @"no such file: other; no such file: other; no such file: other; no such file: other");
}

#[test]
fn files_are_listed_replaced_and_removed() {
    let outcome = play_out(world(1, 1), |host, stop| async move {
        let disk = &host.disk;
        for path in ["b/2", "a/1", "b/1", "c"] {
            disk.append(path, b"old").unwrap();
        }
        disk.write("b/2", b"new").unwrap();
        disk.append("b/2", b"er").unwrap();
        disk.remove("b/1").unwrap();
        say(&host, format!("{:?}", disk.list("b/").unwrap()));
        say(&host, String::from_utf8(disk.read("b/2").unwrap().0).unwrap());
        say(&host, disk.read("b/1").unwrap_err().to_string());
        stop.stop();
    });
    insta::assert_snapshot!(said(&outcome.recorder).join("\n"), @r#"
    0 a ["b/2"]
    0 a newer
    0 a no such file: b/1
    "#);
}
