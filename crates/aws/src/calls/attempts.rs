//! The attempts at a call: when one is made again after an error, and when one
//! is made beside another that hangs.
//!
//! An attempt that hangs is not given up for the next one. An AWS that takes
//! six seconds for each answer would otherwise never be heard by somebody who
//! gives each attempt five; and a request that is on its way may be carried
//! out whether its answer is waited for or not.

use std::future::pending;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::time::{Instant, sleep_until};

use super::AttemptError;

/// How long an attempt is waited for before another one begins beside it. With
/// each that hangs it doubles, and it is half of the time that is left at most.
pub const ATTEMPT: Duration = Duration::from_secs(5);
/// The least that an attempt is given; with less left, none is begun.
pub const LEAST: Duration = Duration::from_millis(200);
/// The pause after the first attempt; it doubles from attempt to attempt.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// Makes a call until an attempt succeeds, or until one meets what will not
/// pass, or `until`. At most `most` attempts are under way at the same time.
/// `again` hears of each attempt that another one follows: its number, and why.
///
/// Returns what the call gave, or what the last attempt met, and how many
/// attempts there were.
pub async fn repeat<T, F>(
    until: Instant,
    most: usize,
    mut call: impl FnMut() -> F,
    again: impl Fn(u32, &str),
) -> (Result<T, AttemptError>, u32)
where
    F: Future<Output = Result<T, AttemptError>>,
{
    let begun = Instant::now();
    // Whoever comes late makes one attempt all the same.
    let mut end = until.max(begun + LEAST);
    let mut next = Some(begun);
    let mut under_way = FuturesUnordered::new();
    let mut attempts = 0;
    let (mut refused, mut last) = (None::<AttemptError>, None::<AttemptError>);
    loop {
        let due = async {
            match next {
                Some(next) => sleep_until(next).await,
                None => pending().await,
            }
        };
        tokio::select! {
            biased;
            Some(answer) = under_way.next() => {
                let error: AttemptError = match answer {
                    Ok(answer) => return (Ok(answer), attempts),
                    Err(error) => error,
                };
                let now = Instant::now();
                if error.lasts(begun) {
                    // No further attempt would do better. One that is under
                    // way may have been carried out before.
                    refused.get_or_insert(error);
                    next = None;
                    end = end.min(now + ATTEMPT);
                } else if refused.is_none() {
                    last = Some(error);
                    next = after(pause(attempts, fastrand::f64()), now, until);
                }
                if next.is_none() && under_way.is_empty() {
                    return (Err(refused.or(last).unwrap_or_else(AttemptError::timeout)), attempts);
                }
            }
            () = due => {
                if attempts > 0 {
                    let reason = last.take().map(|error| error.reason);
                    again(attempts, reason.as_deref().unwrap_or("no answer yet"));
                }
                attempts += 1;
                // What the SDK has to remember of a call is large.
                under_way.push(Box::pin(call()));
                next = Some(under_way.len())
                    .filter(|hanging| *hanging < most)
                    .and_then(|hanging| beside(hanging, Instant::now(), until));
            }
            () = sleep_until(end) => {
                return (Err(refused.or(last).unwrap_or_else(AttemptError::timeout)), attempts);
            }
        }
    }
}

/// When an attempt begins after one that failed, if there is time for it.
/// Close to the end, two more attempts are worth more than one pause.
fn after(pause: Duration, now: Instant, until: Instant) -> Option<Instant> {
    let left = until.saturating_duration_since(now);
    (left >= LEAST).then(|| now + pause.min(left / 2))
}

/// When an attempt begins beside those that hang, if there is time for it.
fn beside(hanging: usize, now: Instant, until: Instant) -> Option<Instant> {
    let left = until.saturating_duration_since(now);
    let doubled = u32::try_from(hanging.saturating_sub(1)).unwrap_or(u32::MAX);
    let patience = ATTEMPT.saturating_mul(2_u32.saturating_pow(doubled));
    (left / 2 >= LEAST).then(|| now + patience.min(left / 2))
}

