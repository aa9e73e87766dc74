//! `weir token`.

use weir::cluster::Onlooker;
use weir::gallery::Registry;
use weir::scenario::RunError;
use weir::sim::Watch;
use weir::sweep::{Reference, Token, TokenError};
use weir::trace::Level;

use super::arguments::TokenArguments;
use super::run::{self, Prepared};
use super::{Console, Failure};

/// Repeats the run that a token is of.
pub fn token(
    arguments: &TokenArguments,
    registry: &Registry,
    console: &mut Console,
) -> Result<u8, Failure> {
    let mut level = run::level(&arguments.keep)?;
    let token = Token::parse(&arguments.token)?;
    let scenario = token.load()?;
    if token.step.is_some() {
        // The moment is shown from the trace.
        level = level.max(Level::Control);
    }
    let lowered = token.lower(&scenario, registry, level).map_err(TokenError::from)?;
    let watch = Watch::default();
    let compared = token.clone();
    let beside = scenario.clone();
    let judge = |outcome: &mut weir::scenario::Outcome| {
        if compared.compared {
            let onlooker = Onlooker { watch: watch.clone(), ..Onlooker::default() };
            let reference = Reference::run(&compared, &beside, registry, onlooker);
            reference.map_err(failure)?.judge(outcome);
        }
        Ok(())
    };
    let prepared = Prepared { scenario, lowered, token };
    run::carry_out(prepared, &arguments.keep, console, &watch, judge)
}

fn failure(error: RunError) -> Failure {
    match error {
        RunError::Scenario(error) => error.into(),
        RunError::Cluster(error) => error.into(),
    }
}
