//! What queries find in a response: status, headers, body, JSON, markup,
//! cookies, times and facts of TLS.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::time::Duration;

use http::HeaderName;
use serde_json::Value;

use crate::set_cookie::{self, SetCookie};
use check_file::grpc::status;
use check_file::{CookieAttribute, Phase, Query, TlsFact};
use client::encoding;
use client::http::Response;
use query::charset;
use query::json;
use query::markup::{Markup, MarkupError};
use query::value::{MOST_LEVELS, is_too_deep};
use query::work::budget;

/// Why a query cannot be asked of a response.
pub(crate) struct InapplicableQuery {
    /// What the response would have to be.
    pub(crate) expected: Cow<'static, str>,
    pub(crate) found: String,
}

impl From<MarkupError> for InapplicableQuery {
    fn from(error: MarkupError) -> Self {
        Self {
            expected: error.expected.into(),
            found: error.found,
        }
    }
}

/// A response, with its JSON and its markup as soon as a query needs them: each
/// is parsed once, however many queries there are.
pub(crate) struct ParsedResponse<'a> {
    pub(crate) response: &'a Response,
    /// The value of a cookie in the check's jar, by the cookie's name.
    pub(crate) cookie: &'a dyn Fn(&str) -> Option<String>,
    json: OnceCell<Result<Value, String>>,
    markup: OnceCell<Result<Markup, MarkupError>>,
}

