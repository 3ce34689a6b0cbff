//! The cookies of one check (RFC 6265).

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use cookie_store::{Cookie, CookieStore, RawCookie};
use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderValue};
use url::Url;

/// What the answers of a check have set so far, by the origin of the answer:
/// no host is told what another one set.
#[derive(Clone, Default)]
pub(super) struct Jar(BTreeMap<String, OriginCookies>);

/// The cookies that one origin set.
#[derive(Clone, Default)]
struct OriginCookies {
    cookies: CookieStore,
    /// When each was created, which the crate does not keep.
    created: HashMap<CookieKey, usize>,
    inserted: usize,
}

/// The domain, path and name of a cookie, which make it what it is (RFC 6265,
/// section 5.3, step 11).
type CookieKey = (String, String, String);

impl OriginCookies {
    fn insert(&mut self, cookie: Cookie<'static>, url: &Url) {
        let (domain, path, name) = cookie_key(&cookie);
        // A cookie that is set again stays as old as it was (RFC 6265, section
        // 5.3, step 11.3).
        if !self.cookies.contains(&domain, &path, &name) {
            self.created.insert((domain, path, name), self.inserted);
        }
        self.inserted += 1;
        // The crate refuses a cookie that its answer may not set; a browser
        // ignores it as well.
        let _ = self.cookies.insert(cookie, url);
    }

    /// Cookies as they are sent: those with longer paths first, and of those
    /// the older ones (RFC 6265, section 5.4, step 2).
    fn sort_for_request<'c>(
        &self,
        mut cookies: Vec<&'c Cookie<'static>>,
    ) -> Vec<&'c Cookie<'static>> {
        cookies.sort_by_cached_key(|cookie| {
            let key = cookie_key(cookie);
            (Reverse(key.1.len()), self.created.get(&key).copied())
        });
        cookies
    }
}

fn cookie_key(cookie: &Cookie<'_>) -> CookieKey {
    let (domain, path) = (String::from(&cookie.domain), String::from(&cookie.path));
    (domain, path, cookie.name().to_owned())
}

impl Jar {
    /// Stores the cookies that an answer from `url` sets.
    pub(super) fn store(&mut self, headers: &HeaderMap, url: &Url) {
        let cookies = headers.get_all(SET_COOKIE).iter();
        let cookies = cookies.filter_map(|value| {
            let cookie = RawCookie::parse(to_text(value.as_bytes())).ok()?;
            Cookie::try_from_raw_cookie(&cookie, url).ok()
        });
        let origin = url.origin().ascii_serialization();
        let store = self.0.entry(origin).or_default();
        cookies.for_each(|cookie| store.insert(cookie, url));
    }

    /// Adds the cookies for `url` to a request, but for those that it names
    /// itself.
    pub(super) fn add_to(&self, headers: &mut HeaderMap, url: &Url) {
        let Some(store) = self.0.get(&url.origin().ascii_serialization()) else {
            return;
        };
        // The step's own header need not be text.
        let own = headers.get(COOKIE).map(HeaderValue::as_bytes);
        let own_names: Vec<&[u8]> = own
            .unwrap_or_default()
            .split(|byte| *byte == b';')
            .filter_map(|pair| pair.split(|byte| *byte == b'=').next())
            .map(<[u8]>::trim_ascii)
            .collect();
        let mut all: Vec<Vec<u8>> = store
            .sort_for_request(store.cookies.matches(url))
            .into_iter()
            .map(|cookie| (to_bytes(cookie.name()), to_bytes(cookie.value())))
            .filter(|(name, _)| !own_names.contains(&name.as_slice()))
            .map(|(name, value)| [name, value].join(&b'='))
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
        let name = to_text(name.as_bytes());
        self.0
            .values()
            .flat_map(|store| store.sort_for_request(store.cookies.iter_unexpired().collect()))
            .find(|cookie| cookie.name() == name)
            .map(|cookie| String::from_utf8_lossy(&to_bytes(cookie.value())).into_owned())
    }
}

/// Where the bytes stand that are not ASCII while the crate has them: among the
/// characters for private use, none of which it takes for a blank.
const PRIVATE: u32 = 0xe000;

