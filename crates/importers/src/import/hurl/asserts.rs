//! The asserts of an answer as expectations.
//!
//! What a check file cannot demand of the answer itself, such as what filters
//! make of it, becomes a capture and an expectation of that variable.

use serde_json::{Value, json};

use super::answer::{FRESH, HELP};
use super::cookie;
use super::demands::{Demand, Demands, as_raw};
use super::filter;
use super::query::{Form, Query, query};
use super::value::{Word, words};
use super::{Importer, LARGEST_EXACT};
use crate::draft::{Place, Step, capture, escaped};

const ABSENT: &str = "The original also passes where there is nothing to compare:";
const SET: &str = "A cookie has `secure`, true or false, where this answer sets it.";

/// An assert in its parts.
struct Assert<'w> {
    text: &'w str,
    query: Query<'w>,
    negated: bool,
    predicate: &'w str,
    argument: Option<&'w Word>,
}

impl Importer {
    /// Adds what an assert demands; the error says what to do where a check
    /// file cannot say it.
    pub(super) fn assert(&mut self, text: &str, step: &mut Step) -> Result<(), &'static str> {
        let words = words(text).map(|words| self.resolve_names(words));
        let words = words.ok_or(HELP)?;
        let assert = split(text, &words).ok_or(HELP)?;
        let before = step.clone();
        let direct = self.of_answer(&assert, step);
        if direct == Some(Ok(())) {
            return Ok(());
        }
        step.clone_from(&before);
        let carried = self.of_variable(&assert, step).map(Ok).or(direct);
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
        match self.state.kept.get(name) {
            Some(kept) if variable.is("variable") => kept.iter().chain(rest).cloned().collect(),
            _ => words,
        }
    }

    /// Says an assert as an expectation of a part of the answer.
    fn of_answer(
        &mut self,
        assert: &Assert<'_>,
        step: &mut Step,
    ) -> Option<Result<(), &'static str>> {
        let part = &assert.query.part;
        if !assert.query.filters.is_empty() || matches!(part.place, Some(Place::Variable(_))) {
            return None;
        }
        let exists = assert.predicate == "exists";
        // All that can be said of a group is whether it is there.
        if let (Form::Regex(pattern), true) = (&part.form, exists) {
            let wanted = json!({ "matches": pattern });
            let wanted = if assert.negated {
                json!({ "not": wanted })
            } else {
                wanted
            };
            let (operator, value) = wanted.as_object()?.iter().next()?;
            return step
                .demand(&Place::Body, operator, value.clone())
                .then_some(Ok(()));
        }
        let mut place = part.place.clone()?;
        if part.is_of_several() {
            return self.of_several(assert, &place, step);
        }
        let mut form = part.form.clone();
        let mut argument = assert.argument.cloned();
        // Bytes that are text are looked for in the body as that text.
        if form == Form::Bytes && ["startsWith", "endsWith", "contains"].contains(&assert.predicate)
        {
            let raw = as_raw(argument.as_ref()?, &self.files)?;
            argument = Some(raw).filter(|raw| matches!(raw, Word::Raw(text) if text.is_ascii()));
            (place, form) = (Place::Body, Form::Text);
        }
        self.variables.took_fresh();
        let found = self.demands(&place, &form, assert.predicate, argument.as_ref())?;
        if self.variables.took_fresh() {
            return Some(Err(FRESH));
        }
        if let (Form::Attribute(attribute), Place::Cookie(name)) = (&form, &place) {
            let wanted = cookie::attribute(attribute, exists, &found, assert.negated)?;
            return cookie::set(step, name, attribute, wanted).then_some(Ok(()));
        }
        let mut noted = assert.negated && !exists;
        if let Place::Cookie(name) = &place {
            // An answer takes a cookie away by an empty one, which Hurl sees.
            if !assert.negated && found.wants_nothing() {
                let taken = format!("(^|, ){}=\"?\"?(;|, |$)", escaped(name));
                let header = Place::Header("set-cookie".to_owned());
                return step
                    .demand(&header, "matches", json!(taken))
                    .then_some(Ok(()));
            }
            // Hurl asks for the cookies of an answer, and a check file for
            // those that the check holds by now.
            if self.state.steps > 0 {
                step.note(SET);
                noted = false;
                let gone = assert.negated && exists;
                if !cookie::set(step, name, "secure", json!({ "exists": !gone })) {
                    return None;
                }
                if gone {
                    return Some(Ok(()));
                }
            }
        }
        let written = |demand: Demand| step.demand(&place, demand.0, demand.1);
        if !found.render(assert.negated).into_iter().all(written) {
            return None;
        }
        let may_be_absent = matches!(place, Place::Json(_) | Place::Header(_) | Place::Cookie(_));
        if noted && may_be_absent {
            step.note(&format!("{ABSENT}\n  {}", shorten(assert.text)));
        }
        Some(Ok(()))
    }

    /// Says an assert on a path that may lead to several values, which are a
    /// list here, always; nothing where that makes a difference.
    fn of_several(
        &mut self,
        assert: &Assert<'_>,
        place: &Place,
        step: &mut Step,
    ) -> Option<Result<(), &'static str>> {
        if assert.query.part.form != Form::Several {
            return None;
        }
        if assert.predicate == "exists" {
            let empty = json!(assert.negated);
            return step.demand(place, "empty", empty).then_some(Ok(()));
        }
        // What is not negated wants a value alone, as a capture takes it.
        let of_list = ["isList", "contains", "includes"].contains(&assert.predicate);
        if !assert.negated || of_list {
            return None;
        }
        self.variables.took_fresh();
        let found = self.demands(place, &Form::Json, assert.predicate, assert.argument)?;
        if self.variables.took_fresh() {
            return Some(Err(FRESH));
        }
        let fits = !found.differs() && step.demand(place, "not", found.of_one());
        step.note(&format!("{ABSENT}\n  {}", shorten(assert.text)));
        fits.then_some(Ok(()))
    }

    /// Says an assert as a capture and an expectation of what it gives.
    fn of_variable(&mut self, assert: &Assert<'_>, step: &mut Step) -> Option<()> {
        let Query { part, filters, .. } = &assert.query;
        let exists = assert.predicate == "exists";
        let mut argument = assert.argument.cloned();
        let named = match &part.place {
            Some(Place::Variable(name)) => Some(name),
            _ => None,
        };
        let name = if let Some(name) = named {
            let unknown = exists && !self.variables.is_captured(name);
            if !filters.is_empty() || unknown || self.state.missed.contains(name) {
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
            let of_header = matches!(part.place, Some(Place::Header(_)))
                && (filters.first().is_some_and(of_list) || assert.predicate.starts_with("is"));
            let refused = matches!(part.place, Some(Place::Status | Place::Url | Place::Tls(_)));
            if exists || of_header || refused {
                return None;
            }
            if let (Some(place @ Place::Json(_)), Some(filter)) = (&part.place, filters.first())
                && let Some((operator, value)) = filter.takes()
            {
                let fits = if part.is_of_several() {
                    step.demand(place, "each", json!({ operator: value }))
                } else {
                    step.demand(place, operator, value)
                };
                fits.then_some(())?;
            }
            let (source, value) = part.source()?;
            let (made, bytes) = filter::expression(value, filters, &mut self.variables)?;
            if bytes {
                let raw = as_raw(argument.as_ref()?, &self.files)?;
                argument = Some(raw).filter(|_| assert.predicate == "==");
            }
            let capture = capture(source, &made, false);
            let mut captures = step.capture.iter();
            let known = captures.find(|(_, known)| **known == capture);
            let known = known.map(|(name, _)| name.clone());
            let name = known.unwrap_or_else(|| self.variables.capture_named(part.word()));
            step.capture.insert(name.clone(), capture);
            name
        };
        let form = match part.form {
            Form::Url | Form::Count => part.form.clone(),
            _ => Form::Json,
        };
        let place = Place::Variable(name);
        let found = self.demands(&place, &form, assert.predicate, argument.as_ref())?;
        for (operator, value) in found.render(assert.negated) {
            if !step.demand(&place, operator, value) {
                return None;
            }
        }
        if assert.negated && !exists && named.is_none() {
            step.note(&format!("{ABSENT}\n  {}", shorten(assert.text)));
        }
        Some(())
    }
}

/// Takes an assert apart.
fn split<'w>(text: &'w str, words: &'w [Word]) -> Option<Assert<'w>> {
    let query = query(words)?;
    let negated = query.rest.first().is_some_and(|word| word.is("not"));
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
    let fine = arguments.len() < 2 && !(floats && arguments.iter().any(inexact));
    fine.then_some(Assert {
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

impl Demands {
    /// Whether a text has to be empty.
    fn wants_nothing(&self) -> bool {
        matches!(self.tests.as_slice(), [("empty", Value::Bool(true))])
            || matches!(self.tests.as_slice(), [("equals", Value::String(text))] if text.is_empty())
    }
}
