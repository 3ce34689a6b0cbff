//! The cases: what goes wrong, when, and what CodeDeploy has to be told.

use std::time::Duration;

use rehearsal::{ApiFault, Fault, TargetHealth, VERDICT, Verdict, Weights, WrongCertificate};

use crate::proof_calls::READS;

/// How long something that hangs would hang.
pub(super) const FOREVER: Duration = Duration::from_mins(10);

/// When the fault is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Moment {
    /// While AWS is asked what is deployed, or who the listener forwards to.
    AskingAws,
    /// While the app is asked which version it is.
    AskingTheApp,
    /// From the first check on.
    FirstCheck,
    /// Between two steps of a check.
    AmidChecks,
    /// While CodeDeploy is told.
    Reporting,
}

use Moment::{AmidChecks, AskingAws, AskingTheApp, FirstCheck, Reporting};

/// What goes wrong.
#[derive(Clone, Debug)]
pub(super) enum Wrong {
    Network(Fault),
    /// The load balancer's name resolves to nothing.
    NoName,
    /// The listener forwards like this instead.
    Forwards(Weights),
    /// The listener flips this late.
    FlipsLate(Duration),
    /// One node serves what it served before.
    StaleNode,
    /// A rule before the default one leads to blue.
    RuleToBlue,
    Targets(&'static [TargetHealth]),
    Aws(&'static str, usize, ApiFault),
    /// The process gets this signal when its log has a line with this text.
    Signal(&'static str, &'static str),
    /// The event is delivered twice, one after the other or at once.
    Twice {
        at_once: bool,
    },
    /// The function's time limit is this short, and green does not answer.
    OutOfTime(Duration),
}

#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) of: &'static str,
    pub(super) fault: String,
    pub(super) moment: Moment,
    pub(super) wrong: Wrong,
    pub(super) expected: Verdict,
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut case = |of, fault: &str, moment, wrong: &Wrong, expected| {
        cases.push(Case {
            of,
            fault: fault.to_owned(),
            moment,
            wrong: wrong.clone(),
            expected,
        });
    };
    let (succeeded, failed) = (Verdict::Succeeded, Verdict::Failed);

    let every = Duration::from_millis(50);
    for (name, fault, on_open_connections) in [
        ("refused", Fault::Refuse, true),
        ("reset on accept", Fault::ResetOnAccept, false),
        ("reset on request", Fault::ResetOnRequest, true),
        ("black hole", Fault::BlackHole, false),
        ("no answer", Fault::NoAnswer, true),
        ("drip", Fault::Drip { every }, true),
        ("endless body", Fault::EndlessBody, true),
        ("huge body", Fault::HugeBody { mebibytes: 4 }, true),
        ("short body", Fault::ShortBody, true),
        ("TLS broken", Fault::BrokenTls, false),
        (
            "certificate expired",
            Fault::Certificate(WrongCertificate::Expired),
            false,
        ),
        (
            "certificate of another",
            Fault::Certificate(WrongCertificate::OtherName),
            false,
        ),
        (
            "certificate of nobody",
            Fault::Certificate(WrongCertificate::UnknownIssuer),
            false,
        ),
    ] {
        let wrong = Wrong::Network(fault);
        case("network", name, AskingTheApp, &wrong, failed);
        case("network", name, FirstCheck, &wrong, failed);
        if on_open_connections {
            case("network", name, AmidChecks, &wrong, failed);
        }
    }
    let slow = Wrong::Network(Fault::Slow {
        by: Duration::from_millis(100),
    });
    for moment in [AskingTheApp, FirstCheck, AmidChecks] {
        case("network", "slow", moment, &slow, succeeded);
    }
    for moment in [AskingTheApp, FirstCheck] {
        case("network", "DNS gone", moment, &Wrong::NoName, failed);
    }

    for status in [500, 502, 503, 504] {
        let wrong = Wrong::Network(Fault::Status(status));
        for moment in [AskingTheApp, FirstCheck, AmidChecks] {
            let name = format!("answers {status}");
            case("load balancer", &name, moment, &wrong, failed);
        }
    }
    let forwards = |blue, green| Wrong::Forwards(Weights { blue, green });
    for (name, wrong, expected) in [
        ("stays on blue", forwards(1, 0), failed),
        ("mixed weights", forwards(90, 10), failed),
        ("serves nobody", forwards(0, 0), failed),
        ("a rule to blue", Wrong::RuleToBlue, failed),
        (
            "flips late",
            Wrong::FlipsLate(Duration::from_millis(600)),
            succeeded,
        ),
        ("flips too late", Wrong::FlipsLate(FOREVER), failed),
        ("no targets", Wrong::Targets(&[]), failed),
        (
            "unhealthy target",
            Wrong::Targets(&[TargetHealth::Healthy, TargetHealth::Unhealthy]),
            failed,
        ),
        (
            "target not ready",
            Wrong::Targets(&[TargetHealth::Initial]),
            failed,
        ),
        (
            "target leaves",
            Wrong::Targets(&[TargetHealth::Healthy, TargetHealth::Draining]),
            succeeded,
        ),
    ] {
        case("load balancer", name, AskingAws, &wrong, expected);
    }
    let stale = &Wrong::StaleNode;
    case(
        "load balancer",
        "one address blue",
        AskingTheApp,
        stale,
        failed,
    );

    let by = Duration::from_millis(300);
    for (name, times, fault, expected) in [
        ("throttled twice", 2, ApiFault::Throttled, succeeded),
        ("500 twice", 2, ApiFault::ServerError, succeeded),
        ("dropped once", 1, ApiFault::ConnectionDropped, succeeded),
        ("answer lost", 1, ApiFault::AnswerLost, succeeded),
        ("garbage once", 1, ApiFault::Garbage, succeeded),
        ("slow", 1, ApiFault::Slow { by }, succeeded),
        ("access denied", 1, ApiFault::AccessDenied, failed),
        ("credentials expired", 1, ApiFault::ExpiredToken, failed),
    ] {
        for (operation, _) in READS {
            let wrong = Wrong::Aws(operation, times, fault);
            case("AWS", name, AskingAws, &wrong, expected);
        }
        // What cannot be told at first is told by the watchdog: `Failed`.
        let wrong = Wrong::Aws(VERDICT, times, fault);
        case("AWS", name, Reporting, &wrong, expected);
    }
    // A proof has less time than one call that hangs; a report has more.
    let hangs = ApiFault::Slow { by: FOREVER };
    for (operation, _) in READS {
        let wrong = Wrong::Aws(operation, 1, hangs);
        case("AWS", "hangs", AskingAws, &wrong, failed);
    }
    let wrong = Wrong::Aws(VERDICT, 1, hangs);
    case("AWS", "hangs", Reporting, &wrong, succeeded);
    for (operation, _) in READS {
        let wrong = Wrong::Aws(operation, 1000, ApiFault::Throttled);
        case("AWS", "throttled for good", AskingAws, &wrong, failed);
    }

    for (name, signal) in [("killed", "-KILL"), ("frozen", "-STOP")] {
        for (moment, line) in [
            (AskingAws, "Greenlight "),
            (AskingTheApp, "waiting for green"),
            (FirstCheck, "running "),
            (Reporting, "Succeeded: "),
        ] {
            case("Lambda", name, moment, &Wrong::Signal(signal, line), failed);
        }
    }
    let short = Wrong::OutOfTime(Duration::from_millis(1500));
    for moment in [AskingAws, AskingTheApp, FirstCheck] {
        case("Lambda", "out of time", moment, &short, failed);
    }
    for (name, at_once) in [("delivered twice", false), ("twice at once", true)] {
        let wrong = Wrong::Twice { at_once };
        case("Lambda", name, Reporting, &wrong, succeeded);
    }
    cases
}
