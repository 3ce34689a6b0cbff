//! Redirects: which are followed, and what is shown of them.

use diagnostic::snippet::Colour;
use report::Outcome;
use report::render::failures;
use runner::settings::Limits;

use crate::support::server::{Reply, serve};
use crate::support::{fails, passes, plain, report_of, stage};

#[tokio::test]
async fn a_redirect_to_a_scheme_of_which_nothing_is_asked_is_not_followed() {
    let target = serve(|path| async move {
        let location = match path.as_str() {
            "/script" => "location: javascript:alert(1)\n",
            "/data" => "location: data:text/html,hello\n",
            _ => "location: blob:https://shop.example/1\n",
        };
        Reply::Bytes(302, location, Vec::new())
    })
    .await;
    let file = "
name: shop
defaults: { follow_redirects: true }
checks:
  - { name: a, get: /script }
  - { name: b, get: /data }
  - { name: c, get: /blob }
";
    let report = report_of(&plain(&target), file, Limits::default()).await;
    let said = report.checks.iter();
    let said = said.map(|check| failures(check, Colour::Never));
    let said = said.collect::<String>();
    let said = said.lines().filter(|line| !line.contains("note: GET"));
    insta::assert_snapshot!(said.collect::<Vec<_>>().join("\n"));
}

#[tokio::test]
async fn a_fragment_is_neither_sent_nor_shown() {
    let target = serve(|path| async move {
        match path.as_str() {
            "/old?a=b" => Reply::Bytes(302, "location: /new?c=d#there\n", Vec::new()),
            "/new?c=d" => Reply::Answer(200, "it".to_owned()),
            _ => Reply::Answer(404, path),
        }
    })
    .await;
    let file = "
name: shop
variables: { tail: '#here' }
checks:
  - name: a
    get: '/old?a=b{{ tail }}'
    follow_redirects: true
    expect: { status: 200, body: it, url: '/new?c=d', redirects: ['/new?c=d'] }
";
    let report = report_of(&plain(&target), file, Limits::default()).await;
    let check = &report.checks[0];
    assert_eq!(
        check.outcome,
        Outcome::Passed,
        "{}",
        failures(check, Colour::Never)
    );
    let url = check.steps[0].url.as_deref().unwrap();
    assert!(url.ends_with("/new?c=d"), "{url}");
}

#[tokio::test]
async fn a_redirect_is_not_followed_unless_asked() {
    let stage = stage().await;
    passes(
        &stage,
        "get: /old-shop\nexpect: { status: 302, headers: { location: /catalogue } }",
    )
    .await;
    passes(&stage, "get: /old-shop\nfollow_redirects: true").await;
}

#[tokio::test]
async fn a_redirect_loop_ends_in_a_failure() {
    insta::assert_snapshot!(fails(&stage().await, "get: /redirect-loop\nfollow_redirects: 5").await, @"
    error[wrong-answer]: too many redirects
     --> shop.yaml:3:5
      |
    3 |     get: /redirect-loop
      |     ^^^^^^^^^^^^^^^^^^^ expected at most 5, found another one to `/redirect-loop`
      |
      = note: GET https://localhost:PORT/redirect-loop answered 302 (N time)
      = help: raise `follow_redirects` if the way is that long, or expect the redirect's own status
    ");
}

#[tokio::test]
async fn a_redirect_to_another_host_is_not_followed() {
    insta::assert_snapshot!(fails(&stage().await, "get: /elsewhere\nfollow_redirects: true").await, @"
    error[wrong-answer]: a redirect that is not followed
     --> shop.yaml:3:5
      |
    3 |     get: /elsewhere
      |     ^^^^^^^^^^^^^^^ expected a redirect that stays on the target, found `https://example.com`, which is not on the target `https://localhost:PORT`
      |
      = note: GET https://localhost:PORT/elsewhere answered 302 (N time)
      = help: allow the host with `--allow-host` if it is yours to ask
    ");
}

#[tokio::test]
async fn a_captured_url_of_another_host_is_not_asked() {
    insta::assert_snapshot!(fails(&stage().await, "
steps:
  - get: /elsewhere
    expect: { status: 302 }
    capture: { next: { header: location } }
  - get: '{{ next }}'
").await, @"
    error[could-not-ask]: the URL cannot be made
     --> shop.yaml:7:9
      |
    7 |       - get: '{{ next }}'
      |         ^^^^^^^^^^^^^^^^^ expected values that fit into it, found `https://example.com`, which is not on the target `https://localhost:PORT`
      |
      = help: correct the value; allow the host with `--allow-host` if it is yours to ask
    ");
}

#[tokio::test]
async fn the_way_through_redirects_can_be_expected_and_captured() {
    let stage = stage().await;
    passes(
        &stage,
        r#"
steps:
  - get: /redirect/2
    follow_redirects: true
    expect:
      redirects: [/redirect/1, /redirect/0]
      url: /redirect/0
    capture: { landed: url, issuer: { tls: issuer } }
  - get: "{{ landed }}"
    headers: { x-issuer: "{{ issuer }}" }
    expect: { redirects: { count: 0 }, url: "{{ landed }}" }
"#,
    )
    .await;
    insta::assert_snapshot!(fails(&stage, "get: /old-shop\nfollow_redirects: true\nexpect: { redirects: { contains: /login }, url: { ends_with: /login } }").await, @r#"
    error[wrong-answer]: unexpected redirects
     --> shop.yaml:5:28
      |
    5 |     expect: { redirects: { contains: /login }, url: { ends_with: /login } }
      |                            ^^^^^^^^^^^^^^^^ expected something that contains `"/login"`, found `["/catalogue"]`
    error[wrong-answer]: unexpected URL
     --> shop.yaml:5:55
      |
    5 |     expect: { redirects: { contains: /login }, url: { ends_with: /login } }
      |                                                       ^^^^^^^^^^^^^^^^^ expected text that ends with `"/login"`, found `"/catalogue"`
      |
      = note: GET https://localhost:PORT/catalogue answered 200 (N time)
      = note: the answer begins: {"count":8,"items":[{"id":"espresso-cup","name":"Espresso cup","price_cents":1250,"currency":"EUR","category":"cups","in_stock":true,"tags":["porcelain","small"]},{"id":"cappuccino-cup","name":"Cappuccino cup","price_cents":1490,"currency":"EUR","category":"cups","in_stock":true,"tags":["porcelain"]},{"id":"travel-mug","name":"Travel mug","price_cents":2400,"currency":"EUR","category":"cups","in_s…
    "#);
}
