//! A check file, read: the types of the check language.
//!
//! What can be known from the file alone is settled here; what needs a target,
//! variables or a selection is settled by [`runner::plan`].
//!
//! ```text
//! bytes → yaml (a tree with places) → read → CheckFile
//! ```

mod auth;
mod body;
mod captures;
mod checks;
mod connection;
mod defaults;
mod expect;
mod flow;
mod fragments;
mod graphql;
mod grpc;
mod include;
pub mod keys;
mod markup;
pub mod method;
mod multipart;
mod predicates;
mod queries;
mod reader;
mod request;
mod request_types;
mod rows;
mod schemas;
mod series;
mod steps;
mod variables;
mod websocket;

use std::sync::Arc;
use std::time::Duration;

pub use self::queries::{CookieAttribute, Phase, Query, TlsFact};
pub use self::request::find_authority;
pub use self::request::is_host;
pub use self::request_types::{
    Auth, Body, FormPart, GraphQl, HttpVersion, OAuth2, OwnFields, PartContent, Request, SigV4,
};
pub(crate) use self::schemas::to_json;
pub use self::variables::{Origin, RemoteValue, Variable};
pub use self::websocket::{AwaitedEvent, Message, WebSocketEvent, as_http};
use crate::predicate::Predicate;
use crate::template::Template;
use crate::value::ValueTemplate;
use diagnostic::{Diagnostic, Place, Source, Span};

/// A well-formed check file.
#[derive(Debug)]
pub struct CheckFile {
    /// The text that it was read from.
    pub source: Arc<Source>,
    /// The file's `name`, or its file name.
    pub name: String,
    /// Its variables, in their order.
    pub variables: Vec<Variable>,
    /// Steps that run before the checks; what they capture, the checks know.
    pub setup: Option<Check>,
    /// Its checks, in their order.
    pub checks: Vec<Check>,
    /// Steps that run after the checks, whatever came of them.
    pub teardown: Option<Check>,
}

/// A named unit with one or more steps.
#[derive(Debug, Clone)]
pub struct Check {
    /// Its name.
    pub name: String,
    /// Where its name is written.
    pub span: Span,
    /// Its tags.
    pub tags: Vec<String>,
    /// What its failure means for the verdict.
    pub severity: Severity,
    /// Whether and when it runs.
    pub flow: Flow,
    /// Repeats all steps; a one-request check has this on its step.
    pub retry: Option<Retry>,
    /// Its steps, in their order.
    pub steps: Vec<Step>,
}

/// Whether, when and how often a check runs.
#[derive(Debug, Clone, Default)]
pub struct Flow {
    /// Why it does not run at all.
    pub skip: Option<String>,
    /// It runs only if this is true.
    pub when: Option<(Template, Span)>,
    /// Checks of the same file that must have passed before.
    pub needs: Vec<(String, Span)>,
    /// It runs once for each row.
    pub each: Option<Vec<Row>>,
    /// Its failure is known, and fails no verdict until a date.
    pub quarantine: Option<Quarantine>,
}

/// One row of data: values under names.
#[derive(Debug, Clone)]
pub struct Row(pub Vec<(String, serde_json::Value)>);

/// A known failure that must not stop deployments until it is mended.
#[derive(Debug, Clone)]
pub struct Quarantine {
    /// The first day on which it counts again, in UTC.
    pub until: jiff::civil::Date,
    /// Who mends it.
    pub owner: String,
    /// Why it is known to fail.
    pub reason: String,
}

/// What a failed check means for the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Severity {
    /// It fails the verdict.
    #[default]
    Required,
    /// Reports show it, and the verdict stands.
    Warn,
}

/// One request, its expectations and its captures.
#[derive(Debug, Clone)]
pub struct Step {
    /// The use of a fragment that the step is there for.
    pub used: Option<Arc<Use>>,
    /// Its name, if it has one.
    pub name: Option<String>,
    /// Where the request is written: `get: /path`.
    pub span: Span,
    /// The whole step.
    pub block: Span,
    /// What is sent.
    pub request: Request,
    /// What the answer must be like.
    pub expectations: Vec<Expectation>,
    /// What of the answer becomes variables.
    pub captures: Vec<Capture>,
    /// How often it is tried until it passes.
    pub retry: Option<Retry>,
    /// How often it is sent to measure a series.
    pub repeat: Option<Repeat>,
    /// The longest that one attempt may take.
    pub timeout: Duration,
    /// The most redirects that are followed.
    pub follow_redirects: usize,
    /// The pause before its first attempt.
    pub delay: Duration,
}

impl Step {
    /// The file that the step stands in, if a step of `file` is not of a
    /// fragment.
    pub fn source<'a>(&'a self, file: &'a Arc<Source>) -> &'a Arc<Source> {
        self.used.as_ref().map_or(file, |used| &used.source)
    }

    /// The uses that it is there for, the innermost first.
    pub fn uses(&self) -> impl Iterator<Item = &Arc<Use>> {
        std::iter::successors(self.used.as_ref(), |used| used.within.as_ref())
    }
}

