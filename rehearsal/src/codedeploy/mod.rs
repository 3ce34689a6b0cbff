//! The AWS APIs that the hook uses, on one port of loopback: CodeDeploy takes the
//! verdict, ECS and ELB describe the same deployment, and the others hold check
//! files, secrets and reports.
//!
//! | service | protocol | operations |
//! |---|---|---|
//! | CodeDeploy | AWS JSON 1.1 | `PutLifecycleEventHookExecutionStatus`, `GetDeployment`, `ListDeploymentTargets`, `GetDeploymentTarget`, `GetDeploymentGroup` |
//! | ECS | AWS JSON 1.1 | `DescribeServices`, `DescribeTaskDefinition` |
//! | ELB | AWS Query | `DescribeListeners`, `DescribeRules`, `DescribeTargetHealth`, `DescribeTargetGroups`, `DescribeLoadBalancers` |
//! | S3 | REST, the bucket in the path | `ListObjectsV2`, `GetObject`, `PutObject` |
//! | SNS | AWS Query | `Publish` |
//! | Secrets Manager | AWS JSON 1.1 | `GetSecretValue` |
//! | Parameter Store | AWS JSON 1.1 | `GetParameters` |
//!
//! Shapes and error codes are those of the service models. Weights are those of
//! the stage's load balancer. Each call is recorded, so that a test can count
//! the verdicts.

mod api;
mod controls;
mod deployment;
mod ecs;
mod elb;
mod error;
mod fault;
mod fleet;
mod lifecycle;
mod operations;
mod query;
mod rest;
mod storage;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hyper::service::service_fn;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::Instant;

use self::deployment::Deployment;
pub use self::fault::{ApiFault, UnknownApiFault};
use self::fleet::Fleet;
pub use self::fleet::TargetHealth;
pub use self::lifecycle::{
    ComputePlatform, DeploymentStatus, EventStatus, LifecycleEvent, Verdict,
};
pub use self::operations::operations;
use self::storage::Storage;
use crate::error::StageError;
use crate::load_balancer::Listeners;
use crate::server::Server;

/// The operation that tells CodeDeploy a verdict.
pub const VERDICT_OPERATION: &str = "PutLifecycleEventHookExecutionStatus";

/// How many calls are remembered; the oldest go first.
const MOST_CALLS: usize = 10_000;

/// The running API; it stops when it is dropped.
#[derive(Debug)]
pub struct CodeDeploy {
    state: Arc<AwsState>,
    server: Server,
}

/// A deployment as its hook's event names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisteredDeployment {
    /// `d-` and nine letters or digits.
    pub deployment_id: String,
    /// An opaque text, one for each execution of the hook.
    pub execution_id: String,
}

impl RegisteredDeployment {
    /// The event that CodeDeploy invokes the hook with.
    pub fn event(&self) -> Value {
        json!({
            "DeploymentId": self.deployment_id,
            "LifecycleEventHookExecutionId": self.execution_id,
        })
    }
}

/// One call that reached the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The operation, such as `PutLifecycleEventHookExecutionStatus`.
    pub operation: String,
    /// The `deploymentId` of the request.
    pub deployment_id: Option<String>,
    /// The `lifecycleEventHookExecutionId` of the request.
    pub execution_id: Option<String>,
    /// The `status` of the request, as it was sent.
    pub status: Option<String>,
    /// What the caller got.
    pub answer: Answer,
    /// When the request arrived.
    pub began: Instant,
    /// When it was answered, or its connection closed.
    pub ended: Instant,
}

impl Call {
    /// Whether both calls were under way at one moment.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.began < other.ended && other.began < self.ended
    }
}

/// How a call was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// HTTP 200 with the operation's output.
    Accepted,
    /// An error with this code.
    Error(&'static str),
    /// The connection was closed without an answer.
    Dropped,
    /// HTTP 200 with a body that is not JSON, or that lacks every member.
    Garbage,
}

/// What all calls share.
#[derive(Debug)]
struct AwsState {
    records: Mutex<Records>,
    listeners: Listeners,
    /// Counts the changes of deployments, so that a waiting test can wake up.
    changes: watch::Sender<u64>,
}

