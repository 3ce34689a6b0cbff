//! Learning of a deployment of CodeDeploy: deployment → service → green task
//! set → target group, in as few calls as possible, and at the same time where
//! one does not need the other.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws::Access;
use aws::calls::CallError;
use futures_util::future::{join, try_join};

use super::deployments::{DeploymentRecord, Deployments, Waiting};
use crate::deployment::{BlueGreen, Deployment, Green, RunningVersion, ServingListener};
use crate::ecs::{Ecs, TaskSet};
use crate::findings::Recorder;
use crate::time_limit::{Backoff, TimeLimit, Unproven};

/// The pause between two looks whether a hook is waited for.
const HOOK_BACKOFF: Backoff = Backoff::new(Duration::from_millis(500), Duration::from_millis(500));
/// The first pause between two looks for the green task set, and the longest.
const TASK_SET_BACKOFF: Backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(4));

/// How long CodeDeploy waits for a verdict on a lifecycle event.
///
/// Source: [CodeDeploy quotas](https://docs.aws.amazon.com/codedeploy/latest/userguide/limits.html).
const HOUR: Duration = Duration::from_hours(1);
/// How often it is looked whether a hook is waited for, before it is taken
/// for certain that none is.
const LOOKS: u32 = 3;

/// Learns what CodeDeploy deploys.
#[derive(Debug)]
pub(crate) struct Learner {
    codedeploy: Deployments,
    ecs: Arc<Ecs>,
}

impl Learner {
    pub(crate) fn new(access: &Access, ecs: Arc<Ecs>) -> Self {
        Self {
            codedeploy: Deployments::new(access),
            ecs,
        }
    }

    /// Learns what is deployed, and records what it is called and how much of
    /// CodeDeploy's hour is left.
    ///
    /// # Errors
    /// Why that cannot be known, or why nobody waits for a verdict.
    pub(crate) async fn learn(
        &self,
        id: &str,
        limit: TimeLimit,
        recorder: &Recorder,
    ) -> Result<Deployment, Unproven> {
        recorder.record_deployment([("id", id)]);
        let record = async {
            let record = self.codedeploy.deployment(id, limit.until).await?;
            recorder.record_deployment(record.members());
            Ok(record)
        };
        let target = self.codedeploy.target(id, limit.until);
        // A call that fails does not end the other, so that what the other
        // learns is recorded for the report on the failure.
        let (record, target) = join(record, target).await;
        let explain = |error: CallError| limit.explain_failure(&error);
        let (record, target) = (record.map_err(explain)?, target.map_err(explain)?);
        if let Some(status) = &record.over {
            return Err(Unproven::without_help(format!(
                "the deployment is over: its status is `{status}`"
            )));
        }
        let Some(target) = target else {
            return Err(Unproven::without_help(
                "CodeDeploy names no service of the deployment",
            ));
        };
        let event = async {
            let event = self
                .find_waiting_event(id, &target, limit, recorder)
                .await?;
            let event = event.as_deref();
            recorder.record_deployment(event.map(|event| ("lifecycle_event", event)));
            Ok(event.map(str::to_owned))
        };
        // A deployment of Lambda has no task sets to look for.
        if record.is_lambda {
            // The event is looked for all the same: nobody may wait any more.
            event.await?;
            return Ok(Deployment::WithoutListener);
        }
        let event = async {
            let event = event.await?;
            check_reachable(event.as_deref())?;
            Ok(event)
        };
        let versions = self.wait_for_green(id, &record, &target, limit);
        let (event, (green, blue)) = try_join(event, versions).await?;
        recorder.record_deployment([
            ("task_definition", green.version.task_definition.as_str()),
            ("target_group", green.target_group.as_str()),
        ]);
        Ok(Deployment::BlueGreen(Box::new(BlueGreen {
            listener: choose_listener(event.as_deref(), &record),
            target_groups: record.target_groups,
            green,
            blue,
        })))
    }

    /// How many of green's tasks run now; `None` if ECS does not say it in time.
    ///
    /// # Errors
    /// Why green is not there any more.
    pub(crate) async fn count_tasks(
        &self,
        green: &Green,
        limit: TimeLimit,
    ) -> Result<Option<usize>, Unproven> {
        let sets = match self.list_task_sets(&green.service, limit).await {
            Ok(sets) => expect_service(sets, &green.service)?,
            // The count of before will do; targets that are missing are
            // waited for.
            Err(error) if error.passes() => return Ok(None),
            Err(error) => return Err(limit.explain_failure(&error)),
        };
        let is_green = |set: &TaskSet| set.id == green.task_set;
        let now = split_versions(sets, is_green, &green.service)?;
        Ok(Some(now.map_or(0, |(now, _)| now.running)))
    }

