//! Who waits for a verdict where CodeDeploy deploys, as its event says it.
//!
//! Source: [AppSpec hooks](https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html).

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::{Map, Value};

/// The execution of a lifecycle event's hook that CodeDeploy waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hook {
    /// The deployment.
    pub(crate) deployment_id: String,
    /// A long text without meaning, not to be logged.
    pub(crate) execution_id: String,
}

const DEPLOYMENT_ID: &str = "DeploymentId";
const EXECUTION_ID: &str = "LifecycleEventHookExecutionId";

impl Hook {
    /// The members of an event that make it one of CodeDeploy.
    pub(crate) const MEMBERS: [&str; 2] = [DEPLOYMENT_ID, EXECUTION_ID];

    /// Reads the hook from an event, if both of its ids are there.
    pub(crate) fn read(members: &Map<String, Value>) -> Option<Self> {
        Some(Self {
            deployment_id: read_text(members, DEPLOYMENT_ID)?,
            execution_id: read_text(members, EXECUTION_ID)?,
        })
    }

    /// Eight hexadecimal digits that tell two execution ids apart.
    pub(crate) fn fingerprint(&self) -> String {
        let mut hasher = DefaultHasher::new();
        self.execution_id.hash(&mut hasher);
        format!("{:08x}", hasher.finish() >> 32)
    }
}

/// The deployment and a short hash of the execution id, which is as good as a
/// password while the deployment waits.
impl fmt::Display for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.deployment_id, self.fingerprint())
    }
}

/// A member that is a text and says something.
pub(crate) fn read_text(members: &Map<String, Value>, name: &str) -> Option<String> {
    let text = members.get(name)?.as_str()?;
    (!text.trim().is_empty()).then(|| text.to_owned())
}
