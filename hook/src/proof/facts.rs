//! What AWS knows of a deployment, asked in as few calls as possible, and at
//! the same time where one does not need the other.

use std::time::{Duration, SystemTime};

use futures_util::future::{join, try_join};
use serde_json::{Map, Value};

use super::versions::Versions;
use super::{Bound, Clients, Pauses, Unproven};
use crate::codedeploy::{Deployment, Waiting};
use crate::deadlines::Closing;
use crate::ecs::{Ecs, TaskSet};
use aws::calls::CallError;

/// The pause between two looks whether a hook is waited for.
const PAUSE: Pauses = Pauses::new(Duration::from_millis(500), Duration::from_millis(500));
/// The first pause between two looks for the green task set, and the longest.
const PAUSES: Pauses = Pauses::new(Duration::from_millis(500), Duration::from_secs(4));

/// How long CodeDeploy waits for a verdict on a lifecycle event.
///
/// Source: [CodeDeploy quotas](https://docs.aws.amazon.com/codedeploy/latest/userguide/limits.html).
const HOUR: Duration = Duration::from_hours(1);
/// How often it is looked whether a hook is waited for, before it is taken
/// for certain that none is.
const LOOKS: u32 = 3;

/// A deployment.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    pub(super) id: String,
    pub(super) deployment: Deployment,
    /// Such as `AfterAllowTestTraffic`.
    pub(super) lifecycle_event: Option<String>,
    /// Absent if the deployment is one of the Lambda platform.
    pub(super) green: Option<Green>,
}

/// The new version, and the one that it is to replace.
#[derive(Debug, Clone, Default)]
pub(super) struct Green {
    /// `cluster:service`.
    pub(super) service: String,
    /// The task set that the deployment made.
    pub(super) set: TaskSet,
    /// The ARN of its target group.
    pub(super) target_group: String,
    /// The task set beside it.
    pub(super) blue: Option<TaskSet>,
}

/// Asks for them, and lets the invocation end within CodeDeploy's hour. What
/// the deployment is called is told as soon as it is `heard`.
pub(super) async fn learn(
    clients: &Clients,
    id: String,
    bound: Bound,
    closing: &Closing,
    heard: impl Fn(Map<String, Value>),
) -> Result<Facts, Unproven> {
    let failed = |error: CallError| bound.failed(&error);
    let codedeploy = &clients.codedeploy;
    let deployment = async {
        let deployment = codedeploy.deployment(&id, bound.until).await?;
        let facts = Facts {
            id: id.clone(),
            deployment,
            ..Facts::default()
        };
        heard(facts.context(None));
        Ok(facts)
    };
    let target = codedeploy.target(&id, bound.until);
    // One that fails does not end the other: what is known is told.
    let (facts, target) = join(deployment, target).await;
    let (mut facts, target) = (facts.map_err(failed)?, target.map_err(failed)?);
    if let Some(status) = &facts.deployment.over {
        return Err(Unproven {
            reason: format!("the deployment is over: its status is `{status}`"),
            help: None,
        });
    }
    let Some(target) = target else {
        return Err(Unproven {
            reason: "CodeDeploy names no service of the deployment".to_owned(),
            help: None,
        });
    };
    let waiting = waiting(clients, &facts.id, &target, bound, closing);
    if facts.deployment.is_lambda {
        facts.lifecycle_event = waiting.await?;
        return Ok(facts);
    }
    let waiting = async {
        let event = waiting.await?;
        is_reachable(event.as_deref())?;
        Ok(event)
    };
    let green = green(clients, &facts, target.clone(), bound);
    let (event, green) = try_join(waiting, green).await?;
    facts.lifecycle_event = event;
    facts.green = Some(green);
    Ok(facts)
}

/// Before the test listener moves nobody can reach green, on whichever way.
fn is_reachable(event: Option<&str>) -> Result<(), Unproven> {
    match event {
        Some(event @ ("BeforeInstall" | "AfterInstall")) => Err(Unproven::new(
            format!("the hook runs in `{event}`, before the test listener serves green"),
            "name the function as the hook `AfterAllowTestTraffic`",
        )),
        _ => Ok(()),
    }
}

