//! The check files of an invocation: from this machine, and from S3 where the
//! settings say so.
//!
//! | file | what it is for |
//! |---|---|
//! | `template` | an address in S3 that names what is deployed |
//! | `bucket` | objects in S3 → files on this machine, bounded |
//!
//! Invariant: other check files than those that were asked for run only where
//! the settings allow it, and then every output says so. What cannot be read
//! is never taken for what is not there.

mod bucket;
mod template;

use std::sync::Arc;

use aws::Access;
use aws::s3::{Address, S3};
use check_file::discover::{self, Place};
use diagnostic::Source;
use futures_util::future::join_all;
use serde_json::Value;
use tokio::time::Instant;

use self::bucket::Fetching;
pub(crate) use self::template::Template;
use crate::decision::{Decision, Problem};

/// What the settings say of the check files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CheckSettings {
    /// Where they are.
    pub(crate) places: Vec<Named>,
    /// What runs where S3 has nothing.
    pub(crate) fallback: Fallback,
    /// The folder of those in the package.
    pub(crate) bundled: String,
}

/// A place as the settings name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Named {
    /// A file, a folder or a glob on this machine.
    Here(String),
    /// An object or a prefix in S3.
    InS3(Template),
}

/// What runs in the place of check files that are not there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Fallback {
    /// Nothing: the verdict is `Failed`.
    #[default]
    None,
    /// Those in the package.
    Bundled,
}

/// The check files of an invocation.
#[derive(Debug)]
pub(crate) struct Gathered {
    pub(crate) sources: Vec<Arc<Source>>,
    /// What a reader of any output must know of them.
    pub(crate) note: Option<String>,
    /// Files beside them are read until there is a plan.
    _folder: Option<bucket::Folder>,
}

impl CheckSettings {
    /// Whether it takes a deployment to know where they are.
    pub(crate) fn need_deployment(&self) -> bool {
        self.places.iter().any(|place| match place {
            Named::Here(_) => false,
            Named::InS3(template) => template.is_template(),
        })
    }
}

/// Fetches what is in S3, each place at the same time as the others, and reads
/// the check files. Without a place in S3 there is no call.
///
/// # Errors
/// The decision on a deployment whose checks cannot be had.
pub(crate) async fn gather(
    settings: &CheckSettings,
    deployment: Option<&Value>,
    access: impl FnOnce() -> Result<Access, String>,
    until: Instant,
) -> Result<Gathered, Decision> {
    let mut addresses = Vec::new();
    for place in &settings.places {
        if let Named::InS3(template) = place {
            addresses.push(
                template
                    .fill(deployment)
                    .map_err(|problem| refuse("settings", problem))?,
            );
        }
    }
    let fetching = if addresses.is_empty() {
        None
    } else {
        let access = access().map_err(|reason| Problem {
            text: format!("`{}`: {reason}", addresses[0]),
            help: Some(
                "run the function on Lambda, or name check files of this machine".to_owned(),
            ),
        });
        let access = access.map_err(|problem| refuse("check files", problem))?;
        let fetching = Fetching::new(S3::new(&access), until);
        Some(fetching.map_err(|problem| refuse("check files", problem))?)
    };
    let mut fetched = Vec::new();
    if let Some(fetching) = &fetching {
        let all = addresses.iter().map(|at| fetching.fetch(at));
        for found in join_all(all).await {
            fetched.push(found.map_err(|problem| refuse("check files", problem))?);
        }
    }
    let missing: Vec<_> = addresses
        .iter()
        .zip(&fetched)
        .filter_map(|(address, found)| found.is_none().then_some(address))
        .collect();
    let note = settings.instead_of(&missing)?;
    let mut fetched = fetched.into_iter();
    let places: Vec<_> = settings
        .places
        .iter()
        .map(|place| match place {
            Named::Here(pattern) => Place::Named(pattern.clone()),
            Named::InS3(_) => fetched
                .next()
                .flatten()
                .unwrap_or_else(|| Place::Named(settings.bundled.clone())),
        })
        .collect();
    let sources = discover::read_from(&places).map_err(|problems| {
        let problems = problems.diagnostics().iter().map(Problem::from);
        Decision::refuse("the check files", problems)
    })?;
    Ok(Gathered {
        sources,
        note,
        _folder: fetching.map(Fetching::into_folder),
    })
}

impl CheckSettings {
    /// What to say of places that have nothing, if others may stand in.
    fn instead_of(&self, missing: &[&Address]) -> Result<Option<String>, Decision> {
        let Some(first) = missing.first() else {
            return Ok(None);
        };
        let names = missing.iter().map(|address| format!("`{address}`"));
        let nothing = format!(
            "there are no check files at {}",
            names.collect::<Vec<_>>().join(", ")
        );
        match self.fallback {
            Fallback::None => Err(refuse(
                "check files",
                Problem {
                    text: nothing,
                    help: Some(format!(
                        "put check files to `{first}`, or let those in the package stand in for them with `SMOKE_CHECKS_FALLBACK=bundled`"
                    )),
                },
            )),
            Fallback::Bundled => {
                let note = format!("{nothing}: those in the package ran instead");
                tracing::warn!(checks = "bundled", "{note}");
                Ok(Some(note))
            }
        }
    }
}

fn refuse(what: &str, problem: Problem) -> Decision {
    Decision::refuse(&format!("the {what}"), [problem])
}
