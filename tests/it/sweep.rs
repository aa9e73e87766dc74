//! Sweeps: plans follow from seeds, results from plans, and a token is whole or refused.

mod variants;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use proptest::prelude::*;
use weir::base::{Seed, SimDuration, SimTime, Step};
use weir::gallery::Registry;
use weir::mutant::Mutant;
use weir::scenario::{Scenario, load_with, parse_faults};
use weir::sim::{DiskTrouble, FaultAction, FaultOptions, When};
use weir::sweep::{
    Endurance, FaultKind, Faults, STANDARD, Stage, Subject, SweepOptions, SweepReport, Tally,
    Token, TokenError, hunt, plan, sweep,
};
use weir::trace::Level;

const SCENARIO: &str = "state/keyed-totals-hashmap";

fn sets(records: u32) -> Vec<String> {
    let sets = ["checkpointing.interval=\"20ms\"", "job.record-cost=\"50us\""];
    let total = u64::from(records) * u64::from(records - 1) / 2;
    let sizes = [
        format!("job.args.records={records}"),
        "job.args.keys=10".to_owned(),
        "expect.rows.totals=10".to_owned(),
        format!("expect.totals.totals={{ key = 45, total = {total} }}"),
    ];
    sets.into_iter().map(str::to_owned).chain(sizes).collect()
}

fn scenario() -> Scenario {
    load_with(SCENARIO, &sets(2_000)).expect("an embedded scenario")
}

fn subject(faults: &Faults) -> Subject {
    let registry = weir::gallery::registry();
    Subject::load(SCENARIO, &sets(2_000), faults, &registry).expect("an embedded scenario")
}

fn options(seeds: &str, jobs: usize, shard: &str) -> SweepOptions {
    let (seeds, shard) = (seeds.parse().unwrap(), shard.parse().unwrap());
    SweepOptions { seeds, jobs, shard, shrink: true }
}

fn registry() -> Registry {
    weir::gallery::registry()
}

fn swept(faults: &Faults, options: &SweepOptions) -> SweepReport {
    let stop = Arc::new(AtomicBool::new(false));
    sweep(&[subject(faults)], &registry(), options, &Tally::default(), &stop).unwrap()
}

fn stage() -> Stage {
    let span = SimDuration::from_secs(2);
    let subtasks = vec!["records#1".to_owned(), "add#1".to_owned()];
    Stage {
        taskmanagers: 3,
        subtasks,
        checkpointed: true,
        brokers: 0,
        database: false,
        checkpoints: 4,
        span,
    }
}

#[test]
fn a_plan_follows_from_its_seed() {
    let stage = stage();
    let (mut kinds, mut aimed, mut timed) = (BTreeSet::new(), 0, 0);
    for seed in 0..200 {
        let faults = plan(Seed(seed), &stage);
        assert_eq!(faults, plan(Seed(seed), &stage));
        assert!((1..=5).contains(&faults.len()));
        for fault in &faults {
            assert!(fault.optional);
            kinds.extend(FaultKind::of(&fault.action));
            match &fault.when {
                When::At(at) => {
                    timed += 1;
                    assert!(*at <= SimTime::ZERO + stage.span);
                }
                When::Event { pattern, nth } => {
                    aimed += 1;
                    assert_eq!(pattern.check(), Ok(()));
                    assert!((1..=4).contains(nth));
                }
                When::Step(_) => panic!("a step means nothing in another run"),
            }
        }
    }
    // There is nothing to lock.
    assert_eq!(kinds, FaultKind::all().filter(|kind| *kind != FaultKind::Lock).collect());
    assert!(aimed > 200 && timed > 200, "{aimed} {timed}");
}

#[test]
fn a_plan_strikes_only_what_is_there() {
    let stage = Stage { taskmanagers: 1, checkpointed: false, ..stage() };
    for fault in (0..200).flat_map(|seed| plan(Seed(seed), &stage)) {
        let text = fault.action.to_string();
        let strikes = ["taskmanager-1", "records#1", "add#1"].iter().any(|it| text.contains(it));
        assert!(strikes && !text.contains("storage"), "{text}");
    }
}

#[test]
fn any_number_of_threads_comes_to_the_same() {
    let one = swept(&Faults::Random, &options("1..5", 1, "1/1"));
    let two = swept(&Faults::Random, &options("1..5", 2, "1/1"));
    assert_eq!(one, two);
    assert_eq!(one.runs, 4);
    let struck: u64 = FaultKind::all()
        .flat_map(|kind| weir::sweep::Phase::all().map(move |phase| (kind, phase)))
        .map(|(kind, phase)| one.coverage.count(kind, phase))
        .sum();
    assert!(struck > 0, "no fault strikes at all");
}

