//! The command line of Weir over a job of one's own.
//!
//! ```text
//! cargo run --example own_jobs -- list
//! cargo run --example own_jobs -- run tui/examples/squares.toml
//! ```

use std::process::ExitCode;

use weir::api::{Program, StreamExecutionEnvironment};
use weir::gallery::{ArgumentError, ArgumentValue, Arguments, GalleryJob, Registry};

/// The squares of the numbers below `count`.
fn squares(arguments: &Arguments) -> Result<Program, ArgumentError> {
    let count = u64::try_from(arguments.integer("count")?)
        .map_err(|_| ArgumentError::new("count", "must not be negative"))?;
    let env = StreamExecutionEnvironment::new("squares");
    env.from_sequence(count).map(|n| (n, n * n)).write_to("squares", ["n", "square"]);
    env.build().map_err(|error| ArgumentError { argument: None, message: error.to_string() })
}

fn main() -> ExitCode {
    let job = GalleryJob::new("squares", "The squares of the first numbers.", squares)
        .optional("count", ArgumentValue::Integer(10), "how many numbers")
        .sink("squares", &["n", "square"]);
    weir_tui::main(Registry::default().with(job))
}
