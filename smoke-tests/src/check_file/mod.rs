//! A check file, read: the types of the check language.
//!
//! What can be known from the file alone is settled here; what needs a target,
//! variables or a selection is settled by [`crate::plan`].
//!
//! ```text
//! bytes → yaml (a tree with places) → read → CheckFile
//! ```

mod auth;
mod body;
mod captures;
mod checks;
mod connection;
mod expect;
mod flow;
mod fragments;
mod graphql;
mod grpc;
mod include;
pub(crate) mod keys;
mod markup;
pub(crate) mod method;
mod multipart;
mod predicates;
mod read;
mod request;
mod rows;
mod schemas;
mod sent;
mod series;
mod steps;
mod variables;
mod websocket;

use std::sync::Arc;
use std::time::Duration;

use http::HeaderName;

pub(crate) use self::expect::Named;
pub(crate) use self::request::is_host;
pub(crate) use self::sent::{
    Auth, Body, Content, GraphQl, HttpVersion, OAuth2, Own, Part, Request, SigV4,
};
pub(crate) use self::variables::{Kept, Origin, Variable};
pub(crate) use self::websocket::{Awaited, Event, Message, as_http};
use crate::diagnostic::{Diagnostic, Place, Source, Span};
use crate::jsonpath::Path;
use crate::markup::Finder;
use crate::pattern::Pattern;
use crate::predicate::Predicate;
use crate::template::Template;
use crate::value::ValueTemplate;

/// A well-formed check file.
#[derive(Debug)]
pub(crate) struct CheckFile {
    pub(crate) source: Arc<Source>,
    /// The file's `name`, or its file name.
    pub(crate) name: String,
    pub(crate) variables: Vec<Variable>,
    /// Steps that run before the checks; what they capture, the checks know.
    pub(crate) setup: Option<Check>,
    pub(crate) checks: Vec<Check>,
    /// Steps that run after the checks, whatever came of them.
    pub(crate) teardown: Option<Check>,
}

/// A named unit with one or more steps.
#[derive(Debug, Clone)]
pub(crate) struct Check {
    pub(crate) name: String,
    pub(crate) span: Span,
    pub(crate) tags: Vec<String>,
    pub(crate) severity: Severity,
    pub(crate) flow: Flow,
    /// Repeats all steps; a one-request check has this on its step.
    pub(crate) retry: Option<Retry>,
    pub(crate) steps: Vec<Step>,
}

/// Whether, when and how often a check runs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Flow {
    /// Why it does not run at all.
    pub(crate) skip: Option<String>,
    /// It runs only if this is true.
    pub(crate) when: Option<(Template, Span)>,
    /// Checks of the same file that must have passed before.
    pub(crate) needs: Vec<(String, Span)>,
    /// It runs once for each row.
    pub(crate) each: Option<Vec<Row>>,
    /// Its failure is known, and borne until a date.
    pub(crate) quarantine: Option<Quarantine>,
}

/// One row of data: values under names.
#[derive(Debug, Clone)]
pub(crate) struct Row(pub(crate) Vec<(String, serde_json::Value)>);

/// A known failure that must not stop deployments until it is mended.
#[derive(Debug, Clone)]
pub(crate) struct Quarantine {
    /// The first day on which it counts again, in UTC.
    pub(crate) until: jiff::civil::Date,
    pub(crate) owner: String,
    pub(crate) reason: String,
}

/// What a failed check means for the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Severity {
    /// It fails the verdict.
    #[default]
    Required,
    /// It is shown, and the verdict stands.
    Warn,
}

/// One request, its expectations and its captures.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    /// The use of a fragment that the step is there for.
    pub(crate) used: Option<Arc<Use>>,
    pub(crate) name: Option<String>,
    /// Where the request is written: `get: /path`.
    pub(crate) span: Span,
    /// The whole step.
    pub(crate) block: Span,
    pub(crate) request: Request,
    pub(crate) expectations: Vec<Expectation>,
    pub(crate) captures: Vec<Capture>,
    pub(crate) retry: Option<Retry>,
    pub(crate) repeat: Option<Repeat>,
    /// The longest that one attempt may take.
    pub(crate) timeout: Duration,
    /// The most redirects that are followed.
    pub(crate) follow_redirects: usize,
    /// The pause before its first attempt.
    pub(crate) delay: Duration,
}

impl Step {
    /// The file that the step stands in, if a step of `file` is not of a
    /// fragment.
    pub(crate) fn source<'a>(&'a self, file: &'a Arc<Source>) -> &'a Arc<Source> {
        self.used.as_ref().map_or(file, |used| &used.source)
    }

    /// The uses that it is there for, the innermost first.
    pub(crate) fn uses(&self) -> impl Iterator<Item = &Arc<Use>> {
        std::iter::successors(self.used.as_ref(), |used| used.within.as_ref())
    }
}

/// A place where a fragment is used.
#[derive(Debug)]
pub(crate) struct Use {
    /// The fragment's name.
    pub(crate) fragment: String,
    /// What reports call this use.
    pub(crate) label: String,
    /// The file that the fragment stands in.
    pub(crate) source: Arc<Source>,
    pub(crate) place: Place,
    /// The values of the fragment's parameters.
    pub(crate) with: Vec<Binding>,
    /// The use that this one is part of.
    pub(crate) within: Option<Arc<Use>>,
}

impl Use {
    fn outermost(&self) -> &Self {
        self.within.as_ref().map_or(self, |outer| outer.outermost())
    }
}

