//! A gRPC call: its method, the file that declares it, its message.

use std::path::Path;
use std::sync::Arc;

use http::Method;

use super::body::MOST_BODY_BYTES;
use super::keys::{BODIES, METHODS, SOCKET, is_among};
use super::reader::{Fields, Reader};
use super::{Body, Expectation, HttpVersion, Query, Request};
use crate::grpc::status::CODES;
use crate::grpc::{Call, HEALTH, ImportError, Schema};
use crate::predicate::{Operator, Predicate, Test};
use crate::template::Template;
use crate::value::ValueTemplate;
use diagnostic::suggest;
use diagnostic::units::human_bytes_beside;
use diagnostic::yaml::{Key, Node, Yaml};
use diagnostic::{Diagnostic, Source, Span};

impl Reader<'_> {
    /// The call that the fields of a step describe, as a request.
    pub(super) fn read_grpc_request(
        &mut self,
        fields: Fields<'_>,
        key: &Key,
        node: &Node,
        writes: bool,
    ) -> Option<(Request, Span)> {
        let span = key.span.to(node.span);
        self.refuse_keys_beside_call(fields);
        let name = self.read_string(node, "`grpc`")?;
        if !writes && name != HEALTH {
            let problem = self
                .at(key.span, "a call that may write")
                .expected("`writes: true` beside the check's name, or in `defaults`")
                .found(format!("`{name}` without it"))
                .help("what a call does, its name does not tell; only the health check is free");
            self.report(problem);
        }
        let head = self.read_head(fields);
        let message = match fields.value("message") {
            Some(node) => self.read_value(node).map(|value| (value, node.span)),
            None => Some((ValueTemplate::Fixed(serde_json::json!({})), span)),
        };
        let http = fields
            .value("http")
            .map(|node| (node, self.read_http_version(node)));
        if let Some((node, Some(HttpVersion::One))) = http {
            self.report_wrong_type(node, "`http`", "`\"2\"`", "gRPC needs HTTP/2; leave it out");
        }
        let schema = self.read_grpc_schema(fields, name, span)?;
        let call = self.find_grpc_call(&schema, name, node.span)?;
        let (message, message_span) = message?;
        // A template has its value at the run, so that only a message without one
        // can be encoded here.
        let mut templates = Vec::new();
        message.templates(&mut templates);
        if let (true, ValueTemplate::Fixed(value)) =
            (templates.is_empty(), evaluate_without_variables(&message))
            && let Err(error) = call.encode(&value)
        {
            let problem = self
                .at(message_span, "a message that does not fit")
                .expected(format!("a `{}`", call.input_name()))
                .found(error.to_string())
                .help("write the fields as the file that declares them does");
            self.report(problem);
            return None;
        }
        let request = Request {
            method: Method::POST,
            path: Template::parse(&format!("/{name}")).ok()?,
            query: Vec::new(),
            headers: head.headers,
            auth: head.auth,
            own: head.own,
            body: Some(Body::Message(message)),
            compress: false,
            http: Some(HttpVersion::Two),
            grpc: Some(Arc::new(call)),
            messages: None,
        };
        Some((request, span))
    }

    fn refuse_keys_beside_call(&mut self, fields: Fields<'_>) {
        for (other, _) in fields.iter() {
            let name = other.text.as_str();
            let is_of_other_request = [METHODS, BODIES, SOCKET].map(|group| is_among(group, name));
            if is_of_other_request.contains(&true) || ["query", "compress"].contains(&name) {
                let problem = self
                    .at(other.span, format!("`{name}` beside a gRPC call"))
                    .expected("`message`, and `proto` with the file that declares the call")
                    .found(format!("`{name}`"))
                    .help("a call has one message and is always sent by HTTP/2");
                self.report(problem);
            }
        }
    }

    /// Reports keys of a call in a request that is none.
    pub(super) fn refuse_call_keys(&mut self, fields: Fields<'_>) {
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

    /// Reads what the `proto` file declares, or what every server declares for its
    /// health check.
    fn read_grpc_schema(&mut self, fields: Fields<'_>, name: &str, call: Span) -> Option<Schema> {
        let read = match fields.value("proto") {
            Some(node) => self.read_proto(node)?,
            None if name == HEALTH => Schema::health(),
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
        let span = fields.value("proto").map_or(call, |node| node.span);
        let problems = read.map_err(|problems| self.report_declaration(problems, span));
        problems.ok()
    }

    /// Reports what is wrong with files that a call names here, once for all
    /// calls that do.
    fn report_declaration(&mut self, problems: Vec<Diagnostic>, span: Span) {
        for mut problem in problems {
            if problem.place.is_some() {
                problem = problem.related(self.source, span, "the declaration of this call");
            } else {
                problem.place = self.at(span, "").place;
            }
            let is_same = |known: &Diagnostic| {
                (&known.place, &known.title) == (&problem.place, &problem.title)
            };
            if !self.problems.iter().any(is_same) {
                self.report(problem);
            }
        }
    }

    /// Reads a file and all that it imports.
    fn read_proto(&mut self, node: &Node) -> Option<Result<Schema, Vec<Diagnostic>>> {
        let name = self.read_string(node, "`proto`")?;
        let folder = self.source.path().parent().unwrap_or(Path::new(""));
        let path = folder.join(name);
        let beside = path.parent().unwrap_or(Path::new("")).to_owned();
        let first = match read_file_if_present(self.source, &path) {
            Ok(Some(source)) => source,
            unread => {
                let problem = self
                    .at(node.span, "a declaration that cannot be read")
                    .expected("a file of proto2 or proto3")
                    .found(match unread {
                        Err(reason) => format!("`{name}`: {reason}"),
                        Ok(_) => format!("`{name}` is not there"),
                    })
                    .help("name the file by its path from the check file");
                self.report(problem);
                return None;
            }
        };
        let find_import = |import: &str| {
            let beside = read_file_if_present(self.source, &beside.join(import))?;
            match beside {
                Some(source) => Ok(Some(source)),
                None => read_file_if_present(self.source, &folder.join(import)),
            }
        };
        Some(Schema::read(name, first, &find_import))
    }

    fn find_grpc_call(&mut self, schema: &Schema, name: &str, span: Span) -> Option<Call> {
        let Some(call) = schema.find_call(name) else {
            let names = schema.call_names();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
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
        if call.is_stream() {
            let problem = self
                .at(span, "a call that is a stream")
                .expected("a unary method: one message there, one back")
                .found(format!("`{name}`, which streams"))
                .help("ask a unary method of the same service");
            self.report(problem);
            return None;
        }
        Some(call)
    }

    /// The `grpc` of an expectation: the name of a status.
    pub(super) fn check_grpc_status_names(&mut self, node: &Node) {
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

fn evaluate_without_variables(message: &ValueTemplate) -> ValueTemplate {
    let value = message.evaluate(&crate::template::Scope::default());
    value.map_or_else(|_| message.clone(), ValueTemplate::Fixed)
}

/// A file beside the check file, if it is there.
fn read_file_if_present(
    check_file: &Source,
    path: &Path,
) -> Result<Option<Arc<Source>>, ImportError> {
    if !path.is_file() {
        return Ok(None);
    }
    let about = std::fs::metadata(path)?;
    if about.len() > MOST_BODY_BYTES {
        let (most, found) = human_bytes_beside(MOST_BODY_BYTES, about.len());
        return Err(ImportError::TooLarge { found, most });
    }
    let text = std::fs::read_to_string(path)?;
    Ok(Some(check_file.beside(path, text)))
}

/// Adds the expectation of `OK` to a call whose check file expects no status.
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
