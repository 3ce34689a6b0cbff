//! Access tokens by client credentials (RFC 6749, section 4.4): each is
//! fetched once in a run, shared between the checks, and fetched anew when it
//! expires.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use http::Method;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, USER_AGENT};
use serde_json::Value;
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::Instant;
use url::Url;
use url::form_urlencoded::{Serializer, byte_serialize};

use super::RunContext;
use super::pace::TurnWaits;
use super::trace::Trace;
use super::watch::ForeignAnswer;
use check_file::OAuth2;
use check_file::template::Scope;
use client::http::{Request, Response, Transport, USER_AGENT as OURS, Unanswered};
use client::target::Target;
use query::json;
use query::value::quote_text;

/// How long before its end a token is not used any more, at the most.
const LONGEST_MARGIN: Duration = Duration::from_secs(30);

/// The tokens of a run.
#[derive(Default)]
pub(super) struct TokenCache(std::sync::Mutex<HashMap<TokenGrant, Arc<CachedToken>>>);

/// What a run knows of the token of one grant.
#[derive(Default)]
struct CachedToken {
    /// Whoever holds the lock may ask for the token; all others wait for what
    /// comes of that.
    state: Mutex<TokenState>,
    turns: TurnWaits,
}

/// What a token is asked for with.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct TokenGrant {
    url: Url,
    client_id: String,
    client_secret: String,
    scope: Option<String>,
    audience: Option<String>,
}

#[derive(Default)]
enum TokenState {
    #[default]
    Unknown,
    Granted(AccessToken),
    Refused {
        at: Instant,
        reason: String,
    },
}

#[derive(Clone)]
struct AccessToken {
    value: String,
    /// When it is not used any more; absent if it does not expire.
    until: Option<Instant>,
}

/// Why there is no token.
pub(super) enum TokenError {
    /// The server for tokens did not answer.
    Unanswered(Unanswered),
    /// It answered, and not with a token.
    Refused(String),
    /// Another version than the one under test answered.
    Foreign(ForeignAnswer),
    /// Another step asked for the token, for so long that this step has no time
    /// left to ask.
    Late(Duration),
}

impl TokenGrant {
    /// The grant with its templates filled in. The error says why there is no
    /// request for it.
    pub(super) fn fill_in(client: &OAuth2, target: &Target, scope: &Scope) -> Result<Self, String> {
        let optional = |template: &Option<check_file::template::Template>| {
            let template = template.as_ref();
            template.map(|template| template.render(scope)).transpose()
        };
        let url = target.url(&client.token_url.render(scope)?);
        Ok(Self {
            url: url.map_err(|error| error.to_string())?,
            client_id: client.client_id.render(scope)?,
            client_secret: client.client_secret.render(scope)?,
            scope: optional(&client.scope)?,
            audience: optional(&client.audience)?,
        })
    }

    /// Where the token comes from.
    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    fn build_request(&self) -> Request {
        let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
        // RFC 6749, section 2.3.1: both parts are encoded as in a form.
        let pair = format!(
            "{}:{}",
            encoded(&self.client_id),
            encoded(&self.client_secret)
        );
        let basic = format!("Basic {}", query::digest::base64(pair.as_bytes()));
        let mut headers = HeaderMap::new();
        // Base64 is always fit for a header.
        if let Ok(basic) = HeaderValue::from_str(&basic) {
            headers.insert(AUTHORIZATION, basic);
        }
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        headers.insert(CONTENT_TYPE, form);
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(USER_AGENT, HeaderValue::from_static(OURS));
        let mut form = Serializer::new(String::new());
        form.append_pair("grant_type", "client_credentials");
        for (name, value) in [("scope", &self.scope), ("audience", &self.audience)] {
            if let Some(value) = value {
                form.append_pair(name, value);
            }
        }
        Request {
            method: Method::POST,
            url: self.url.clone(),
            headers,
            body: form.finish().into(),
            transport: Transport::default(),
        }
    }
}

impl TokenCache {
    /// The token of a grant, and the deadline of the step that needs it: no
    /// wait for a turn counts, be it this step's or that of the step that asks
    /// for the same token. Request and answer go into the trace, and so do the
    /// secrets in them.
    pub(super) async fn get_token(
        &self,
        grant: &TokenGrant,
        shared: &RunContext<'_>,
        deadline: Instant,
        trace: &mut Trace,
    ) -> Result<(String, Instant), TokenError> {
        trace.add_secret("client_secret", &grant.client_secret);
        let cached = {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(all.entry(grant.clone()).or_default())
        };
        let waiting_since = Instant::now();
        let turns_before = cached.turns.total();
        let deadline = || deadline + cached.turns.total().saturating_sub(turns_before);
        let late = || TokenError::Late(waiting_since.elapsed());
        let locked = cached.lock(|| shared.cap_at_deadline(deadline())).await;
        let mut state = locked.ok_or_else(late)?;
        match &*state {
            TokenState::Granted(token) if token.is_fresh() => {
                trace.add_secret("access_token", &token.value);
                return Ok((token.value.clone(), deadline()));
            }
            // The steps that waited for this refusal do not ask once more.
            TokenState::Refused { at, reason } if *at >= waiting_since => {
                return Err(TokenError::Refused(reason.clone()));
            }
            _ => {}
        }
        if shared.cap_at_deadline(deadline()) <= Instant::now() {
            return Err(late());
        }
        match cached.fetch(grant, shared, deadline, trace).await {
            Ok(token) => {
                *state = TokenState::Granted(token.clone());
                Ok((token.value, deadline()))
            }
            Err(error) => {
                if let TokenError::Refused(reason) = &error {
                    *state = TokenState::Refused {
                        at: Instant::now(),
                        reason: reason.clone(),
                    };
                }
                Err(error)
            }
        }
    }
}

