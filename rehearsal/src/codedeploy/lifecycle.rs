//! The lifecycle events of a deployment, their statuses and the verdict, by the
//! names that CodeDeploy gives them.

use std::fmt;

use serde::Serialize;

/// The status that a hook reports to CodeDeploy. Nothing else is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Production may move to green.
    Succeeded,
    /// The deployment has to be rolled back.
    Failed,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
        })
    }
}

/// Where CodeDeploy deploys to; only ECS and Lambda deployments have hooks
/// that are functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum ComputePlatform {
    /// Amazon ECS.
    #[serde(rename = "ECS")]
    Ecs,
    /// AWS Lambda.
    Lambda,
    /// EC2 and on-premises: its hooks are scripts.
    Server,
}

/// The lifecycle events of an ECS deployment, in their order.
///
/// Source: [AppSpec hooks](https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum LifecycleEvent {
    /// Before the green task set exists.
    BeforeInstall,
    /// Green starts.
    Install,
    /// Green runs and has no traffic.
    AfterInstall,
    /// The test listener moves to green.
    AllowTestTraffic,
    /// The hook: this is Greenlight.
    AfterAllowTestTraffic,
    /// Before customers reach green.
    BeforeAllowTraffic,
    /// The production listener moves to green.
    AllowTraffic,
    /// Customers use green.
    AfterAllowTraffic,
}

impl LifecycleEvent {
    /// All events, in their order.
    pub const ALL: [Self; 8] = [
        Self::BeforeInstall,
        Self::Install,
        Self::AfterInstall,
        Self::AllowTestTraffic,
        Self::AfterAllowTestTraffic,
        Self::BeforeAllowTraffic,
        Self::AllowTraffic,
        Self::AfterAllowTraffic,
    ];
}

impl fmt::Display for LifecycleEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::BeforeInstall => "BeforeInstall",
            Self::Install => "Install",
            Self::AfterInstall => "AfterInstall",
            Self::AllowTestTraffic => "AllowTestTraffic",
            Self::AfterAllowTestTraffic => "AfterAllowTestTraffic",
            Self::BeforeAllowTraffic => "BeforeAllowTraffic",
            Self::AllowTraffic => "AllowTraffic",
            Self::AfterAllowTraffic => "AfterAllowTraffic",
        })
    }
}

/// How far a lifecycle event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum EventStatus {
    /// Not begun.
    Pending,
    /// Going on.
    InProgress,
    /// Ended well.
    Succeeded,
    /// Ended badly.
    Failed,
    /// Left out, because an event before it failed.
    Skipped,
}

impl fmt::Display for EventStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Pending => "Pending",
            Self::InProgress => "InProgress",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::Skipped => "Skipped",
        })
    }
}

/// How far a deployment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum DeploymentStatus {
    /// Going on.
    InProgress,
    /// Production is on green.
    Succeeded,
    /// Rolled back.
    Failed,
    /// Stopped by a person or an alarm.
    Stopped,
}

impl fmt::Display for DeploymentStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::InProgress => "InProgress",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::Stopped => "Stopped",
        })
    }
}
