//! The environment: read once, here and nowhere else.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use aws::Access;

use crate::secrets::is_unguessable;
use crate::settings::SECRET;

/// The environment, as it was when the function started.
#[derive(Clone)]
pub(crate) struct Environment {
    variables: BTreeMap<String, String>,
    /// The folder that the function's binary stands in.
    home: PathBuf,
}

/// Its values may be secrets.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.variables.keys()).finish()
    }
}

impl Environment {
    /// The environment of this process.
    pub(crate) fn of_process() -> Self {
        let lossy = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
        let home = std::env::current_exe()
            .ok()
            .and_then(|binary| Some(binary.parent()?.to_owned()));
        Self::new(
            std::env::vars_os().map(|(key, value)| (lossy(key), lossy(value))),
            home.unwrap_or_default(),
        )
    }

    /// An environment of these variables, for a binary in the folder `home`.
    pub(crate) fn new(
        variables: impl IntoIterator<Item = (String, String)>,
        home: PathBuf,
    ) -> Self {
        Self {
            variables: variables.into_iter().collect(),
            home,
        }
    }

    /// The value of a variable; for check files that take a value from here.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    /// The value of a setting; an empty one is none.
    pub(crate) fn given(&self, name: &str) -> Option<&str> {
        self.get(name)
            .map(str::trim)
            .filter(|value| !value.is_empty())
    }

    /// All variables whose names begin with this, without it.
    pub(crate) fn beginning_with(&self, prefix: &str) -> impl Iterator<Item = (&str, &str)> {
        self.variables
            .iter()
            .filter_map(move |(name, value)| Some((name.strip_prefix(prefix)?, value.as_str())))
    }

    /// What is secret by its name, with its value: the credentials that Lambda
    /// gives, and what the settings call a secret.
    ///
    /// Source: [Lambda environment variables](https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html).
    pub(crate) fn secrets(&self) -> impl Iterator<Item = (&str, &str)> {
        const CREDENTIALS: [&str; 4] = [
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_SESSION_TOKEN",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN",
        ];
        let credentials = CREDENTIALS.into_iter();
        credentials
            .filter_map(|name| Some((name, self.given(name)?)))
            .filter(|(_, value)| is_unguessable(value))
            .chain(self.beginning_with(SECRET))
    }

    /// The level of the log.
    pub(crate) fn log_level(&self) -> Option<&str> {
        self.given("AWS_LAMBDA_LOG_LEVEL")
    }

    /// Whether Lambda, or something that stands in for it, started us.
    pub(crate) fn is_lambda(&self) -> bool {
        self.given("AWS_LAMBDA_RUNTIME_API").is_some()
    }

    /// Access to AWS as the function's role, with connections of its own.
    ///
    /// # Errors
    /// The variables that are missing, as a clause.
    pub(crate) fn aws(&self) -> Result<Access, String> {
        let variables = self.clone();
        Access::new(move |name| variables.get(name).map(str::to_owned))
    }

    /// The folder of the check files that travel in the package.
    pub(crate) fn default_checks(&self) -> String {
        let root = self
            .given("LAMBDA_TASK_ROOT")
            .map_or(self.home.as_path(), Path::new);
        root.join("checks").display().to_string()
    }
}
