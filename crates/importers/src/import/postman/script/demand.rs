//! Demands on a part of the answer, in the form that check files have.

use serde_json::{Value, json};

use super::{Script, Subject};
use crate::draft::member;
use query::pattern::Pattern;

impl Script<'_, '_, '_> {
    /// Demands a text or a list: anything else has no length and holds nothing.
    pub(super) fn has_length(&mut self, path: &str) {
        let schema = json!({ "type": ["array", "string"] });
        self.asked.step.demand("json", Some(path), "schema", schema);
    }

    /// A demand on a variable, which has to have a value.
    fn of_variable(&mut self, name: &str, operator: &str, wanted: Value, negated: bool) -> bool {
        let step = &mut self.asked.step;
        match operator {
            "exists" => false,
            _ if negated => {
                let wanted = json!({ operator: wanted });
                step.demand("variables", Some(name), "not", wanted)
            }
            _ => step.demand("variables", Some(name), operator, wanted),
        }
    }

    /// Whether a value of the script's own meets a demand.
    fn is_known(&mut self, value: &Value, operator: &str, wanted: &Value) -> Option<bool> {
        let fixed = |value: &Value| !value.to_string().contains("{{");
        let is = match operator {
            _ if !fixed(value) || !fixed(wanted) => return None,
            "equals" => value == wanted,
            "one_of" => wanted.as_array()?.contains(value),
            _ => return None,
        };
        let note = "The original tests values of its own here, which are as it wants them.";
        self.asked.step.note(note);
        Some(is)
    }

    /// Adds a demand to the step; false if there is no way to say it.
    pub(super) fn demand(
        &mut self,
        subject: &Subject,
        operator: &str,
        wanted: Value,
        negated: bool,
    ) -> bool {
        match (subject, operator, &wanted) {
            (Subject::Meets(what, "exists", _), "equals", Value::Bool(there)) => {
                return self.demand(what, "exists", json!(*there != negated), false);
            }
            (Subject::Meets(what, operator, value), "equals", Value::Bool(meets)) => {
                return self.demand(what, operator, value.clone(), *meets == negated);
            }
            (Subject::Holds(comparison), "equals", Value::Bool(holds)) => {
                return self.holds(comparison, *holds == negated);
            }
            (Subject::Value(value), _, _) => {
                return match variable(value) {
                    Some(name) => self.of_variable(name, operator, wanted, negated),
                    None => self.is_known(value, operator, &wanted) == Some(!negated),
                };
            }
            (Subject::Count(path), _, _) | (Subject::Json(path), "contains", Value::Object(_))
                if negated =>
            {
                // Nothing has no length and no members, and is an error there.
                let is_null = json!({ "equals": null });
                self.asked.step.demand("json", Some(path), "not", is_null);
            }
            (Subject::Json(_), "contains", Value::Object(_)) => {}
            (Subject::Json(path), "contains", _) if negated => self.has_length(path),
            _ => {}
        }
        match (subject, operator, &wanted) {
            (Subject::Count(path), _, Value::Number(number)) if !is_list(path) => {
                let Some(length) = number.as_u64() else {
                    return false;
                };
                let Some(schema) = of_length(operator, length) else {
                    return false;
                };
                let path = Subject::Json(path.clone());
                return self.demand(&path, "schema", schema, negated);
            }
            (Subject::TypeOf(path), "equals", Value::String(word)) => {
                let path = Subject::Json(path.clone());
                return match word.as_str() {
                    "string" | "number" | "boolean" => self.demand(&path, "type", wanted, negated),
                    "undefined" => self.demand(&path, "exists", json!(negated), false),
                    "object" if !negated => {
                        let schema = json!({ "type": ["object", "array", "null"] });
                        self.demand(&path, "schema", schema, false)
                    }
                    _ => false,
                };
            }
            _ => {}
        }
        let (section, of) = match subject {
            Subject::Json(path) | Subject::Count(path) => ("json", Some(path.as_str())),
            Subject::Text => ("body", None),
            Subject::Code => ("status", None),
            Subject::Time => ("latency", None),
            Subject::Size => ("size", None),
            Subject::Header(name) => ("headers", Some(name.as_str())),
            Subject::Cookie(name) => ("cookies", Some(name.as_str())),
            Subject::Response
            | Subject::Headers
            | Subject::Meets(..)
            | Subject::Holds(_)
            | Subject::TypeOf(_)
            | Subject::Value(_)
            | Subject::NotUnderstood => return false,
        };
        let Some(wanted) = fitting(subject, operator, wanted) else {
            return false;
        };
        let (mut operator, mut wanted) = (operator, wanted);
        if matches!(subject, Subject::Count(_)) {
            wanted = if operator == "equals" {
                wanted
            } else {
                json!({ operator: wanted })
            };
            operator = "count";
        }
        let orders = matches!(operator, "above" | "below" | "at_least" | "at_most");
        if matches!(subject, Subject::Json(_)) && orders {
            // Text is no number there, even if it is written as one.
            self.asked.step.demand(section, of, "type", json!("number"));
        }
        if negated {
            if matches!(operator, "equals" | "one_of" | "type")
                && matches!(section, "json" | "headers" | "cookies")
            {
                let of = of.unwrap_or_default();
                self.asked.step.note(&format!(
                    "The original also passes where there is no `{of}`."
                ));
            }
            wanted = json!({ operator: wanted });
            operator = "not";
        }
        self.asked.step.demand(section, of, operator, wanted)
    }
}

