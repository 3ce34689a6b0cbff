//! The top of a check file, its defaults, its checks and their steps.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderName;

use super::read::{Fields, Reader};
use super::{Check, CheckFile, Retry, Severity, Step};
use crate::diagnostic::{Diagnostic, Source, Span};
use crate::template::Template;
use crate::yaml::{Node, Yaml};

const FILE: [&str; 4] = ["name", "variables", "defaults", "checks"];
const DEFAULTS: [&str; 4] = ["timeout", "headers", "retry", "follow_redirects"];
const CHECK: [&str; 5] = ["name", "tags", "severity", "retry", "steps"];
const REQUEST: [&str; 17] = [
    "get",
    "head",
    "post",
    "put",
    "patch",
    "delete",
    "options",
    "query",
    "headers",
    "json",
    "form",
    "text",
    "file",
    "expect",
    "capture",
    "timeout",
    "follow_redirects",
];

/// How long one request may take if the file does not say.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The pause between attempts if the file does not say.
const EVERY: Duration = Duration::from_secs(1);
/// How many redirects `follow_redirects: true` follows.
const REDIRECTS: usize = 10;
/// The most redirects that can be asked for.
const MOST_REDIRECTS: u64 = 50;
/// The most checks of one file.
const MOST_CHECKS: usize = 10_000;

/// What holds for each step that does not say otherwise.
struct Defaults {
    timeout: Duration,
    headers: Vec<(HeaderName, Template)>,
    retry: Option<Retry>,
    follow_redirects: usize,
}

/// Reads the tree of a whole file.
pub(super) fn file(
    root: &Node,
    source: &Arc<Source>,
    problems: &mut Vec<Diagnostic>,
) -> Option<CheckFile> {
    if matches!(root.value, Yaml::Null) {
        problems.push(super::empty(source));
        return None;
    }
    let mut reader = Reader { source, problems };
    let fields = reader.fields(root, "a check file", &FILE)?;
    let name = fields
        .value("name")
        .and_then(|node| reader.string(node, "the file's name"));
    let variables = fields
        .value("variables")
        .map(|node| reader.variables(node))
        .unwrap_or_default();
    let defaults = reader.defaults(fields.value("defaults"));
    let checks = reader.checks(fields, &defaults);
    Some(CheckFile {
        source: Arc::clone(source),
        name: name.map_or_else(|| stem(source), str::to_owned),
        variables,
        checks,
    })
}

fn stem(source: &Source) -> String {
    source.path().file_stem().map_or_else(
        || "checks".to_owned(),
        |stem| stem.to_string_lossy().into_owned(),
    )
}

