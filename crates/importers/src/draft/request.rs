//! The request of a step: what is sent, and how.

use http::{HeaderName, HeaderValue, Method};
use serde_json::{Map, Value, json};

use check_file::is_host;
use check_file::keys::CARRYING;
use check_file::method::{find_method_key, is_safe};

/// What is asked.
#[derive(Debug, Clone, Default)]
pub(crate) struct RequestDraft {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: Map<String, Value>,
    pub(crate) headers: Map<String, Value>,
    pub(crate) auth: Option<AuthDraft>,
    pub(crate) body: Option<BodyDraft>,
    /// How it is asked: `timeout`, `retry` and the other keys of a step.
    pub(crate) settings: Map<String, Value>,
}

/// Who asks.
#[derive(Debug, Clone)]
pub(crate) enum AuthDraft {
    Basic {
        user: String,
        password: String,
    },
    Bearer(String),
    /// The keys of `oauth2`, such as `token_url`.
    OAuth2(Map<String, Value>),
    /// The keys of `sigv4`, such as `region`.
    Sigv4(Map<String, Value>),
}

/// What is sent.
#[derive(Debug, Clone)]
pub(crate) enum BodyDraft {
    Json(Value),
    Form(Map<String, Value>),
    Text(String),
    File(String),
    Multipart(Map<String, Value>),
}

impl RequestDraft {
    /// The keys of the request, with their values.
    pub(super) fn values(&self) -> Vec<(String, Value)> {
        let mut found = Vec::new();
        match find_method_key(&self.method) {
            Some(key) => found.push((key, json!(self.path))),
            None => found.push((
                "request",
                json!({ "method": self.method.as_str(), "path": self.path }),
            )),
        }
        for (key, members) in [("query", &self.query), ("headers", &self.headers)] {
            if !members.is_empty() {
                found.push((key, members.clone().into()));
            }
        }
        found.extend(self.auth.as_ref().map(|auth| ("auth", auth.value())));
        found.extend(self.body.as_ref().map(BodyDraft::entry));
        let found = found
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value));
        found.chain(self.settings.clone()).collect()
    }

    /// Sets how it is asked.
    pub(crate) fn set(&mut self, key: &str, value: impl Into<Value>) {
        self.settings.insert(key.to_owned(), value.into());
    }

    /// Adds a header; several of one name are one list (RFC 9110, section 5.3).
    pub(crate) fn add_header(&mut self, name: String, value: String) {
        let between = if name == "cookie" { "; " } else { ", " };
        let value = match self.headers.get(&name).and_then(Value::as_str) {
            // Of a host there is one.
            Some(first) if name != "host" => format!("{first}{between}{value}"),
            _ => value,
        };
        self.headers.insert(name, value.into());
    }

    /// Sends a form as text, because fields of it come several times.
    pub(crate) fn send_form_text(&mut self, pairs: impl Iterator<Item = (String, String)>) {
        let pairs = pairs.map(|(key, value)| format!("{key}={value}"));
        self.body = Some(BodyDraft::Text(pairs.collect::<Vec<_>>().join("&")));
        imply_content_type(self, "application/x-www-form-urlencoded");
    }
}

/// Says what kind of body is sent, where nothing else is said.
pub(crate) fn imply_content_type(request: &mut RequestDraft, kind: &str) {
    let headers = &mut request.headers;
    headers.entry("content-type").or_insert_with(|| json!(kind));
}

/// Takes away a header that the body sets by itself.
pub(crate) fn type_by_itself(request: &mut RequestDraft, kind: &str) {
    if request.headers.get("content-type") == Some(&json!(kind)) {
        request.headers.shift_remove("content-type");
    }
}

impl AuthDraft {
    fn value(&self) -> Value {
        match self {
            Self::Basic { user, password } => {
                json!({ "basic": { "user": user, "password": password } })
            }
            Self::Bearer(token) => json!({ "bearer": token }),
            Self::OAuth2(keys) => json!({ "oauth2": keys }),
            Self::Sigv4(keys) => json!({ "sigv4": keys }),
        }
    }
}

impl BodyDraft {
    fn entry(&self) -> (&'static str, Value) {
        match self {
            Self::Json(value) => ("json", value.clone()),
            Self::Form(fields) => ("form", fields.clone().into()),
            Self::Text(text) => ("text", json!(text)),
            Self::File(name) => ("file", json!(name)),
            Self::Multipart(fields) => ("multipart", fields.clone().into()),
        }
    }
}

/// Adds a value under a name that may have one already: then it is a list.
pub(crate) fn add_member(map: &mut Map<String, Value>, name: &str, value: Value) {
    match map.get_mut(name) {
        None => drop(map.insert(name.to_owned(), value)),
        Some(Value::Array(values)) => values.push(value),
        Some(one) => *one = json!([one.take(), value]),
    }
}

/// A method that a check file can ask with.
pub(crate) fn parse_method(name: &str) -> Option<Method> {
    let method = Method::from_bytes(name.to_ascii_uppercase().as_bytes()).ok();
    method.filter(|method| method != Method::CONNECT)
}

/// Whether a method needs `writes: true`.
pub(crate) fn is_write(method: &Method) -> bool {
    !is_safe(method)
}

/// Whether HTTP lets a header have this name.
pub(crate) fn is_header(name: &str) -> bool {
    HeaderName::from_bytes(name.as_bytes()).is_ok()
}

/// Whether a check file can send a header with this name and value.
pub(crate) fn is_sendable_header(name: &str, value: &str) -> bool {
    let carries = CARRYING.contains(&name.to_ascii_lowercase().as_str());
    let fits = !name.eq_ignore_ascii_case("host") || value.contains("{{") || is_host(value);
    is_header(name) && !carries && fits && HeaderValue::from_str(value).is_ok()
}
