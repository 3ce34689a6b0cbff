//! Connections that end between two answers, and requests with which nothing
//! was done: no reason to fail, for curl and browsers ask again.

use rehearsal::Fault;

use super::Moment::{AmidChecks, AskingTheApp, FirstCheck, Teardown};
use super::{Case, FAILED, SUCCEEDED, Wrong};

pub(super) fn connections(cases: &mut Vec<Case>) {
    let mut case = |fault: &str, moment, wrong: &Wrong, expected| {
        super::case(cases, "connection", fault, moment, wrong, expected);
    };
    let everywhere = [AskingTheApp, FirstCheck, AmidChecks, Teardown];
    for (name, fault) in [
        ("ends after an answer", Fault::CloseAfter { answers: 1 }),
        ("ends when used again", Fault::CloseOnReuse { answers: 1 }),
        ("reset when used again", Fault::ResetOnReuse { answers: 1 }),
    ] {
        for moment in everywhere {
            case(name, moment, &Wrong::Network(fault), SUCCEEDED);
            let name = format!("{name}, HTTP/1.1");
            case(&name, moment, &Wrong::OverHttp1(fault), SUCCEEDED);
        }
    }
    for moment in everywhere {
        let wrong = Wrong::Times(Fault::RefusedStream, 3);
        case("streams refused", moment, &wrong, SUCCEEDED);
    }
    for moment in [AskingTheApp, FirstCheck] {
        let wrong = Wrong::Network(Fault::GoAway { requests: 1 });
        case("GOAWAY", moment, &wrong, SUCCEEDED);
    }
    for requests in [10, 40] {
        let wrong = Wrong::AmongMany(Fault::GoAway { requests });
        case("GOAWAY among many", FirstCheck, &wrong, SUCCEEDED);
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
