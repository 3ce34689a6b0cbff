//! The asserts of an answer as expectations.

use serde_json::{Value, json};

use super::Importer;
use super::answer::{FRESH, HELP};
use super::query::{Part, part};
use super::value::{Word, words};
use crate::draft::Step;
use crate::markup::Kind;
use crate::pattern::Pattern;

/// What a type predicate of Hurl is called here.
const TYPES: [(&str, &str); 8] = [
    ("isBoolean", "boolean"),
    ("isString", "string"),
    ("isInteger", "integer"),
    ("isNumber", "number"),
    ("isList", "array"),
    ("isObject", "object"),
    ("isFloat", "number"),
    ("isCollection", "array"),
];

/// Predicates that are patterns.
const PATTERNS: [(&str, &str); 3] = [
    (
        "isIsoDate",
        r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$",
    ),
    (
        "isUuid",
        "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$",
    ),
    ("isIpv4", r"^\d{1,3}(\.\d{1,3}){3}$"),
];

impl Importer {
    /// Adds what an assert demands; the error says what to do where a check
    /// file cannot say it.
    pub(super) fn assert(&mut self, text: &str, step: &mut Step) -> Result<(), &'static str> {
        self.demand(text, step).ok_or(HELP)?
    }

    fn demand(&mut self, text: &str, step: &mut Step) -> Option<Result<(), &'static str>> {
        let words = words(text)?;
        let (part, mut rest) = part(&words)?;
        let mut negated = false;
        if rest.first() == Some(&Word::Name("not".to_owned())) {
            negated = true;
            rest = &rest[1..];
        }
        let (predicate, arguments) = rest.split_first()?;
        let Word::Name(predicate) = predicate else {
            return None;
        };
        if arguments.len() > 1 {
            return None;
        }
        self.variables.took_fresh();
        let (operator, value, inverted) = self.predicate(&part, predicate, arguments.first())?;
        if self.variables.took_fresh() {
            return Some(Err(FRESH));
        }
        if let Part::Regex(pattern) = &part {
            // All that can be said of it is whether it is there.
            return (operator == "exists")
                .then(|| step.demand("body", None, "matches", json!(pattern)))
                .filter(|said| *said && !negated && value == json!(true))
                .map(|_| Ok(()));
        }
        let (section, of) = part.place()?;
        let (mut operator, mut value) = (operator, value);
        if operator == "exists" {
            value = json!((value == json!(true)) != negated);
        } else if operator == "empty" && section == "json" && !negated && !inverted {
            value = json!(true);
        } else if negated != inverted {
            value = json!({ operator: value });
            operator = "not";
        }
        step.demand(section, of, operator, value).then_some(Ok(()))
    }

    /// The operator, its value, and whether it means the opposite.
    fn predicate(
        &mut self,
        part: &Part,
        predicate: &str,
        argument: Option<&Word>,
    ) -> Option<(&'static str, Value, bool)> {
        if let Some((_, kind)) = TYPES.iter().find(|(name, _)| *name == predicate) {
            return matches!(part, Part::Json(_)).then(|| ("type", json!(kind), false));
        }
        if let Some((_, pattern)) = PATTERNS.iter().find(|(name, _)| *name == predicate) {
            return Some(("matches", json!(pattern), false));
        }
        let operator = match predicate {
            "exists" => return Some(("exists", json!(true), false)),
            "isEmpty" => return empty(part),
            "matches" => {
                let pattern = match argument? {
                    Word::Pattern(pattern) => pattern.as_str(),
                    word => word.fixed()?,
                };
                Pattern::parse(pattern).ok()?;
                let text = matches!(
                    part,
                    Part::Body
                        | Part::Header(_)
                        | Part::Cookie(_)
                        | Part::Json(_)
                        | Part::XPath(_, Kind::Text)
                );
                return text.then(|| ("matches", json!(pattern), false));
            }
            "==" | "equals" | "!=" => "equals",
            ">" => "above",
            ">=" => "at_least",
            "<" => "below",
            "<=" => "at_most",
            "startsWith" => "starts_with",
            "endsWith" => "ends_with",
            "contains" | "includes" => "contains",
            _ => return None,
        };
        let inverted = predicate == "!=";
        if let (Part::Sha256, Word::Bytes(bytes)) = (part, argument?) {
            let digits = bytes.strip_prefix("hex,")?.trim().to_ascii_lowercase();
            return Some((operator, json!(digits), inverted));
        }
        let value = argument?.value(&mut self.variables)?;
        let (operator, value) = fitting(part, operator, value)?;
        Some((operator, value, inverted))
    }
}

fn empty(part: &Part) -> Option<(&'static str, Value, bool)> {
    match part {
        Part::Count(_) | Part::Nodes(_) | Part::Status | Part::Size | Part::Duration => None,
        Part::XPath(_, kind) if *kind != Kind::Text => None,
        _ => Some(("empty", json!(true), false)),
    }
}

/// The value in the form that this part of an answer is compared in.
fn fitting(part: &Part, operator: &'static str, value: Value) -> Option<(&'static str, Value)> {
    let orders = matches!(operator, "above" | "below" | "at_least" | "at_most");
    let of_text = matches!(operator, "starts_with" | "ends_with" | "contains");
    match part {
        Part::Status => {
            let code = value.as_u64().filter(|code| (100..600).contains(code))?;
            (!of_text).then(|| (operator, json!(code)))
        }
        Part::Duration => {
            let limit = value.as_u64()?;
            orders.then(|| (operator, json!(format!("{limit}ms"))))
        }
        Part::Size => (!of_text && value.is_number()).then_some((operator, value)),
        Part::Count(_) | Part::Nodes(_) => {
            let value = if operator == "equals" {
                value
            } else {
                json!({ operator: value })
            };
            (!of_text).then_some(("count", value))
        }
        // Hurl's versions are texts such as `1.1` and `2`.
        Part::Version | Part::Sha256 => value.is_string().then_some((operator, value)),
        Part::Body | Part::Header(_) | Part::Cookie(_) | Part::XPath(_, Kind::Text) => {
            let fits = value.is_string() || orders && value.is_number();
            fits.then_some((operator, value))
        }
        Part::Json(_) if orders => {
            let template = value.as_str().is_some_and(|text| text.contains("{{"));
            (value.is_number() || template).then_some((operator, value))
        }
        Part::Json(_) if of_text && operator != "contains" => {
            value.is_string().then_some((operator, value))
        }
        Part::Json(_) => Some((operator, value)),
        Part::XPath(_, Kind::Number) => {
            (!of_text && value.is_number()).then_some((operator, value))
        }
        Part::XPath(_, Kind::Boolean) => {
            (operator == "equals" && value.is_boolean()).then_some((operator, value))
        }
        // All that can be said of nodes is whether there are any, and how many.
        Part::XPath(_, Kind::Nodes) | Part::Regex(_) => None,
    }
}