/// The pause after an attempt: doubling, bounded, and somewhere in the upper
/// half, so that functions that were throttled together do not meet again.
fn pause(attempts: u32, jitter: f64) -> Duration {
    let doubled = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(attempts.saturating_sub(1)));
    doubled.min(LONGEST_PAUSE).mul_f64(0.5 + jitter / 2.0)
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use super::*;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// What an attempt does: it answers after a time, or never.
    type Deed = Option<(Duration, Result<&'static str, AttemptError>)>;

    fn throttled() -> AttemptError {
        AttemptError::from_answer(400, "ThrottlingException", "Rate exceeded")
    }

    fn denied() -> AttemptError {
        AttemptError::from_answer(400, "AccessDeniedException", "no")
    }

    /// Lets attempts do these deeds, and then hang. Says what came of it, when,
    /// and when each attempt began.
    async fn run(
        deeds: Vec<Deed>,
        left: Duration,
        most: usize,
    ) -> (Result<&'static str, String>, Duration, Vec<Duration>) {
        let start = Instant::now();
        let (began, deeds) = (RefCell::new(Vec::new()), RefCell::new(deeds.into_iter()));
        let call = || {
            began.borrow_mut().push(start.elapsed());
            let deed = deeds.borrow_mut().next().flatten();
            async {
                match deed {
                    Some((after, answer)) => {
                        tokio::time::sleep(after).await;
                        answer
                    }
                    None => pending().await,
                }
            }
        };
        let told = Cell::new(0);
        let again = |attempt, _: &str| told.set(attempt);
        let (answer, attempts) = repeat(start + left, most, call, again).await;
        let began = began.take();
        assert_eq!(usize::try_from(attempts).unwrap(), began.len());
        assert_eq!(told.get(), attempts - 1);
        (answer.map_err(|error| error.reason), start.elapsed(), began)
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_takes_its_time_is_heard_however_slow_aws_is() {
        for (takes, left) in [(6, 7), (6, 10), (9, 60), (20, 60), (59, 60), (299, 300)] {
            let slow = Some((seconds(takes), Ok("heard")));
            let (answer, took, began) = run(vec![slow; 1000], seconds(left), usize::MAX).await;
            assert_eq!((answer, took), (Ok("heard"), seconds(takes)), "{takes}");
            assert!(began.len() < 16, "{began:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn attempts_that_hang_are_waited_for_longer_and_longer_and_stay_under_way() {
        let (answer, took, began) = run(vec![], seconds(200), usize::MAX).await;
        assert_eq!(answer, Err("no answer in time".to_owned()));
        assert_eq!(took, seconds(200));
        assert_eq!(began[..5], [0, 5, 15, 35, 75].map(seconds));
        // At half of what is left, and then at half of that.
        assert_eq!(began[5], Duration::from_millis(137_500));
        let last = began.last().unwrap();
        assert!(*last + LEAST <= seconds(200), "{began:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn little_time_is_divided_so_that_a_second_attempt_fits() {
        let heard = || Some((Duration::from_millis(10), Ok("heard")));
        for left in [Duration::from_millis(750), seconds(3), seconds(6)] {
            let (answer, took, began) = run(vec![None, heard()], left, usize::MAX).await;
            assert_eq!(answer, Ok("heard"), "{left:?}");
            assert_eq!(began, [Duration::ZERO, left / 2]);
            assert!(took < left);
        }
        let (answer, took, began) = run(vec![], Duration::ZERO, usize::MAX).await;
        assert!(answer.is_err());
        assert_eq!((took, began.len()), (LEAST, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_attempts_than_allowed_are_under_way() {
        let (_, took, began) = run(vec![], seconds(60), 2).await;
        assert_eq!((took, began), (seconds(60), [0, 5].map(seconds).to_vec()));
        // One that ended makes room.
        let fails = Some((seconds(1), Err(throttled())));
        let (_, _, began) = run(vec![None, fails], seconds(60), 2).await;
        assert_eq!(began.len(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_refused_for_good_ends_it_unless_an_attempt_under_way_succeeds() {
        let refused = || Some((Duration::ZERO, Err(denied())));
        let reason = denied().reason;
        let (answer, took, _) = run(vec![refused()], seconds(60), usize::MAX).await;
        assert_eq!((answer, took), (Err(reason.clone()), Duration::ZERO));
        let slow = Some((seconds(7), Ok("heard")));
        let (answer, took, began) = run(vec![slow, refused()], seconds(60), usize::MAX).await;
        assert_eq!((answer, took), (Ok("heard"), seconds(7)));
        assert_eq!(began.len(), 2);
        let (answer, took, began) = run(vec![None, refused()], seconds(60), usize::MAX).await;
        assert_eq!((answer, took), (Err(reason), seconds(10)));
        assert_eq!(began.len(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn what_passes_is_tried_again_beside_what_hangs() {
        let fails = || Some((Duration::ZERO, Err(throttled())));
        let heard = Some((Duration::ZERO, Ok("heard")));
        let deeds = vec![None, fails(), fails(), fails(), heard];
        let (answer, took, began) = run(deeds, seconds(60), usize::MAX).await;
        assert_eq!((answer, began.len()), (Ok("heard"), 5));
        assert!(took < seconds(8), "{took:?}");
    }

    #[test]
    fn pauses_double_up_to_a_bound() {
        let pauses = [1, 2, 3, 6, 7, 40].map(|attempts| pause(attempts, 1.0).as_millis());
        assert_eq!(pauses, [100, 200, 400, 3000, 3000, 3000]);
        assert_eq!(pause(1, 0.0), FIRST_PAUSE / 2);
    }
}
