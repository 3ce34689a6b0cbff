//! Checks that run once for each row.

use report::Outcome;
use report::verdict::{Verdict, judge};
use runner::plan::plan;
use runner::settings::{Limits, Selection};

use crate::support::{self, outcomes, report, stage};

#[tokio::test]
async fn each_row_is_an_outcome_of_its_own() {
    let stage = stage().await;
    let text = "
checks:
  - name: costs {{ cents }}
    each:
      - { item: espresso-cup, cents: 1250 }
      - { item: travel-mug, cents: 1 }
    get: '/catalogue/{{ item }}'
    expect: { json: { $.price_cents: '{{ cents }}' } }
  - name: exists
    each: [{ item: moka-pot }]
    get: '/catalogue/{{ item }}'
";
    let report = report(&stage, text).await;
    assert_eq!(
        outcomes(&report),
        [
            ("costs 1250", Outcome::Passed),
            ("costs 1", Outcome::Failed),
            ("exists [moka-pot]", Outcome::Passed),
        ]
    );
}

#[tokio::test]
async fn rows_come_from_csv_and_json_files_too() {
    let stage = stage().await;
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write(
        "items.csv",
        "item, name\nespresso-cup, Espresso cup\ntravel-mug, Travel mug\n",
    );
    write("items.json", r#"[{"item": "moka-pot", "cents": 3490}]"#);
    write(
        "checks.yaml",
        "
checks:
  - name: csv
    each: { file: items.csv }
    get: '/catalogue/{{ item }}'
    expect: { json: { $.name: '{{ name }}' } }
  - name: json
    each: { file: items.json }
    get: '/catalogue/{{ item }}'
    expect: { json: { $.price_cents: '{{ cents }}' } }
",
    );
    let path = folder.path().join("checks.yaml");
    let sources = check_file::discover::read(&[path.to_string_lossy()]).unwrap();
    let plan = plan(&sources, &Selection::default(), &|_| None).unwrap();
    let client = client::http::Client::new(&support::connection(&stage)).unwrap();
    let report = runner::run::run(&plan, &client, Limits::default(), &|_| {}).await;
    let names: Vec<_> = report.checks.iter().map(|check| &check.name).collect();
    assert_eq!(
        names,
        ["csv [espresso-cup]", "csv [travel-mug]", "json [moka-pot]"]
    );
    assert_eq!(judge(&report), Verdict::Succeeded, "{report:#?}");
}
