//! What is said about whether, when and how often a check runs.

use check_file::discover;
use runner::plan::plan;
use runner::settings::Selection;

use super::{problems, problems_of_check, said};

#[test]
fn a_quarantine_has_an_end_an_owner_and_a_reason() {
    let check = |quarantine: &str| problems_of_check(&format!("get: /\nquarantine: {quarantine}"));
    let all = [
        check("{ owner: team search, reason: the index is rebuilt }"),
        check("{ until: 2030-01-31 }"),
        check("{ until: soon, owner: team search, reason: the index is rebuilt }"),
    ];
    insta::assert_snapshot!(all.join("\n\n"));
}

#[test]
fn conditions_can_be_computed_and_needs_come_to_an_end() {
    let all = [
        problems_of_check("get: /\nwhen: \"{{ 'a' - 1 }}\""),
        problems("checks: [{ name: a, needs: [b, aa], get: / }, { name: ab, get: / }]"),
        problems("checks: [{ name: a, needs: b, get: / }, { name: b, needs: a, get: / }]"),
    ];
    insta::assert_snapshot!(all.join("\n\n"));
}

#[test]
fn retries_and_logins_have_all_their_parts_and_writing_needs_leave() {
    let all = [
        problems_of_check("get: /\nretry: { times: 3, backoff: 0.5 }"),
        problems_of_check("get: /\nauth: { basic: { user: demo@example.com } }"),
        problems_of_check("delete: /orders/1"),
    ];
    insta::assert_snapshot!(all.join("\n\n"));
}

/// What is said about the rows of a check, with these files beside it.
fn problems_of_rows(each: &str, files: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let path = folder.path().join("shop.yaml");
    let text = format!("checks:\n  - name: a\n    each: {each}\n    get: /\n");
    std::fs::write(&path, text).unwrap();
    let sources = discover::read(&[path.to_string_lossy()]).unwrap();
    let problems = plan(&sources, &Selection::default(), &|_| None).unwrap_err();
    said(&problems).replace(&format!("{}/", folder.path().display()), "")
}

#[test]
fn rows_are_maps_of_fixed_values() {
    let many = format!("item\n{}", "cup\n".repeat(1_001));
    let all = [
        problems_of_rows("[]", &[]),
        problems_of_rows("cups", &[]),
        problems_of_rows("{}", &[]),
        problems_of_rows("[{ item: '{{ other }}' }]", &[]),
        problems_of_rows("{ file: items.csv }", &[("items.csv", &many)]),
        problems_of_rows("{ file: items.csv }", &[("items.csv", "item,cents\ncup\n")]),
        problems_of_rows("{ file: items.csv }", &[("items.csv", "item name\ncup\n")]),
        problems_of_rows("{ file: items.json }", &[("items.json", "{ \"item\": 1 }")]),
        problems_of_rows("{ file: items.txt }", &[("items.txt", "cup")]),
    ];
    insta::assert_snapshot!(all.join("\n\n"));
}
