//! The settings as a person gets them wrong, and right.

use insta::assert_snapshot;

use std::path::Path;

use super::*;

fn environment(variables: &[(&str, &str)]) -> Environment {
    let variables = variables
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    Environment::new(variables, PathBuf::from("/home-of-the-binary"))
}

const LISTENER: (&str, &str) = ("SMOKE_TARGET", "https://shop.example.com:8443");

fn settings(variables: &[(&str, &str)]) -> Settings {
    let mut all = vec![LISTENER];
    all.extend(variables);
    Settings::read(&environment(&all)).unwrap()
}

/// The errors as a person reads them.
fn errors(variables: &[(&str, &str)]) -> String {
    let lines: Vec<_> = Settings::read(&environment(variables))
        .unwrap_err()
        .iter()
        .map(|error| format!("{error}\n  help: {}", error.help))
        .collect();
    lines.join("\n")
}

#[test]
fn all_errors_are_found_at_once() {
    let found = errors(&[
        ("SMOKE_TARGET", "shop.example.com"),
        ("SMOKE_CONNECT_TO", "https://alb.example.com"),
        ("SMOKE_TAG", "critical,!"),
        ("SMOKE_FAIL_FAST", "maybe"),
        ("SMOKE_JOBS", "0"),
        ("SMOKE_DEADLINE", "5 minutes"),
        ("SMOKE_RESERVE", "10"),
        ("SMOKE_VAR_2nd", "secret-value"),
        ("SMOKE_DEADLIN", "5s"),
        ("SMOKE_COLOUR_OF_THE_SKY", "blue"),
        ("UNRELATED", "x"),
    ]);
    assert!(!found.contains("secret-value"));
    assert_snapshot!(found, @"
    `SMOKE_COLOUR_OF_THE_SKY`: expected a setting of Greenlight, found an unknown name
      help: write `SMOKE_VAR_…` for a variable of the check files, or remove it
    `SMOKE_CONNECT_TO`: expected `HOST`, `HOST:PORT` or `[IPV6]:PORT`, found `https://alb.example.com`
      help: give the load balancer's name or address, without a scheme
    `SMOKE_DEADLIN`: expected a setting of Greenlight, found an unknown name
      help: write `SMOKE_DEADLINE` if that is meant
    `SMOKE_DEADLINE`: expected a duration such as `500ms`, `5s` or `1m30s`, found `5 minutes`
      help: write whole numbers with the units `ms`, `s`, `m` or `h`, a day at most
    `SMOKE_FAIL_FAST`: expected `true` or `false`, found `maybe`
      help: write `true` to begin no further check after one that failed
    `SMOKE_JOBS`: expected a whole number from 1 to 256, found `0`
      help: leave it out for 8
    `SMOKE_RESERVE`: expected a duration such as `500ms`, `5s` or `1m30s` and at least `1s`, found `10`
      help: write whole numbers with the units `ms`, `s`, `m` or `h`, a day at most
    `SMOKE_TAG`: expected a tag such as `critical` or `!slow`, found `!`
      help: separate tags by commas; `!slow` leaves a tag out
    `SMOKE_TARGET`: expected a URL such as `https://shop.example.com:8443`, found `shop.example.com`: relative URL without a base
      help: give the URL of the test listener
    `SMOKE_VAR_2nd`: expected a name of letters, digits and `_` after `SMOKE_VAR_`, found `2nd`
      help: name it as the check files do
    ");
}

#[test]
fn a_run_by_hand_may_name_the_target_later() {
    assert!(Settings::read(&environment(&[])).unwrap().target.is_none());
}

#[test]
fn a_target_is_all_that_is_required() {
    assert_snapshot!(errors(&[("SMOKE_JOBS", "0")]), @"
    `SMOKE_JOBS`: expected a whole number from 1 to 256, found `0`
      help: leave it out for 8
    `SMOKE_TARGET`: expected a URL such as `https://shop.example.com:8443`, found nothing
      help: give the URL of the test listener
    ");
    let settings = settings(&[]);
    assert_eq!(settings.target.unwrap().to_string(), LISTENER.1);
    assert_eq!(
        settings.checks.places,
        here(&["/home-of-the-binary/checks"])
    );
    assert_eq!(settings.jobs, DEFAULT_JOBS);
    assert_eq!(settings.time, Time::default());
    assert!(!settings.fail_fast);
    assert!(settings.connect_to.is_none());
    assert!(settings.cacert.is_none());
}

#[test]
fn every_setting_is_heard() {
    let settings = settings(&[
        ("SMOKE_CHECKS", "a.yaml, b/ ,c/*.yml"),
        ("SMOKE_CONNECT_TO", "alb.example.com"),
        ("SMOKE_CACERT", "/var/task/ca.pem"),
        ("SMOKE_TAG", "critical,!slow"),
        ("SMOKE_FAIL_FAST", "true"),
        ("SMOKE_JOBS", "3"),
        ("SMOKE_DEADLINE", "2m"),
        ("SMOKE_RESERVE", "20s"),
        ("SMOKE_VAR_customer", " demo@example.com=1 "),
        ("SMOKE_VAR_empty", ""),
    ]);
    assert_eq!(settings.checks.places, here(&["a.yaml", "b/", "c/*.yml"]));
    assert!(settings.connect_to.is_some());
    assert_eq!(
        settings.cacert.as_deref(),
        Some(Path::new("/var/task/ca.pem"))
    );
    assert_eq!(
        settings.selection.tags,
        Tags::parse(["critical", "!slow"]).unwrap()
    );
    assert!(settings.fail_fast);
    assert_eq!(settings.jobs.get(), 3);
    let time = Time {
        most: Some(Duration::from_mins(2)),
        reserve: Duration::from_secs(20),
    };
    assert_eq!(settings.time, time);
    // A value is taken as it is.
    let variables = &settings.selection.variables;
    assert_eq!(variables["customer"], " demo@example.com=1 ");
    assert_eq!(variables["empty"], "");
}

#[test]
fn too_little_time_to_report_is_refused() {
    for (text, fine) in [("1s", true), ("999ms", false), ("0s", false)] {
        let found = errors(&[("SMOKE_JOBS", "0"), ("SMOKE_RESERVE", text)]);
        let expected = "and at least `1s`";
        assert_eq!(found.contains(expected), !fine, "{found}");
    }
}

#[test]
fn an_empty_setting_is_none() {
    let settings = settings(&[
        ("SMOKE_CHECKS", " "),
        ("SMOKE_CONNECT_TO", ""),
        ("SMOKE_CACERT", ""),
        ("SMOKE_JOBS", ""),
        ("LAMBDA_TASK_ROOT", "/var/task"),
    ]);
    assert_eq!(settings.checks.places, here(&["/var/task/checks"]));
    assert!(settings.cacert.is_none());
}

#[test]
fn the_password_of_a_target_is_not_repeated() {
    let found = errors(&[(
        "SMOKE_TARGET",
        "https://demo:correct-horse@shop.example.com",
    )]);
    assert!(!found.contains("correct-horse"), "{found}");
}

#[test]
fn the_proof_is_full_and_takes_a_minute_unless_told_otherwise() {
    assert_eq!(settings(&[]).proof, ProofSettings::default());
    let proof = settings(&[
        ("SMOKE_PROOF", "identity"),
        ("SMOKE_PROOF_TIMEOUT", "90s"),
        ("SMOKE_IDENTITY", "json:$.build.version"),
        ("SMOKE_IDENTITY_PATH", "/version"),
        ("SMOKE_IDENTITY_IS", "env:APP_VERSION"),
        ("SMOKE_IDENTITY_TIMES", "5"),
    ])
    .proof;
    assert_eq!(proof.mode, Mode::Identity);
    assert_eq!(proof.timeout, Duration::from_secs(90));
    let identity = Identity {
        path: "/version".to_owned(),
        origin: Origin::Json("$.build.version".to_owned()),
        expected: Expected::Variable("APP_VERSION".to_owned()),
        times: 5.try_into().unwrap(),
    };
    assert_eq!(proof.identity, Some(identity));
}

#[test]
fn a_proof_that_cannot_be_made_is_refused() {
    assert_snapshot!(errors(&[
        LISTENER,
        ("SMOKE_PROOF", "yes"),
        ("SMOKE_PROOF_TIMEOUT", "0"),
        ("SMOKE_IDENTITY", "x-app-version"),
        ("SMOKE_IDENTITY_IS", "env:"),
        ("SMOKE_IDENTITY_TIMES", "0"),
    ]), @"
    `SMOKE_IDENTITY`: expected `header:` or `json:` and what it names, found `x-app-version`
      help: write `header:x-app-version` or `json:$.version`
    `SMOKE_IDENTITY_IS`: expected `tag`, `digest`, `image` or `env:NAME`, found `env:`
      help: leave it out for `tag`
    `SMOKE_IDENTITY_TIMES`: expected a whole number from 1 to 100, found `0`
      help: leave it out for 3
    `SMOKE_PROOF`: expected `full`, `listener`, `identity` or `off`, found `yes`
      help: leave it out for `full`
    `SMOKE_PROOF_TIMEOUT`: expected a duration such as `500ms`, `5s` or `1m30s`, found `0`
      help: write whole numbers with the units `ms`, `s`, `m` or `h`, a day at most
    ");
    assert_snapshot!(errors(&[LISTENER, ("SMOKE_PROOF", "identity")]), @"
    `SMOKE_IDENTITY`: expected where the app tells its version, because `SMOKE_PROOF` is `identity`, found nothing
      help: write `header:x-app-version` or `json:$.version`
    ");
    assert_snapshot!(errors(&[LISTENER, ("SMOKE_IDENTITY", "json:$.[")]), @"
    `SMOKE_IDENTITY`: expected a path as in RFC 9535, such as `$.items[0].name`, found `$.[`, stopped at `[` at character 3 (in dot member name, must start with lowercase alpha or '_')
      help: write `header:x-app-version` or `json:$.version`
    ");
    assert_snapshot!(errors(&[LISTENER, ("SMOKE_IDENTITY", "header:a b")]), @"
    `SMOKE_IDENTITY`: expected letters, digits and `-`, found `a b`
      help: write `header:x-app-version` or `json:$.version`
    ");
    let path = [
        ("SMOKE_IDENTITY", "header:a"),
        ("SMOKE_IDENTITY_PATH", "version"),
    ];
    assert_snapshot!(errors(&[LISTENER, path[0], path[1]]), @"
    `SMOKE_IDENTITY_PATH`: expected a path on the target, such as `/version`, found `version`
      help: leave it out for `/`
    ");
}

#[test]
fn secrets_hosts_and_a_rate_are_read_and_no_secret_is_repeated() {
    let read = settings(&[
        ("SMOKE_VAR_customer", "demo"),
        ("SMOKE_SECRET_pin", "1234"),
        ("SMOKE_ALLOW_HOSTS", "auth.example.com, *.example.org"),
        ("SMOKE_RATE", "600/m"),
    ]);
    let selection = read.selection.clone();
    assert_eq!(selection.variables["pin"], "1234");
    assert_eq!(Vec::from_iter(selection.secrets), ["pin"]);
    assert_ne!(selection.hosts, Hosts::default());
    assert_eq!(read.rate, "10/s".parse().ok());
    let found = errors(&[
        LISTENER,
        ("SMOKE_SECRET_2nd", "s3cret"),
        ("SMOKE_ALLOW_HOSTS", "auth.example.com,*,169.254.169.254"),
        ("SMOKE_RATE", "fast"),
    ]);
    assert!(!found.contains("s3cret"));
    assert_snapshot!(found, @"
    `SMOKE_ALLOW_HOSTS`: expected a host such as `auth.example.com`, `*.example.com` or `localhost:9000`, found `*`, with a `*` that is not the first label
      help: name the hosts that checks may ask beside the target, separated by commas
    `SMOKE_ALLOW_HOSTS`: expected a host such as `auth.example.com`, `*.example.com` or `localhost:9000`, found `169.254.169.254`, a link-local address, where nobody is asked
      help: name the hosts that checks may ask beside the target, separated by commas
    `SMOKE_RATE`: expected a number of requests in a second or a minute, such as `20/s` or `600/m`, found `fast`
      help: leave it out for no limit
    `SMOKE_SECRET_2nd`: expected a name of letters, digits and `_` after `SMOKE_SECRET_`, found `2nd`
      help: name it as the check files do
    ");
}

#[test]
fn check_files_may_be_in_s3() {
    let settings = settings(&[
        (
            "SMOKE_CHECKS",
            "s3://shop-checks/{{ deployment.tag }}/, checks",
        ),
        ("SMOKE_CHECKS_FALLBACK", "bundled"),
    ]);
    let CheckSettings {
        places,
        fallback,
        bundled,
    } = settings.checks;
    assert!(matches!(&places[0], CheckPlace::S3(template) if template.is_template()));
    assert_eq!(places[1..], here(&["checks"]));
    assert_eq!(fallback, Fallback::Bundled);
    assert_eq!(bundled, "/home-of-the-binary/checks");
    assert_snapshot!(errors(&[
        LISTENER,
        ("SMOKE_CHECKS", "s3://shop-checks/{{ deployment.tga }}/"),
        ("SMOKE_CHECKS_FALLBACK", "yes"),
    ]), @"
    `SMOKE_CHECKS`: expected a name such as `deployment.tag` in the key, found `deployment.tga`
      help: name one of `id`, `application`, `group`, `creator`, `lifecycle_event`, `image`, `tag`, `digest`, `task_definition`, `target_group` or `revision`
    `SMOKE_CHECKS_FALLBACK`: expected `none` or `bundled`, found `yes`
      help: leave it out for `none`
    ");
}

fn here(patterns: &[&str]) -> Vec<CheckPlace> {
    let patterns = patterns.iter();
    patterns
        .map(|pattern| CheckPlace::Local((*pattern).to_owned()))
        .collect()
}