#[test]
fn the_parts_of_a_sweep_are_the_whole() {
    let faults = Faults::None;
    let whole = swept(&faults, &options("3..8", 2, "1/1"));
    let parts: Vec<_> =
        ["1/2", "2/2"].iter().map(|shard| swept(&faults, &options("3..8", 1, shard))).collect();
    assert_eq!(whole.runs, parts.iter().map(|part| part.runs).sum::<u64>());
    assert_eq!(whole.failures, []);
}

#[test]
fn what_fails_is_shrunk_to_a_token_that_fails_alike() {
    let text = "[[fault]]\nwhen = { event = \"job-status-changed\", to = \"RUNNING\", nth = 9 }\n\
                kill = \"taskmanager-1\"\n[[fault]]\nat = \"30ms\"\npause = \"taskmanager-1\"\nfor = \"10ms\"\n";
    let faults = Faults::Given { path: "faults.toml".to_owned(), text: text.to_owned() };
    let report = swept(&faults, &options("1", 1, "1/1"));
    let [failure] = report.failures.as_slice() else { panic!("{report:?}") };
    assert_eq!((failure.invariant(), failure.faults), ("vacuous", 1));
    let token = Token::parse(&failure.token).unwrap();
    assert!(matches!(
        token.faults.as_slice(),
        [FaultOptions { action: FaultAction::Kill { .. }, .. }]
    ));
}

/// The standard set, as `weir sweep` takes it.
fn standard(faults: &Faults) -> Vec<Subject> {
    let subject = |standard: &weir::sweep::StandardScenario| {
        standard.subject(faults, &[], &registry()).expect("an embedded scenario")
    };
    STANDARD.iter().map(subject).collect()
}

/// Seed 2 of the windowed job is one of those with which a task that had to store its last snapshot
/// looked at the clock for ever; seed 1 of that whose alignment times out, one of those with which a
/// record behind a barrier that overtakes was read before the barrier.
#[test]
fn no_masked_fault_breaks_the_standard_set() {
    let stop = Arc::new(AtomicBool::new(false));
    let (subjects, options) = (standard(&Faults::Random), options("0..8", 2, "1/1"));
    let report = sweep(&subjects, &registry(), &options, &Tally::default(), &stop).unwrap();
    assert_eq!(report.runs, 8 * STANDARD.len() as u64);
    let failures: Vec<_> = report.failures.iter().map(|it| (it.invariant(), &it.token)).collect();
    assert!(failures.is_empty(), "{failures:#?}");
}

#[test]
fn a_mutant_is_found_with_the_same_seed_by_any_number_of_threads() {
    let stop = Arc::new(AtomicBool::new(false));
    let subjects = standard(&Faults::Random);
    let hunted = |jobs| {
        let (options, tally) = (options("1..40", jobs, "1/1"), Tally::default());
        hunt(&[Mutant::RestoreWrongPositions], &subjects, &registry(), &options, &tally, &stop)
            .unwrap()
    };
    let report = hunted(2);
    assert!(report.holds(), "{report:?}");
    assert_eq!(report, hunted(1));
}

/// Each mutant is found with one of 200 seeds.
#[test]
fn every_mutant_is_found() {
    let stop = Arc::new(AtomicBool::new(false));
    let subjects = standard(&Faults::Random);
    let mutants: Vec<Mutant> = Mutant::all().collect();
    let mut options = options("0..200", 2, "1/1");
    options.shrink = false;
    let report =
        hunt(&mutants, &subjects, &registry(), &options, &Tally::default(), &stop).unwrap();
    let row = |hunted: &weir::sweep::Hunted| match &hunted.found {
        None => format!("{}: not found in {} runs", hunted.mutant, hunted.runs),
        Some(found) => {
            let scenario = Token::parse(&found.token).unwrap().scenario;
            let (seed, invariant) = (found.seed.0, found.invariant());
            format!("{}: {scenario}, seed {seed}: {invariant}", hunted.mutant)
        }
    };
    let table: Vec<String> = report.hunted.iter().map(row).collect();
    insta::assert_snapshot!("mutants", table.join("\n"));
    assert!(report.holds());
}

#[test]
fn the_standard_scenarios_can_be_swept() {
    for standard in STANDARD {
        let subject = standard.subject(&Faults::Random, &[], &registry()).unwrap();
        let is_checkpointed = subject.scenario().checkpointing.is_some();
        assert_eq!(is_checkpointed, standard.strikes, "{}", standard.name);
    }
}

#[test]
fn a_file_of_faults_is_checked_against_the_scenario() {
    let check = |text| match parse_faults(text, "faults.toml", &scenario()) {
        Ok(faults) => faults.len().to_string(),
        Err(error) => error.to_string(),
    };
    assert_eq!(check("[[fault]]\nat = \"1s\"\nkill = \"taskmanager-2\"\n"), "1");
    for text in ["", "[fault]", "title = \"t\"", "[[fault]]\nat = \"1s\"\nkill = \"broker-2\""] {
        let error = check(text);
        assert!(error.parse::<usize>().is_err(), "{text}: {error}");
    }
}

