//! The cookies of one check (RFC 6265).
//!
//! The only module that knows the cookie crates.

use std::collections::BTreeMap;

use cookie_store::{CookieStore, RawCookie};
use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderValue};
use url::Url;

/// What the answers of a check have set so far, by the origin of the answer:
/// no host is told what another one set.
#[derive(Clone, Default)]
pub(super) struct Jar(BTreeMap<String, CookieStore>);

impl Jar {
    /// Keeps the cookies that an answer from `url` sets.
    pub(super) fn keep(&mut self, headers: &HeaderMap, url: &Url) {
        let cookies = headers
            .get_all(SET_COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .filter_map(|value| RawCookie::parse(value.to_owned()).ok());
        let origin = url.origin().ascii_serialization();
        let store = self.0.entry(origin).or_default();
        store.store_response_cookies(cookies, url);
    }

    /// Adds the cookies for `url` to a request, unless it names its own.
    pub(super) fn add_to(&self, headers: &mut HeaderMap, url: &Url) {
        if headers.contains_key(COOKIE) {
            return;
        }
        let Some(store) = self.0.get(&url.origin().ascii_serialization()) else {
            return;
        };
        let pairs: Vec<_> = store
            .get_request_values(url)
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        if !pairs.is_empty()
            && let Ok(value) = HeaderValue::from_str(&pairs.join("; "))
        {
            headers.insert(COOKIE, value);
        }
    }

    /// The value of the cookie of that name.
    pub(super) fn value(&self, name: &str) -> Option<String> {
        self.0
            .values()
            .flat_map(CookieStore::iter_unexpired)
            .find(|cookie| cookie.name() == name)
            .map(|cookie| cookie.value().to_owned())
    }
}
