//! What the load balancer's API says: the listener forwards to green and to
//! nobody else of the pair, and all targets of green are healthy.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::{join, try_join};
use smoke_tests::settings::Connection;

use super::facts::{Facts, Green};
use super::{Bound, Unproven};
use crate::load_balancer::{LoadBalancer, Rule, TargetHealth};
use aws::calls::LEAST;

/// The pause after the first look; it doubles up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

const HELP: &str = "look at the listener's rules; the hook has to be the deployment's \
                    `AfterAllowTestTraffic`";

/// Looks until the listener is as it has to be.
pub(super) async fn prove(
    load_balancer: &LoadBalancer,
    facts: &Facts,
    green: &Green,
    connection: &Connection,
    bound: Bound,
) -> Result<(), Unproven> {
    let (what, listener) = listener(facts)?;
    let look = || {
        try_join(
            load_balancer.rules(listener, bound.until),
            load_balancer.targets(&green.target_group, bound.until),
        )
    };
    let (port, first) = join(load_balancer.port(listener, bound.until), look()).await;
    let port = port.map_err(|error| bound.failed(&error))?;
    is_the_target(what, port, connection)?;
    let mut seen = first;
    let mut pause = FIRST_PAUSE;
    let mut said = String::new();
    loop {
        let waiting = match seen {
            Ok((rules, targets)) => {
                forwards_to_green(what, &rules, green, &facts.deployment.target_groups)
                    .and_then(|()| healthy(&targets))
            }
            // What was seen before says more than that the time was over.
            Err(error) if error.passes() && !said.is_empty() => Err(said.clone()),
            Err(error) => return Err(bound.failed(&error)),
        };
        let Err(waiting) = waiting else {
            return Ok(());
        };
        if !bound.allows(pause + LEAST) {
            return Err(Unproven::new(
                format!("{waiting} after {}", bound.elapsed()),
                HELP,
            ));
        }
        if waiting != said {
            tracing::info!("waiting: {waiting}");
            said = waiting;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
        seen = look().await;
    }
}

/// The listener that has to serve green during this lifecycle event.
fn listener(facts: &Facts) -> Result<(&'static str, &str), Unproven> {
    let event = facts.lifecycle_event.as_deref().unwrap_or_default();
    if matches!(event, "BeforeInstall" | "AfterInstall") {
        return Err(Unproven::new(
            format!("the hook runs in `{event}`, before the test listener serves green"),
            "name the function as the hook `AfterAllowTestTraffic`",
        ));
    }
    let (what, listener) = if event == "AfterAllowTraffic" {
        ("production listener", &facts.deployment.production_listener)
    } else {
        ("test listener", &facts.deployment.test_listener)
    };
    match listener {
        Some(listener) => Ok((what, listener)),
        None => Err(Unproven::new(
            format!("the deployment group has no {what}"),
            "give the deployment group a test listener, or set `SMOKE_PROOF` to `identity`",
        )),
    }
}

/// Green behind one listener proves nothing of another.
fn is_the_target(what: &str, port: Option<u16>, connection: &Connection) -> Result<(), Unproven> {
    let address = connection.connect_to.as_ref();
    let dialled = address
        .and_then(smoke_tests::target::Address::port)
        .unwrap_or(connection.target.port());
    match port {
        Some(port) if port == dialled => Ok(()),
        None => Err(Unproven {
            reason: format!("the load balancer does not know the {what}"),
            help: None,
        }),
        Some(port) => Err(Unproven::new(
            format!(
                "the target `{}` is reached on port {dialled}, and the {what} has port {port}",
                connection.target
            ),
            "set `SMOKE_TARGET` to the listener, or `SMOKE_PROOF` to `identity` if something \
             stands before it",
        )),
    }
}

/// Whether the rules forward to green, and to nobody else of the pair; else
/// what they do.
fn forwards_to_green(
    what: &str,
    rules: &[Rule],
    green: &Green,
    pair: &[String],
) -> Result<(), String> {
    let mut shares: BTreeMap<&str, u32> = BTreeMap::new();
    for rule in rules {
        let holds_green = rule
            .forwards
            .iter()
            .any(|(arn, weight)| *arn == green.target_group && *weight > 0);
        for (arn, weight) in rule.forwards.iter().filter(|(_, weight)| *weight > 0) {
            let concerns = holds_green || rule.is_default || pair.iter().any(|it| it == name(arn));
            if concerns {
                let share = shares.entry(arn).or_default();
                *share = (*share).max(*weight);
            }
        }
    }
    let to_green = shares.remove(green.target_group.as_str());
    // A default rule may lead elsewhere if another one leads to green.
    let others: Vec<(&str, u32)> = shares
        .into_iter()
        .map(|(arn, it)| (name(arn), it))
        .collect();
    match (to_green, others.as_slice()) {
        (Some(_), []) => Ok(()),
        (None, []) => Err(format!("the {what} forwards to nobody")),
        (None, others) => Err(format!(
            "the {what} still forwards to {}",
            list(others.iter().map(|(name, _)| named(name, pair)))
        )),
        (Some(weight), others) => Err(format!(
            "the {what} forwards to green with weight {weight} and still to {}",
            list(
                others
                    .iter()
                    .map(|(name, weight)| format!("{} with weight {weight}", named(name, pair)))
            )
        )),
    }
}

/// The other one of the pair is blue.
fn named(name: &str, pair: &[String]) -> String {
    if pair.iter().any(|it| it == name) {
        format!("blue (`{name}`)")
    } else {
        format!("`{name}`")
    }
}

/// The name in the ARN of a target group: `…:targetgroup/NAME/ID`.
fn name(arn: &str) -> &str {
    arn.split('/').nth(1).unwrap_or(arn)
}

fn list(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(" and ")
}

/// Whether there are targets and all of them are healthy, but for those that
/// are on their way out; else how they are.
fn healthy(targets: &[TargetHealth]) -> Result<(), String> {
    let staying = targets
        .iter()
        .filter(|target| !matches!(target.state.as_str(), "draining" | "unhealthy.draining"));
    let mut states: BTreeMap<String, usize> = BTreeMap::new();
    let mut count = 0;
    for target in staying {
        count += 1;
        if target.state != "healthy" {
            let state = match &target.reason {
                Some(reason) => format!("{} ({reason})", target.state),
                None => target.state.clone(),
            };
            *states.entry(state).or_default() += 1;
        }
    }
    if count == 0 {
        return Err("green's target group has no targets".to_owned());
    }
    if states.is_empty() {
        return Ok(());
    }
    let states = states.iter().map(|(state, n)| format!("{n} {state}"));
    Err(format!(
        "of {count} targets of green not all are healthy: {}",
        list(states)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lifecycle_event_says_which_listener_has_to_serve_green() {
        let check = |event: Option<&str>, expected: Result<&str, &str>| {
            let mut facts = Facts {
                lifecycle_event: event.map(str::to_owned),
                ..Facts::default()
            };
            facts.deployment.test_listener = Some("test".to_owned());
            facts.deployment.production_listener = Some("production".to_owned());
            let found = listener(&facts).map(|(_, listener)| listener);
            let expected = expected.map_err(str::to_owned);
            assert_eq!(found.map_err(|unproven| unproven.reason), expected);
        };
        check(Some("AfterAllowTestTraffic"), Ok("test"));
        check(Some("BeforeAllowTraffic"), Ok("test"));
        check(Some("AfterAllowTraffic"), Ok("production"));
        check(None, Ok("test"));
        let early = "the hook runs in `AfterInstall`, before the test listener serves green";
        check(Some("AfterInstall"), Err(early));
        let none = listener(&Facts::default()).unwrap_err();
        assert_eq!(none.reason, "the deployment group has no test listener");
    }

    const GREEN: &str = "arn:aws:elasticloadbalancing:r:1:targetgroup/shop-green/1";
    const BLUE: &str = "arn:aws:elasticloadbalancing:r:1:targetgroup/shop-blue/2";
    const OTHER: &str = "arn:aws:elasticloadbalancing:r:1:targetgroup/blog/3";

    type Forwards<'a> = &'a [(&'a str, u32)];

    /// The default rule, then the others.
    #[track_caller]
    fn check(rules: &[Forwards<'_>], expected: &str) {
        let rules: Vec<Rule> = (0..)
            .zip(rules)
            .map(|(number, forwards)| Rule {
                is_default: number == 0,
                forwards: forwards
                    .iter()
                    .map(|(arn, weight)| ((*arn).to_owned(), *weight))
                    .collect(),
            })
            .collect();
        let green = Green {
            target_group: GREEN.to_owned(),
            ..Green::default()
        };
        let pair = ["shop-blue".to_owned(), "shop-green".to_owned()];
        let found = forwards_to_green("test listener", &rules, &green, &pair);
        assert_eq!(found.err().unwrap_or_default(), expected);
    }

    #[test]
    fn only_a_listener_that_forwards_to_green_alone_will_do() {
        check(&[&[(GREEN, 1)]], "");
        check(&[&[(GREEN, 100), (BLUE, 0)]], "");
        check(
            &[&[(GREEN, 0), (BLUE, 100)]],
            "the test listener still forwards to blue (`shop-blue`)",
        );
        check(
            &[&[(GREEN, 10), (BLUE, 90)]],
            "the test listener forwards to green with weight 10 and still to blue (`shop-blue`) with weight 90",
        );
        check(&[&[]], "the test listener forwards to nobody");
        check(&[], "the test listener forwards to nobody");
        check(
            &[&[(GREEN, 0), (BLUE, 0)]],
            "the test listener forwards to nobody",
        );
    }

    #[test]
    fn a_rule_that_leads_to_blue_is_found_and_one_of_another_service_is_not_minded() {
        check(
            &[&[(GREEN, 1)], &[(BLUE, 1)]],
            "the test listener forwards to green with weight 1 and still to blue (`shop-blue`) with weight 1",
        );
        check(&[&[(GREEN, 1)], &[(OTHER, 1)]], "");
        check(&[&[], &[(GREEN, 1)]], "");
        check(
            &[&[(OTHER, 1)]],
            "the test listener still forwards to `blog`",
        );
    }

    #[test]
    fn all_targets_that_stay_have_to_be_healthy() {
        let check = |states: &[&str], expected: &str| {
            let targets: Vec<_> = states
                .iter()
                .map(|state| TargetHealth {
                    state: (*state).to_owned(),
                    reason: None,
                })
                .collect();
            let found = healthy(&targets).err().unwrap_or_default();
            assert_eq!(found, expected, "{states:?}");
        };
        check(&["healthy"], "");
        check(&["healthy", "draining"], "");
        check(&[], "green's target group has no targets");
        check(&["draining"], "green's target group has no targets");
        check(
            &["healthy", "initial", "unhealthy", "unhealthy"],
            "of 4 targets of green not all are healthy: 1 initial and 2 unhealthy",
        );
    }
}
