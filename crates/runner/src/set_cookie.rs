//! What `set-cookie` says of a cookie beside its value (RFC 6265, section 5.2).

use cookie_store::RawCookie;
use http::HeaderMap;
use http::header::SET_COOKIE;
use jiff::Timestamp;

/// A cookie as an answer sets it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct SetCookie {
    pub(crate) secure: bool,
    pub(crate) http_only: bool,
    /// In lower case: `strict`, `lax`, `none`.
    pub(crate) same_site: Option<String>,
    pub(crate) path: Option<String>,
    /// In lower case, without a dot at its begin.
    pub(crate) domain: Option<String>,
    /// For how many seconds it lives from now on, by `Max-Age` or else by
    /// `Expires`; absent for a cookie that ends with the session.
    pub(crate) max_age: Option<i64>,
}

/// The cookie of that name; the last one if it is set several times.
pub(crate) fn find_cookie(headers: &HeaderMap, name: &str) -> Option<SetCookie> {
    headers
        .get_all(SET_COOKIE)
        .iter()
        .map(|value| String::from_utf8_lossy(value.as_bytes()))
        .filter_map(|text| parse(&text, name, Timestamp::now()))
        .next_back()
}

fn parse(text: &str, name: &str, now: Timestamp) -> Option<SetCookie> {
    let cookie = RawCookie::parse(text).ok()?;
    if cookie.name() != name {
        return None;
    }
    let max_age = match (cookie.max_age(), cookie.expires_datetime()) {
        (Some(age), _) => Some(age.whole_seconds()),
        (None, Some(end)) => Some(end.unix_timestamp() - now.as_second()),
        (None, None) => None,
    };
    Some(SetCookie {
        secure: cookie.secure() == Some(true),
        http_only: cookie.http_only() == Some(true),
        same_site: cookie
            .same_site()
            .map(|site| site.to_string().to_lowercase()),
        path: cookie.path().map(str::to_owned),
        domain: cookie.domain().map(str::to_lowercase),
        max_age,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_read_as_browsers_read_them() {
        let now: Timestamp = "2030-01-01T00:00:00Z".parse().unwrap();
        let text = "session=a=b; Path=/shop; DOMAIN=.Example.com; HttpOnly; secure;SameSite=Lax; Max-Age=60";
        let cookie = parse(text, "session", now).unwrap();
        assert_eq!(
            cookie,
            SetCookie {
                secure: true,
                http_only: true,
                same_site: Some("lax".to_owned()),
                path: Some("/shop".to_owned()),
                domain: Some("example.com".to_owned()),
                max_age: Some(60),
            }
        );
        assert_eq!(parse(text, "other", now), None);
    }

    #[test]
    fn a_date_is_a_lifetime_too_and_comes_after_one() {
        let now: Timestamp = "2030-01-01T00:00:00Z".parse().unwrap();
        let age = |text: &str| parse(text, "a", now).unwrap().max_age;
        assert_eq!(age("a=1; Expires=Tue, 01 Jan 2030 00:01:00 GMT"), Some(60));
        assert_eq!(age("a=1; Expires=Tue, 01-Jan-2030 00:01:00 GMT"), Some(60));
        assert_eq!(
            age("a=1; expires=Thu, 01 Jan 1970 00:00:00 GMT"),
            Some(-1_893_456_000)
        );
        assert_eq!(
            age("a=1; Max-Age=5; Expires=Tue, 01 Jan 2030 00:01:00 GMT"),
            Some(5)
        );
        assert_eq!(age("a=1; Expires=soon"), None);
    }
}
