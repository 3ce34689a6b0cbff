//! The HTML report to people's eyes: colours, a phone, paper, the bars.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use report::render::html;
use serde_json::{Value, json};

use super::{page, rich};
use crate::support::browser::Page;

/// The texts whose contrast with what lies behind them is below 4.5 to 1, and
/// how many texts there are.
const CONTRAST: &str = r#"(() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, below) => [0, 1, 2].map((at) => top[at] * top[3] + below[at] * (1 - top[3]));
  const linear = (value) => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const luminance = (colour) => {
    const [r, g, b] = colour.map((value) => linear(value / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    const layers = [];
    for (let one = element; one; one = one.parentElement) layers.unshift(rgba(getComputedStyle(one).backgroundColor));
    return layers.reduce((below, layer) => over(layer, below), [255, 255, 255]);
  };
  const ratio = (colour, element) => {
    const below = behind(element), [one, other] = [luminance(over(rgba(colour), below)), luminance(below)];
    return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
  };
  const low = [], texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let seen = 0, darkest = 1;
  while (texts.nextNode()) {
    const parent = texts.currentNode.parentElement, text = texts.currentNode.data.trim();
    if (!text || !parent.checkVisibility() || parent.closest("script, style")) continue;
    seen += 1;
    darkest = Math.min(darkest, luminance(behind(parent)));
    const found = ratio(getComputedStyle(parent).color, parent);
    if (found < 4.5) low.push([text.slice(0, 40), parent.className, found]);
  }
  for (const input of document.querySelectorAll("input")) {
    const found = ratio(getComputedStyle(input, "::placeholder").color, input);
    if (found < 4.5) low.push(["placeholder", input.id, found]);
  }
  return { seen, low, darkest, page: luminance(behind(document.body)) };
})()"#;

const OPEN_ALL: &str =
    "document.querySelectorAll('details').forEach((one) => { one.open = true; })";

#[tokio::test]
async fn every_text_is_readable_in_light_and_in_dark() {
    let Some(mut page) = page("").await else {
        return;
    };
    page.eval(OPEN_ALL);
    for (scheme, lightness) in [("light", 0.8..=1.0), ("dark", 0.0..=0.05)] {
        page.media("", "prefers-color-scheme", scheme);
        for pressed in ["failed", "warned", "passed", "not-run"] {
            page.eval(&format!(
                "document.querySelector('[data-filter={pressed}]').click()"
            ));
            let found = page.eval(CONTRAST);
            assert_eq!(found["low"], json!([]), "{scheme}");
            assert!(found["seen"].as_u64().unwrap() > 20, "{found}");
            assert!(
                lightness.contains(&found["page"].as_f64().unwrap()),
                "{found}"
            );
        }
        page.eval("document.querySelector('[data-filter=all]').click()");
        let found = page.eval(CONTRAST);
        assert_eq!(found["low"], json!([]), "{scheme}");
        assert!(found["seen"].as_u64().unwrap() > 300, "{found}");
    }
}

#[tokio::test]
async fn on_a_phone_nothing_sticks_out_and_fingers_hit() {
    let Some(mut page) = page("").await else {
        return;
    };
    page.size(360, 740, true);
    page.load("");
    page.eval(OPEN_ALL);
    assert_eq!(page.count("innerWidth"), 360);
    assert_eq!(page.count("document.documentElement.scrollWidth"), 360);
    let out = page.eval(
        "[...document.querySelectorAll('body *')]
           .filter((one) => one.checkVisibility() && !one.closest('.skip') && !one.parentElement.closest('pre'))
           .filter((one) => one.getBoundingClientRect().right > 360.5 || one.getBoundingClientRect().left < 0)
           .map((one) => one.outerHTML.slice(0, 80))",
    );
    assert_eq!(out, json!([]));
    let small = page.eval(
        "[...document.querySelectorAll('button, input, summary')]
           .filter((one) => one.checkVisibility())
           .filter((one) => one.getBoundingClientRect().height < 44 || one.getBoundingClientRect().width < 44)
           .map((one) => one.outerHTML.slice(0, 80))",
    );
    assert_eq!(small, json!([]));
    // What is cut in the width can be scrolled by itself.
    page.holds("[...document.querySelectorAll('pre')].every((one) => getComputedStyle(one).overflowX === 'auto')");
}

