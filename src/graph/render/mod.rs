//! Every layer of a job as text, DOT, Mermaid or JSON.
//!
//! Names come from user programs, so each format escapes them ([`escape`]).

mod canvas;
mod diagram;
mod dot;
pub mod escape;
mod mermaid;
mod text;

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use super::{PhysicalPlan, StreamGraph};

/// Which layer of a job is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// The program as it was written.
    Stream,
    /// Its operators chained into vertices.
    Job,
    /// Its subtasks and channels.
    Execution,
    /// Its slots.
    Physical,
}

/// How a layer is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A drawing for a terminal.
    Text,
    /// Graphviz.
    Dot,
    /// A Mermaid flowchart.
    Mermaid,
    /// All of its data.
    Json,
}

/// A name that is neither a layer's nor a format's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown {what} {name:?}: it must be one of {}", expected.join(", "))]
pub struct UnknownName {
    what: &'static str,
    name: String,
    expected: Vec<&'static str>,
}

macro_rules! named {
    ($type:ident, $what:literal, $($variant:ident = $name:literal),*) => {
        impl $type {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Its name.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name),*
                }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.name())
            }
        }

        impl FromStr for $type {
            type Err = UnknownName;

            fn from_str(name: &str) -> Result<Self, UnknownName> {
                Self::ALL.iter().copied().find(|it| it.name() == name).ok_or_else(|| UnknownName {
                    what: $what,
                    name: name.to_string(),
                    expected: Self::ALL.iter().map(|it| it.name()).collect(),
                })
            }
        }
    };
}
named!(
    Layer,
    "layer",
    Stream = "stream",
    Job = "job",
    Execution = "execution",
    Physical = "physical"
);
named!(Format, "format", Text = "text", Dot = "dot", Mermaid = "mermaid", Json = "json");

/// Shows a layer of a job. The result ends with a line end.
///
/// # Panics
/// If the plan is not of this program.
pub fn render(layer: Layer, format: Format, program: &StreamGraph, plan: &PhysicalPlan) -> String {
    match format {
        Format::Text => text::render(layer, program, plan),
        Format::Dot => dot::render(&diagram::diagram(layer, program, plan)),
        Format::Mermaid => mermaid::render(&diagram::diagram(layer, program, plan)),
        Format::Json => match layer {
            Layer::Stream => json(program),
            Layer::Job => json(&plan.execution.job),
            Layer::Execution => json(&plan.execution),
            Layer::Physical => json(plan),
        },
    }
}

fn json(value: &impl Serialize) -> String {
    let text = serde_json::to_string_pretty(value).expect("graphs have only text keys");
    escape::json(&text) + "\n"
}
