//! What is tested: a deployment, as the proof, the checks and the sinks know
//! it, whichever way it is deployed.
//!
//! What it is called, such as its id and its application, is in
//! [`Findings`](crate::findings::Findings): nothing is decided by it.

/// What is tested.
#[derive(Debug)]
pub(crate) enum Deployment {
    /// A run by hand: nobody deploys.
    ByHand,
    /// A deployment of which nothing is to be proven.
    Unexamined,
    /// A deployment of a Lambda function, which has no listener.
    WithoutListener,
    /// Green beside blue, behind a load balancer: a proof can be made.
    BlueGreen(Box<BlueGreen>),
}

/// Two versions behind a load balancer.
#[derive(Debug, Default)]
pub(crate) struct BlueGreen {
    /// The listener that has to serve green now.
    pub(crate) listener: ServingListener,
    /// The names of the two target groups.
    pub(crate) target_groups: Vec<String>,
    pub(crate) green: Green,
    /// The version that serves customers so far, if there is one.
    pub(crate) blue: Option<RunningVersion>,
}

/// The listener that has to serve green at this point of the deployment.
#[derive(Debug, Default)]
pub(crate) struct ServingListener {
    /// What people call it, such as `test listener`.
    pub(crate) name: &'static str,
    /// Absent if the deployment has none.
    pub(crate) arn: Option<String>,
}

/// The new version.
#[derive(Debug, Clone, Default)]
pub(crate) struct Green {
    /// The service, as `cluster:service`.
    pub(crate) service: String,
    /// What the service calls this version, such as `ecs-svc/1234567890123456789`.
    pub(crate) task_set: String,
    pub(crate) version: RunningVersion,
    /// How many of its tasks ran when it was found, of those that are wanted.
    pub(crate) running: usize,
    /// The ARN of the target group that its tasks register in.
    pub(crate) target_group: String,
}

/// A version of a service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct RunningVersion {
    /// The ARN of its task definition.
    pub(crate) task_definition: String,
    /// The container that gets the requests, if it is named.
    pub(crate) container: Option<String>,
}
