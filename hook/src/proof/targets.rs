//! How green's targets are.

use std::collections::BTreeMap;

use super::words::{NotGreen, join_with_and};
use crate::load_balancer::TargetHealth;

/// Whether all targets are healthy, and as many as there are tasks; else how
/// they are.
///
/// Those on their way out do not count. One that is being registered beside
/// enough healthy ones belongs to a service that grows: nobody waits for it.
pub(super) fn check_health(targets: &[TargetHealth], tasks: usize) -> Result<(), NotGreen> {
    let mut staying = 0;
    let mut healthy = 0;
    let mut bad = 0;
    let mut states: BTreeMap<String, usize> = BTreeMap::new();
    for target in targets {
        match target.state.as_str() {
            // A target that is leaving gets no new requests.
            "draining" | "unhealthy.draining" => continue,
            "healthy" => healthy += 1,
            other => {
                // A target that is being registered is no sign of trouble.
                bad += usize::from(other != "initial");
                let state = match &target.reason {
                    Some(reason) => format!("{other} ({reason})"),
                    None => other.to_owned(),
                };
                *states.entry(state).or_default() += 1;
            }
        }
        staying += 1;
    }
    if staying == 0 {
        return Err(NotGreen::new("green's target group has no targets"));
    }
    // ECS may count no task yet, and green needs a healthy target all the
    // same.
    if bad == 0 && healthy >= tasks.max(1) {
        return Ok(());
    }
    let missing = tasks.saturating_sub(staying);
    if missing > 0 {
        states.insert("not registered".to_owned(), missing);
    }
    let all = staying + missing;
    let states = states.iter().map(|(state, n)| format!("{n} {state}"));
    Err(NotGreen::new(format!(
        "{healthy} of {all} targets of green are healthy: {}",
        join_with_and(states)
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_targets_that_stay_have_to_be_healthy_and_enough() {
        let check = |states: &[&str], tasks: usize, expected: &str| {
            let targets: Vec<_> = states
                .iter()
                .map(|state| TargetHealth {
                    state: (*state).to_owned(),
                    reason: None,
                })
                .collect();
            let found = check_health(&targets, tasks);
            let found = found.err().map_or(String::new(), |it| it.to_string());
            assert_eq!(found, expected, "{states:?}");
        };
        check(&["healthy"], 1, "");
        check(&["healthy", "draining"], 1, "");
        check(&[], 0, "green's target group has no targets");
        check(&["draining"], 1, "green's target group has no targets");
        check(
            &["healthy", "initial", "unhealthy", "unhealthy"],
            2,
            "1 of 4 targets of green are healthy: 1 initial and 2 unhealthy",
        );
        // A task that is not yet there, and one too many.
        check(
            &["healthy"],
            3,
            "1 of 3 targets of green are healthy: 2 not registered",
        );
        check(&["healthy", "healthy"], 1, "");
        // A service that grows.
        check(&["healthy", "healthy", "initial"], 2, "");
        check(
            &["healthy", "initial"],
            2,
            "1 of 2 targets of green are healthy: 1 initial",
        );
        check(
            &["initial"],
            0,
            "0 of 1 targets of green are healthy: 1 initial",
        );
    }
}
