//! Scripts, as far as docs/moving-in.md says that they are understood: tests as
//! expectations, variables that are set as captures or variables.

mod capture;
mod chain;
mod comparison;
mod dynamic_value;
mod expectation;
mod javascript;
mod operand;

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::{Value, json};

use super::Importer;
use super::collection::{FoundRequest, is_enabled, text_at, to_text};
use super::request::ImportedRequest;
use diagnostic::Span;
use javascript::{Expression, Statement, StatementKind};
pub(super) use operand::Operand;

const HELP: &str = "say it by `expect` or `capture`, or leave it to other tests";
const HELP_BEFORE: &str =
    "use variables and the functions of templates, such as `{{ uuid() }}` or `{{ now() }}`";
const ONCE: &str =
    "The original makes a value of its own before each request; here it is made once for the run:";

/// A script while it is read.
struct Script<'i, 'r> {
    importer: &'i mut Importer,
    requested: &'r mut ImportedRequest,
    /// All of it, and the pointer to each of its lines.
    text: String,
    lines: Vec<String>,
    /// What names stand for.
    names: BTreeMap<String, Operand>,
}

impl Importer {
    pub(super) fn import_scripts(
        &mut self,
        found: &FoundRequest<'_>,
        requested: &mut ImportedRequest,
    ) {
        self.import_event_scripts(found, false, requested);
        // The original is content with any status, and says something else.
        if self.import_event_scripts(found, true, requested) {
            requested.step.expect_any_status();
        }
    }

    /// Those that run before the request, or those that test its answer;
    /// whether there is any.
    fn import_event_scripts(
        &mut self,
        found: &FoundRequest<'_>,
        tests: bool,
        requested: &mut ImportedRequest,
    ) -> bool {
        let mut any = false;
        let events = found.scripts.iter().flat_map(|(pointer, events)| {
            let events = events.as_array().into_iter().flatten().enumerate();
            events.map(move |(number, event)| (format!("{pointer}/{number}/script"), event))
        });
        for (pointer, event) in events {
            if !is_enabled(event) || (text_at(event, "listen") == Some("test")) != tests {
                continue;
            }
            let script = &event["script"];
            let (parts, lines): (Vec<String>, Vec<String>) = match &script["exec"] {
                Value::Array(lines) => {
                    let pointers = (0..lines.len()).map(|at| format!("{pointer}/exec/{at}"));
                    (lines.iter().map(to_text).collect(), pointers.collect())
                }
                one => (vec![to_text(one)], vec![format!("{pointer}/exec")]),
            };
            if script["exec"].is_null() && !script["src"].is_null() {
                let what = ("a script in a file", "src");
                self.lose_pointer(&mut requested.step, &pointer, what, HELP);
            }
            let script = parts.join("\n");
            if script.trim().is_empty() {
                continue;
            }
            any = true;
            let statements = javascript::parse(&script);
            let mut script = Script {
                importer: self,
                requested,
                text: script,
                lines,
                names: BTreeMap::new(),
            };
            for statement in &statements {
                if tests {
                    script.import_statement(statement);
                } else if script.import_prerequest_statement(statement).is_none() {
                    let what = "part of a script that runs before the request";
                    script.lose(statement, what, HELP_BEFORE);
                }
            }
        }
        any
    }
}

impl Script<'_, '_> {
    /// Carries over a statement of a script that tests an answer.
    fn import_statement(&mut self, statement: &Statement) {
        match &statement.kind {
            StatementKind::Let(name, value) => {
                let subject = match value {
                    Expression::Literal(value) => {
                        Some(Operand::Value(operand::escape_texts(value)))
                    }
                    value => self.evaluate(value),
                };
                let subject = subject.unwrap_or(Operand::Other);
                self.names.insert(name.clone(), subject);
            }
            StatementKind::Assign(Expression::Member(tests, _), value)
                if dotted_name(tests).as_deref() == Some("tests") =>
            {
                if !self.expect_truth(value, false) {
                    self.lose(statement, "a test", HELP);
                }
            }
            StatementKind::Expression(expression) => self.import_expression(expression, statement),
            StatementKind::If(condition, then) => self.import_guarded(condition, then),
            StatementKind::Assign(..) | StatementKind::Other => {
                self.lose(statement, "part of a test script", HELP);
            }
        }
    }

    /// What is done only if a condition holds: of a variable that is set then,
    /// a capture wants the value to be there.
    fn import_guarded(&mut self, condition: &Range<usize>, then: &[Statement]) {
        for statement in then {
            if let StatementKind::Expression(call @ Expression::Call(..)) = &statement.kind {
                let Some((name, _)) = parse_set_call(call) else {
                    let what = "part of a test script that runs only at times";
                    self.lose(statement, what, HELP);
                    continue;
                };
                let condition = self.excerpt(condition.clone());
                self.requested.step.add_note(&format!(
                    "The original sets `{name}` only if `{condition}`; here it has to be there."
                ));
            }
            self.import_statement(statement);
        }
    }

