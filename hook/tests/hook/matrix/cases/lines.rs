//! The network between the gate and AWS, at the moments in which it is used.

use super::Moment::{AskingAws, FetchingChecks, FetchingValues, Reporting, TellingOthers};
use super::{Case, End, FAILED, Lasts, SUCCEEDED, Wrong, case};
use crate::matrix::line::Line;

const ECS: &[&str] = &["ECS"];
const ELB: &[&str] = &["ELASTIC_LOAD_BALANCING_V2"];
const S3: &[&str] = &["S3"];
const SNS: &[&str] = &["SNS"];
const SECRETS: &[&str] = &["SECRETS_MANAGER"];
const PARAMETERS: &[&str] = &["SSM"];
/// Which reads and reports.
pub(in crate::matrix) const CODEDEPLOY: &[&str] = &["CODEDEPLOY"];

pub(super) fn lines(cases: &mut Vec<Case>) {
    use Lasts::{Forever, Gate};
    for (name, line) in Line::ALL {
        for (moment, services, lasts, expected) in [
            (AskingAws, ECS, Forever, FAILED),
            (AskingAws, ELB, Forever, FAILED),
            // The gate can neither prove nor tell; the watchdog tells.
            (AskingAws, CODEDEPLOY, Gate, FAILED),
            (FetchingChecks, S3, Forever, FAILED),
            (FetchingValues, SECRETS, Forever, FAILED),
            (FetchingValues, PARAMETERS, Forever, FAILED),
            (Reporting, CODEDEPLOY, Gate, FAILED),
            (Reporting, CODEDEPLOY, Forever, End::Hour),
            (TellingOthers, S3, Forever, SUCCEEDED),
            (TellingOthers, SNS, Forever, SUCCEEDED),
        ] {
            let wrong = Wrong::Line(line, services, lasts);
            case(cases, "network to AWS", name, moment, &wrong, expected);
        }
    }
}
