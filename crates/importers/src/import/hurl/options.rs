//! The options of a request: how it is made.

use serde_json::{Value, json};

use super::Importer;
use super::entry::{Pair, Section};
use super::lines::unescape;
use crate::draft::{AuthDraft, StepDraft};
use diagnostic::Span;
use diagnostic::units::parse_duration;

/// The most redirects and attempts that a check file can name.
const MOST_REDIRECTS: i64 = 50;
const MOST_ATTEMPTS: i64 = 1000;

/// Options that have a meaning only beside others.
#[derive(Debug, Default)]
pub(super) struct Options {
    location: bool,
    redirects: Option<(i64, Span)>,
    retry: Option<(i64, Span)>,
    interval: Option<String>,
    user: Option<(String, String)>,
    /// Whether the user logs in in a way that no check file has.
    unknown_login: bool,
}

impl Importer {
    /// Takes the options in; true if the request is not made at all.
    pub(super) fn import_options(
        &mut self,
        pairs: &[Pair<'_>],
        step: &mut StepDraft,
        options: &mut Options,
    ) -> bool {
        for pair in pairs {
            let value = unescape(pair.value);
            if (pair.key.as_str(), value.as_str()) == ("skip", "true") {
                return true;
            }
            if self.import_option(pair, &value, step, options).is_none() {
                self.lose_option(pair, step);
            }
        }
        false
    }

    /// Gives the variables of a request their values, which the whole of it
    /// knows.
    pub(super) fn import_variables(&mut self, sections: &[Section<'_>], step: &mut StepDraft) {
        let options = sections.iter().filter(|one| one.name == "Options");
        for pair in options.flat_map(|one| &one.pairs) {
            let assignment = unescape(pair.value);
            if pair.key == "variable" && self.import_variable(&assignment).is_none() {
                self.lose_option(pair, step);
            }
        }
    }

    fn lose_option(&mut self, pair: &Pair<'_>, step: &mut StepDraft) {
        let what = ("an option", pair.key.as_str());
        self.lose(step, pair.span, what, help_for(&pair.key));
    }

    fn import_option(
        &mut self,
        pair: &Pair<'_>,
        value: &str,
        step: &mut StepDraft,
        options: &mut Options,
    ) -> Option<()> {
        /// Options that are switched off where nobody says otherwise.
        const OFF: &str = "http1.0 http3 skip location location-trusted insecure path-as-is digest ntlm negotiate netrc netrc-optional compressed";
        let header = |key: &str, value| Pair {
            key: key.to_owned(),
            value,
            span: pair.span,
        };
        match (pair.key.as_str(), value) {
            // What they show changes nothing, and what they ask for is so here
            // where the server has it. Variables are given already.
            ("verbosity" | "variable", _)
            | ("verbose" | "very-verbose", "true" | "false")
            | ("http2", "true")
            | ("output", "-")
            | ("delay", "0" | "0s" | "0ms") => {}
            (key, "false") if OFF.split(' ').any(|known| known == key) => {}
            ("compressed", "true") => {
                self.import_header(&header("accept-encoding", "gzip, deflate, br"), step);
            }
            ("delay", time) => step.request.set("delay", to_duration(time)?),
            ("location", "true") => options.location = true,
            ("location-trusted", "true") => {
                options.location = true;
                return None;
            }
            ("http1.1", "true") | ("http2", "false") => step.request.set("http", "1.1"),
            ("max-redirs", most) => options.redirects = Some((parse_count(most)?, pair.span)),
            ("retry", times) => options.retry = Some((parse_count(times)?, pair.span)),
            ("retry-interval", time) => options.interval = Some(to_duration(time)?),
            ("max-time", time) => step.request.set("timeout", to_duration(time)?),
            ("header", line) => {
                let (key, value) = line.split_once(':')?;
                self.import_header(&header(key.trim(), value.trim()), step);
            }
            ("user", login) => {
                let (user, password) = login.split_once(':')?;
                let user = self.variables.template(user);
                options.user = Some((user, self.variables.template(password)));
            }
            ("digest" | "ntlm" | "negotiate" | "aws-sigv4", _) => {
                options.unknown_login = true;
                return None;
            }
            _ => return None,
        }
        Some(())
    }

    /// Says the options that have a meaning only beside others.
    pub(super) fn apply_options(&mut self, options: Options, step: &mut StepDraft) {
        if options.location {
            let most = match options.redirects {
                Some(redirects) => self.limit(redirects, "redirects", MOST_REDIRECTS, step),
                None => MOST_REDIRECTS,
            };
            step.request.set("follow_redirects", most);
        }
        if let Some((user, password)) = options.user.filter(|_| !options.unknown_login) {
            step.request.auth = Some(AuthDraft::Basic { user, password });
        }
        if let Some(retry) = options.retry.filter(|(retry, _)| *retry != 0) {
            let times = 1 + self.limit(retry, "retries", MOST_ATTEMPTS - 1, step);
            let every = options.interval.unwrap_or_else(|| "1s".to_owned());
            step.request
                .set("retry", json!({ "times": times, "every": every }));
        }
    }

    /// A number as far as a check file can name it; the rest is said.
    fn limit(&mut self, wanted: (i64, Span), what: &str, most: i64, step: &mut StepDraft) -> i64 {
        let (count, span) = wanted;
        if count < 0 {
            step.add_note(&format!(
                "The original allows any number of {what}; here are {most} at the most."
            ));
            return most;
        }
        if count > most {
            let help = format!("a check file allows {most} at the most");
            self.lose_span(step, span, &format!("so many {what}"), &help);
        }
        count.min(most)
    }

    /// A variable that has no value yet.
    fn import_variable(&mut self, assignment: &str) -> Option<()> {
        let (name, text) = assignment.split_once('=')?;
        let known = self.variables.value(name);
        if known.is_some_and(|known| *known != json!(text)) || self.variables.is_captured(name) {
            return None;
        }
        let value = serde_json::from_str(text).ok();
        let value = value.filter(|value: &Value| !value.is_object() && !value.is_array());
        let value = value.unwrap_or_else(|| json!(text));
        self.variables.declare(name.to_owned(), value, false);
        Some(())
    }
}

/// A time as we write it: Hurl's numbers without a unit are milliseconds.
fn to_duration(text: &str) -> Option<String> {
    let bare = text.bytes().all(|c| c.is_ascii_digit());
    let text = format!("{text}{}", if bare { "ms" } else { "" });
    let is_positive = parse_duration(&text).is_some_and(|time| !time.is_zero());
    is_positive.then_some(text)
}

/// A number, or -1 for one without an end.
fn parse_count(text: &str) -> Option<i64> {
    text.parse().ok().filter(|count| *count >= -1)
}

fn help_for(option: &str) -> &'static str {
    match option {
        "insecure" | "cacert" => "TLS is always verified here; give the authority by `--cacert`",
        "delay" => "write `delay` with a time, or wait for what it is for: `retry: { for: 30s }`",
        "connect-to" | "resolve" => "say where the target is by `--connect-to`",
        "repeat" => "write `repeat` at the step",
        "aws-sigv4" => "write `auth: { sigv4: … }` with region, service and keys",
        "digest" | "ntlm" | "negotiate" => "log in by `basic`, or by a token",
        _ => "leave it out, or set it in another way",
    }
}
