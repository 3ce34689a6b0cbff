//! Redirects to where nothing is asked, and what is shown of those to where
//! something is.

use diagnostic::snippet::Colour;
use report::Outcome;
use report::render::failures;
use runner::settings::Limits;

use crate::support::server::{Reply, serve};
use crate::support::{plain, report_of};

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
