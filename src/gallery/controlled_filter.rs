//! Words that a second stream blocks and allows while they come.
//!
//! Both streams are keyed by the word, so that a command reaches the one subtask that sees the word
//! which it is about, and is kept there in state that only this word meets.
//!
//! Unlike Flink: a co-flat-map function sees nothing but the record. What Flink's training calls
//! `ControlFunction`, a `RichCoFlatMapFunction` with keyed state, is here a function of
//! [`KeyedCoProcessFunction`], whose context holds the state.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::timed_table::timed_table;
use super::{ArgumentError, ArgumentKind, Arguments, GalleryJob};
use crate::api::{Program, SourceOptions, StreamExecutionEnvironment};
use crate::operator::{KeyedCoProcessFunction, KeyedContext, KeyedOpenContext};
use crate::record::{Collector, Failure, OutputTag};
use crate::state::{KeyedState, ValueState, ValueStateDescriptor};

const COLUMNS: [&str; 2] = ["number", "word"];

/// What scenarios know of the job.
pub(super) fn job() -> GalleryJob {
    let about = "Words that a control stream blocks and allows while they come.";
    let words = "words as CSV: arrives_s,number,word";
    let control = "commands as CSV: arrives_s,word,command (block or allow)";
    GalleryJob::new("controlled-filter", about, controlled_filter)
        .argument("words", ArgumentKind::File, words)
        .argument("control", ArgumentKind::File, control)
        .sink("passed", &COLUMNS)
        .sink("held-back", &COLUMNS)
}

/// A word, and its number among all that are spoken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Spoken {
    number: u32,
    word: String,
}

/// What is to become of a word from now on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Control {
    word: String,
    command: Command,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Command {
    Block,
    Allow,
}

fn controlled_filter(arguments: &Arguments) -> Result<Program, ArgumentError> {
    let env = StreamExecutionEnvironment::new("controlled-filter");
    env.set_parallelism(arguments.parallelism());
    let options = SourceOptions::default();
    let control = Arc::new(timed_table::<Control>(arguments, "control")?);
    let control = env.from_splits("control", control, options).uid("control").parallelism(1);
    let words = Arc::new(timed_table::<Spoken>(arguments, "words")?);
    let words = env.from_splits("words", words, options).uid("words").parallelism(1);
    let filter = Filter { blocked: ValueState::default(), held_back: OutputTag::new("held-back") };

    let passed = control
        .key_by_field(|control| &control.word)
        .connect(&words.key_by_field(|spoken| &spoken.word))
        .process(filter.clone())
        .uid("filter");
    passed.write_to("passed", COLUMNS);
    passed.get_side_output(&filter.held_back).write_to("held-back", COLUMNS);
    super::finish(&env)
}

/// See the module.
#[derive(Clone)]
struct Filter {
    /// Whether the word is blocked. A word that is allowed has no state at all.
    blocked: ValueState<bool>,
    held_back: OutputTag<Spoken>,
}

impl KeyedCoProcessFunction<String, Control, Spoken> for Filter {
    type Out = Spoken;

    fn open(&mut self, context: &mut KeyedOpenContext<'_, String>) -> Result<(), Failure> {
        self.blocked = context.state(ValueStateDescriptor::new("blocked"))?;
        Ok(())
    }

    fn process_element1(
        &mut self,
        control: Control,
        context: &mut KeyedContext<'_, String>,
        _out: &mut Collector<Spoken>,
    ) -> Result<(), Failure> {
        match control.command {
            Command::Block => self.blocked.update(context.state(), true)?,
            Command::Allow => self.blocked.clear(context.state())?,
        }
        Ok(())
    }

    fn process_element2(
        &mut self,
        spoken: Spoken,
        context: &mut KeyedContext<'_, String>,
        out: &mut Collector<Spoken>,
    ) -> Result<(), Failure> {
        if self.blocked.value(context.state())? == Some(&true) {
            context.output(&self.held_back, spoken);
        } else {
            out.collect(spoken);
        }
        Ok(())
    }
}
