//! The typed `DataStream` that programs are written in.
//!
//! ```
//! use weir::api::StreamExecutionEnvironment;
//!
//! let env = StreamExecutionEnvironment::new("lengths");
//! env.from_collection(vec!["a weir".to_string(), "a barrier".to_string()])
//!     .flat_map(|line: String, out| line.split(' ').for_each(|word| out.collect(word.to_string())))
//!     .map(|word| (word.len() as u64, 1_u64))
//!     .key_by_field(|pair| &pair.0)
//!     .sum(|pair| &mut pair.1)
//!     .upsert_to("lengths", ["length", "words"], 1);
//! let program = env.build().unwrap();
//! assert_eq!(program.graph.nodes.len(), 5);
//! ```
//!
//! Operations that need a key exist only on a [`KeyedStream`]:
//!
//! ```compile_fail
//! use weir::api::StreamExecutionEnvironment;
//!
//! let env = StreamExecutionEnvironment::new("no key");
//! env.from_collection(vec![(1_u64, 2_u64)]).sum(|pair| &mut pair.1);
//! ```
//!
//! Next: [`crate::graph`] translates what is declared here, [`crate::operator`] runs it.

mod aggregation;
mod broadcast_stream;
mod builder;
mod connected_streams;
mod database;
mod environment;
mod event_time;
mod files;
mod interval_join;
mod joined_streams;
mod keyed_stream;
mod log;
mod parameter_error;
mod parameter_tool;
mod parameter_types;
mod program;
mod properties;
mod sinks;
mod sources;
mod stream;
mod windowed_stream;
mod windows;

pub use broadcast_stream::{
    BroadcastConnectedStream, BroadcastStream, KeyedBroadcastConnectedStream,
};
pub use connected_streams::{ConnectedStreams, KeyedConnectedStreams};
pub use environment::{SourceOptions, StreamExecutionEnvironment};
pub use event_time::TimeCharacteristic;
pub use interval_join::{IntervalJoin, IntervalJoined};
pub use joined_streams::{CoGroupedStreams, JoinedStreams, WithWindow};
pub use keyed_stream::KeyedStream;
pub use log::LogTopic;
pub use parameter_error::{ParameterError, ParameterKind};
pub use parameter_tool::ParameterTool;
pub use program::{ExpectedRows, Program, ProgramError, SinkDeclaration};
pub use stream::DataStream;
pub use windowed_stream::{AllWindowedStream, NullByteKey, WindowedStream};
pub use windows::{
    DynamicSessionWindows, EventTimeSessionWindows, GlobalWindows, ProcessingTimeSessionWindows,
    SlidingEventTimeWindows, SlidingProcessingTimeWindows, TumblingEventTimeWindows,
    TumblingProcessingTimeWindows, Windowing, Windows,
};
