//! What green runs, and blue: their images and variables, as the task
//! definitions have them.

use std::collections::BTreeMap;

use futures_util::future::try_join;

use crate::deployment::{BlueGreen, RunningVersion};
use crate::ecs::Ecs;
use crate::settings::Expected;
use crate::time_limit::{TimeLimit, Unproven};

/// The new version, and the one that it is to replace.
#[derive(Debug, Default)]
pub(crate) struct Versions {
    pub(super) green: Version,
    /// Absent if nobody needs to know it, or if there is none.
    pub(super) blue: Option<Version>,
}

/// The container that gets the requests.
#[derive(Debug, Clone, Default)]
pub(super) struct Version {
    /// The ARN of the task definition.
    pub(super) task_definition: String,
    pub(super) image: Option<String>,
    /// The variables that stand in the task definition itself.
    environment: BTreeMap<String, String>,
}

/// Asks for green's, and for blue's if they are to be compared.
pub(super) async fn fetch(
    ecs: &Ecs,
    both: &BlueGreen,
    compared: bool,
    limit: TimeLimit,
) -> Result<Versions, Unproven> {
    let green = &both.green.version;
    let blue = both.blue.as_ref().filter(|_| compared);
    // The same revision again has the same answer, and is not asked for twice.
    let other = blue.filter(|blue| blue.task_definition != green.task_definition);
    let other = async {
        match other {
            Some(other) => fetch_version(ecs, other, limit).await.map(Some),
            None => Ok(None),
        }
    };
    let (green, other) = try_join(fetch_version(ecs, green, limit), other).await?;
    Ok(Versions {
        blue: other.or_else(|| blue.map(|_| green.clone())),
        green,
    })
}

async fn fetch_version(
    ecs: &Ecs,
    running: &RunningVersion,
    limit: TimeLimit,
) -> Result<Version, Unproven> {
    let RunningVersion {
        task_definition,
        container,
    } = running;
    let found = ecs
        .container(task_definition, container.as_deref(), limit.until)
        .await;
    let container = found
        .map_err(|error| limit.explain_failure(&error))?
        .unwrap_or_default();
    Ok(Version {
        task_definition: task_definition.clone(),
        image: Some(container.image).filter(|image| !image.is_empty()),
        environment: container.environment,
    })
}

impl Versions {
    /// What check files and reports know of green's image, by its names there.
    pub(super) fn members(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let green = &self.green;
        let members = [
            ("image", green.image.as_deref()),
            ("tag", green.tag()),
            ("digest", green.digest()),
        ];
        let members = members.into_iter();
        members.filter_map(|(name, value)| Some((name, value?)))
    }
}

impl Version {
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

    /// What an app of this version has to say.
    pub(super) fn identity(&self, expected: &Expected) -> Option<&str> {
        match expected {
            Expected::Tag => self.tag(),
            Expected::Digest => self.digest(),
            Expected::Image => self.image.as_deref(),
            Expected::Variable(name) => self.environment.get(name).map(String::as_str),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_has_a_tag_or_a_digest_or_both() {
        let check = |image: &str, tag: Option<&str>, digest: Option<&str>| {
            let version = Version {
                image: Some(image.to_owned()),
                ..Version::default()
            };
            assert_eq!((version.tag(), version.digest()), (tag, digest), "{image}");
        };
        check("shop", None, None);
        check("shop:1.2", Some("1.2"), None);
        check("registry:5000/team/shop", None, None);
        check("registry:5000/shop:1", Some("1"), None);
        check("r/shop@sha256:abc", None, Some("sha256:abc"));
        check("r:5000/shop:1@sha256:abc", Some("1"), Some("sha256:abc"));
    }
}
