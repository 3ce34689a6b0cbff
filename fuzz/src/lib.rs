//! What must hold for any input, however odd. `fuzz/` searches for inputs for
//! which it does not; the command's tests hold it for the seeds, and for
//! everything that the search has found.
//!
//! Each function panics where something does not hold.

use std::num::NonZeroUsize;

use serde_json::Value;

use check_file::predicate::Unit;
use check_file::template::{Scope, Template};
use check_file::{CheckFile, Query};
use diagnostic::snippet::{Colour, render};
use diagnostic::{Diagnostic, Source};
use query::markup::{self, Markup, MarkupQuery, Selector, XPath};
use query::work::budget::{self, AT_ONCE};
use runner::plan::plan;
use runner::settings::{Selection, Tags};

/// Any text is read as a check file without a panic, and whatever is said of
/// it can be drawn.
pub fn parser(text: &str) {
    let source = Source::new("fuzz.yaml", text);
    let mut problems = Vec::new();
    let file = CheckFile::read(&source, &mut problems);
    assert!(
        file.is_some() || !problems.is_empty(),
        "refused without a word"
    );
    problems.iter().for_each(drawable);
}

/// Any check file, with any variables and tags, becomes a plan or a list of
/// problems. The lines before the first empty one are `name=value` or a tag.
pub fn planner(text: &str) {
    let (head, file) = text.split_once("\n\n").unwrap_or(("", text));
    let mut selection = Selection::default();
    let mut tags = Vec::new();
    for line in head.lines() {
        match line.split_once('=') {
            Some((name, value)) => {
                selection
                    .variables
                    .insert(name.to_owned(), value.to_owned());
            }
            None => tags.push(line),
        }
    }
    selection.tags = Tags::parse(tags).unwrap_or_default();
    let environment = |name: &str| (!name.contains('X')).then(|| format!("value of {name}"));
    let source = Source::new("fuzz.yaml", file);
    match plan(&[source], &selection, &environment) {
        Ok(plan) => {
            assert!(plan.check_count() > 0, "a plan without checks");
            let one = plan.worst_case(NonZeroUsize::MIN, None);
            assert!(
                plan.worst_case(NonZeroUsize::MAX, None) <= one,
                "more jobs, more time"
            );
        }
        Err(problems) => {
            assert!(!problems.diagnostics().is_empty(), "refused without a word");
            problems.diagnostics().iter().for_each(drawable);
        }
    }
}

/// Any template is refused, or filled in with the values in the first line, a
/// JSON object, without a panic and without end.
pub fn template(text: &str) {
    let (scope, text) = with_values(text);
    if let Ok(template) = Template::parse(text) {
        for name in template.names() {
            assert!(text.contains(name), "a name from nowhere: {name}");
        }
        let _ = template.render(&scope);
        let _ = template.evaluate(&scope);
        let _ = template.is_true(&scope);
    }
}

/// Any expectations of JSON are held against the document in the first line
/// without a panic, within the budget of what is done at once, and always with
/// the same outcome.
pub fn predicate(text: &str) {
    let (document, expectations) = text.split_once('\n').unwrap_or((text, ""));
    let document = serde_json::from_str(document).unwrap_or(Value::Null);
    let indented = expectations.replace('\n', "\n        ");
    let file =
        format!("checks:\n  - name: a\n    get: /\n    expect:\n      json:\n        {indented}\n");
    let mut scope = Scope::default();
    scope.set("document", &document);
    let source = Source::new("fuzz.yaml", file);
    let Some(file) = CheckFile::read(&source, &mut Vec::new()) else {
        return;
    };
    for step in file.checks.iter().flat_map(|check| &check.steps) {
        for expectation in &step.expectations {
            let Query::Json(path) = &expectation.query else {
                continue;
            };
            let judge = || {
                let value = path.select(&document);
                expectation
                    .predicate
                    .judge(value.as_ref(), Unit::None, &scope)
            };
            // What takes more is done on a thread with more room.
            let Ok(judged) = budget::run_within(AT_ONCE, judge) else {
                continue;
            };
            assert_eq!(budget::run_within(AT_ONCE, judge), Ok(judged.clone()));
            for mismatch in judged.unwrap_or_default() {
                let title = format!("{}: {}", mismatch.expected, mismatch.found);
                drawable(&Diagnostic::at(&source, mismatch.span, title));
            }
        }
    }
}

