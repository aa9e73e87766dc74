//! Large state on both backends.
