//! How a request is made: Postman's settings, proxies and certificates.

use http::Method;
use serde_json::{Value, json};

use super::Importer;
use super::collection::{FoundRequest, to_text};
use crate::draft::StepDraft;

/// The most redirects that a check file can name.
const MOST_REDIRECTS: u64 = 50;

/// Settings with the values that change nothing.
const HARMLESS: &str = "strictSSL=true protocolVersion=auto disableBodyPruning=true disableBodyPruning=false disableUrlEncoding=false disableCookies=false followAuthorizationHeader=false removeRefererHeaderOnRedirect=true insecureHTTPParser=false tlsPreferServerCiphers=false tlsDisabledProtocols=[] tlsCipherSelection=[] disabledSystemHeaders={} followRedirects=true followRedirects=false protocolVersion=http1 protocolVersion=http2";

impl Importer {
    /// Carries the settings over, and says what they cannot say here.
    pub(super) fn import_settings(&mut self, found: &FoundRequest<'_>, step: &mut StepDraft) {
        let redirects = found.setting("followRedirects") != Some(&json!(false));
        let most = found.setting("maxRedirects").and_then(Value::as_u64);
        if !redirects {
            step.request.set("follow_redirects", false);
        } else if let Some(most) = most {
            step.request
                .set("follow_redirects", most.min(MOST_REDIRECTS));
        }
        match found.setting("protocolVersion").and_then(Value::as_str) {
            Some("http1") => step.request.set("http", "1.1"),
            Some("http2") => step.request.set("http", "2"),
            _ => {}
        }
        let method = step.request.method.clone();
        for (pointer, settings) in &found.settings {
            for (name, value) in settings.as_object().into_iter().flatten() {
                let overruled = found.setting(name) != Some(value);
                if overruled || is_harmless(name, value, redirects, &method) {
                    continue;
                }
                let help = match name.as_str() {
                    "strictSSL" => "TLS is always verified here; give the authority by `--cacert`",
                    "followOriginalHttpMethod" if value == &json!(false) => {
                        "after 301 and 302 only POST becomes GET; 303 makes GET of the others too"
                    }
                    "removeRefererHeaderOnRedirect" => "no `referer` is sent after a redirect",
                    "maxRedirects" => "50 redirects are followed at the most",
                    _ => "set it in another way, or leave it out",
                };
                let pointer = format!("{pointer}/{name}");
                let what = ("a setting", format!("{name}: {value}"));
                self.lose_pointer(step, &pointer, (what.0, &what.1), help);
            }
        }
        for (key, help) in [
            ("proxy", "say the target's address by `--connect-to`"),
            ("certificate", "check files have no certificates of clients"),
        ] {
            let set = found.request.get(key);
            if set.is_some_and(|set| !set.is_null() && set["disabled"] != json!(true)) {
                self.lose_pointer(
                    step,
                    &found.pointer_to(key),
                    ("a setting of the request", key),
                    help,
                );
            }
        }
    }
}

fn is_harmless(name: &str, value: &Value, redirects: bool, method: &Method) -> bool {
    let written = format!("{name}={}", to_text(value));
    let harmless = value.is_null() || HARMLESS.split(' ').any(|known| known == written);
    harmless
        || match name {
            "maxRedirects" => value.as_u64().is_some_and(|most| most <= MOST_REDIRECTS),
            // A redirected GET or HEAD keeps its method whatever the setting says.
            "followOriginalHttpMethod" if [Method::GET, Method::HEAD].contains(method) => true,
            // Postman makes GET of a redirected POST, as check files do.
            "followOriginalHttpMethod" if value == &json!(false) => {
                !redirects || *method == Method::POST
            }
            "removeRefererHeaderOnRedirect" | "followAuthorizationHeader" => !redirects,
            _ => false,
        }
}
