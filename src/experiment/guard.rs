//! A fence around one run: a fault of the model costs that run, not the hours of runs beside it.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use crate::experiment::run::RunError;

thread_local! {
    /// Whether this thread is inside [`guarded`].
    static INSIDE: Cell<bool> = const { Cell::new(false) };
    /// Where the last panic inside [`guarded`] was raised.
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

static HOOK: Once = Once::new();

/// Carries out what simulates one run; a panic in it becomes [`RunError::Panicked`], and prints nothing.
pub fn guarded<T>(simulate: impl FnOnce() -> Result<T, RunError>) -> Result<T, RunError> {
    HOOK.call_once(keep_guarded_panics_quiet);
    let outer = INSIDE.replace(true);
    // Nothing that the closure has changed is used after a panic: it owns its simulation.
    let caught = catch_unwind(AssertUnwindSafe(simulate));
    INSIDE.set(outer);
    caught.unwrap_or_else(|payload| {
        let message = payload
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| payload.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "no message".to_owned());
        let place = PLACE.take().unwrap_or_default();
        Err(RunError::Panicked { message, place })
    })
}

/// Panics outside of guarded runs are told as before.
fn keep_guarded_panics_quiet() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !INSIDE.get() {
            return usual(panic);
        }
        let place = panic.location().map(|at| format!(" at {at}"));
        PLACE.set(place);
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_in_a_run_is_an_error_that_says_where_and_why() {
        let at = line!() + 1;
        let error = guarded::<()>(|| panic!("{} is not there", "the snapshot")).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("the snapshot is not there"), "{text}");
        assert!(text.contains(&format!("guard.rs:{at}:")), "{text}");
        assert_eq!(guarded(|| Ok(7)), Ok(7));
    }
}
