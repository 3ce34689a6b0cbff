//! Values of variables that AWS keeps: each fetched once, those that do not
//! need each other at the same time.

use std::collections::BTreeSet;

use aws::Access;
use aws::calls::CallError;
use aws::parameters::{MOST_PARAMETERS, fetch_parameters};
use aws::secrets::SecretsManager;
use check_file::remote::{Fetched, Remote, Unavailable};
use futures_util::future::join;
use futures_util::stream::{self, StreamExt};
use tokio::time::Instant;

/// How many calls are made at the same time.
const AT_ONCE: usize = 10;

/// Fetches them, or learns why they cannot be had. Without any there is no
/// call.
pub(crate) async fn fetch(
    access: impl FnOnce() -> Result<Access, aws::Error>,
    remotes: BTreeSet<Remote>,
    until: Instant,
) -> Fetched {
    if remotes.is_empty() {
        return Fetched::default();
    }
    let access = match access() {
        Ok(access) => access,
        Err(error) => {
            let unavailable = Unavailable {
                reason: error.to_string(),
                help: "run the function on Lambda, or set `SMOKE_SECRET_…`".to_owned(),
            };
            let all = remotes.into_iter();
            return all
                .map(|remote| (remote, Err(unavailable.clone())))
                .collect();
        }
    };
    let (mut ids, mut names) = (Vec::new(), Vec::new());
    for remote in remotes {
        match remote {
            Remote::Secret(id) => ids.push(id),
            Remote::Parameter(name) => names.push(name),
        }
    }
    let manager = SecretsManager::new(&access);
    let secrets = stream::iter(ids).map(|id| one_secret(&manager, id, until));
    let batches: Vec<_> = names
        .chunks(MOST_PARAMETERS)
        .map(<[String]>::to_vec)
        .collect();
    let parameters = stream::iter(batches).map(|names| one_batch(&access, names, until));
    let (secrets, parameters) = join(
        secrets.buffer_unordered(AT_ONCE).collect::<Vec<_>>(),
        parameters.buffer_unordered(AT_ONCE).collect::<Vec<_>>(),
    )
    .await;
    secrets
        .into_iter()
        .chain(parameters.into_iter().flatten())
        .collect()
}

type Outcome = (Remote, Result<String, Unavailable>);

async fn one_secret(manager: &SecretsManager, id: String, until: Instant) -> Outcome {
    let value = match manager.value(&id, until).await {
        Ok(Some(value)) => Ok(value),
        Ok(None) => Err(Unavailable {
            reason: "a secret of bytes".to_owned(),
            help: "keep text or JSON in it".to_owned(),
        }),
        Err(error) => Err(unavailable(&error)),
    };
    (Remote::Secret(id), value)
}

async fn one_batch(access: &Access, names: Vec<String>, until: Instant) -> Vec<Outcome> {
    let answer = fetch_parameters(access, &names, until).await;
    let outcome = |name: String| {
        let value = match &answer {
            Ok(values) => values.get(&name).cloned().ok_or_else(|| Unavailable {
                reason: "`ssm:GetParameters`: no parameter of that name".to_owned(),
                help: "create it in the account and Region of the function, or correct its name"
                    .to_owned(),
            }),
            Err(error) => Err(unavailable(error)),
        };
        (Remote::Parameter(name), value)
    };
    names.into_iter().map(outcome).collect()
}

fn unavailable(error: &CallError) -> Unavailable {
    let help = match (error.code(), error.help()) {
        (_, Some(help)) => help,
        ("ResourceNotFoundException", None) => {
            "create it in the account and Region of the function, or correct its name".to_owned()
        }
        _ if error.passes() => "look whether the function can reach AWS, and try again".to_owned(),
        _ => "look at what AWS says".to_owned(),
    };
    Unavailable {
        reason: error.to_string(),
        help,
    }
}
