//! The command `smoke` as people and CI systems meet it: a real process.

use std::path::Path;
use std::process::Output;

use rehearsal::{Defect, Stage};
use serde_json::Value;

use crate::support::{scrub, stage};

/// Runs the command in a folder, with nothing of the tests' environment.
async fn smoke(folder: &Path, args: &[&str], environment: &[(&str, &str)]) -> Output {
    tokio::process::Command::new(env!("CARGO_BIN_EXE_smoke"))
        .args(args)
        .current_dir(folder)
        .env_clear()
        .envs(environment.iter().copied())
        .output()
        .await
        .unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn folder_with(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

/// Runs `smoke run checks` with these flags against the stage.
async fn run(stage: &Stage, folder: &Path, flags: &[&str]) -> Output {
    let target = stage.test_url();
    let cacert = stage.ca_file().to_string_lossy().into_owned();
    let mut args = vec!["run", "checks", "--target", &target, "--cacert", &cacert];
    args.extend(flags);
    smoke(folder, &args, &[]).await
}

const TWO: &str = "
name: shop
checks:
  - { name: it answers, get: /healthz, tags: [critical] }
  - name: it tells its version
    get: /version
    expect: { json: { $.colour: blue } }
";

#[tokio::test]
async fn a_report_for_people() {
    let stage = stage().await;
    let folder = folder_with(&[("checks/shop.yaml", TWO)]);
    let output = run(&stage, folder.path(), &[]).await;
    assert_eq!(output.status.code(), Some(1));
    insta::assert_snapshot!(scrub(&stage, &stdout(&output)), @r#"
    shop
      pass  it answers  (N time)
      FAIL  it tells its version  (N time)

        error[wrong-answer]: unexpected JSON at `$.colour`
         --> checks/shop.yaml:7:33
          |
        7 |     expect: { json: { $.colour: blue } }
          |                                 ^^^^ expected `"blue"`, found `"green"`
          |
          = note: GET https://localhost:PORT/version answered 200 (N time)
          = note: the answer begins: {"version":"green-1.1.0","colour":"green"}

          repeat it with:
            curl --include \
              --cacert CA_FILE \
              --compressed \
              --header 'user-agent: greenlight/0.1.0' \
              https://localhost:PORT/version


    2 checks against https://localhost:PORT: 1 passed, 1 failed in N time
    verdict: Failed
    "#);
    // The order of progress is the order in which checks end.
    let progress = stderr(&output);
    assert!(progress.contains("/2] pass  it answers"), "{progress}");
    assert!(
        progress.contains("/2] FAIL  it tells its version"),
        "{progress}"
    );
}

#[tokio::test]
async fn exit_codes_tell_the_outcome() {
    let stage = stage().await;
    let folder = folder_with(&[
        ("checks/shop.yaml", TWO),
        ("bad/shop.yaml", "checks: []"),
        ("good/shop.yaml", "checks: [{ name: a, get: /healthz }]"),
    ]);
    let target = stage.test_url();
    let cacert = stage.ca_file().to_string_lossy().into_owned();
    let to = ["--target", target.as_str(), "--cacert", cacert.as_str()];
    for (args, code) in [
        (vec!["run", "good"], 0),
        (vec!["run", "checks"], 1),
        (vec!["run", "checks", "--tag", "critical"], 0),
        (vec!["run", "bad"], 2),
        (vec!["run", "nowhere"], 2),
        (vec!["run", "good", "--jobs", "0"], 2),
        (vec!["run", "good", "--jobs", "257"], 2),
        (vec!["run", "good", "--jobs", "256"], 0),
        (vec!["run", "good", "--deadline", "soon"], 2),
        (vec!["run", "good", "--var", "novalue"], 2),
        (vec!["run", "good", "--connect-to", "a b"], 2),
        (
            vec!["run", "good", "--output", "no/such/folder/report.txt"],
            3,
        ),
    ] {
        let args = [args.as_slice(), to.as_slice()].concat();
        let output = smoke(folder.path(), &args, &[]).await;
        assert_eq!(
            output.status.code(),
            Some(code),
            "{args:?}\n{}",
            stderr(&output)
        );
    }
    let output = smoke(folder.path(), &["run", "good", "--target", "shop"], &[]).await;
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("expected a URL"),
        "{}",
        stderr(&output)
    );
    let output = smoke(folder.path(), &["run", "good"], &[]).await;
    assert_eq!(output.status.code(), Some(2), "a target is needed");
}

#[tokio::test]
async fn nothing_is_sent_if_any_file_is_malformed() {
    let stage = stage().await;
    let folder = folder_with(&[
        ("checks/a.yaml", "checks: [{ name: a, get: /healthz }]"),
        ("checks/b.yml", "checks: [{ name: b, got: /healthz }]"),
        ("checks/c.yaml", "checks: []"),
    ]);
    let before = stage.load_balancer().requests(rehearsal::Listener::Test);
    let output = run(&stage, folder.path(), &[]).await;
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        stage.load_balancer().requests(rehearsal::Listener::Test),
        before
    );
    insta::assert_snapshot!(stderr(&output), @"
    error: unknown key `got` in a check
     --> checks/b.yml:1:21
      |
    1 | checks: [{ name: b, got: /healthz }]
      |                     ^^^ expected `get` or another key of a check, found `got`
      |
      = help: write `get` if that is meant

    error: a file without checks
     --> checks/c.yaml:1:1
      |
    1 | checks: []
      | ^^^^^^ expected at least one check, found none
      |
      = help: add one `- name: …` below it

    2 problems; nothing was sent
    ");
    assert_eq!(stdout(&output), "");
}

#[tokio::test]
async fn the_json_report_has_a_version_and_all_that_happened() {
    let stage = stage().await;
    let folder = folder_with(&[("checks/shop.yaml", TWO)]);
    let output = run(&stage, folder.path(), &["--format", "json"]).await;
    let report: Value = serde_json::from_str(&stdout(&output)).unwrap();
    insta::assert_json_snapshot!(report, {
        ".started_at" => "[time]",
        ".target" => "[target]",
        ".reason" => "[reason]",
        ".**.duration_ms" => 0,
        ".**.start_ms" => 0,
        ".**.url" => "[url]",
        ".**.curl" => "[curl]",
        ".**.answer.headers" => "[headers]",
    }, @r#"
    {
      "version": 1,
      "verdict": "Failed",
      "reason": "[reason]",
      "target": "[target]",
      "started_at": "[time]",
      "duration_ms": 0,
      "counts": {
        "total": 2,
        "passed": 1,
        "warned": 0,
        "failed": 1,
        "not_run": 0
      },
      "checks": [
        {
          "suite": "shop",
          "role": "check",
          "name": "it answers",
          "place": "checks/shop.yaml:4:13",
          "tags": [
            "critical"
          ],
          "severity": "required",
          "outcome": "passed",
          "start_ms": 0,
          "duration_ms": 0,
          "attempts": 1,
          "steps": [
            {
              "name": "GET /healthz",
              "method": "GET",
              "url": "[url]",
              "status": 200,
              "outcome": "passed",
              "attempts": 1,
              "start_ms": 0,
              "duration_ms": 0
            }
          ]
        },
        {
          "suite": "shop",
          "role": "check",
          "name": "it tells its version",
          "place": "checks/shop.yaml:5:11",
          "tags": [],
          "severity": "required",
          "outcome": "failed",
          "start_ms": 0,
          "duration_ms": 0,
          "attempts": 1,
          "steps": [
            {
              "name": "GET /version",
              "method": "GET",
              "url": "[url]",
              "status": 200,
              "outcome": "failed",
              "attempts": 1,
              "start_ms": 0,
              "duration_ms": 0,
              "body": "{\"version\":\"green-1.1.0\",\"colour\":\"green\"}",
              "failures": [
                {
                  "class": "wrong-answer",
                  "title": "unexpected JSON at `$.colour`",
                  "place": "checks/shop.yaml:7:33",
                  "expected": "`\"blue\"`",
                  "found": "`\"green\"`"
                }
              ],
              "request": {
                "method": "GET",
                "url": "[url]",
                "headers": [
                  {
                    "name": "accept",
                    "value": "*/*"
                  },
                  {
                    "name": "accept-encoding",
                    "value": "gzip, deflate"
                  },
                  {
                    "name": "user-agent",
                    "value": "greenlight/0.1.0"
                  }
                ]
              },
              "answer": {
                "status": 200,
                "version": "HTTP/2",
                "headers": "[headers]",
                "body": {
                  "text": "{\"version\":\"green-1.1.0\",\"colour\":\"green\"}",
                  "bytes": 42
                }
              },
              "curl": "[curl]"
            }
          ]
        }
      ]
    }
    "#);
}

#[tokio::test]
async fn the_junit_report_tells_a_wrong_answer_from_what_could_not_be_asked() {
    let stage = stage().await;
    let text = "
name: shop
checks:
  - { name: fine, get: /healthz }
  - { name: wrong & <odd>, get: /status/500 }
  - { name: not asked, get: '/slow?ms=20000', timeout: 200ms }
  - { name: only a warning, get: /status/404, severity: warn }
";
    let folder = folder_with(&[("checks/shop.yaml", text)]);
    let output = run(
        &stage,
        folder.path(),
        &["--format", "junit", "--output", "report.xml"],
    )
    .await;
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).contains("verdict: Failed"));
    let xml = std::fs::read_to_string(folder.path().join("report.xml")).unwrap();
    for part in [
        r#"tests="4" skipped="1" failures="1" errors="1""#,
        r#"<testcase name="fine" classname="shop""#,
        r#"<testcase name="wrong &amp; &lt;odd&gt;" classname="shop""#,
        r#"<failure message="checks/shop.yaml:5:28: unexpected status: expected 2xx, found 500" type="wrong-answer">"#,
        r#"type="could-not-ask">"#,
        r#"<skipped message="warned: "#,
    ] {
        assert!(xml.contains(part), "{part}\n{xml}");
    }
}

#[tokio::test]
async fn files_folders_and_globs_are_found_once_and_in_order() {
    let stage = stage().await;
    let one = |name: &str| format!("name: {name}\nchecks: [{{ name: a, get: /healthz }}]");
    let folder = folder_with(&[
        ("checks/b.yaml", &one("b")),
        ("checks/deep/er/c.yml", &one("c")),
        ("checks/a.yaml", &one("a")),
        ("checks/notes.txt", "not a check file"),
        ("checks/.hidden.yaml", "not: read"),
        ("other/d.yaml", &one("d")),
    ]);
    let target = stage.test_url();
    let cacert = stage.ca_file().to_string_lossy().into_owned();
    let args = [
        "run",
        "other/d.yaml",
        "checks",
        "checks/*.yaml",
        "--format",
        "json",
        "--target",
        &target,
        "--cacert",
        &cacert,
    ];
    let output = smoke(folder.path(), &args, &[]).await;
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let report: Value = serde_json::from_str(&stdout(&output)).unwrap();
    let suites: Vec<_> = report["checks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|check| check["suite"].as_str().unwrap())
        .collect();
    assert_eq!(suites, ["d", "a", "b", "c"]);
}

#[tokio::test]
async fn files_that_cannot_be_read_are_named_with_the_reason() {
    let folder = folder_with(&[("empty/notes.txt", ""), ("latin.yaml", "")]);
    std::fs::write(folder.path().join("latin.yaml"), b"name: a\nchecks: \xe4\n").unwrap();
    let large = std::fs::File::create(folder.path().join("large.yaml")).unwrap();
    large.set_len(10 * 1024 * 1024).unwrap();
    let args = [
        "validate",
        "nowhere.yaml",
        "empty",
        "*.yml",
        "latin.yaml",
        "large.yaml",
        "[",
    ];
    let output = smoke(folder.path(), &args, &[]).await;
    assert_eq!(output.status.code(), Some(2));
    insta::assert_snapshot!(stderr(&output), @"
    error: no check files in `empty`
     |
     = note: expected a folder with `.yaml` or `.yml` files, found none
     = help: put a check file into it, or name another folder

    error: no check files match `*.yml`
     |
     = note: expected a pattern such as `checks/**/*.yaml`, found nothing
     = help: check the folder that the pattern begins in

    error: `[` is not a glob
     |
     = note: expected a pattern such as `checks/**/*.yaml`, found invalid range pattern
     = help: close each `[`; `*` stands for part of a name, `**` for folders

    error: `nowhere.yaml` cannot be read
     |
     = note: expected a check file, a folder or a glob, found no such file or directory
     = help: check the path and who may read it

    error: `latin.yaml` is not UTF-8
     |
     = note: expected UTF-8 text, found a byte that is not, at line 2 (offset 16)
     = help: save the file as UTF-8

    error: `large.yaml` is too large
     |
     = note: expected at most 1.0 MiB, found 10.0 MiB
     = help: split the file

    6 problems; nothing was sent
    ");
}

#[tokio::test]
async fn settings_come_from_the_environment_too_and_flags_win() {
    let stage = stage().await;
    let text = "
variables: { colour: red }
checks:
  - name: a
    get: /version
    expect: { json: { $.colour: '{{ colour }}' } }
";
    let folder = folder_with(&[("checks/a.yaml", text)]);
    let target = stage.test_url();
    let cacert = stage.ca_file().to_string_lossy().into_owned();
    let environment = [
        ("SMOKE_TARGET", target.as_str()),
        ("SMOKE_CACERT", cacert.as_str()),
        ("SMOKE_CHECKS", "checks"),
        ("SMOKE_VAR_colour", "green"),
    ];
    let output = smoke(folder.path(), &["run"], &environment).await;
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let output = smoke(
        folder.path(),
        &["run", "--var", "colour=blue"],
        &environment,
    )
    .await;
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
}

#[tokio::test]
async fn colours_are_used_when_asked_for() {
    let folder = folder_with(&[("bad.yaml", "checks: 1")]);
    let plain = smoke(folder.path(), &["validate", "bad.yaml"], &[]).await;
    assert!(!stderr(&plain).contains('\u{1b}'));
    let coloured = smoke(
        folder.path(),
        &["validate", "bad.yaml", "--color", "always"],
        &[],
    )
    .await;
    assert!(stderr(&coloured).contains('\u{1b}'));
}

#[tokio::test]
async fn validate_counts_what_is_valid_and_sends_nothing() {
    let folder = folder_with(&[("checks/shop.yaml", TWO)]);
    let output = smoke(folder.path(), &["validate", "checks"], &[]).await;
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(
        stdout(&output),
        "valid: 2 checks in 1 file, 12.5 s at the longest\n"
    );
}

#[tokio::test]
async fn a_defect_that_no_health_check_sees_is_found() {
    let stage = stage().await;
    stage.green_app().break_with(Defect::OrdersAreEmpty);
    let text = include_str!("../../checks/storefront.yaml");
    let folder = folder_with(&[("checks/storefront.yaml", text)]);
    let output = run(&stage, folder.path(), &["--quiet"]).await;
    assert_eq!(output.status.code(), Some(1));
    let text = stdout(&output);
    assert!(text.contains("pass  the health endpoint answers"), "{text}");
    assert!(
        text.contains("FAIL  a customer can log in, order, and see the order"),
        "{text}"
    );
    assert!(text.contains("unexpected JSON at `$.orders[*]`"), "{text}");
}

#[tokio::test]
async fn help_teaches_with_examples_and_exit_codes() {
    let folder = folder_with(&[]);
    let output = smoke(folder.path(), &["run", "--help"], &[]).await;
    assert_eq!(output.status.code(), Some(0));
    for part in [
        "Examples:",
        "Exit codes:",
        "[env: SMOKE_TARGET=]",
        "--connect-to",
    ] {
        assert!(stdout(&output).contains(part), "{part}");
    }
}

#[tokio::test]
async fn validate_refuses_what_may_take_longer_than_the_deadline() {
    let text = "checks: [{ name: a, get: /, timeout: 30s, retry: { for: 2m } }]";
    let folder = folder_with(&[("checks/slow.yaml", text)]);
    let args = ["validate", "checks", "--deadline", "1m"];
    let output = smoke(folder.path(), &args, &[]).await;
    assert_eq!(output.status.code(), Some(2));
    insta::assert_snapshot!(stderr(&output));
    assert_eq!(stdout(&output), "");
    let args = ["validate", "checks", "--deadline", "10m"];
    let output = smoke(folder.path(), &args, &[]).await;
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

#[tokio::test]
async fn validate_names_the_longest_checks_and_lists_what_it_refuses() {
    let text = "
checks:
  - { name: a, get: /, timeout: 10s }
  - { name: b, get: /, timeout: 50s }
  - { name: c, get: /, timeout: 30s }
  - { name: d, get: /, timeout: 40s }
  - { name: e, get: /, timeout: 10m, skip: not today }
";
    let folder = folder_with(&[("shop.yaml", text)]);
    let args = ["validate", "shop.yaml", "--list", "--deadline", "40s"];
    let output = smoke(folder.path(), &args, &[]).await;
    assert_eq!(output.status.code(), Some(2));
    insta::assert_snapshot!(format!("{}\n{}", stdout(&output), stderr(&output)));
}

#[tokio::test]
async fn how_many_checks_run_at_once_has_a_bound() {
    let folder = folder_with(&[("shop.yaml", "checks: [{ name: a, get: / }]")]);
    let args = ["validate", "shop.yaml"];
    let output = smoke(folder.path(), &args, &[("SMOKE_JOBS", "1000")]).await;
    assert_eq!(output.status.code(), Some(2));
    let said = stderr(&output);
    let first = said.lines().next().unwrap();
    insta::assert_snapshot!(first, @"error: invalid value '1000' for '--jobs <N>': expected a whole number from 1 to 256, found `1000`");
}

#[tokio::test]
async fn validate_lists_what_would_run() {
    let text = "
setup: [{ get: /, timeout: 1s }]
checks:
  - { name: a, tags: [critical, slow], get: /, retry: { times: 2, every: 1s } }
  - { name: b, severity: warn, each: [{ n: 1 }, { n: 2 }], get: / }
  - { name: c, skip: not today, get: / }
";
    let folder = folder_with(&[("shop.yaml", text)]);
    let listed = smoke(folder.path(), &["validate", "shop.yaml", "--list"], &[]).await;
    insta::assert_snapshot!(stdout(&listed), @"
    shop.yaml:2:1: setup, 1.0 s at the longest
    shop.yaml:4:13: a [critical, slow], 21.0 s at the longest
    shop.yaml:5:13: b [1], 10.0 s at the longest, warns
    shop.yaml:5:13: b [2], 10.0 s at the longest, warns
    shop.yaml:6:13: c, skipped: not today
    valid: 4 checks in 1 file, 27.2 s at the longest
    ");
    let tagged = ["validate", "shop.yaml", "--list", "--tag", "slow"];
    let listed = smoke(folder.path(), &tagged, &[]).await;
    assert!(!stdout(&listed).contains(": b"), "{}", stdout(&listed));
}

#[tokio::test]
async fn variables_come_from_files_too() {
    let stage = stage().await;
    let text = "
checks:
  - { name: a, get: /version, expect: { json: { $.colour: '{{ colour }}' } } }
";
    let folder = folder_with(&[
        ("checks/a.yaml", text),
        ("green.vars", "# which one\n\ncolour=green\n"),
        ("bad.vars", "colour=green\nsecret-without-equals\n"),
    ]);
    let output = run(&stage, folder.path(), &["--vars-file", "green.vars"]).await;
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let flags = ["--vars-file", "green.vars", "--var", "colour=blue"];
    assert_eq!(
        run(&stage, folder.path(), &flags).await.status.code(),
        Some(1)
    );
    let output = run(&stage, folder.path(), &["--vars-file", "bad.vars"]).await;
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("bad.vars:2: expected `name=value`"));
    assert!(!stderr(&output).contains("secret-without"));
}

#[tokio::test]
async fn the_command_teaches_editors_shells_and_man() {
    let folder = folder_with(&[]);
    for (args, part) in [
        (vec!["schema"], "http://json-schema.org/draft-07/schema#"),
        (vec!["completions", "bash"], "complete -F _smoke"),
        (vec!["completions", "zsh"], "#compdef smoke"),
        (vec!["completions", "fish"], "complete -c smoke"),
        (vec!["man"], ".TH smoke 1"),
        (vec!["man", "run"], ".TH smoke-run 1"),
        (vec!["man", "explain"], "smoke explain"),
    ] {
        let output = smoke(folder.path(), &args, &[]).await;
        assert_eq!(output.status.code(), Some(0), "{args:?}");
        assert!(stdout(&output).contains(part), "{args:?}");
    }
}

#[tokio::test]
async fn each_subcommand_has_a_manual_page() {
    let folder = folder_with(&[]);
    for name in [
        "run",
        "validate",
        "explain",
        "init",
        "import",
        "schema",
        "completions",
        "man",
    ] {
        let output = smoke(folder.path(), &["man", name], &[]).await;
        let page = stdout(&output);
        assert!(page.contains(&format!(".TH smoke-{name} 1")), "{page}");
        assert!(page.contains(".SH OPTIONS"), "{page}");
    }
    let output = smoke(folder.path(), &["man", "rum"], &[]).await;
    assert_eq!(output.status.code(), Some(2));
    insta::assert_snapshot!(stderr(&output), @"
    error: expected `run`, `validate`, `explain`, `init`, `import`, `schema`, `completions` or `man`, found `rum`
    ");
}

#[tokio::test]
async fn what_cannot_be_written_is_named() {
    let folder = folder_with(&[("shop.hurl", "GET https://localhost/\n")]);
    let args = ["import", "shop.hurl", "--output", "none/shop.yaml"];
    let output = smoke(folder.path(), &args, &[]).await;
    assert_eq!(output.status.code(), Some(3));
    insta::assert_snapshot!(stderr(&output), @"
    error: `none/shop.yaml` cannot be written: No such file or directory (os error 2)
    ");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_standard_output_that_cannot_be_written_is_an_error() {
    let full = std::fs::File::options().write(true).open("/dev/full");
    let output = tokio::process::Command::new(env!("CARGO_BIN_EXE_smoke"))
        .arg("schema")
        .env_clear()
        .stdout(full.unwrap())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap()
        .wait_with_output()
        .await
        .unwrap();
    assert_eq!(output.status.code(), Some(3));
    insta::assert_snapshot!(stderr(&output), @"
    error: standard output cannot be written: No space left on device (os error 28)
    ");
}
