//! AWS's APIs, at the moments in which each of them is asked.

use std::time::Duration;

use rehearsal::{ApiFault, VERDICT_OPERATION};

use super::Moment::{self, AskingAws, Reporting, TellingOthers};
use super::{Case, End, FAILED, FETCHES, FOREVER, Lasts, SINKS, SUCCEEDED, Wrong};
use crate::proof_calls::READS;

/// How long the slowest answers take.
const VERY_SLOW: Duration = Duration::from_secs(6);

pub(super) fn aws(cases: &mut Vec<Case>) {
    let mut case = |fault: &str, moment, wrong: &Wrong, expected| {
        super::case(cases, "AWS", fault, moment, wrong, expected);
    };
    let by = Duration::from_millis(300);
    let hangs = ApiFault::Slow { by: FOREVER };
    let (once, twice) = (Lasts::Times(1), Lasts::Times(2));
    // What becomes of it, if a call of the proof meets it, and if the report
    // does. What the gate cannot tell, the watchdog tells: `Failed`.
    for (name, lasts, fault, proof, report) in [
        (
            "throttled twice",
            twice,
            ApiFault::Throttled,
            SUCCEEDED,
            SUCCEEDED,
        ),
        (
            "throttled for good",
            Lasts::Forever,
            ApiFault::Throttled,
            FAILED,
            End::Hour,
        ),
        (
            "throttled for long",
            Lasts::Gate,
            ApiFault::Throttled,
            FAILED,
            FAILED,
        ),
        (
            "500 twice",
            twice,
            ApiFault::ServerError,
            SUCCEEDED,
            SUCCEEDED,
        ),
        (
            "500 for good",
            Lasts::Forever,
            ApiFault::ServerError,
            FAILED,
            End::Hour,
        ),
        (
            "dropped once",
            once,
            ApiFault::ConnectionDropped,
            SUCCEEDED,
            SUCCEEDED,
        ),
        (
            "dropped for good",
            Lasts::Forever,
            ApiFault::ConnectionDropped,
            FAILED,
            End::Hour,
        ),
        (
            "answer lost",
            once,
            ApiFault::AnswerLost,
            SUCCEEDED,
            SUCCEEDED,
        ),
        (
            "garbage once",
            once,
            ApiFault::Garbage,
            SUCCEEDED,
            SUCCEEDED,
        ),
        (
            "garbage for good",
            Lasts::Forever,
            ApiFault::Garbage,
            FAILED,
            End::Hour,
        ),
        ("slow", once, ApiFault::Slow { by }, SUCCEEDED, SUCCEEDED),
        ("hangs once", once, hangs, SUCCEEDED, SUCCEEDED),
        ("hangs for long", Lasts::Gate, hangs, FAILED, FAILED),
        ("hangs for good", Lasts::Forever, hangs, FAILED, End::Hour),
        (
            "access denied",
            once,
            ApiFault::AccessDenied,
            FAILED,
            FAILED,
        ),
        (
            "access denied for good",
            Lasts::Forever,
            ApiFault::AccessDenied,
            FAILED,
            End::Hour,
        ),
        (
            "credentials cold",
            twice,
            ApiFault::UnknownToken,
            SUCCEEDED,
            SUCCEEDED,
        ),
        (
            "credentials unknown",
            Lasts::Gate,
            ApiFault::UnknownToken,
            FAILED,
            FAILED,
        ),
        (
            "credentials expired",
            Lasts::Gate,
            ApiFault::ExpiredToken,
            FAILED,
            FAILED,
        ),
        (
            "signature wrong",
            Lasts::Gate,
            ApiFault::WrongSignature,
            FAILED,
            FAILED,
        ),
    ] {
        for (operation, _) in READS {
            let wrong = Wrong::Aws(operation, lasts, fault);
            case(name, AskingAws, &wrong, proof);
        }
        for (operation, moment) in FETCHES {
            // Nonsense in a check file is not asked for again.
            let expected = match (operation, fault) {
                ("GetObject", ApiFault::Garbage) => FAILED,
                _ => proof,
            };
            let wrong = Wrong::Aws(operation, lasts, fault);
            case(name, moment, &wrong, expected);
        }
        case(
            name,
            Reporting,
            &Wrong::Aws(VERDICT_OPERATION, lasts, fault),
            report,
        );
        for (operation, _) in SINKS {
            // S3 tells with the status alone that an object is kept.
            if fault == ApiFault::Garbage && operation == "PutObject" {
                continue;
            }
            let wrong = Wrong::Aws(operation, lasts, fault);
            case(name, TellingOthers, &wrong, SUCCEEDED);
        }
    }
    for (operation, moment) in FETCHES {
        // Well-formed, and without what was asked for.
        let wrong = Wrong::Aws(operation, once, ApiFault::Empty);
        case("says nothing", moment, &wrong, FAILED);
    }
    let wrong = Wrong::AllOfAws(once, ApiFault::Slow { by });
    case("slow everywhere", AskingAws, &wrong, SUCCEEDED);
    let wrong = Wrong::AllOfAws(once, ApiFault::Throttled);
    case("throttled everywhere", AskingAws, &wrong, SUCCEEDED);
    very_slow(&mut case);
}

/// Each answer takes longer than a call waits for at first.
fn very_slow(case: &mut impl FnMut(&str, Moment, &Wrong, End)) {
    let late = ApiFault::SlowAnswer { by: VERY_SLOW };
    let of = |operation| Wrong::Aws(operation, Lasts::Forever, late);
    for operation in ["GetDeployment", "DescribeRules"] {
        case("6 s an answer", AskingAws, &of(operation), SUCCEEDED);
    }
    for (operation, moment) in FETCHES {
        case("6 s an answer", moment, &of(operation), SUCCEEDED);
    }
    case(
        "6 s an answer",
        Reporting,
        &of(VERDICT_OPERATION),
        SUCCEEDED,
    );
    // Nothing is done for a caller who does not wait.
    let slow = ApiFault::Slow { by: VERY_SLOW };
    let wrong = Wrong::Aws(VERDICT_OPERATION, Lasts::Forever, slow);
    case("6 s a call", Reporting, &wrong, SUCCEEDED);
    // There is no time for a proof of so many calls, and there is for the
    // verdict.
    let wrong = Wrong::AllOfAws(Lasts::Forever, slow);
    case("6 s a call", AskingAws, &wrong, FAILED);
}
