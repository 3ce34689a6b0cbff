//! The asserts of an answer as expectations.
//!
//! What a check file cannot expect of the answer itself, such as what filters
//! make of it, becomes a capture and an expectation of that variable.

use serde_json::{Value, json};

use super::answer::{FRESH, HELP};
use super::cookie;
use super::filter;
use super::predicate::{HurlPredicate, OperatorValue};
use super::query::{HurlQuery, ValueKind, parse_query};
use super::value::{Word, split_words};
use super::{Importer, LARGEST_EXACT};
use crate::draft::{Query, StepDraft, build_capture, escape_pattern};

const ABSENT: &str = "The original also passes where there is nothing to compare:";
const SET: &str = "A cookie has `secure`, true or false, where this answer sets it.";

/// An assert in its parts.
struct Assert<'w> {
    text: &'w str,
    query: HurlQuery<'w>,
    negated: bool,
    predicate: &'w str,
    argument: Option<&'w Word>,
}

impl Importer {
    /// Adds what an assert expects; the error says what to do where a check
    /// file cannot say it.
    pub(super) fn import_assert(
        &mut self,
        text: &str,
        step: &mut StepDraft,
    ) -> Result<(), &'static str> {
        let words = split_words(text).map(|words| self.resolve_names(words));
        let words = words.ok_or(HELP)?;
        let assert = split_assert(text, &words).ok_or(HELP)?;
        let before = step.clone();
        let direct = self.expect_of_answer(&assert, step);
        if direct == Some(Ok(())) {
            return Ok(());
        }
        step.clone_from(&before);
        let carried = self.expect_of_variable(&assert, step).map(Ok).or(direct);
        let carried = carried.unwrap_or(Err(HELP));
        if carried.is_err() {
            *step = before;
        }
        carried
    }

    /// What a variable stands for that this answer gave its value.
    fn resolve_names(&self, words: Vec<Word>) -> Vec<Word> {
        let [variable, Word::Text(name), rest @ ..] = words.as_slice() else {
            return words;
        };
        match self.state.captured_words.get(name) {
            Some(query) if variable.is_name("variable") => {
                query.iter().chain(rest).cloned().collect()
            }
            _ => words,
        }
    }

    /// Says an assert as an expectation of a part of the answer.
    fn expect_of_answer(
        &mut self,
        assert: &Assert<'_>,
        step: &mut StepDraft,
    ) -> Option<Result<(), &'static str>> {
        let part = &assert.query.part;
        if !assert.query.filters.is_empty() || matches!(part.place, Query::Variable(_)) {
            return None;
        }
        let exists = assert.predicate == "exists";
        let place = &part.place;
        // A check file says of a group only whether it is there.
        if let ValueKind::Regex(pattern) = &part.form {
            let (operator, wanted) = if assert.negated {
                ("not", json!({ "matches": pattern }))
            } else {
                ("matches", json!(pattern))
            };
            let fits = exists && step.expect(place, operator, wanted);
            return fits.then_some(Ok(()));
        }
        // Values of several are always a list here, so that a capture has to
        // take one that is alone.
        if part.is_multiple {
            let fits = exists
                && part.form == ValueKind::Json
                && step.expect(place, "empty", json!(assert.negated));
            return fits.then_some(Ok(()));
        }
        self.variables.take_fresh_use();
        let found = self.predicate(place, &part.form, assert.predicate, assert.argument)?;
        if self.variables.take_fresh_use() {
            return Some(Err(FRESH));
        }
        if let (ValueKind::Attribute(attribute), Query::Cookie(name)) = (&part.form, place) {
            let wanted = cookie::attribute_predicate(attribute, exists, &found, assert.negated)?;
            return cookie::expect_attribute(step, name, attribute, wanted).then_some(Ok(()));
        }
        let mut noted = assert.negated && !exists;
        if let Query::Cookie(name) = place {
            // An answer takes a cookie away by an empty one, which Hurl sees.
            if !assert.negated && found.wants_nothing() {
                let empty_cookie = format!("(^|, ){}=\"?\"?(;|, |$)", escape_pattern(name));
                let header = Query::Header("set-cookie".to_owned());
                return step
                    .expect(&header, "matches", json!(empty_cookie))
                    .then_some(Ok(()));
            }
            // Hurl asks for the cookies of an answer, and a check file for
            // those that the check holds by now.
            if self.state.steps > 0 {
                step.add_note(SET);
                noted = false;
                let gone = assert.negated && exists;
                if !cookie::expect_attribute(step, name, "secure", json!({ "exists": !gone })) {
                    return None;
                }
                if gone {
                    return Some(Ok(()));
                }
            }
        }
        let written = |demand: OperatorValue| step.expect(place, demand.0, demand.1);
        if !found
            .into_operators(assert.negated)
            .into_iter()
            .all(written)
        {
            return None;
        }
        let may_be_absent = matches!(place, Query::Json(_) | Query::Header(_) | Query::Cookie(_));
        if noted && may_be_absent {
            step.add_note(&format!("{ABSENT}\n  {}", shorten(assert.text)));
        }
        Some(Ok(()))
    }

    /// Says an assert as a capture and an expectation of what it gives.
    fn expect_of_variable(&mut self, assert: &Assert<'_>, step: &mut StepDraft) -> Option<()> {
        let HurlQuery { part, filters, .. } = &assert.query;
        let exists = assert.predicate == "exists";
        let named = match &part.place {
            Query::Variable(name) => Some(name),
            _ => None,
        };
        let name = if let Some(name) = named {
            let unknown = exists && !self.variables.is_captured(name);
            if !filters.is_empty() || unknown || self.state.lost_captures.contains(name) {
                return None;
            }
            let name = self.variables.typed_expression(name);
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
            Some(name).filter(|name| name.chars().all(plain))?
        } else {
            let of_list = |filter: &filter::Filter<'_>| {
                ["count", "first", "last", "nth"].contains(&filter.name)
            };
            // Several values of a header are one text here.
            let of_header = matches!(part.place, Query::Header(_))
                && (filters.first().is_some_and(of_list) || assert.predicate.starts_with("is"));
            let refused = matches!(part.place, Query::Status | Query::Url | Query::Tls(_));
            if exists || of_header || refused {
                return None;
            }
            if let (place @ Query::Json(_), Some(filter)) = (&part.place, filters.first())
                && let Some((operator, value)) = filter.input_predicate()
            {
                let fits = if part.is_multiple {
                    step.expect(place, "each", json!({ operator: value }))
                } else {
                    step.expect(place, operator, value)
                };
                fits.then_some(())?;
            }
            let (source, value) = part.source()?;
            let value = filter::build_expression(value.to_owned(), filters, &mut self.variables)?;
            let capture = build_capture(source, &value, false);
            let mut captures = step.capture.iter();
            let known = captures.find(|(_, known)| **known == capture);
            let known = known.map(|(name, _)| name.clone());
            let name =
                known.unwrap_or_else(|| self.variables.capture_under_new_name(part.naming_word()));
            step.capture.insert(name.clone(), capture);
            name
        };
        let form = match part.form {
            ValueKind::Url | ValueKind::Count => part.form.clone(),
            _ => ValueKind::Json,
        };
        let place = Query::Variable(name);
        let found = self.predicate(&place, &form, assert.predicate, assert.argument)?;
        for (operator, value) in found.into_operators(assert.negated) {
            if !step.expect(&place, operator, value) {
                return None;
            }
        }
        if assert.negated && !exists && named.is_none() {
            step.add_note(&format!("{ABSENT}\n  {}", shorten(assert.text)));
        }
        Some(())
    }
}

/// Takes an assert apart.
fn split_assert<'w>(text: &'w str, words: &'w [Word]) -> Option<Assert<'w>> {
    let query = parse_query(words)?;
    let negated = query.rest.first().is_some_and(|word| word.is_name("not"));
    let (Word::Name(predicate), arguments) = query.rest[usize::from(negated)..].split_first()?
    else {
        return None;
    };
    // A floating-point number beside one so large that others are equal to it.
    let floats = query.filters.iter().any(|filter| filter.name == "toFloat");
    let inexact = |word: &Word| match word {
        Word::Name(number) => number.parse().is_ok_and(|n: f64| n.abs() >= LARGEST_EXACT),
        _ => false,
    };
    let is_exact = arguments.len() < 2 && !(floats && arguments.iter().any(inexact));
    is_exact.then_some(Assert {
        text,
        negated,
        predicate,
        argument: arguments.first(),
        query,
    })
}

fn shorten(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    line.chars().take(100).collect()
}

impl HurlPredicate {
    /// Whether a text has to be empty.
    fn wants_nothing(&self) -> bool {
        matches!(self.tests.as_slice(), [("empty", Value::Bool(true))])
            || matches!(self.tests.as_slice(), [("equals", Value::String(text))] if text.is_empty())
    }
}
