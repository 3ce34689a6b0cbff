//! Expectations that have parts of their own: a cookie and its attributes, TLS
//! and the certificate, latency by phase.

use super::expect::expectation;
use super::keys::{COOKIE, OPERATORS, TLS};
use super::predicates::Kind;
use super::read::Reader;
use super::{CookieAttribute, Expectation, Phase, Query, TlsFact};
use crate::predicate::{Operator, Predicate};
use diagnostic::suggest;
use diagnostic::yaml::{Node, Yaml};

impl Reader<'_> {
    /// A cookie: a predicate over its value, or a map of its attributes.
    pub(super) fn cookie(&mut self, name: &str, node: &Node, found: &mut Vec<Expectation>) {
        let attributes = match &node.value {
            Yaml::Map(entries) => entries.iter().any(|(key, _)| names(&COOKIE, &key.text)),
            _ => false,
        };
        if !attributes {
            let predicate = self.predicate(node, Kind::Text);
            found.extend(expectation(Query::Cookie(name.to_owned()), predicate));
            return;
        }
        let Some(fields) = self.fields(node, "a cookie", &COOKIE) else {
            return;
        };
        for (key, value) in fields.iter() {
            let (attribute, kind) = match key.text.as_str() {
                "value" => {
                    let predicate = self.predicate(value, Kind::Text);
                    found.extend(expectation(Query::Cookie(name.to_owned()), predicate));
                    continue;
                }
                "secure" => (CookieAttribute::Secure, Kind::Boolean),
                "http_only" => (CookieAttribute::HttpOnly, Kind::Boolean),
                "same_site" => (CookieAttribute::SameSite, Kind::Text),
                "path" => (CookieAttribute::Path, Kind::Text),
                "domain" => (CookieAttribute::Domain, Kind::Text),
                "max_age" => (CookieAttribute::MaxAge, Kind::Span),
                _ => continue,
            };
            let query = Query::CookieAttribute(name.to_owned(), attribute);
            let predicate = self.predicate(value, kind);
            found.extend(expectation(query, predicate));
        }
    }

    /// What TLS and the certificate must be like.
    pub(super) fn tls(&mut self, node: &Node, found: &mut Vec<Expectation>) {
        let Some(fields) = self.fields(node, "`tls`", &TLS) else {
            return;
        };
        if fields.iter().next().is_none() {
            let problem = self
                .at(node.span, "`tls` that expects nothing")
                .expected(format!("one of {}", suggest::list(&TLS)))
                .found("an empty map")
                .help("certificates are always verified; write `tls: { expires_in: { above: 14d } }` for more");
            self.report(problem);
        }
        for (key, value) in fields.iter() {
            let Some(fact) = TlsFact::of(&key.text) else {
                continue;
            };
            let kind = match fact {
                TlsFact::Names => Kind::Json,
                TlsFact::ExpiresIn => Kind::Span,
                TlsFact::Version | TlsFact::Issuer | TlsFact::Subject => Kind::Text,
            };
            let predicate = self.predicate(value, kind);
            found.extend(expectation(Query::Tls(fact), predicate));
        }
    }

    /// The fact of TLS that a capture takes.
    pub(super) fn tls_fact(&mut self, node: &Node) -> Option<TlsFact> {
        let text = self.string(node, "a fact of TLS")?;
        let fact = TlsFact::of(text);
        if fact.is_none() {
            let problem = self
                .at(node.span, "a fact of TLS that is not known")
                .expected(format!("one of {}", suggest::list(&TLS)))
                .found(format!("`{text}`"))
                .help("write it like `{ tls: issuer }`");
            self.report(problem);
        }
        fact
    }

    /// A limit of the whole time, or limits of its phases.
    pub(super) fn latency(&mut self, node: &Node, found: &mut Vec<Expectation>) {
        let phases = match &node.value {
            Yaml::Map(entries) => entries.iter().any(|(key, _)| !names(&OPERATORS, &key.text)),
            _ => false,
        };
        if !phases {
            let predicate = self.predicate(node, Kind::Latency);
            found.extend(expectation(Query::Latency(Phase::Total), predicate));
            return;
        }
        let Some(fields) = self.latency_parts(node) else {
            return;
        };
        for (key, value) in fields.iter() {
            let phase = match key.text.as_str() {
                "total" => Phase::Total,
                "dns" => Phase::Dns,
                "connect" => Phase::Connect,
                "tls" => Phase::Tls,
                "first_byte" => Phase::FirstByte,
                _ => continue,
            };
            let predicate = self.predicate(value, Kind::Latency);
            found.extend(expectation(Query::Latency(phase), predicate));
        }
    }
}

fn names(keys: &[&str], key: &str) -> bool {
    keys.contains(&key)
}

impl TlsFact {
    fn of(key: &str) -> Option<Self> {
        Some(match key {
            "version" => Self::Version,
            "issuer" => Self::Issuer,
            "subject" => Self::Subject,
            "names" => Self::Names,
            "expires_in" => Self::ExpiresIn,
            _ => return None,
        })
    }
}

/// Where several values can be found, `count` and `each` speak of all of them
/// and every other demand of the first.
pub(super) fn of_first_and_all(predicate: Predicate, first: Query, all: Query) -> Vec<Expectation> {
    let (of_all, of_first): (Vec<_>, Vec<_>) = predicate
        .0
        .into_iter()
        .partition(|test| matches!(test.operator, Operator::Count(_) | Operator::Each(_)));
    [(first, of_first), (all, of_all)]
        .into_iter()
        .filter(|(_, tests)| !tests.is_empty())
        .map(|(query, tests)| Expectation {
            query,
            predicate: Predicate(tests),
        })
        .collect()
}
