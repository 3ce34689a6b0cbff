//! What CodeDeploy knows of a deployment.

use std::time::SystemTime;

use aws_sdk_codedeploy::Client;
use aws_sdk_codedeploy::types::{
    ComputePlatform, DeploymentInfo, DeploymentStatus, LifecycleEvent, LifecycleEventStatus,
    LoadBalancerInfo, RevisionLocation, TargetGroupPairInfo, TrafficRoute,
};
use tokio::time::Instant;

use aws::Access;
use aws::calls::{CallError, Pages, ask};

const GROUP: &str = "the deployment group";
/// IAM has no resources for the calls about a deployment's targets.
const ANY: &str = "`*`";

/// A deployment, as CodeDeploy keeps it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct DeploymentRecord {
    pub(crate) application: Option<String>,
    pub(crate) group: Option<String>,
    /// Where the release stands: `s3://bucket/key`, or the digest of an
    /// `AppSpec` that came with the call.
    pub(crate) revision: Option<String>,
    /// Who made it, such as `user` or `codeDeployRollback`.
    pub(crate) creator: Option<String>,
    /// The deployment that this one rolls back.
    pub(crate) rolls_back: Option<String>,
    /// How it ended, if nothing can change it any more.
    pub(crate) over: Option<String>,
    /// Whether it certainly is one of the Lambda platform, which has no
    /// listener.
    pub(crate) is_lambda: bool,
    /// The names of the two target groups.
    pub(crate) target_groups: Vec<String>,
    /// The ARN of the listener that customers use.
    pub(crate) production_listener: Option<String>,
    /// The ARN of the listener that the gate uses.
    pub(crate) test_listener: Option<String>,
}

/// How far the lifecycle events of a deployment are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Lifecycle {
    /// The event whose hook is being waited for; absent if there is none.
    pub(crate) waiting: Option<Waiting>,
    /// The event that CodeDeploy has gone on to, or `its end`, if no hook is
    /// waited for any more.
    pub(crate) gone_on_to: Option<String>,
}

/// A lifecycle event whose hook is being waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Waiting {
    /// Such as `AfterAllowTestTraffic`.
    pub(crate) event: String,
    pub(crate) since: Option<SystemTime>,
}

/// The calls to CodeDeploy that only read.
#[derive(Debug)]
pub(crate) struct Deployments(Client);

impl Deployments {
    pub(crate) fn new(access: &Access) -> Self {
        Self(super::client(access))
    }

    /// The same, with a client that is there.
    pub(super) fn from_client(client: Client) -> Self {
        Self(client)
    }

    /// Source: [GetDeployment](https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_GetDeployment.html).
    pub(crate) async fn deployment(
        &self,
        id: &str,
        until: Instant,
    ) -> Result<DeploymentRecord, CallError> {
        let call = || self.0.get_deployment().deployment_id(id).send();
        let answer = ask("codedeploy:GetDeployment", GROUP, until, call).await?;
        Ok(answer
            .deployment_info
            .map(DeploymentRecord::from)
            .unwrap_or_default())
    }

    /// The target of an ECS deployment: `cluster:service`.
    ///
    /// Source: [ListDeploymentTargets](https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_ListDeploymentTargets.html).
    pub(crate) async fn target(
        &self,
        id: &str,
        until: Instant,
    ) -> Result<Option<String>, CallError> {
        let action = "codedeploy:ListDeploymentTargets";
        let (mut pages, mut token) = (Pages::new(action, ANY, until), None);
        loop {
            let call = || {
                let call = self.0.list_deployment_targets().deployment_id(id);
                call.set_next_token(token.clone()).send()
            };
            let page = ask(action, ANY, until, call).await?;
            let first = page.target_ids.and_then(|ids| ids.into_iter().next());
            token = pages.next(page.next_token.filter(|_| first.is_none()))?;
            if token.is_none() {
                return Ok(first);
            }
        }
    }

