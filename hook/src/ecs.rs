//! ECS: the task sets of a service, and what a task definition runs.
//!
//! The only module that knows the SDK of ECS.

use std::collections::BTreeMap;

use aws_sdk_ecs::Client;
use tokio::time::Instant;

use aws::Access;
use aws::calls::{CallError, ask};

/// The client.
#[derive(Debug)]
pub(crate) struct Ecs(Client);

/// A task set of a service: one version of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct TaskSet {
    /// Such as `ecs-svc/1234567890123456789`.
    pub(crate) id: String,
    /// The deployment that made it; absent for the first one.
    pub(crate) deployment_id: Option<String>,
    /// Such as `ACTIVE`, or `DRAINING` for one that is being taken away.
    pub(crate) status: String,
    /// The ARN of its task definition.
    pub(crate) task_definition: String,
    /// How many of its tasks run, of those that are wanted.
    pub(crate) running: usize,
    /// The ARN of the target group that its tasks register in.
    pub(crate) target_group: Option<String>,
    /// The container that gets the requests.
    pub(crate) container: Option<String>,
}

/// A container of a task definition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Container {
    /// As it is written there: repository, and tag or digest or both.
    pub(crate) image: String,
    /// The variables that stand in the task definition itself.
    pub(crate) environment: BTreeMap<String, String>,
}

impl Ecs {
    pub(crate) fn new(access: &Access) -> Self {
        Self(Client::new(access.config()))
    }

    /// The task sets of a service; `None` if there is no such service.
    ///
    /// Source: [DescribeServices](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html).
    pub(crate) async fn task_sets(
        &self,
        cluster: &str,
        service: &str,
        until: Instant,
    ) -> Result<Option<Vec<TaskSet>>, CallError> {
        let resource = format!("the service `{cluster}/{service}`");
        let call = || {
            let call = self.0.describe_services();
            call.cluster(cluster).services(service).send()
        };
        let answer = ask("ecs:DescribeServices", &resource, until, call).await?;
        let service = answer.services.unwrap_or_default().into_iter().next();
        Ok(service.map(|service| {
            let sets = service.task_sets.unwrap_or_default();
            sets.into_iter().map(TaskSet::from).collect()
        }))
    }

    /// A container of a task definition; without a name, the only one.
    ///
    /// Source: [DescribeTaskDefinition](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTaskDefinition.html).
    pub(crate) async fn container(
        &self,
        task_definition: &str,
        name: Option<&str>,
        until: Instant,
    ) -> Result<Option<Container>, CallError> {
        let call = || {
            let call = self.0.describe_task_definition();
            call.task_definition(task_definition).send()
        };
        let answer = ask("ecs:DescribeTaskDefinition", "`*`", until, call).await?;
        let definition = answer.task_definition;
        let containers = definition.and_then(|definition| definition.container_definitions);
        let mut containers = containers.unwrap_or_default().into_iter();
        let found = match name {
            Some(name) => containers.find(|each| each.name.as_deref() == Some(name)),
            None => containers.next().filter(|_| containers.next().is_none()),
        };
        Ok(found.map(|container| Container {
            image: container.image.unwrap_or_default(),
            environment: container
                .environment
                .unwrap_or_default()
                .into_iter()
                .filter_map(|pair| Some((pair.name?, pair.value.unwrap_or_default())))
                .collect(),
        }))
    }
}

impl From<aws_sdk_ecs::types::TaskSet> for TaskSet {
    fn from(set: aws_sdk_ecs::types::TaskSet) -> Self {
        let balanced = set.load_balancers.unwrap_or_default().into_iter().next();
        let (target_group, container) = balanced
            .map(|balanced| (balanced.target_group_arn, balanced.container_name))
            .unwrap_or_default();
        Self {
            id: set.id.unwrap_or_default(),
            deployment_id: set.external_id,
            status: set.status.unwrap_or_default(),
            running: usize::try_from(set.running_count.min(set.computed_desired_count))
                .unwrap_or_default(),
            task_definition: set.task_definition.unwrap_or_default(),
            target_group,
            container,
        }
    }
}
