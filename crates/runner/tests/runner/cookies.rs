//! The cookies of a check, and what an answer says of one.

use std::num::NonZeroUsize;

use report::verdict::{Verdict, judge};
use runner::settings::Limits;

use crate::support::{fails, passes, report_within, stage};

#[tokio::test]
async fn cookies_are_kept_within_a_check_and_not_beyond() {
    let stage = stage().await;
    let text = "
checks:
  - name: within
    writes: true
    steps:
      - post: /login
        form: { email: demo@example.com, password: correct-horse }
      - get: /account
        expect: { status: 200 }
  - name: beyond
    get: /account
    expect: { status: 401 }
";
    let limits = Limits {
        jobs: NonZeroUsize::MIN,
        ..Limits::default()
    };
    let report = report_within(&stage, text, limits).await;
    assert_eq!(judge(&report), Verdict::Succeeded, "{report:#?}");
}

#[tokio::test]
async fn a_cookie_s_attributes_can_be_expected() {
    let stage = stage().await;
    passes(
        &stage,
        "
get: /cookies
expect:
  cookies:
    session:
      value: abc
      secure: true
      http_only: true
      same_site: lax
      path: /
      domain: localhost
      max_age: { above: 1h, at_most: 2h }
    theme: { path: /shop, secure: false, max_age: { exists: false }, domain: { exists: false } }
    other: { path: { exists: false } }
",
    )
    .await;
    insta::assert_snapshot!(
        fails(
            &stage,
            "
get: /cookies
expect:
  cookies:
    session: { same_site: strict, max_age: { above: 30d } }
    theme: { secure: true }
    other: { http_only: true }
"
        )
        .await, @r#"
    error[wrong-answer]: unexpected `same_site` of the cookie `session`
     --> shop.yaml:6:31
      |
    6 |         session: { same_site: strict, max_age: { above: 30d } }
      |                               ^^^^^^ expected `"strict"`, found `"lax"`
    error[wrong-answer]: unexpected `max_age` of the cookie `session`
     --> shop.yaml:6:50
      |
    6 |         session: { same_site: strict, max_age: { above: 30d } }
      |                                                  ^^^^^^^^^^ expected above 30 d, found 2 h 00 m
    error[wrong-answer]: unexpected `secure` of the cookie `theme`
     --> shop.yaml:7:26
      |
    7 |         theme: { secure: true }
      |                          ^^^^ expected `true`, found `false`
    error[wrong-answer]: unexpected `http_only` of the cookie `other`
     --> shop.yaml:8:29
      |
    8 |         other: { http_only: true }
      |                             ^^^^ expected `true`, found nothing
      |
      = note: GET https://localhost:PORT/cookies answered 200 (N time)
    "#);
}