/// The contents of all services, and the faults to come.
#[derive(Debug, Default)]
struct Records {
    deployments: HashMap<String, Deployment>,
    calls: VecDeque<Call>,
    faults: VecDeque<ApiFault>,
    /// The faults of one operation; they come before those of any operation.
    operation_faults: HashMap<String, VecDeque<ApiFault>>,
    fleet: Fleet,
    storage: Storage,
    /// The ARN of the test listener in CodeDeploy's answers, where moto answers
    /// for ELB.
    test_listener: Option<String>,
}

impl CodeDeploy {
    /// Starts the APIs on `127.0.0.1:port` (0 means any). ELB's describes these
    /// listeners.
    pub(crate) async fn start(port: u16, listeners: Listeners) -> Result<Self, StageError> {
        let state = Arc::new(AwsState {
            records: Mutex::default(),
            listeners,
            changes: watch::channel(0).0,
        });
        let shared = Arc::clone(&state);
        let service = service_fn(move |request| api::answer_call(Arc::clone(&shared), request));
        let server = Server::start("CodeDeploy API", port, service).await?;
        Ok(Self { state, server })
    }

    /// The endpoint: what `AWS_ENDPOINT_URL` has to be.
    pub fn url(&self) -> String {
        self.server.url()
    }

    pub(crate) fn port(&self) -> u16 {
        self.server.port()
    }

    /// Sets the ARN of the test listener in CodeDeploy's answers, for a test in
    /// which moto answers for ELB.
    pub fn set_test_listener_arn(&self, arn: &str) {
        self.state.lock().test_listener = Some(arn.to_owned());
    }

    /// A new ECS deployment whose `AfterAllowTestTraffic` waits for a verdict.
    pub fn register(&self) -> RegisteredDeployment {
        self.register_on(ComputePlatform::Ecs)
    }

    /// A new deployment on a platform of choice; on
    /// [`ComputePlatform::Server`] a verdict is refused.
    pub fn register_on(&self, platform: ComputePlatform) -> RegisteredDeployment {
        let registered = self.create(platform);
        let hook = LifecycleEvent::AfterAllowTestTraffic;
        self.advance_to(&registered, hook);
        registered
    }

    /// Moves a deployment to this lifecycle event, whose hook has to report a
    /// verdict from now on.
    pub fn advance_to(&self, registered: &RegisteredDeployment, hook: LifecycleEvent) {
        self.state
            .change(&registered.deployment_id, |it| it.advance_to(hook));
    }

    /// Moves the start of the hook's event into the past, so that this time is
    /// left of the hour that `CodeDeploy` waits.
    pub fn set_time_left(&self, registered: &RegisteredDeployment, left: Duration) {
        self.state
            .change(&registered.deployment_id, |it| it.set_time_left(left));
    }

    /// Ends the hook's event by the verdict that it has: traffic is about to move,
    /// or the deployment has failed.
    pub fn act_on_verdict(&self, deployment_id: &str) {
        self.state.change(deployment_id, Deployment::act_on_verdict);
    }

    /// A new deployment that has not begun.
    pub(crate) fn create(&self, platform: ComputePlatform) -> RegisteredDeployment {
        let registered = RegisteredDeployment {
            deployment_id: crate::random::draw_text(
                "d-",
                9,
                b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
            ),
            // On AWS the text begins as the Base64 of `{"encryptedData":"`.
            execution_id: crate::random::draw_token("eyJlbmNyeXB0ZWREYXRhIjoi", 400),
        };
        let deployment = Deployment::new(
            registered.deployment_id.clone(),
            registered.execution_id.clone(),
            platform,
        );
        let mut records = self.state.lock();
        records
            .deployments
            .insert(registered.deployment_id.clone(), deployment);
        registered
    }

    /// Sets this fault for the next `n` calls of any operation, after those that
    /// were set before.
    pub fn fail_next(&self, n: usize, fault: ApiFault) {
        let mut records = self.state.lock();
        records.faults.extend(std::iter::repeat_n(fault, n));
    }

