//! The request of a step: path, query, headers, body.

use http::header::HOST;
use http::uri::Authority;
use http::{HeaderName, HeaderValue};

use super::keys::{CARRYING, Kind};
use super::method::is_safe;
use super::reader::{Fields, Reader};
use super::{Auth, Body, HttpVersion, OwnFields, Request};
use crate::template::Template;
use crate::value::ValueTemplate;
use diagnostic::Span;
use diagnostic::yaml::{Key, Node, Yaml};

/// What a request of every kind may have.
pub(super) struct Head {
    pub(super) headers: Vec<(HeaderName, Template)>,
    pub(super) auth: Option<Auth>,
    /// What of it the step sets itself: all of it, before the defaults are added.
    pub(super) own: OwnFields,
}

impl Reader<'_> {
    /// The request that the fields of a step describe, and where its method
    /// is written. `what` names the map that was read.
    pub(super) fn read_request(
        &mut self,
        fields: Fields<'_>,
        what: &str,
        writes: bool,
    ) -> Option<(Request, Span)> {
        if let Some((key, node)) = fields.get("grpc") {
            return self.read_grpc_request(fields, key, node, writes);
        }
        if let Some((key, node)) = fields.get("websocket") {
            return self.read_websocket_request(fields, key, node, writes);
        }
        self.refuse_call_keys(fields);
        self.refuse_messages(fields);
        let line = self.read_method(fields, what)?;
        let span = line.span;
        let body = self.read_body(fields);
        let reads = match &body {
            Ok(Some(Body::GraphQl(graphql))) => {
                self.require_post(&line);
                graphql.reads
            }
            _ => false,
        };
        if !writes && !is_safe(&line.method) && !reads {
            self.refuse_write(&line);
        }
        let path = self.read_path(line.path);
        let query = fields
            .value("query")
            .map(|node| self.read_query(node))
            .unwrap_or_default();
        let head = self.read_head(fields);
        let compress = fields.property("compress").is_some_and(|(property, node)| {
            self.read_compress(property, node, !matches!(body, Ok(None)))
        });
        let http = fields
            .value("http")
            .map(|node| self.read_http_version(node));
        let request = Request {
            method: line.method,
            path: path?,
            query,
            headers: head.headers,
            auth: head.auth,
            own: head.own,
            body: body.ok()?,
            compress,
            http: http.flatten(),
            grpc: None,
            messages: None,
        };
        Some((request, span))
    }

    /// The `headers` and the `auth` of a request, whatever its kind.
    pub(super) fn read_head(&mut self, fields: Fields<'_>) -> Head {
        let headers = fields
            .value("headers")
            .map(|node| self.read_headers(node))
            .unwrap_or_default();
        let auth = fields.value("auth").map(|node| self.read_auth(node));
        let own = OwnFields {
            headers: headers.len(),
            // An `auth` that cannot be read is the step's own too.
            auth: auth.is_some(),
        };
        Head {
            headers,
            auth: auth.flatten(),
            own,
        }
    }

    pub(super) fn read_path(&mut self, node: &Node) -> Option<Template> {
        let text = self.read_string(node, "a path")?;
        self.parse_path(text, node)
    }

    /// The path that a text stands for, which is written at `node`.
    pub(super) fn parse_path(&mut self, text: &str, node: &Node) -> Option<Template> {
        let template = self.parse_template(text, node.span)?;
        let begins_with_template = text.starts_with("{{");
        // An expression may hold blanks, which are not sent.
        let fixed = template.names().next().is_none() && !text.contains("{{");
        let wrong = if let Some(authority) = find_authority(text) {
            explain_authority(authority)
        } else if text.starts_with("//") {
            Some("a path that names another host")
        } else if !text.starts_with('/') && !begins_with_template {
            Some("text that does not begin with `/`")
        } else {
            None
        };
        let wrong = match wrong {
            Some(wrong) => Some(wrong),
            None if !fixed => None,
            None if text.contains(|c: char| c.is_whitespace() || c.is_control()) => {
                Some("white space")
            }
            None if text.contains('#') => Some("a fragment, which is never sent"),
            None => None,
        };
        if let Some(wrong) = wrong {
            let problem = self
                .at(node.span, "a path that cannot be requested")
                .expected("a path on the target, such as `/healthz`")
                .found(wrong)
                .help("the host comes from the target; percent-encode what a URL cannot hold");
            self.report(problem);
            return None;
        }
        Some(template)
    }

    /// The `http` of a request or of the defaults.
    pub(super) fn read_http_version(&mut self, node: &Node) -> Option<HttpVersion> {
        let text = match &node.value {
            Yaml::String(text) | Yaml::Number(_, text) => text.as_str(),
            _ => "",
        };
        match text {
            "1.1" => Some(HttpVersion::One),
            "2" => Some(HttpVersion::Two),
            _ => {
                let help = "leave it out to let client and server agree on one";
                self.report_wrong_type(node, "`http`", &Kind::HttpVersion.describe(), help);
                None
            }
        }
    }

    pub(super) fn read_query(&mut self, node: &Node) -> Vec<(String, Template)> {
        let Some(fields) = self.read_entries(node, "`query`") else {
            return Vec::new();
        };
        let mut query = Vec::new();
        for (key, value) in fields.iter() {
            let values = match &value.value {
                Yaml::List(items) => items.as_slice(),
                _ => std::slice::from_ref(value),
            };
            for value in values {
                if let Some(template) = self.read_template(value, "a query parameter") {
                    query.push((key.text.clone(), template));
                }
            }
        }
        query
    }

    /// The `headers` of a request or of the defaults.
    pub(super) fn read_headers(&mut self, node: &Node) -> Vec<(HeaderName, Template)> {
        let Some(fields) = self.read_entries(node, "`headers`") else {
            return Vec::new();
        };
        let mut headers = Vec::new();
        for (key, value) in fields.iter() {
            let name = self
                .read_header_name(key)
                .filter(|name| self.check_may_be_set(name, key));
            let template = self.read_template(value, "a header");
            let (Some(name), Some(template)) = (name, template) else {
                continue;
            };
            let fixed = template.names().next().is_none();
            if fixed && name == HOST && !is_host(template.text()) {
                let problem = self
                    .at(value.span, "a host that cannot be asked for")
                    .expected("a name, and a port if it needs one")
                    .found(value.describe())
                    .help("write it like `admin.example.com`; what is dialled is the target");
                self.report(problem);
                continue;
            }
            if fixed && HeaderValue::from_str(template.text()).is_err() {
                let problem = self
                    .at(value.span, "a header that cannot be sent")
                    .expected("visible characters on one line")
                    .found(value.describe())
                    .help("remove line breaks and control characters");
                self.report(problem);
                continue;
            }
            headers.push((name, template));
        }
        headers
    }

    /// A header's name, as RFC 9110 allows it.
    pub(super) fn read_header_name(&mut self, key: &Key) -> Option<HeaderName> {
        let name = HeaderName::from_bytes(key.text.as_bytes()).ok();
        if name.is_none() {
            let problem = self
                .at(key.span, "a header name that HTTP does not allow")
                .expected("letters, digits and `-`")
                .found(format!("`{}`", key.text))
                .help("write it like `x-request-id`");
            self.report(problem);
        }
        name
    }

    /// Whether a check file may set a header: not those by which a request is
    /// carried, which mean other things in each version of HTTP.
    fn check_may_be_set(&mut self, name: &HeaderName, key: &Key) -> bool {
        if !CARRYING.contains(&name.as_str()) {
            return true;
        }
        let problem = self
            .at(key.span, "a header that a check file cannot set")
            .expected("a header that says something to the service")
            .found(format!("`{name}`, which carries the request"))
            .help("leave it out; it is made when the request is sent");
        self.report(problem);
        false
    }

    /// A JSON value whose strings may be templates.
    pub(super) fn read_value(&mut self, node: &Node) -> Option<ValueTemplate> {
        use serde_json::Value;
        Some(match &node.value {
            Yaml::Null => ValueTemplate::Fixed(Value::Null),
            Yaml::Bool(value) => ValueTemplate::Fixed(Value::Bool(*value)),
            Yaml::Number(number, _) => ValueTemplate::Fixed(Value::Number(number.clone())),
            Yaml::String(text) => ValueTemplate::text(self.parse_template(text, node.span)?),
            Yaml::List(items) => ValueTemplate::List(
                items
                    .iter()
                    .map(|item| self.read_value(item))
                    .collect::<Option<_>>()?,
            ),
            Yaml::Map(entries) => ValueTemplate::Map(
                entries
                    .iter()
                    .map(|(key, value)| Some((key.text.clone(), self.read_value(value)?)))
                    .collect::<Option<_>>()?,
            ),
        })
    }
}

/// Whether a text is what the `host` header holds (RFC 9110, section 7.2).
pub fn is_host(text: &str) -> bool {
    let authority = text.parse::<Authority>();
    authority.is_ok_and(|authority| !authority.host().is_empty() && !text.contains('@'))
}

/// The scheme, host and port of an absolute URL, as they are written.
pub fn find_authority(text: &str) -> Option<&str> {
    let scheme = ["https://", "http://"]
        .into_iter()
        .find(|scheme| text.starts_with(scheme))?;
    let end = text[scheme.len()..].find(['/', '?', '#']);
    Some(&text[..end.map_or(text.len(), |end| scheme.len() + end)])
}

/// What is wrong with the scheme, host and port of a URL, as far as they stand
/// in the file.
pub(super) fn explain_authority(authority: &str) -> Option<&'static str> {
    if authority.contains('@') {
        return Some("a user name or password in a URL");
    }
    let fixed = !authority.contains("{{");
    (fixed && url::Url::parse(authority).is_err()).then_some("a URL without a host")
}
