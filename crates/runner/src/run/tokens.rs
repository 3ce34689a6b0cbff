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

use super::Shared;
use super::pace::Turns;
use super::record::Trace;
use super::watch::Foreign;
use check_file::OAuth2;
use check_file::template::Scope;
use client::http::{Manner, Request, Response, USER_AGENT as OURS, Unanswered};
use client::target::Target;
use query::json;
use query::value::quote_text;

/// How long before its end a token is not used any more, at the most.
const MARGIN: Duration = Duration::from_secs(30);

/// The tokens of a run.
#[derive(Default)]
pub(super) struct Tokens(std::sync::Mutex<HashMap<Grant, Arc<Known>>>);

/// What a run knows of a token.
#[derive(Default)]
struct Known {
    state: Mutex<State>,
    turns: Turns,
}

/// What a token is asked for with.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Grant {
    url: Url,
    client_id: String,
    client_secret: String,
    scope: Option<String>,
    audience: Option<String>,
}

/// What is known of a token. Whoever holds the lock on it may ask; all others
/// wait for what comes of that.
#[derive(Default)]
enum State {
    #[default]
    Unknown,
    Granted {
        token: String,
        until: Option<Instant>,
    },
    Refused {
        at: Instant,
        reason: String,
    },
}

/// Why there is no token.
pub(super) enum NoToken {
    /// The server for tokens did not answer.
    Unanswered(Unanswered),
    /// It answered, and not with a token.
    Refused(String),
    /// Another version than the one under test answered.
    Foreign(Foreign),
    /// Somebody else asked it for so long that there is no time left to.
    Late(Duration),
}

impl Grant {
    /// The grant with its templates filled in. The error says why that cannot
    /// be asked for.
    pub(super) fn of(client: &OAuth2, target: &Target, scope: &Scope) -> Result<Self, String> {
        let optional = |template: &Option<check_file::template::Template>| {
            let template = template.as_ref();
            template.map(|template| template.render(scope)).transpose()
        };
        Ok(Self {
            url: target.url(&client.token_url.render(scope)?)?,
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

    fn request(&self) -> Request {
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
            manner: Manner::default(),
        }
    }
}

impl Known {
    /// Waits until nobody else asks for the token, until the end that `end`
    /// tells. That may move away while somebody waits for a turn.
    async fn lock(&self, end: impl Fn() -> Instant) -> Option<MutexGuard<'_, State>> {
        let mut lock = pin!(self.state.lock());
        loop {
            match tokio::time::timeout_at(end(), &mut lock).await {
                Ok(state) => return Some(state),
                Err(_) if end() > Instant::now() => {}
                Err(_) => return None,
            }
        }
    }
}

impl Tokens {
    /// The token of a grant, and the end of the step that needs it: no wait
    /// for a turn counts, neither the own one nor that of who asks for the same
    /// token. What is asked and answered for it goes into the trace, and so do
    /// the secrets in it.
    pub(super) async fn token(
        &self,
        grant: &Grant,
        shared: &Shared<'_>,
        end: Instant,
        trace: &mut Trace,
    ) -> Result<(String, Instant), NoToken> {
        trace.know("client_secret", &grant.client_secret);
        let known = {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(all.entry(grant.clone()).or_default())
        };
        let waiting_since = Instant::now();
        let before = known.turns.total();
        let end = || end + known.turns.total().saturating_sub(before);
        let locked = known.lock(|| shared.not_beyond(end())).await;
        let late = || NoToken::Late(waiting_since.elapsed());
        let mut state = locked.ok_or_else(late)?;
        match &*state {
            State::Granted { token, until } if until.is_none_or(|until| Instant::now() < until) => {
                trace.know("access_token", token);
                return Ok((token.clone(), end()));
            }
            // Those who waited for this refusal do not ask once more.
            State::Refused { at, reason } if *at >= waiting_since => {
                return Err(NoToken::Refused(reason.clone()));
            }
            _ => {}
        }
        if shared.not_beyond(end()) <= Instant::now() {
            return Err(late());
        }
        let request = grant.request();
        trace.asked(&request);
        known.turns.during(shared.turn()).await;
        let asked_at = Instant::now();
        let limit = shared.left(end().saturating_duration_since(asked_at));
        let asked = shared.client.ask(request, limit).await;
        let heard = match &asked {
            Ok(response) => Some(response),
            Err(unanswered) => unanswered.response.as_deref(),
        };
        // Whatever becomes of the answer, no output may hold what it grants.
        let answer = heard.map(|heard| {
            let answer = json::parse_body(&heard.headers, &heard.body);
            for name in ["access_token", "refresh_token", "id_token"] {
                if let Some(token) = answer.as_ref().ok().and_then(|it| it[name].as_str()) {
                    trace.know(name, token);
                }
            }
            answer
        });
        let is_cut = matches!((&asked, &answer), (Err(_), Some(Err(_))));
        if let Some(response) = heard
            && let Some(foreign) = shared.foreign(&grant.url, response)
        {
            trace.foreign(response.clone());
            if is_cut {
                trace.hide_answer();
            }
            return Err(NoToken::Foreign(foreign));
        }
        let response = asked.map_err(|mut unanswered| {
            if let Some(response) = unanswered.response.take() {
                trace.answered(*response);
            }
            if is_cut {
                trace.hide_answer();
            }
            NoToken::Unanswered(unanswered)
        })?;
        let answer = answer.and_then(Result::ok).unwrap_or_default();
        let granted = granted(&response, &answer);
        trace.answered(response);
        match granted {
            Ok((token, lifetime)) => {
                *state = State::Granted {
                    token: token.clone(),
                    until: lifetime.map(|lifetime| asked_at + lifetime - margin(lifetime)),
                };
                Ok((token, end()))
            }
            Err(reason) => {
                *state = State::Refused {
                    at: Instant::now(),
                    reason: reason.clone(),
                };
                Err(NoToken::Refused(reason))
            }
        }
    }
}

/// A request that takes a while must not arrive with a token that has expired.
fn margin(lifetime: Duration) -> Duration {
    MARGIN.min(lifetime / 10)
}

/// The token and how long it is good for (RFC 6749, section 5.1), or why there
/// is none (section 5.2).
fn granted(response: &Response, answer: &Value) -> Result<(String, Option<Duration>), String> {
    let status = response.status;
    if let Some(error) = answer["error"].as_str() {
        let described = answer["error_description"].as_str();
        let described =
            described.map_or_else(String::new, |text| format!(": {}", quote_text(text)));
        return Err(format!("`{error}` with status {status}{described}"));
    }
    let token = answer["access_token"].as_str().unwrap_or_default();
    if status != 200 || token.is_empty() {
        return Err(format!("status {status} and no `access_token`"));
    }
    match answer["token_type"].as_str() {
        Some(kind) if !kind.eq_ignore_ascii_case("bearer") => {
            return Err(format!(
                "a token of the type `{kind}`, which is not `Bearer`"
            ));
        }
        _ => {}
    }
    let seconds = match &answer["expires_in"] {
        Value::String(text) => text.parse().ok(),
        other => other.as_f64(),
    };
    let lifetime = seconds.and_then(|seconds: f64| Duration::try_from_secs_f64(seconds).ok());
    Ok((token.to_owned(), lifetime))
}