    /// Sets this fault for the next `n` calls of this operation, after those that
    /// were set before.
    pub fn fail(&self, operation: &str, n: usize, fault: ApiFault) {
        let mut records = self.state.lock();
        let faults = records
            .operation_faults
            .entry(operation.to_owned())
            .or_default();
        faults.extend(std::iter::repeat_n(fault, n));
    }

    /// Removes all faults.
    pub fn heal(&self) {
        let mut records = self.state.lock();
        records.faults.clear();
        records.operation_faults.clear();
    }

    /// The calls so far, in the order of their answers.
    pub fn calls(&self) -> Vec<Call> {
        self.state.lock().calls.iter().cloned().collect()
    }

    /// The calls so far of one operation.
    pub fn calls_of(&self, operation: &str) -> Vec<Call> {
        let mut calls = self.calls();
        calls.retain(|call| call.operation == operation);
        calls
    }

    /// The verdict that was accepted for a deployment.
    pub fn verdict(&self, deployment_id: &str) -> Option<Verdict> {
        self.state.lock().deployments.get(deployment_id)?.verdict
    }

    /// How far a deployment is; `None` if there is none with this id.
    pub fn status(&self, deployment_id: &str) -> Option<DeploymentStatus> {
        Some(self.state.lock().deployments.get(deployment_id)?.status)
    }

    /// Waits until a verdict is accepted, without a bound of its own.
    pub async fn wait_for_verdict(&self, deployment_id: &str) -> Verdict {
        let mut changes = self.state.changes.subscribe();
        loop {
            if let Some(verdict) = self.verdict(deployment_id) {
                return verdict;
            }
            // The sender lives as long as `self`, so this cannot fail.
            let _ = changes.changed().await;
        }
    }

    /// Fails the hook's event unless it has a verdict, which is returned then. A
    /// verdict that comes later finds a completed event.
    pub(crate) fn stop_waiting(&self, deployment_id: &str) -> Option<Verdict> {
        let mut verdict = None;
        self.state.change(deployment_id, |deployment| {
            // A verdict may have come between the timeout and this lock.
            verdict = deployment.verdict;
            if verdict.is_none() {
                deployment
                    .set_event_status(LifecycleEvent::AfterAllowTestTraffic, EventStatus::Failed);
            }
        });
        verdict
    }

    /// Ends a deployment from outside, as a person or an alarm does. A
    /// verdict that comes later finds a completed event.
    pub fn stop(&self, deployment_id: &str) {
        self.finish_deployment(deployment_id, DeploymentStatus::Stopped, None);
    }

    /// Moves a lifecycle event on.
    pub(crate) fn set_event_status(&self, id: &str, event: LifecycleEvent, status: EventStatus) {
        self.state
            .change(id, |deployment| deployment.set_event_status(event, status));
    }

    /// Ends a deployment, with the error's code and message if it failed.
    pub(crate) fn finish_deployment(
        &self,
        id: &str,
        status: DeploymentStatus,
        error: Option<(&'static str, String)>,
    ) {
        self.state.change(id, |deployment| {
            deployment.error = error;
            deployment.finish(status);
        });
    }
}

impl AwsState {
    fn lock(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes a deployment, if there is one with this id, and wakes who waits.
    fn change(&self, id: &str, change: impl FnOnce(&mut Deployment)) {
        if let Some(deployment) = self.lock().deployments.get_mut(id) {
            change(deployment);
        }
        self.changes.send_modify(|count| *count += 1);
    }

    /// Takes the next fault for a call of this operation.
    fn next_fault(&self, operation: &str) -> Option<ApiFault> {
        let mut records = self.lock();
        let specific_faults = records.operation_faults.get_mut(operation);
        let fault = specific_faults.and_then(VecDeque::pop_front);
        fault.or_else(|| records.faults.pop_front())
    }

    /// Records a call that ends now; the oldest record makes room.
    fn record(&self, mut call: Call) {
        let mut records = self.lock();
        call.ended = Instant::now();
        if records.calls.len() >= MOST_CALLS {
            records.calls.pop_front();
        }
        records.calls.push_back(call);
    }
}

/// The text member of an input with this name.
fn text_member<'v>(input: &'v Value, name: &str) -> Option<&'v str> {
    input.get(name)?.as_str()
}
