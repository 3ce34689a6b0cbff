//! Test scripts: the well-known ways to say `pm.test`, `pm.expect` and
//! `pm.environment.set`, as expectations and captures.

mod before;
mod chain;
mod demand;
mod expression;
mod holds;
mod keep;
mod parse;
mod subject;
mod token;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::request::Asked;
use super::{Found, Importer, Way, is_on, text};
use diagnostic::Span;
use expression::Expression;
use parse::{Statement, StatementKind};
pub(super) use subject::Subject;

const HELP: &str = "say it by `expect` or `capture`, or leave it to other tests";

/// A script while it is read.
struct Script<'i, 's, 'a> {
    importer: &'i mut Importer<'s>,
    asked: &'a mut Asked,
    /// The lines, each with the way to it.
    lines: Vec<(Way, String)>,
    /// What names stand for.
    names: BTreeMap<String, Subject>,
}

impl Importer<'_> {
    pub(super) fn scripts(&mut self, found: &Found<'_>, asked: &mut Asked) {
        self.scripts_of(found, false, asked);
        let has_test = self.scripts_of(found, true, asked);
        // The original is content with any status, and says something else.
        if has_test && !asked.step.expect.contains_key("status") {
            asked
                .step
                .expect
                .insert("status".to_owned(), json!({ "at_least": 100 }));
            asked
                .step
                .notes
                .push("The original takes any status; say which is right.".to_owned());
        }
    }

    /// Those that run before the request, or those that test its answer;
    /// whether there is any.
    fn scripts_of(&mut self, found: &Found<'_>, tests: bool, asked: &mut Asked) -> bool {
        let mut any = false;
        for (way, events) in &found.scripts {
            for (number, event) in events.as_array().into_iter().flatten().enumerate() {
                let is_test = text(event, "listen") == Some("test");
                if !is_on(event) || is_test != tests {
                    continue;
                }
                let exec = event.get("script").and_then(|script| script.get("exec"));
                let way = [
                    way.as_slice(),
                    &[number.to_string(), "script".to_owned(), "exec".to_owned()],
                ]
                .concat();
                let lines: Vec<(Way, String)> = match exec {
                    Some(Value::String(text)) => vec![(way, text.clone())],
                    Some(Value::Array(lines)) => lines
                        .iter()
                        .enumerate()
                        .map(|(at, line)| {
                            let way = [way.as_slice(), &[at.to_string()]].concat();
                            (way, line.as_str().unwrap_or_default().to_owned())
                        })
                        .collect(),
                    _ => {
                        let src = event.get("script").and_then(|script| script.get("src"));
                        if src.is_some_and(|src| !src.is_null()) {
                            let note =
                                self.lost(&way[..way.len() - 1], "a script in a file", "src", HELP);
                            asked.step.notes.push(note);
                        }
                        continue;
                    }
                };
                if lines.iter().all(|(_, line)| line.trim().is_empty()) {
                    continue;
                }
                any = true;
                let mut script = Script {
                    importer: self,
                    asked,
                    lines,
                    names: BTreeMap::new(),
                };
                if is_test {
                    script.read();
                } else {
                    script.before();
                }
            }
        }
        any
    }
}

impl Script<'_, '_, '_> {
    fn read(&mut self) {
        let text: Vec<&str> = self.lines.iter().map(|(_, line)| line.as_str()).collect();
        let statements = parse::parse(&text.join("\n"));
        self.statements(&statements);
    }

    fn statements(&mut self, statements: &[Statement]) {
        for statement in statements {
            self.statement(statement);
        }
    }

    fn statement(&mut self, statement: &Statement) {
        match &statement.kind {
            StatementKind::Let(name, value) => {
                let subject = match value {
                    Expression::Literal(value) => Subject::Value(chain::escaped(value)),
                    value => self.subject(value).unwrap_or(Subject::NotUnderstood),
                };
                self.names.insert(name.clone(), subject);
            }
            StatementKind::Assign(Expression::Index(tests, _), value)
                if dotted(tests).as_deref() == Some("tests") =>
            {
                if !self.holds(value, false) {
                    self.lost(statement, "a test", HELP);
                }
            }
            StatementKind::Expression(expression) => self.expression(expression, statement),
            StatementKind::Assign(..) | StatementKind::NotUnderstood => {
                self.lost(statement, "part of a test script", HELP);
            }
        }
    }

    fn expression(&mut self, expression: &Expression, statement: &Statement) {
        if let Expression::Call(callee, arguments) = expression
            && let Some(name) = dotted(callee)
        {
            match (name.as_str(), arguments.as_slice()) {
                ("pm.test", [_, Expression::Function(body)]) => return self.statements(body),
                (name, _) if name.starts_with("console.") => return,
                ("pm.test.skip", _) => {
                    return self.asked.step.note("The original skips a test here.");
                }
                (
                    "pm.environment.set"
                    | "pm.collectionVariables.set"
                    | "pm.globals.set"
                    | "pm.variables.set"
                    | "postman.setEnvironmentVariable"
                    | "postman.setGlobalVariable",
                    [Expression::Literal(Value::String(name)), value],
                ) => {
                    if !self.keep(name, value) {
                        self.lost(statement, "a variable that is set", HELP);
                    }
                    return;
                }
                _ => {}
            }
        }
        if self.asserts(expression) != Some(true) {
            self.lost(statement, "part of a test script", HELP);
        }
    }

    fn lost(&mut self, statement: &Statement, what: &str, help: &str) {
        let text: Vec<&str> = self.lines.iter().map(|(_, line)| line.as_str()).collect();
        let text = text.join("\n");
        let found = text.get(statement.start..statement.end).unwrap_or_default();
        let found: Vec<&str> = found.split_whitespace().collect();
        let span = self.span(statement.start);
        let note = self
            .importer
            .losses
            .add_text(span, what, &found.join(" "), help);
        self.asked.step.notes.push(note);
    }

    /// Where the line of the script that holds this offset stands.
    fn span(&self, offset: usize) -> Span {
        let mut begin = 0;
        for (way, line) in &self.lines {
            let end = begin + line.len() + 1;
            if offset < end {
                return self.importer.span(way);
            }
            begin = end;
        }
        Span::default()
    }
}

/// `a.b.c` as a text, if that is what an expression is.
fn dotted(expression: &Expression) -> Option<String> {
    match expression {
        Expression::Name(name) => Some(name.clone()),
        Expression::Member(of, name) => Some(format!("{}.{name}", dotted(of)?)),
        _ => None,
    }
}
