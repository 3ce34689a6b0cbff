//! A load balancer's name stands for several addresses, and each of them has
//! to be green.
//!
//! The function runs with a hosts file of its own, in a mount namespace. Where
//! the system refuses that, these tests are skipped, and say so; in CI they
//! fail, because a test that does not run proves nothing.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use rehearsal::{Colour, Fault, Invocation, InvocationOutcome, Listener, StageOptions, Verdict};

use crate::proof::assert_note;
use crate::support::{BOOTSTRAP, Invoked, Trial};

const NAME: &str = "balancer.example.test";
const NODES: u8 = 3;

/// A trial whose load balancer has three addresses, and one name for them.
struct Several {
    trial: Trial,
    /// The function, where the name is known.
    bootstrap: PathBuf,
}

impl Several {
    async fn new() -> Option<Self> {
        let nodes = StageOptions {
            nodes: NODES,
            ..StageOptions::default()
        };
        let trial = Trial::on(nodes).await;
        let bootstrap = hosted(&trial, NAME, NODES)?;
        trial.stage.codedeploy().set_load_balancer_name(NAME);
        let port = trial.stage.test_port();
        let trial = trial
            .set("SMOKE_CONNECT_TO", &format!("{NAME}:{port}"))
            .set("SMOKE_IDENTITY", "header:x-app-version")
            .set("SMOKE_IDENTITY_TIMES", "4")
            .set("SMOKE_PROOF_TIMEOUT", "3s");
        Some(Self { trial, bootstrap })
    }

    async fn gate(&self) -> (rehearsal::RegisteredDeployment, Invoked) {
        let registered = self.trial.stage.codedeploy().register();
        let mut options = self.trial.options();
        options.bootstrap.clone_from(&self.bootstrap);
        let function = self.trial.stage.function(options).await.unwrap();
        let invocation: Invocation = function.invoke(registered.event()).await;
        assert!(
            matches!(invocation.outcome, InvocationOutcome::Returned(_)),
            "{invocation:?}"
        );
        (registered, Invoked(invocation))
    }

    /// Lets the name stand for these addresses from now on.
    fn resolve(&self, lasts: &[u8]) {
        let lines = lasts.iter().map(|last| format!("127.0.0.{last} {NAME}\n"));
        let hosts = self.trial.stage.folder().join("hosts");
        std::fs::write(hosts, lines.collect::<String>()).unwrap();
    }

    /// Lets the checks dial the first address alone, and not the name.
    fn dialling_one(mut self) -> Self {
        let port = self.trial.stage.test_port();
        let address = format!("127.0.0.1:{port}");
        self.trial = self.trial.set("SMOKE_CONNECT_TO", &address);
        self
    }

    async fn succeeds(&self) -> Invoked {
        let (registered, invoked) = self.gate().await;
        let verdict = self.trial.verdict(&registered);
        assert_eq!(verdict, Some(Verdict::Succeeded), "{}", invoked.output());
        invoked
    }

    fn requests(&self) -> Vec<u64> {
        let balancer = self.trial.stage.load_balancer();
        let at = |last| balancer.requests_at(Listener::Test, last);
        (1..=NODES).map(at).collect()
    }
}

/// A trial whose function runs where one name stands for three addresses.
pub(crate) async fn several() -> Option<Trial> {
    let Several { trial, bootstrap } = Several::new().await?;
    Some(trial.bootstrap(bootstrap))
}

