//! Finds out which faults a failure needs.

use super::trial::Runner;
use super::{Reference, SweepError, Token, Trial};
use crate::scenario::Scenario;

/// Takes one fault after the other away from a run that fails, as long as it still does. In what is
/// left each one is needed.
pub(super) fn shrink(
    runner: Runner<'_>,
    scenario: &Scenario,
    reference: Option<&Reference>,
    failing: (Token, Trial),
) -> Result<(Token, Trial), SweepError> {
    let (mut token, mut trial) = failing;
    let mut place = 0;
    while place < token.faults.len() {
        let mut fewer = token.clone();
        fewer.faults.remove(place);
        let found = runner.attempt(&fewer, scenario, reference)?;
        if found.violations.is_empty() {
            place += 1;
        } else {
            // One that was needed may not be any more.
            (token, trial, place) = (fewer, found, 0);
        }
    }
    Ok((token, trial))
}
