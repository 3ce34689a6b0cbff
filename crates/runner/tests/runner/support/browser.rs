//! A real browser, headless, driven by the `DevTools` protocol over a pipe: no
//! port, no driver, no other library.
//!
//! One browser serves all tests, one test at a time, each with a
//! page of its own.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use serde_json::{Value, json};

const FLAGS: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-pipe",
];

/// The browser reads commands from 3 and writes to 4. It ends when the tests
/// do, because the pipe does; its profile goes with it.
const LAUNCH: &str = "profile=$(mktemp -d) && \
    \"$@\" --user-data-dir=\"$profile\" 3<&0 4>&1 0</dev/null 1>&2; rm -rf \"$profile\"";

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

struct Browser {
    commands: ChildStdin,
    messages: BufReader<ChildStdout>,
    calls: u64,
}

impl Browser {
    // It outlives the tests by a moment.
    #[allow(clippy::zombie_processes)]
    fn start(path: PathBuf) -> Self {
        let mut child = Command::new("sh")
            .args(["-c", LAUNCH, "sh"])
            .arg(path)
            .args(FLAGS)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self {
            commands: child.stdin.take().unwrap(),
            messages: BufReader::new(child.stdout.take().unwrap()),
            calls: 0,
        }
    }

    fn next(&mut self) -> Value {
        let mut message = Vec::new();
        self.messages.read_until(0, &mut message).unwrap();
        assert_eq!(message.pop(), Some(0), "the browser has ended");
        serde_json::from_slice(&message).unwrap()
    }

    /// Calls a method, and waits for an event of this name if there is one.
    fn call(&mut self, session: Option<&str>, method: &str, params: &Value, event: &str) -> Value {
        self.calls += 1;
        let id = self.calls;
        let mut call = json!({ "id": id, "method": method, "params": params });
        if let Some(session) = session {
            call["sessionId"] = session.into();
        }
        let mut bytes = serde_json::to_vec(&call).unwrap();
        bytes.push(0);
        self.commands.write_all(&bytes).unwrap();
        let (mut result, mut seen) = (None, event.is_empty());
        while !seen || result.is_none() {
            let mut message = self.next();
            if message["id"] == id {
                assert!(message["error"].is_null(), "{method}: {message}");
                result = Some(message["result"].take());
            }
            seen |= message["method"] == event && message["sessionId"].as_str() == session;
        }
        result.unwrap()
    }
}

/// A page in the browser. What is emulated in it ends with it.
pub struct Page {
    browser: MutexGuard<'static, Browser>,
    session: String,
    target: String,
    folder: tempfile::TempDir,
}

impl Page {
    /// A page that shows this document, at an address that ends like this;
    /// `None` if there is no browser.
    pub fn open(html: &str, fragment: &str) -> Option<Self> {
        static BROWSER: OnceLock<Option<Mutex<Browser>>> = OnceLock::new();
        let browser = BROWSER.get_or_init(|| Some(Mutex::new(Browser::start(chromium()?))));
        let browser = browser.as_ref()?.lock();
        // The test that failed with it has said so.
        let mut browser = browser.unwrap_or_else(PoisonError::into_inner);
        let blank = json!({ "url": "about:blank" });
        let target = browser.call(None, "Target.createTarget", &blank, "");
        let target = target["targetId"].as_str().unwrap().to_owned();
        let attach = json!({ "targetId": target, "flatten": true });
        let session = browser.call(None, "Target.attachToTarget", &attach, "");
        let session = session["sessionId"].as_str().unwrap().to_owned();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("report.html"), html).unwrap();
        let mut page = Self {
            browser,
            session,
            target,
            folder,
        };
        page.call("Page.enable", json!({}));
        page.size(1200, 900, false);
        page.load(fragment);
        Some(page)
    }

    /// Loads the document anew.
    pub fn load(&mut self, fragment: &str) {
        // A fragment alone would not.
        let path = self.folder.path().join("report.html");
        let blank = json!({ "url": "about:blank" });
        let url = json!({ "url": format!("file://{}{fragment}", path.display()) });
        for page in [blank, url] {
            let loaded = "Page.loadEventFired";
            self.browser
                .call(Some(&self.session), "Page.navigate", &page, loaded);
        }
    }

    /// Calls a method of the protocol.
    #[allow(clippy::needless_pass_by_value)]
    pub fn call(&mut self, method: &str, params: Value) -> Value {
        self.browser.call(Some(&self.session), method, &params, "")
    }

    /// The value of an expression of JavaScript, or of its promise.
    pub fn eval(&mut self, expression: &str) -> Value {
        let params = json!({
            "expression": expression, "returnByValue": true, "awaitPromise": true,
            "userGesture": true,
        });
        let mut answer = self.call("Runtime.evaluate", params);
        let thrown = &answer["exceptionDetails"];
        assert!(thrown.is_null(), "{expression}: {thrown}");
        answer["result"]["value"].take()
    }

    /// Whether an expression is true.
    #[track_caller]
    pub fn holds(&mut self, expression: &str) {
        assert_eq!(self.eval(expression), true, "{expression}");
    }

    pub fn count(&mut self, expression: &str) -> u64 {
        self.eval(expression).as_u64().unwrap()
    }

    pub fn text(&mut self, expression: &str) -> String {
        self.eval(expression).as_str().unwrap().to_owned()
    }

    /// Presses a key: a character, or the name of one, with Alt (1), Ctrl (2)
    /// or Shift (8).
    pub fn press(&mut self, key: &str, modifiers: u8) {
        let text = match key {
            "Enter" => "\r",
            key if key.len() == 1 && modifiers == 0 => key,
            _ => "",
        };
        let number = match key {
            "Tab" => 9,
            "Enter" => 13,
            "Escape" => 27,
            " " => 32,
            _ => 0,
        };
        for kind in ["keyDown", "keyUp"] {
            let mut event = json!({
                "type": kind, "key": key, "code": key, "modifiers": modifiers,
                "windowsVirtualKeyCode": number,
            });
            if kind == "keyDown" {
                event["text"] = text.into();
            }
            self.call("Input.dispatchKeyEvent", event);
        }
    }

    /// The media that the page is shown by, and what people prefer.
    pub fn media(&mut self, media: &str, feature: &str, value: &str) {
        let features = json!([{ "name": feature, "value": value }]);
        let params = json!({ "media": media, "features": features });
        self.call("Emulation.setEmulatedMedia", params);
    }

    pub fn size(&mut self, width: u32, height: u32, mobile: bool) {
        let params = json!({
            "width": width, "height": height, "mobile": mobile, "deviceScaleFactor": 1,
        });
        self.call("Emulation.setDeviceMetricsOverride", params);
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let params = json!({ "targetId": self.target });
            self.browser.call(None, "Target.closeTarget", &params, "");
        }
    }
}
