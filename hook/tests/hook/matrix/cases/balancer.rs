//! The load balancer, at the moments in which the gate depends on it.

use std::time::Duration;

use rehearsal::{Fault, TargetHealth, Weights};

use super::Moment::{AmidChecks, AskingAws, AskingTheApp, FirstCheck, Teardown};
use super::{Case, End, FAILED, FOREVER, SUCCEEDED, Wrong};

pub(super) fn load_balancer(cases: &mut Vec<Case>) {
    let mut case = |fault: &str, moment, wrong: &Wrong, expected| {
        super::case(cases, "load balancer", fault, moment, wrong, expected);
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
    // Where AWS is not asked, the app itself says so, or the checks do.
    for (name, wrong) in [
        ("stays on blue", forwards(1, 0)),
        ("mixed weights", forwards(90, 10)),
        ("serves nobody", forwards(0, 0)),
        ("flips too late", Wrong::FlipsLate(FOREVER)),
    ] {
        for moment in [AskingAws, AskingTheApp, FirstCheck] {
            case(name, moment, &wrong, FAILED);
        }
    }
    for (name, wrong) in [
        ("goes back to blue", forwards(1, 0)),
        ("mixed weights", forwards(90, 10)),
        ("serves nobody", forwards(0, 0)),
        ("no targets", Wrong::Targets(&[])),
    ] {
        case(name, AmidChecks, &wrong, FAILED);
    }
    // All checks have passed, and what they tested was perhaps not green.
    for (name, wrong) in [
        ("goes back to blue", forwards(1, 0)),
        ("mixed weights", forwards(90, 10)),
    ] {
        case(name, Teardown, &wrong, FAILED);
    }
    let late = Wrong::FlipsLate(Duration::from_millis(600));
    for moment in [AskingAws, AskingTheApp] {
        case("flips late", moment, &late, SUCCEEDED);
    }
    for (name, wrong, expected) in [
        ("a rule to blue", Wrong::RuleToBlue, FAILED),
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
    // AWS says green, and not all that serves has heard of it.
    case("one node blue", AskingTheApp, &Wrong::StaleNode(2), FAILED);
    let late = Wrong::StaleNodeAtFirst;
    case("a node follows late", AskingTheApp, &late, SUCCEEDED);
    for moment in [AskingTheApp, FirstCheck, AmidChecks] {
        case("all nodes blue", moment, &Wrong::StaleNode(1), FAILED);
    }
    for one_in in [3, 5, 20] {
        let wrong = Wrong::Mixed(Fault::StaleByLot { one_in, seed: 7 }, None);
        let name = format!("1 request in {one_in} blue");
        case(&name, FirstCheck, &wrong, End::NotByBlue);
    }
    // The first three ask for the identity, the next is of a check.
    for (name, times) in [("one answer blue", 1), ("a node follows later", 3)] {
        let wrong = Wrong::Mixed(Fault::StaleRequest { one_in: 4 }, Some(times));
        case(name, FirstCheck, &wrong, SUCCEEDED);
    }
    case("a POST to blue", FirstCheck, &Wrong::PostToBlue, FAILED);
    for last in 1..=3 {
        let wrong = Wrong::StaleAddress(last);
        case("one address blue", AskingTheApp, &wrong, FAILED);
    }
}
