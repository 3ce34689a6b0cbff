//! `each`: a predicate for every element of a list.

use serde_json::Value;

use super::Predicate;
use crate::template::{Scope, TemplateError};

/// Whether a value is a list whose elements all meet the predicate, or which
/// of them does not.
#[derive(Debug, PartialEq)]
pub(super) enum EachOutcome<'v> {
    Holds,
    NoList,
    Empty,
    Not(usize, &'v Value),
}

pub(super) fn judge_each<'v>(
    value: &'v Value,
    predicate: &Predicate,
    scope: &Scope,
) -> Result<EachOutcome<'v>, TemplateError> {
    let Value::Array(items) = value else {
        return Ok(EachOutcome::NoList);
    };
    for (at, item) in items.iter().enumerate() {
        if !predicate.holds(Some(item), scope)? {
            return Ok(EachOutcome::Not(at, item));
        }
    }
    // A list without elements proves nothing about them, so that it does not pass.
    Ok(if items.is_empty() {
        EachOutcome::Empty
    } else {
        EachOutcome::Holds
    })
}
