//! The HTML report in a real browser, headless.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr
)]

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use smoke_tests::render::html;
use support::{report, stage};

const FLAGS: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--virtual-time-budget=5000",
];

/// The browser, if it is there; in CI it must be.
fn chromium() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .flat_map(|folder| ["chromium", "chromium-browser"].map(|name| folder.join(name)))
        .find(|path| path.is_file());
    if found.is_none() {
        assert!(
            std::env::var_os("CI").is_none_or(|value| value.is_empty()),
            "expected `chromium`, found none"
        );
        // Past the test harness, which would keep it to itself.
        let line = b"SKIPPED: expected `chromium`, found none; install it\n";
        let _ = std::io::Write::write_all(&mut std::io::stderr(), line);
    }
    found
}

/// The document as it is after its script has run.
fn dom(browser: &Path, html: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("report.html");
    std::fs::write(&page, html).unwrap();
    let output = Command::new(browser)
        .args(FLAGS)
        .arg(format!(
            "--user-data-dir={}",
            folder.path().join("profile").display()
        ))
        .arg("--dump-dom")
        .arg(format!("file://{}", page.display()))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

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

#[tokio::test]
async fn a_hostile_answer_is_only_text_and_the_script_runs() {
    let stage = stage().await;
    let report = report(&stage, HOSTILE).await;
    let html = html::report(&report);
    assert!(!html.contains("<img"), "{html}");
    assert!(!html.contains('\u{1b}'));
    assert!(!html.contains('\u{202e}'));
    assert_eq!(html.matches("<script>").count(), 1);
    assert!(html.len() < 100_000, "{} bytes", html.len());
    let Some(browser) = chromium() else { return };
    let dom = dom(&browser, &html);
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
    let Some(browser) = chromium() else { return };
    let stage = stage().await;
    let report = report(&stage, HOSTILE).await;
    // The policy lets no other script run, so the test goes without one.
    let html = html::report(&report);
    let policy = html.find("<meta http-equiv").unwrap();
    let end = policy + html[policy..].find('>').unwrap() + 1;
    let html = format!("{}{}", &html[..policy], &html[end..]);
    let check = |script: &str, shown: usize, said: &str| {
        let page = html.replace("</body>", &format!("<script>{script}</script></body>"));
        let dom = dom(&browser, &page);
        let visible = dom
            .split("<details class=\"check ")
            .skip(1)
            .filter(|rest| !rest.split('>').next().unwrap().contains("hidden"))
            .count();
        assert_eq!(visible, shown, "{script}");
        assert!(dom.contains(said), "{said}: {script}");
    };
    let click = |filter: &str| format!("document.querySelector('[data-filter={filter}]').click();");
    let search = |words: &str| {
        format!(
            "const s = document.getElementById('search'); s.value = '{words}'; s.dispatchEvent(new Event('input'));"
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
    check("document.getElementById('all').click();", 5, ">Close all<");
}
