//! Keyed state, by key group.
