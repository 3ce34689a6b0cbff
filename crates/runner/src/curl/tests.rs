//! The commands, as people read them; `tests/runner/curl.rs` runs them.

use http::{HeaderMap, HeaderName, HeaderValue};

use super::*;
use client::http::Transport;
use redact::Secret;

fn request(method: Method, url: &str, headers: &[(&str, &str)], body: &[u8]) -> Request {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(
            HeaderName::from_bytes(name.as_bytes()).unwrap(),
            HeaderValue::from_str(value).unwrap(),
        );
    }
    Request {
        method,
        url: url.parse().unwrap(),
        headers: map,
        body: body.to_vec().into(),
        transport: Transport::default(),
    }
}

fn told(request: &Request, secret: &str) -> String {
    let connection = Connection {
        target: "https://shop.example.com:8443".parse().unwrap(),
        connect_to: None,
        cacert: None,
    };
    let redactor = Redactor::new(&[Secret {
        name: "SHOP_PASSWORD".to_owned(),
        value: secret.to_owned(),
    }]);
    command(request, &connection, &redactor)
}

#[test]
fn a_plain_request_is_one_line() {
    let request = request(Method::GET, "https://shop.example.com:8443/a", &[], b"");
    insta::assert_snapshot!(told(&request, ""), @"curl --include https://shop.example.com:8443/a");
}

#[test]
fn the_connection_is_as_it_was_given() {
    let request = request(Method::HEAD, "https://shop.example.com/a?b=[1]", &[], b"");
    let connection = Connection {
        target: "https://shop.example.com".parse().unwrap(),
        connect_to: Some("[::1]:8443".parse().unwrap()),
        cacert: Some("our ca's.pem".into()),
    };
    let told = command(&request, &connection, &Redactor::default());
    insta::assert_snapshot!(told, @r"
    curl --head \
      --globoff \
      --connect-to 'shop.example.com:443:[::1]:8443' \
      --cacert 'our ca'\''s.pem' \
      'https://shop.example.com/a?b=[1]'
    ");
}

#[test]
fn secrets_are_variables_that_name_the_form_that_is_needed() {
    let request = request(
        Method::POST,
        "https://shop.example.com/a%22b?p=a%22b",
        &[
            ("authorization", "Basic dXNlcjphImI="),
            ("x-key", "it's a\"b"),
        ],
        br#"{"p":"a\"b"}"#,
    );
    insta::assert_snapshot!(told(&request, "a\"b"), @r#"
    curl --include \
      --request POST \
      --user user:"$SHOP_PASSWORD" \
      --header 'x-key: it'\''s '"$SHOP_PASSWORD" \
      --data-raw '{"p":"'"$SHOP_PASSWORD_IN_JSON"'"}' \
      https://shop.example.com/"$SHOP_PASSWORD_IN_URL"'?p='"$SHOP_PASSWORD_IN_URL"
    "#);
}

#[test]
fn headers_that_are_credentials_by_nature_are_variables_too() {
    let request = request(
        Method::GET,
        "https://shop.example.com/",
        &[
            ("authorization", "Bearer t0ken"),
            ("cookie", "session=abc; theme=dark"),
        ],
        b"",
    );
    insta::assert_snapshot!(told(&request, "secret"), @r#"
    curl --include \
      --header 'authorization: Bearer '"$AUTHORIZATION" \
      --header 'cookie: session='"$COOKIE_SESSION"'; theme='"$COOKIE_THEME" \
      https://shop.example.com/
    "#);
}

#[test]
fn a_body_that_no_quotes_can_hold_is_piped_in() {
    let request = request(
        Method::PUT,
        "https://shop.example.com/",
        &[],
        b"--100%\n\ttop\\secret'\n",
    );
    insta::assert_snapshot!(told(&request, "secret"), @r#"
    printf '\055-100%%\n\011top\\%s'\''\n' "$SHOP_PASSWORD" | curl --include \
      --request PUT \
      --data-binary @- \
      https://shop.example.com/
    "#);
}

#[test]
fn a_body_that_is_too_long_is_left_to_a_file() {
    let request = request(
        Method::POST,
        "https://shop.example.com/",
        &[],
        &[b'x'; MOST_BODY + 1],
    );
    insta::assert_snapshot!(told(&request, ""), @r"
    # the body of 8193 bytes is too long for this line: put it into `body.bin`
    curl --include \
      --request POST \
      --data-binary @body.bin \
      https://shop.example.com/
    ");
}
