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
    /// While the check files are fetched from S3.
    FetchingChecks,
    /// While the values are fetched that they name.
    FetchingValues,
    /// While the app is asked which version it is.
    AskingTheApp,
    /// From the first check on.
    FirstCheck,
    /// Between two steps of a check.
    AmidChecks,
    /// After the checks, while the file's teardown runs.
    Teardown,
    /// While CodeDeploy is told.
    Reporting,
    /// After it was told, while S3 and SNS are.
    TellingOthers,
}

use Moment::{
    AmidChecks, AskingAws, AskingTheApp, FetchingChecks, FetchingValues, FirstCheck, Reporting,
    Teardown, TellingOthers,
};

/// How it has to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// CodeDeploy has this verdict.
    Told(Verdict),
    /// Nobody can tell CodeDeploy, which gives up after its hour; the function
    /// and the watchdog end in errors.
    Hour,
}

/// For how long a fault of AWS is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lasts {
    Times(usize),
    /// Until the gate has ended; the watchdog runs after it.
    Gate,
    Forever,
}

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
    /// This operation meets a fault of AWS.
    Aws(&'static str, Lasts, ApiFault),
    /// Every operation does, once.
    AllOfAws(ApiFault),
    /// The process gets this signal when its log has a line with this text.
    Signal(&'static str, &'static str),
    /// The event is delivered twice.
    Twice(Again),
    /// The event began so long ago that this is left of CodeDeploy's hour, and
    /// something hangs.
    Late(Duration),
    /// Many answers at once are larger than the function's memory.
    OutOfMemory,
    /// The function's time limit is this short, and green does not answer.
    OutOfTime(Duration),
}

/// When an event comes again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Again {
    /// While the first delivery is at work.
    AtOnce,
    /// After its report.
    Then,
    /// After CodeDeploy has gone on.
    Late,
}

#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) of: &'static str,
    pub(super) fault: String,
    pub(super) moment: Moment,
    pub(super) wrong: Wrong,
    pub(super) expected: End,
}

impl Wrong {
    pub(super) fn is_out_of_memory(&self) -> bool {
        matches!(self, Self::OutOfMemory)
    }

    /// What the log says when the moment of a signal has come.
    pub(super) fn line(&self) -> Option<&'static str> {
        match self {
            Self::Signal(_, line) => Some(line),
            _ => None,
        }
    }
}

impl Case {
    pub(super) fn succeeds(&self) -> bool {
        self.expected == SUCCEEDED
    }

    /// Whether a sink gets in the end what it should.
    pub(super) fn reaches(&self, sink: &str) -> bool {
        let Wrong::Aws(operation, lasts, fault) = self.wrong else {
            return true;
        };
        let passes = matches!(lasts, Lasts::Times(_)) && fault != ApiFault::AccessDenied;
        passes || !SINKS.contains(&(operation, sink))
    }
}

/// What is fetched before the checks, and when.
pub(super) const FETCHES: [(&str, Moment); 4] = [
    ("ListObjectsV2", FetchingChecks),
    ("GetObject", FetchingChecks),
    ("GetSecretValue", FetchingValues),
    ("GetParameters", FetchingValues),
];

/// Who else is told: the operation, and the sink as the function names it.
pub(super) const SINKS: [(&str, &str); 2] = [("PutObject", "reports"), ("Publish", "notification")];

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    network(&mut cases);
    load_balancer(&mut cases);
    aws(&mut cases);
    lambda(&mut cases);
    cases
}

const SUCCEEDED: End = End::Told(Verdict::Succeeded);
const FAILED: End = End::Told(Verdict::Failed);

fn case(
    cases: &mut Vec<Case>,
    of: &'static str,
    fault: &str,
    moment: Moment,
    wrong: &Wrong,
    expected: End,
) {
    cases.push(Case {
        of,
        fault: fault.to_owned(),
        moment,
        wrong: wrong.clone(),
        expected,
    });
}