impl Reader<'_> {
    fn defaults(&mut self, node: Option<&Node>) -> Defaults {
        let fields = node.and_then(|node| self.fields(node, "`defaults`", &DEFAULTS));
        let value = |key| fields.and_then(|fields| fields.value(key));
        Defaults {
            timeout: value("timeout")
                .and_then(|node| self.positive_duration(node, "a timeout"))
                .unwrap_or(TIMEOUT),
            headers: value("headers")
                .map(|node| self.headers(node))
                .unwrap_or_default(),
            retry: value("retry").and_then(|node| self.retry(node)),
            follow_redirects: value("follow_redirects")
                .and_then(|node| self.redirects(node))
                .unwrap_or(0),
        }
    }

    fn checks(&mut self, fields: Fields<'_>, defaults: &Defaults) -> Vec<Check> {
        let Some((key, node)) = fields.get("checks") else {
            let problem = self
                .at(fields.span, "a file without checks")
                .expected("`checks:` with at least one check")
                .found("no key `checks`")
                .help("add `checks:` and one `- name: …` below it");
            self.report(problem);
            return Vec::new();
        };
        if matches!(&node.value, Yaml::Null)
            || matches!(&node.value, Yaml::List(items) if items.is_empty())
        {
            let problem = self
                .at(key.span, "a file without checks")
                .expected("at least one check")
                .found("none")
                .help("add one `- name: …` below it");
            self.report(problem);
            return Vec::new();
        }
        let Some(items) = self.list(node, "`checks`") else {
            return Vec::new();
        };
        if items.len() > MOST_CHECKS {
            let problem = self
                .at(key.span, "too many checks in one file")
                .expected(format!("at most {MOST_CHECKS}"))
                .found(items.len().to_string())
                .help("split the file");
            self.report(problem);
            return Vec::new();
        }
        let checks: Vec<_> = items
            .iter()
            .filter_map(|item| self.check(item, defaults))
            .collect();
        self.same_names(&checks);
        checks
    }

    fn same_names(&mut self, checks: &[Check]) {
        let mut seen: HashMap<&str, Span> = HashMap::new();
        for check in checks {
            if let Some(first) = seen.get(check.name.as_str()) {
                let problem = self
                    .at(check.span, "two checks of one name")
                    .expected("a name of its own for each check")
                    .found(format!("`{}` again", check.name))
                    .help("say in the name how the two differ")
                    .related(self.source, *first, "the first of them");
                self.report(problem);
            } else {
                seen.insert(&check.name, check.span);
            }
        }
    }

    fn check(&mut self, node: &Node, defaults: &Defaults) -> Option<Check> {
        let has_steps = matches!(&node.value, Yaml::Map(entries)
            if entries.iter().any(|(key, _)| key.text == "steps"));
        let keys = [CHECK.as_slice(), REQUEST.as_slice()].concat();
        let fields = self.fields(node, "a check", &keys)?;
        let name = self.check_name(fields);
        let tags = fields
            .value("tags")
            .map(|node| self.tags(node))
            .unwrap_or_default();
        let severity = fields
            .value("severity")
            .and_then(|node| self.severity(node))
            .unwrap_or_default();
        let retry = fields.value("retry").and_then(|node| self.retry(node));
        let steps = if has_steps {
            self.no_request_beside_steps(fields);
            self.steps(fields, defaults)
        } else {
            let step = self.step(fields, "a check", retry, defaults);
            step.map(|step| vec![step])
        };
        let (name, span) = name?;
        Some(Check {
            name,
            span,
            tags,
            severity,
            retry: retry.filter(|_| has_steps),
            steps: steps?,
        })
    }

    fn check_name(&mut self, fields: Fields<'_>) -> Option<(String, Span)> {
        let Some(node) = fields.value("name") else {
            let problem = self
                .at(fields.span, "a check without a name")
                .expected("`name:` with a sentence that says what must be true")
                .found("no key `name`")
                .help("add a name, such as `name: the health endpoint answers`");
            self.report(problem);
            return None;
        };
        let name = self.string(node, "a check's name")?;
        Some((name.to_owned(), node.span))
    }

    fn no_request_beside_steps(&mut self, fields: Fields<'_>) {
        for (key, _) in fields.iter() {
            if REQUEST.contains(&key.text.as_str()) {
                let problem = self
                    .at(key.span, "a check with both steps and a request of its own")
                    .expected("either `steps` or one request")
                    .found(format!("`{}` beside `steps`", key.text))
                    .help("move the key into the step that it belongs to");
                self.report(problem);
            }
        }
    }

    fn steps(&mut self, fields: Fields<'_>, defaults: &Defaults) -> Option<Vec<Step>> {
        let (key, node) = fields.get("steps")?;
        let items = self.list(node, "`steps`")?;
        if items.is_empty() {
            let problem = self
                .at(key.span, "a check without steps")
                .expected("at least one step")
                .found("an empty list")
                .help("add a step such as `- get: /healthz`");
            self.report(problem);
            return None;
        }
        let keys = [["name", "retry"].as_slice(), REQUEST.as_slice()].concat();
        let steps: Vec<_> = items
            .iter()
            .map(|item| {
                let fields = self.fields(item, "a step", &keys)?;
                let retry = fields.value("retry").and_then(|node| self.retry(node));
                let name = fields
                    .value("name")
                    .and_then(|node| self.string(node, "a step's name"));
                let mut step = self.step(fields, "a step", retry, defaults)?;
                step.name = name.map(str::to_owned);
                Some(step)
            })
            .collect();
        steps.into_iter().collect()
    }

    fn step(
        &mut self,
        fields: Fields<'_>,
        what: &str,
        retry: Option<Retry>,
        defaults: &Defaults,
    ) -> Option<Step> {
        let request = self.request(fields, what);
        let span = request.as_ref().map_or(fields.span, |(_, span)| *span);
        let expectations = self.expectations(fields.value("expect"), span);
        let captures = fields
            .value("capture")
            .map(|node| self.captures(node))
            .unwrap_or_default();
        let timeout = fields
            .value("timeout")
            .and_then(|node| self.positive_duration(node, "a timeout"));
        let follow_redirects = fields
            .value("follow_redirects")
            .and_then(|node| self.redirects(node));
        let (mut request, span) = request?;
        for (name, value) in &defaults.headers {
            if !request.headers.iter().any(|(own, _)| own == name) {
                request.headers.push((name.clone(), value.clone()));
            }
        }
        Some(Step {
            name: None,
            span,
            block: fields.span,
            request,
            expectations,
            captures,
            retry: retry.or(defaults.retry),
            timeout: timeout.unwrap_or(defaults.timeout),
            follow_redirects: follow_redirects.unwrap_or(defaults.follow_redirects),
        })
    }

    fn tags(&mut self, node: &Node) -> Vec<String> {
        let Some(items) = self.list(node, "`tags`") else {
            return Vec::new();
        };
        items
            .iter()
            .filter_map(|item| self.string(item, "a tag"))
            .map(str::to_owned)
            .collect()
    }

    fn severity(&mut self, node: &Node) -> Option<Severity> {
        match &node.value {
            Yaml::String(text) if text == "required" => Some(Severity::Required),
            Yaml::String(text) if text == "warn" => Some(Severity::Warn),
            _ => {
                let problem = self
                    .at(node.span, "a severity that does not exist")
                    .expected("`required` or `warn`")
                    .found(node.describe())
                    .help("write `warn` for a check that must not stop a deployment");
                self.report(problem);
                None
            }
        }
    }

    fn retry(&mut self, node: &Node) -> Option<Retry> {
        let fields = self.fields(node, "`retry`", &["for", "every"])?;
        let Some(within) = fields.value("for") else {
            let problem = self
                .at(node.span, "a retry without an end")
                .expected("`for:` with a duration")
                .found("no key `for`")
                .help("write `retry: { for: 30s, every: 1s }`");
            self.report(problem);
            return None;
        };
        let within = self.duration(within, "`for`");
        let every = match fields.value("every") {
            Some(node) => self.positive_duration(node, "`every`"),
            None => Some(EVERY),
        };
        Some(Retry {
            within: within?,
            every: every?,
        })
    }

    fn redirects(&mut self, node: &Node) -> Option<usize> {
        let most = match &node.value {
            Yaml::Bool(true) => Some(REDIRECTS),
            Yaml::Bool(false) => Some(0),
            Yaml::Number(number, _) => number
                .as_u64()
                .filter(|most| *most <= MOST_REDIRECTS)
                .and_then(|most| usize::try_from(most).ok()),
            _ => None,
        };
        if most.is_none() {
            let expected = format!("`true`, `false` or a number up to {MOST_REDIRECTS}");
            let help = "write `true`, or how many redirects are fine";
            self.wrong_type(node, "`follow_redirects`", &expected, help);
        }
        most
    }
}