    fn import_expression(&mut self, expression: &Expression, statement: &Statement) {
        if let Some((name, value)) = parse_set_call(expression) {
            if !self.import_capture(name, value) {
                self.lose(statement, "a variable that is set", HELP);
            }
            return;
        }
        if let Expression::Call(callee, arguments) = expression
            && let Some(name) = dotted_name(callee)
        {
            match (name.as_str(), arguments.as_slice()) {
                ("pm.test", [_, Expression::Function(body)]) => {
                    return body
                        .iter()
                        .for_each(|statement| self.import_statement(statement));
                }
                (name, _) if name.starts_with("console.") => return,
                ("pm.test.skip", _) => {
                    return self
                        .requested
                        .step
                        .add_note("The original skips a test here.");
                }
                _ => {}
            }
        }
        if self.import_assertion(expression) != Some(true) {
            self.lose(statement, "part of a test script", HELP);
        }
    }

    /// Carries over a statement of a script that runs before the request.
    fn import_prerequest_statement(&mut self, statement: &Statement) -> Option<()> {
        match &statement.kind {
            StatementKind::Let(name, value) => {
                let subject = match (dynamic_value::dynamic_template(value), value) {
                    (Some(made), _) => Operand::Value(json!(made)),
                    (None, Expression::Literal(literal)) => Operand::Value(json!(to_text(literal))),
                    (None, Expression::Call(callee, _)) if dotted_name(callee)? == "require" => {
                        Operand::Other
                    }
                    _ => return None,
                };
                self.names.insert(name.clone(), subject);
                Some(())
            }
            StatementKind::Expression(call @ Expression::Call(callee, _)) => {
                match parse_set_call(call) {
                    Some((name, value)) => self.declare_variable(name, value),
                    None => dotted_name(callee)?.starts_with("console.").then_some(()),
                }
            }
            _ => None,
        }
    }

    /// A variable that has no value yet, or this one.
    fn declare_variable(&mut self, name: &str, value: &Expression) -> Option<()> {
        let value = match (dynamic_value::dynamic_template(value), value) {
            (Some(made), _) => json!(made),
            (None, Expression::Literal(literal)) if !literal.is_object() && !literal.is_array() => {
                literal.clone()
            }
            (None, Expression::Name(known)) => match self.names.get(known)? {
                Operand::Value(value) => value.clone(),
                _ => return None,
            },
            _ => return None,
        };
        let variables = &mut self.importer.variables;
        let known = variables.value(name);
        let other = known.is_some_and(|known| *known != json!("") && *known != value);
        if variables.is_captured(name) || other {
            return None;
        }
        if value.as_str().is_some_and(|text| text.contains("{{$")) {
            self.requested.step.add_note(&format!("{ONCE}\n  {name}"));
        }
        variables.declare(name.to_owned(), value, false);
        Some(())
    }

    fn lose(&mut self, statement: &Statement, what: &str, help: &str) {
        let found = self.excerpt(statement.start..statement.end);
        let before = self.text.get(..statement.start).unwrap_or_default();
        let line = before.matches('\n').count();
        // A script that is one text has its lines in one value.
        let pointer = self.lines.get(line).or(self.lines.first());
        let span = pointer.map_or_else(Span::default, |pointer| self.importer.span(pointer));
        let step = &mut self.requested.step;
        self.importer.lose(step, span, (what, &found), help);
    }

    /// A part of the script, on one line.
    fn excerpt(&self, range: Range<usize>) -> String {
        let found = self.text.get(range).unwrap_or_default();
        let found = found.trim_end_matches(';').split_whitespace();
        found.collect::<Vec<_>>().join(" ")
    }
}

/// The variable that a call sets, and its value.
fn parse_set_call(call: &Expression) -> Option<(&str, &Expression)> {
    const SETS: &str = "pm.environment.set pm.collectionVariables.set pm.globals.set pm.variables.set postman.setEnvironmentVariable postman.setGlobalVariable";
    let Expression::Call(callee, arguments) = call else {
        return None;
    };
    let [Expression::Literal(Value::String(name)), value] = arguments.as_slice() else {
        return None;
    };
    let callee = dotted_name(callee)?;
    let sets = SETS.split(' ').any(|known| known == callee);
    sets.then_some((name, value))
}

/// `a.b().c` as a text, if that is what an expression is.
fn dotted_name(expression: &Expression) -> Option<String> {
    match expression {
        Expression::Name(name) => Some(name.clone()),
        Expression::Member(of, name) => Some(format!("{}.{name}", dotted_name(of)?)),
        Expression::Call(callee, arguments) if arguments.is_empty() => {
            Some(format!("{}()", dotted_name(callee)?))
        }
        _ => None,
    }
}
