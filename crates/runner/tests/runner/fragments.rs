//! Fragments: steps that are written once and used with other values.

use std::path::Path;

use client::http::Client;
use diagnostic::snippet::{Colour, render};
use rehearsal::Stage;
use report::render::failures;
use report::verdict::{Verdict, judge};
use report::{Outcome, Report, StepOutcome};
use runner::plan::plan;
use runner::run::run;
use runner::settings::{Limits, Selection};

use crate::support::{self, said, stage};

const COMMON: &str = "
fragments:
  log in:
    parameters: [user, { name: password, default: '{{ secret_word }}' }]
    steps:
      - post: /login
        json: { email: '{{ user }}', password: '{{ password }}' }
        capture: { token: { json: $.token } }
  see orders:
    parameters: [{ name: least, default: 1 }]
    steps:
      - use: log in
        with: { user: demo@example.com }
      - get: /orders
        headers: { authorization: 'Bearer {{ token }}' }
        expect: { json: { $.count: { at_least: '{{ least }}' } } }
";

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

/// What is said about the files of a folder, or how many checks there are.
fn planned(folder: &Path, files: &str) -> String {
    let sources = check_file::discover::read(&[folder.join(files).to_string_lossy()]).unwrap();
    let said = match plan(&sources, &Selection::default(), &|_| None) {
        Ok(plan) => format!(
            "valid: {} checks, {} files",
            plan.check_count(),
            plan.file_count()
        ),
        Err(problems) => problems
            .diagnostics()
            .iter()
            .inspect(|problem| {
                let parts = [&problem.expected, &problem.found, &problem.help];
                assert!(parts.iter().all(|part| part.is_some()), "{problem:?}");
            })
            .map(|problem| render(problem, Colour::Never))
            .collect::<Vec<_>>()
            .join("\n\n"),
    };
    said.replace(&folder.display().to_string(), "FOLDER")
}

/// What is said about one file that has these fragments and these steps.
fn problems(fragments: &str, steps: &str) -> String {
    let fragments = fragments.trim().replace('\n', "\n  ");
    let steps = steps.trim().replace('\n', "\n      ");
    let text =
        format!("fragments:\n  {fragments}\nchecks:\n  - name: a\n    steps:\n      {steps}\n");
    let folder = folder(&[("shop.yaml", &text)]);
    planned(folder.path(), "shop.yaml")
}

async fn report(stage: &Stage, folder: &Path) -> Report {
    let sources = check_file::discover::read(&[folder.to_string_lossy()]).unwrap();
    let plan = plan(&sources, &Selection::default(), &|_| None)
        .unwrap_or_else(|problems| panic!("{problems}"));
    let client = Client::new(&support::connection(stage)).unwrap();
    run(&plan, &client, Limits::default(), &|_| {}).await
}

async fn passes(stage: &Stage, files: &[(&str, &str)]) -> Report {
    let folder = folder(files);
    let report = report(stage, folder.path()).await;
    let all = report.checks.iter().map(|c| failures(c, Colour::Never));
    let all: Vec<_> = all.collect();
    assert_eq!(judge(&report), Verdict::Succeeded, "{}", all.join("\n"));
    report
}

#[tokio::test]
async fn a_fragment_of_another_file_is_used_with_values_and_its_captures_are_known() {
    let text = "
include: [lib/common.yaml]
variables: { secret_word: correct-horse, user: nobody }
setup:
  - { use: log in, with: { user: demo@example.com } }
checks:
  - name: the setup's capture
    get: /orders
    headers: { authorization: 'Bearer {{ token }}' }
  - name: a fragment in a fragment
    writes: true
    steps:
      - use: see orders
        with: { least: 2 }
      - name: the parameter is unknown again
        get: '/echo?user={{ user }}'
        expect: { json: { $.query.user: nobody } }
teardown:
  - { use: see orders }
";
    let files = [("shop.yaml", text), ("lib/common.yaml", COMMON)];
    let report = passes(&stage().await, &files).await;
    let steps = report.checks[2].steps.iter().map(|step| step.name.as_str());
    assert_eq!(
        steps.collect::<Vec<_>>(),
        [
            "see orders: log in: POST /login",
            "see orders: GET /orders",
            "the parameter is unknown again"
        ]
    );
    assert_eq!(report.checks[3].outcome, Outcome::Passed);
}

