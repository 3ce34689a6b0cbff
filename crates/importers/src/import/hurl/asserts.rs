//! The asserts of an answer as expectations.
//!
//! Hurl holds values of different types apart, and where it does, so does what
//! is written here: a number that became text is not above 5.

use serde_json::{Map, Value, json};

use super::Importer;
use super::answer::{FRESH, HELP};
use super::cookie;
use super::filter::Filter;
use super::predicate::{Meant, meant};
use super::query::{Part, Query, is_singular, query};
use super::value::{Word, words};
use crate::draft::{Step, escaped};

pub(super) const ABSENT: &str = "The original also passes where there is nothing to compare:";
const SET: &str = "A cookie has `secure`, true or false, where this answer sets it.";

/// A demand on a part of an answer.
pub(super) struct Demand {
    pub(super) operator: &'static str,
    pub(super) value: Value,
}

fn demand(operator: &'static str, value: Value) -> Demand {
    Demand { operator, value }
}

impl Importer {
    /// Adds what an assert demands; the error says what to do where a check
    /// file cannot say it.
    pub(super) fn assert(&mut self, text: &str, step: &mut Step) -> Result<(), &'static str> {
        let before = step.clone();
        let carried = self.demands(text, step).ok_or(HELP).flatten();
        if carried.is_err() {
            *step = before;
        }
        carried
    }

    /// What a variable stands for that this answer gave its value.
    fn without_names(&self, words: Vec<Word>) -> Vec<Word> {
        let [Word::Name(variable), Word::Text(name), rest @ ..] = words.as_slice() else {
            return words;
        };
        match self.kept.get(name) {
            Some(kept) if variable == "variable" => kept.iter().chain(rest).cloned().collect(),
            _ => words,
        }
    }

    fn demands(&mut self, text: &str, step: &mut Step) -> Option<Result<(), &'static str>> {
        let words = self.without_names(words(text)?);
        let Query {
            part,
            filters,
            rest,
        } = query(&words)?;
        let negated = rest.first() == Some(&Word::Name("not".to_owned()));
        let (Word::Name(predicate), arguments) = rest[usize::from(negated)..].split_first()? else {
            return None;
        };
        if arguments.len() > 1 {
            return None;
        }
        let asked = Asked {
            text,
            part,
            filters,
            negated,
            predicate,
            argument: arguments.first(),
        };
        if asked.is_inexact() {
            return None;
        }
        let before = step.clone();
        let carried = self.of_answer(&asked, step);
        if carried == Some(Ok(())) {
            return carried;
        }
        *step = before;
        self.of_variable(&asked, step).map(Ok).or(carried)
    }

    /// Says an assert as an expectation of a part of the answer.
    fn of_answer(
        &mut self,
        asked: &Asked<'_>,
        step: &mut Step,
    ) -> Option<Result<(), &'static str>> {
        let Asked {
            filters,
            negated,
            predicate,
            ..
        } = asked;
        self.variables.took_fresh();
        let as_text = as_text(&asked.part, predicate, asked.argument);
        let (part, argument) = match &as_text {
            Some(text) => (&Part::Body, Some(text)),
            None => (&asked.part, asked.argument),
        };
        let meant = meant(self, part, filters, predicate, argument)?;
        if self.variables.took_fresh() {
            return Some(Err(FRESH));
        }
        if let Part::Regex(pattern) = part {
            // All that can be said of it is whether it is there.
            let Meant::Exists = meant else { return None };
            let Demand { operator, value } = if *negated {
                demand("not", json!({ "matches": pattern }))
            } else {
                demand("matches", json!(pattern))
            };
            return step.demand("body", None, operator, value).then_some(Ok(()));
        }
        let mut notes = Vec::new();
        let demands = match part {
            Part::Json(path) | Part::Count(path) if !is_singular(path) => {
                of_several(part, &meant, *negated)?
            }
            Part::Attribute(name, attribute) => {
                let Demand { operator, value } = of_attribute(attribute, &meant, *negated)?;
                return cookie::set(step, name, operator, value).then_some(Ok(()));
            }
            // An answer takes a cookie away by an empty one, which Hurl sees.
            Part::Cookie(name) if !negated && is_empty(&meant) => {
                let taken = format!("(^|, ){}=\"?\"?(;|, |$)", escaped(name));
                return step
                    .demand("headers", Some("set-cookie"), "matches", json!(taken))
                    .then_some(Ok(()));
            }
            // Hurl asks for the cookies of an answer, and a check file for
            // those that the check holds by now.
            Part::Cookie(name) if self.steps > 0 => {
                notes.push(SET.to_owned());
                let gone = *negated && matches!(meant, Meant::Exists);
                if !cookie::set(step, name, "secure", json!({ "exists": !gone })) {
                    return None;
                }
                if gone {
                    Vec::new()
                } else {
                    plain(part, &meant, *negated)
                }
            }
            _ => plain(part, &meant, *negated),
        };
        let absent = *negated && !matches!(meant, Meant::Exists);
        let (section, of) = part.place()?;
        if absent && matches!(section, "json" | "headers" | "cookies") && notes.is_empty() {
            notes.push(format!("{ABSENT}\n  {}", shortened(asked.text)));
        }
        for Demand { operator, value } in demands {
            if !step.demand(section, of, operator, value) {
                return None;
            }
        }
        for note in notes {
            step.note(&note);
        }
        Some(Ok(()))
    }
}

