//! Random programs: both backends, and jobs that go from one to the other, show what the model does.

use proptest::prelude::*;
use weir::state::StateBackendKind::{Hashmap, Lsm};

use super::model::Model;
use super::programs::{Life, Run, Step, Use};

fn uses() -> impl Strategy<Value = Use> {
    let few = || prop::collection::vec(0u32..100, 0..4);
    let user_key = || 0u8..5;
    let number = || 0u32..100;
    prop_oneof![
        Just(Use::ValueGet),
        number().prop_map(Use::ValueUpdate),
        number().prop_map(Use::ValueChange),
        number().prop_map(Use::ValueChangeIfThere),
        Just(Use::ListGet),
        few().prop_map(Use::ListAdd),
        few().prop_map(Use::ListUpdate),
        user_key().prop_map(Use::MapGet),
        user_key().prop_map(Use::MapContains),
        (user_key(), number()).prop_map(|(key, value)| Use::MapPut(key, value)),
        (user_key(), number()).prop_map(|(key, value)| Use::MapChange(key, value)),
        user_key().prop_map(Use::MapRemove),
        Just(Use::MapEntries),
        Just(Use::MapIsEmpty),
        Just(Use::ReducingGet),
        number().prop_map(Use::ReducingAdd),
        Just(Use::AggregatingGet),
        number().prop_map(Use::AggregatingAdd),
        (0u8..5).prop_map(Use::Clear),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        40 => (-3i64..6, 0u8..3, uses()).prop_map(|(key, namespace, it)| {
            Step::Use(key, namespace, it)
        }),
        4 => (1i64..8).prop_map(Step::Wait),
        2 => (1u32..5, any::<bool>()).prop_map(|(count, first)| Step::Restart(count, first)),
        1 => Just(Step::ClearAll),
    ];
    prop::collection::vec(step, 1..120)
}

fn lives() -> impl Strategy<Value = Option<Life>> {
    let life = (5i64..25, any::<[bool; 4]>()).prop_map(|(millis, flags)| {
        let [renews_on_read, returns_expired, full_snapshot, every_record] = flags;
        Life { millis, renews_on_read, returns_expired, full_snapshot, every_record }
    });
    prop::option::weighted(0.7, life)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn programs_cannot_tell_the_backends_apart(life in lives(), steps in steps()) {
        let mut model = Model::new(life);
        let mut runs = [&[Hashmap][..], &[Lsm], &[Hashmap, Lsm]].map(|kinds| Run::new(kinds, life));
        for (place, step) in steps.iter().enumerate() {
            let expected = model.step(step);
            for (run, shown) in runs.iter_mut().map(|run| run.step(step)).enumerate() {
                prop_assert_eq!(&shown, &expected, "run {}, step {}: {:?}", run, place, step);
            }
            if matches!(step, Step::Restart(..)) || place + 1 == steps.len() {
                let [hashmap, lsm, both] = runs.each_mut().map(Run::snapshots);
                prop_assert_eq!(&hashmap, &lsm, "stored after step {}", place);
                prop_assert_eq!(&hashmap, &both, "stored after step {}", place);
            }
        }
    }
}
