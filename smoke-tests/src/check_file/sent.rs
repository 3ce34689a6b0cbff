//! What is sent: a request with its templates.

use std::sync::Arc;

use http::{HeaderName, Method};

use super::method::is_safe;
use super::websocket::Message;
use crate::diagnostic::Span;
use crate::grpc::{Call, HEALTH};
use crate::template::Template;
use crate::value::ValueTemplate;

/// What is sent.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: Method,
    /// The path on the target, with its templates.
    pub(crate) path: Template,
    pub(crate) query: Vec<(String, Template)>,
    pub(crate) headers: Vec<(HeaderName, Template)>,
    pub(crate) auth: Option<Auth>,
    /// What the step says itself; the rest is the defaults' and for the
    /// target alone.
    pub(crate) own: Own,
    pub(crate) body: Option<Body>,
    /// Whether the body is sent in gzip.
    pub(crate) compress: bool,
    /// The version of HTTP to speak; negotiated if absent.
    pub(crate) http: Option<HttpVersion>,
    /// The call that it is, if it is one by gRPC.
    pub(crate) grpc: Option<Arc<Call>>,
    /// What is said over the WebSocket that it opens, if it opens one.
    pub(crate) messages: Option<Vec<Message>>,
}

/// What of a request the step says itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Own {
    /// How many of the headers, from the first on.
    pub(crate) headers: usize,
    /// Who asks.
    pub(crate) auth: bool,
}

impl Request {
    /// Whether it may change data.
    pub(crate) fn may_write(&self) -> bool {
        let reads = matches!(&self.body, Some(Body::GraphQl(graphql)) if graphql.reads);
        let call = self.path.text().trim_start_matches('/');
        let is_health_check = self.grpc.is_some() && call == HEALTH;
        let says = self.messages().iter().any(|message| message.send.is_some());
        says || !is_safe(&self.method) && !reads && !is_health_check
    }

    /// The key that it is written with.
    pub(crate) fn word(&self) -> &str {
        match &self.messages {
            Some(_) => "websocket",
            None => self.method.as_str(),
        }
    }
}

/// A version of HTTP that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum HttpVersion {
    One,
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

/// Who asks (RFC 7617, RFC 6750, RFC 7616, RFC 6749).
#[derive(Debug, Clone)]
pub(crate) enum Auth {
    /// Nobody in particular, whatever the defaults say.
    None,
    Basic {
        user: Template,
        password: Template,
    },
    Bearer(Template),
    Digest {
        user: Template,
        password: Template,
    },
    OAuth2(Box<OAuth2>),
    SigV4(Box<SigV4>),
}

/// A client that gets its token by its own credentials (RFC 6749, section 4.4).
#[derive(Debug, Clone)]
pub(crate) struct OAuth2 {
    pub(crate) token_url: Template,
    /// Where that is written.
    pub(crate) token_span: Span,
    pub(crate) client_id: Template,
    pub(crate) client_secret: Template,
    pub(crate) scope: Option<Template>,
    pub(crate) audience: Option<Template>,
}

/// Who signs requests, and for which service.
#[derive(Debug, Clone)]
pub(crate) struct SigV4 {
    pub(crate) region: Template,
    pub(crate) service: Template,
    pub(crate) access_key: Template,
    pub(crate) secret_key: Template,
    pub(crate) session_token: Option<Template>,
}

impl Auth {
    /// The templates inside.
    pub(crate) fn templates(&self) -> Vec<&Template> {
        match self {
            Self::None => Vec::new(),
            Self::Basic { user, password } | Self::Digest { user, password } => {
                vec![user, password]
            }
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

/// What is sent as a body.
#[derive(Debug, Clone)]
pub(crate) enum Body {
    Json(ValueTemplate),
    Form(Vec<(String, Template)>),
    Text(Template),
    File(bytes::Bytes),
    GraphQl(GraphQl),
    Multipart(Vec<Part>),
    /// The message of a gRPC call.
    Message(ValueTemplate),
}

/// A GraphQL request, as GraphQL over HTTP has it.
#[derive(Debug, Clone)]
pub(crate) struct GraphQl {
    pub(crate) document: Template,
    pub(crate) variables: Option<ValueTemplate>,
    /// Which of the document's operations is meant.
    pub(crate) operation: Option<Template>,
    /// Whether the document is known to hold nothing but queries.
    pub(crate) reads: bool,
}

/// A part of a form with files.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) name: String,
    pub(crate) filename: Option<Template>,
    pub(crate) content_type: Option<String>,
    pub(crate) content: Content,
}

/// What a part holds.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    Text(Template),
    File(bytes::Bytes),
}

impl Body {
    /// The templates inside.
    pub(crate) fn templates(&self) -> Vec<&Template> {
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
                    if let Content::Text(template) = &part.content {
                        found.push(template);
                    }
                }
            }
        }
        found
    }
}