/// A script that runs the function where this name, and no other, stands for
/// as many addresses; `None` where the system refuses that.
pub(crate) fn hosted(trial: &Trial, name: &str, addresses: u8) -> Option<PathBuf> {
    let folder = trial.stage.folder();
    let hosts = folder.join("hosts");
    let lines = (1..=addresses).map(|last| format!("127.0.0.{last} {name}\n"));
    std::fs::write(&hosts, lines.collect::<String>()).unwrap();
    let inside = format!(
        "unshare --map-root-user --mount sh -c 'mount --bind {} /etc/hosts && exec \"$@\"' sh",
        hosts.display()
    );
    let known = Command::new("sh")
        .args(["-c", &format!("{inside} getent ahostsv4 {name}")])
        .output();
    let known = known.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let known = known.unwrap_or_default();
    if !(1..=addresses).all(|last| known.contains(&format!("127.0.0.{last} "))) {
        let in_ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty());
        assert!(
            !in_ci,
            "CI has to let the tests have a hosts file of their own"
        );
        // Straight to the terminal: the test harness would keep it to itself.
        let _ = std::io::stderr()
            .write_all(b"SKIPPED: the system lets nobody have a hosts file of one's own\n");
        return None;
    }
    let script = folder.join("bootstrap");
    std::fs::write(
        &script,
        format!("#!/bin/sh\nexec {inside} {}\n", *BOOTSTRAP),
    )
    .unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    Some(script)
}

#[tokio::test]
async fn each_address_is_asked_as_often_as_the_settings_say() {
    let Some(several) = Several::new().await else {
        return;
    };
    several.succeeds().await;
    let requests = several.requests();
    assert!(requests.iter().all(|count| *count >= 4), "{requests:?}");
}

#[tokio::test]
async fn each_address_of_the_load_balancers_own_name_is_asked_before_and_after_the_checks() {
    let Some(several) = Several::new().await else {
        return;
    };
    let several = several.dialling_one();
    let invoked = several.succeeds().await;
    // The checks go to the first alone.
    let requests = several.requests();
    assert_eq!(requests[1..], [8, 8], "{requests:?}");
    assert!(requests[0] > 8, "{requests:?}");
    let note =
        format!("the identity was asked at 3 addresses of `{NAME}`, of which DNS shows 3 at once");
    assert_note(&invoked, &note);
}

#[tokio::test]
async fn an_address_that_is_not_dialled_and_still_serves_blue_fails() {
    let Some(several) = Several::new().await else {
        return;
    };
    let several = several.dialling_one();
    with_a_stale_address(&several);
    let outcome = several.gate().await;
    let why = "green is not proven: the target does not answer as green";
    several.trial.assert_failed(&outcome, why);
    let port = several.trial.stage.test_port();
    let named = format!("127.0.0.2:{port}: expected");
    several.trial.assert_failed(&outcome, &named);
}

#[tokio::test]
async fn behind_what_stands_before_the_load_balancer_nobody_else_is_asked() {
    let Some(several) = Several::new().await else {
        return;
    };
    let mut several = several.dialling_one();
    several.trial = several.trial.set("SMOKE_PROOF", "identity");
    with_a_stale_address(&several);
    several.succeeds().await;
    assert_eq!(several.requests()[1..], [0, 0]);
}

#[tokio::test]
async fn a_family_of_addresses_without_a_route_is_left_out_and_noted() {
    let Some(several) = Several::new().await else {
        return;
    };
    let several = several.dialling_one();
    let hosts = several.trial.stage.folder().join("hosts");
    let mut hosts = std::fs::OpenOptions::new()
        .append(true)
        .open(hosts)
        .unwrap();
    // Without the network card's name nobody gets there.
    writeln!(hosts, "fe80::1 {NAME}").unwrap();
    let invoked = several.succeeds().await;
    let note = format!(
        "no route leads to the IPv6 addresses of `{NAME}`: nothing proves that green answers there"
    );
    assert_note(&invoked, &note);
    let note = format!("asked at 3 addresses of `{NAME}`, of which DNS shows 3 at once");
    assert!(invoked.output().contains(&note), "{}", invoked.output());
}

#[tokio::test]
async fn one_address_that_still_serves_blue_fails_and_is_named() {
    for last in 1..=NODES {
        let Some(several) = Several::new().await else {
            return;
        };
        let balancer = several.trial.stage.load_balancer();
        balancer.forward(Listener::Test, Colour::Blue);
        balancer.forward(Listener::Test, Colour::Green);
        balancer.set_fault(Listener::Test, Some(Fault::StaleAddress { last }));
        let outcome = several.gate().await;
        let why = "green is not proven: the target does not answer as green";
        several.trial.assert_failed(&outcome, why);
        let port = several.trial.stage.test_port();
        let named = format!("127.0.0.{last}:{port}: expected");
        several.trial.assert_failed(&outcome, &named);
        several.trial.assert_failed(&outcome, "blue-1.0.0");
        assert!(outcome.1.answer()["report"].is_null());
    }
}

