//! Scripts that run before a request: values that they give to variables.

use serde_json::{Value, json};

use super::super::super::dynamic::{BETWEEN, MILLISECONDS};
use super::super::super::variables::Given;
use super::parse::{self, Statement, StatementKind};
use super::{Expression, Script, Subject, dotted};

const HELP: &str =
    "use variables and the functions of templates, such as `{{ uuid() }}` or `{{ now() }}`";
const ONCE: &str =
    "The original makes a value of its own before each request; here it is made once for the run:";

impl Script<'_, '_, '_> {
    /// Carries over what a script does before the request.
    pub(super) fn before(&mut self) {
        let text: Vec<&str> = self.lines.iter().map(|(_, line)| line.as_str()).collect();
        let statements = parse::parse(&text.join("\n"));
        for statement in &statements {
            if self.made_before(statement).is_none() {
                self.lost(
                    statement,
                    "part of a script that runs before the request",
                    HELP,
                );
            }
        }
    }

    fn made_before(&mut self, statement: &Statement) -> Option<()> {
        match &statement.kind {
            StatementKind::Let(name, value) => {
                let subject = match made(value) {
                    Some(made) => Subject::Value(json!(made)),
                    None => match value {
                        Expression::Literal(literal) => {
                            Subject::Value(json!(super::super::request::plain(literal)))
                        }
                        Expression::Call(callee, _)
                            if dotted(callee).as_deref() == Some("require") =>
                        {
                            Subject::NotUnderstood
                        }
                        _ => return None,
                    },
                };
                self.names.insert(name.clone(), subject);
                Some(())
            }
            StatementKind::Expression(Expression::Call(callee, arguments)) => {
                let name = dotted(callee)?;
                if name.starts_with("console.") {
                    return Some(());
                }
                let sets = [
                    "pm.environment.set",
                    "pm.collectionVariables.set",
                    "pm.globals.set",
                    "pm.variables.set",
                    "postman.setEnvironmentVariable",
                    "postman.setGlobalVariable",
                ];
                match arguments.as_slice() {
                    [Expression::Literal(Value::String(variable)), value]
                        if sets.contains(&name.as_str()) =>
                    {
                        self.set_before(variable, value)
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// A variable that has no value yet, or this one.
    fn set_before(&mut self, name: &str, value: &Expression) -> Option<()> {
        let (value, anew) = match (made(value), value) {
            (Some(made), _) => (json!(made), true),
            (None, Expression::Literal(literal)) if !literal.is_object() && !literal.is_array() => {
                (literal.clone(), false)
            }
            (None, Expression::Name(known)) => match self.names.get(known)? {
                Subject::Value(value) => {
                    let anew = value.as_str().is_some_and(|text| text.contains("{{$"));
                    (value.clone(), anew)
                }
                _ => return None,
            },
            _ => return None,
        };
        let variables = &mut self.importer.variables;
        let empty = json!("");
        let other = variables
            .value(name)
            .filter(|known| **known != empty && **known != value);
        if variables.is_captured(name) || other.is_some() {
            return None;
        }
        variables.give(Given {
            name: name.to_owned(),
            value,
            secret: false,
        });
        if anew {
            self.asked.step.note(&format!("{ONCE}\n  {name}"));
        }
        Some(())
    }
}

/// What an expression makes anew each time, as Postman's own variables have it.
pub(super) fn made(expression: &Expression) -> Option<String> {
    let Expression::Call(callee, arguments) = expression else {
        return None;
    };
    let of = |name: &str| Some(format!("{{{{{name}}}}}"));
    if let Expression::Member(inner, method) = &**callee {
        match (&**inner, method.as_str()) {
            (Expression::Call(require, library), "v4")
                if dotted(require).as_deref() == Some("require")
                    && matches!(library.as_slice(), [Expression::Literal(Value::String(name))] if name == "uuid") =>
            {
                return of("$guid");
            }
            (inner, "toString") if arguments.is_empty() => return made(inner),
            _ => {}
        }
    }
    let number = |at: usize| match arguments.get(at) {
        Some(Expression::Literal(Value::Number(number))) => number.as_i64(),
        _ => None,
    };
    match dotted(callee)?.as_str() {
        "uuid.v4" | "uuidv4" | "crypto.randomUUID" => of("$guid"),
        "Date.now" | "new Date().getTime" | "new Date().valueOf" => of(MILLISECONDS),
        "new Date().toISOString" | "new Date().toJSON" => of("$isoTimestamp"),
        "_.random" => of(&format!("{BETWEEN}{}:{}", number(0)?, number(1)?)),
        "pm.variables.replaceIn" => match arguments.as_slice() {
            [Expression::Literal(Value::String(text))] => Some(text.clone()),
            _ => None,
        },
        "Math.floor" | "Math.round" | "parseInt" => {
            let Some(Expression::Binary(left, sign, right)) = arguments.first() else {
                return None;
            };
            let (left, right, shift) = match (&**left, *sign, &**right) {
                (Expression::Binary(left, "*", right), "+", Expression::Literal(shift)) => {
                    (&**left, &**right, shift.as_i64()?)
                }
                (left, "*", right) => (left, right, 0),
                _ => return None,
            };
            let random = matches!(left, Expression::Call(callee, _) if dotted(callee).as_deref() == Some("Math.random"));
            let Expression::Literal(below) = right else {
                return None;
            };
            let most = below.as_i64().filter(|below| random && *below > 0)? - 1 + shift;
            of(&format!("{BETWEEN}{shift}:{most}"))
        }
        _ => None,
    }
}
