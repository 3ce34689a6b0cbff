//! Fills in the request of a step: from templates to what is sent.

use bytes::Bytes;
use http::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, USER_AGENT,
};

use super::auth::authorization;
use crate::check_file::{self, Body};
use crate::http::{self as http_client, Request};
use crate::target::Target;
use crate::template::{Scope, Template};

/// Why a request cannot be made of the values that there are.
pub(super) struct Unfit {
    /// The part of the request.
    pub(super) what: String,
    pub(super) reason: String,
}

fn unfit(what: impl Into<String>) -> impl FnOnce(String) -> Unfit {
    let what = what.into();
    |reason| Unfit { what, reason }
}

/// The request, with all of its templates filled in.
pub(super) fn fill_in(
    request: &check_file::Request,
    target: &Target,
    scope: &Scope,
) -> Result<Request, Unfit> {
    let path = request.path.render(scope).map_err(unfit("the path"))?;
    let mut url = target.url(&path).map_err(unfit("the URL"))?;
    for (name, template) in &request.query {
        let value = template.render(scope).map_err(unfit("the query"))?;
        url.query_pairs_mut().append_pair(name, &value);
    }
    let mut headers = headers(&request.headers, scope)?;
    if let Some(value) = authorization(request.auth.as_ref(), scope).map_err(unfit("the login"))? {
        headers.entry(AUTHORIZATION).or_insert(value);
    }
    let (body, content_type) = match &request.body {
        None => (Bytes::new(), None),
        Some(body) => {
            let (bytes, content_type) = fill_in_body(body, scope)?;
            (bytes, Some(content_type))
        }
    };
    let defaults = [
        (CONTENT_TYPE, content_type),
        (ACCEPT, Some("*/*")),
        (USER_AGENT, Some(http_client::USER_AGENT)),
    ];
    for (name, value) in defaults {
        if let Some(value) = value {
            headers
                .entry(name)
                .or_insert(HeaderValue::from_static(value));
        }
    }
    Ok(Request {
        method: request.method.clone(),
        url,
        headers,
        body,
    })
}

fn headers(own: &[(HeaderName, Template)], scope: &Scope) -> Result<HeaderMap, Unfit> {
    let mut headers = HeaderMap::new();
    for (name, template) in own {
        let what = || unfit(format!("the header `{name}`"));
        let value = template.render(scope).map_err(what())?;
        let value = HeaderValue::from_str(&value)
            .map_err(|_| what()("a value that HTTP does not allow".to_owned()))?;
        headers.append(name, value);
    }
    Ok(headers)
}

/// The bytes of a body, and what they are.
fn fill_in_body(body: &Body, scope: &Scope) -> Result<(Bytes, &'static str), Unfit> {
    Ok(match body {
        Body::Json(value) => {
            let value = value.evaluate(scope).map_err(unfit("the body"))?;
            (value.to_string().into(), "application/json")
        }
        Body::Form(fields) => {
            let mut form = url::form_urlencoded::Serializer::new(String::new());
            for (name, template) in fields {
                let value = template.render(scope).map_err(unfit("the form"))?;
                form.append_pair(name, &value);
            }
            (form.finish().into(), "application/x-www-form-urlencoded")
        }
        Body::Text(template) => {
            let text = template.render(scope).map_err(unfit("the body"))?;
            (text.into(), "text/plain; charset=utf-8")
        }
        Body::File(bytes) => (bytes.clone(), "application/octet-stream"),
    })
}
