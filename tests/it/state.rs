//! State: what programs see of it, on both backends.

mod backends;
mod errors;
mod lsm;
mod million;
mod model;
mod operator_state;
mod page;
mod programs;
mod random;
mod ttl;

pub use backends::{KINDS, lsm_store, only, small};
