//! A request with its templates, as a check file describes it.

use std::sync::Arc;

use http::{HeaderName, Method};

use super::method::is_safe;
use super::websocket::Message;
use crate::grpc::{Call, HEALTH};
use crate::template::Template;
use crate::value::ValueTemplate;
use diagnostic::Span;

/// A request with its templates.
#[derive(Debug, Clone)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The path on the target, with its templates.
    pub path: Template,
    /// What is added to the query of the URL.
    pub query: Vec<(String, Template)>,
    /// The headers, in their order.
    pub headers: Vec<(HeaderName, Template)>,
    /// How the request proves who sends it.
    pub auth: Option<Auth>,
    /// What the step sets itself. The rest comes from the `defaults`, and goes to
    /// no other host than the target.
    pub own: OwnFields,
    /// The body.
    pub body: Option<Body>,
    /// Whether the body is sent in gzip.
    pub compress: bool,
    /// The version of HTTP to speak; negotiated if absent.
    pub http: Option<HttpVersion>,
    /// The call that it is, if it is one by gRPC.
    pub grpc: Option<Arc<Call>>,
    /// The messages over the WebSocket that it opens, if it opens one.
    pub messages: Option<Vec<Message>>,
}

/// The fields of a request that the step sets itself.
#[derive(Debug, Clone, Copy)]
pub struct OwnFields {
    /// How many of the headers, from the first on.
    pub headers: usize,
    /// Whether the step has an `auth`.
    pub auth: bool,
}

impl Request {
    /// Whether it may change data.
    pub fn may_write(&self) -> bool {
        let reads = matches!(&self.body, Some(Body::GraphQl(graphql)) if graphql.reads);
        let call = self.path.text().trim_start_matches('/');
        let is_health_check = self.grpc.is_some() && call == HEALTH;
        let says = self.messages().iter().any(|message| message.send.is_some());
        says || !is_safe(&self.method) && !reads && !is_health_check
    }

    /// The method, or `websocket`: the key that the request is written with.
    pub fn word(&self) -> &str {
        match &self.messages {
            Some(_) => "websocket",
            None => self.method.as_str(),
        }
    }
}

/// A version of HTTP that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HttpVersion {
    /// HTTP/1.1.
    One,
    /// HTTP/2.
    Two,
}

impl std::fmt::Display for HttpVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::One => "1.1",
            Self::Two => "2",
        })
    }
}

/// How a request proves who sends it (RFC 7617, RFC 6750, RFC 6749).
#[derive(Debug, Clone)]
pub enum Auth {
    /// Not at all, whatever the defaults say.
    None,
    /// A user and a password (RFC 7617).
    Basic {
        /// The user.
        user: Template,
        /// The password.
        password: Template,
    },
    /// A token (RFC 6750).
    Bearer(Template),
    /// A token that a token service gives (RFC 6749, section 4.4).
    OAuth2(Box<OAuth2>),
    /// AWS's signature, version 4.
    SigV4(Box<SigV4>),
}

/// A client that gets its token by its own credentials (RFC 6749, section 4.4).
#[derive(Debug, Clone)]
pub struct OAuth2 {
    /// Where the token is asked for.
    pub token_url: Template,
    /// Where that is written.
    pub token_span: Span,
    /// The client.
    pub client_id: Template,
    /// The client's secret.
    pub client_secret: Template,
    /// What the token is for.
    pub scope: Option<Template>,
    /// Whom the token is for.
    pub audience: Option<Template>,
}

/// Who signs requests, and for which service.
#[derive(Debug, Clone)]
pub struct SigV4 {
    /// AWS's Region.
    pub region: Template,
    /// AWS's service.
    pub service: Template,
    /// The access key.
    pub access_key: Template,
    /// The secret key.
    pub secret_key: Template,
    /// The token of temporary credentials.
    pub session_token: Option<Template>,
}

impl Auth {
    /// The templates inside.
    pub fn templates(&self) -> Vec<&Template> {
        match self {
            Self::None => Vec::new(),
            Self::Basic { user, password } => vec![user, password],
            Self::Bearer(token) => vec![token],
            Self::OAuth2(client) => {
                let needed = [&client.token_url, &client.client_id, &client.client_secret];
                let more = client.scope.iter().chain(&client.audience);
                needed.into_iter().chain(more).collect()
            }
            Self::SigV4(signer) => {
                let keys = [&signer.access_key, &signer.secret_key];
                let needed = [&signer.region, &signer.service].into_iter().chain(keys);
                needed.chain(&signer.session_token).collect()
            }
        }
    }
}

/// The body of a request.
#[derive(Debug, Clone)]
pub enum Body {
    /// JSON.
    Json(ValueTemplate),
    /// Fields of a form.
    Form(Vec<(String, Template)>),
    /// Text.
    Text(Template),
    /// The bytes of a file.
    File(bytes::Bytes),
    /// An operation of GraphQL.
    GraphQl(GraphQl),
    /// Parts of a form (RFC 7578).
    Multipart(Vec<FormPart>),
    /// The message of a gRPC call.
    Message(ValueTemplate),
}

/// A GraphQL request, as GraphQL over HTTP has it.
#[derive(Debug, Clone)]
pub struct GraphQl {
    /// The GraphQL document.
    pub document: Template,
    /// The operation's variables.
    pub variables: Option<ValueTemplate>,
    /// Which of the document's operations is meant.
    pub operation: Option<Template>,
    /// Whether the document is known to hold nothing but queries.
    pub reads: bool,
}

/// A part of a form with files.
#[derive(Debug, Clone)]
pub struct FormPart {
    /// The field's name.
    pub name: String,
    /// The name of the file that it is.
    pub filename: Option<Template>,
    /// Its media type.
    pub content_type: Option<String>,
    /// What is in it.
    pub content: PartContent,
}

/// What a part holds.
#[derive(Debug, Clone)]
pub enum PartContent {
    /// Text.
    Text(Template),
    /// The bytes of a file.
    File(bytes::Bytes),
}

impl Body {
    /// The templates inside.
    pub fn templates(&self) -> Vec<&Template> {
        let mut found = Vec::new();
        match self {
            Self::Json(value) | Self::Message(value) => value.templates(&mut found),
            Self::Form(fields) => found.extend(fields.iter().map(|(_, template)| template)),
            Self::Text(template) => found.push(template),
            Self::File(_) => {}
            Self::GraphQl(request) => {
                found.push(&request.document);
                if let Some(variables) = &request.variables {
                    variables.templates(&mut found);
                }
                found.extend(&request.operation);
            }
            Self::Multipart(parts) => {
                for part in parts {
                    found.extend(&part.filename);
                    if let PartContent::Text(template) = &part.content {
                        found.push(template);
                    }
                }
            }
        }
        found
    }
}