/// Whether what a path leads to is a list, by its name: texts have a length too.
fn is_list(path: &str) -> bool {
    let name = path.trim_end_matches(['\'', ']']);
    let plural = name.ends_with('s') && !name.ends_with("ss") && !name.ends_with("us");
    let lists = ["$", "data", "list", "content", "array", "[*]"];
    plural || lists.iter().any(|list| path.ends_with(list))
}

/// A schema for a list or a text of such a length.
fn of_length(operator: &str, length: u64) -> Option<Value> {
    let (least, most) = match operator {
        "equals" => (Some(length), Some(length)),
        "above" => (Some(length.checked_add(1)?), None),
        "at_least" => (Some(length), None),
        "below" => (None, Some(length.checked_sub(1)?)),
        "at_most" => (None, Some(length)),
        _ => return None,
    };
    let mut schema = json!({ "type": ["array", "string"] });
    for (bound, names) in [
        (least, ["minItems", "minLength"]),
        (most, ["maxItems", "maxLength"]),
    ] {
        for name in names {
            if let Some(bound) = bound {
                schema[name] = json!(bound);
            }
        }
    }
    Some(schema)
}

/// The name of the variable that a value stands for.
pub(super) fn variable(value: &Value) -> Option<&str> {
    let inside = value.as_str()?.strip_prefix("{{ ")?.strip_suffix(" }}")?;
    let in_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    inside.chars().all(in_name).then_some(inside)
}

/// The wanted value in the form that this part of an answer is compared in.
fn fitting(subject: &Subject, operator: &str, wanted: Value) -> Option<Value> {
    let text_only = matches!(operator, "contains" | "matches");
    match subject {
        Subject::Code => {
            let fine = matches!(
                operator,
                "equals" | "above" | "below" | "at_least" | "at_most"
            );
            let status = |value: &Value| match value {
                Value::Number(code) => code.as_u64().is_some_and(|code| (100..600).contains(&code)),
                Value::String(class) => class.ends_with("xx"),
                _ => false,
            };
            let is_status = match &wanted {
                Value::Array(all) => !all.is_empty() && all.iter().all(status),
                one => status(one),
            };
            (fine && is_status).then_some(wanted)
        }
        Subject::Time => {
            let limit = wanted.as_f64().filter(|limit| *limit >= 0.0)?;
            let fine = matches!(operator, "above" | "below" | "at_least" | "at_most");
            fine.then(|| json!(format!("{}ms", limit.ceil())))
        }
        Subject::Size | Subject::Count(_) => (!text_only && wanted.is_number()).then_some(wanted),
        Subject::Text | Subject::Header(_) | Subject::Cookie(_) => {
            let text = wanted.is_string() || operator == "exists" || operator == "empty";
            text.then_some(wanted)
        }
        Subject::Json(_) => match operator {
            "above" | "below" | "at_least" | "at_most" => wanted.is_number().then_some(wanted),
            "one_of" => wanted
                .as_array()
                .is_some_and(|all| !all.is_empty())
                .then_some(wanted),
            "matches" | "type" => wanted.is_string().then_some(wanted),
            _ => Some(wanted),
        },
        _ => None,
    }
}

/// `a.b[0]` below a path.
pub(super) fn nested(path: &str, name: &str) -> String {
    let mut path = path.to_owned();
    for part in name.split('.') {
        let (name, indexes) = part.split_once('[').unwrap_or((part, ""));
        if !name.is_empty() {
            path = member(&path, name);
        }
        for index in indexes.split('[').filter(|index| !index.is_empty()) {
            let index = index.trim_end_matches(']');
            match index.parse::<u32>() {
                Ok(index) => path.extend(["[".to_owned(), index.to_string(), "]".to_owned()]),
                Err(_) => path = member(&path, index.trim_matches(['"', '\''])),
            }
        }
    }
    path
}

/// The type that JSON has for one of Chai's.
pub(super) fn kind(wanted: &Value) -> Option<&'static str> {
    match wanted.as_str()?.to_ascii_lowercase().as_str() {
        "string" => Some("string"),
        "number" => Some("number"),
        "boolean" => Some("boolean"),
        "array" => Some("array"),
        "object" => Some("object"),
        "null" => Some("null"),
        _ => None,
    }
}

/// A regular expression that both languages read alike.
pub(super) fn regex(pattern: &str, flags: &str) -> Option<Value> {
    let flags: String = flags.chars().filter(|flag| "ims".contains(*flag)).collect();
    let pattern = pattern.replace("\\/", "/");
    // Without Unicode's own rules on upper and lower case, which are not
    // JavaScript's either.
    let forms = [
        format!("(?{flags}){pattern}"),
        format!("(?{flags}-u){pattern}"),
    ];
    let mut forms = if flags.is_empty() {
        vec![pattern]
    } else {
        forms.to_vec()
    }
    .into_iter();
    forms
        .find(|form| Pattern::parse(form).is_ok())
        .map(Value::from)
}