#[tokio::test]
async fn on_paper_what_failed_is_open_and_nothing_is_cut_or_dark() {
    let Some(mut page) = page("").await else {
        return;
    };
    page.media("", "prefers-color-scheme", "dark");
    page.eval(
        "document.querySelectorAll('details').forEach((one) => { one.open = false; });
         addEventListener('beforeprint', () => {
           const opened = [...document.querySelectorAll('details[open]')];
           window.printed = opened.map((one) => one.closest('.check').dataset.outcome);
         });",
    );
    let pdf = page.call("Page.printToPDF", json!({ "preferCSSPageSize": true }));
    let pdf = STANDARD.decode(pdf["data"].as_str().unwrap()).unwrap();
    assert!(pdf.starts_with(b"%PDF"), "{} bytes", pdf.len());
    page.holds(
        "printed.includes('failed') && printed.includes('warned') && !printed.includes('passed')",
    );
    page.holds(
        "printed.length === document.querySelectorAll(
           '.check.failed, .check.warned, .check.failed .message, .check.warned .message').length",
    );
    // And afterwards it is as it was.
    page.holds("!document.querySelector('details[open]')");

    page.eval("document.querySelector('[data-filter=failed]').click(); dispatchEvent(new Event('beforeprint'))");
    page.media("print", "prefers-color-scheme", "dark");
    // The width of A4 between its margins.
    page.size(688, 1000, false);
    let found = page.eval(CONTRAST);
    assert_eq!(found["low"], json!([]));
    assert!(found["darkest"].as_f64().unwrap() > 0.7, "{found}");
    let cut = page.eval(
        "[...document.querySelectorAll('body *')]
           .filter((one) => one.checkVisibility() && one.clientWidth > 0)
           .filter((one) => one.scrollWidth > one.clientWidth + 1 || (one.matches('pre') && one.scrollHeight > one.clientHeight + 1))
           .map((one) => one.outerHTML.slice(0, 80))",
    );
    assert_eq!(cut, json!([]));
    page.holds("document.documentElement.scrollWidth === document.documentElement.clientWidth");
    page.holds("![...document.querySelectorAll('#controls, .copy, .link, .skip')].some((one) => one.checkVisibility())");
    // Paper that shows a part says so.
    page.holds("document.getElementById('shown').checkVisibility() && / of /.test(document.getElementById('shown').textContent)");
}

#[tokio::test]
async fn nothing_moves_for_those_who_do_not_want_it() {
    let Some(mut page) = page("").await else {
        return;
    };
    page.media("", "prefers-reduced-motion", "reduce");
    page.holds(
        "[...document.querySelectorAll('*')].map((one) => getComputedStyle(one)).every((style) =>
           style.transitionDuration === '0s' && style.animationName === 'none' && style.scrollBehavior === 'auto')",
    );
}

/// What a bar shows: where each part begins and how long it is, from 0 to 1.
fn parts(page: &mut Page, svg: &str) -> Vec<[f64; 2]> {
    let parts = page.eval(&format!(
        "(() => {{
          const svg = document.querySelector('{svg}'), whole = svg.getBoundingClientRect();
          return [...svg.querySelectorAll('rect')].map((part) => {{
            const box = part.getBBox();
            return [box.x / 1000, box.width / 1000];
          }});
        }})()"
    ));
    let pair = |part: &Value| [part[0].as_f64().unwrap(), part[1].as_f64().unwrap()];
    parts.as_array().unwrap().iter().map(pair).collect()
}

#[track_caller]
fn near(found: f64, expected: f64, what: &str) {
    // What is too short to be seen is drawn a little longer.
    assert!(
        (found - expected).abs() < 0.0101,
        "{what}: {found}, not {expected}"
    );
}

#[tokio::test]
async fn bars_are_as_long_as_what_they_show_took() {
    let Some(mut page) = page("").await else {
        return;
    };
    page.eval(OPEN_ALL);
    let report = rich().await;
    let whole = report.duration.as_secs_f64();
    let (mut bars, mut phases) = (0, 0);
    for (at, check) in report.checks.iter().enumerate() {
        let number = at + 1;
        let place = format!("#check-{number}");
        let of_steps = check.steps.iter().enumerate().map(|(at, step)| {
            let child = at + 1;
            let svg = format!("{place} .step:nth-child({child}) .bar");
            (svg, step.start, step.duration)
        });
        let of_check = (
            format!("{place} > summary .bar"),
            check.start,
            check.duration,
        );
        for (svg, start, took) in std::iter::once(of_check).chain(of_steps) {
            let found = parts(&mut page, &svg);
            assert_eq!(found.len(), usize::from(!took.is_zero()), "{svg}");
            for [begin, length] in found {
                near(begin, start.as_secs_f64() / whole, &svg);
                near(length, took.as_secs_f64() / whole, &svg);
                assert!(begin + length <= 1.0001, "{svg}");
                bars += 1;
            }
        }
        for (at, step) in check.steps.iter().enumerate() {
            let Some(timing) = &step.timing else { continue };
            let svg = format!("{place} .step:nth-child({}) .phases svg", at + 1);
            let known = [
                timing.dns,
                timing.connect,
                timing.tls.unwrap(),
                timing.first_byte,
            ];
            let found = parts(&mut page, &svg);
            assert_eq!(found.len(), known.len() + 1, "{svg}");
            for (took, [_, length]) in known.iter().zip(&found) {
                near(
                    *length,
                    took.as_secs_f64() / timing.total.as_secs_f64(),
                    &svg,
                );
            }
            near(found.iter().map(|[_, length]| length).sum(), 1.0, &svg);
            // One colour each, and its key beside it.
            let colours = page.count(&format!(
                "new Set([...document.querySelectorAll('{svg} rect')].map((part) => getComputedStyle(part).fill)).size"
            ));
            assert_eq!(colours, found.len() as u64, "{svg}");
            phases += 1;
        }
    }
    assert!(bars > 20 && phases > 0, "{bars} bars, {phases} with phases");
    // The scale says what their ends mean.
    let html = html::render(report);
    let axis = html.split("class=\"axis\"").nth(1).unwrap();
    let axis = &axis[..axis.find("</p>").unwrap()];
    let took = page.text("document.querySelector('header dl div:nth-child(3) dd').textContent");
    assert!(
        axis.contains("<span>0</span>") && axis.ends_with(&format!("<span>{took}</span>")),
        "{axis}"
    );
}