    /// The lifecycle event whose hook this is, as far as CodeDeploy says it. An
    /// event that comes again may come when nobody waits any more.
    async fn find_waiting_event(
        &self,
        id: &str,
        target: &str,
        limit: TimeLimit,
        recorder: &Recorder,
    ) -> Result<Option<String>, Unproven> {
        let (mut looks, mut backoff) = (0, HOOK_BACKOFF);
        loop {
            looks += 1;
            let lifecycle = self.codedeploy.lifecycle(id, target, limit.until).await;
            let lifecycle = lifecycle.map_err(|error| limit.explain_failure(&error))?;
            if let Some(waiting) = lifecycle.waiting {
                // CodeDeploy knows when the hour began, and Lambda may have
                // queued the event since.
                if let Some(left) = remaining_hour(&waiting, SystemTime::now())? {
                    recorder.shorten_deadlines(left);
                }
                return Ok(Some(waiting.event));
            }
            let Some(next) = lifecycle.gone_on_to else {
                return Ok(None);
            };
            // CodeDeploy may show a moment late that the event has begun.
            let pause = limit.next_pause(&mut backoff).filter(|_| looks < LOOKS);
            let Some(pause) = pause else {
                return Err(Unproven::without_help(format!(
                    "CodeDeploy waits for no hook: the deployment has gone on to {next}"
                )));
            };
            tokio::time::sleep(pause).await;
        }
    }

    /// Green, and blue if there is one. ECS may learn of the task set later
    /// than CodeDeploy says that it is installed.
    async fn wait_for_green(
        &self,
        id: &str,
        record: &DeploymentRecord,
        service: &str,
        limit: TimeLimit,
    ) -> Result<(Green, Option<RunningVersion>), Unproven> {
        let (mut backoff, mut has_looked) = (TASK_SET_BACKOFF, false);
        let is_green = |set: &TaskSet| set.deployment_id.as_deref() == Some(id);
        loop {
            match self.list_task_sets(service, limit).await {
                Ok(sets) => {
                    let sets = expect_service(sets, service)?;
                    if let Some(both) = split_versions(sets, is_green, service)? {
                        return Ok(both);
                    }
                }
                // That no task set was seen before says more than that the
                // time was over.
                Err(error) if error.passes() && has_looked => {}
                Err(error) => return Err(limit.explain_failure(&error)),
            }
            has_looked = true;
            let Some(pause) = limit.next_pause(&mut backoff) else {
                return Err(explain_missing_task_set(id, record, service, limit));
            };
            tokio::time::sleep(pause).await;
        }
    }

    /// The task sets of `cluster:service`; `None` if there is no such service.
    async fn list_task_sets(
        &self,
        service: &str,
        limit: TimeLimit,
    ) -> Result<Option<Vec<TaskSet>>, CallError> {
        let (cluster, service) = split_service(service);
        self.ecs.task_sets(cluster, service, limit.until).await
    }
}

/// Before the test listener moves nobody can reach green, on whichever way.
fn check_reachable(event: Option<&str>) -> Result<(), Unproven> {
    match event {
        // Waiting would not help: CodeDeploy waits for this hook before it
        // goes on.
        Some(event @ ("BeforeInstall" | "AfterInstall")) => Err(Unproven::new(
            format!("the hook runs in `{event}`, before the test listener serves green"),
            "name the function as the hook `AfterAllowTestTraffic`",
        )),
        _ => Ok(()),
    }
}

/// The listener that has to serve green during this lifecycle event.
fn choose_listener(event: Option<&str>, record: &DeploymentRecord) -> ServingListener {
    // After `AllowTraffic` customers have green, and the test listener may
    // have been given back already.
    let (name, arn) = if event == Some("AfterAllowTraffic") {
        ("production listener", &record.production_listener)
    } else {
        ("test listener", &record.test_listener)
    };
    ServingListener {
        name,
        arn: arn.clone(),
    }
}

/// What is left of CodeDeploy's hour, if it is known when it began.
fn remaining_hour(waiting: &Waiting, now: SystemTime) -> Result<Option<Duration>, Unproven> {
    let Some(since) = waiting.since else {
        return Ok(None);
    };
    // A clock that is behind CodeDeploy's makes no hour longer.
    let passed = now.duration_since(since).unwrap_or_default();
    match HOUR.checked_sub(passed) {
        Some(left) if !left.is_zero() => Ok(Some(left)),
        _ => Err(Unproven::without_help(format!(
            "`{}` began {} min ago, and CodeDeploy waits for an hour",
            waiting.event,
            passed.as_secs() / 60
        ))),
    }
}

