//! `weir graph`.

use std::io::Write;

use weir::gallery::Registry;
use weir::graph::{FlinkChaining, Format, PhysicalPlan, render};
use weir::scenario::escape;
use weir::trace::Level;

use super::arguments::GraphArguments;
use super::console::Meaning;
use super::{Console, Failure, run};

/// Shows each job of a scenario in one of its layers.
pub fn graph(
    arguments: &GraphArguments,
    registry: &Registry,
    console: &mut Console,
) -> Result<u8, Failure> {
    let (_, lowered) = run::prepare(&arguments.scenario, registry, Level::Off)?;
    let format = if console.json() { Format::Json } else { arguments.format };
    let several = lowered.submissions.len() > 1 && format == Format::Text;
    for submission in &lowered.submissions {
        let program = &submission.program.graph;
        let plan = PhysicalPlan::from_stream_graph(program, &FlinkChaining)
            .map_err(|error| Failure::Usage(format!("job `{}`: {error}", program.name)))?;
        if several {
            let heading = console.paint(Meaning::Heading, escape(&program.name));
            console.line(heading)?;
        }
        let drawing = render(arguments.layer, format, program, &plan);
        console.out().write_all(drawing.as_bytes())?;
    }
    Ok(0)
}
