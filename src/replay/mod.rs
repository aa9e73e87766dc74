//! The world at any step, folded from the trace.