fn network(cases: &mut Vec<Case>) {
    let mut case = |fault: &str, moment, wrong: &Wrong, expected| {
        case(cases, "network", fault, moment, wrong, expected);
    };
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
        case(name, AskingTheApp, &wrong, FAILED);
        case(name, FirstCheck, &wrong, FAILED);
        if on_open_connections {
            case(name, AmidChecks, &wrong, FAILED);
            // The checks have passed, and the teardown has no say.
            case(name, Teardown, &wrong, SUCCEEDED);
        }
    }
    let slow = Wrong::Network(Fault::Slow {
        by: Duration::from_millis(100),
    });
    for moment in [AskingTheApp, FirstCheck, AmidChecks, Teardown] {
        case("slow", moment, &slow, SUCCEEDED);
    }
    for moment in [AskingTheApp, FirstCheck] {
        case("DNS gone", moment, &Wrong::NoName, FAILED);
    }
}

fn load_balancer(cases: &mut Vec<Case>) {
    let mut case = |fault: &str, moment, wrong: &Wrong, expected| {
        case(cases, "load balancer", fault, moment, wrong, expected);
    };
    for status in [500, 502, 503, 504] {
        let wrong = Wrong::Network(Fault::Status(status));
        let name = format!("answers {status}");
        for moment in [AskingTheApp, FirstCheck, AmidChecks] {
            case(&name, moment, &wrong, FAILED);
        }
        case(&name, Teardown, &wrong, SUCCEEDED);
    }
    let forwards = |blue, green| Wrong::Forwards(Weights { blue, green });
    for (name, wrong, expected) in [
        ("stays on blue", forwards(1, 0), FAILED),
        ("mixed weights", forwards(90, 10), FAILED),
        ("serves nobody", forwards(0, 0), FAILED),
        ("a rule to blue", Wrong::RuleToBlue, FAILED),
        (
            "flips late",
            Wrong::FlipsLate(Duration::from_millis(600)),
            SUCCEEDED,
        ),
        ("flips too late", Wrong::FlipsLate(FOREVER), FAILED),
        ("no targets", Wrong::Targets(&[]), FAILED),
        (
            "unhealthy target",
            Wrong::Targets(&[TargetHealth::Healthy, TargetHealth::Unhealthy]),
            FAILED,
        ),
        (
            "target not ready",
            Wrong::Targets(&[TargetHealth::Initial]),
            FAILED,
        ),
        (
            "target leaves",
            Wrong::Targets(&[TargetHealth::Healthy, TargetHealth::Draining]),
            SUCCEEDED,
        ),
    ] {
        case(name, AskingAws, &wrong, expected);
    }
    case("one node blue", AskingTheApp, &Wrong::StaleNode, FAILED);
}

fn aws(cases: &mut Vec<Case>) {
    let mut case = |fault: &str, moment, wrong: &Wrong, expected| {
        case(cases, "AWS", fault, moment, wrong, expected);
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
        // A proof has less time here than one call that hangs; a report more.
        ("hangs once", once, hangs, FAILED, SUCCEEDED),
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
            // Nonsense in a check file is not asked for again, and one call
            // that hangs leaves time for another.
            let expected = match (operation, fault) {
                ("GetObject", ApiFault::Garbage) => FAILED,
                (_, ApiFault::Slow { .. }) => SUCCEEDED,
                _ => proof,
            };
            let wrong = Wrong::Aws(operation, lasts, fault);
            case(name, moment, &wrong, expected);
        }
        case(name, Reporting, &Wrong::Aws(VERDICT, lasts, fault), report);
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
    let wrong = Wrong::AllOfAws(ApiFault::Slow { by });
    case("slow everywhere", AskingAws, &wrong, SUCCEEDED);
    let wrong = Wrong::AllOfAws(ApiFault::Throttled);
    case("throttled everywhere", AskingAws, &wrong, SUCCEEDED);
}

fn lambda(cases: &mut Vec<Case>) {
    let mut case = |fault: &str, moment, wrong: &Wrong, expected| {
        case(cases, "Lambda", fault, moment, wrong, expected);
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
    for (name, again) in [
        ("delivered twice", Again::Then),
        ("twice at once", Again::AtOnce),
        ("again much later", Again::Late),
    ] {
        case(name, Reporting, &Wrong::Twice(again), SUCCEEDED);
    }
}
