//! The event: what CodeDeploy, Lambda or a person at a terminal invokes the
//! function with.

use serde_json::{Map, Value};

use crate::codedeploy::{Hook, read_text};

/// What is asked of the function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    /// Nobody waits for a verdict: a run by hand.
    Local {
        /// The base URL to test, where the settings leave it open.
        target: Option<String>,
    },
    /// CodeDeploy waits for a verdict.
    ///
    /// Source: [AppSpec hooks](https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html).
    Hook(Hook),
    /// CodeDeploy waits for a verdict, and the event asks for something else
    /// as well: what is to be tested is not known.
    Contradictory {
        /// Who waits.
        hook: Hook,
        /// What is wrong with the event.
        error: EventError,
    },
    /// An earlier invocation of the gate died before it could report, and
    /// Lambda's on-failure destination says so.
    ///
    /// Source: [records of asynchronous invocations](https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html).
    Watchdog {
        /// Who waited for that invocation; nobody, if it was a run by hand.
        hook: Option<Hook>,
        /// How it ended, as a clause.
        end: String,
    },
}

/// An event that is none that Greenlight knows.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
#[error("{place}expected {EXPECTED}, found {found}; {help}")]
pub(crate) struct EventError {
    place: &'static str,
    /// What it is: the names of its members, and no values.
    found: String,
    /// What to do.
    help: &'static str,
}

const TARGET: &str = "target";
/// What an event of Greenlight's own begins with. This version has none.
const OWN: &str = "greenlight";
/// The members of Lambda's record of an invocation that tell it from all else.
const CONTEXT: &str = "requestContext";
const PAYLOAD: &str = "requestPayload";

const EXPECTED: &str = "an event of CodeDeploy (`DeploymentId` and `LifecycleEventHookExecutionId`), \
    Lambda's record of an invocation that failed (`requestContext` and `requestPayload`) \
    or a run by hand (`{}` or `{\"target\": \"https://…\"}`)";

/// Members that tell who else sent an event, and what to do then. A hook of
/// CodeDeploy has none of them.
const FOREIGN: [(&str, &str); 6] = [
    (OWN, "use a version of Greenlight that knows this event"),
    ("executionDetails", HELP_ECS),
    ("lifecycleStage", HELP_ECS),
    (
        "CodePipeline.job",
        "name the function in the AppSpec, not in an action of CodePipeline",
    ),
    (CONTEXT, HELP_RECORD),
    (PAYLOAD, HELP_RECORD),
];
const HELP_ECS: &str = "name the function in the AppSpec of a CodeDeploy deployment: \
    the lifecycle hooks of Amazon ECS's own deployments are not answered";
const HELP_RECORD: &str =
    "let Lambda's on-failure destination of the gate send its record as it is";
const HELP_PART: &str = "CodeDeploy sends both ids, as text, and cannot be told without them: \
    look at what invokes the function, and at the spelling";
const HELP: &str = "name the function as a hook in the AppSpec; for a run by hand, send `{}`";

/// The most members of an event that are named.
const MOST_NAMES: usize = 8;
/// The most characters of a name.
const LONGEST_NAME: usize = 40;

impl Event {
    /// Who waits for a verdict.
    pub(crate) fn hook(&self) -> Option<&Hook> {
        match self {
            Self::Local { .. } => None,
            Self::Hook(hook) | Self::Contradictory { hook, .. } => Some(hook),
            Self::Watchdog { hook, .. } => hook.as_ref(),
        }
    }

