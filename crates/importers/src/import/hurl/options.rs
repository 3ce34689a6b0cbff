//! The options of a request: how it is made.

use serde_json::{Value, json};

use super::Importer;
use super::entry::{Pair, Section};
use super::lines::unescaped;
use crate::draft::Step;
use crate::import::variables::Given;
use diagnostic::Span;
use diagnostic::units::parse_duration;

/// The most redirects, attempts and repetitions that a check file can name.
const MOST_REDIRECTS: i64 = 50;
const MOST_ATTEMPTS: i64 = 1000;
const MOST_REPETITIONS: i64 = 10_000;

/// Options that have a meaning only beside others.
#[derive(Debug, Default)]
pub(super) struct Options {
    location: bool,
    redirects: Option<(i64, Span)>,
    retry: Option<(i64, Span)>,
    interval: Option<String>,
    repeat: Option<(i64, Span)>,
    /// Region and service, to sign for.
    signed: Option<(String, String)>,
    user: Option<(String, String)>,
    /// Whether user and password log in by a way that there is not here.
    other_login: bool,
}

impl Importer {
    /// Takes the options in; true if the request is not made at all.
    pub(super) fn options(
        &mut self,
        pairs: &[Pair<'_>],
        step: &mut Step,
        options: &mut Options,
    ) -> bool {
        for pair in pairs {
            let value = unescaped(pair.value);
            if (pair.key.as_str(), value.as_str()) == ("skip", "true") {
                return true;
            }
            match self.option(pair, &value, step, options) {
                Some(()) => {}
                None => self.lost_option(pair, help(&pair.key), step),
            }
        }
        false
    }

    /// Gives the variables of a request their values, which the whole of it
    /// knows.
    pub(super) fn given(&mut self, sections: &[Section<'_>], step: &mut Step) {
        let options = sections.iter().filter(|one| one.name == "Options");
        for pair in options.flat_map(|one| &one.pairs) {
            let assignment = unescaped(pair.value);
            if pair.key == "variable" && self.variable(&assignment).is_none() {
                self.lost_option(pair, help(&pair.key), step);
            }
        }
    }

    fn option(
        &mut self,
        pair: &Pair<'_>,
        value: &str,
        step: &mut Step,
        options: &mut Options,
    ) -> Option<()> {
        match (pair.key.as_str(), value) {
            // What they show changes nothing, and what they ask for is so here
            // where the server has it. Variables are given already.
            ("verbosity" | "variable", _)
            | ("verbose" | "very-verbose", "true" | "false")
            | ("http2", "true")
            | ("output", "-")
            | (
                "http1.0" | "http3" | "skip" | "location" | "location-trusted" | "insecure"
                | "path-as-is" | "digest" | "ntlm" | "negotiate" | "netrc" | "netrc-optional"
                | "compressed",
                "false",
            )
            | ("delay", "0" | "0s" | "0ms") => {}
            ("compressed", "true") => {
                let header = Pair {
                    key: "accept-encoding".to_owned(),
                    value: "gzip, deflate, br",
                    span: pair.span,
                };
                self.header(&header, step);
            }
            ("delay", time) => {
                step.request
                    .insert("delay".to_owned(), json!(duration(time)?));
            }
            ("location", "true") => options.location = true,
            ("location-trusted", "true") => {
                options.location = true;
                self.lost_option(
                    pair,
                    "a login goes to no other host after a redirect; ask that host in a step of its own",
                    step,
                );
            }
            ("http1.1", "true") | ("http2", "false") => {
                step.request.insert("http".to_owned(), json!("1.1"));
            }
            // Without dots in it a path is sent as it is.
            ("path-as-is", "true") if !has_dots(step) => return Some(()),
            ("max-redirs", most) => options.redirects = Some((count(most)?, pair.span)),
            ("retry", times) => options.retry = Some((count(times)?, pair.span)),
            ("retry-interval", time) => options.interval = Some(duration(time)?),
            ("repeat", times) => {
                let times = count(times).filter(|times| *times > 0)?;
                options.repeat = Some((times, pair.span));
            }
            ("max-time", time) => {
                step.request
                    .insert("timeout".to_owned(), json!(duration(time)?));
            }
            ("header", header) => {
                let (key, value) = header.split_once(':')?;
                let header = Pair {
                    key: key.trim().to_owned(),
                    value: value.trim(),
                    span: pair.span,
                };
                self.header(&header, step);
            }
            ("user", login) => {
                let (user, password) = login.split_once(':')?;
                let user = self.variables.template(user);
                options.user = Some((user, self.variables.template(password)));
            }
            ("aws-sigv4", scope) => {
                let parts: Vec<_> = scope.split(':').collect();
                let ["aws", "amz", region, service] = parts.as_slice() else {
                    return None;
                };
                let region = self.variables.template(region);
                options.signed = Some((region, self.variables.template(service)));
            }
            ("digest" | "ntlm" | "negotiate", "true") => {
                options.other_login = true;
                return None;
            }
            _ => return None,
        }
        Some(())
    }

    fn lost_option(&mut self, pair: &Pair<'_>, help: &str, step: &mut Step) {
        let note = self
            .losses
            .add_text(pair.span, "an option", &pair.key, help);
        step.notes.push(note);
    }

    /// Says the options that have a meaning only beside others.
    pub(super) fn set(&mut self, options: Options, step: &mut Step) {
        if options.location {
            let most = match options.redirects {
                Some(redirects) => self.bounded(redirects, "redirects", MOST_REDIRECTS, step),
                None => MOST_REDIRECTS,
            };
            step.request
                .insert("follow_redirects".to_owned(), json!(most));
        }
        match (options.signed, options.user) {
            (Some((region, service)), Some((key, secret))) => {
                let signer = json!({
                    "region": region, "service": service, "access_key": key, "secret_key": secret,
                });
                step.request
                    .insert("auth".to_owned(), json!({ "sigv4": signer }));
            }
            // Such a login does not send the password, and `basic` would.
            (None, Some(_)) if options.other_login => {}
            (None, Some((user, password))) => {
                let login = json!({ "basic": { "user": user, "password": password } });
                step.request.insert("auth".to_owned(), login);
            }
            (Some((region, service)), None) => {
                step.note("The original signs the request with keys from its command line.");
                let key = |importer: &mut Self, name: &str| {
                    format!("{{{{ {} }}}}", importer.variables.expression(name))
                };
                let (access, secret) = (key(self, "access_key_id"), key(self, "secret_access_key"));
                let signer = json!({
                    "region": region, "service": service, "access_key": access, "secret_key": secret,
                });
                step.request
                    .insert("auth".to_owned(), json!({ "sigv4": signer }));
            }
            (None, None) => {}
        }
        let retry = options.retry.filter(|(retry, _)| *retry != 0);
        if let Some(times) = options.repeat {
            let times = self.bounded(times, "repetitions", MOST_REPETITIONS, step);
            step.request.insert("repeat".to_owned(), json!(times));
            if let Some((_, span)) = retry {
                let help = "a repetition is not tried again; allow some to fail by `error_rate`";
                self.lost(step, span, "retries of repetitions", help);
            }
        } else if let Some(retry) = retry {
            let times = 1 + self.bounded(retry, "retries", MOST_ATTEMPTS - 1, step);
            let every = options.interval.unwrap_or_else(|| "1s".to_owned());
            let retry = json!({ "times": times, "every": every });
            step.request.insert("retry".to_owned(), retry);
        }
    }

    /// A number as far as a check file can name it; the rest is said.
    fn bounded(&mut self, wanted: (i64, Span), what: &str, most: i64, step: &mut Step) -> i64 {
        let (count, span) = wanted;
        if count < 0 {
            step.note(&format!(
                "The original allows any number of {what}; here are {most} at the most."
            ));
            return most;
        }
        if count > most {
            let help = format!("a check file allows {most} at the most");
            self.lost(step, span, &format!("so many {what}"), &help);
        }
        count.min(most)
    }

    /// A variable that has no value yet.
    fn variable(&mut self, assignment: &str) -> Option<()> {
        let (name, value) = assignment.split_once('=')?;
        if self
            .variables
            .value(name)
            .is_some_and(|known| *known != json!(value))
            || self.variables.is_captured(name)
        {
            return None;
        }
        let value = serde_json::from_str(value)
            .ok()
            .filter(|value: &Value| !value.is_object() && !value.is_array());
        let value = value
            .unwrap_or_else(|| json!(assignment.split_once('=').map_or("", |(_, value)| value)));
        self.variables.give(Given {
            name: name.to_owned(),
            value,
            secret: false,
        });
        Some(())
    }
}

/// A time as we write it: Hurl's numbers without a unit are milliseconds.
fn duration(text: &str) -> Option<String> {
    let text = if text.bytes().all(|c| c.is_ascii_digit()) {
        format!("{text}ms")
    } else {
        text.to_owned()
    };
    parse_duration(&text)
        .filter(|time| !time.is_zero())
        .map(|_| text)
}

/// A number, or -1 for one without an end.
fn count(text: &str) -> Option<i64> {
    text.parse().ok().filter(|count| *count >= -1)
}

/// Whether a path has parts of dots, which are resolved before it is sent.
fn has_dots(step: &Step) -> bool {
    let path = step.path().split('?').next().unwrap_or_default();
    path.split('/').any(|part| matches!(part, "." | ".."))
}

fn help(option: &str) -> &'static str {
    match option {
        "insecure" => "TLS is always verified here; give the authority by `--cacert`",
        "cacert" => "give the authority by `--cacert`",
        "delay" => "write `delay` with a time, or wait for what it is for: `retry: { for: 30s }`",
        "connect-to" | "resolve" => "say where the target is by `--connect-to`",
        "path-as-is" => "dots in a path are resolved before it is sent",
        "http1.0" | "http3" => "requests are made by HTTP/1.1 or HTTP/2",
        "limit-rate" => "keep requests to a rate by `--rate`",
        "aws-sigv4" => "write `auth: { sigv4: … }` with region, service and keys",
        "repeat" => "a request is repeated once at least, and not without an end",
        "output" => "reports hold the answers of steps that failed",
        _ => "leave it out, or set it in another way",
    }
}
