//! The oracles can fail: each finds its mutants within a few random cases.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use weir::cluster::Protocol;
use weir::mutant::Mutant;

use super::windows::{Case, case, check, covered};

/// Within so many cases a mutant is to be found.
const CASES: usize = 20;

/// The first cases that proptest makes, the same in every run: every other one without late
/// records.
fn cases() -> Vec<Case> {
    let mut runner = TestRunner::deterministic();
    let mut next = |place| {
        let case = case().new_tree(&mut runner).expect("a case can be made").current();
        if place % 2 == 0 { covered(case, 1) } else { case }
    };
    (0..CASES).map(&mut next).collect()
}

#[test]
fn each_mutant_of_event_time_is_found() {
    let mutants = [
        Mutant::MaxWatermark,
        Mutant::WindowOffByOne,
        Mutant::LateWindowReopened,
        Mutant::SessionMergeLosesState,
    ];
    let cases = cases();
    for case in &cases {
        assert_eq!(check(case, &Protocol::default()).map(|_| ()), Ok(()));
    }
    for mutant in mutants {
        let protocol = Protocol::with(mutant);
        let is_found = |case: &Case| check(case, &protocol).is_err();
        let found = cases.iter().position(is_found);
        assert!(found.is_some(), "{mutant} is not found within {CASES} cases");
    }
}
