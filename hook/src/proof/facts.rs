//! What AWS knows of a deployment, asked in as few calls as possible, and at
//! the same time where one does not need the other.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::{join, try_join};
use serde_json::{Map, Value};

use super::{Bound, Clients, Unproven};
use crate::codedeploy::Deployment;
use crate::ecs::{Container, TaskSet};
use aws::calls::CallError;

/// The pause between two looks for the green task set.
const PAUSE: Duration = Duration::from_millis(500);

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

/// The new version.
#[derive(Debug, Clone, Default)]
pub(super) struct Green {
    /// Such as `ecs-svc/1234567890123456789`.
    pub(super) task_set: String,
    /// The ARN of the task definition.
    pub(super) task_definition: String,
    /// The ARN of the target group.
    pub(super) target_group: String,
    /// The image of the container that gets the requests.
    pub(super) image: Option<String>,
    /// The variables of that container.
    pub(super) environment: BTreeMap<String, String>,
}

/// Asks for them.
pub(super) async fn learn(clients: &Clients, id: String, bound: Bound) -> Result<Facts, Unproven> {
    let failed = |error: CallError| bound.failed(&error);
    let codedeploy = &clients.codedeploy;
    let (deployment, target) = try_join(
        codedeploy.deployment(&id, bound.until),
        codedeploy.target(&id, bound.until),
    )
    .await
    .map_err(failed)?;
    if let Some(status) = &deployment.over {
        return Err(Unproven {
            reason: format!("the deployment is over: its status is `{status}`"),
            help: None,
        });
    }
    let mut facts = Facts {
        id,
        deployment,
        ..Facts::default()
    };
    if facts.deployment.is_lambda {
        return Ok(facts);
    }
    let Some(target) = target else {
        return Err(Unproven {
            reason: "CodeDeploy names no service of the deployment".to_owned(),
            help: None,
        });
    };
    let (event, set) = join(
        codedeploy.lifecycle_event(&facts.id, &target, bound.until),
        green_task_set(clients, &facts.id, &target, bound),
    )
    .await;
    facts.lifecycle_event = event.map_err(failed)?;
    let set = set?;
    let container = clients
        .ecs
        .container(&set.task_definition, set.container.as_deref(), bound.until)
        .await
        .map_err(failed)?;
    facts.green = Some(Green::new(set, container)?);
    Ok(facts)
}

/// ECS may learn of the task set later than CodeDeploy says so.
async fn green_task_set(
    clients: &Clients,
    id: &str,
    target: &str,
    bound: Bound,
) -> Result<TaskSet, Unproven> {
    let (cluster, service) = target.split_once(':').unwrap_or(("default", target));
    loop {
        let sets = clients.ecs.task_sets(cluster, service, bound.until).await;
        let Some(sets) = sets.map_err(|error| bound.failed(&error))? else {
            return Err(Unproven {
                reason: format!("ECS knows no service `{service}` in the cluster `{cluster}`"),
                help: None,
            });
        };
        let mut sets = sets.into_iter();
        if let Some(green) = sets.find(|set| set.deployment_id.as_deref() == Some(id)) {
            return Ok(green);
        }
        if !bound.allows(PAUSE) {
            return Err(Unproven::new(
                format!(
                    "ECS knows no task set of {id} in `{cluster}/{service}` after {}",
                    bound.elapsed()
                ),
                "use the function as a hook that runs after `Install`",
            ));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

impl Green {
    fn new(set: TaskSet, container: Option<Container>) -> Result<Self, Unproven> {
        let Some(target_group) = set.target_group else {
            return Err(Unproven {
                reason: format!("the task set `{}` has no target group", set.id),
                help: None,
            });
        };
        let container = container.unwrap_or_default();
        Ok(Self {
            task_set: set.id,
            task_definition: set.task_definition,
            target_group,
            image: Some(container.image).filter(|image| !image.is_empty()),
            environment: container.environment,
        })
    }

    /// The tag of the image, if it has one.
    pub(super) fn tag(&self) -> Option<&str> {
        let image = self.image.as_deref()?;
        let name = image.split_once('@').map_or(image, |(name, _)| name);
        // A colon before a slash belongs to the registry's port.
        let last = name.rsplit('/').next().unwrap_or(name);
        Some(last.split_once(':')?.1)
    }

    /// The digest of the image, such as `sha256:…`, if it has one.
    pub(super) fn digest(&self) -> Option<&str> {
        Some(self.image.as_deref()?.split_once('@')?.1)
    }
}

impl Facts {
    /// What check files see; what is not known is not there.
    pub(super) fn context(&self) -> Value {
        let deployment = &self.deployment;
        let green = self.green.as_ref();
        let members = [
            ("id", Some(self.id.as_str())),
            ("application", deployment.application.as_deref()),
            ("group", deployment.group.as_deref()),
            ("lifecycle_event", self.lifecycle_event.as_deref()),
            ("image", green.and_then(|green| green.image.as_deref())),
            ("tag", green.and_then(Green::tag)),
            ("digest", green.and_then(Green::digest)),
            (
                "task_definition",
                green.map(|green| green.task_definition.as_str()),
            ),
            (
                "target_group",
                green.map(|green| green.target_group.as_str()),
            ),
            ("revision", deployment.revision.as_deref()),
        ];
        let known = members
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), Value::from(value?))));
        Value::Object(known.collect::<Map<_, _>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_has_a_tag_or_a_digest_or_both() {
        let check = |image: &str, tag: Option<&str>, digest: Option<&str>| {
            let green = Green {
                image: Some(image.to_owned()),
                ..Green::default()
            };
            assert_eq!((green.tag(), green.digest()), (tag, digest), "{image}");
        };
        check("shop", None, None);
        check("shop:1.2", Some("1.2"), None);
        check("registry:5000/team/shop", None, None);
        check("registry:5000/shop:1", Some("1"), None);
        check("r/shop@sha256:abc", None, Some("sha256:abc"));
        check("r:5000/shop:1@sha256:abc", Some("1"), Some("sha256:abc"));
    }
}