/// The value of a parameter.
#[derive(Debug)]
pub(crate) struct Binding {
    pub(crate) name: String,
    pub(crate) value: ValueTemplate,
    /// Where the value is written.
    pub(crate) place: Place,
}

/// Something that can be asked of a response.
#[derive(Debug, Clone)]
pub(crate) enum Query {
    Status,
    Header(HeaderName),
    /// Each value of a header that comes several times.
    EachHeader(HeaderName),
    Cookie(String),
    CookieAttribute(String, CookieAttribute),
    Body,
    Json(Path),
    /// What an XPath or a CSS selector finds.
    Markup(Finder),
    /// The same as a list, however many elements there are.
    EachMarkup(Finder),
    Regex(Pattern),
    Latency(Phase),
    Tls(TlsFact),
    /// Where redirects led to, in their order.
    Redirects,
    /// The path that it is the answer of, redirects followed.
    Url,
    /// The number of bytes of the body.
    Size,
    /// The SHA-256 of the body, in hexadecimal digits.
    Sha256,
    /// The version of HTTP, such as `2`.
    Version,
    /// The status of a gRPC call, by its name.
    Grpc,
    /// A variable as templates know it.
    Variable(Box<Named>),
}

/// A part of the time that a request takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Total,
    Dns,
    Connect,
    Tls,
    FirstByte,
}

/// A fact of the TLS connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TlsFact {
    Version,
    Issuer,
    Subject,
    Names,
    ExpiresIn,
}

/// What an answer says of a cookie beside its value (RFC 6265).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CookieAttribute {
    Secure,
    HttpOnly,
    SameSite,
    Path,
    Domain,
    MaxAge,
}

impl Query {
    /// Whether only a connection of its own can answer it.
    pub(crate) fn needs_connection(&self) -> bool {
        match self {
            Self::Latency(phase) => *phase != Phase::Total,
            Self::Tls(_) => true,
            _ => false,
        }
    }
}

/// What a response has to be like.
#[derive(Debug, Clone)]
pub(crate) struct Expectation {
    pub(crate) query: Query,
    pub(crate) predicate: Predicate,
}

/// A value taken from a response under a name, for the steps that follow.
#[derive(Debug, Clone)]
pub(crate) struct Capture {
    pub(crate) name: String,
    pub(crate) span: Span,
    pub(crate) query: Query,
    /// What is made of it; the template knows it as `value`.
    pub(crate) transform: Option<(Template, Span)>,
    /// No output may hold it.
    pub(crate) secret: bool,
}

/// Asking again until it passes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Retry {
    /// For how long new attempts are begun.
    pub(crate) within: Option<Duration>,
    /// How many attempts there are in all.
    pub(crate) times: Option<u32>,
    /// The pause between two attempts.
    pub(crate) every: Duration,
    /// By how much each pause is longer than the one before.
    pub(crate) backoff: f64,
    /// Ask again only after these; after anything if there are none.
    pub(crate) only: Vec<RetryOn>,
}

/// Asking many times.
#[derive(Debug, Clone)]
pub(crate) struct Repeat {
    pub(crate) times: usize,
    /// How many at the same time.
    pub(crate) jobs: std::num::NonZeroUsize,
    /// What all repetitions together have to be like.
    pub(crate) of_all: Vec<OfAll>,
}

/// What all repetitions together have to be like.
#[derive(Debug, Clone)]
pub(crate) struct OfAll {
    pub(crate) query: SeriesQuery,
    pub(crate) predicate: Predicate,
}

/// Something that can be asked of all repetitions together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SeriesQuery {
    /// The latency that so many in a hundred do not exceed.
    Percentile(u8),
    /// How many of all failed, from 0 to 1.
    ErrorRate,
}

/// An outcome of an attempt that asking again may heal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RetryOn {
    /// Nothing came back.
    CouldNotAsk,
    /// The answer had one of these statuses.
    Status(std::ops::RangeInclusive<u64>),
}

impl Step {
    /// What it captures, over a WebSocket too.
    pub(crate) fn all_captures(&self) -> impl Iterator<Item = &Capture> {
        let messages = self.request.messages().iter();
        self.captures
            .iter()
            .chain(messages.flat_map(Message::captures))
    }

    /// Whether something is asked that only a connection of its own can tell.
    pub(crate) fn needs_connection(&self) -> bool {
        let expected = self.expectations.iter().map(|entry| &entry.query);
        let captured = self.captures.iter().map(|entry| &entry.query);
        expected.chain(captured).any(Query::needs_connection)
    }
}

impl CheckFile {
    /// Reads a check file as far as it can be read, and adds everything that
    /// is wrong with it to `problems`.
    pub(crate) fn read(source: &Arc<Source>, problems: &mut Vec<Diagnostic>) -> Option<Self> {
        let before = problems.len();
        let Some(root) = crate::yaml::parse(source, problems) else {
            // A text that stopped the YAML parser has no tree to say more of.
            if problems.len() == before {
                problems.push(empty(source));
            }
            return None;
        };
        let mut file = checks::file(&root, source, problems)?;
        let of_secrets = file.variables.iter().filter_map(Variable::literal_secret);
        let of_secrets: Vec<Span> = of_secrets.collect();
        if !of_secrets.is_empty() {
            file.source = source.masked(&of_secrets);
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

fn empty(source: &Arc<Source>) -> Diagnostic {
    Diagnostic::at(source, Span::new(0, 0), "a file without checks")
        .expected("`checks:` with at least one check")
        .found("an empty file")
        .help("begin with `checks:` and one `- name: …` below it")
}
