//! What the load balancer's API says: the target is this listener, it forwards
//! to green and to nobody else of the pair, and green's targets are healthy.

use std::time::Duration;

use client::connection::Connection;
use futures_util::future::try_join;

use super::facts::{Facts, Green};
use super::routes::Routes;
use super::rules::Asked;
use super::targets::healthy;
use super::words::Groups;
use super::{Bound, Clients, Pauses, Unproven, dialled};
use crate::load_balancer::{Listener, LoadBalancer, Rule};
use aws::calls::CallError;

/// The pause after the first look, and the longest.
const PAUSES: Pauses = Pauses::new(Duration::from_millis(250), Duration::from_secs(2));

const HELP: &str = "look at the listener's rules; the hook has to be the deployment's \
                    `AfterAllowTestTraffic`";

/// What AWS has said of the listener.
#[derive(Debug, Default)]
pub(crate) struct Proven {
    /// What a reader has to know of it.
    pub(crate) notes: Vec<String>,
    /// Where its rules lead requests; absent if they were not to be read.
    pub(crate) routes: Option<Routes>,
    /// The name of its load balancer in DNS, likewise.
    pub(super) load_balancer: Option<String>,
}

/// Looks until the listener is as it has to be.
pub(super) async fn prove(
    clients: &Clients,
    facts: &Facts,
    green: &Green,
    connection: &Connection,
    bound: Bound,
) -> Result<Proven, Unproven> {
    let (what, listener) = listener(facts)?;
    let load_balancer = &clients.load_balancer;
    let place = Box::pin(is_the_target(
        load_balancer,
        what,
        listener,
        connection,
        bound,
    ));
    let asked = asked(what, facts, green, connection);
    let leads = Box::pin(leads_to_green(clients, listener, asked, green, bound));
    let (name, (rules, notes)) = try_join(place, leads).await?;
    let routes = Routes {
        rules,
        green: green.target_group.clone(),
        pair: facts.deployment.target_groups.clone(),
    };
    Ok(Proven {
        notes,
        routes: Some(routes),
        load_balancer: Some(name),
    })
}

/// Looks once more whether the listener still leads to green alone.
pub(super) async fn again(
    load_balancer: &LoadBalancer,
    facts: &Facts,
    green: &Green,
    connection: &Connection,
    before: Option<&Routes>,
    bound: Bound,
) -> Result<(), Unproven> {
    let (what, listener) = listener(facts)?;
    let rules = load_balancer.rules(listener, bound.until).await;
    let rules = rules.map_err(|error| Unproven {
        reason: format!("after the checks, green could not be looked at again: {error}"),
        help: error.help(),
    })?;
    let asked = asked(what, facts, green, connection);
    if let Err(does) = asked.judge(&rules, "") {
        return Err(Unproven::new(
            format!("after the checks, the {what} no longer forwards to green alone: {does}"),
            "find out who moved the listener while the checks ran",
        ));
    }
    // The requests were held against the rules as they were before.
    let host = asked.host;
    if before.is_some_and(|before| !before.are_for(host, &rules)) {
        return Err(Unproven::new(
            format!(
                "after the checks, the {what} has other rules for requests to `{host}` than before"
            ),
            "run the deployment again once nobody changes the rules",
        ));
    }
    Ok(())
}

fn asked<'a>(
    what: &'a str,
    facts: &'a Facts,
    green: &'a Green,
    connection: &'a Connection,
) -> Asked<'a> {
    Asked {
        what,
        host: connection.target.host(),
        groups: Groups {
            green: &green.target_group,
            pair: &facts.deployment.target_groups,
        },
    }
}

/// Waits until the rules lead to green and its targets are healthy. Returns the
/// rules, and notes for the report.
async fn leads_to_green(
    clients: &Clients,
    listener: &str,
    asked: Asked<'_>,
    green: &Green,
    bound: Bound,
) -> Result<(Vec<Rule>, Vec<String>), Unproven> {
    let load_balancer = &clients.load_balancer;
    let look = || {
        try_join(
            load_balancer.rules(listener, bound.until),
            load_balancer.targets(&green.target_group, bound.until),
        )
    };
    let mut tasks = green.set.running;
    let mut pauses = PAUSES;
    let mut said = String::new();
    loop {
        let waiting = match look().await {
            Ok((rules, targets)) => match asked.judge(&rules, "still ") {
                Err(why) => why,
                Ok(notes) => match healthy(&targets, tasks) {
                    Ok(()) => return Ok((rules, notes)),
                    Err(why) => {
                        // The service may have been made smaller meanwhile.
                        if !said.is_empty() {
                            let now = green.tasks(&clients.ecs, bound).await?;
                            tasks = now.unwrap_or(tasks);
                        }
                        why
                    }
                },
            },
            // What was seen before says more than that the time was over.
            Err(error) if error.passes() && !said.is_empty() => said.clone(),
            Err(error) => return Err(bound.failed(&error)),
        };
        let Some(pause) = bound.pause(&mut pauses) else {
            return Err(Unproven::new(
                format!("{waiting} after {}", bound.elapsed()),
                HELP,
            ));
        };
        if waiting != said {
            tracing::info!("waiting: {waiting}");
            said = waiting;
        }
        tokio::time::sleep(pause).await;
    }
}

/// The listener that has to serve green during this lifecycle event.
fn listener(facts: &Facts) -> Result<(&'static str, &str), Unproven> {
    let event = facts.lifecycle_event.as_deref().unwrap_or_default();
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

/// Green behind one listener proves nothing of another, nor of another load
/// balancer. Returns the load balancer's name in DNS.
async fn is_the_target(
    load_balancer: &LoadBalancer,
    what: &str,
    listener: &str,
    connection: &Connection,
    bound: Bound,
) -> Result<String, Unproven> {
    let failed = |error: CallError| bound.failed(&error);
    let found = load_balancer.listener(listener, bound.until).await;
    let Some(Listener {
        port,
        load_balancer: arn,
    }) = found.map_err(failed)?
    else {
        return Err(Unproven {
            reason: format!("the load balancer does not know the {what}"),
            help: None,
        });
    };
    let (_, dialled) = dialled::dialled(connection);
    if dialled != port {
        return Err(Unproven::new(
            format!(
                "the target `{}` is reached on port {dialled}, and the {what} has port {port}",
                connection.target
            ),
            "set `SMOKE_TARGET` to the listener, or `SMOKE_PROOF` to `identity` if something \
             stands before it",
        ));
    }
    let name = load_balancer.name(&arn, bound.until).await;
    let Some(name) = name.map_err(failed)? else {
        return Err(Unproven {
            reason: format!("the load balancer of the {what} has no name"),
            help: None,
        });
    };
    dialled::is_load_balancer(what, &name, connection, bound).await?;
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lifecycle_event_says_which_listener_has_to_serve_green() {
        let check = |event: Option<&str>, expected: &str| {
            let mut facts = Facts {
                lifecycle_event: event.map(str::to_owned),
                ..Facts::default()
            };
            facts.deployment.test_listener = Some("test".to_owned());
            facts.deployment.production_listener = Some("production".to_owned());
            let found = listener(&facts).map(|(_, listener)| listener);
            assert_eq!(found, Ok(expected));
        };
        check(Some("AfterAllowTestTraffic"), "test");
        check(Some("BeforeAllowTraffic"), "test");
        check(Some("AfterAllowTraffic"), "production");
        check(None, "test");
        let none = listener(&Facts::default()).unwrap_err();
        assert_eq!(none.reason, "the deployment group has no test listener");
    }
}
