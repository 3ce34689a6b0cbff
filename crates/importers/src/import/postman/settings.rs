//! How a request is made: Postman's settings, proxies and certificates.

use http::Method;
use serde_json::{Value, json};

use super::{Found, Importer, Way};
use crate::draft::Step;

/// The most redirects that a check file can name.
const MOST_REDIRECTS: u64 = 50;

/// Settings with the values that change nothing.
const HARMLESS: [(&str, &str); 14] = [
    ("followRedirects", "true"),
    ("strictSSL", "true"),
    ("protocolVersion", "auto"),
    ("disableBodyPruning", "true"),
    ("disableBodyPruning", "false"),
    ("disableUrlEncoding", "false"),
    ("disableCookies", "false"),
    ("followAuthorizationHeader", "false"),
    ("removeRefererHeaderOnRedirect", "true"),
    ("insecureHTTPParser", "false"),
    ("tlsPreferServerCiphers", "false"),
    ("tlsDisabledProtocols", "[]"),
    ("tlsCipherSelection", "[]"),
    ("disabledSystemHeaders", "{}"),
];

/// The settings of a folder or request, behind those that it inherits.
pub(super) fn of<'v>(
    item: &'v Value,
    way: Way,
    mut inherited: Vec<(Way, &'v Value)>,
) -> Vec<(Way, &'v Value)> {
    let own = item.get("protocolProfileBehavior");
    inherited.extend(own.map(|own| (way, own)));
    inherited
}

impl Found<'_> {
    /// The nearest value of a setting.
    pub(super) fn setting(&self, name: &str) -> Option<&Value> {
        let mut nearest = self.behaviour.iter().rev();
        nearest.find_map(|(_, settings)| settings.get(name))
    }
}

impl Importer<'_> {
    /// Carries the settings over, and says what they cannot say here.
    pub(super) fn settings(&mut self, found: &Found<'_>, method: &Method, step: &mut Step) {
        let redirects = found.setting("followRedirects") != Some(&json!(false));
        let most = found.setting("maxRedirects").and_then(Value::as_u64);
        if let (true, Some(most)) = (redirects, most) {
            let most = most.min(MOST_REDIRECTS);
            step.request
                .insert("follow_redirects".to_owned(), json!(most));
        } else if !redirects {
            step.request
                .insert("follow_redirects".to_owned(), json!(false));
        }
        match found.setting("protocolVersion").and_then(Value::as_str) {
            Some("http1") => drop(step.request.insert("http".to_owned(), json!("1.1"))),
            Some("http2") => drop(step.request.insert("http".to_owned(), json!("2"))),
            _ => {}
        }
        for (way, settings) in &found.behaviour {
            for (name, value) in settings.as_object().into_iter().flatten() {
                let harmless =
                    says_nothing(name, value) || !redirects_so(name, value, redirects, method);
                if found.setting(name) != Some(value) || harmless {
                    continue;
                }
                let way = [way.as_slice(), std::slice::from_ref(name)].concat();
                let help = match name.as_str() {
                    "strictSSL" => "TLS is always verified here; give the authority by `--cacert`",
                    "followOriginalHttpMethod" if value == &json!(false) => {
                        "after 301 and 302 only POST becomes GET; 303 makes GET of the others too"
                    }
                    "removeRefererHeaderOnRedirect" => "no `referer` is sent after a redirect",
                    "maxRedirects" => "50 redirects are followed at the most",
                    _ => "set it in another way, or leave it out",
                };
                let note = self.lost(&way, "a setting", &format!("{name}: {value}"), help);
                step.notes.push(note);
            }
        }
        for (key, help) in [
            (
                "proxy",
                "requests go to the target itself; say its address by `--connect-to`",
            ),
            ("certificate", "check files have no certificates of clients"),
        ] {
            let set = found.request.get(key);
            let set = set.filter(|set| !set.is_null() && set.get("disabled") != Some(&json!(true)));
            if set.is_some() {
                let way = [
                    found.way.as_slice(),
                    &["request".to_owned(), key.to_owned()],
                ]
                .concat();
                let note = self.lost(&way, &format!("a {key}"), key, help);
                step.notes.push(note);
            }
        }
    }
}

/// Whether a setting that speaks of redirects changes something for a request by
/// this method.
fn redirects_so(name: &str, value: &Value, redirects: bool, method: &Method) -> bool {
    match name {
        // These keep their method whatever is said.
        "followOriginalHttpMethod" if [Method::GET, Method::HEAD].contains(method) => false,
        // POST becomes GET in Postman, and here.
        "followOriginalHttpMethod" if value == &json!(false) => {
            redirects && *method != Method::POST
        }
        "removeRefererHeaderOnRedirect" | "followAuthorizationHeader" => redirects,
        _ => true,
    }
}

fn says_nothing(name: &str, value: &Value) -> bool {
    let shown = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let carried = match name {
        "followRedirects" => value.is_boolean(),
        "maxRedirects" => value.as_u64().is_some_and(|most| most <= MOST_REDIRECTS),
        "protocolVersion" => matches!(shown.as_str(), "http1" | "http2"),
        _ => false,
    };
    carried || value.is_null() || HARMLESS.contains(&(name, shown.as_str()))
}
