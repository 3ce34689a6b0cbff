//! What a plan would run, without running it.

use std::fmt;
use std::time::Duration;

use super::{PlannedCheck, worst_case};
use diagnostic::Place;
use diagnostic::units::human_duration;
use report::Role;
use report::Severity;

/// One check, setup or teardown of a plan.
#[derive(Debug, Clone)]
pub struct PlanEntry {
    /// The check's name, with that of its row.
    pub name: String,
    /// Where it is written.
    pub place: Place,
    /// The tags to select it by.
    pub tags: Vec<String>,
    /// Whether its failure leaves the verdict as it is.
    pub warns: bool,
    /// Whether it is a check, or what runs around the checks of a file.
    pub role: Role,
    /// Why it would not run, if it would not.
    pub skip_reason: Option<String>,
    /// The longest that it may take.
    pub longest: Duration,
}

impl PlanEntry {
    /// The entry of a check of a plan.
    pub(super) fn from_planned(planned: &PlannedCheck) -> Self {
        Self {
            name: planned.name.clone(),
            place: Place {
                source: planned.source.clone(),
                span: planned.check.span,
            },
            tags: planned.check.tags.clone(),
            warns: planned.severity == Severity::Warn,
            role: planned.role,
            skip_reason: planned.remark.clone().filter(|_| !planned.runs),
            longest: worst_case::longest_planned(planned),
        }
    }
}

/// `file:line:column: name [tags], at the longest`, on one line.
impl fmt::Display for PlanEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.name)?;
        if !self.tags.is_empty() {
            write!(f, " [{}]", self.tags.join(", "))?;
        }
        if let Some(reason) = &self.skip_reason {
            return write!(f, ", skipped: {reason}");
        }
        write!(f, ", {} at the longest", human_duration(self.longest))?;
        if self.warns && self.role == Role::Check {
            write!(f, ", warns")?;
        }
        Ok(())
    }
}
