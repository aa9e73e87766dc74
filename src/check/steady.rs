//! Queries whose answer never changes: what somebody outside reads while a job writes.
//!
//! Such a query asks for what every whole number of transactions keeps, such as a total. So another
//! answer shows that part of a transaction was visible.

use super::Fold;
use super::verdict::{Findings, Invariant};
use crate::trace::{DatabaseEvent, Event, Recorded};

/// See the module.
pub(super) struct SteadyAnswers;

impl Fold for SteadyAnswers {
    fn apply(&mut self, recorded: &Recorded, findings: &mut Findings) {
        let Event::Database(DatabaseEvent::QueryAnswered { query, answer, expected }) =
            &recorded.event
        else {
            return;
        };
        if !expected.is_empty() && answer != expected {
            findings.violate(Invariant::SteadyAnswers, &[recorded.step], || {
                format!(
                    "the query {query} was answered with {} (step {}), where {} is the answer at \
                     any time",
                    answer.join(", "),
                    recorded.step,
                    expected.join(", ")
                )
            });
        }
    }
}
