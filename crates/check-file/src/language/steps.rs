//! The steps of a check, and the defaults that hold for all of them.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::defaults::Defaults;
use super::fragments::{Library, StepItem};
use super::keys::{Property, RETRY, STEP, USE};
use super::reader::{Fields, Reader};
use super::{Body, Retry, RetryOn, Step, graphql, grpc};
use diagnostic::Place;
use diagnostic::yaml::{Key, Node, Yaml};

/// The pause between attempts if the file does not say.
const EVERY: Duration = Duration::from_secs(1);
/// How many redirects `follow_redirects: true` follows.
const REDIRECTS: usize = 10;

impl Reader<'_> {
    /// A list of steps, written below `key`, with those of fragments in the
    /// place of their uses.
    pub(super) fn read_steps(
        &mut self,
        key: &Key,
        node: &Node,
        defaults: &Defaults,
        library: &Library,
    ) -> Option<Vec<Step>> {
        let items = self.read_step_items(key, node, defaults)?;
        let steps = self.expand_uses(items, library)?;
        if !defaults.writes {
            self.refuse_writes_in_fragments(&steps);
        }
        Some(steps)
    }

    fn refuse_writes_in_fragments(&mut self, steps: &[Step]) {
        let mut blamed: Option<&Place> = None;
        for step in steps {
            let Some(used) = step.used.as_ref().map(|used| used.outermost()) else {
                continue;
            };
            if !step.request.may_write() || blamed == Some(&used.place) {
                continue;
            }
            blamed = Some(&used.place);
            let problem = self
                .at(used.place.span, "a use of a fragment that may write")
                .expected("`writes: true` beside the check's name, or in `defaults`")
                .found(format!("`{}` in `{}`", step.request.word(), used.fragment))
                .help("add `writes: true` if the request may change data of the environment")
                .related(step.source(self.source), step.span, "this request");
            self.report(problem);
        }
    }

    /// The elements of a list of steps.
    pub(super) fn read_step_items(
        &mut self,
        key: &Key,
        node: &Node,
        defaults: &Defaults,
    ) -> Option<Vec<StepItem>> {
        let items = self.read_list(node, &format!("`{}`", key.text))?;
        if items.is_empty() {
            let problem = self
                .at(key.span, "a list without steps")
                .expected("at least one step")
                .found("an empty list")
                .help("add a step such as `- get: /healthz`");
            self.report(problem);
            return None;
        }
        let items: Vec<_> = items
            .iter()
            .map(|item| {
                if Self::is_use(item) {
                    let fields = self.read_fields(item, &USE)?;
                    return self.read_use(fields);
                }
                let fields = self.read_fields(item, &STEP)?;
                let retry = fields.value("retry").and_then(|node| self.read_retry(node));
                let name = fields
                    .value("name")
                    .and_then(|node| self.read_string(node, "a step's name"));
                let mut step = self.read_step(fields, "a step", retry, defaults)?;
                step.name = name.map(str::to_owned);
                Some(StepItem::Step(Box::new(step)))
            })
            .collect();
        items.into_iter().collect()
    }

    /// The step that the fields of a step, or of a check of one request,
    /// describe.
    pub(super) fn read_step(
        &mut self,
        fields: Fields<'_>,
        what: &str,
        retry: Option<Retry>,
        defaults: &Defaults,
    ) -> Option<Step> {
        let request = self.read_request(fields, what, defaults.writes);
        let span = request.as_ref().map_or(fields.span, |(_, span)| *span);
        let opens = fields.value("websocket").is_some();
        let mut expectations = self.read_expectations(fields.value("expect"), span, opens);
        let captures = fields
            .value("capture")
            .map(|node| self.read_captures(node))
            .unwrap_or_default();
        let timeout = fields
            .value("timeout")
            .and_then(|node| self.read_positive_duration(node, "a timeout"));
        let follow_redirects = fields
            .property("follow_redirects")
            .and_then(|(property, node)| self.read_redirects(property, node));
        let delay = fields
            .value("delay")
            .and_then(|node| self.read_positive_duration(node, "a delay"));
        let repeat = self.read_repeat(fields);
        let (mut request, span) = request?;
        for (name, value) in &defaults.headers {
            if !request.headers.iter().any(|(own, _)| own == name) {
                request.headers.push((name.clone(), value.clone()));
            }
        }
        request.auth = request.auth.or_else(|| defaults.auth.clone());
        request.http = request.http.or(defaults.http);
        match &request.body {
            Some(Body::GraphQl(_)) => graphql::expect_no_errors(&mut expectations, span),
            Some(Body::Message(_)) => grpc::expect_ok(&mut expectations, span),
            _ => {}
        }
        Some(Step {
            used: None,
            name: None,
            span,
            block: fields.span,
            request,
            expectations,
            captures,
            // A `retry` would hide the failures that `repeat` counts.
            retry: match repeat {
                Some(_) => None,
                None => retry.or_else(|| defaults.retry.clone()),
            },
            repeat,
            timeout: timeout.unwrap_or(defaults.timeout),
            follow_redirects: if opens {
                0
            } else {
                follow_redirects.unwrap_or(defaults.follow_redirects)
            },
            delay: delay.unwrap_or_default(),
        })
    }

    /// A `retry`, of a step, a check or the defaults.
    pub(super) fn read_retry(&mut self, node: &Node) -> Option<Retry> {
        let fields = self.read_fields(node, &RETRY)?;
        if fields.value("for").is_none() && fields.value("times").is_none() {
            let problem = self
                .at(node.span, "a retry without an end")
                .expected("`for:` with a duration, or `times:` with a number")
                .found("neither")
                .help("write `retry: { for: 30s, every: 1s }`");
            self.report(problem);
            return None;
        }
        // Every key is read before the first `?`, so that each mistake is reported.
        let within = fields.value("for");
        let within = within.map(|node| self.read_duration(node, "`for`").ok_or(()));
        let times = fields.property("times");
        let times = times.map(|(property, node)| {
            let times = self.read_whole_number(node, property);
            times.and_then(|times| u32::try_from(times).ok()).ok_or(())
        });
        let every = match fields.value("every") {
            Some(node) => self.read_positive_duration(node, "`every`"),
            None => Some(EVERY),
        };
        let backoff = match fields.property("backoff") {
            Some((property, node)) => self.read_number(node, property),
            None => Some(1.0),
        };
        let only = match fields.value("while") {
            Some(node) => self.read_retry_outcomes(node),
            None => Some(Vec::new()),
        };
        Some(Retry {
            within: within.transpose().ok()?,
            times: times.transpose().ok()?,
            every: every?,
            backoff: backoff?,
            only: only?,
        })
    }

    fn read_retry_outcomes(&mut self, node: &Node) -> Option<Vec<RetryOn>> {
        let items = match &node.value {
            Yaml::List(items) => items.as_slice(),
            _ => std::slice::from_ref(node),
        };
        let outcomes: Vec<_> = items
            .iter()
            .map(|item| match &item.value {
                Yaml::String(text) if text == "could_not_ask" => Some(RetryOn::CouldNotAsk),
                _ => self
                    .read_status(item)
                    .map(|(range, _): (RangeInclusive<u64>, _)| RetryOn::Status(range)),
            })
            .collect();
        outcomes.into_iter().collect()
    }

    pub(super) fn read_redirects(&mut self, property: &Property, node: &Node) -> Option<usize> {
        match &node.value {
            Yaml::Bool(true) => Some(REDIRECTS),
            Yaml::Bool(false) => Some(0),
            _ => usize::try_from(self.read_whole_number(node, property)?).ok(),
        }
    }
}