impl CachedToken {
    /// Waits until no other step asks for the token, or until the deadline,
    /// which may move while that step waits for its turn.
    async fn lock(&self, deadline: impl Fn() -> Instant) -> Option<MutexGuard<'_, TokenState>> {
        let mut lock = pin!(self.state.lock());
        loop {
            match tokio::time::timeout_at(deadline(), &mut lock).await {
                Ok(state) => return Some(state),
                Err(_) if deadline() > Instant::now() => {}
                Err(_) => return None,
            }
        }
    }

    /// Asks the server for a token.
    async fn fetch(
        &self,
        grant: &TokenGrant,
        shared: &RunContext<'_>,
        deadline: impl Fn() -> Instant,
        trace: &mut Trace,
    ) -> Result<AccessToken, TokenError> {
        let request = grant.build_request();
        trace.record_request(&request);
        self.turns.count_wait(shared.wait_for_turn()).await;
        let sent = Instant::now();
        let limit = shared.limit_to_deadline(deadline().saturating_duration_since(sent));
        let result = shared.client.ask(request, limit).await;
        let response = match &result {
            Ok(response) => Some(response),
            Err(unanswered) => unanswered.response.as_deref(),
        };
        let document = response.map(|response| read_document(response, trace));
        // In JSON that was cut off nobody finds the tokens, so that no output
        // could be kept free of them.
        let is_cut = matches!((&result, &document), (Err(_), Some(Err(_))));
        if let Some(response) = response
            && let Some(foreign) = shared.recognize_foreign(&grant.url, response)
        {
            trace.record_foreign_response(response.clone());
            if is_cut {
                trace.hide_answer();
            }
            return Err(TokenError::Foreign(foreign));
        }
        let response = result.map_err(|mut unanswered| {
            if let Some(response) = unanswered.response.take() {
                trace.record_response(*response);
            }
            if is_cut {
                trace.hide_answer();
            }
            TokenError::Unanswered(unanswered)
        })?;
        let document = document.and_then(Result::ok).unwrap_or_default();
        let token = read_token(response.status, &document, sent);
        trace.record_response(response);
        token
    }
}

impl AccessToken {
    fn is_fresh(&self) -> bool {
        self.until.is_none_or(|until| Instant::now() < until)
    }
}

/// The JSON of an answer. Whatever becomes of the answer, no output may hold
/// the tokens in it, so they go into the trace.
fn read_document(response: &Response, trace: &mut Trace) -> Result<Value, serde_json::Error> {
    let document = json::parse_body(&response.headers, &response.body)?;
    for name in ["access_token", "refresh_token", "id_token"] {
        if let Some(token) = document[name].as_str() {
            trace.add_secret(name, token);
        }
    }
    Ok(document)
}

/// The token that an answer to a request of the moment `sent` grants (RFC 6749,
/// section 5.1), or why it grants none (section 5.2).
fn read_token(status: u16, document: &Value, sent: Instant) -> Result<AccessToken, TokenError> {
    let refused = |reason: String| Err(TokenError::Refused(reason));
    if let Some(error) = document["error"].as_str() {
        let description = document["error_description"].as_str();
        let description =
            description.map_or_else(String::new, |text| format!(": {}", quote_text(text)));
        return refused(format!("`{error}` with status {status}{description}"));
    }
    let token = document["access_token"].as_str().unwrap_or_default();
    if status != 200 || token.is_empty() {
        return refused(format!("status {status} and no `access_token`"));
    }
    // Some servers leave the type out, although the RFC requires it.
    if let Some(kind) = document["token_type"].as_str()
        && !kind.eq_ignore_ascii_case("bearer")
    {
        return refused(format!(
            "a token of the type `{kind}`, which is not `Bearer`"
        ));
    }
    // Azure's first endpoint writes the number as text.
    let seconds = match &document["expires_in"] {
        Value::String(text) => text.parse().ok(),
        other => other.as_f64(),
    };
    let lifetime = seconds.and_then(|seconds: f64| Duration::try_from_secs_f64(seconds).ok());
    Ok(AccessToken {
        value: token.to_owned(),
        // A lifetime beyond what the clock can tell is one without an end.
        until: lifetime.and_then(|lifetime| {
            let used = lifetime.saturating_sub(expiry_margin(lifetime));
            sent.checked_add(used)
        }),
    })
}

/// How long before its end a token is not used any more: a request that takes a
/// while must not arrive with a token that has expired.
fn expiry_margin(lifetime: Duration) -> Duration {
    LONGEST_MARGIN.min(lifetime / 10)
}