/// A place where a fragment is used.
#[derive(Debug)]
pub struct Use {
    /// The fragment's name.
    pub fragment: String,
    /// What reports call this use.
    pub label: String,
    /// The file that the fragment stands in.
    pub source: Arc<Source>,
    /// Where the use is written.
    pub place: Place,
    /// The values of the fragment's parameters.
    pub with: Vec<Binding>,
    /// The use that this one is part of.
    pub within: Option<Arc<Use>>,
}

impl Use {
    fn outermost(&self) -> &Self {
        self.within.as_ref().map_or(self, |outer| outer.outermost())
    }
}

/// The value of a parameter.
#[derive(Debug)]
pub struct Binding {
    /// The parameter.
    pub name: String,
    /// Its value.
    pub value: ValueTemplate,
    /// Where the value is written.
    pub place: Place,
}

/// A query and the predicate that must hold for its value.
#[derive(Debug, Clone)]
pub struct Expectation {
    /// What is asked of the answer.
    pub query: Query,
    /// What must be true of it.
    pub predicate: Predicate,
}

/// A value taken from a response under a name, for the steps that follow.
#[derive(Debug, Clone)]
pub struct Capture {
    /// The variable that it becomes.
    pub name: String,
    /// Where the name is written.
    pub span: Span,
    /// What is asked of the answer.
    pub query: Query,
    /// What is made of it; the template knows it as `value`.
    pub transform: Option<(Template, Span)>,
    /// No output may hold it.
    pub secret: bool,
}

/// How a step or a check is tried again until it passes.
#[derive(Debug, Clone, PartialEq)]
pub struct Retry {
    /// For how long new attempts are begun.
    pub within: Option<Duration>,
    /// How many attempts there are in all.
    pub times: Option<u32>,
    /// The pause between two attempts.
    pub every: Duration,
    /// By how much each pause is longer than the one before.
    pub backoff: f64,
    /// Ask again only after these; after anything if there are none.
    pub only: Vec<RetryOn>,
}

/// How often a request is sent to measure a series.
#[derive(Debug, Clone)]
pub struct Repeat {
    /// How often the request is sent.
    pub times: usize,
    /// How many at the same time.
    pub jobs: std::num::NonZeroUsize,
    /// What all repetitions together have to be like.
    pub of_all: Vec<SeriesExpectation>,
}

/// What all repetitions together have to be like.
#[derive(Debug, Clone)]
pub struct SeriesExpectation {
    /// What is asked of the series.
    pub query: SeriesQuery,
    /// What must be true of it.
    pub predicate: Predicate,
}

/// Something that can be asked of all repetitions together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeriesQuery {
    /// The latency that so many in a hundred do not exceed.
    Percentile(u8),
    /// How many of all failed, from 0 to 1.
    ErrorRate,
}

/// An outcome of an attempt that asking again may heal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RetryOn {
    /// Nothing came back.
    CouldNotAsk,
    /// The answer had one of these statuses.
    Status(std::ops::RangeInclusive<u64>),
}

impl Step {
    /// What it captures, over a WebSocket too.
    pub fn all_captures(&self) -> impl Iterator<Item = &Capture> {
        let messages = self.request.messages().iter();
        self.captures
            .iter()
            .chain(messages.flat_map(Message::captures))
    }

    /// Whether a query can be answered only if the request has a connection of its
    /// own.
    pub fn needs_connection(&self) -> bool {
        let expected = self.expectations.iter().map(|entry| &entry.query);
        let captured = self.captures.iter().map(|entry| &entry.query);
        expected.chain(captured).any(Query::needs_connection)
    }
}

impl CheckFile {
    /// Reads a check file as far as it can be read, and adds everything that
    /// is wrong with it to `problems`.
    pub fn read(source: &Arc<Source>, problems: &mut Vec<Diagnostic>) -> Option<Self> {
        let before = problems.len();
        let Some(root) = diagnostic::yaml::parse(source, problems) else {
            // The YAML parser has reported a malformed text; only an empty one has
            // neither a tree nor a diagnostic.
            if problems.len() == before {
                problems.push(report_empty_file(source));
            }
            return None;
        };
        let mut file = checks::read_file(&root, source, problems)?;
        let of_secrets = file.variables.iter().filter_map(Variable::literal_secret);
        let of_secrets: Vec<Span> = of_secrets.collect();
        if !of_secrets.is_empty() {
            file.source = source.redact_spans(&of_secrets);
            let places = problems[before..].iter_mut().flat_map(|problem| {
                let related = problem.related.iter_mut().map(|(place, _)| place);
                problem.place.iter_mut().chain(related)
            });
            for place in places.filter(|place| Arc::ptr_eq(&place.source, source)) {
                place.source = Arc::clone(&file.source);
            }
        }
        Some(file)
    }
}

impl Variable {
    /// Where a secret stands in the file itself.
    fn literal_secret(&self) -> Option<Span> {
        match &self.origin {
            Some(Origin::Secret(ValueTemplate::Fixed(_), span)) => Some(*span),
            _ => None,
        }
    }
}

fn report_empty_file(source: &Arc<Source>) -> Diagnostic {
    Diagnostic::at(source, Span::new(0, 0), "a file without checks")
        .expected("`checks:` with at least one check")
        .found("an empty file")
        .help("begin with `checks:` and one `- name: …` below it")
}
