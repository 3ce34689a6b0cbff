//! The HTML report under people's hands: keyboard, links, the clipboard.

use report::Outcome;
use serde_json::json;

use super::{first, page, rich};

/// Everything that a person can do something with, in the order of the text.
const CONTROLS: &str = "[...document.querySelectorAll('a[href], button:enabled, input, summary, [tabindex=\"0\"]')]\
    .filter((one) => one.checkVisibility())";

#[tokio::test]
async fn the_keyboard_reaches_everything_in_order_and_shows_where_it_is() {
    let Some(mut page) = page("").await else {
        return;
    };
    page.eval(&format!("window.controls = {CONTROLS}"));
    let controls = page.count("controls.length");
    assert!(controls > 40, "{controls}");
    for at in 0..controls {
        page.press("Tab", 0);
        let place = page.eval(
            "(() => {
              const one = document.activeElement, style = getComputedStyle(one), box = one.getBoundingClientRect();
              const bar = document.getElementById('bar');
              const under = !bar.contains(one) && !one.closest('header, .skip') ? bar.getBoundingClientRect().bottom : 0;
              return {
                at: controls.indexOf(one), what: one.outerHTML.slice(0, 80),
                ring: style.outlineStyle === 'solid' && parseFloat(style.outlineWidth) >= 2,
                seen: box.bottom > under && box.top < innerHeight && box.right > 0,
              };
            })()",
        );
        assert_eq!(place["at"], at, "{place}");
        assert!(place["ring"] == true && place["seen"] == true, "{place}");
    }
}

#[tokio::test]
async fn keys_open_filter_and_skip() {
    let Some(mut page) = page("").await else {
        return;
    };
    let passed = first(Outcome::Passed).await;
    let focus = |selector: &str| format!("document.querySelector('{selector}').focus()");
    let open = format!("document.getElementById('check-{passed}').open");
    page.eval(&focus(&format!("#check-{passed} > summary")));
    assert_eq!(page.eval(&open), false);
    page.press("Enter", 0);
    assert_eq!(page.eval(&open), true);
    page.press(" ", 0);
    assert_eq!(page.eval(&open), false);

    page.eval(&focus("[data-filter=warned]"));
    page.press(" ", 0);
    page.holds("document.activeElement.getAttribute('aria-pressed') === 'true'");
    page.holds("document.getElementById('shown').textContent === '2 of 21 checks shown'");
    page.press("Enter", 0);
    page.holds("document.getElementById('shown').textContent === ''");

    page.eval(&focus(".skip"));
    page.holds("document.activeElement.getBoundingClientRect().left >= 0");
    page.press("Enter", 0);
    page.press("Tab", 0);
    page.holds("document.activeElement.closest('.check').id === 'check-1'");
}

#[tokio::test]
async fn a_slash_begins_a_search_and_escape_ends_it() {
    let Some(mut page) = page("").await else {
        return;
    };
    // What browsers do with it themselves stays theirs.
    page.eval("addEventListener('keydown', (event) => { window.kept = !event.defaultPrevented; })");
    for modifier in [1, 2, 4] {
        page.press("/", modifier);
        page.holds("document.activeElement === document.body && window.kept");
    }
    page.press("/", 0);
    page.holds("document.activeElement.id === 'search' && document.activeElement.value === ''");
    page.press("/", 0);
    page.holds("document.activeElement.value === '/' && window.kept");
    page.eval("document.activeElement.value = ''");
    for letter in ["l", "e", "f", "t"] {
        page.press(letter, 0);
    }
    page.holds("document.getElementById('shown').textContent.startsWith('1 of ')");
    page.press("Escape", 0);
    page.holds("document.activeElement.value === ''");
    page.holds("document.getElementById('shown').textContent === ''");
    // It begins anew from what was searched for.
    page.press("a", 0);
    page.eval("document.activeElement.blur()");
    page.press("/", 0);
    page.press("b", 0);
    page.holds("document.activeElement.value === 'b'");
}

