//! What is said about more than can be read, planned or sent.

use std::fmt::Write;

use check_file::discover;
use check_file::remote::{Fetched, Remote, Unavailable};
use diagnostic::Source;
use runner::plan::{find_remotes, plan, plan_with_values};
use runner::settings::Selection;

use super::{problems, said};

/// The part of a message that is not the file's text, which is long.
fn short(said: &str) -> String {
    let cut = |line: &str| -> String { line.chars().take(160).collect() };
    said.lines().map(cut).collect::<Vec<_>>().join("\n")
}

#[test]
fn there_are_bounds_to_the_checks_of_a_file_and_of_a_run() {
    let mut checks = String::from("checks:\n");
    for n in 0..=10_000 {
        let _ = writeln!(checks, "  - {{ name: c{n}, get: / }}");
    }
    let rows = "{ a: 1 }, ".repeat(900);
    let mut flood = format!(
        "variables: {{ x: 1 }}\nchecks:\n  - {{ name: c, each: &rows [{rows}], get: / }}\n"
    );
    for n in 0..22 {
        let _ = writeln!(flood, "  - {{ name: c{n}, each: *rows, get: / }}");
    }
    let all = [problems(&checks), problems(&flood)];
    insta::assert_snapshot!(short(&all.join("\n\n")));
}

#[test]
fn there_are_bounds_to_files_and_there_must_be_one() {
    let folder = tempfile::tempdir().unwrap();
    for n in 0..=1_000 {
        std::fs::write(folder.path().join(format!("{n}.yaml")), "").unwrap();
    }
    let none: [&str; 0] = [];
    let all = [
        said(&discover::read(&[folder.path().to_string_lossy()]).unwrap_err()),
        said(&discover::read(&none).unwrap_err()),
    ];
    insta::assert_snapshot!(all.join("\n\n"));
}

#[test]
fn the_files_of_a_form_are_bounded_together() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.bin", "b.bin"] {
        std::fs::write(folder.path().join(name), vec![0; 600 * 1024]).unwrap();
    }
    let text = "checks:\n  - name: a\n    writes: true\n    post: /\n    multipart: { a: { file: a.bin }, b: { file: b.bin } }\n";
    let source = Source::new(folder.path().join("shop.yaml"), text);
    let problems = plan(&[source], &Selection::default(), &|_| None).unwrap_err();
    let said = said(&problems).replace(&format!("{}/", folder.path().display()), "");
    insta::assert_snapshot!(said);
}

#[test]
fn what_is_kept_elsewhere_is_bounded_and_can_be_refused() {
    let mut many = String::from("variables:\n");
    let mut used = String::new();
    for n in 0..=100 {
        let _ = writeln!(many, "  v{n}: {{ parameter: /shop/{n} }}");
        let _ = write!(used, "{{{{ v{n} }}}}");
    }
    let _ = writeln!(many, "checks: [{{ name: a, get: '/{used}' }}]");
    let source = Source::new("shop.yaml", many);
    let too_many = find_remotes(&[source], &Selection::default(), &|_| None).unwrap_err();
    let source = Source::new(
        "shop.yaml",
        "variables: { a: { secret: login }, b: { parameter: /shop/b } }\nchecks: [{ name: a, get: '/{{ a }}{{ b }}' }]",
    );
    let refused = Unavailable {
        reason: "there is no secret of that name".to_owned(),
        help: "create it, or correct the name".to_owned(),
    };
    let fetched: Fetched = [
        (Remote::Secret("login".to_owned()), Err(refused)),
        (
            Remote::Parameter("/shop/b".to_owned()),
            Ok("x".repeat(70_000)),
        ),
    ]
    .into_iter()
    .collect();
    let unusable =
        plan_with_values(&[source], &Selection::default(), &|_| None, &fetched).unwrap_err();
    insta::assert_snapshot!([said(&too_many), said(&unusable)].join("\n\n"));
}
