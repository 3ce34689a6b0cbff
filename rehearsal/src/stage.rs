//! The stage: everything that a deployment needs, on loopback.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;

use crate::app::App;
use crate::certificates::{Certificates, PRODUCTION_NAME, WrongCertificate};
use crate::codedeploy::CodeDeploy;
use crate::colour::Colour;
use crate::error::StageError;
use crate::lambda::{Function, FunctionOptions, LogLine};
use crate::load_balancer::{Listener, LoadBalancer, LoadBalancerLayout, Weights};
use crate::probe;
use crate::tls_front::TlsFront;
use crate::{Defect, Fault};

/// How a stage starts. The default is any free port, a working green behind
/// the test listener, and blue behind the production listener.
#[derive(Clone, Debug)]
pub struct StageOptions {
    /// The port of the production listener; 0 means any free one.
    pub production_port: u16,
    /// The port of the test listener; 0 means any free one.
    pub test_port: u16,
    /// How many addresses the load balancer has: 127.0.0.1, 127.0.0.2 and so
    /// on, all with the same ports.
    pub nodes: u8,
    /// Who the production listener forwards to.
    pub production: Weights,
    /// Who the test listener forwards to.
    pub test: Weights,
    /// What is wrong with green.
    pub green_defect: Option<Defect>,
    /// What is wrong with the test listener.
    pub test_fault: Option<Fault>,
}

impl Default for StageOptions {
    fn default() -> Self {
        Self {
            production_port: 0,
            test_port: 0,
            nodes: 1,
            production: Colour::Blue.into(),
            test: Colour::Green.into(),
            green_defect: None,
            test_fault: None,
        }
    }
}

/// A running stage. Dropping it stops everything and removes its folder.
#[derive(Debug)]
pub struct Stage {
    folder: TempDir,
    ca_file: PathBuf,
    certificates: Arc<Certificates>,
    blue: App,
    green: App,
    load_balancer: LoadBalancer,
    codedeploy: CodeDeploy,
}

impl Stage {
    /// Starts both versions of the app, the load balancer and the APIs of AWS.
    /// When this returns, all of them answer.
    pub async fn start(options: StageOptions) -> Result<Self, StageError> {
        let folder = TempDir::with_prefix("rehearsal-").map_err(|source| StageError::Write {
            path: std::env::temp_dir(),
            source,
        })?;
        let certificates = Arc::new(Certificates::generate()?);
        let ca_file = folder.path().join("ca.pem");
        std::fs::write(&ca_file, certificates.authority_pem()).map_err(|source| {
            StageError::Write {
                path: ca_file.clone(),
                source,
            }
        })?;
        // The load balancer has to know the ports of the apps, so they start first.
        let blue = App::start(Colour::Blue, 0).await?;
        let green = App::start(Colour::Green, 0).await?;
        green.reinstall(options.green_defect);
        let layout = LoadBalancerLayout {
            production_port: options.production_port,
            test_port: options.test_port,
            nodes: options.nodes,
            blue_port: blue.port(),
            green_port: green.port(),
            production: options.production,
            test: options.test,
        };
        let load_balancer = LoadBalancer::start(layout, &certificates)?;
        load_balancer.set_fault(Listener::Test, options.test_fault);
        let codedeploy = CodeDeploy::start(0, load_balancer.listeners()).await?;
        Ok(Self {
            folder,
            ca_file,
            certificates,
            blue,
            green,
            load_balancer,
            codedeploy,
        })
    }

    /// The PEM file of the authority that signed the listeners' certificate.
    pub fn ca_file(&self) -> &Path {
        &self.ca_file
    }

    /// A folder for the caller's own files; it goes with the stage.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// `https://localhost:PORT` of the test listener.
    pub fn test_url(&self) -> String {
        format!("https://localhost:{}", self.test_port())
    }

    /// `https://localhost:PORT` of the production listener.
    pub fn production_url(&self) -> String {
        format!("https://localhost:{}", self.production_port())
    }

    /// The port of the test listener on 127.0.0.1.
    pub fn test_port(&self) -> u16 {
        self.load_balancer.port(Listener::Test)
    }

    /// The port of the production listener on 127.0.0.1.
    pub fn production_port(&self) -> u16 {
        self.load_balancer.port(Listener::Production)
    }

    /// `http://127.0.0.1:PORT` of an app, without the load balancer.
    pub fn app_url(&self, colour: Colour) -> String {
        self.app(colour).url()
    }

    /// One version of the app.
    pub fn app(&self, colour: Colour) -> &App {
        match colour {
            Colour::Blue => &self.blue,
            Colour::Green => &self.green,
        }
    }

    /// The new version of the app.
    pub fn green_app(&self) -> &App {
        &self.green
    }

    /// The load balancer.
    pub fn load_balancer(&self) -> &LoadBalancer {
        &self.load_balancer
    }

    /// The APIs of CodeDeploy, ECS and ELB.
    pub fn codedeploy(&self) -> &CodeDeploy {
        &self.codedeploy
    }

    /// The APIs of AWS behind TLS, with the good certificate or a wrong one.
    pub async fn codedeploy_over_tls(
        &self,
        wrong: Option<WrongCertificate>,
    ) -> Result<TlsFront, StageError> {
        let tls = self.certificates.server_config(wrong);
        TlsFront::start(&tls, self.codedeploy.port()).await
    }

    /// The settings that point the hook at this stage's test listener: the
    /// production name as target, loopback as address, and the authority.
    pub fn hook_settings(&self) -> Vec<(String, String)> {
        let port = self.test_port();
        [
            ("SMOKE_TARGET", format!("https://{PRODUCTION_NAME}:{port}")),
            ("SMOKE_CONNECT_TO", format!("127.0.0.1:{port}")),
            ("SMOKE_CACERT", self.ca_file.display().to_string()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
    }

    /// Starts a function whose `CodeDeploy` is this stage's.
    pub async fn function(&self, options: FunctionOptions) -> Result<Function, StageError> {
        self.function_with_log(options, |_| {}).await
    }

    /// Starts a function and calls `on_line` with each line that it writes.
    pub async fn function_with_log(
        &self,
        options: FunctionOptions,
        on_line: impl Fn(&LogLine) + Send + Sync + 'static,
    ) -> Result<Function, StageError> {
        Function::start(options, self.codedeploy.url(), on_line).await
    }

    /// Asks a listener over fresh TLS connections which version it serves.
    ///
    /// Three answers have to agree; anything else, such as a 503 or a fault,
    /// is an error.
    pub async fn observe(&self, listener: Listener) -> Result<Colour, StageError> {
        // One answer alone could be the luck of weights or of a stale node.
        let mut seen = None;
        for _ in 0..3 {
            let colour = self.probe_colour(listener).await?;
            if seen.is_some_and(|before| before != colour) {
                return Err(StageError::Undecided {
                    listener,
                    found: "both".to_owned(),
                });
            }
            seen = Some(colour);
        }
        seen.ok_or_else(|| StageError::Undecided {
            listener,
            found: "nothing".to_owned(),
        })
    }

    /// Asks a listener once which version it serves.
    async fn probe_colour(&self, listener: Listener) -> Result<Colour, StageError> {
        let port = self.load_balancer.port(listener);
        let answer =
            probe::get_over_tls(port, "/version", self.certificates.client_config()).await?;
        let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        match body.get("colour").and_then(serde_json::Value::as_str) {
            Some("blue") => Ok(Colour::Blue),
            Some("green") => Ok(Colour::Green),
            _ => Err(StageError::Undecided {
                listener,
                found: format!("HTTP {}", answer.status.as_u16()),
            }),
        }
    }
}
