//! The settings: `SMOKE_…` variables, named like the flags of the `smoke`
//! command. They are read into types that cannot be wrong; everything that is
//! wrong with them is found at once.

mod checks;
mod identity;
mod proof;
mod sinks;
mod template;

use std::collections::BTreeMap;
use std::fmt::Display;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use client::connection::Connection;
use client::hosts::{Host, Hosts};
use client::target::{Address, Target};
use diagnostic::suggest;
use diagnostic::units::parse_duration;
use report::Problem;
use runner::rate::Rate;
use runner::settings::{Assignment, DEFAULT_JOBS, Selection, Tags, parse_jobs};

use crate::deadlines::RESERVE;
use crate::environment::{Environment, SECRET};

pub(crate) use self::checks::{CheckPlace, CheckSettings, Fallback};
pub(crate) use self::identity::{Expected, Identity, Origin};
pub(crate) use self::proof::{Mode, ProofSettings};
pub(crate) use self::sinks::{Notify, NotifyOn, SinkSettings};

/// What the team has to say about its gate, beside its [`SinkSettings`].
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// Where the check files are.
    pub(crate) checks: CheckSettings,
    /// The base URL under test; a run by hand may name it in its event.
    pub(crate) target: Option<Target>,
    /// What is dialled instead of the target's own name.
    pub(crate) connect_to: Option<Address>,
    /// The only certificate authorities that are trusted, instead of the
    /// system's.
    pub(crate) cacert: Option<PathBuf>,
    /// Which checks run, and with which values.
    pub(crate) selection: Selection,
    /// How many checks run at the same time.
    pub(crate) jobs: NonZeroUsize,
    /// How many requests may be sent in a time, over all checks.
    pub(crate) rate: Option<Rate>,
    /// Begin no further check after one that fails the verdict.
    pub(crate) fail_fast: bool,
    /// How the invocation's time is divided.
    pub(crate) time: Time,
    /// What is proven before the first check.
    pub(crate) proof: ProofSettings,
}

/// How the time of an invocation is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Time {
    /// The longest that the checks may take, beside Lambda's own deadline.
    pub(crate) most: Option<Duration>,
    /// What is kept for reporting.
    pub(crate) reserve: Duration,
}

impl Default for Time {
    fn default() -> Self {
        Self {
            most: None,
            reserve: RESERVE,
        }
    }
}

/// One thing that is wrong with the settings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{variable}`: {problem}")]
pub(crate) struct SettingError {
    /// The environment variable.
    pub(crate) variable: String,
    /// What was expected, and what was found.
    pub(crate) problem: String,
    /// What to do.
    pub(crate) help: String,
}

impl SettingError {
    /// There is nothing to test.
    pub(crate) fn no_target() -> Self {
        Self {
            variable: TARGET.to_owned(),
            problem: "expected a URL such as `https://shop.example.com:8443`, found nothing"
                .to_owned(),
            help: TARGET_HELP.to_owned(),
        }
    }
}

impl From<&SettingError> for Problem {
    fn from(error: &SettingError) -> Self {
        Self {
            text: error.to_string(),
            help: Some(error.help.clone()),
        }
    }
}

const TARGET: &str = "SMOKE_TARGET";
const CONNECT_TO: &str = "SMOKE_CONNECT_TO";
const CACERT: &str = "SMOKE_CACERT";
const TAG: &str = "SMOKE_TAG";
const FAIL_FAST: &str = "SMOKE_FAIL_FAST";
const MOST_AT_ONCE: &str = "SMOKE_JOBS";
const DEADLINE: &str = "SMOKE_DEADLINE";
const ALLOW_HOSTS: &str = "SMOKE_ALLOW_HOSTS";
const RATE: &str = "SMOKE_RATE";
const KEEP_FOR_REPORT: &str = "SMOKE_RESERVE";

const TARGET_HELP: &str = "give the URL of the test listener";

