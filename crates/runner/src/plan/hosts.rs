//! Holds the hosts that steps name against those that are allowed.

use std::sync::Arc;

use check_file::find_authority;
use check_file::{Auth, CheckFile, Step};
use client::hosts::Hosts;
use diagnostic::{Diagnostic, Source, Span};

/// Reports URLs that name a host which is not allowed. A host that comes from a
/// template is known, and checked, when the step runs.
pub(super) fn check_hosts(file: &CheckFile, allowed: &Hosts, problems: &mut Vec<Diagnostic>) {
    let around = file.setup.iter().chain(&file.teardown);
    let steps = around.chain(&file.checks).flat_map(|check| &check.steps);
    let urls = steps.flat_map(|step| {
        [
            Some(WrittenUrl::from_step(step, file)),
            token_url(step, file),
        ]
    });
    problems.extend(
        urls.flatten()
            .filter_map(|url| url.diagnose_forbidden_host(allowed)),
    );
}

/// A URL, and the place where it is written.
struct WrittenUrl<'f> {
    text: &'f str,
    source: &'f Arc<Source>,
    span: Span,
}

/// The URL that a step's token comes from. The login of the defaults stands in
/// the check file that has them, and not where a fragment is written.
fn token_url<'f>(step: &'f Step, file: &'f CheckFile) -> Option<WrittenUrl<'f>> {
    let request = &step.request;
    let Some(Auth::OAuth2(client)) = &request.auth else {
        return None;
    };
    Some(WrittenUrl {
        text: client.token_url.text(),
        source: if request.own.auth {
            step.source(&file.source)
        } else {
            &file.source
        },
        span: client.token_span,
    })
}

impl<'f> WrittenUrl<'f> {
    /// The URL of a step's request.
    fn from_step(step: &'f Step, file: &'f CheckFile) -> Self {
        Self {
            text: step.request.path.text(),
            source: step.source(&file.source),
            span: step.span,
        }
    }

    /// The diagnostic of a URL whose host is not allowed.
    fn diagnose_forbidden_host(&self, allowed: &Hosts) -> Option<Diagnostic> {
        let authority = find_authority(self.text)?;
        if authority.contains("{{") || allowed.is_allowed(&url::Url::parse(authority).ok()?) {
            return None;
        }
        let Self { source, span, .. } = self;
        let text = source.text().get(span.range()).unwrap_or_default();
        let span = match text.find(authority) {
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
