//! Sources that are made up from a seed, and sources of the user's own.

use std::collections::BTreeMap;

use rand::Rng;
use weir::api::{DataStream, SourceOptions, StreamExecutionEnvironment};
use weir::base::{Seed, StreamRng};
use weir::cluster::ClusterOptions;
use weir::connector::SplitSource;
use weir::record::{Failure, RecordId};
use weir::time::WatermarkStrategy;
use weir::trace::Level;

use super::{check_failure, rows, run};

/// The first draws, as another implementation of the hash and of the generator has them: they are
/// part of what a replay token promises.
#[test]
fn numbered_streams_are_what_they_were() {
    let golden = [
        (7, "dice", 0, 0xc510_d8ef_c373_742a_u64),
        (7, "dice", 3, 0xdd66_8fd8_8d87_f540),
        (8, "dice", 3, 0xe6ab_4afe_c2a5_55d8),
        (7, "coins", 3, 0xd552_55ac_e715_95eb),
    ];
    for (seed, name, number, expected) in golden {
        let found = Seed(seed).numbered(name).stream(number).next_u64();
        assert_eq!(found, expected, "{seed} {name} {number}");
    }
}

/// However it is read, a source's rows are the same.
fn check_rows(source: impl Fn(&StreamExecutionEnvironment, SourceOptions) -> DataStream<u64>) {
    let mut seen: Option<Vec<String>> = None;
    for parallelism in 1..=3 {
        for splits in [None, Some(1), Some(7)] {
            for side_by_side in [false, true] {
                let options = SourceOptions { splits, side_by_side, ..SourceOptions::default() };
                let report = run(ClusterOptions::new(3, 1), parallelism, |env| {
                    source(env, options).write_to("out", ["number"]);
                });
                let mut found = rows(&report);
                found.sort();
                let seen = seen.get_or_insert_with(|| found.clone());
                assert_eq!(&found, seen, "{parallelism} {options:?}");
            }
        }
    }
    assert_eq!(seen.map(|seen| seen.len()), Some(100));
}

#[test]
fn what_is_made_up_depends_on_the_seed_alone() {
    let draw = |offset: u64, random: &mut StreamRng| {
        // How much is drawn for one record changes nothing for the next.
        for _ in 0..offset % 3 {
            random.next_u64();
        }
        random.next_u64()
    };
    check_rows(move |env, options| env.from_seeded_generator("n", 100, Seed(3), options, draw));
}

/// Numbers, of which split `n` has those that leave `n`.
struct Rests {
    below: u64,
    splits: u64,
}

impl SplitSource for Rests {
    type Record = u64;
    type Split = u64;
    type Reader = Box<dyn Iterator<Item = Result<u64, Failure>>>;

    fn splits(&self) -> Vec<u64> {
        (0..self.splits).collect()
    }

    fn reader(&self, rest: u64, position: u64) -> Result<Self::Reader, Failure> {
        let from = rest + self.splits * position;
        Ok(Box::new((from..self.below).step_by(self.splits as usize).map(Ok)))
    }
}

fn strategy<T: weir::record::Data>() -> WatermarkStrategy<T> {
    WatermarkStrategy::no_watermarks()
}

#[test]
fn every_record_of_every_split_is_read_once() {
    // There are splits without records among the many.
    for splits in [1, 4, 130] {
        let rests = move || Rests { below: 100, splits };
        check_rows(move |env, options| env.add_source("rests", rests(), options, strategy()));
    }
    let report = run(ClusterOptions::new(1, 1), 1, |env| {
        let none = Rests { below: 10, splits: 0 };
        env.add_source("rests", none, SourceOptions::default(), strategy())
            .write_to("out", ["number"]);
    });
    assert!(rows(&report).is_empty());
}

#[test]
fn a_record_is_known_by_its_split_and_its_place_there() {
    for parallelism in 1..=3 {
        let mut options = ClusterOptions::new(3, 1);
        options.sim.level = Level::Records;
        let report = run(options, parallelism, |env| {
            let rests = Rests { below: 100, splits: 7 };
            env.add_source("rests", rests, SourceOptions::default(), strategy())
                .write_to("out", ["number"]);
        });
        let mut ids = BTreeMap::new();
        for row in &report.sinks["out"].rows {
            let RecordId { source, split, offset } = row.id.expect("rows know their records");
            let number: u64 = row.fields[0].parse().unwrap();
            assert_eq!((source, u64::from(split) + 7 * offset), (0, number));
            assert_eq!(ids.insert((split, offset), number), None);
            // The subtask of a sink that is chained to a source is the one that has read the record.
            let subtask = row.number.expect("rows have numbers").subtask;
            assert_eq!(u32::from(split) % parallelism, u32::from(subtask));
        }
        assert_eq!(ids.len(), 100);
    }
}

/// Words that are splits of letters. What is no letter cannot be read, and neither can a word that
/// begins with `!`.
struct Words(&'static [&'static str]);

impl SplitSource for Words {
    type Record = char;
    type Split = &'static str;
    type Reader = Box<dyn Iterator<Item = Result<char, Failure>>>;

    fn splits(&self) -> Vec<&'static str> {
        self.0.to_vec()
    }

    fn reader(&self, word: &'static str, position: u64) -> Result<Self::Reader, Failure> {
        if word.starts_with('!') {
            return Err(Failure(format!("`{word}` is missing")));
        }
        let letters = word.chars().skip(position as usize).map(|letter| match letter {
            'a'..='z' => Ok(letter),
            _ => Err(Failure(format!("`{letter}` is no letter"))),
        });
        Ok(Box::new(letters))
    }
}

#[test]
fn splits_take_turns_or_come_one_after_the_other() {
    let check = |words, side_by_side, expected: &str| {
        let options = SourceOptions { side_by_side, ..SourceOptions::at_rate(10.0) };
        let report = run(ClusterOptions::new(1, 1), 1, |env| {
            env.add_source("words", Words(words), options, strategy()).write_to("out", ["letter"]);
        });
        assert_eq!(rows(&report).concat(), expected);
        let waited = report.virtual_time.as_millis();
        assert!((500..1_000).contains(&waited), "six letters, ten a second: {waited} ms");
    };
    check(&["abc", "def"], false, "abcdef");
    check(&["abc", "def"], true, "adbecf");
    check(&["a", "", "bcd", "", "ef"], true, "abecfd");
}

#[test]
fn a_split_that_cannot_be_read_fails_its_task() {
    let check = |words, cause: &str| {
        let declare = |env: &StreamExecutionEnvironment| {
            let options = SourceOptions::default();
            env.add_source("words", Words(words), options, strategy()).discard();
        };
        check_failure(declare, &format!("source-words#1: {cause}"));
    };
    check(&["abc", "!d"], "split 1, record 0: `!d` is missing");
    check(&["ab1", "c"], "split 0, record 2: `1` is no letter");
    check(&["abc", "?"], "split 1, record 0: `?` is no letter");
}

#[test]
fn what_comes_before_an_unreadable_record_is_sent_on() {
    let report = run(ClusterOptions::new(1, 1), 1, |env| {
        let options = SourceOptions::default();
        env.add_source("words", Words(&["ab1c"]), options, strategy()).write_to("out", ["letter"]);
    });
    let letters: Vec<_> = report.sinks["out"].rows.iter().map(|row| row.fields.concat()).collect();
    assert_eq!(letters, ["a", "b"]);
}