impl<'a> ParsedResponse<'a> {
    pub(crate) fn new(response: &'a Response, cookie: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self {
            response,
            cookie,
            json: OnceCell::new(),
            markup: OnceCell::new(),
        }
    }

    /// The value that a query finds, if it is there. The error says why the query
    /// cannot be asked of this response.
    pub(crate) fn evaluate(&self, query: &Query) -> Result<Option<Value>, InapplicableQuery> {
        let response = self.response;
        Ok(match query {
            Query::Status => Some(response.status.into()),
            Query::Header(name) => {
                let values = self.header_values(name);
                (!values.is_empty()).then(|| values.join(", ").into())
            }
            Query::EachHeader(name) => Some(self.header_values(name).into()),
            Query::Cookie(name) => (self.cookie)(name).map(Value::from),
            Query::CookieAttribute(name, attribute) => {
                set_cookie::find_cookie(&response.headers, name)
                    .and_then(|cookie| cookie_attribute(*attribute, cookie))
            }
            Query::Body => Some(self.text()?.into()),
            Query::Json(path) => path.select(self.json()?),
            Query::Markup(finder) => self.markup()?.find(finder)?,
            Query::EachMarkup(finder) => Some(self.markup()?.find_all(finder)?),
            Query::Regex(pattern) => pattern.find_first(&self.text()?).map(Value::from),
            Query::Size => Some(response.body.len().into()),
            Query::Sha256 => Some(query::digest::sha256(&response.body).into()),
            Query::Version => Some(version_name(response.version).into()),
            Query::Grpc => status::status(&response.headers).map(Value::from),
            Query::Latency(phase) => self
                .phase_time(*phase)
                .map(|time| milliseconds(time).into()),
            Query::Tls(fact) => Some(self.tls_fact(*fact)?),
            Query::Redirects => Some(response.redirects.clone().into()),
            Query::Url => Some(response.path.clone().into()),
            // A variable is no part of the response; who judges it knows the
            // scope.
            Query::Variable(..) => None,
        })
    }

    /// Each value of a header.
    fn header_values(&self, name: &HeaderName) -> Vec<String> {
        let values = self.response.headers.get_all(name).iter();
        values
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
            .collect()
    }

    /// The body as JSON.
    fn json(&self) -> Result<&Value, InapplicableQuery> {
        let Response { headers, body, .. } = self.response;
        let document = self.json.get_or_init(|| {
            budget::spend_size(body.len());
            match charset::find_encoding(headers, body) {
                Err(unknown) if !body.is_ascii() => Err(unknown.name),
                _ => json::parse_body(headers, body).map_err(|error| error.to_string()),
            }
        });
        document.as_ref().map_err(|reason| {
            // If the body has no text at all, its encoding is the reason to name.
            let no_json = || InapplicableQuery {
                expected: "JSON".into(),
                found: format!("a body that is not JSON: {reason}"),
            };
            let too_deep = || InapplicableQuery {
                expected: format!("JSON nested at most {MOST_LEVELS} levels").into(),
                found: "more of them".to_owned(),
            };
            self.text().err().unwrap_or_else(|| {
                if is_too_deep(body) {
                    too_deep()
                } else {
                    no_json()
                }
            })
        })
    }

    /// The body as HTML or XML.
    fn markup(&self) -> Result<&Markup, InapplicableQuery> {
        let text = self.text()?;
        let document = self.markup.get_or_init(|| {
            let kind = self.response.headers.get(http::header::CONTENT_TYPE);
            let kind = kind.and_then(|kind| kind.to_str().ok());
            Markup::read(kind, &text)
        });
        document.as_ref().map_err(|error| error.clone().into())
    }

    /// How long a phase of the request took; the phases of a connection are
    /// known if the request opened one.
    fn phase_time(&self, phase: Phase) -> Option<Duration> {
        let opened = self.response.opening.as_ref();
        match phase {
            Phase::Total => Some(self.response.latency),
            Phase::Dns => opened.map(|opened| opened.phases.dns),
            Phase::Connect => opened.map(|opened| opened.phases.connect),
            Phase::Tls => opened.and_then(|opened| opened.phases.tls),
            Phase::FirstByte => opened.map(|opened| opened.first_byte),
        }
    }

    /// What the connection or the server's certificate says.
    fn tls_fact(&self, fact: TlsFact) -> Result<Value, InapplicableQuery> {
        let opened = self.response.opening.as_ref();
        let facts = opened.and_then(|opened| opened.tls.as_ref());
        let facts = facts.ok_or_else(|| InapplicableQuery {
            expected: "TLS".into(),
            found: "a connection without it".to_owned(),
        })?;
        if fact == TlsFact::Version {
            return Ok(facts.version.into());
        }
        let certificate = facts.certificate().map_err(|error| InapplicableQuery {
            expected: "a certificate that can be read".into(),
            found: error.to_string(),
        })?;
        Ok(match fact {
            TlsFact::Version => facts.version.into(),
            TlsFact::Issuer => certificate.issuer.into(),
            TlsFact::Subject => certificate.subject.into(),
            TlsFact::Names => certificate.names.into(),
            TlsFact::ExpiresIn => {
                let now = jiff::Timestamp::now().as_second();
                (certificate.not_after.as_second() - now).into()
            }
        })
    }

    /// What the server says of the value in words, such as the message beside a
    /// status of gRPC.
    pub(crate) fn server_message(&self, query: &Query) -> Option<String> {
        match query {
            Query::Grpc => status::message(&self.response.headers),
            _ => None,
        }
    }

    /// The body as text. There is none in a coding or an encoding that is not
    /// known, unless the body is plain ASCII, which is the same in all of them.
    fn text(&self) -> Result<Cow<'_, str>, InapplicableQuery> {
        let Response { headers, body, .. } = self.response;
        let unknown = if let Some(coding) =
            encoding::find_unknown_coding(headers).filter(|_| !body.is_empty())
        {
            Some(format!("`content-encoding: {coding}`"))
        } else if let Err(unknown) = charset::find_encoding(headers, body)
            && !body.is_ascii()
        {
            Some(format!("`charset={}`", unknown.name))
        } else {
            None
        };
        match unknown {
            None => Ok(charset::decode(headers, body)),
            Some(found) => Err(InapplicableQuery {
                expected: "a body that can be read as text".into(),
                found: format!("{found}, which is not known here"),
            }),
        }
    }
}

/// A version of HTTP as a check file writes it.
fn version_name(version: http::Version) -> &'static str {
    match version {
        http::Version::HTTP_09 => "0.9",
        http::Version::HTTP_10 => "1.0",
        http::Version::HTTP_11 => "1.1",
        http::Version::HTTP_3 => "3",
        _ => "2",
    }
}

/// Milliseconds with one decimal.
fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 10_000.0).round() / 10.0
}

/// The value of an attribute of a `set-cookie`, if it has the attribute.
fn cookie_attribute(attribute: CookieAttribute, cookie: SetCookie) -> Option<Value> {
    match attribute {
        CookieAttribute::Secure => Some(cookie.secure.into()),
        CookieAttribute::HttpOnly => Some(cookie.http_only.into()),
        CookieAttribute::SameSite => cookie.same_site.map(Value::from),
        CookieAttribute::Path => cookie.path.map(Value::from),
        CookieAttribute::Domain => cookie.domain.map(Value::from),
        CookieAttribute::MaxAge => cookie.max_age.map(Value::from),
    }
}