/// The lifecycle event whose hook this is, as far as CodeDeploy says it. An
/// event that comes again may come when nobody waits any more.
async fn waiting(
    clients: &Clients,
    id: &str,
    target: &str,
    bound: Bound,
    closing: &Closing,
) -> Result<Option<String>, Unproven> {
    let over = |reason: String| Unproven { reason, help: None };
    let (mut looks, mut pauses) = (0, PAUSE);
    loop {
        looks += 1;
        let lifecycle = clients.codedeploy.lifecycle(id, target, bound.until).await;
        let lifecycle = lifecycle.map_err(|error| bound.failed(&error))?;
        if let Some(waiting) = lifecycle.waiting {
            let left = left(&waiting, SystemTime::now()).map_err(over)?;
            if let Some(left) = left {
                closing.within(left);
            }
            return Ok(Some(waiting.event));
        }
        let Some(next) = lifecycle.gone_on_to else {
            return Ok(None);
        };
        // CodeDeploy may show a moment late that the event has begun.
        let pause = bound.pause(&mut pauses).filter(|_| looks < LOOKS);
        let Some(pause) = pause else {
            return Err(over(format!(
                "CodeDeploy waits for no hook: the deployment has gone on to {next}"
            )));
        };
        tokio::time::sleep(pause).await;
    }
}

/// What is left of CodeDeploy's hour, if it is known when it began.
fn left(waiting: &Waiting, now: SystemTime) -> Result<Option<Duration>, String> {
    let Some(since) = waiting.since else {
        return Ok(None);
    };
    // A clock that is behind CodeDeploy's makes no hour longer.
    let passed = now.duration_since(since).unwrap_or_default();
    match HOUR.checked_sub(passed) {
        Some(left) if !left.is_zero() => Ok(Some(left)),
        _ => Err(format!(
            "`{}` began {} min ago, and CodeDeploy waits for an hour",
            waiting.event,
            passed.as_secs() / 60
        )),
    }
}

/// ECS may learn of the task set later than CodeDeploy says so.
async fn green(
    clients: &Clients,
    facts: &Facts,
    service: String,
    bound: Bound,
) -> Result<Green, Unproven> {
    let (mut pauses, mut has_looked) = (PAUSES, false);
    loop {
        match task_sets(&clients.ecs, &service, bound).await {
            Ok(sets) => {
                let sets = known(sets, &service)?;
                if let Some(green) = Green::among(sets, &facts.id, &service)? {
                    return Ok(green);
                }
            }
            // What was seen before says more than that the time was over.
            Err(error) if error.passes() && has_looked => {}
            Err(error) => return Err(bound.failed(&error)),
        }
        has_looked = true;
        let Some(pause) = bound.pause(&mut pauses) else {
            return Err(facts.no_task_set(&service, bound));
        };
        tokio::time::sleep(pause).await;
    }
}

/// The task sets of `cluster:service`; `None` if there is no such service.
async fn task_sets(
    ecs: &Ecs,
    service: &str,
    bound: Bound,
) -> Result<Option<Vec<TaskSet>>, CallError> {
    let (cluster, service) = parts(service);
    ecs.task_sets(cluster, service, bound.until).await
}

fn known(sets: Option<Vec<TaskSet>>, service: &str) -> Result<Vec<TaskSet>, Unproven> {
    let (cluster, service) = parts(service);
    sets.ok_or_else(|| Unproven {
        reason: format!("ECS knows no service `{service}` in the cluster `{cluster}`"),
        help: None,
    })
}

/// Cluster and service.
fn parts(service: &str) -> (&str, &str) {
    service.split_once(':').unwrap_or(("default", service))
}

