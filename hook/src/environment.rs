//! The environment: read once, here and nowhere else.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use aws::Access;

/// What the name of a variable begins with whose value no output may hold.
pub(crate) const SECRET: &str = "SMOKE_SECRET_";

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
    pub(crate) fn from_process() -> Self {
        // A variable that is no UTF-8 and none of ours must not stop the
        // function.
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
    pub(crate) fn setting(&self, name: &str) -> Option<&str> {
        self.get(name)
            .map(str::trim)
            .filter(|value| !value.is_empty())
    }

    /// All variables whose names begin with this, without it.
    pub(crate) fn with_prefix(&self, prefix: &str) -> impl Iterator<Item = (&str, &str)> {
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
            .filter_map(|name| Some((name, self.setting(name)?)))
            // `cargo lambda` and tests stand in for AWS with credentials such
            // as `test`.
            .filter(|(_, value)| is_unguessable(value))
            .chain(self.with_prefix(SECRET))
    }

    /// The level of the log.
    pub(crate) fn log_level(&self) -> Option<&str> {
        self.setting("AWS_LAMBDA_LOG_LEVEL")
    }

    /// Whether Lambda, or something that stands in for it, started us.
    pub(crate) fn is_lambda(&self) -> bool {
        self.setting("AWS_LAMBDA_RUNTIME_API").is_some()
    }

    /// Access to AWS as the function's role, with connections of its own.
    ///
    /// # Errors
    /// The variables that are missing.
    pub(crate) fn aws(&self) -> Result<Access, aws::Error> {
        let variables = self.clone();
        Access::new(move |name| variables.get(name).map(str::to_owned))
    }

    /// The folder of the check files that travel in the package.
    pub(crate) fn default_checks(&self) -> String {
        let root = self
            .setting("LAMBDA_TASK_ROOT")
            .map_or(self.home.as_path(), Path::new);
        root.join("checks").display().to_string()
    }
}

/// Whether a text is long enough to be one of AWS's credentials or ids. What
/// stands in for AWS is given words such as `test`, which every other message
/// holds.
pub(crate) fn is_unguessable(text: &str) -> bool {
    text.len() >= 16
}
