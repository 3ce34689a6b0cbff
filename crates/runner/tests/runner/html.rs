//! The HTML report in a real browser, headless.

mod appearance;
mod interaction;

use report::render::html;
use report::{Outcome, Problem, Refusal, Report};
use tokio::sync::OnceCell;

use crate::support::browser::Page;
use crate::support::{report, stage};

const HOSTILE: &str = r#"
name: "<b>shop</b> & co"
checks:
  - { name: fine, get: /healthz, tags: ["<i>"] }
  - { name: wrong, get: /status/500 }
  - { name: only a warning, get: /status/404, severity: warn }
  - name: </summary></details><script>document.title = "owned"</script>
    post: /echo
    text: "</pre></script><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\"> \u202e \u001b[31m \u0001"
    expect: { status: 418 }
  - { name: huge, post: /echo, text: "{{ '<b>' * 30000 }}", expect: { status: 418 } }
defaults: { writes: true }
"#;

/// One of everything that a report can hold.
const RICH: &str = r#"
name: storefront
defaults: { writes: true }
checks:
  - name: fine, by phases
    tags: [critical, smoke]
    get: /healthz
    expect: { latency: { dns: { below: 1m }, connect: { below: 1m }, tls: { below: 1m } } }
  - name: a customer sees orders
    steps:
      - { post: /login, json: { email: demo@example.com, password: correct-horse } }
      - { get: /orders, expect: { json: { "$.orders[*]": { count: 12 }, $.next: { exists: true } } } }
      - { get: /account }
  - { name: only a warning, get: /status/404, severity: warn }
  - name: many times
    get: /catalogue
    repeat: { times: 4, jobs: 2 }
    expect: { latency: { p95: { below: 1m } } }
  - { name: left out, skip: the printer is not part of this release, get: /invoice }
  - { name: in need, needs: too late, get: /catalogue }
  - { name: too late, get: /slow?ms=60000, timeout: 200ms }
  - name: quarantined
    quarantine: { until: 2130-01-31, owner: team search, reason: the index is being rebuilt }
    get: /status/500
  - name: a price comes
    websocket: /ws
    messages:
      - send: { subscribe: espresso-cup }
        expect: { json: { $.type: price } }
  - name: a-name-without-a-place-to-break-it-com.example.shop.checkout.integration.OrderControllerIntegrationTest-com.example.shop
    tags: [generated, a-tag-that-is-rather-long-as-tags-go-and-goes-on-and-on, checkout, nightly]
    post: "/echo?q={{ 'abcdefghij' * 40 }}"
    text: "{{ 'word ' * 2000 }}"
    expect: { body: { contains: "{{ 'x' * 300 }}" } }
  - name: שלום — عربي — 日本語 — ünïcödé
    post: /echo
    text: مرحبا بالعالم שלום עולם 日本語
    expect: { body: { equals: مرحبا } }
  - each: [{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }, { n: 5 }, { n: 6 }, { n: 7 }, { n: 8 }, { n: 9 }, { n: 10 }]
    name: "item {{ n }} is there"
    get: /status/200
teardown:
  - get: /status/500
"#;

async fn rich() -> &'static Report {
    static REPORT: OnceCell<Report> = OnceCell::const_new();
    let run = async || report(&stage().await, RICH).await;
    REPORT.get_or_init(run).await
}

/// A page with the rich report; `None` if there is no browser.
async fn page(fragment: &str) -> Option<Page> {
    Page::open(&html::render(rich().await), fragment)
}

/// The number of the check that came out so for the first time.
async fn first(wanted: Outcome) -> usize {
    let checks = &rich().await.checks;
    let at = checks.iter().position(|check| check.outcome == wanted);
    at.unwrap() + 1
}

#[tokio::test]
async fn a_hostile_answer_is_only_text_and_the_script_runs() {
    let stage = stage().await;
    let report = report(&stage, HOSTILE).await;
    let html = html::render(&report);
    assert!(!html.contains("<img"), "{html}");
    assert!(!html.contains('\u{1b}'));
    assert!(!html.contains('\u{202e}'));
    assert_eq!(html.matches("<script>").count(), 1);
    assert!(html.len() < 100_000, "{} bytes", html.len());
    let Some(mut page) = Page::open(&html, "") else {
        return;
    };
    let dom = page.text("document.documentElement.outerHTML");
    assert!(dom.contains("<title>✗ Failed: https://localhost:"), "{dom}");
    // Only the script takes this attribute away, and only if its hash is right.
    assert!(
        !dom.contains("<form id=\"controls\" role=\"search\" hidden"),
        "{dom}"
    );
    assert_eq!(dom.matches("<details class=\"check ").count(), 5);
    assert_eq!(
        dom.matches(" open=\"\"><summary><span class=\"mark\"")
            .count(),
        4
    );
}

#[tokio::test]
async fn filters_and_search_hide_what_does_not_fit() {
    let stage = stage().await;
    let report = report(&stage, HOSTILE).await;
    let Some(mut page) = Page::open(&html::render(&report), "") else {
        return;
    };
    let mut check = |script: &str, shown: u64, said: &str| {
        page.load("");
        page.eval(script);
        let visible = page.count("document.querySelectorAll('.check:not([hidden])').length");
        assert_eq!(visible, shown, "{script}");
        let dom = page.text("document.documentElement.outerHTML");
        assert!(dom.contains(said), "{said}: {script}");
    };
    let click = |filter: &str| format!("document.querySelector('[data-filter={filter}]').click();");
    let search = |words: &str| {
        format!(
            "{{ const s = document.getElementById('search'); s.value = '{words}'; s.dispatchEvent(new Event('input')); }}"
        )
    };
    check(&click("warned"), 1, ">1 of 5 checks shown<");
    check(
        &(click("failed") + &click("failed")),
        5,
        "aria-live=\"polite\"></output>",
    );
    // `500` alone may stand in a trace identifier by chance.
    check(&search("/STATUS/500 answer"), 1, ">1 of 5 checks shown<");
    check(&search("nothing like it"), 0, "<p id=\"none\">");
    let reset = "document.getElementById('reset').click();";
    check(
        &(click("warned") + &search("nothing like it") + reset),
        5,
        "aria-live=\"polite\"></output>",
    );
    check("document.getElementById('all').click();", 5, ">Close all<");
}

#[tokio::test]
async fn what_kept_the_checks_from_running_stays_in_sight() {
    let mut report = rich().await.clone();
    report.checks.clear();
    report.refusal = Some(Refusal {
        reason: "problems with the check files".into(),
        problems: vec![Problem {
            text: "shop.yaml:1:1: unknown key `chekcs`".into(),
            help: Some("write `checks`".into()),
        }],
    });
    let Some(mut page) = Page::open(&html::render(&report), "#check-1") else {
        return;
    };
    let seen = page.text("document.body.innerText");
    assert!(
        seen.contains("No check was run") && seen.contains("unknown key chekcs"),
        "{seen}"
    );
    assert!(!seen.contains("No check matches"), "{seen}");
    page.holds("!document.querySelector('#search, .suite, nav')");
}

#[tokio::test]
async fn a_long_list_of_failures_ends_with_how_many_there_are() {
    let mut report = rich().await.clone();
    let failed = first(Outcome::Failed).await - 1;
    report.checks = vec![report.checks[failed].clone(); 15];
    let html = html::render(&report);
    assert_eq!(html.matches("<li><a href=\"#check-").count(), 12, "{html}");
    assert!(html.contains("<p>and 3 more</p>"), "{html}");
    report.checks.truncate(12);
    assert!(!html::render(&report).contains(" more</p>"));
}
