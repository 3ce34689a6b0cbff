//! What is tested.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::facts::{Facts, Green};
use super::versions::Versions;

/// What is tested.
#[derive(Debug)]
pub(crate) enum Subject {
    /// Nobody deploys.
    ByHand,
    /// A deployment of which nothing is to be proven.
    Unexamined { deployment_id: String },
    /// A deployment, and what AWS knows of it.
    Deployed(Box<Facts>),
}

impl Subject {
    /// Whether there is something to prove of it.
    pub(crate) fn is_provable(&self) -> bool {
        self.green().is_some()
    }

    pub(super) fn green(&self) -> Option<(&Facts, &Green)> {
        match self {
            Self::Deployed(facts) => Some((facts, facts.green.as_ref()?)),
            Self::ByHand | Self::Unexamined { .. } => None,
        }
    }

    /// What a reader has to know of a subject of which nothing is proven. Who
    /// runs the checks by hand knows.
    pub(super) fn why_unproven(&self) -> Option<String> {
        let note = match self {
            Self::ByHand => {
                tracing::info!("a run by hand: there is no deployment, and nothing to prove");
                return None;
            }
            Self::Unexamined { .. } => {
                "nothing proves that the target is green: `SMOKE_PROOF` is `off`"
            }
            Self::Deployed(_) => {
                "nothing proves that the new version was tested: a deployment of Lambda has no \
                 listener"
            }
        };
        tracing::warn!("{note}");
        Some(note.to_owned())
    }

    /// The values for check files: `deployment`, with what is known of it.
    pub(crate) fn context(&self, versions: &Versions) -> BTreeMap<String, Value> {
        let deployment = match self {
            Self::ByHand => return BTreeMap::new(),
            Self::Unexamined { deployment_id } => {
                Map::from_iter([("id".to_owned(), Value::from(deployment_id.as_str()))])
            }
            Self::Deployed(facts) => facts.context(Some(versions)),
        };
        BTreeMap::from([("deployment".to_owned(), Value::Object(deployment))])
    }
}