/// Any expression in the first line, an XPath or after `css:` a selector, is
/// refused, or asked of the document in the other lines without a panic and
/// without end, and always with the same outcome.
pub fn markup(text: &str) {
    let (expression, document) = text.split_once('\n').unwrap_or((text, ""));
    let finder = match expression.strip_prefix("css:") {
        Some(selector) => Selector::parse(selector)
            .map(Box::new)
            .map(MarkupQuery::Css),
        None => XPath::parse(expression).map(MarkupQuery::XPath),
    };
    for kind in ["text/html", "text/xml"] {
        let markup = Markup::read(Some(kind), document);
        if let Err(unfit) = &markup {
            assert!(!unfit.found.is_empty(), "refused without a word");
        }
        if let (Ok(finder), Ok(markup)) = (&finder, &markup) {
            let one = markup.find(finder);
            assert_eq!(one, markup.find(finder));
            let nodes = finder.kind() == markup::ValueKind::Nodes;
            let list = markup.find_all(finder);
            assert!(list.is_ok_and(|list| list.is_array() == nodes) || one.is_err());
        }
    }
    if let Err(wrong) = finder {
        assert!(!wrong.found.is_empty(), "refused without a word");
    }
}

/// Any text is refused as a file of another tool, or becomes a check file that
/// can be read. The first line says which tool.
pub fn import(text: &str) {
    use importers::import::Bodies;

    let (tool, text) = text.split_once('\n').unwrap_or(("", text));
    let source = Source::new("fuzz.json", text);
    let (tool, bodies) = match tool.strip_suffix(" verbatim") {
        Some(tool) => (tool, Bodies::Verbatim),
        None => (tool, Bodies::Readable),
    };
    let imported = match tool {
        "hurl" => importers::import::import_hurl(&source, bodies),
        "environment" => return drop(importers::import::PostmanEnvironment::read(&source)),
        _ => importers::import::import_postman(&source, &[], bodies),
    };
    match imported {
        Ok(imported) => {
            imported.losses.iter().for_each(drawable);
            let file = Source::new("fuzz.yaml", imported.text.as_str());
            let environment = |_: &str| Some("a value".to_owned());
            if let Err(problems) = plan(&[file], &Selection::default(), &environment) {
                panic_with(&problems.to_string(), &imported.text);
            }
        }
        Err(problems) => problems.diagnostics().iter().for_each(drawable),
    }
}

fn panic_with(problems: &str, text: &str) {
    assert!(problems.is_empty(), "{problems}\n{text}");
}

fn with_values(text: &str) -> (Scope, &str) {
    let (values, text) = text.split_once('\n').unwrap_or(("{}", text));
    let mut scope = Scope::default();
    if let Ok(Value::Object(members)) = serde_json::from_str(values) {
        for (name, value) in &members {
            scope.set(name, value);
        }
    }
    (scope, text)
}

fn drawable(problem: &Diagnostic) {
    let related = problem.related.iter().map(|(place, _)| place);
    for place in problem.place.iter().chain(related) {
        let text = place.source.text();
        assert!(
            text.get(place.span.start..place.span.end).is_some(),
            "a place outside of the text: {:?}",
            place.span
        );
        let before = &text[..place.span.start];
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        let line = before.matches('\n').count() + 1;
        assert_eq!(place.position(), (line, column));
    }
    assert!(!problem.title.is_empty());
    assert!(!render(problem, Colour::Never).is_empty());
}