/// Every setting by name; `SMOKE_VAR_…` and `SMOKE_SECRET_…` are beside them.
const NAMES: [&str; 22] = [
    TARGET,
    checks::CHECKS,
    checks::FALLBACK,
    CONNECT_TO,
    CACERT,
    TAG,
    FAIL_FAST,
    MOST_AT_ONCE,
    DEADLINE,
    ALLOW_HOSTS,
    RATE,
    KEEP_FOR_REPORT,
    proof::PROOF,
    proof::PROOF_TIMEOUT,
    proof::IDENTITY,
    proof::IDENTITY_PATH,
    proof::IDENTITY_IS,
    proof::IDENTITY_TIMES,
    sinks::METRICS,
    sinks::REPORTS,
    sinks::NOTIFY,
    sinks::NOTIFY_ON,
];
const PREFIX: &str = "SMOKE_";
const VARIABLE: &str = "SMOKE_VAR_";

/// With less time than this CodeDeploy is not told.
const LEAST_RESERVE: Duration = Duration::from_secs(1);

impl Settings {
    /// The settings of the gate.
    ///
    /// # Errors
    /// Everything that is wrong with them, in the order of the names.
    pub(crate) fn read(environment: &Environment) -> Result<Self, Vec<SettingError>> {
        let mut reader = Reader {
            environment,
            errors: Vec::new(),
        };
        let settings = reader.read_settings();
        // The sinks take them from here also if the rest is wrong.
        reader.read_sinks();
        let mut errors = reader.errors;
        if errors.is_empty() {
            return Ok(settings);
        }
        if environment.setting(TARGET).is_none() {
            errors.push(SettingError::no_target());
        }
        errors.sort_by(|a, b| a.variable.cmp(&b.variable));
        Err(errors)
    }

    /// How this target is reached.
    pub(crate) fn connection(&self, target: Target) -> Connection {
        Connection {
            target: target.with_allowed_hosts(self.selection.hosts.clone()),
            connect_to: self.connect_to.clone(),
            cacert: self.cacert.clone(),
        }
    }
}

/// Reads on after an error, so that all of them are found.
struct Reader<'a> {
    environment: &'a Environment,
    errors: Vec<SettingError>,
}

