//! What scripts make anew each time, as Postman's own variables have it.

use serde_json::Value;

use super::super::super::dynamic::{BETWEEN, MILLISECONDS};
use super::{Expression, dotted_name};

/// The template of Postman that stands for a value that is made anew.
pub(super) fn dynamic_template(expression: &Expression) -> Option<String> {
    let Expression::Call(callee, arguments) = expression else {
        return None;
    };
    let named = |name: &str| Some(format!("{{{{{name}}}}}"));
    if let Expression::Member(inner, method) = &**callee {
        match (&**inner, method.as_str(), arguments.as_slice()) {
            (Expression::Call(require, library), "v4", _)
                if dotted_name(require)? == "require"
                    && library == &[Expression::Literal("uuid".into())] =>
            {
                return named("$guid");
            }
            (inner, "toString", []) => return dynamic_template(inner),
            _ => {}
        }
    }
    let number = |at: usize| match arguments.get(at) {
        Some(Expression::Literal(number)) => number.as_i64(),
        _ => None,
    };
    match dotted_name(callee)?.as_str() {
        "uuid.v4" | "uuidv4" | "crypto.randomUUID" => named("$guid"),
        "Date.now" | "new Date().getTime" | "new Date().valueOf" => named(MILLISECONDS),
        "new Date().toISOString" | "new Date().toJSON" => named("$isoTimestamp"),
        "_.random" => named(&format!("{BETWEEN}{}:{}", number(0)?, number(1)?)),
        "pm.variables.replaceIn" => match arguments.as_slice() {
            [Expression::Literal(Value::String(text))] => Some(text.clone()),
            _ => None,
        },
        "Math.floor" | "Math.round" | "parseInt" => {
            let (product, least) = match arguments.first()? {
                Expression::Binary(product, "+", least) => (&**product, whole_number(least)?),
                product => (product, 0),
            };
            let Expression::Binary(random, "*", count) = product else {
                return None;
            };
            let count = whole_number(count).filter(|count| *count > 0)?;
            let random = dotted_name(random)? == "Math.random()";
            let most = count - 1 + least;
            random.then(|| format!("{{{{{BETWEEN}{least}:{most}}}}}"))
        }
        _ => None,
    }
}

fn whole_number(expression: &Expression) -> Option<i64> {
    match expression {
        Expression::Literal(number) => number.as_i64(),
        _ => None,
    }
}
