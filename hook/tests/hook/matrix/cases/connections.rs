//! Connections that end between two answers, and requests with which nothing
//! was done: no reason to fail, for curl and browsers ask again.

use rehearsal::Fault;

use super::Moment::{AmidChecks, AskingTheApp, FirstCheck, Teardown};
use super::{Case, FAILED, SUCCEEDED, Wrong};

pub(super) fn connections(cases: &mut Vec<Case>) {
    let mut case = |fault: &str, moment, wrong: &Wrong, expected| {
        super::case(cases, "connection", fault, moment, wrong, expected);
    };
    for moment in [AskingTheApp, FirstCheck, AmidChecks, Teardown] {
        let wrong = Wrong::Network(Fault::CloseAfter { answers: 1 });
        case("ends after an answer", moment, &wrong, SUCCEEDED);
    }
    for moment in [AskingTheApp, FirstCheck, Teardown] {
        let wrong = Wrong::Times(Fault::RefusedStream, 3);
        case("streams refused", moment, &wrong, SUCCEEDED);
    }
    for moment in [AskingTheApp, FirstCheck] {
        let wrong = Wrong::Network(Fault::GoAway { requests: 1 });
        case("GOAWAY", moment, &wrong, SUCCEEDED);
    }
    for moment in [AskingTheApp, FirstCheck] {
        let wrong = Wrong::Network(Fault::RefusedStream);
        case("streams refused for good", moment, &wrong, FAILED);
    }
    // It has begun, so that nobody knows what was done.
    let half = |answers| Wrong::OverHttp1(Fault::HalfHead { answers });
    for moment in [AskingTheApp, FirstCheck, AmidChecks] {
        case("half a head", moment, &half(0), FAILED);
    }
    case("half a head", Teardown, &half(0), SUCCEEDED);
    let name = "half a head, when used again";
    case(name, FirstCheck, &half(1), FAILED);
}
