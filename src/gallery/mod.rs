//! The jobs that scenarios name, each a page of readable user code, and the registry in which
//! they are found. A user's own jobs live in a registry of the same type.

mod flights;
mod registry;
mod words;

pub use registry::{
    Argument, ArgumentError, ArgumentKind, ArgumentValue, Arguments, BuildProgram, GalleryJob,
    Registry, ResourceError, Resources, SinkColumns,
};

use crate::api::{Program, StreamExecutionEnvironment};

/// All jobs of the gallery.
pub fn registry() -> Registry {
    Registry::default()
        .with(
            flights::with_input(
                GalleryJob::new(
                    "word-count",
                    "How often each word of a text occurs.",
                    words::word_count,
                ),
                "a text file",
            )
            .sink("counts", &["word", "count"]),
        )
        .with(
            flights::with_input(
                GalleryJob::new(
                    "flights-per-carrier",
                    "How many flights each airline had.",
                    flights::flights_per_carrier,
                ),
                "departures as CSV",
            )
            .sink("counts", &["carrier", "flights"]),
        )
        .with(
            flights::with_input(
                GalleryJob::new(
                    "longest-delay",
                    "The longest delay at each airport of departure.",
                    flights::longest_delay,
                ),
                "departures as CSV",
            )
            .sink("longest", &["origin", "delay_min", "carrier", "flight", "dest"]),
        )
}

/// The finished program, or why there is none.
fn finish(env: &StreamExecutionEnvironment) -> Result<Program, ArgumentError> {
    env.build().map_err(|error| ArgumentError { argument: None, message: error.to_string() })
}