impl Green {
    /// The task set of a deployment, and the one that serves customers so far.
    fn among(sets: Vec<TaskSet>, id: &str, service: &str) -> Result<Option<Self>, Unproven> {
        let of_deployment = |set: &TaskSet| set.deployment_id.as_deref() == Some(id);
        let (green, others): (Vec<_>, Vec<_>) = sets.into_iter().partition(of_deployment);
        let Some(set) = green.into_iter().next() else {
            return Ok(None);
        };
        let over = |reason: String| Unproven { reason, help: None };
        if set.status == "DRAINING" {
            return Err(over(format!(
                "the task set `{}` of the deployment is being taken away: its status is `DRAINING`",
                set.id
            )));
        }
        let Some(target_group) = set.target_group.clone() else {
            return Err(over(format!(
                "the task set `{}` has no target group",
                set.id
            )));
        };
        let mut others: Vec<_> = others
            .into_iter()
            .filter(|set| set.status != "DRAINING")
            .collect();
        others.sort_by_key(|set| set.status != "PRIMARY");
        Ok(Some(Self {
            service: service.to_owned(),
            set,
            target_group,
            blue: others.into_iter().next(),
        }))
    }

    /// How many of its tasks run now; `None` if ECS does not say it in time.
    pub(super) async fn tasks(&self, ecs: &Ecs, bound: Bound) -> Result<Option<usize>, Unproven> {
        let sets = match task_sets(ecs, &self.service, bound).await {
            Ok(sets) => known(sets, &self.service)?,
            Err(error) if error.passes() => return Ok(None),
            Err(error) => return Err(bound.failed(&error)),
        };
        let id = self.set.deployment_id.as_deref().unwrap_or_default();
        let now = Self::among(sets, id, &self.service)?;
        Ok(Some(now.map_or(0, |now| now.set.running)))
    }
}

impl Facts {
    /// Why there is nothing to prove.
    fn no_task_set(&self, service: &str, bound: Bound) -> Unproven {
        let service = service.replacen(':', "/", 1);
        let (id, after) = (&self.id, bound.elapsed());
        match &self.deployment.rolls_back {
            Some(failed) => Unproven::new(
                format!(
                    "{id} rolls {failed} back, and made no task set in `{service}` within {after}"
                ),
                "a rollback to blue deploys nothing new: let it go on in CodeDeploy without this \
                 hook",
            ),
            None => Unproven::new(
                format!("ECS knows no task set of {id} in `{service}` after {after}"),
                "use the function as a hook that runs after `Install`",
            ),
        }
    }

    /// What check files see; what is not known is not there.
    pub(super) fn context(&self, versions: Option<&Versions>) -> Map<String, Value> {
        let green = self.green.as_ref();
        let version = versions.map(|versions| &versions.green);
        let members = [
            ("id", Some(self.id.as_str())),
            ("lifecycle_event", self.lifecycle_event.as_deref()),
            (
                "image",
                version.and_then(|version| version.image.as_deref()),
            ),
            ("tag", version.and_then(|version| version.tag())),
            ("digest", version.and_then(|version| version.digest())),
            (
                "task_definition",
                green.map(|green| green.set.task_definition.as_str()),
            ),
            (
                "target_group",
                green.map(|green| green.target_group.as_str()),
            ),
        ];
        let known = members
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)));
        known
            .chain(self.deployment.members())
            .map(|(name, value)| (name.to_owned(), Value::from(value)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_is_counted_from_the_beginning_of_the_event() {
        let now = SystemTime::now();
        let minute = Duration::from_mins(1);
        let check = |since: Option<SystemTime>, expected: Result<Option<Duration>, &str>| {
            let waiting = Waiting {
                event: "AfterAllowTestTraffic".to_owned(),
                since,
            };
            assert_eq!(left(&waiting, now), expected.map_err(str::to_owned));
        };
        check(None, Ok(None));
        check(Some(now), Ok(Some(HOUR)));
        check(Some(now + minute), Ok(Some(HOUR)));
        check(Some(now - 59 * minute), Ok(Some(minute)));
        let over = "`AfterAllowTestTraffic` began 60 min ago, and CodeDeploy waits for an hour";
        check(Some(now - HOUR), Err(over));
    }
}
