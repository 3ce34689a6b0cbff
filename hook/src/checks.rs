//! The check files of an invocation: from this machine, and from S3 where the
//! settings say so. `bucket` makes files of what is in S3.
//!
//! Invariant: other check files than those that were asked for run only where
//! the settings allow it, and then every output says so. What cannot be read
//! is never taken for what is not there.

mod bucket;

use std::sync::Arc;

use aws::Access;
use aws::s3::{Address, S3};
use check_file::discover::{self, CheckFilePlace};
use diagnostic::Source;
use futures_util::future::join_all;
use report::Problem;
use serde_json::{Map, Value};
use tokio::time::Instant;

use self::bucket::Fetching;
use crate::error::{Error, Input};
use crate::settings::{CheckPlace, CheckSettings, Fallback};

/// The check files of an invocation.
#[derive(Debug)]
pub(crate) struct CheckFiles {
    pub(crate) sources: Vec<Arc<Source>>,
    /// What a reader of any output must know of them.
    pub(crate) note: Option<String>,
    /// Files beside them are read until there is a plan.
    _folder: Option<bucket::Folder>,
}

/// Fetches what is in S3, each place at the same time as the others, and reads
/// the check files. Without a place in S3 there is no call.
///
/// # Errors
/// Why the check files cannot be had.
pub(crate) async fn load(
    settings: &CheckSettings,
    deployment: Option<&Map<String, Value>>,
    access: impl FnOnce() -> Result<Access, aws::Error>,
    until: Instant,
) -> Result<CheckFiles, Error> {
    let templates = settings.places.iter().filter_map(|place| match place {
        CheckPlace::Local(_) => None,
        CheckPlace::S3(template) => Some(template),
    });
    let addresses = templates.map(|template| template.fill(deployment));
    let addresses: Vec<_> = addresses
        .collect::<Result<_, _>>()
        .map_err(|problem| Error::refuse(Input::Settings, [problem]))?;
    let refuse = |problem| Error::refuse(Input::CheckFiles, [problem]);
    // Without check files in S3 the function needs no access to AWS for them.
    let fetching = match addresses.first() {
        None => None,
        Some(first) => Some(connect(first, access, until).map_err(refuse)?),
    };
    let mut fetched = Vec::new();
    if let Some(fetching) = &fetching {
        let all = addresses.iter().map(|address| fetching.fetch(address));
        let all = join_all(all).await.into_iter();
        fetched = all.collect::<Result<_, _>>().map_err(refuse)?;
    }
    let missing: Vec<_> = addresses
        .iter()
        .zip(&fetched)
        .filter_map(|(address, found)| found.is_none().then_some(address))
        .collect();
    let note = substitute(settings.fallback, &missing).map_err(refuse)?;
    let mut fetched = fetched.into_iter();
    let places: Vec<_> = settings
        .places
        .iter()
        .map(|place| match place {
            CheckPlace::Local(pattern) => CheckFilePlace::Named(pattern.clone()),
            // A place that has nothing comes so far only if the settings let
            // the files in the package stand in for it.
            CheckPlace::S3(_) => fetched
                .next()
                .flatten()
                .unwrap_or_else(|| CheckFilePlace::Named(settings.bundled.clone())),
        })
        .collect();
    let sources = discover::read_from(&places).map_err(|problems| {
        let problems = problems.diagnostics().iter().map(Problem::from);
        Error::refuse(Input::CheckFiles, problems)
    })?;
    Ok(CheckFiles {
        sources,
        note,
        _folder: fetching.map(Fetching::into_folder),
    })
}

fn connect(
    first: &Address,
    access: impl FnOnce() -> Result<Access, aws::Error>,
    until: Instant,
) -> Result<Fetching, Problem> {
    let access = access().map_err(|reason| Problem {
        text: format!("`{first}`: {reason}"),
        help: Some("run the function on Lambda, or name check files of this machine".to_owned()),
    })?;
    Fetching::new(S3::new(&access), until)
}

/// What to say of places that have nothing, if others may stand in.
fn substitute(fallback: Fallback, missing: &[&Address]) -> Result<Option<String>, Problem> {
    let Some(first) = missing.first() else {
        return Ok(None);
    };
    let names = missing.iter().map(|address| format!("`{address}`"));
    let nothing = format!(
        "there are no check files at {}",
        names.collect::<Vec<_>>().join(", ")
    );
    match fallback {
        Fallback::None => Err(Problem {
            text: nothing,
            help: Some(format!(
                "put check files to `{first}`, or let those in the package stand in for them with `SMOKE_CHECKS_FALLBACK=bundled`"
            )),
        }),
        Fallback::Bundled => {
            let note = format!("{nothing}: those in the package ran instead");
            tracing::warn!(checks = "bundled", "{note}");
            Ok(Some(note))
        }
    }
}
