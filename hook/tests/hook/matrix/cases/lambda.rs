//! Lambda, and how it delivers events, at each moment of a run.

use std::time::Duration;

use super::Moment::{
    AmidChecks, AskingAws, AskingTheApp, FetchingChecks, FetchingValues, FirstCheck, Reporting,
    Teardown, TellingOthers,
};
use super::{Again, Case, End, FAILED, SUCCEEDED, Wrong};

pub(super) fn lambda(cases: &mut Vec<Case>) {
    let mut case = |fault: &str, moment, wrong: &Wrong, expected| {
        super::case(cases, "Lambda", fault, moment, wrong, expected);
    };
    for (name, signal) in [("killed", "-KILL"), ("frozen", "-STOP")] {
        for (moment, line) in [
            (AskingAws, "Greenlight "),
            (FetchingChecks, "s3:ListBucket"),
            (FetchingValues, "secretsmanager:GetSecretValue"),
            (AskingTheApp, "waiting for green"),
            (FirstCheck, "running "),
            (Teardown, "passed: a customer sees orders"),
            (Reporting, "Succeeded: "),
        ] {
            case(name, moment, &Wrong::Signal(signal, line), FAILED);
        }
        let wrong = Wrong::Signal(signal, "s3:PutObject");
        case(name, TellingOthers, &wrong, SUCCEEDED);
    }
    for moment in [FirstCheck, AmidChecks] {
        case("out of memory", moment, &Wrong::OutOfMemory, FAILED);
    }
    let seconds = Duration::from_secs;
    let (short, late) = (Wrong::OutOfTime(seconds(2)), Wrong::Late(seconds(4)));
    for (name, wrong) in [("out of time", short), ("late in the hour", late)] {
        for moment in [
            AskingAws,
            FetchingChecks,
            FetchingValues,
            AskingTheApp,
            FirstCheck,
        ] {
            case(name, moment, &wrong, FAILED);
        }
    }
    // There has to be time for the checks, and none for what hangs then.
    let (short, late) = (Wrong::OutOfTime(seconds(6)), Wrong::Late(seconds(6)));
    for (name, wrong) in [("out of time", short), ("late in the hour", late)] {
        case(name, AmidChecks, &wrong, FAILED);
        case(name, Teardown, &wrong, SUCCEEDED);
    }
    let over = Wrong::Late(Duration::ZERO);
    case("after the hour", AskingAws, &over, End::Hour);
    for (moment, line) in [
        (AskingAws, Some("Greenlight ")),
        (FetchingChecks, Some("s3:ListBucket")),
        (FetchingValues, Some("secretsmanager:GetSecretValue")),
        (AskingTheApp, Some("waiting for green")),
        (FirstCheck, Some("running ")),
        (AmidChecks, None),
        (Teardown, Some("passed: a customer sees orders")),
        (Reporting, Some("Succeeded: ")),
        (TellingOthers, Some("s3:PutObject")),
    ] {
        let wrong = Wrong::Twice(Again::Meanwhile(line));
        case("delivered twice", moment, &wrong, SUCCEEDED);
    }
    for (name, again) in [
        ("again at the end", Again::Then),
        ("again much later", Again::Late),
    ] {
        case(name, TellingOthers, &Wrong::Twice(again), SUCCEEDED);
    }
}
