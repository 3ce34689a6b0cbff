//! Asserts that a check file says by a capture: what filters make of a value,
//! and what is compared with another value of the same answer.

use serde_json::json;

use super::Importer;
use super::asserts::{ABSENT, Asked, Demand, as_raw, plain, shortened};
use super::filter::{self, Filter};
use super::predicate::meant;
use super::query::{Part, is_singular};
use crate::draft::Step;

impl Importer {
    /// Says an assert as a capture and an expectation of what it gives.
    pub(super) fn of_variable(&mut self, asked: &Asked<'_>, step: &mut Step) -> Option<()> {
        let Asked { part, filters, .. } = asked;
        let exists = asked.predicate == "exists";
        let mut argument = asked.argument.cloned();
        let name = if let Part::Variable(name) = part {
            let unknown = exists && !self.variables.is_captured(name);
            if !filters.is_empty() || unknown || self.missed.contains(name) {
                return None;
            }
            identifier_of(self.variables.typed(name))?
        } else {
            let listed = ["count", "first", "last", "nth"];
            let of_list = |filter: &Filter<'_>| listed.contains(&filter.name);
            // Several values of a header are one text here.
            let of_header = matches!(part, Part::Header(_))
                && (filters.first().is_some_and(of_list) || asked.predicate.starts_with("is"));
            if exists || of_header || matches!(part, Part::Status | Part::Url | Part::Tls(_)) {
                return None;
            }
            let of = match part {
                Part::Count(path) => &Part::Json(path.clone()),
                part => part,
            };
            if let (Part::Json(path), Some(filter)) = (of, filters.first())
                && filter.is_of_text()
                && is_singular(path)
                && !step.demand("json", Some(path), "type", json!("string"))
            {
                return None;
            }
            let (source, value) = of.source()?;
            let (made, bytes) = filter::made(value, filters, &mut self.variables)?;
            if bytes {
                argument = Some(as_raw(argument.as_ref()?)?).filter(|_| asked.predicate == "==");
            }
            let capture = filter::capture(source, &made);
            let name = self.variables.capture_of(part.word());
            step.capture.insert(name.clone(), capture);
            name
        };
        let whole = "$".to_owned();
        let like = match part {
            Part::Redirect(_) => Part::Url,
            Part::Count(_) => Part::Count(whole),
            _ => Part::Json(whole),
        };
        let meant = meant(self, &like, &[], asked.predicate, argument.as_ref())?;
        for Demand { operator, value } in plain(&like, &meant, asked.negated) {
            if !step.demand("variables", Some(&name), operator, value) {
                return None;
            }
        }
        if asked.negated && !exists && !matches!(part, Part::Variable(_)) {
            step.note(&format!("{ABSENT}\n  {}", shortened(asked.text)));
        }
        Some(())
    }
}

/// The name, if an expression is nothing but one.
fn identifier_of(expression: String) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    expression.chars().all(plain).then_some(expression)
}
