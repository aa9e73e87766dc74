//! `word-count`: words of a generated text.

use std::sync::Arc;

use hashbrown::{DefaultHashBuilder, HashMap};
use rand::RngExt;

use super::{Prepared, Processed, Size};
use crate::api::{Program, SourceOptions, StreamExecutionEnvironment};
use crate::base::Seed;
use crate::connector::Lines;
use crate::trace::Level;

/// About 100 MB.
const DEFAULT_WORDS: u64 = 12_800_000;
const WORDS_PER_LINE: u64 = 10;

struct WordCount {
    text: Arc<str>,
    words: u64,
    parallelism: u32,
    lines: Arc<Lines>,
}

pub(super) fn prepare(size: Size) -> Box<dyn Prepared> {
    let words = size.records.unwrap_or(DEFAULT_WORDS);
    let text: Arc<str> = text(words).into();
    let lines = Arc::new(Lines::new(text.clone()));
    Box::new(WordCount { text, words, parallelism: size.parallelism, lines })
}

/// Words `word<id>`, ten a line, with `id = floor(10000^u) - 1` for an even `u`: a few words are
/// very frequent, most are rare.
fn text(words: u64) -> String {
    let mut random = Seed(1).stream("workload word-count");
    let mut text = String::new();
    for word in 0..words {
        let id = 10_000_f64.powf(random.random::<f64>()) as u64 - 1;
        text.push_str("word");
        text.push_str(&id.to_string());
        text.push(if word % WORDS_PER_LINE == WORDS_PER_LINE - 1 { '\n' } else { ' ' });
    }
    text
}

impl WordCount {
    fn program(&self) -> Program {
        let env = StreamExecutionEnvironment::new("word-count");
        env.set_parallelism(self.parallelism);
        let options = SourceOptions { splits: None, ..SourceOptions::default() };
        env.from_splits("text", self.lines.clone(), options)
            .flat_map(|line: String, out| {
                for word in line.split(' ') {
                    out.collect((word.to_string(), 1_u64));
                }
            })
            .key_by_field(|(word, _)| word)
            .sum(|(_, count)| count)
            .discard();
        env.build().expect("the program is sound")
    }
}

impl Prepared for WordCount {
    fn engine(&self, level: Level) -> Processed {
        super::clusters::run(self.program(), self.parallelism, level);
        Processed { records: self.words, bytes: Some(self.text.len() as u64) }
    }

    fn hand_written(&self) -> Option<Processed> {
        let mut counts = HashMap::<String, u64, DefaultHashBuilder>::default();
        for line in self.text.lines() {
            for word in line.split(' ') {
                *counts.entry(word.to_string()).or_default() += 1;
            }
        }
        std::hint::black_box(&counts);
        Some(Processed { records: self.words, bytes: Some(self.text.len() as u64) })
    }
}
