//! The cases: what goes wrong, when, and what CodeDeploy has to be told.

mod answers;
mod aws;
mod balancer;
mod connections;
mod lambda;
pub(super) mod lines;

use std::time::Duration;

use rehearsal::{ApiFault, Fault, TargetHealth, Verdict, Weights, WrongCertificate};

use super::line::Line;

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

use Moment::{AmidChecks, AskingTheApp, FetchingChecks, FetchingValues, FirstCheck, Teardown};

/// How it has to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// CodeDeploy has this verdict.
    Told(Verdict),
    /// CodeDeploy has a verdict, and no answer of blue was judged if it is
    /// `Succeeded`.
    NotByBlue,
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

impl Lasts {
    /// How many calls meet it.
    pub(super) fn times(self) -> usize {
        match self {
            Self::Times(times) => times,
            Self::Gate | Self::Forever => 10_000,
        }
    }
}

/// What goes wrong.
#[derive(Clone, Debug)]
pub(super) enum Wrong {
    Network(Fault),
    /// The same, on a listener that speaks HTTP/1.1 alone.
    OverHttp1(Fault),
    /// Many requests at once meet it.
    AmongMany(Fault),
    /// So many requests meet it, and no more.
    Times(Fault, u64),
    /// A node that missed the last change of the weights serves some of the
    /// requests, which only read, until it has given so many answers.
    Mixed(Fault, Option<u64>),
    /// It serves the first request of the checks, which may not be repeated.
    PostToBlue,
    /// An answer is nested as deeply, in this form, and its check fails.
    Deep(Form, usize),
    /// The load balancer's name resolves to nothing.
    NoName,
    /// The listener forwards like this instead.
    Forwards(Weights),
    /// The listener flips this late.
    FlipsLate(Duration),
    /// One node in so many serves what it served before.
    StaleNode(u64),
    /// The same, until two requests have reached blue.
    StaleNodeAtFirst,
    /// Of several addresses, each with a node of its own, this one serves what
    /// it served before.
    StaleAddress(u8),
    /// A rule before the default one leads to blue.
    RuleToBlue,
    Targets(&'static [TargetHealth]),
    /// This operation meets a fault of AWS.
    Aws(&'static str, Lasts, ApiFault),
    /// Every operation of the proof and the report does, so often.
    AllOfAws(Lasts, ApiFault),
    /// The way to these services of AWS, as in `AWS_ENDPOINT_URL_…`.
    Line(Line, &'static [&'static str], Lasts),
    /// The app repeats what it is sent, and the checks say that it must not.
    Echo,
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

/// What an answer is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Objects, with a schema that refers to itself in several ways.
    Schema,
    /// Lists, with a path that searches all levels.
    Path,
    Html,
    Xml,
}

/// When an event comes again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Again {
    /// While the first delivery is at work, at the moment of the case. Where
    /// the log tells of that moment, it does so in a line with this text.
    Meanwhile(Option<&'static str>),
    /// After its end.
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

    /// What the log says when the moment of a signal, or of another delivery,
    /// has come.
    pub(super) fn line(&self) -> Option<&'static str> {
        match self {
            Self::Signal(_, line) => Some(line),
            Self::Twice(Again::Meanwhile(line)) => *line,
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
        let (operation, lasts, fault) = match self.wrong {
            Wrong::Aws(operation, lasts, fault) => (operation, lasts, fault),
            Wrong::Line(_, services, _) => {
                let service = if sink == "reports" { "S3" } else { "SNS" };
                return !services.contains(&service);
            }
            _ => return true,
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
    connections::connections(&mut cases);
    lines::lines(&mut cases);
    balancer::load_balancer(&mut cases);
    aws::aws(&mut cases);
    lambda::lambda(&mut cases);
    answers::answers(&mut cases);
    case(
        &mut cases,
        "app",
        "repeats it all",
        FirstCheck,
        &Wrong::Echo,
        FAILED,
    );
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
        // What meets new connections only, meets a check that opens one.
        case(name, AmidChecks, &wrong, FAILED);
        if on_open_connections {
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