#[tokio::test]
async fn an_address_that_turns_green_late_is_waited_for() {
    let Some(several) = Several::new().await else {
        return;
    };
    let balancer = several.trial.stage.load_balancer();
    balancer.forward(Listener::Test, Colour::Blue);
    balancer.forward(Listener::Test, Colour::Green);
    balancer.set_fault(Listener::Test, Some(Fault::StaleAddress { last: 2 }));
    let healing = async {
        while balancer.target_requests(Colour::Blue) < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        balancer.set_fault(Listener::Test, None);
    };
    let ((registered, invoked), ()) = tokio::join!(several.gate(), healing);
    let verdict = several.trial.verdict(&registered);
    assert_eq!(verdict, Some(Verdict::Succeeded), "{}", invoked.output());
    assert!(invoked.output().contains("waiting for green: 127.0.0.2:"));
}

/// Lets the second address be still blue.
fn with_a_stale_address(several: &Several) {
    let balancer = several.trial.stage.load_balancer();
    balancer.forward(Listener::Test, Colour::Blue);
    balancer.forward(Listener::Test, Colour::Green);
    balancer.set_fault(Listener::Test, Some(Fault::StaleAddress { last: 2 }));
}

async fn until(condition: impl Fn() -> bool) {
    while !condition() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn an_address_that_one_answer_of_dns_leaves_out_is_asked_all_the_same() {
    let Some(mut several) = Several::new().await else {
        return;
    };
    several.trial = several.trial.set("SMOKE_IDENTITY_TIMES", "2");
    with_a_stale_address(&several);
    let balancer = several.trial.stage.load_balancer();
    let leaving_out = async {
        until(|| several.requests()[0] >= 2).await;
        several.resolve(&[1, 3]);
        let seen = several.requests()[0];
        // The others have answered often enough by now.
        until(|| several.requests()[0] >= seen + 2).await;
        several.resolve(&[1, 2, 3]);
    };
    let (outcome, ()) = tokio::join!(several.gate(), leaving_out);
    let why = "green is not proven: the target does not answer as green";
    several.trial.assert_failed(&outcome, why);
    several.trial.assert_failed(&outcome, "127.0.0.2:");
    assert!(balancer.target_requests(Colour::Blue) > 0);
}

#[tokio::test]
async fn an_address_that_dns_leaves_out_for_good_is_asked_no_longer() {
    let Some(mut several) = Several::new().await else {
        return;
    };
    several.trial = several.trial.set("SMOKE_PROOF_TIMEOUT", "1m");
    with_a_stale_address(&several);
    let balancer = several.trial.stage.load_balancer();
    let leaving_out = async {
        until(|| balancer.target_requests(Colour::Blue) > 0).await;
        several.resolve(&[1, 3]);
    };
    let ((registered, invoked), ()) = tokio::join!(several.gate(), leaving_out);
    let verdict = several.trial.verdict(&registered);
    assert_eq!(verdict, Some(Verdict::Succeeded), "{}", invoked.output());
    assert!(several.requests()[1] >= 5, "{:?}", several.requests());
}

#[tokio::test]
async fn a_name_that_stands_for_more_than_the_load_balancer_is_no_proof() {
    let Some(several) = Several::new().await else {
        return;
    };
    let api = several.trial.stage.codedeploy();
    api.set_load_balancer_name("127.0.0.1");
    let outcome = several.gate().await;
    let why = format!("is reached at `{NAME}`, which is not known to be the load balancer");
    several.trial.assert_failed(&outcome, &why);
    several.trial.assert_failed(&outcome, "is 127.0.0.2");
    assert_eq!(several.trial.requests(), 0);
}
