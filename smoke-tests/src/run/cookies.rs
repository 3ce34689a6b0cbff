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

    /// Adds the cookies for `url` to a request, but for those that it names
    /// itself.
    pub(super) fn add_to(&self, headers: &mut HeaderMap, url: &Url) {
        let Some(store) = self.0.get(&url.origin().ascii_serialization()) else {
            return;
        };
        // Its bytes need not be text.
        let own = headers.get(COOKIE).map(HeaderValue::as_bytes);
        let named: Vec<&[u8]> = own
            .unwrap_or_default()
            .split(|byte| *byte == b';')
            .filter_map(|pair| pair.split(|byte| *byte == b'=').next())
            .map(<[u8]>::trim_ascii)
            .collect();
        let mut all: Vec<Vec<u8>> = store
            .get_request_values(url)
            .filter(|(name, _)| !named.contains(&name.as_bytes()))
            .map(|(name, value)| format!("{name}={value}").into_bytes())
            .collect();
        if all.is_empty() {
            return;
        }
        all.extend(own.map(<[u8]>::to_vec));
        if let Ok(mut value) = HeaderValue::from_bytes(&all.join(b"; ".as_slice())) {
            value.set_sensitive(headers.get(COOKIE).is_some_and(HeaderValue::is_sensitive));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_names_its_own_cookies_beside_those_that_are_kept() {
        let url = Url::parse("https://shop.example/").unwrap();
        let mut jar = Jar::default();
        let mut answer = HeaderMap::new();
        for cookie in ["session=1", "theme=light"] {
            answer.append(SET_COOKIE, HeaderValue::from_static(cookie));
        }
        jar.keep(&answer, &url);
        let sent = |own: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            headers.extend(own.map(|own| (COOKIE, HeaderValue::from_str(own).unwrap())));
            jar.add_to(&mut headers, &url);
            let sent = String::from_utf8(headers[COOKIE].as_bytes().to_vec()).unwrap();
            // The jar has no order.
            let mut pairs: Vec<_> = sent.split("; ").map(str::to_owned).collect();
            pairs.sort();
            pairs.join("; ")
        };
        assert_eq!(sent(None), "session=1; theme=light");
        assert_eq!(sent(Some("theme=dark; a=b")), "a=b; session=1; theme=dark");
        assert_eq!(sent(Some("session=2; theme=dark")), "session=2; theme=dark");
        let with_umlaut = "name=Jörg; session=1; theme=light";
        assert_eq!(sent(Some("name=Jörg")), with_umlaut);
    }
}
