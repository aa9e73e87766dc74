//! Partitioners, result partitions, credits, input gates.
