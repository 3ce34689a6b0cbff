//! A budget of steps and of stack. Libraries that cannot be interrupted call
//! back into this crate, and [`spend`] leaves them by unwinding the stack.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr;

/// How much one piece of work may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// How often [`spend`] may be called, each call weighted.
    pub steps: u64,
    /// How many bytes of the stack it may use.
    pub(crate) stack: usize,
    pub(crate) estimate: Estimate,
}

/// What [`spend_estimate`] counts of work whose cost is known only afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Estimate {
    /// What it takes as a rule, so that little is refused that would end.
    Usual,
    /// What it may take, because other work waits for it.
    Worst,
}

/// What is done at once, within about a millisecond. Its stack fits into the
/// 2 MiB that a thread of the runtime has.
pub const AT_ONCE: Budget = Budget {
    steps: 100_000,
    stack: 512 * 1024,
    estimate: Estimate::Worst,
};

/// What is done in the short lane with an answer of so many bytes: it is read,
/// and as much is made of it as is done at once with a small one.
pub(crate) fn short_budget(answer: usize) -> Budget {
    let bytes = u64::try_from(answer).unwrap_or(u64::MAX);
    Budget {
        steps: AT_ONCE.steps.saturating_add(bytes),
        stack: AT_MOST.stack,
        estimate: Estimate::Worst,
    }
}

/// What one expectation may take in the long lane. Measured as the Lambda is built: its
/// steps take some seconds, and a schema that goes on to another one takes
/// 6 KiB of the stack, so that it holds 127 levels of an answer with 80
/// combinators at each.
pub const AT_MOST: Budget = Budget {
    steps: 20_000_000,
    stack: 64 * 1024 * 1024,
    estimate: Estimate::Usual,
};

/// What was spent before the work was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Exhausted {
    /// The steps.
    #[error("all steps of the budget are spent")]
    Steps,
    /// The stack.
    #[error("all of the budget's stack is spent")]
    Stack,
}

#[derive(Clone, Copy)]
struct Remaining {
    steps: u64,
    /// Where the stack stood when the work began.
    base: usize,
    stack: usize,
    estimate: Estimate,
}

/// What a template may make of what was captured, where a request is made and
/// nothing but the template waits for it: about half a second.
pub const OF_TEMPLATE: Budget = Budget {
    steps: 2_000_000,
    stack: AT_ONCE.stack,
    estimate: Estimate::Usual,
};

thread_local! {
    static LEFT: Cell<Option<Remaining>> = const { Cell::new(None) };
}

/// Does the work, and no more of it than the budget allows. A budget within
/// another one is a budget of its own, whose steps the outer one does not pay.
///
/// # Errors
/// The work was ended because its steps or its stack were spent.
pub fn run_within<T>(budget: Budget, work: impl FnOnce() -> T) -> Result<T, Exhausted> {
    let left = Remaining {
        steps: budget.steps,
        base: stack_pointer(),
        stack: budget.stack,
        estimate: budget.estimate,
    };
    let outer = LEFT.replace(Some(left));
    let done = catch_unwind(AssertUnwindSafe(work));
    LEFT.set(outer);
    done.map_err(|payload: Box<dyn Any + Send>| match payload.downcast() {
        Ok(exhausted) => *exhausted,
        // Only `spend` unwinds with `Exhausted`; a panic belongs to the caller.
        Err(panic) => resume_unwind(panic),
    })
}

