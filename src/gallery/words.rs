//! Word count, in three shapes.

use std::collections::BTreeMap;

use super::flights::source_options;
use super::{ArgumentError, Arguments};
use crate::api::{DataStream, ExpectedRows, Program, StreamExecutionEnvironment};
use crate::record::Collector;

/// The lines of the text file `input`.
fn lines(
    env: &StreamExecutionEnvironment,
    arguments: &Arguments,
) -> Result<DataStream<String>, ArgumentError> {
    let text = String::from_utf8(arguments.file("input")?.to_vec()).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = valid.iter().filter(|&&byte| byte == b'\n').count() + 1;
        let path = arguments.path("input").unwrap_or("?");
        ArgumentError::new("input", format!("{path}, line {line}: not UTF-8 text"))
    })?;
    let source = env.from_text("lines", text, source_options(arguments)?);
    Ok(source.uid("lines").parallelism(1))
}

fn split_words(line: &str, out: &mut Collector<(String, u64)>) {
    let words = line.split(|c: char| !c.is_alphanumeric() && c != '\'');
    for word in words.filter(|word| !word.is_empty()) {
        out.collect((word.to_lowercase(), 1));
    }
}

/// How often each word occurs, counted letter by letter.
pub(super) fn expected_counts(arguments: &Arguments) -> Result<ExpectedRows, ArgumentError> {
    let bytes = arguments.file("input")?;
    let mut counts = BTreeMap::<String, u64>::new();
    let mut word = String::new();
    for letter in String::from_utf8_lossy(&bytes).chars().chain([' ']) {
        if letter.is_alphanumeric() || letter == '\'' {
            word.push(letter);
        } else if !word.is_empty() {
            *counts.entry(word.to_lowercase()).or_default() += 1;
            word.clear();
        }
    }
    Ok(super::table("counts", counts))
}

/// How often each word occurs.
pub fn word_count(arguments: &Arguments) -> Result<Program, ArgumentError> {
    let env = StreamExecutionEnvironment::new("word-count");
    lines(&env, arguments)?
        .flat_map(|line: String, out| split_words(&line, out))
        .name("Words")
        .uid("words")
        .key_by_field(|(word, _)| word)
        .sum(|(_, count)| count)
        .uid("count")
        .upsert_to("counts", ["word", "count"], 1);
    super::finish(&env)
}
