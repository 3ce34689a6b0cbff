//! Holds the hosts that steps name against those that are allowed.

use std::sync::Arc;

use check_file::find_authority;
use check_file::{Auth, CheckFile, Step};
use client::hosts::Hosts;
use diagnostic::{Diagnostic, Source, Span};

/// Checks that each URL that names a host names one that is allowed. A host
/// that comes from a template is known when the step runs.
pub(super) fn hosts(file: &CheckFile, allowed: &Hosts, problems: &mut Vec<Diagnostic>) {
    let around = file.setup.iter().chain(&file.teardown);
    let steps = around.chain(&file.checks).flat_map(|check| &check.steps);
    let urls = steps.flat_map(|step| [Some(Url::of(step, file)), token_url(step, file)]);
    problems.extend(urls.flatten().filter_map(|url| url.forbidden(allowed)));
}

/// A URL, and the place where it is written.
struct Url<'f> {
    text: &'f str,
    source: &'f Arc<Source>,
    span: Span,
}

/// Where a step's token comes from. The login of the defaults stands in the
/// file that has them, and not where a fragment is written.
fn token_url<'f>(step: &'f Step, file: &'f CheckFile) -> Option<Url<'f>> {
    let request = &step.request;
    let Some(Auth::OAuth2(client)) = &request.auth else {
        return None;
    };
    Some(Url {
        text: client.token_url.text(),
        source: if request.own.auth {
            step.source(&file.source)
        } else {
            &file.source
        },
        span: client.token_span,
    })
}

impl<'f> Url<'f> {
    /// The URL that a step asks.
    fn of(step: &'f Step, file: &'f CheckFile) -> Self {
        Self {
            text: step.request.path.text(),
            source: step.source(&file.source),
            span: step.span,
        }
    }

    fn forbidden(&self, allowed: &Hosts) -> Option<Diagnostic> {
        let authority = find_authority(self.text)?;
        if authority.contains("{{") || allowed.allow(&url::Url::parse(authority).ok()?) {
            return None;
        }
        let Self { source, span, .. } = self;
        let written = source.text().get(span.range()).unwrap_or_default();
        let span = match written.find(authority) {
            Some(at) => Span::new(span.start + at, span.start + at + authority.len()),
            None => *span,
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
}
