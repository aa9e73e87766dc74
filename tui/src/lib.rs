//! The command line of Weir and its terminal instrument.

pub mod view;
