//! What the load balancer's API says: the target is this listener, it forwards
//! to green and to nobody else of the pair, and green's targets are healthy.

use std::time::Duration;

use client::connection::Connection;
use futures_util::future::try_join;

use super::addresses;
use super::routes::Routes;
use super::rules::RuleCheck;
use super::targets::check_health;
use super::words::{Groups, NotGreen};
use crate::deployment::{BlueGreen, Green, ServingListener};
use crate::load_balancer::{Listener, LoadBalancer, Rule};
use crate::time_limit::{Backoff, TimeLimit, Unproven};
use aws::calls::CallError;

/// The pause after the first look, and the longest.
const BACKOFF: Backoff = Backoff::new(Duration::from_millis(250), Duration::from_secs(2));

const HELP: &str = "look at the listener's rules; the hook has to be the deployment's \
                    `AfterAllowTestTraffic`";

/// What AWS has said of the listener.
#[derive(Debug, Default)]
pub(super) struct ListenerProof {
    /// What a reader has to know of it.
    pub(super) notes: Vec<String>,
    /// Where its rules lead requests; absent if they were not to be read.
    pub(super) routes: Option<Routes>,
    /// The name of its load balancer in DNS, likewise.
    pub(super) load_balancer: Option<String>,
}

/// Looks until the listener is as it has to be.
pub(super) async fn prove(
    load_balancer: &LoadBalancer,
    both: &BlueGreen,
    connection: &Connection,
    count_tasks: impl AsyncFn(&Green, TimeLimit) -> Result<Option<usize>, Unproven>,
    limit: TimeLimit,
) -> Result<ListenerProof, Unproven> {
    let name = both.listener.name;
    let arn = expect_listener(&both.listener)?;
    let place = Box::pin(check_target(load_balancer, name, arn, connection, limit));
    let check = RuleCheck::new(both, connection);
    let count = async || count_tasks(&both.green, limit).await;
    let tasks = both.green.running;
    let rules = wait_for_green(load_balancer, arn, check, tasks, count, limit);
    let (dns_name, (rules, notes)) = try_join(place, Box::pin(rules)).await?;
    Ok(ListenerProof {
        notes,
        routes: Some(Routes {
            rules,
            green: both.green.target_group.clone(),
            pair: both.target_groups.clone(),
        }),
        load_balancer: Some(dns_name),
    })
}

/// Looks once more whether the listener still leads to green alone.
pub(super) async fn look_again(
    load_balancer: &LoadBalancer,
    both: &BlueGreen,
    connection: &Connection,
    before: Option<&Routes>,
    limit: TimeLimit,
) -> Result<(), Unproven> {
    let name = both.listener.name;
    let arn = expect_listener(&both.listener)?;
    let rules = load_balancer.rules(arn, limit.until).await;
    let rules = rules.map_err(|error| Unproven {
        reason: format!("after the checks, green could not be looked at again: {error}"),
        help: error.help(),
    })?;
    let check = RuleCheck::new(both, connection);
    if let Err(does) = check.judge(&rules, "") {
        return Err(Unproven::new(
            format!("after the checks, the {name} no longer forwards to green alone: {does}"),
            "find out who moved the listener while the checks ran",
        ));
    }
    // The requests of the checks were held against the rules as they were
    // before, so that other rules may have led some of them elsewhere.
    let host = check.host;
    if before.is_some_and(|before| !before.match_for(host, &rules)) {
        return Err(Unproven::new(
            format!(
                "after the checks, the {name} has other rules for requests to `{host}` than before"
            ),
            "run the deployment again once nobody changes the rules",
        ));
    }
    Ok(())
}

impl<'a> RuleCheck<'a> {
    fn new(both: &'a BlueGreen, connection: &'a Connection) -> Self {
        Self {
            listener: both.listener.name,
            host: connection.target.host(),
            groups: Groups {
                green: &both.green.target_group,
                pair: &both.target_groups,
            },
        }
    }
}

/// Waits until the rules lead to green and its targets are healthy. Returns the
/// rules, and notes for the report.
async fn wait_for_green(
    load_balancer: &LoadBalancer,
    listener: &str,
    check: RuleCheck<'_>,
    mut tasks: usize,
    count_tasks: impl AsyncFn() -> Result<Option<usize>, Unproven>,
    limit: TimeLimit,
) -> Result<(Vec<Rule>, Vec<String>), Unproven> {
    let look = || {
        try_join(
            load_balancer.rules(listener, limit.until),
            load_balancer.targets(check.groups.green, limit.until),
        )
    };
    let mut backoff = BACKOFF;
    let mut last: Option<NotGreen> = None;
    loop {
        let waiting = match look().await {
            Ok((rules, targets)) => match check.judge(&rules, "still ") {
                Err(why) => why,
                Ok(notes) => match check_health(&targets, tasks) {
                    Ok(()) => return Ok((rules, notes)),
                    Err(why) => {
                        // The service may have been made smaller since green
                        // was found, and fewer targets are enough then.
                        if last.is_some() {
                            tasks = count_tasks().await?.unwrap_or(tasks);
                        }
                        why
                    }
                },
            },
            // What was seen before says more than that the time was over.
            Err(error) => match &last {
                Some(last) if error.passes() => last.clone(),
                _ => return Err(limit.explain_failure(&error)),
            },
        };
        let Some(pause) = limit.next_pause(&mut backoff) else {
            return Err(Unproven::new(
                format!("{waiting} after {}", limit.describe_elapsed_time()),
                HELP,
            ));
        };
        if last.as_ref() != Some(&waiting) {
            tracing::info!("waiting: {waiting}");
        }
        last = Some(waiting);
        tokio::time::sleep(pause).await;
    }
}

/// The ARN of the listener that has to serve green.
fn expect_listener(listener: &ServingListener) -> Result<&str, Unproven> {
    listener.arn.as_deref().ok_or_else(|| {
        Unproven::new(
            format!("the deployment group has no {}", listener.name),
            "give the deployment group a test listener, or set `SMOKE_PROOF` to `identity`",
        )
    })
}

/// Green behind one listener proves nothing of another, nor of another load
/// balancer. Returns the load balancer's name in DNS.
async fn check_target(
    load_balancer: &LoadBalancer,
    what: &str,
    listener: &str,
    connection: &Connection,
    limit: TimeLimit,
) -> Result<String, Unproven> {
    let explain = |error: CallError| limit.explain_failure(&error);
    let found = load_balancer.listener(listener, limit.until).await;
    let Some(Listener {
        port,
        load_balancer: arn,
    }) = found.map_err(explain)?
    else {
        return Err(Unproven::without_help(format!(
            "the load balancer does not know the {what}"
        )));
    };
    let (_, dialled) = addresses::dialled_address(connection);
    // A load balancer has one listener a port, so that another port is
    // another listener.
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
    let name = load_balancer.name(&arn, limit.until).await;
    let Some(name) = name.map_err(explain)? else {
        return Err(Unproven::without_help(format!(
            "the load balancer of the {what} has no name"
        )));
    };
    addresses::check_load_balancer(what, &name, connection, limit).await?;
    Ok(name)
}