/// A header, whose bytes need be no text (RFC 6265, section 5.2), for the
/// crate, which takes text.
fn to_text(bytes: &[u8]) -> String {
    let each = bytes.iter().map(|byte| match byte {
        ascii @ 0..=0x7f => char::from(*ascii),
        other => char::from_u32(PRIVATE + u32::from(*other)).unwrap_or_default(),
    });
    each.collect()
}

/// The bytes that such a text was made of.
fn to_bytes(text: &str) -> Vec<u8> {
    let each = text.chars().map(|c| match u32::from(c) {
        code @ PRIVATE.. => code - PRIVATE,
        ascii => ascii,
    });
    each.map(|code| u8::try_from(code).unwrap_or(b'?'))
        .collect()
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
        jar.store(&answer, &url);
        let sent = |own: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            headers.extend(own.map(|own| (COOKIE, HeaderValue::from_str(own).unwrap())));
            jar.add_to(&mut headers, &url);
            String::from_utf8(headers[COOKIE].as_bytes().to_vec()).unwrap()
        };
        assert_eq!(sent(None), "session=1; theme=light");
        assert_eq!(sent(Some("theme=dark; a=b")), "session=1; theme=dark; a=b");
        assert_eq!(sent(Some("session=2; theme=dark")), "session=2; theme=dark");
        let with_umlaut = "session=1; theme=light; name=Jörg";
        assert_eq!(sent(Some("name=Jörg")), with_umlaut);
    }

    /// What is sent to a path after these were set, one answer after the other.
    fn sent_after(set: &[&[u8]], path: &str) -> Vec<u8> {
        let url = Url::parse("https://shop.example/a/b/c").unwrap();
        let mut jar = Jar::default();
        for cookie in set {
            let value = HeaderValue::from_bytes(cookie).unwrap();
            jar.store(&HeaderMap::from_iter([(SET_COOKIE, value)]), &url);
        }
        let mut headers = HeaderMap::new();
        jar.add_to(&mut headers, &url.join(path).unwrap());
        let value = headers.get(COOKIE).map(HeaderValue::as_bytes);
        value.unwrap_or_default().to_vec()
    }

    #[test]
    fn cookies_are_sent_by_the_length_of_their_paths_and_then_by_their_age() {
        let check = |set: &[&str], path: &str, expected: &str| {
            let cookies: Vec<_> = set.iter().map(|cookie| cookie.as_bytes()).collect();
            let value = sent_after(&cookies, path);
            assert_eq!(String::from_utf8(value).unwrap(), expected, "{set:?}");
        };
        let all = [
            "z=1; Path=/",
            "y=2; Path=/a/b",
            "x=3; Path=/a; Domain=shop.example",
            "w=4; Path=/",
            "v=5; Path=/a/b; Domain=shop.example",
            "u=6; Path=/a",
            "z=7; Path=/a",
            "t=8; Path=/",
        ];
        check(&all, "/a/b/c", "y=2; v=5; x=3; u=6; z=7; z=1; w=4; t=8");
        check(&all, "/", "z=1; w=4; t=8");
        // One that is set again keeps its place, one that was deleted does not.
        check(&["a=1", "b=2", "a=3"], "/a/b/c", "a=3; b=2");
        check(
            &["a=1", "b=2", "a=; Max-Age=0", "a=3"],
            "/a/b/c",
            "b=2; a=3",
        );
        // One that may not be set makes no place.
        check(
            &["a=1; Domain=other.example", "b=2", "a=3"],
            "/a/b/c",
            "b=2; a=3",
        );
        let many: Vec<_> = (0..50).map(|at| format!("n{at}={at}")).collect();
        let set: Vec<_> = many.iter().map(String::as_str).collect();
        check(&set, "/a/b/c", &many.join("; "));
    }

    #[test]
    fn a_cookie_is_sent_as_it_came_also_where_it_is_no_text() {
        for cookie in [
            "name=Jörg à la".as_bytes(),
            b"caf\xe9=\xa0\xff\x85",
            "k=🔑".as_bytes(),
        ] {
            assert_eq!(sent_after(&[cookie], "/a/b/c"), cookie);
        }
        let url = Url::parse("https://shop.example/").unwrap();
        let mut jar = Jar::default();
        let value = HeaderValue::from_bytes("größe=groß; Path=/".as_bytes()).unwrap();
        jar.store(&HeaderMap::from_iter([(SET_COOKIE, value)]), &url);
        assert_eq!(jar.value("größe").as_deref(), Some("groß"));
    }
}
