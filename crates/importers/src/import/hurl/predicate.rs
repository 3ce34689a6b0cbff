//! What a predicate of Hurl demands of a value.

use serde_json::{Value, json};

use super::Importer;
use super::filter::Filter;
use super::query::Part;
use super::value::Word;
use crate::draft::escaped;
use query::markup::Kind;
use query::pattern::Pattern;

/// What must be true of a value.
pub(super) enum Meant {
    Exists,
    Equals(Value),
    /// Is there, and is another value.
    Differs(Value),
    Empty,
    /// Operators that must all hold, of a value of a type if it is JSON.
    Tests {
        kind: Option<&'static str>,
        tests: Vec<(&'static str, Value)>,
    },
    /// What a value must be like to go through a filter, and what must be true
    /// of it then.
    Filtered {
        form: Vec<(&'static str, Value)>,
        tests: Vec<(&'static str, Value)>,
    },
}

impl Meant {
    pub(super) fn tests(kind: Option<&'static str>, tests: Vec<(&'static str, Value)>) -> Self {
        Self::Tests { kind, tests }
    }
}

const UUID: &str = r"(?i-u)^([0-9a-f]{32}|(urn:uuid:)?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\{[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\})$";
const ISO_DATE: &str = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})$";
const IPV4: &str = r"^((25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(\.|$)){4}$";

/// What a predicate says of a part; nothing where a check file has no words
/// for it.
pub(super) fn meant(
    importer: &mut Importer,
    part: &Part,
    filters: &[Filter<'_>],
    predicate: &str,
    argument: Option<&Word>,
) -> Option<Meant> {
    if let [filter] = filters {
        return filtered(part, filter.name, predicate, argument?);
    }
    if !filters.is_empty() {
        return None;
    }
    let json = matches!(part, Part::Json(_));
    match predicate {
        "exists"
            if matches!(
                part,
                Part::Count(_) | Part::Nodes(_) | Part::Values(_) | Part::Redirects
            ) =>
        {
            return None;
        }
        "exists" => return Some(Meant::Exists),
        "isEmpty" => {
            let text = is_text(part);
            return (text || json).then_some(Meant::Empty);
        }
        _ => {}
    }
    if let Some(meant) = of_type(part, predicate) {
        return Some(meant);
    }
    let argument = argument?;
    if predicate == "matches" {
        let pattern = argument.pattern()?;
        Pattern::parse(pattern).ok()?;
        let text = json
            || is_text(part)
            || matches!(
                part,
                Part::Url | Part::Version | Part::Tls("subject" | "issuer") | Part::Attribute(..)
            );
        let whole = matches!(part, Part::Url) && pattern.starts_with('^');
        return (text && !whole)
            .then(|| Meant::tests(Some("string"), vec![("matches", json!(pattern))]));
    }
    if let (Part::Sha256 | Part::Bytes | Part::Body, Word::Bytes(_)) = (part, argument) {
        return of_bytes(importer, part, predicate, argument);
    }
    // Texts have an order there, and none here.
    if matches!(predicate, ">" | ">=" | "<" | "<=")
        && matches!(argument, Word::Text(_) | Word::Raw(_))
    {
        return None;
    }
    let value = match part {
        Part::Url => importer.path_of(argument.text()?)?,
        _ => argument.value(&mut importer.variables)?,
    };
    match predicate {
        "==" | "equals" | "!=" => {
            let exact = equal(part, value)?;
            Some(match exact {
                Exact::One(value) if predicate == "!=" => Meant::Differs(value),
                Exact::One(value) => Meant::Equals(value),
                Exact::Between(tests) if predicate != "!=" => Meant::tests(None, tests),
                Exact::Between(_) => return None,
            })
        }
        _ => compared(part, predicate, value),
    }
}

/// The types of JSON, and texts of a form.
fn of_type(part: &Part, predicate: &str) -> Option<Meant> {
    let json = matches!(part, Part::Json(_));
    let typed = |kind: &str| json.then(|| Meant::tests(None, vec![("type", json!(kind))]));
    let number = |kind: &str, form: &str| {
        json.then(|| Meant::tests(None, vec![("type", json!(kind)), ("matches", json!(form))]))
    };
    let text = |format: &str, pattern: &str| match part {
        Part::Json(_) => Some(Meant::tests(
            Some("string"),
            vec![("schema", json!({ "format": format }))],
        )),
        part if is_text(part) && !pattern.is_empty() => {
            Some(Meant::tests(None, vec![("matches", json!(pattern))]))
        }
        _ => None,
    };
    match predicate {
        "isBoolean" => typed("boolean"),
        "isString" => typed("string"),
        "isNumber" => typed("number"),
        "isList" => typed("array"),
        "isObject" => typed("object"),
        // As they are written: 1.0 is a float to Hurl, and to us an integer.
        "isInteger" => number("integer", "^-?[0-9]+$"),
        "isFloat" => number("number", "[.eE]"),
        "isCollection" => json.then(|| {
            let either = json!({ "type": ["array", "object"] });
            Meant::tests(None, vec![("schema", either)])
        }),
        "isIsoDate" => text("date-time", ISO_DATE),
        "isIpv4" => text("ipv4", IPV4),
        "isIpv6" => text("ipv6", ""),
        "isUuid" => (json || is_text(part))
            .then(|| Meant::tests(Some("string"), vec![("matches", json!(UUID))])),
        _ => None,
    }
}

/// Bytes are compared by their digest.
fn of_bytes(importer: &Importer, part: &Part, predicate: &str, argument: &Word) -> Option<Meant> {
    let bytes = argument.bytes(&importer.files)?;
    let digest = match part {
        Part::Sha256 => digits(&bytes),
        Part::Bytes => query::digest::sha256(&bytes),
        // A file is compared with a text as what it holds.
        _ => return equal_text(&bytes, predicate),
    };
    match predicate {
        "==" | "equals" => Some(Meant::Equals(json!(digest))),
        "!=" => Some(Meant::Differs(json!(digest))),
        _ => None,
    }
}

/// Whether a part is text, whatever it holds.
fn is_text(part: &Part) -> bool {
    matches!(
        part,
        Part::Body | Part::Header(_) | Part::Cookie(_) | Part::XPath(_, Kind::Text)
    )
}

fn digits(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16);
    let pairs = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    pairs.filter_map(digit).collect()
}