/// An assert in its parts.
pub(super) struct Asked<'w> {
    pub(super) text: &'w str,
    pub(super) part: Part,
    pub(super) filters: Vec<Filter<'w>>,
    pub(super) negated: bool,
    pub(super) predicate: &'w str,
    pub(super) argument: Option<&'w Word>,
}

impl Asked<'_> {
    /// Whether a floating-point number is held against one that is so large
    /// that whole numbers beside it are the same.
    fn is_inexact(&self) -> bool {
        const LARGEST: f64 = 9_007_199_254_740_992.0;
        let Some(Word::Name(number)) = self.argument else {
            return false;
        };
        let large = |number: f64| number.abs() >= LARGEST;
        self.filters.iter().any(|filter| filter.name == "toFloat")
            && number.parse().is_ok_and(large)
    }
}

/// Bytes that are text, as that text.
pub(super) fn as_raw(word: &Word) -> Option<Word> {
    let text = String::from_utf8(word.written_bytes()?).ok()?;
    let plain = !text.contains(|c: char| c.is_control() && !c.is_whitespace());
    plain.then_some(Word::Raw(text))
}

fn is_empty(meant: &Meant) -> bool {
    match meant {
        Meant::Empty => true,
        Meant::Equals(value) => *value == json!(""),
        _ => false,
    }
}

/// Bytes of ASCII that are looked for in a body, as the text that they are.
fn as_text(part: &Part, predicate: &str, argument: Option<&Word>) -> Option<Word> {
    let (Part::Bytes, "startsWith" | "endsWith" | "contains") = (part, predicate) else {
        return None;
    };
    as_raw(argument?).filter(|word| matches!(word, Word::Raw(text) if text.is_ascii()))
}

pub(super) fn shortened(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    line.chars().take(100).collect()
}

/// Demands on one value.
pub(super) fn plain(part: &Part, meant: &Meant, negated: bool) -> Vec<Demand> {
    match meant {
        Meant::Exists => vec![demand("exists", json!(!negated))],
        Meant::Equals(value) if !negated => vec![demand("equals", value.clone())],
        Meant::Equals(value) => vec![demand("not", json!({ "equals": value }))],
        Meant::Differs(value) if !negated => vec![demand("not", json!({ "equals": value }))],
        Meant::Differs(value) => vec![demand("equals", value.clone())],
        Meant::Empty => vec![demand("empty", json!(!negated))],
        Meant::Filtered { form, tests } => {
            let form = form
                .iter()
                .map(|(operator, value)| demand(operator, value.clone()));
            form.chain(plain(part, &Meant::tests(None, tests.clone()), negated))
                .collect()
        }
        Meant::Tests { tests, .. } if matches!(part, Part::Values(_) | Part::Nodes(_)) => {
            let counts = tests.iter().map(|(operator, count)| {
                let several = matches!(part, Part::Values(_));
                demand(operator, counted(count, negated, several))
            });
            counts.collect()
        }
        Meant::Tests { kind, tests } => {
            let is_json = matches!(part, Part::Json(_));
            let kind = match part {
                // Hurl counts lists, and no maps.
                Part::Count(path) => is_singular(path).then_some("array"),
                _ => kind.filter(|_| is_json),
            };
            let contains = tests
                .first()
                .is_some_and(|(operator, _)| *operator == "contains");
            let mut demands: Vec<_> = kind
                .map(|kind| demand("type", json!(kind)))
                .into_iter()
                .collect();
            if negated && contains && is_json && kind.is_none() {
                // Nothing else can contain it.
                let text = tests.iter().any(|(_, value)| value.is_string());
                let kinds: &[&str] = if text {
                    &["string", "array"]
                } else {
                    &["array"]
                };
                demands.push(demand("schema", json!({ "type": kinds })));
            }
            if negated {
                demands.push(demand("not", map(tests)));
            } else {
                demands.extend(
                    tests
                        .iter()
                        .map(|(operator, value)| demand(operator, value.clone())),
                );
            }
            demands
        }
    }
}

