//! Holds the hosts that steps name against those that are allowed.

use url::Url;

use crate::check_file::{CheckFile, Step};
use crate::diagnostic::{Diagnostic, Span};
use crate::hosts::{Hosts, authority};

/// Checks that each URL that names a host names one that is allowed. A host
/// that comes from a template is known when the step runs.
pub(super) fn hosts(file: &CheckFile, allowed: &Hosts, problems: &mut Vec<Diagnostic>) {
    let around = file.setup.iter().chain(&file.teardown);
    let steps = around.chain(&file.checks).flat_map(|check| &check.steps);
    problems.extend(steps.filter_map(|step| forbidden(file, step, allowed)));
}

fn forbidden(file: &CheckFile, step: &Step, allowed: &Hosts) -> Option<Diagnostic> {
    let authority = authority(step.request.path.text())?;
    if authority.contains("{{") {
        return None;
    }
    let url = Url::parse(authority).ok()?;
    if allowed.allow(&url) {
        return None;
    }
    let source = step.source(&file.source);
    let written = source.text().get(step.span.range()).unwrap_or_default();
    let span = match written.find(authority) {
        Some(at) => Span::new(step.span.start + at, step.span.start + at + authority.len()),
        None => step.span,
    };
    let host = authority.strip_prefix("https://").unwrap_or(authority);
    Some(
        Diagnostic::at(source, span, "a host that is not allowed")
            .expected("a path on the target, such as `/healthz`, or a URL on an allowed host")
            .found(format!("`{host}`"))
            .help(format!(
                "write the path alone if it is the target's; else give `--allow-host {host}` or `SMOKE_ALLOW_HOSTS`"
            )),
    )
}
