//! Expectations that have parts of their own: a cookie and its attributes, TLS
//! and the certificate, latency by phase.

use super::expect::make_expectation;
use super::keys::{COOKIE, LATENCY, OPERATORS, Subject, TLS};
use super::reader::Reader;
use super::{CookieAttribute, Expectation, Phase, Query, TlsFact};
use diagnostic::yaml::{Node, Yaml};

impl Reader<'_> {
    /// A cookie: a predicate over its value, or a map of its attributes.
    pub(super) fn read_cookie(&mut self, name: &str, node: &Node, found: &mut Vec<Expectation>) {
        // A map of operators is a predicate on the value, a map of attributes is not.
        let attributes = match &node.value {
            Yaml::Map(entries) => entries.iter().any(|(key, _)| COOKIE.has(&key.text)),
            _ => false,
        };
        if !attributes {
            let predicate = self.read_predicate(node, Subject::Text);
            found.extend(make_expectation(Query::Cookie(name.to_owned()), predicate));
            return;
        }
        let Some(fields) = self.read_fields(node, &COOKIE) else {
            return;
        };
        for (key, _) in fields.iter() {
            let attribute = |attribute| Query::CookieAttribute(name.to_owned(), attribute);
            let query = match key.text.as_str() {
                "value" => Query::Cookie(name.to_owned()),
                "secure" => attribute(CookieAttribute::Secure),
                "http_only" => attribute(CookieAttribute::HttpOnly),
                "same_site" => attribute(CookieAttribute::SameSite),
                "path" => attribute(CookieAttribute::Path),
                "domain" => attribute(CookieAttribute::Domain),
                "max_age" => attribute(CookieAttribute::MaxAge),
                _ => continue,
            };
            let predicate = self.read_predicate_at(fields, &key.text);
            found.extend(make_expectation(query, predicate));
        }
    }

    /// What TLS and the certificate must be like.
    pub(super) fn read_tls(&mut self, node: &Node, found: &mut Vec<Expectation>) {
        let Some(fields) = self.read_fields(node, &TLS) else {
            return;
        };
        if fields.iter().next().is_none() {
            let problem = self
                .at(node.span, "`tls` that expects nothing")
                .expected(format!("one of {}", TLS.list_names()))
                .found("an empty map")
                .help("certificates are always verified; write `tls: { expires_in: { above: 14d } }` for more");
            self.report(problem);
        }
        for (key, _) in fields.iter() {
            if let Some(fact) = TlsFact::from_key(&key.text) {
                let predicate = self.read_predicate_at(fields, &key.text);
                found.extend(make_expectation(Query::Tls(fact), predicate));
            }
        }
    }

    /// The fact of TLS that a capture takes.
    pub(super) fn read_tls_fact(&mut self, node: &Node) -> Option<TlsFact> {
        let text = self.read_string(node, "a fact of TLS")?;
        let fact = TlsFact::from_key(text);
        if fact.is_none() {
            let problem = self
                .at(node.span, "a fact of TLS that is not known")
                .expected(format!("one of {}", TLS.list_names()))
                .found(format!("`{text}`"))
                .help("write it like `{ tls: issuer }`");
            self.report(problem);
        }
        fact
    }

    /// A limit of the whole time, or limits of its phases.
    pub(super) fn read_latency(&mut self, node: &Node, found: &mut Vec<Expectation>) {
        // A map of operators limits the whole time, any other map has phases.
        let phases = match &node.value {
            Yaml::Map(entries) => entries.iter().any(|(key, _)| !OPERATORS.has(&key.text)),
            _ => false,
        };
        if !phases {
            let predicate = self.read_predicate(node, Subject::Latency);
            found.extend(make_expectation(Query::Latency(Phase::Total), predicate));
            return;
        }
        let Some(fields) = self.read_fields(node, &LATENCY) else {
            return;
        };
        for (key, _) in fields.iter() {
            let phase = match key.text.as_str() {
                "total" => Phase::Total,
                "dns" => Phase::Dns,
                "connect" => Phase::Connect,
                "tls" => Phase::Tls,
                "first_byte" => Phase::FirstByte,
                _ => continue,
            };
            let predicate = self.read_predicate_at(fields, &key.text);
            found.extend(make_expectation(Query::Latency(phase), predicate));
        }
    }
}

impl TlsFact {
    fn from_key(key: &str) -> Option<Self> {
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
