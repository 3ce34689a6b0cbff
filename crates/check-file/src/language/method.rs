//! The method of a request, and the path that it asks for.

use http::Method;

use super::keys::{METHODS, UNUSUAL, is_among};
use super::reader::{Fields, Reader};
use diagnostic::Span;
use diagnostic::suggest;
use diagnostic::yaml::{Key, Node};

/// The methods that change nothing, as IANA registers them, beside GET, HEAD
/// and OPTIONS.
const SAFE: [&str; 5] = ["PROPFIND", "QUERY", "REPORT", "SEARCH", "TRACE"];

/// Whether a method is safe (RFC 9110, section 9.2.1): its requests do not ask
/// for a change.
pub fn is_safe(method: &Method) -> bool {
    method.is_safe() || SAFE.contains(&method.as_str())
}

/// The key that names a method, if it has one of its own.
pub fn find_method_key(method: &Method) -> Option<&'static str> {
    let mut keys = METHODS.iter().map(|key| key.name);
    keys.find(|key| parse_method(key).as_ref() == Some(method))
}

/// The method that a key names; `request` names another one.
fn parse_method(key: &str) -> Option<Method> {
    let method = || Method::from_bytes(key.to_ascii_uppercase().as_bytes()).ok();
    (key != "request" && is_among(METHODS, key)).then(method)?
}

/// The method and the path of a request, and where they are written.
pub(super) struct RequestLine<'n> {
    pub(super) method: Method,
    /// The method as it is written.
    pub(super) word: String,
    pub(super) key: &'n Key,
    pub(super) path: &'n Node,
    /// Of the method and the path.
    pub(super) span: Span,
}

impl Reader<'_> {
    /// The method and the path of a request; `what` names the map that was
    /// read.
    pub(super) fn read_method<'n>(
        &mut self,
        fields: Fields<'n>,
        what: &str,
    ) -> Option<RequestLine<'n>> {
        let names: Vec<&str> = METHODS.iter().map(|key| key.name).collect();
        let mut found = names.iter().filter_map(|name| fields.get(name));
        let Some((key, node)) = found.next() else {
            // A misspelt method is reported already, as an unknown key.
            let misspelt = |word: &str| suggest::nearest(word, names.iter().copied()).is_some();
            if fields.iter().any(|(key, _)| misspelt(&key.text)) {
                return None;
            }
            let problem = self
                .at(fields.span, format!("{what} without a request"))
                .expected(format!("one of {}", suggest::list(&names)))
                .found("none of them")
                .help("name the method and the path, such as `get: /healthz`; or a `grpc` call, or a `websocket`");
            self.report(problem);
            return None;
        };
        for (second, _) in found {
            let problem = self
                .at(second.span, format!("{what} with two requests"))
                .expected("one method")
                .found(format!("`{}` beside `{}`", second.text, key.text))
                .help("write a check of several requests as a list of `steps`")
                .related(self.source, key.span, "the first request");
            self.report(problem);
        }
        let span = key.span.to(node.span);
        if let Some(method) = parse_method(&key.text) {
            return Some(RequestLine {
                method,
                word: key.text.clone(),
                key,
                path: node,
                span,
            });
        }
        let inside = self.read_fields(node, &UNUSUAL)?;
        let (Some(method), Some(path)) = (inside.value("method"), inside.value("path")) else {
            let problem = self
                .at(node.span, "a `request` without both its parts")
                .expected("`method` and `path`")
                .found("one of them, or none")
                .help("write `request: { method: PURGE, path: /catalogue }`");
            self.report(problem);
            return None;
        };
        let method = self.read_unusual_method(method)?;
        Some(RequestLine {
            word: method.to_string(),
            method,
            key,
            path,
            span,
        })
    }

    /// A method that has no key of its own.
    fn read_unusual_method(&mut self, node: &Node) -> Option<Method> {
        let word = self.read_string(node, "`method`")?;
        let in_capitals = !word.contains(|c: char| c.is_ascii_lowercase());
        let method = Method::from_bytes(word.as_bytes()).ok();
        let usual = method.as_ref().and_then(find_method_key);
        let (found, help) = match (method, usual) {
            (_, Some(key)) => (
                format!("`{word}`, which has a key of its own"),
                format!("write `{key}:` with the path, in place of `request`"),
            ),
            (Some(Method::CONNECT), _) => (
                format!("`{word}`, which asks a proxy for a connection"),
                "leave it out: requests go to the target itself".to_owned(),
            ),
            (Some(method), None) if in_capitals => return Some(method),
            (Some(_), None) => (
                format!("`{word}`"),
                format!("write `{}` if that is meant", word.to_ascii_uppercase()),
            ),
            (None, None) => (
                node.describe(),
                "write it in capitals, without blanks".to_owned(),
            ),
        };
        let problem = self
            .at(node.span, "a method that cannot be asked with")
            .expected("a word in capitals, such as `PURGE` or `PROPFIND`")
            .found(found)
            .help(help);
        self.report(problem);
        None
    }

    /// Reports a request that may write in a check without `writes: true`.
    pub(super) fn refuse_write(&mut self, line: &RequestLine<'_>) {
        let problem = self
            .at(line.key.span, "a request that may write")
            .expected("`writes: true` beside the check's name, or in `defaults`")
            .found(format!("`{}` without it", line.word))
            .help("add `writes: true` if the request may change data of the environment");
        self.report(problem);
    }
}