    /// How far the lifecycle events are.
    ///
    /// Source: [GetDeploymentTarget](https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_GetDeploymentTarget.html).
    pub(crate) async fn lifecycle(
        &self,
        id: &str,
        target: &str,
        until: Instant,
    ) -> Result<Lifecycle, CallError> {
        let call = || {
            let call = self.0.get_deployment_target();
            call.deployment_id(id).target_id(target).send()
        };
        let answer = ask("codedeploy:GetDeploymentTarget", ANY, until, call).await?;
        let events = answer.deployment_target.and_then(|target| {
            let of_lambda = target.lambda_target.and_then(|it| it.lifecycle_events);
            let of_ecs = target.ecs_target.and_then(|it| it.lifecycle_events);
            of_ecs.or(of_lambda)
        });
        Ok(Lifecycle::from_events(&events.unwrap_or_default()))
    }
}

/// The lifecycle events that may have a hook.
///
/// Source: [AppSpec hooks](https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html).
const HOOKS: [&str; 5] = [
    "BeforeInstall",
    "AfterInstall",
    "AfterAllowTestTraffic",
    "BeforeAllowTraffic",
    "AfterAllowTraffic",
];
/// The event in which production moves.
const TRAFFIC: &str = "AllowTraffic";

impl Lifecycle {
    fn from_events(events: &[LifecycleEvent]) -> Self {
        use LifecycleEventStatus::{Failed, InProgress, Skipped, Succeeded};
        let name = |event: &LifecycleEvent| event.lifecycle_event_name.clone().unwrap_or_default();
        let going_on = |event: &&LifecycleEvent| event.status == Some(InProgress);
        let is_hook = |event: &&LifecycleEvent| HOOKS.contains(&name(event).as_str());
        if let Some(event) = events.iter().filter(going_on).find(is_hook) {
            return Self {
                waiting: Some(Waiting {
                    event: name(event),
                    since: event.start_time.and_then(|time| time.try_into().ok()),
                }),
                gone_on_to: None,
            };
        }
        let over =
            |event: &LifecycleEvent| matches!(event.status, Some(Succeeded | Failed | Skipped));
        let gone_on_to = match events.iter().find(|event| !over(event)) {
            // An answer that lists no events says nothing.
            None if events.is_empty() => None,
            None => Some("its end".to_owned()),
            Some(next) if name(next) == TRAFFIC && going_on(&next) => Some(format!("`{TRAFFIC}`")),
            // A hook may be invoked before its event is shown to have begun.
            Some(_) => None,
        };
        Self {
            waiting: None,
            gone_on_to,
        }
    }
}

impl DeploymentRecord {
    /// What check files, reports and metrics know of it, by its names there.
    pub(crate) fn members(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let members = [
            ("application", &self.application),
            ("group", &self.group),
            ("creator", &self.creator),
            ("revision", &self.revision),
        ];
        let known = members.into_iter();
        known.filter_map(|(name, value)| Some((name, value.as_deref()?)))
    }
}

impl From<DeploymentInfo> for DeploymentRecord {
    fn from(info: DeploymentInfo) -> Self {
        let pair = info.load_balancer_info.and_then(first_pair);
        let (groups, production, test) = match pair {
            Some(pair) => (
                pair.target_groups.unwrap_or_default(),
                pair.prod_traffic_route.and_then(listener),
                pair.test_traffic_route.and_then(listener),
            ),
            None => (Vec::new(), None, None),
        };
        let over = info.status.filter(|status| {
            matches!(
                status,
                DeploymentStatus::Failed | DeploymentStatus::Stopped | DeploymentStatus::Succeeded
            )
        });
        Self {
            application: info.application_name,
            group: info.deployment_group_name,
            creator: info.creator.map(|creator| creator.as_str().to_owned()),
            rolls_back: info
                .rollback_info
                .and_then(|info| info.rollback_triggering_deployment_id),
            revision: info.revision.and_then(location),
            over: over.map(|status| status.as_str().to_owned()),
            is_lambda: info.compute_platform == Some(ComputePlatform::Lambda),
            target_groups: groups.into_iter().filter_map(|group| group.name).collect(),
            production_listener: production,
            test_listener: test,
        }
    }
}

fn first_pair(info: LoadBalancerInfo) -> Option<TargetGroupPairInfo> {
    info.target_group_pair_info_list?.into_iter().next()
}

fn listener(route: TrafficRoute) -> Option<String> {
    route.listener_arns?.into_iter().next()
}

fn location(revision: RevisionLocation) -> Option<String> {
    if let Some(s3) = revision.s3_location {
        return Some(format!("s3://{}/{}", s3.bucket?, s3.key?));
    }
    revision.app_spec_content?.sha256
}
