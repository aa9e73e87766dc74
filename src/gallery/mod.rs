//! The jobs that scenarios name, each a page of readable user code, and the registry in which
//! they are found. A user's own jobs live in a registry of the same type.

mod registry;

pub use registry::{
    Argument, ArgumentError, ArgumentKind, ArgumentValue, Arguments, BuildProgram, GalleryJob,
    Registry, ResourceError, Resources, SinkColumns,
};
