//! Takes values out of an answer, transforms them as the step says, and keeps
//! those that are secrets out of every output.

use std::sync::Arc;

use serde_json::Value;

use crate::parsed_response::ParsedResponse;
use check_file::Capture;
use check_file::template::{Scope, VALUE};
use diagnostic::units::human_bytes_beside;
use diagnostic::{Diagnostic, Source};
use query::json;
use redact::Secret;

/// The longest secret that can be captured, in bytes: every output is searched
/// for it.
const MOST_SECRET: usize = 8 * 1024;

/// The value of a capture. The scope knows a secret as one from here on, also if
/// the step fails.
pub(super) fn take(
    capture: &Capture,
    answer: &ParsedResponse<'_>,
    source: &Arc<Source>,
    scope: &mut Scope,
) -> Result<Value, Diagnostic> {
    let nothing = |found: String| {
        let title = format!("nothing to capture as `{}`", capture.name);
        Diagnostic::at(source, capture.span, title)
            .expected(capture.query.describe())
            .found(found)
            .help("compare it with the answer, which may be of another kind than the step supposes")
    };
    let found = answer
        .evaluate(&capture.query)
        .map_err(|query| nothing(query.found))?
        .ok_or_else(|| nothing("nothing".to_owned()))?;
    // A number that no `f64` holds would go into the next request as another one.
    if json::has_too_large_number(&found) {
        return Err(nothing(json::TOO_LARGE.to_owned()));
    }
    let longest = keep_secret(capture, &found, scope);
    let (value, longest) = match &capture.transform {
        None => (found, longest),
        Some((template, span)) => {
            let mut inner = scope.clone();
            inner.set(VALUE, &found);
            let transformed = template.evaluate(&inner).map_err(|reason| {
                let title = format!("`{}` cannot be made of what was captured", capture.name);
                Diagnostic::at(source, *span, title)
                    .expected("a value that the transform fits")
                    .found(reason)
                    .help("correct `transform`, or capture what it is meant for")
            })?;
            let longest = keep_secret(capture, &transformed, scope);
            (transformed, longest)
        }
    };
    if longest > MOST_SECRET {
        let title = format!("`{}` is too long for a secret", capture.name);
        let (most, found) = human_bytes_beside(MOST_SECRET as u64, longest as u64);
        return Err(Diagnostic::at(source, capture.span, title)
            .expected(format!("at most {most}"))
            .found(found)
            .help("capture the part that has to be secret"));
    }
    Ok(value)
}

/// Makes a secret known to the scope, or its beginning if it is too long.
/// Returns the length of its longest part in bytes, 0 if it is no secret.
fn keep_secret(capture: &Capture, value: &Value, scope: &mut Scope) -> usize {
    if !capture.secret {
        return 0;
    }
    let mut secrets = Secret::collect(&capture.name, value);
    let longest = secrets.iter().map(|secret| secret.value.len()).max();
    for secret in &mut secrets {
        let cut = secret.value.floor_char_boundary(MOST_SECRET);
        secret.value.truncate(cut);
    }
    scope.add_secrets(secrets);
    longest.unwrap_or(0)
}
