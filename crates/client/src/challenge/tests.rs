//! Answers to challenges, as the standard has them.

use super::*;

const URL: &str = "https://www.example.org/dir/index.html";

fn challenges(values: &[&str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(WWW_AUTHENTICATE, HeaderValue::from_str(value).unwrap());
    }
    headers
}

fn login() -> DigestLogin {
    DigestLogin::new("Mufasa".to_owned(), "Circle of Life".to_owned())
}

fn sent(login: &mut DigestLogin) -> String {
    let mut headers = HeaderMap::new();
    let url = URL.parse().unwrap();
    login.authorize(&Method::GET, &url, &mut headers).unwrap();
    headers
        .get(AUTHORIZATION)
        .map_or_else(String::new, |value| value.to_str().unwrap().to_owned())
}

#[test]
fn hashes_are_those_of_the_standard() {
    // RFC 7616, section 3.9.1; those with `-sess` are made of the same parts.
    let check = |algorithm: &str, expected: &str| {
        let challenge = format!(
            r#"Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={algorithm},
               nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/""#
        );
        let challenge = &challenge.replace('\n', "");
        let mut challenge = Challenge::of(&challenges(&[challenge])).unwrap();
        "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ".clone_into(&mut challenge.client_nonce);
        let mut login = login();
        login.challenge = Some(challenge);
        assert_eq!(
            sent(&mut login),
            format!(
                "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", \
                 nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", \
                 uri=\"/dir/index.html\", response=\"{expected}\", algorithm={algorithm}, \
                 cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", \
                 qop=auth, nc=00000001, opaque=\"FQhe/\""
            )
        );
        assert_eq!(login.response(), expected);
    };
    check("MD5", "8ca523f5e9506fed4657c9700eebdbec");
    check("MD5-sess", "e783283f46242139c486a698fec7211d");
    check(
        "SHA-256",
        "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
    );
    check(
        "SHA-256-sess",
        "2fd51b3a77ad75bad6afad6003e818d767133c46d9e2749e7f5232ae1ea3efd7",
    );
}

#[test]
fn an_old_server_gets_an_old_answer() {
    // RFC 2617, section 3.5, with its password and without `qop`.
    let old = r#"Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093""#;
    let mut login = DigestLogin::new("Mufasa".to_owned(), "Circle Of Life".to_owned());
    login.challenged(&challenges(&[old])).unwrap();
    assert_eq!(
        sent(&mut login),
        "Digest username=\"Mufasa\", realm=\"testrealm@host.com\", \
         nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", uri=\"/dir/index.html\", \
         response=\"670fd8c2df070c60b045671b8b24ff02\""
    );
}

#[test]
fn nothing_is_answered_that_was_not_asked() {
    assert_eq!(sent(&mut login()), "");
}

#[test]
fn answers_to_one_nonce_are_counted() {
    let mut login = login();
    let challenge = r#"Digest realm="a", nonce="b", qop="auth""#;
    login.challenged(&challenges(&[challenge])).unwrap();
    assert!(sent(&mut login).contains("nc=00000001"));
    assert!(sent(&mut login).contains("nc=00000002"));
    login.moved();
    login.challenged(&challenges(&[challenge])).unwrap();
    assert!(sent(&mut login).contains("nc=00000001"));
}

#[test]
fn the_first_challenge_that_is_known_is_answered() {
    let mut login = login();
    let all = challenges(&[
        r#"Basic realm="x""#,
        r#"Digest realm="a", nonce="b", algorithm=SHA-512-256, qop="auth""#,
        r#"Digest realm="a\"b", nonce="c", algorithm=SHA-256, qop=auth, Digest realm="d", nonce="d""#,
    ]);
    login.challenged(&all).unwrap();
    let sent = sent(&mut login);
    assert!(sent.contains(r#"realm="a\"b", nonce="c""#), "{sent}");
}

#[test]
fn a_stale_nonce_is_asked_for_once_more_and_a_refusal_is_not() {
    let fresh = challenges(&[r#"Digest realm="a", nonce="b", qop="auth""#]);
    let stale = challenges(&[r#"Digest realm="a", nonce="b", qop="auth", stale=TRUE"#]);
    let mut slow = login();
    assert!(slow.challenged(&fresh).is_ok());
    assert!(slow.challenged(&stale).is_ok());
    assert!(slow.challenged(&stale).is_err());
    let mut refused = login();
    assert!(refused.challenged(&fresh).is_ok());
    assert!(refused.challenged(&fresh).is_err());
    refused.moved();
    assert!(refused.challenged(&fresh).is_ok());
}

#[test]
fn what_cannot_be_answered_says_why() {
    let check = |value: &str, unknown: bool, found: &str| {
        let refused = login().challenged(&challenges(&[value])).unwrap_err();
        assert_eq!((refused.unknown, refused.found.as_str()), (unknown, found));
    };
    check(
        "Basic realm=\"a\", Bearer",
        false,
        "one by `Basic`, `Bearer`",
    );
    check(
        "Digest realm=a, nonce=b, algorithm=SHA-512-256",
        true,
        "the algorithm `SHA-512-256`",
    );
    check("Digest realm=a, nonce=b, qop=auth-int", true, "`auth-int`");
    check("Digest realm=a", false, "one without");
    let none = login().challenged(&HeaderMap::new()).unwrap_err();
    assert_eq!(none.found, "none");
}

#[test]
fn a_password_stays_out_of_what_is_shown_for_debugging() {
    assert_eq!(format!("{:?}", login()), "DigestLogin(Mufasa)");
}
