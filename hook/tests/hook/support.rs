//! A stage with a function on it, and what came out of an invocation.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;

use rehearsal::{
    ApiFault, Call, Defect, Function, FunctionOptions, Invocation, InvocationOutcome, Listener,
    RegisteredDeployment, Stage, StageOptions, VERDICT_OPERATION, Verdict,
};
use serde_json::{Value, json};

/// The binary under test: the one that was built with the tests, or the one that
/// the environment names.
pub(crate) static BOOTSTRAP: LazyLock<String> = LazyLock::new(|| {
    let built = || env!("CARGO_BIN_EXE_bootstrap").to_owned();
    std::env::var("BOOTSTRAP").unwrap_or_else(|_| built())
});

/// The folder of check files with this name.
pub(crate) fn checks(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/checks");
    folder.join(name).display().to_string()
}

/// A stage whose function runs the checks of the shop, unless told otherwise.
pub(crate) struct Trial {
    pub(crate) stage: Stage,
    bootstrap: PathBuf,
    settings: Vec<(String, String)>,
    timeout: Duration,
    memory_mb: u32,
}

impl Trial {
    pub(crate) async fn new() -> Self {
        Self::on(StageOptions::default()).await
    }

    pub(crate) async fn on(options: StageOptions) -> Self {
        let stage = Stage::start(options).await.unwrap();
        let settings = stage.hook_settings();
        Self {
            stage,
            bootstrap: BOOTSTRAP.as_str().into(),
            settings,
            timeout: Duration::from_mins(1),
            memory_mb: 256,
        }
        .set("SMOKE_CHECKS", &checks("shop"))
    }

    pub(crate) async fn with_defect(defect: Defect) -> Self {
        let trial = Self::new().await;
        trial.stage.green_app().break_with(defect);
        trial
    }

    /// Sets an environment variable of the function.
    pub(crate) fn set(mut self, name: &str, value: &str) -> Self {
        self.settings.retain(|(known, _)| known != name);
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Takes an environment variable of the function away.
    pub(crate) fn unset(mut self, name: &str) -> Self {
        self.settings.retain(|(known, _)| known != name);
        self
    }

    /// Runs this many checks of one request instead.
    pub(crate) fn many_checks(self, count: usize) -> Self {
        let file = self.stage.folder().join("many.yaml");
        let check = |number| json!({"name": format!("number {number}"), "get": "/healthz"});
        let checks: Vec<Value> = (0..count).map(check).collect();
        std::fs::write(&file, json!({ "checks": checks }).to_string()).unwrap();
        self.set("SMOKE_CHECKS", &file.display().to_string())
    }

    /// What runs as the function.
    pub(crate) fn bootstrap(mut self, bootstrap: PathBuf) -> Self {
        self.bootstrap = bootstrap;
        self
    }

    pub(crate) fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    pub(crate) fn memory(mut self, megabytes: u32) -> Self {
        self.memory_mb = megabytes;
        self
    }

    pub(crate) fn options(&self) -> FunctionOptions {
        FunctionOptions {
            settings: self.settings.clone(),
            timeout: self.timeout,
            memory_mb: self.memory_mb,
            ..FunctionOptions::new(&self.bootstrap)
        }
    }

    pub(crate) async fn function(&self) -> Function {
        self.stage.function(self.options()).await.unwrap()
    }

    pub(crate) async fn invoke(&self, event: Value) -> Invoked {
        Invoked(self.function().await.invoke(event).await)
    }

    /// Invokes the function as CodeDeploy does.
    pub(crate) async fn gate(&self) -> (RegisteredDeployment, Invoked) {
        let registered = self.stage.codedeploy().register();
        let invoked = self.invoke(registered.event()).await;
        (registered, invoked)
    }

    pub(crate) fn verdict(&self, registered: &RegisteredDeployment) -> Option<Verdict> {
        self.stage.codedeploy().verdict(&registered.deployment_id)
    }

    /// The verdicts that were sent, whatever became of them.
    pub(crate) fn verdicts(&self) -> Vec<Call> {
        self.stage.codedeploy().calls_of(VERDICT_OPERATION)
    }

    /// The calls that only read, by their operations.
    pub(crate) fn reads(&self) -> Vec<String> {
        let calls = self.stage.codedeploy().calls().into_iter();
        let operations = calls.map(|call| call.operation);
        operations
            .filter(|name| name != VERDICT_OPERATION)
            .collect()
    }

    /// Lets the next `n` verdicts meet this fault.
    pub(crate) fn fail_verdicts(&self, n: usize, fault: ApiFault) {
        self.stage.codedeploy().fail(VERDICT_OPERATION, n, fault);
    }

    /// How many requests reached the test listener.
    pub(crate) fn requests(&self) -> u64 {
        self.stage.load_balancer().requests(Listener::Test)
    }

    /// CodeDeploy was told `Failed`, once, with a reason that holds this.
    #[track_caller]
    pub(crate) fn assert_failed(
        &self,
        (registered, invoked): &(RegisteredDeployment, Invoked),
        why: &str,
    ) {
        let answer = invoked.answer();
        assert_eq!(self.verdict(registered), Some(Verdict::Failed), "{answer}");
        assert_eq!(self.verdicts().len(), 1);
        assert_eq!(answer["verdict"], "Failed");
        assert_eq!(answer["reported"], "accepted");
        let reason = answer["reason"].as_str().unwrap();
        assert!(reason.contains(why), "{reason}");
        assert!(!reason.contains('\n'), "{reason}");
        // The log says the same.
        let line = invoked.line("verdict", "Failed");
        assert_eq!(line["reason"], answer["reason"]);
        assert_eq!(line["level"], "ERROR");
    }
}

/// An invocation that is over.
pub(crate) struct Invoked(pub(crate) Invocation);

impl Invoked {
    /// What the function returned.
    #[track_caller]
    pub(crate) fn answer(&self) -> &Value {
        match &self.0.outcome {
            InvocationOutcome::Returned(answer) => answer,
            other => panic!("{other}: {:#?}", self.0.lines),
        }
    }

    /// The message of the error that the function ended with.
    #[track_caller]
    pub(crate) fn error(&self) -> &str {
        match &self.0.outcome {
            InvocationOutcome::Errored { message, .. } => message,
            other => panic!("{other:?}: {:#?}", self.0.lines),
        }
    }

    /// The log, each line of it JSON.
    #[track_caller]
    pub(crate) fn log(&self) -> Vec<Value> {
        let lines = self.0.lines.iter();
        lines
            .map(|line| {
                serde_json::from_str(&line.text).unwrap_or_else(|_| panic!("{}", line.text))
            })
            .collect()
    }

    /// The one line with this value in this field.
    #[track_caller]
    pub(crate) fn line(&self, field: &str, value: &str) -> Value {
        let mut found = self.log().into_iter().filter(|line| line[field] == value);
        match (found.next(), found.next()) {
            (Some(line), None) => line,
            _ => panic!(
                "expected one line with {field} {value}: {:#?}",
                self.0.lines
            ),
        }
    }

    /// Everything that the function let out.
    pub(crate) fn output(&self) -> String {
        format!("{:?} {:?}", self.0.outcome, self.0.lines)
    }
}
