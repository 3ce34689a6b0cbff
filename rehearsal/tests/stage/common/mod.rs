//! What the tests of the stage share: clients and a small function.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rehearsal::{FunctionOptions, Stage, StageOptions};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

pub(crate) async fn start_stage() -> Stage {
    Stage::start(StageOptions::default()).await.unwrap()
}

/// TLS that trusts the authority in this file, and nothing else.
pub(crate) fn client_tls(ca_file: &Path, alpn: &[&[u8]]) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(ca_file).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    config
}

fn client(stage: &Stage, alpn: &[&[u8]]) -> reqwest::Client {
    reqwest::Client::builder()
        .tls_backend_preconfigured(client_tls(stage.ca_file(), alpn))
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(Duration::from_secs(10))
        .build()
        .unwrap()
}

pub(crate) fn http1_client(stage: &Stage) -> reqwest::Client {
    client(stage, &[b"http/1.1"])
}

pub(crate) fn http2_client(stage: &Stage) -> reqwest::Client {
    client(stage, &[b"h2"])
}

/// A client that opens a connection for each request.
pub(crate) fn unpooled_client(stage: &Stage) -> reqwest::Client {
    reqwest::Client::builder()
        .tls_backend_preconfigured(client_tls(stage.ca_file(), &[b"http/1.1"]))
        .pool_max_idle_per_host(0)
        .no_proxy()
        .timeout(Duration::from_secs(10))
        .build()
        .unwrap()
}

/// The version that answers at this URL.
pub(crate) async fn get_colour(client: &reqwest::Client, url: &str) -> String {
    let text = get(client, &format!("{url}/version")).await.1;
    parse_json(&text)["colour"].as_str().unwrap().to_owned()
}

/// Status and body.
pub(crate) async fn get(client: &reqwest::Client, url: &str) -> (u16, String) {
    let response = client.get(url).send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

pub(crate) fn parse_json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

/// The function in `bootstrap.py`, in one of its modes.
pub(crate) fn function_options(mode: &str) -> FunctionOptions {
    let mut options = FunctionOptions::new(bootstrap_path());
    options.settings = function_settings(mode);
    options
}

pub(crate) fn bootstrap_path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bootstrap.py")
}

/// A function has Lambda's `PATH`, where this machine's Python may not be.
pub(crate) fn function_settings(mode: &str) -> Vec<(String, String)> {
    vec![
        ("MODE".to_owned(), mode.to_owned()),
        ("PATH".to_owned(), python_folder().to_owned()),
    ]
}

fn python_folder() -> &'static str {
    static FOLDER: OnceLock<String> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let output = Command::new("python3")
            .args([
                "-c",
                "import os, sys; print(os.path.dirname(sys.executable))",
            ])
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    })
}
