//! CodeDeploy's API on loopback, as far as the hook uses it, those of ECS and
//! ELB that speak of the same deployment, and those that keep what its checks
//! need and what comes of them, all on one port.
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
//! Shapes and error codes are those of the service models. Weights are those
//! that the load balancer goes by. Each call is recorded, so that a test can
//! say how many verdicts were sent.

mod account;
mod api;
mod deployment;
mod ecs;
mod elb;
mod error;
mod fault;
mod fleet;
mod operations;
mod query;
mod rest;
mod scenery;
mod words;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hyper::service::service_fn;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::Instant;

use self::account::Account;
use self::deployment::Deployment;
pub use self::fault::{ApiFault, UnknownApiFault};
use self::fleet::Fleet;
pub use self::fleet::TargetHealth;
pub use self::operations::operations;
pub use self::words::{ComputePlatform, DeploymentStatus, EventStatus, LifecycleEvent, Verdict};
use crate::error::StageError;
use crate::load_balancer::View;
use crate::serve::Server;

/// The operation that tells CodeDeploy a verdict.
pub const VERDICT: &str = "PutLifecycleEventHookExecutionStatus";

/// How many calls are remembered; the oldest go first.
const MOST_CALLS: usize = 10_000;

/// The running API; it stops when it is dropped.
#[derive(Debug)]
pub struct CodeDeploy {
    state: Arc<State>,
    server: Server,
}

/// What the hook is told of a deployment: the two members of its event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// `d-` and nine letters or digits.
    pub deployment_id: String,
    /// A long text without meaning.
    pub execution_id: String,
}

impl Registered {
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
    /// When the request was there.
    pub began: Instant,
    /// When it was answered, or given up.
    pub ended: Instant,
}

impl Call {
    /// Whether both were there at one moment.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.began < other.ended && other.began < self.ended
    }
}

/// What became of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// HTTP 200 with the operation's output.
    Accepted,
    /// An error with this code.
    Error(&'static str),
    /// The connection was closed without an answer.
    Dropped,
    /// HTTP 200 with a body that is not JSON, or that says nothing.
    Garbage,
}

