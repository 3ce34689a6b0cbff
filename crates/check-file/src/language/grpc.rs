//! A gRPC call: its method, the file that declares it, its message.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use http::Method;

use super::body::MOST_BODY_BYTES;
use super::read::{Fields, Reader};
use super::{Body, Expectation, HttpVersion, Own, Query, Request};
use crate::predicate::{Operator, Predicate, Test};
use crate::template::Template;
use crate::value::ValueTemplate;
use diagnostic::Span;
use diagnostic::suggest;
use diagnostic::yaml::{Key, Node, Yaml};
use query::grpc::{CODES, Call, HEALTH, HEALTH_PROTO, Schema, well_known_file};

/// The keys of a request that mean nothing to a call.
const OF_OTHERS: [&str; 18] = [
    "get",
    "head",
    "post",
    "put",
    "patch",
    "delete",
    "options",
    "request",
    "query",
    "json",
    "form",
    "text",
    "file",
    "graphql",
    "multipart",
    "compress",
    "websocket",
    "messages",
];
/// The most files that one declaration may be made of.
const MOST_FILES: usize = 64;

impl Reader<'_> {
    /// The call that the fields of a step describe, as a request.
    pub(super) fn grpc_request(
        &mut self,
        fields: Fields<'_>,
        key: &Key,
        node: &Node,
        writes: bool,
    ) -> Option<(Request, Span)> {
        let span = key.span.to(node.span);
        for (other, _) in fields.iter() {
            if OF_OTHERS.contains(&other.text.as_str()) {
                let problem = self
                    .at(other.span, format!("`{}` beside a gRPC call", other.text))
                    .expected("`message`, and `proto` with the file that declares the call")
                    .found(format!("`{}`", other.text))
                    .help("a call has one message and is always sent by HTTP/2");
                self.report(problem);
            }
        }
        let name = self.string(node, "`grpc`")?;
        if !writes && name != HEALTH {
            let problem = self
                .at(key.span, "a call that may write")
                .expected("`writes: true` beside the check's name, or in `defaults`")
                .found(format!("`{name}` without it"))
                .help("what a call does, its name does not tell; only the health check is free");
            self.report(problem);
        }
        let headers = fields.value("headers").map(|node| self.headers(node));
        let auth = fields.value("auth").map(|node| self.auth(node));
        let message = match fields.value("message") {
            Some(node) => self.value(node).map(|value| (value, node.span)),
            None => Some((ValueTemplate::Fixed(serde_json::json!({})), span)),
        };
        let http = fields
            .value("http")
            .map(|node| (node, self.http_version(node)));
        if let Some((node, Some(HttpVersion::One))) = http {
            self.wrong_type(node, "`http`", "`\"2\"`", "gRPC needs HTTP/2; leave it out");
        }
        let schema = self.grpc_schema(fields, name, span)?;
        let call = self.grpc_call(schema, name, node.span)?;
        let (message, message_span) = message?;
        let mut templates = Vec::new();
        message.templates(&mut templates);
        if let (true, ValueTemplate::Fixed(value)) = (templates.is_empty(), fixed(&message))
            && let Err(reason) = call.frame(&value)
        {
            let problem = self
                .at(message_span, "a message that does not fit")
                .expected(format!("a `{}`", call.method.input))
                .found(reason)
                .help("write the fields as the file that declares them does");
            self.report(problem);
            return None;
        }
        let headers = headers.unwrap_or_default();
        let own = Own {
            headers: headers.len(),
            auth: auth.is_some(),
        };
        let request = Request {
            method: Method::POST,
            path: Template::parse(&format!("/{name}")).ok()?,
            query: Vec::new(),
            headers,
            auth: auth.flatten(),
            own,
            body: Some(Body::Message(message)),
            compress: false,
            http: Some(HttpVersion::Two),
            grpc: Some(Arc::new(call)),
            messages: None,
        };
        Some((request, span))
    }

    /// Says that keys of a call stand without one.
    pub(super) fn no_call(&mut self, fields: Fields<'_>) {
        for (key, _) in fields.iter() {
            if matches!(key.text.as_str(), "message" | "proto") {
                let problem = self
                    .at(key.span, format!("`{}` without a gRPC call", key.text))
                    .expected("`grpc:` with the method, such as `shop.v1.Shop/GetItem`")
                    .found("another request")
                    .help("write `json` for the body of a plain request");
                self.report(problem);
            }
        }
    }

    /// What the files declare, or what every server has.
    fn grpc_schema(&mut self, fields: Fields<'_>, name: &str, call: Span) -> Option<Schema> {
        let mut schema = Schema::default();
        let (span, read) = match fields.value("proto") {
            Some(node) => {
                let path = self.string(node, "`proto`")?;
                (node.span, self.read_proto(path, &mut schema))
            }
            None if name == HEALTH => (call, schema.read(HEALTH_PROTO).map(|_| ())),
            None => {
                let problem = self
                    .at(call, "a call that nothing declares")
                    .expected("`proto:` with the file that declares it")
                    .found("no key `proto`")
                    .help(format!("only `{HEALTH}` is known without a file"));
                self.report(problem);
                return None;
            }
        };
        let resolved = read.and_then(|()| schema.resolve());
        if let Err(reason) = resolved {
            let problem = self
                .at(span, "a declaration that cannot be read")
                .expected("a file of proto2 or proto3, and beside it what it imports")
                .found(reason)
                .help("paths are relative to the check file; imports also to the importing file");
            self.report(problem);
            return None;
        }
        Some(schema)
    }

    /// Reads a file and all that it imports.
    fn read_proto(&self, path: &str, schema: &mut Schema) -> Result<(), String> {
        let folder = self.source.path().parent().unwrap_or(Path::new(""));
        let first = folder.join(path);
        let beside = first.parent().unwrap_or(Path::new("")).to_owned();
        let mut waiting = vec![(path.to_owned(), vec![first])];
        let mut known = BTreeSet::new();
        while let Some((name, places)) = waiting.pop() {
            if !known.insert(name.clone()) {
                continue;
            }
            if known.len() > MOST_FILES {
                return Err(format!("more than {MOST_FILES} files"));
            }
            let text = match well_known_file(&name) {
                Some(text) => text.to_owned(),
                None => text_of(&name, &places)?,
            };
            let imports = schema.read(&text);
            let imports = imports.map_err(|reason| format!("`{name}`: {reason}"))?;
            waiting.extend(imports.into_iter().map(|import| {
                let places = [beside.join(&import), folder.join(&import)];
                (import, places.to_vec())
            }));
        }
        Ok(())
    }

    fn grpc_call(&mut self, schema: Schema, name: &str, span: Span) -> Option<Call> {
        let Some(method) = schema.methods.get(name).cloned() else {
            let names: Vec<&str> = schema.methods.keys().map(String::as_str).collect();
            let near = suggest::nearest(name, names.iter().copied());
            let mut shown: Vec<&str> = names.clone();
            shown.sort_unstable();
            shown.truncate(5);
            let problem = self
                .at(span, "a method that nothing declares")
                .expected(match shown.as_slice() {
                    [] => "a file with a service in it".to_owned(),
                    shown => format!("a method such as {}", suggest::list(shown)),
                })
                .found(format!("`{name}`"))
                .help(match near {
                    Some(near) => format!("write `{near}` if that is meant"),
                    None => "write `package.Service/Method`".to_owned(),
                });
            self.report(problem);
            return None;
        };
        if method.streams {
            let problem = self
                .at(span, "a call that is a stream")
                .expected("a unary method: one message there, one back")
                .found(format!("`{name}`, which streams"))
                .help("ask a unary method of the same service");
            self.report(problem);
            return None;
        }
        Some(Call {
            schema: Arc::new(schema),
            method,
        })
    }

    /// The `grpc` of an expectation: the name of a status.
    pub(super) fn grpc_status_names(&mut self, node: &Node) {
        let names: Vec<&Node> = match &node.value {
            Yaml::Map(entries) => entries
                .iter()
                .filter(|(key, _)| matches!(key.text.as_str(), "equals" | "one_of"))
                .flat_map(|(_, value)| match &value.value {
                    Yaml::List(items) => items.as_slice(),
                    _ => std::slice::from_ref(value),
                })
                .collect(),
            _ => vec![node],
        };
        for node in names {
            let known = matches!(&node.value, Yaml::String(text)
                if text.contains("{{") || CODES.contains(&text.as_str()));
            if !known {
                let near = match &node.value {
                    Yaml::String(text) => suggest::nearest(&text.to_ascii_uppercase(), CODES),
                    _ => None,
                };
                let problem = self
                    .at(node.span, "a status that gRPC does not have")
                    .expected("a name such as `OK`, `NOT_FOUND` or `UNAVAILABLE`")
                    .found(node.describe())
                    .help(match near {
                        Some(near) => format!("write `{near}` if that is meant"),
                        None => "write the name of the code in capitals".to_owned(),
                    });
                self.report(problem);
            }
        }
    }
}

fn fixed(message: &ValueTemplate) -> ValueTemplate {
    let value = message.evaluate(&crate::template::Scope::default());
    value.map_or_else(|_| message.clone(), ValueTemplate::Fixed)
}

/// The text of the first of these files that is there.
fn text_of(name: &str, places: &[PathBuf]) -> Result<String, String> {
    let place = places.iter().find(|place| place.is_file());
    let place = place.ok_or_else(|| format!("`{name}` is not there"))?;
    let about = std::fs::metadata(place).map_err(|error| format!("`{name}`: {error}"))?;
    if about.len() > MOST_BODY_BYTES {
        return Err(format!("`{name}` is too large"));
    }
    std::fs::read_to_string(place).map_err(|error| format!("`{name}`: {error}"))
}

/// A call that says nothing of its status expects success.
pub(super) fn expect_ok(expectations: &mut Vec<Expectation>, call: Span) {
    let own = |expectation: &Expectation| matches!(expectation.query, Query::Grpc);
    if !expectations.iter().any(own) {
        expectations.push(Expectation {
            query: Query::Grpc,
            predicate: Predicate(vec![Test {
                span: call,
                operator: Operator::Equals(ValueTemplate::Fixed("OK".into())),
            }]),
        });
    }
}