impl Reader<'_> {
    fn read_settings(&mut self) -> Settings {
        self.refuse_unknown_names();
        let target = self.parse_setting::<Target>(TARGET, TARGET_HELP);
        let connect_to = self.parse_setting::<Address>(
            CONNECT_TO,
            "give the load balancer's name or address, without a scheme",
        );
        let mut variables = self.read_variables(VARIABLE);
        let secrets = self.read_variables(SECRET);
        // A variable that is a secret is one even if `SMOKE_VAR_` gives it a
        // value, too.
        let names = secrets.keys().cloned().collect();
        variables.extend(secrets);
        let selection = Selection {
            variables,
            secrets: names,
            hosts: self.read_hosts(),
            tags: self.read_tags(),
            ..Selection::default()
        };
        let jobs = self.read_jobs();
        let rate = self.parse_setting::<Rate>(RATE, "leave it out for no limit");
        let fail_fast = self.read_fail_fast();
        let time = Time {
            most: self.read_duration(DEADLINE, Duration::from_millis(1)),
            reserve: self
                .read_duration(KEEP_FOR_REPORT, LEAST_RESERVE)
                .unwrap_or(RESERVE),
        };
        Settings {
            proof: self.read_proof(),
            checks: self.read_checks(),
            target,
            connect_to,
            cacert: self.environment.setting(CACERT).map(PathBuf::from),
            selection,
            jobs,
            rate,
            fail_fast,
            time,
        }
    }

    fn add_error(&mut self, variable: &str, problem: impl Into<String>, help: impl Into<String>) {
        self.errors.push(SettingError {
            variable: variable.to_owned(),
            problem: problem.into(),
            help: help.into(),
        });
    }

    /// A typing slip must not become a setting that is silently not there.
    fn refuse_unknown_names(&mut self) {
        let environment = self.environment;
        for (rest, _) in environment.with_prefix(PREFIX) {
            let name = &format!("{PREFIX}{rest}");
            let of_check_files = [VARIABLE, SECRET]
                .iter()
                .any(|prefix| name.starts_with(prefix));
            if NAMES.contains(&name.as_str()) || of_check_files {
                continue;
            }
            // Without the prefix, which all have in common.
            let known = NAMES.iter().filter_map(|known| known.strip_prefix(PREFIX));
            let help = match suggest::nearest(rest, known) {
                Some(near) => format!("write `{PREFIX}{near}` if that is meant"),
                None => {
                    format!("write `{VARIABLE}…` for a variable of the check files, or remove it")
                }
            };
            self.add_error(
                name,
                "expected a setting of Greenlight, found an unknown name",
                help,
            );
        }
    }

    fn parse_setting<T: FromStr<Err: Display>>(&mut self, name: &str, help: &str) -> Option<T> {
        let value = self.environment.setting(name)?.parse();
        self.value_or_error(value, name, help)
    }

    fn value_or_error<T>(
        &mut self,
        value: Result<T, impl Display>,
        name: &str,
        help: &str,
    ) -> Option<T> {
        let value = value.map_err(|problem| self.add_error(name, problem.to_string(), help));
        value.ok()
    }

    fn split_list(&self, name: &str) -> Vec<&str> {
        self.environment
            .setting(name)
            .into_iter()
            .flat_map(|list| list.split(','))
            .map(str::trim)
            .filter(|item| !item.is_empty())
            .collect()
    }

    fn read_tags(&mut self) -> Tags {
        let tags = Tags::parse(self.split_list(TAG));
        let help = "separate tags by commas; `!slow` leaves a tag out";
        self.value_or_error(tags, TAG, help).unwrap_or_default()
    }

    fn read_variables(&mut self, prefix: &str) -> BTreeMap<String, String> {
        let environment = self.environment;
        let mut variables = BTreeMap::new();
        for (name, value) in environment.with_prefix(prefix) {
            // Only the name is looked at, so that no message can hold the value.
            match format!("{name}=").parse::<Assignment>() {
                Ok(Assignment { name, .. }) => {
                    variables.insert(name, value.to_owned());
                }
                Err(_) => self.add_error(
                    &format!("{prefix}{name}"),
                    format!("expected a name of letters, digits and `_` after `{prefix}`, found `{name}`"),
                    "name it as the check files do",
                ),
            }
        }
        variables
    }

    fn read_hosts(&mut self) -> Hosts {
        let mut hosts = Vec::new();
        for text in self
            .split_list(ALLOW_HOSTS)
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>()
        {
            match text.parse::<Host>() {
                Ok(host) => hosts.push(host),
                Err(error) => self.add_error(
                    ALLOW_HOSTS,
                    error.to_string(),
                    "name the hosts that checks may ask beside the target, separated by commas",
                ),
            }
        }
        hosts.into_iter().collect()
    }

    fn read_jobs(&mut self) -> NonZeroUsize {
        let Some(text) = self.environment.setting(MOST_AT_ONCE) else {
            return DEFAULT_JOBS;
        };
        let help = format!("leave it out for {DEFAULT_JOBS}");
        self.value_or_error(parse_jobs(text), MOST_AT_ONCE, &help)
            .unwrap_or(DEFAULT_JOBS)
    }

    fn read_fail_fast(&mut self) -> bool {
        match self.environment.setting(FAIL_FAST) {
            // Terraform and shells write booleans in both ways.
            None | Some("false" | "0") => false,
            Some("true" | "1") => true,
            Some(text) => {
                self.add_error(
                    FAIL_FAST,
                    format!("expected `true` or `false`, found `{text}`"),
                    "write `true` to begin no further check after one that failed",
                );
                false
            }
        }
    }

    fn read_duration(&mut self, name: &str, least: Duration) -> Option<Duration> {
        let text = self.environment.setting(name)?;
        let duration = parse_duration(text).filter(|duration| *duration >= least);
        if duration.is_none() {
            let at_least = if least == LEAST_RESERVE {
                " and at least `1s`"
            } else {
                ""
            };
            self.add_error(
                name,
                format!(
                    "expected a duration such as `500ms`, `5s` or `1m30s`{at_least}, found `{text}`"
                ),
                "write whole numbers with the units `ms`, `s`, `m` or `h`, a day at most",
            );
        }
        duration
    }
}

#[cfg(test)]
mod tests;
