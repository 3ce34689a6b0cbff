//! The names and ARNs of the stage in ECS and ELB, and the health of its targets.

use super::error::ApiError;
use crate::colour::Colour;
use crate::load_balancer::Listener;

pub(super) const CLUSTER: &str = "shop";
pub(super) const SERVICE: &str = "storefront";
pub(super) const SERVICE_ARN: &str =
    "arn:aws:ecs:eu-central-1:111122223333:service/shop/storefront";
pub(super) const CLUSTER_ARN: &str = "arn:aws:ecs:eu-central-1:111122223333:cluster/shop";
pub(super) const LOAD_BALANCER_ARN: &str = "arn:aws:elasticloadbalancing:eu-central-1:111122223333:loadbalancer/app/storefront/50dc6c495c0c9188";
/// The target group of another service.
pub(super) const OTHER_TARGET_GROUP_ARN: &str =
    "arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/blog/5f2b8d1c3a4e6079";
/// The container that the load balancer forwards to.
pub(super) const CONTAINER: &str = "app";
pub(super) const CONTAINER_PORT: u16 = 8080;

/// The health of one target, as the load balancer sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetHealth {
    /// Registered, and the first health checks are going on.
    Initial,
    /// It gets requests.
    Healthy,
    /// It fails its health checks.
    Unhealthy,
    /// It is being taken out.
    Draining,
}

impl TargetHealth {
    /// State, and reason with description, by the words of the model.
    pub(super) const fn state_and_reason(
        self,
    ) -> (&'static str, Option<(&'static str, &'static str)>) {
        match self {
            Self::Initial => (
                "initial",
                Some((
                    "Elb.InitialHealthChecking",
                    "Initial health checks in progress",
                )),
            ),
            Self::Healthy => ("healthy", None),
            Self::Unhealthy => (
                "unhealthy",
                Some((
                    "Target.ResponseCodeMismatch",
                    "Health checks failed with these codes: [503]",
                )),
            ),
            Self::Draining => (
                "draining",
                Some((
                    "Target.DeregistrationInProgress",
                    "Target deregistration is in progress",
                )),
            ),
        }
    }
}

/// What ECS and ELB answer about the two versions. Tests change it.
#[derive(Debug)]
pub(super) struct Fleet {
    blue: Vec<TargetHealth>,
    green: Vec<TargetHealth>,
    /// Whether ECS shows no green task set.
    pub(super) green_hidden: bool,
    /// Whether the green task set is draining.
    pub(super) green_drains: bool,
    /// How many tasks of green are wanted and how many run; `None` is one for
    /// each target that is not draining.
    pub(super) green_tasks: Option<(usize, usize)>,
    /// Images that are not those of the versions.
    pub(super) images: Vec<(Colour, String)>,
    /// The name of the load balancer in DNS.
    pub(super) dns_name: String,
    /// How many rules one page of `DescribeRules` has.
    pub(super) rules_page_size: usize,
}

impl Default for Fleet {
    fn default() -> Self {
        Self {
            blue: vec![TargetHealth::Healthy],
            green: vec![TargetHealth::Healthy],
            green_hidden: false,
            green_drains: false,
            green_tasks: None,
            images: Vec::new(),
            dns_name: "127.0.0.1".to_owned(),
            rules_page_size: 400,
        }
    }
}

impl Fleet {
    /// The health of each target of this colour.
    pub(super) fn targets(&self, colour: Colour) -> &[TargetHealth] {
        match colour {
            Colour::Blue => &self.blue,
            Colour::Green => &self.green,
        }
    }

    /// How many tasks are wanted, and how many run.
    pub(super) fn task_counts(&self, colour: Colour) -> (usize, usize) {
        // ECS stops the task of a target that is draining.
        let staying = |target: &&TargetHealth| **target != TargetHealth::Draining;
        let count = self.targets(colour).iter().filter(staying).count();
        match colour {
            Colour::Blue => (count, count),
            Colour::Green => self.green_tasks.unwrap_or((count, count)),
        }
    }

    /// The image of a version: the last one that was set, or its own.
    pub(super) fn image(&self, colour: Colour) -> String {
        let mut images = self.images.iter().rev();
        let set_image = images.find(|(owner, _)| *owner == colour);
        set_image.map_or_else(|| image_uri(colour), |(_, image)| image.clone())
    }

    /// Replaces the targets of this colour by targets with this health.
    pub(super) fn set_targets(&mut self, colour: Colour, targets: &[TargetHealth]) {
        let health = match colour {
            Colour::Blue => &mut self.blue,
            Colour::Green => &mut self.green,
        };
        *health = targets.to_vec();
    }
}

pub(super) const COLOURS: [Colour; 2] = [Colour::Blue, Colour::Green];

pub(super) const fn task_set_id(colour: Colour) -> &'static str {
    match colour {
        Colour::Blue => "ecs-svc/1000000000000000001",
        Colour::Green => "ecs-svc/1000000000000000002",
    }
}

pub(super) const fn target_group_name(colour: Colour) -> &'static str {
    match colour {
        Colour::Blue => "storefront-blue",
        Colour::Green => "storefront-green",
    }
}

pub(super) const fn target_group_arn(colour: Colour) -> &'static str {
    match colour {
        Colour::Blue => {
            "arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/storefront-blue/73e2d6bc24d8a067"
        }
        Colour::Green => {
            "arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/storefront-green/09966783158cda59"
        }
    }
}

pub(super) const fn listener_arn(listener: Listener) -> &'static str {
    match listener {
        Listener::Production => {
            "arn:aws:elasticloadbalancing:eu-central-1:111122223333:listener/app/storefront/50dc6c495c0c9188/f2f7dc8efc522ab2"
        }
        Listener::Test => {
            "arn:aws:elasticloadbalancing:eu-central-1:111122223333:listener/app/storefront/50dc6c495c0c9188/0467ef3c8400ae65"
        }
    }
}

pub(super) const fn task_definition_arn(colour: Colour) -> &'static str {
    match colour {
        Colour::Blue => "arn:aws:ecs:eu-central-1:111122223333:task-definition/storefront:41",
        Colour::Green => "arn:aws:ecs:eu-central-1:111122223333:task-definition/storefront:42",
    }
}

/// The image that a version has at first: its tag is the app's version.
fn image_uri(colour: Colour) -> String {
    let digit = match colour {
        Colour::Blue => "b",
        Colour::Green => "9",
    };
    format!(
        "111122223333.dkr.ecr.eu-central-1.amazonaws.com/storefront:{}@sha256:{}",
        colour.version(),
        digit.repeat(64)
    )
}

/// The one of `all` whose ARN, or name, is `given`.
pub(super) fn find_by_name<T: Copy>(
    all: &[T],
    name: impl Fn(T) -> &'static str,
    given: &str,
    not_found: ApiError,
) -> Result<T, ApiError> {
    let found = all.iter().copied().find(|each| name(*each) == given);
    found.ok_or(not_found)
}