/// A token of a plan, with all that one can say.
fn token(seed: u64, mutant: Option<Mutant>, step: Option<u64>) -> Token {
    let mut token = Token::new(&scenario(), Seed(seed));
    token.faults = plan(Seed(seed), &stage());
    token.faults.push(FaultOptions {
        when: When::Step(Step(17)),
        action: FaultAction::Disk {
            node: "storage".to_owned(),
            trouble: DiskTrouble::Slow(2.5),
            duration: None,
        },
        optional: false,
    });
    // No sweep makes these up, but a file of faults may have them.
    let subtask = "in#1".to_owned();
    for action in [
        FaultAction::Poison { subtask, duration: Some(SimDuration::from_secs(2)) },
        FaultAction::Expire { node: "broker-1".to_owned() },
        FaultAction::Disk {
            node: "storage".to_owned(),
            trouble: DiskTrouble::Tears,
            duration: None,
        },
    ] {
        let when = When::Step(Step(seed));
        token.faults.push(FaultOptions { when, action, optional: false });
    }
    token.endurance = Some(Endurance::beyond(SimDuration::from_secs(seed % 100)));
    token.mutant = mutant;
    token.compared = seed.is_multiple_of(2);
    token.step = step.map(Step);
    token
}

#[test]
fn a_run_is_called_what_repeats_it() {
    let again = |token: &Token| {
        let scenario = load_with(&token.scenario, &token.sets).unwrap();
        token.lower(&scenario, &registry(), Level::Off).unwrap().label.again
    };
    let plain = Token::new(&load_with(SCENARIO, &[]).unwrap(), Seed(9));
    assert_eq!(again(&plain), "weir run state/keyed-totals-hashmap --seed 9");
    let sets = ["title=\"it's\"".to_owned(), "job.parallelism=1".to_owned()];
    let set = Token::new(&load_with(SCENARIO, &sets).unwrap(), Seed(9));
    let mutant = Mutant::all().next();
    insta::assert_snapshot!(again(&Token { mutant, ..set }), @r#"weir run state/keyed-totals-hashmap --seed 9 --mutant max-watermark --set 'title="it'\''s"' --set job.parallelism=1"#);
    let faults = plan(Seed(9), &stage());
    let struck = Token { faults, ..plain };
    assert_eq!(again(&struck), format!("weir token {struck}"));
}

fn any_token() -> impl Strategy<Value = Token> {
    let mutants: Vec<Option<Mutant>> = Mutant::all().map(Some).chain([None]).collect();
    let seed = 0..=i64::MAX as u64;
    (seed, prop::sample::select(mutants), any::<Option<u64>>())
        .prop_map(|(seed, mutant, step)| token(seed, mutant, step))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_token_says_what_it_was_made_of(token in any_token()) {
        let text = token.to_string();
        prop_assert!(text.starts_with("weir1-"));
        prop_assert_eq!(&Token::parse(&text).unwrap(), &token);
        prop_assert_eq!(Token::parse(&format!(" {text}\n")).unwrap().to_string(), text);
    }

    #[test]
    fn a_damaged_token_is_refused(
        token in any_token(),
        place in any::<prop::sample::Index>(),
        by in "[ -~é]",
        how in 0..3,
    ) {
        let text = token.to_string();
        let place = place.index(text.len());
        let rest = &text[place + 1..];
        let damaged = match how {
            0 => format!("{}{by}{rest}", &text[..place]),
            1 => format!("{}{by}{}", &text[..place], &text[place..]),
            _ => format!("{}{rest}", &text[..place]),
        };
        prop_assume!(damaged.trim() != text);
        prop_assert!(matches!(
            Token::parse(&damaged),
            Err(TokenError::Damaged | TokenError::NotAToken)
        ));
    }

    #[test]
    fn no_text_is_mistaken_for_a_token(text in "(weir1-)?[ -~]{0,80}") {
        prop_assert!(Token::parse(&text).is_err());
    }
}

#[test]
fn a_token_is_of_one_content_of_its_scenario() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.toml");
    let text =
        "title = \"t\"\n[job]\nprogram = \"keyed-totals\"\nargs = { records = 5, keys = 1 }\n";
    std::fs::write(&path, text).unwrap();
    let scenario = load_with(path.to_str().unwrap(), &[]).unwrap();
    let token = Token::new(&scenario, Seed(3));
    assert!(token.load().is_ok());
    std::fs::write(&path, format!("{text}# a remark\n")).unwrap();
    assert!(matches!(token.load(), Err(TokenError::Changed(_))));
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(token.load(), Err(TokenError::Scenario(_))));
}
