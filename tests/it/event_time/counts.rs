//! Windows that end with records and not with time: of so many records, by a delta, or at the end
//! of all input.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use weir::api::{AllWindowedStream, DataStream, GlobalWindows, StreamExecutionEnvironment};
use weir::cluster::Protocol;
use weir::operator::KeySelector;
use weir::window::Trigger;

use super::replay::{Arrival, arrivals};
use super::streams::{Record, Stream, World, stream, world};
use super::windows::same;

/// When a window is evaluated.
#[derive(Clone, Copy, Debug)]
enum Kind {
    /// With so many records, which then are gone.
    Count(usize),
    /// Over the last so many, after so many more.
    CountSliding(usize, usize),
    /// When a record is further than so many milliseconds from the last that did so.
    Delta(i64),
    /// When all input has ended.
    EndOfStream,
}

#[derive(Clone, Debug)]
struct Case {
    stream: Stream,
    world: World,
    kind: Kind,
    /// Of which parallelism, unless all records are windowed together.
    by_key: Option<u32>,
}

type Pane = (u8, Vec<u32>);

fn apply<S: KeySelector<Record>>(
    windowed: weir::api::WindowedStream<Record, S>,
    key: fn(&Record) -> u8,
) -> DataStream<Pane> {
    windowed.apply(move |_: &S::Key, _, of: &[Record], out| {
        out.collect((key(&of[0]), of.iter().map(|record| record.2).collect()));
    })
}

impl Case {
    fn delta(threshold: i64) -> Trigger<Record> {
        let distance = |a: &Record, b: &Record| (a.1 - b.1).abs() as f64;
        Trigger::Delta(threshold as f64, Arc::new(distance))
    }

    fn all(&self, records: &DataStream<Record>) -> AllWindowedStream<Record> {
        let at_end = GlobalWindows::create_with_end_of_stream_trigger();
        match self.kind {
            Kind::Count(size) => records.count_window_all(size as u64),
            Kind::CountSliding(size, slide) => records.count_window_all_sliding(size, slide as u64),
            Kind::Delta(threshold) => {
                records.window_all(GlobalWindows::create()).trigger(Self::delta(threshold))
            }
            Kind::EndOfStream => records.window_all(at_end),
        }
    }

    fn declare(&self, env: &StreamExecutionEnvironment) {
        let records = self.stream.declare(env, "records");
        let Some(parallelism) = self.by_key else {
            apply(self.all(&records), |_| 0).uid("windows").collect("panes");
            return;
        };
        let keyed = records.key_by(|record| record.0);
        let at_end = GlobalWindows::create_with_end_of_stream_trigger();
        let windowed = match self.kind {
            Kind::Count(size) => keyed.count_window(size as u64),
            Kind::CountSliding(size, slide) => keyed.count_window_sliding(size, slide as u64),
            Kind::Delta(threshold) => {
                keyed.window(GlobalWindows::create()).trigger(Self::delta(threshold))
            }
            Kind::EndOfStream => keyed.window(at_end),
        };
        let panes = apply(windowed, |record| record.0).uid("windows").parallelism(parallelism);
        panes.collect("panes").parallelism(parallelism);
    }

    /// What comes of the records of one key, in the order in which they came.
    fn panes(&self, records: &[Record]) -> Vec<Vec<u32>> {
        let ids: Vec<u32> = records.iter().map(|record| record.2).collect();
        match self.kind {
            Kind::Count(size) => ids.chunks_exact(size).map(<[u32]>::to_vec).collect(),
            Kind::CountSliding(size, slide) => {
                let ends = (1..=ids.len() / slide).map(|times| times * slide);
                ends.map(|end| ids[end.saturating_sub(size)..end].to_vec()).collect()
            }
            Kind::Delta(threshold) => {
                let mut last = records[0].1;
                let mut panes = Vec::new();
                for (place, record) in records.iter().enumerate() {
                    if (record.1 - last).abs() > threshold {
                        last = record.1;
                        panes.push(ids[..=place].to_vec());
                    }
                }
                panes
            }
            Kind::EndOfStream => vec![ids],
        }
    }
}

fn check(case: &Case) -> Result<(), String> {
    let report = case.world.run(&Protocol::default(), |env| case.declare(env))?;
    let mut emitted = BTreeMap::<u8, Vec<Vec<u32>>>::new();
    for (key, ids) in report.collected::<Pane>("panes").map_err(|error| error.to_string())? {
        emitted.entry(key).or_default().push(ids);
    }
    let mut records = BTreeMap::<u8, Vec<Record>>::new();
    for arrival in arrivals(&report, "windows").into_values().flatten() {
        if let Arrival::Record { record, .. } = arrival {
            let key = if case.by_key.is_some() { record.0 } else { 0 };
            records.entry(key).or_default().push(record);
        }
    }
    same("records", &records.values().map(Vec::len).sum(), &case.stream.records.len())?;
    let expected = records.into_iter().map(|(key, records)| (key, case.panes(&records)));
    let expected = expected.filter(|(_, panes)| !panes.is_empty()).collect();
    same("windows", &emitted, &expected)
}

prop_compose! {
    fn case()(
        mut stream in stream(100),
        world in world(),
        kind in prop_oneof![
            (1_usize..12).prop_map(Kind::Count),
            (1_usize..12, 1_usize..12).prop_map(|(size, slide)| Kind::CountSliding(size, slide)),
            (0_i64..20).prop_map(Kind::Delta),
            Just(Kind::EndOfStream),
        ],
        by_key in proptest::option::weighted(0.7, 1_u32..=4),
    ) -> Case {
        // As in Flink, an idle source does not hold the end of time, which another one may bring.
        stream.pauses = stream.pauses.filter(|_| !matches!(kind, Kind::EndOfStream));
        Case { stream, world, kind, by_key }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn windows_of_records_are_those_of_the_order_in_which_they_came(case in case()) {
        check(&case).map_err(TestCaseError::fail)?;
    }
}
