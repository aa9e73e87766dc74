//! The jobs that scenarios name, each a page of readable user code.