/// What the calls share.
#[derive(Debug)]
struct State {
    book: Mutex<Book>,
    listeners: View,
    /// Told after each change of a deployment.
    changes: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Book {
    deployments: HashMap<String, Deployment>,
    calls: VecDeque<Call>,
    faults: VecDeque<ApiFault>,
    /// The faults of one operation, before those of any.
    faults_of: HashMap<String, VecDeque<ApiFault>>,
    fleet: Fleet,
    account: Account,
    /// The ARN of the test listener, where somebody else stands for ELB.
    test_listener: Option<String>,
}

impl CodeDeploy {
    pub(crate) async fn start(port: u16, listeners: View) -> Result<Self, StageError> {
        let state = Arc::new(State {
            book: Mutex::default(),
            listeners,
            changes: watch::channel(0).0,
        });
        let shared = Arc::clone(&state);
        let service = service_fn(move |request| api::answer(Arc::clone(&shared), request));
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

    /// Lets `CodeDeploy` know the test listener by this ARN, where somebody else
    /// stands for ELB.
    pub fn name_test_listener(&self, arn: &str) {
        self.state.lock().test_listener = Some(arn.to_owned());
    }

    /// A new ECS deployment whose `AfterAllowTestTraffic` waits for a verdict.
    pub fn register(&self) -> Registered {
        self.register_on(ComputePlatform::Ecs)
    }

    /// A new deployment on a platform of choice; on
    /// [`ComputePlatform::Server`] a verdict is refused.
    pub fn register_on(&self, platform: ComputePlatform) -> Registered {
        let registered = self.create(platform);
        let hook = LifecycleEvent::AfterAllowTestTraffic;
        self.reach(&registered, hook);
        registered
    }

    /// Lets a deployment be at this lifecycle event, whose hook waits for a
    /// verdict from now on.
    pub fn reach(&self, registered: &Registered, hook: LifecycleEvent) {
        self.state
            .change(&registered.deployment_id, |it| it.reach(hook));
    }

    /// Lets the hook's lifecycle event have begun so long ago that this is left
    /// of the hour that `CodeDeploy` waits.
    pub fn leave(&self, registered: &Registered, left: Duration) {
        self.state
            .change(&registered.deployment_id, |it| it.leave(left));
    }

    /// Lets a deployment that has its verdict act on it: the hook's event is
    /// over, and traffic is about to move, or the deployment has failed.
    pub fn go_on(&self, deployment_id: &str) {
        self.state.change(deployment_id, Deployment::go_on);
    }

    /// A new deployment that has not begun.
    pub(crate) fn create(&self, platform: ComputePlatform) -> Registered {
        let registered = Registered {
            deployment_id: crate::random::text("d-", 9, b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"),
            // On AWS the text begins as base64 of `{"encryptedData":"`.
            execution_id: crate::random::token("eyJlbmNyeXB0ZWREYXRhIjoi", 400),
        };
        let deployment = Deployment::new(
            registered.deployment_id.clone(),
            registered.execution_id.clone(),
            platform,
        );
        let mut book = self.state.lock();
        book.deployments
            .insert(registered.deployment_id.clone(), deployment);
        registered
    }

    /// Lets the next `n` calls, of any operation, meet this fault. Faults
    /// that were asked for before come first.
    pub fn fail_next(&self, n: usize, fault: ApiFault) {
        let mut book = self.state.lock();
        book.faults.extend(std::iter::repeat_n(fault, n));
    }

    /// Lets the next `n` calls of this operation meet this fault, after those
    /// that were asked for before.
    pub fn fail(&self, operation: &str, n: usize, fault: ApiFault) {
        let mut book = self.state.lock();
        let faults = book.faults_of.entry(operation.to_owned()).or_default();
        faults.extend(std::iter::repeat_n(fault, n));
    }

    /// Takes all faults away.
    pub fn heal(&self) {
        let mut book = self.state.lock();
        book.faults.clear();
        book.faults_of.clear();
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

    /// Ends the wait for a verdict: whoever reports from now on finds a
    /// completed event. A verdict that was accepted meanwhile is returned.
    pub(crate) fn close(&self, deployment_id: &str) -> Option<Verdict> {
        let mut verdict = None;
        self.state.change(deployment_id, |deployment| {
            verdict = deployment.verdict;
            if verdict.is_none() {
                deployment.set_event(LifecycleEvent::AfterAllowTestTraffic, EventStatus::Failed);
            }
        });
        verdict
    }

    /// Ends a deployment from outside, as a person or an alarm does. A
    /// verdict that comes later finds a completed event.
    pub fn stop(&self, deployment_id: &str) {
        self.end(deployment_id, DeploymentStatus::Stopped, None);
    }

    pub(crate) fn set_event(&self, id: &str, event: LifecycleEvent, status: EventStatus) {
        self.state
            .change(id, |deployment| deployment.set_event(event, status));
    }

    pub(crate) fn end(
        &self,
        id: &str,
        status: DeploymentStatus,
        error: Option<(&'static str, String)>,
    ) {
        self.state.change(id, |deployment| {
            deployment.error = error;
            deployment.end(status);
        });
    }
}

impl State {
    fn lock(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, id: &str, change: impl FnOnce(&mut Deployment)) {
        if let Some(deployment) = self.lock().deployments.get_mut(id) {
            change(deployment);
        }
        self.changes.send_modify(|count| *count += 1);
    }

    fn next_fault(&self, operation: &str) -> Option<ApiFault> {
        let mut book = self.lock();
        let of_operation = book.faults_of.get_mut(operation);
        let fault = of_operation.and_then(VecDeque::pop_front);
        fault.or_else(|| book.faults.pop_front())
    }

    fn record(&self, mut call: Call) {
        let mut book = self.lock();
        call.ended = Instant::now();
        if book.calls.len() >= MOST_CALLS {
            book.calls.pop_front();
        }
        book.calls.push_back(call);
    }
}