/// Does the work in at most so many steps, which the caller's budget pays too if
/// there is one. Where that budget is spent first, this does not return.
pub(crate) fn run_within_steps<T>(steps: u64, work: impl FnOnce() -> T) -> Result<T, Exhausted> {
    let Some(outer) = LEFT.get() else {
        let budget = Budget {
            steps,
            stack: usize::MAX,
            estimate: Estimate::Usual,
        };
        return run_within(budget, work);
    };
    let inner = Remaining {
        steps: steps.min(outer.steps),
        ..outer
    };
    LEFT.set(Some(inner));
    let done = catch_unwind(AssertUnwindSafe(work));
    let left = LEFT.get().map_or(0, |left| left.steps);
    LEFT.set(Some(Remaining {
        steps: outer.steps - (inner.steps - left),
        ..outer
    }));
    done.map_err(|payload| match payload.downcast::<Exhausted>() {
        Ok(exhausted) if *exhausted == Exhausted::Steps && steps < outer.steps => *exhausted,
        Ok(exhausted) => resume_unwind(exhausted),
        Err(panic) => resume_unwind(panic),
    })
}

/// Spends the steps of work that is about to be done. If the budget does not allow
/// it, this does not return: [`run_within`] does.
pub fn spend(steps: u64) {
    let Some(mut left) = LEFT.get() else { return };
    let exhausted = if stack_pointer().abs_diff(left.base) > left.stack {
        Exhausted::Stack
    } else if let Some(steps) = left.steps.checked_sub(steps) {
        left.steps = steps;
        LEFT.set(Some(left));
        return;
    } else {
        Exhausted::Steps
    };
    // No message and no backtrace: this is no panic of ours.
    resume_unwind(Box::new(exhausted));
}

/// What is left of the budget, if there is one.
pub fn remaining() -> Option<Budget> {
    LEFT.get().map(|left| Budget {
        steps: left.steps,
        stack: left.stack,
        estimate: left.estimate,
    })
}

/// Spends the steps of work that takes `usual` of them as a rule, and `worst` at
/// the most; the budget says which counts.
pub(crate) fn spend_estimate(usual: u64, worst: u64) {
    match LEFT.get().map(|left| left.estimate) {
        Some(Estimate::Worst) => spend(worst),
        Some(Estimate::Usual) | None => spend(usual),
    }
}

/// Spends one step for each byte or element.
pub fn spend_size(size: usize) {
    spend(u64::try_from(size).unwrap_or(u64::MAX));
}

/// About where the stack stands.
fn stack_pointer() -> usize {
    let here = 0_u8;
    ptr::from_ref(std::hint::black_box(&here)).addr()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_ends_where_its_budget_does() {
        let budget = |steps| Budget {
            steps,
            stack: 64 * 1024,
            estimate: Estimate::Usual,
        };
        let spends = |steps| move || (0..steps).for_each(|_| spend(1));
        assert_eq!(run_within(budget(10), spends(10)), Ok(()));
        assert_eq!(run_within(budget(10), spends(11)), Err(Exhausted::Steps));
        // The inner one is spent, the outer one is not.
        let nested = run_within(budget(1), || run_within(budget(1), spends(2)));
        assert_eq!(nested, Ok(Err(Exhausted::Steps)));
        let worst = Budget {
            estimate: Estimate::Worst,
            ..budget(10)
        };
        let between = || spend_estimate(1, 11);
        assert_eq!(run_within(budget(10), between), Ok(()));
        assert_eq!(run_within(worst, between), Err(Exhausted::Steps));
        // Without a budget nothing is counted.
        spends(1_000)();
    }

    #[test]
    fn work_ends_where_its_stack_does() {
        fn descend(levels: u64) -> u64 {
            spend(0);
            let below = if levels == 0 { 0 } else { descend(levels - 1) };
            std::hint::black_box([below; 16])[7] + 1
        }
        let budget = Budget {
            steps: 1,
            stack: 64 * 1024,
            estimate: Estimate::Usual,
        };
        assert_eq!(run_within(budget, || descend(10)), Ok(11));
        assert_eq!(
            run_within(budget, || descend(10_000)),
            Err(Exhausted::Stack)
        );
    }

    #[test]
    fn a_panic_goes_on() {
        let panics = catch_unwind(|| run_within(AT_ONCE, || resume_unwind(Box::new("a panic"))));
        let payload = panics.map(|done: Result<(), _>| done).unwrap_err();
        assert_eq!(payload.downcast_ref(), Some(&"a panic"));
    }
}