/// A number of values. Hurl counts those of a header only where there are
/// several.
fn counted(count: &Value, negated: bool, several: bool) -> Value {
    let exact = !negated && count.as_u64().is_some_and(|count| count > 1);
    if exact || !negated && !several {
        return count.clone();
    }
    let tests = match count {
        Value::Object(tests) => tests.clone(),
        exact => Map::from_iter([("equals".to_owned(), exact.clone())]),
    };
    let mut counted = if negated {
        Map::from_iter([("not".to_owned(), tests.into())])
    } else {
        tests
    };
    if several && !counted.contains_key("above") {
        counted.insert("above".to_owned(), json!(1));
    }
    counted.into()
}

fn map(tests: &[(&'static str, Value)]) -> Value {
    let tests = tests.iter();
    let tests: Map<String, Value> = tests
        .map(|(operator, value)| ((*operator).to_owned(), value.clone()))
        .collect();
    tests.into()
}

/// Demands on what a path selects that may stand for several values: here they
/// are a list, always. Nothing where that makes a difference.
fn of_several(part: &Part, meant: &Meant, negated: bool) -> Option<Vec<Demand>> {
    let one = |tests: Value| json!({ "count": 1, "each": tests });
    Some(match meant {
        Meant::Exists => vec![demand("empty", json!(negated))],
        Meant::Equals(value) if !negated => vec![demand("equals", json!([value]))],
        Meant::Equals(value) => vec![demand("not", json!({ "equals": [value] }))],
        Meant::Differs(value) if !negated => vec![
            demand("not", json!({ "equals": [value] })),
            demand("empty", json!(false)),
        ],
        Meant::Differs(value) => vec![demand("equals", json!([value]))],
        Meant::Empty if negated => vec![demand("not", one(json!({ "empty": true })))],
        Meant::Empty => vec![
            demand("count", json!(1)),
            demand("each", json!({ "empty": true })),
        ],
        Meant::Filtered { .. } if negated => return None,
        Meant::Filtered { form, tests } => {
            let tests = form.iter().chain(tests).cloned().collect();
            return of_several(part, &Meant::tests(None, tests), negated);
        }
        // One value alone is looked into, and not the list that it is.
        Meant::Tests { .. } if matches!(part, Part::Count(_)) => return None,
        Meant::Tests { kind, tests } => {
            let [(operator, value)] = tests.as_slice() else {
                let all = all(*kind, tests);
                return Some(if negated {
                    vec![demand("not", one(all))]
                } else {
                    vec![demand("count", json!(1)), demand("each", all)]
                });
            };
            match *operator {
                "contains" | "count" => return None,
                // A list of several values is one too.
                "type" if *value == json!("array") => return None,
                _ if negated => vec![demand("not", one(all(*kind, tests)))],
                _ => vec![demand("count", json!(1)), demand("each", all(*kind, tests))],
            }
        }
    })
}

fn all(kind: Option<&'static str>, tests: &[(&'static str, Value)]) -> Value {
    let kind = kind.map(|kind| ("type", json!(kind)));
    let tests: Vec<_> = kind.into_iter().chain(tests.iter().cloned()).collect();
    map(&tests)
}

/// A predicate on an attribute of a cookie.
fn of_attribute(attribute: &'static str, meant: &Meant, negated: bool) -> Option<Demand> {
    let lower = |value: &Value| match (attribute, value) {
        ("same_site" | "domain", Value::String(text)) => {
            json!(text.trim_start_matches('.').to_ascii_lowercase())
        }
        _ => value.clone(),
    };
    let flag = matches!(attribute, "secure" | "http_only");
    let tests = match meant {
        Meant::Exists if flag => return Some(demand(attribute, json!(!negated))),
        // Here it stands for `Expires`, too.
        Meant::Exists if attribute == "max_age" => return None,
        Meant::Exists => return Some(demand(attribute, json!({ "exists": !negated }))),
        _ if flag || negated => return None,
        Meant::Equals(value) if value.is_string() && attribute != "max_age" => {
            return Some(demand(attribute, lower(value)));
        }
        Meant::Equals(value) if attribute == "max_age" => {
            let seconds = format!("{}s", value.as_u64()?);
            json!({ "at_least": seconds, "at_most": seconds })
        }
        Meant::Tests { tests, .. } => {
            let mut all = Map::new();
            for (operator, value) in tests {
                let value = match attribute {
                    "max_age" => json!(format!("{}s", value.as_u64()?)),
                    _ if value.is_string() && *operator != "matches" => lower(value),
                    "path" => value.clone(),
                    _ => return None,
                };
                all.insert((*operator).to_owned(), value);
            }
            all.into()
        }
        _ => return None,
    };
    Some(demand(attribute, tests))
}