fn expect_service(sets: Option<Vec<TaskSet>>, service: &str) -> Result<Vec<TaskSet>, Unproven> {
    let (cluster, service) = split_service(service);
    sets.ok_or_else(|| {
        Unproven::without_help(format!(
            "ECS knows no service `{service}` in the cluster `{cluster}`"
        ))
    })
}

/// Cluster and service.
fn split_service(service: &str) -> (&str, &str) {
    service.split_once(':').unwrap_or(("default", service))
}

/// The green task set, and the one that serves customers so far; `None` if
/// green is not among them.
fn split_versions(
    sets: Vec<TaskSet>,
    is_green: impl Fn(&TaskSet) -> bool,
    service: &str,
) -> Result<Option<(Green, Option<RunningVersion>)>, Unproven> {
    let (green, others): (Vec<_>, Vec<_>) = sets.into_iter().partition(is_green);
    let Some(set) = green.into_iter().next() else {
        return Ok(None);
    };
    // ECS takes a task set away if somebody stopped the deployment meanwhile.
    if set.status == "DRAINING" {
        return Err(Unproven::without_help(format!(
            "the task set `{}` of the deployment is being taken away: its status is `DRAINING`",
            set.id
        )));
    }
    // Without a target group no listener can lead to it.
    let Some(target_group) = set.target_group.clone() else {
        return Err(Unproven::without_help(format!(
            "the task set `{}` has no target group",
            set.id
        )));
    };
    let mut others: Vec<_> = others
        .into_iter()
        .filter(|set| set.status != "DRAINING")
        .collect();
    // `PRIMARY` serves customers; another one may be what an earlier
    // deployment left behind.
    others.sort_by_key(|set| set.status != "PRIMARY");
    let green = Green {
        service: service.to_owned(),
        task_set: set.id.clone(),
        running: set.running,
        target_group,
        version: set.into(),
    };
    Ok(Some((green, others.into_iter().next().map(Into::into))))
}

impl From<TaskSet> for RunningVersion {
    fn from(set: TaskSet) -> Self {
        Self {
            task_definition: set.task_definition,
            container: set.container,
        }
    }
}

/// Why there is nothing to prove.
fn explain_missing_task_set(
    id: &str,
    record: &DeploymentRecord,
    service: &str,
    limit: TimeLimit,
) -> Unproven {
    let service = service.replacen(':', "/", 1);
    let after = limit.describe_elapsed_time();
    match &record.rolls_back {
        // CodeDeploy rolls back to a blue that still runs without making one.
        Some(failed) => Unproven::new(
            format!("{id} rolls {failed} back, and made no task set in `{service}` within {after}"),
            "a rollback to blue deploys nothing new: let it go on in CodeDeploy without this \
             hook",
        ),
        None => Unproven::new(
            format!("ECS knows no task set of {id} in `{service}` after {after}"),
            "use the function as a hook that runs after `Install`",
        ),
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
            let found = remaining_hour(&waiting, now);
            assert_eq!(found, expected.map_err(Unproven::without_help));
        };
        check(None, Ok(None));
        check(Some(now), Ok(Some(HOUR)));
        check(Some(now + minute), Ok(Some(HOUR)));
        check(Some(now - 59 * minute), Ok(Some(minute)));
        let over = "`AfterAllowTestTraffic` began 60 min ago, and CodeDeploy waits for an hour";
        check(Some(now - HOUR), Err(over));
    }

    #[test]
    fn the_lifecycle_event_says_which_listener_has_to_serve_green() {
        let record = DeploymentRecord {
            test_listener: Some("test".to_owned()),
            production_listener: Some("production".to_owned()),
            ..DeploymentRecord::default()
        };
        let check = |event: Option<&str>, expected: &str| {
            let found = choose_listener(event, &record);
            assert_eq!(found.arn.as_deref(), Some(expected));
            assert_eq!(found.name, format!("{expected} listener"));
        };
        check(Some("AfterAllowTestTraffic"), "test");
        check(Some("BeforeAllowTraffic"), "test");
        check(Some("AfterAllowTraffic"), "production");
        check(None, "test");
        let none = choose_listener(None, &DeploymentRecord::default());
        assert_eq!((none.name, none.arn), ("test listener", None));
    }
}