    /// Reads an event, which has to be one that is known. Beside both ids of
    /// a hook CodeDeploy may send more than it does today, and an id has no
    /// shape that could be checked: AWS documents none.
    pub(crate) fn read(payload: &Value) -> Result<Self, EventError> {
        let Value::Object(members) = payload else {
            return Err(EventError::new(describe_kind(payload).to_owned(), HELP));
        };
        // An event of another service may have been given our members by
        // whoever passes it on.
        let foreign = FOREIGN.iter().find(|(name, _)| members.contains_key(*name));
        if let Some(hook) = Hook::read(members) {
            return Ok(match foreign {
                None => Self::Hook(hook),
                // CodeDeploy waits, so that this has to end in a verdict and
                // not in an error.
                Some((_, help)) => Self::Contradictory {
                    hook,
                    error: EventError::new(describe_members(members), help),
                },
            });
        }
        // Lambda's record comes before a run by hand, because the event in it
        // is the one that counts.
        if let Some((payload, end)) = read_record(members) {
            return read_watchdog_event(payload, end);
        }
        let mut names = members.keys().map(String::as_str);
        match (names.next(), names.next(), read_text(members, TARGET)) {
            // A person who tries the gate sends `{}`.
            (None, ..) => Ok(Self::Local { target: None }),
            (Some(TARGET), None, target @ Some(_)) => Ok(Self::Local { target }),
            _ => {
                let has_part = Hook::MEMBERS.iter().any(|id| members.contains_key(*id));
                let help = match foreign {
                    Some((_, help)) => help,
                    None if has_part => HELP_PART,
                    None => HELP,
                };
                Err(EventError::new(describe_members(members), help))
            }
        }
    }
}

/// The event of an invocation that had this payload and ended so.
fn read_watchdog_event(payload: &Value, end: String) -> Result<Event, EventError> {
    match Event::read(payload) {
        Ok(event) => Ok(Event::Watchdog {
            hook: event.hook().cloned(),
            end,
        }),
        Err(error) => Err(EventError {
            place: "`requestPayload` of Lambda's record: ",
            ..error
        }),
    }
}

impl EventError {
    fn new(found: String, help: &'static str) -> Self {
        Self {
            place: "",
            found,
            help,
        }
    }
}

/// The payload of an invocation, and how it ended, if this is Lambda's record
/// of one that failed.
fn read_record(members: &Map<String, Value>) -> Option<(&Value, String)> {
    let payload = members.get(PAYLOAD)?;
    let condition = members.get(CONTEXT)?.get("condition")?.as_str()?;
    // The destination of those that did not fail has the same shape.
    if condition == "Success" {
        return None;
    }
    let message = members.get("responsePayload");
    let message = message.and_then(|answer| answer.get("errorMessage")?.as_str());
    let end = match message {
        // Lambda knows a message only if the function lived to give one.
        Some(message) => format!("{condition}: {message}"),
        None => condition.to_owned(),
    };
    Some((payload, end))
}

/// An object by the names of its members. Of those that have to be text, what
/// they are instead is said; no value is.
fn describe_members(members: &Map<String, Value>) -> String {
    let is_text = |name: &str| name == TARGET || Hook::MEMBERS.contains(&name);
    // What is known comes first, so that it is named among however many.
    let known = |name: &str| {
        let foreign = FOREIGN.iter().any(|(foreign, _)| *foreign == name);
        foreign || is_text(name)
    };
    let mut names: Vec<&String> = members.keys().collect();
    names.sort_by_key(|name| !known(name));
    let shown = names.iter().take(MOST_NAMES).map(|name| {
        // The name of a member comes from outside, and may be of any length.
        let short: String = name.chars().take(LONGEST_NAME).collect();
        let cut = if short.len() < name.len() { "…" } else { "" };
        let wrong = match members.get(name.as_str()) {
            _ if !is_text(name) => None,
            Some(Value::String(text)) if !text.trim().is_empty() => None,
            Some(Value::String(_)) => Some("empty"),
            other => other.map(describe_kind),
        };
        let wrong = wrong.map_or(String::new(), |wrong| format!(" ({wrong})"));
        format!("`{}{cut}`{wrong}", escape_invisible(&short))
    });
    let mut shown: Vec<_> = shown.collect();
    if names.len() > MOST_NAMES {
        shown.push(format!("{} more", names.len() - MOST_NAMES));
    }
    let last = shown.pop().unwrap_or_default();
    match shown.as_slice() {
        [] => format!("an object with {last}"),
        others => format!("an object with {} and {last}", others.join(", ")),
    }
}

/// A text in one line, with nothing in it that is not seen. What is seen stays
/// as it is, so that a secret in it is recognised.
fn escape_invisible(text: &str) -> String {
    let mut visible = String::new();
    for c in text.chars() {
        match c {
            // A secret that holds one of these would not be recognised if
            // they were escaped.
            '"' | '\'' | '\\' => visible.push(c),
            c => visible.extend(c.escape_debug()),
        }
    }
    visible
}

fn describe_kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests;
