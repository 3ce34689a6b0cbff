//! How the app is asked which version it is. An identity is a check like any
//! other, planned by the engine.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;

use diagnostic::{Problems, Source};
use runner::plan::{self, Plan};
use runner::settings::Selection;
use serde_json::json;

/// How the app is asked which version it is, and what it has to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    /// The path of a GET.
    pub(crate) path: String,
    /// Where in the answer the identity stands.
    pub(crate) origin: Origin,
    /// What has to stand there.
    pub(crate) expected: Expected,
    /// How many answers in a row each address has to give.
    pub(crate) times: NonZeroU32,
}

/// Where an identity stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// In a header.
    Header(String),
    /// In a JSON body, at a JSONPath.
    Json(String),
}

/// What of the green task definition an identity has to equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Expected {
    /// The tag of the image.
    Tag,
    /// The digest of the image.
    Digest,
    /// The image as it is written.
    Image,
    /// A variable of the container.
    Variable(String),
}

impl Identity {
    /// The check, for an app that has to say `expected`; with a `host` header
    /// where the URL is that of an address.
    ///
    /// # Errors
    /// What is wrong with the path, the header or the `JSONPath`.
    pub(crate) fn plan(&self, expected: &str, host: Option<&str>) -> Result<Plan, Problems> {
        let expect = match &self.origin {
            Origin::Header(name) => json!({"headers": {name: "{{ expected }}"}}),
            Origin::Json(path) => json!({"json": {path: "{{ expected }}"}}),
        };
        let mut check =
            json!({"name": "the identity of green", "get": self.path, "expect": expect});
        if let Some(host) = host {
            check["headers"] = json!({"host": host});
        }
        // The engine reads YAML, and each JSON document is one.
        let text = json!({"checks": [check]}).to_string();
        let selection = Selection {
            variables: BTreeMap::from([("expected".to_owned(), expected.to_owned())]),
            ..Selection::default()
        };
        let source: Arc<Source> = Source::new("identity", text);
        plan::plan(&[source], &selection, &|_| None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(path: &str, origin: Origin) -> Identity {
        Identity {
            path: path.to_owned(),
            origin,
            expected: Expected::Tag,
            times: NonZeroU32::MIN,
        }
    }

    #[test]
    fn an_identity_is_a_check() {
        let header = Origin::Header("x-app-version".to_owned());
        let json = Origin::Json("$.version".to_owned());
        for origin in [header, json] {
            let plan = identity("/version", origin).plan("1.0 \"{{\" '", None);
            assert_eq!(plan.unwrap().check_count(), 1);
        }
        let wrong = identity("/", Origin::Json("$.[".to_owned()));
        assert!(wrong.plan("1", None).is_err());
        let right = identity("/", Origin::Header("x-app-version".to_owned()));
        assert!(right.plan("1", Some("[::1]:8080")).is_ok());
    }
}