fn equal_text(bytes: &[u8], predicate: &str) -> Option<Meant> {
    let text = json!(crate::draft::escape(std::str::from_utf8(bytes).ok()?));
    match predicate {
        "==" | "equals" => Some(Meant::Equals(text)),
        "!=" => Some(Meant::Differs(text)),
        "contains" => Some(Meant::tests(None, vec![("contains", text)])),
        _ => None,
    }
}

/// How equality is said.
enum Exact {
    One(Value),
    Between(Vec<(&'static str, Value)>),
}

fn equal(part: &Part, value: Value) -> Option<Exact> {
    let template = value.as_str().is_some_and(|text| text.contains("{{"));
    let days = |days: u64| json!(format!("{days}d"));
    Some(match part {
        Part::Status => {
            let code = value.as_u64().filter(|code| (100..600).contains(code))?;
            Exact::One(json!(code))
        }
        Part::Size => Exact::One(
            value
                .as_u64()
                .map(Value::from)
                .or(template.then_some(value))?,
        ),
        Part::Count(_) | Part::Nodes(_) | Part::Values(_) | Part::Redirects => {
            let count = (value.is_u64() || template).then_some(value)?;
            // One value of a header is no list there.
            if matches!(part, Part::Values(_)) && count.as_u64().is_some_and(|count| count < 2) {
                return None;
            }
            Exact::Between(vec![("count", count)])
        }
        Part::Days => {
            let whole = value.as_u64()?;
            Exact::Between(vec![
                ("at_least", days(whole)),
                ("below", days(whole.checked_add(1)?)),
            ])
        }
        Part::Json(_) | Part::Attribute(..) => Exact::One(value),
        // Names are a list here, and one text there; all that can be said of
        // nodes is whether there are any, and how many.
        Part::Tls("names") | Part::XPath(_, Kind::Nodes) => return None,
        // Its parts have another order.
        Part::Tls(_) if value.as_str()?.contains(',') => return None,
        Part::Version
        | Part::Sha256
        | Part::Body
        | Part::Url
        | Part::Header(_)
        | Part::Cookie(_)
        | Part::XPath(_, Kind::Text)
        | Part::Tls("subject" | "issuer") => Exact::One(value.is_string().then_some(value)?),
        Part::XPath(_, Kind::Number) => Exact::One(value.is_number().then_some(value)?),
        Part::XPath(_, Kind::Boolean) => Exact::One(value.is_boolean().then_some(value)?),
        Part::Duration
        | Part::Bytes
        | Part::Regex(_)
        | Part::Redirect(_)
        | Part::Variable(_)
        | Part::Tls(_) => return None,
    })
}

/// Orders, and parts of texts and lists.
fn compared(part: &Part, predicate: &str, value: Value) -> Option<Meant> {
    let template = value.as_str().is_some_and(|text| text.contains("{{"));
    let number = value.is_number() || template;
    let order = match predicate {
        ">" => Some("above"),
        ">=" => Some("at_least"),
        "<" => Some("below"),
        "<=" => Some("at_most"),
        _ => None,
    };
    if let Some(order) = order {
        let tests = match part {
            Part::Status => {
                let code = value.as_u64().filter(|code| (100..600).contains(code))?;
                vec![(order, json!(code))]
            }
            Part::Duration => vec![(order, json!(format!("{}ms", value.as_u64()?)))],
            Part::Count(_) | Part::Nodes(_) | Part::Values(_) | Part::Redirects => {
                vec![("count", number.then(|| json!({ order: value }))?)]
            }
            Part::Size | Part::XPath(_, Kind::Number) => vec![(order, number.then_some(value)?)],
            Part::Attribute(_, "max_age") => vec![(order, json!(value.as_u64()?))],
            Part::Days => {
                // Whole days: more than 15 of them are 16 at least.
                let days = value.as_u64()?;
                let (order, days) = match order {
                    "above" => ("at_least", days.checked_add(1)?),
                    "at_most" => ("below", days.checked_add(1)?),
                    order => (order, days),
                };
                vec![(order, json!(format!("{days}d")))]
            }
            Part::Json(_) => {
                let kind = (!template).then_some("number");
                return number.then(|| Meant::tests(kind, vec![(order, value)]));
            }
            _ => return None,
        };
        return Some(Meant::tests(None, tests));
    }
    let text = value.is_string();
    let json = matches!(part, Part::Json(_));
    let texts = json
        || is_text(part)
        || matches!(
            part,
            Part::Url | Part::Version | Part::Attribute(..) | Part::Tls("subject" | "issuer")
        );
    let (kind, operator) = match predicate {
        "startsWith" if text && texts => (Some("string"), "starts_with"),
        "endsWith" if text && texts => (Some("string"), "ends_with"),
        "contains" if matches!(part, Part::Tls("names")) => {
            let name = value.as_str()?.trim_start_matches("DNS:").to_owned();
            return (!name.contains([':', ',', ' ']))
                .then(|| Meant::tests(None, vec![("contains", json!(name))]));
        }
        "contains" if json || text && texts => (None, "contains"),
        "includes" if json => (Some("array"), "contains"),
        _ => return None,
    };
    Some(Meant::tests(kind, vec![(operator, value)]))
}

/// What a filter and a predicate together say of a value that is compared as
/// it is.
fn filtered(part: &Part, filter: &str, predicate: &str, argument: &Word) -> Option<Meant> {
    let of_text = is_text(part) || matches!(part, Part::Version);
    if !of_text && !matches!(part, Part::Json(_)) {
        return None;
    }
    let Word::Name(number) = argument else {
        let text = argument
            .fixed()
            .filter(|_| filter == "toString" && predicate == "==")?;
        let form = match part {
            Part::Json(_) => vec![(
                "schema",
                json!({ "type": ["string", "number", "boolean", "null"] }),
            )],
            _ => Vec::new(),
        };
        let tests = vec![("matches", json!(format!("^{}$", escaped(text))))];
        return Some(Meant::Filtered { form, tests });
    };
    let number: Value = serde_json::from_str(number).ok().filter(Value::is_number)?;
    if filter == "toInt" && matches!(part, Part::Json(_)) {
        return whole(predicate, number.as_i64()?);
    }
    let form = match filter {
        "toInt" => r"^[+-]?[0-9]+$",
        "toFloat" => r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$",
        _ => return None,
    };
    let tests = match predicate {
        ">" => vec![("above", number)],
        ">=" => vec![("at_least", number)],
        "<" => vec![("below", number)],
        "<=" => vec![("at_most", number)],
        "==" => vec![("at_least", number.clone()), ("at_most", number)],
        _ => return None,
    };
    let form = vec![("matches", json!(form))];
    Some(Meant::Filtered { form, tests })
}

/// What is said of a value of JSON without what stands behind its point: a
/// text has no point, and a number may have one.
fn whole(predicate: &str, number: i64) -> Option<Meant> {
    let at_least = |least: i64| match least {
        1.. => ("at_least", json!(least)),
        _ => ("above", json!(least.saturating_sub(1))),
    };
    let at_most = |most: i64| match most {
        0.. => ("below", json!(most.saturating_add(1))),
        _ => ("at_most", json!(most)),
    };
    let form = r"^[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$";
    let tests = match predicate {
        ">" => vec![at_least(number.checked_add(1)?)],
        ">=" => vec![at_least(number)],
        "<" => vec![at_most(number.checked_sub(1)?)],
        "<=" => vec![at_most(number)],
        "==" => vec![at_least(number), at_most(number)],
        _ => return None,
    };
    let with_point = json!({ "type": "string", "pattern": "[.eE]" });
    let form = vec![
        ("matches", json!(form)),
        ("schema", json!({ "not": with_point })),
    ];
    Some(Meant::Filtered { form, tests })
}