#[tokio::test]
async fn a_value_is_made_once_for_each_use_and_from_what_the_user_knows() {
    let text = "
fragments:
  twice:
    parameters: [id]
    steps:
      - get: '/echo?id={{ id }}'
        capture: { first: { json: $.query.id } }
      - get: '/echo?id={{ id }}'
        expect: { json: { $.query.id: '{{ first }}' } }
checks:
  - name: a
    steps:
      - { use: twice, with: { id: '{{ uuid() }}' } }
      - get: '/echo?x={{ first }}'
        capture: { before: { json: $.query.x } }
      - { use: twice, with: { id: 'again-{{ before }}' } }
      - get: /echo
        expect: { json: { $.method: GET } }
        capture: { changed: { from: status, transform: \"{{ first == 'again-' ~ before }}\" } }
      - get: '/echo?x={{ changed }}'
        expect: { json: { $.query.x: 'true' } }
";
    passes(&stage().await, &[("shop.yaml", text)]).await;
}

#[tokio::test]
async fn a_failure_points_at_the_fragments_line_and_says_which_use() {
    let stage = stage().await;
    let text = "
include: [common.yaml]
variables: { secret_word: wrong }
checks:
  - name: a
    writes: true
    steps:
      - { use: see orders, name: the orders of the demo customer }
";
    let folder = folder(&[("shop.yaml", text), ("common.yaml", COMMON)]);
    let report = report(&stage, folder.path()).await;
    let said = said(&stage, &report).replace(&folder.path().display().to_string(), "FOLDER");
    let about = said.split("asked:").next().unwrap();
    insta::assert_snapshot!(about);
    assert_eq!(
        report.checks[0].steps[1].outcome,
        StepOutcome::NotRun(report::NotRun::EarlierStep)
    );
}

#[tokio::test]
async fn a_value_that_cannot_be_made_fails_the_first_step_of_the_fragment() {
    let text = "
fragments: { f: { parameters: [n], steps: [{ get: '/echo?n={{ n }}' }] } }
checks:
  - name: a
    steps:
      - get: /healthz
        capture: { status: { json: $.status } }
      - { use: f, with: { n: '{{ status | from_base64 | from_base64 }}' } }
";
    let stage = stage().await;
    let folder = folder(&[("shop.yaml", text)]);
    let report = report(&stage, folder.path()).await;
    let said = failures(&report.checks[0], Colour::Never);
    let said = said.replace(&format!("{}/", folder.path().display()), "");
    insta::assert_snapshot!(said);
}

#[test]
fn a_folder_may_hold_files_that_are_only_included() {
    let text = "include: [common.yaml]\nvariables: { secret_word: x }\nchecks: [{ name: a, writes: true, steps: [{ use: see orders }] }]";
    let both = folder(&[("shop.yaml", text), ("common.yaml", COMMON)]);
    assert_eq!(planned(both.path(), ""), "valid: 1 checks, 1 files");
    insta::assert_snapshot!(planned(both.path(), "common.yaml"), @"
    error: no check is selected
     |
     = note: expected at least one check, found none
     = help: name files that hold checks
    ");
    // One that has more than fragments is a check file without checks.
    let more = folder(&[(
        "a.yaml",
        "fragments: { f: { steps: [{ get: / }] } }\nsetup: [{ use: f }]",
    )]);
    assert!(planned(more.path(), "").contains("a file without checks"));
}

#[test]
fn what_is_wrong_with_fragments_and_their_uses_is_said_where_it_stands() {
    let plain =
        "f: { parameters: [user, { name: page, default: 1 }], steps: [{ get: '/{{ user }}' }] }";
    let all = [
        problems(plain, "- { use: g }"),
        problems(plain, "- { use: f }"),
        problems(plain, "- { use: f, with: { user: a, pgae: 2 } }"),
        problems(plain, "- { use: f, wiht: { user: a } }"),
        problems(plain, "- { use: f, with: [a] }"),
        problems(plain, "- { use: f, with: { user: '{{ usr }}' } }"),
        problems(
            "f: { steps: [{ get: '/{{ usre }}' }] }",
            "- { use: f }\n- { use: f }",
        ),
        problems("f: { steps: [{ post: / }, { delete: / }] }", "- { use: f }"),
        problems(
            "f: { steps: [{ use: g }] }\ng: { steps: [{ use: f }] }",
            "- { use: f }",
        ),
        problems(
            "f: { parameters: [a, a, { default: 1 }, 1b], steps: [{ get: / }] }",
            "- get: /",
        ),
        problems(
            "f: { parameters: [a], steps: [{ get: /, capture: { a: status } }] }",
            "- get: /",
        ),
        problems("f: { parameters: [a] }", "- get: /"),
        problems("f: { steps: [{ gett: / }] }", "- get: /"),
        problems("f: [{ get: / }]", "- get: /"),
    ];
    insta::assert_snapshot!(all.join("\n\n"));
}

#[test]
fn what_is_wrong_with_included_files_is_said_where_it_stands() {
    let files = |name: &str, files: &[(&str, &str)]| {
        let folder = folder(files);
        planned(folder.path(), name)
    };
    let check = "checks: [{ name: a, get: / }]";
    let with = |include: &str| format!("include: {include}\n{check}");
    let twice = "fragments: { f: { steps: [{ get: / }] } }";
    let all = [
        files("a.yaml", &[("a.yaml", &with("[missing.yaml]"))]),
        files("a.yaml", &[("a.yaml", &with("common.yaml"))]),
        files("a.yaml", &[("a.yaml", &with("[a.yaml]"))]),
        files(
            "a.yaml",
            &[
                ("a.yaml", &with("[b.yaml]")),
                ("b.yaml", "include: [a.yaml]"),
            ],
        ),
        files(
            "a.yaml",
            &[("a.yaml", &with("[b.yaml, ./b.yaml]")), ("b.yaml", twice)],
        ),
        files(
            "a.yaml",
            &[("a.yaml", &with("[b.yaml]")), ("b.yaml", check)],
        ),
        files("a.yaml", &[("a.yaml", &with("[b.yaml]")), ("b.yaml", "")]),
        files(
            "a.yaml",
            &[
                ("a.yaml", &with("[b.yaml, c.yaml]")),
                ("b.yaml", twice),
                ("c.yaml", twice),
            ],
        ),
    ];
    insta::assert_snapshot!(all.join("\n\n"));
    // What is wrong with an included file is said once, for all who include it.
    let wrong = "fragments: { f: { steps: [{ gett: / }] } }";
    let three = [
        ("a.yaml", with("[c.yaml]")),
        ("b.yaml", with("[c.yaml]")),
        ("c.yaml", wrong.to_owned()),
    ];
    let three: Vec<_> = three.iter().map(|(n, t)| (*n, t.as_str())).collect();
    assert_eq!(files("", &three).matches("error:").count(), 1);
    // Two ways to one file are fine.
    let diamond = [
        (
            "a.yaml",
            "include: [b.yaml, c.yaml]\nchecks: [{ name: a, steps: [{ use: f }] }]",
        ),
        ("b.yaml", "include: [d.yaml]"),
        ("c.yaml", "include: [d.yaml]"),
        ("d.yaml", twice),
    ];
    assert_eq!(files("a.yaml", &diamond), "valid: 1 checks, 1 files");
}

#[test]
fn fragments_cannot_grow_without_end() {
    let mut fragments = String::from("f0: { steps: [{ get: / }, { get: / }] }");
    for n in 1..30 {
        let before = n - 1;
        fragments.push_str(&format!(
            "\nf{n}: {{ steps: [{{ use: f{before} }}, {{ use: f{before} }}] }}"
        ));
    }
    assert!(problems(&fragments, "- { use: f7 }").starts_with("valid"));
    let deep = problems(&fragments, "- { use: f29 }");
    assert!(deep.contains("without an end"), "{deep}");
    let wide = "- { use: f7 }\n".repeat(10);
    let said = problems(&fragments, &wide);
    insta::assert_snapshot!(said);
}