/// That a check is open, in sight and in focus.
fn shown(number: usize) -> String {
    format!(
        "(() => {{
          const check = document.getElementById('check-{number}'), box = check.getBoundingClientRect();
          const bar = document.getElementById('bar').getBoundingClientRect();
          return check.open && !check.hidden && box.top >= bar.bottom - 1 && box.top < innerHeight - 40
            && document.activeElement === check.querySelector('summary');
        }})()"
    )
}

#[tokio::test]
async fn a_link_to_a_check_leads_to_it_whatever_was_filtered() {
    let (passed, failed) = (first(Outcome::Passed).await, first(Outcome::Failed).await);
    let last = rich().await.checks.len() - 4;
    let Some(mut page) = page(&format!("#check-{last}")).await else {
        return;
    };
    // To the one that the address names, though it is closed and far below.
    page.holds(&shown(last));
    // To one that a filter and a search hide.
    let follow = |link: &str| {
        format!(
            "new Promise((done) => {{
              addEventListener('hashchange', () => done(true), {{ once: true }});
              {link};
            }})"
        )
    };
    page.eval("document.querySelector('[data-filter=passed]').click()");
    page.holds(&format!("document.getElementById('check-{failed}').hidden"));
    let link = format!("document.querySelector('nav a[href=\"#check-{failed}\"]').click()");
    page.holds(&follow(&link));
    page.holds(&shown(failed));
    page.holds("document.getElementById('shown').textContent === ''");
    page.holds(&follow(&format!("location.hash = '#check-{passed}'")));
    page.holds(&shown(passed));
    // To the same once more.
    page.eval(&format!(
        "document.getElementById('check-{passed}').open = false; document.querySelector('#search').focus()"
    ));
    page.eval(&format!(
        "document.querySelector('#check-{passed} .link a').click()"
    ));
    page.holds(&shown(passed));
    // To none.
    page.holds(&follow("location.hash = '#check-9999'"));
}

#[tokio::test]
async fn a_command_is_copied_or_at_least_selected() {
    let Some(mut page) = page("").await else {
        return;
    };
    let allowed = json!({ "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"] });
    page.call("Browser.grantPermissions", allowed);
    page.call("Page.bringToFront", json!({}));
    let click = |at: usize| {
        format!(
            "new Promise((done) => {{
              const button = document.querySelectorAll('.copy')[{at}];
              new MutationObserver(() => done(button.textContent)).observe(button, {{ childList: true }});
              button.click();
            }})"
        )
    };
    assert_eq!(page.eval(&click(0)), "Copied");
    let read = "navigator.clipboard.readText()";
    let command = page.text(read);
    assert!(command.starts_with("curl "), "{command}");
    page.holds(&format!(
        "{read}.then((text) => text === document.querySelectorAll('.curl')[0].textContent)"
    ));
    // Where there is no clipboard, and where nothing may be copied at all.
    page.eval("Object.defineProperty(navigator, 'clipboard', { value: undefined })");
    assert_eq!(page.eval(&click(1)), "Copied");
    page.eval("document.execCommand = () => false");
    assert_eq!(page.eval(&click(2)), "Press Ctrl+C");
    page.holds("getSelection().toString().trim() === document.querySelectorAll('.curl')[2].textContent.trim()");
}

#[tokio::test]
async fn without_its_script_the_report_is_whole() {
    let Some(mut page) = page("").await else {
        return;
    };
    page.call(
        "Emulation.setScriptExecutionDisabled",
        json!({ "value": true }),
    );
    page.load("");
    let checks = rich().await.checks.len();
    let visible = "[...document.querySelectorAll('.check')].filter((one) => one.checkVisibility())";
    assert_eq!(page.count(&format!("{visible}.length")), checks as u64);
    page.holds(
        "[...document.querySelectorAll('.check.failed, .check.warned')].every((one) => one.open)",
    );
    page.holds("![...document.querySelectorAll('#controls, .copy, #none')].some((one) => one.checkVisibility())");
    page.holds("[...document.querySelectorAll('[data-filter]')].every((one) => one.disabled)");
    page.holds(
        "[...document.querySelectorAll('nav a')].every((one) => document.querySelector(one.hash))",
    );
}
