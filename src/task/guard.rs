//! Keeps a panic of user code within its task.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use crate::record::Failure;

thread_local! {
    static IN_USER_CODE: Cell<bool> = const { Cell::new(false) };
}

/// Runs code of the user's. A panic becomes a [`Failure`] with its message, and is not printed:
/// the trace and the job's root cause tell of it.
pub(super) fn guarded<R>(work: impl FnOnce() -> Result<R, Failure>) -> Result<R, Failure> {
    silence_user_panics();
    IN_USER_CODE.set(true);
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    IN_USER_CODE.set(false);
    result.unwrap_or_else(|payload| {
        let message = payload
            .downcast_ref::<&str>()
            .map(|text| (*text).to_string())
            .or_else(|| payload.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "no message".to_string());
        Err(Failure(format!("user code panicked: {message}")))
    })
}

fn silence_user_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !IN_USER_CODE.get() {
                previous(info);
            }
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_a_failure_and_the_guard_is_lifted() {
        let result = guarded::<()>(|| panic!("no such airport: {}", "XYZ"));
        assert_eq!(result, Err(Failure("user code panicked: no such airport: XYZ".into())));
        assert_eq!(guarded(|| Ok(1)), Ok(1));
        assert!(!IN_USER_CODE.get());
    }
}
