//! The top of a check file, and its checks.

use std::collections::HashMap;
use std::sync::Arc;

use super::defaults::Defaults;
use super::fragments::Library;
use super::keys::{CHECK, FILE, LIBRARY, REQUEST};
use super::reader::{Fields, Reader};
use super::{Check, CheckFile, Flow, Severity};
use diagnostic::yaml::{Node, Yaml};
use diagnostic::{Diagnostic, Source, Span};

/// The most checks of one file.
const MOST_CHECKS: usize = 10_000;

/// Reads the tree of a whole file.
pub(super) fn read_file(
    root: &Node,
    source: &Arc<Source>,
    problems: &mut Vec<Diagnostic>,
) -> Option<CheckFile> {
    if matches!(root.value, Yaml::Null) {
        problems.push(super::report_empty_file(source));
        return None;
    }
    let mut reader = Reader { source, problems };
    let fields = reader.read_fields(root, &FILE)?;
    let name = fields
        .value("name")
        .and_then(|node| reader.read_string(node, "the file's name"));
    let variables = fields
        .value("variables")
        .map(|node| reader.read_variables(node))
        .unwrap_or_default();
    let defaults = reader.read_defaults(fields.value("defaults"));
    let library = &reader.read_library(fields, &defaults);
    let setup = reader.read_setup_or_teardown(fields, "setup", &defaults, library);
    // A file that only others include has fragments and no checks.
    let is_library = fields.value("fragments").is_some()
        && fields
            .iter()
            .all(|(key, _)| LIBRARY.contains(&key.text.as_str()));
    let checks = if is_library {
        Vec::new()
    } else {
        reader.read_checks(fields, &defaults, library)
    };
    let teardown = reader.read_setup_or_teardown(fields, "teardown", &defaults, library);
    Some(CheckFile {
        source: Arc::clone(source),
        name: name.map_or_else(|| file_stem(source), str::to_owned),
        variables,
        setup,
        checks,
        teardown,
    })
}

fn file_stem(source: &Source) -> String {
    source.path().file_stem().map_or_else(
        || "checks".to_owned(),
        |stem| stem.to_string_lossy().into_owned(),
    )
}

impl Reader<'_> {
    /// Reads the steps of `setup` or `teardown`. They exist to change things, so
    /// they may write; a teardown that fails is shown and changes nothing.
    fn read_setup_or_teardown(
        &mut self,
        fields: Fields<'_>,
        key: &str,
        defaults: &Defaults,
        library: &Library,
    ) -> Option<Check> {
        let (name, node) = fields.get(key)?;
        let severity = match key {
            "setup" => Severity::Required,
            _ => Severity::Warn,
        };
        let writing = defaults.with_writes(true);
        Some(Check {
            name: key.to_owned(),
            span: name.span,
            tags: Vec::new(),
            severity,
            flow: Flow::default(),
            retry: None,
            steps: self.read_steps(name, node, &writing, library)?,
        })
    }

    fn read_checks(
        &mut self,
        fields: Fields<'_>,
        defaults: &Defaults,
        library: &Library,
    ) -> Vec<Check> {
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
        let Some(items) = self.read_list(node, "`checks`") else {
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
            .filter_map(|item| self.read_check(item, defaults, library))
            .collect();
        self.refuse_same_names(&checks);
        checks
    }

    fn refuse_same_names(&mut self, checks: &[Check]) {
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

    fn read_check(&mut self, node: &Node, defaults: &Defaults, library: &Library) -> Option<Check> {
        let fields = self.read_fields(node, &CHECK)?;
        let name = self.read_check_name(fields);
        let tags = fields
            .value("tags")
            .map(|node| self.read_strings(node, "`tags`", "a tag"))
            .unwrap_or_default();
        let severity = fields
            .value("severity")
            .and_then(|node| self.read_severity(node))
            .unwrap_or_default();
        let flow = self.read_flow(fields);
        let retry = fields.value("retry").and_then(|node| self.read_retry(node));
        let writes = fields
            .value("writes")
            .and_then(|node| self.read_boolean(node, "`writes`"));
        let defaults = &defaults.with_writes(writes.unwrap_or(defaults.writes));
        let (retry, steps) = if let Some((key, node)) = fields.get("steps") {
            self.refuse_request_beside_steps(fields);
            (retry, self.read_steps(key, node, defaults, library))
        } else {
            let step = self.read_step(fields, "a check", retry, defaults);
            (None, step.map(|step| vec![step]))
        };
        let (name, span) = name?;
        Some(Check {
            name,
            span,
            tags: tags.into_iter().map(|(tag, _)| tag).collect(),
            severity,
            flow,
            retry,
            steps: steps?,
        })
    }

    fn read_check_name(&mut self, fields: Fields<'_>) -> Option<(String, Span)> {
        let Some(node) = fields.value("name") else {
            let problem = self
                .at(fields.span, "a check without a name")
                .expected("`name:` with a sentence that says what must be true")
                .found("no key `name`")
                .help("add a name, such as `name: the health endpoint answers`");
            self.report(problem);
            return None;
        };
        let name = self.read_string(node, "a check's name")?;
        Some((name.to_owned(), node.span))
    }

    fn refuse_request_beside_steps(&mut self, fields: Fields<'_>) {
        for (key, _) in fields.iter() {
            if REQUEST.has(&key.text) {
                let problem = self
                    .at(key.span, "a check with both steps and a request of its own")
                    .expected("either `steps` or one request")
                    .found(format!("`{}` beside `steps`", key.text))
                    .help("move the key into the step that it belongs to");
                self.report(problem);
            }
        }
    }

    fn read_severity(&mut self, node: &Node) -> Option<Severity> {
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
}
