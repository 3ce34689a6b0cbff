//! The matrix for people.

use std::fmt::Write as _;
use std::io::Write as _;

use rehearsal::Verdict;

use super::cases::Moment::{
    self, AmidChecks, AskingAws, AskingTheApp, FetchingChecks, FetchingValues, FirstCheck,
    Reporting, Teardown, TellingOthers,
};
use super::cases::{Case, End};

/// The columns.
const MOMENTS: [(Moment, &str); 9] = [
    (AskingAws, "asking AWS"),
    (FetchingChecks, "check files"),
    (FetchingValues, "values"),
    (AskingTheApp, "asking app"),
    (FirstCheck, "first check"),
    (AmidChecks, "amid checks"),
    (Teardown, "teardown"),
    (Reporting, "reporting"),
    (TellingOthers, "telling others"),
];

/// What became of a case: whether it ended as it has to.
pub(super) type Told<'a> = (&'a Case, bool);

/// Writes the table where the test harness does not keep it to itself.
pub(super) fn print(told: &[Told<'_>]) {
    let table = format!("\n{}\n", table(told));
    let _ = std::io::stderr().write_all(table.as_bytes());
}

/// The matrix as a table: a fault a row, a moment a column, in the order of
/// the cases. A cell holds each end that its cases had to have, with their
/// number, and how many of them did not.
fn table(told: &[Told<'_>]) -> String {
    let mut rows: Vec<(&str, &str)> = Vec::new();
    let mut kinds: Vec<&str> = Vec::new();
    for (case, _) in told {
        let row = (case.of, case.fault.as_str());
        if !rows.contains(&row) {
            rows.push(row);
        }
        if !kinds.contains(&case.of) {
            kinds.push(case.of);
        }
    }
    let mut lines = vec![line(
        "fault of",
        "",
        MOMENTS.map(|(_, name)| name.to_owned()),
        "all",
    )];
    for kind in kinds {
        for (of, fault) in rows.iter().filter(|(of, _)| *of == kind) {
            let row = of_row(told, |case| case.of == *of && case.fault == *fault);
            lines.push(line(of, fault, row.0, &row.1));
        }
        let row = of_row(told, |case| case.of == kind);
        lines.push(line(kind, "all", row.0, &row.1));
    }
    let row = of_row(told, |_| true);
    lines.push(line("all", "", row.0, &row.1));
    let mut table = aligned(&lines);
    let right = told.iter().filter(|(_, right)| *right).count();
    let _ = write!(
        table,
        "\n{right} of {} cases: exactly one end, the right one, in time\n\
         S: `Succeeded`; F: `Failed`; G: either, and never `Succeeded` by an answer of blue; \
         H: nobody can tell, and CodeDeploy gives up after its hour",
        told.len()
    );
    table
}

fn line(of: &str, fault: &str, cells: [String; 9], all: &str) -> Vec<String> {
    let first = [of.to_owned(), fault.to_owned()];
    let cells = first.into_iter().chain(cells);
    cells.chain([all.to_owned()]).collect()
}

/// The cells of some cases, and how many cases there are in all.
fn of_row(told: &[Told<'_>], which: impl Fn(&Case) -> bool) -> ([String; 9], String) {
    let mine: Vec<_> = told.iter().filter(|(case, _)| which(case)).collect();
    let cells = MOMENTS.map(|(moment, _)| {
        let here = mine.iter().filter(|(case, _)| case.moment == moment);
        let here: Vec<_> = here.collect();
        let mut parts = Vec::new();
        for (sign, end) in ENDS {
            let count = here.iter().filter(|(case, _)| case.expected == end).count();
            if count > 0 {
                parts.push(format!("{sign} {count}"));
            }
        }
        let wrong = here.iter().filter(|(_, right)| !right).count();
        if wrong > 0 {
            parts.push(format!("WRONG {wrong}"));
        }
        parts.join(" ")
    });
    let right = mine.iter().filter(|(_, right)| *right).count();
    (cells, format!("{right}/{}", mine.len()))
}

/// The ends, each with its sign.
const ENDS: [(&str, End); 4] = [
    ("S", End::Told(Verdict::Succeeded)),
    ("F", End::Told(Verdict::Failed)),
    ("G", End::NotByBlue),
    ("H", End::Hour),
];

fn aligned(lines: &[Vec<String>]) -> String {
    let width = |column: usize| lines.iter().map(|line| line[column].len()).max();
    let mut table = String::new();
    for line in lines {
        let mut text = String::new();
        for (column, cell) in line.iter().enumerate() {
            let width = width(column).unwrap_or_default();
            let _ = write!(text, "{cell:<width$}  ");
        }
        let _ = writeln!(table, "{}", text.trim_end());
    }
    table
}

#[test]
fn the_table_counts_each_end_of_each_cell() {
    use super::cases::Wrong;
    use rehearsal::Verdict::{Failed, Succeeded};
    let case = |of, fault: &str, moment, expected| Case {
        of,
        fault: fault.to_owned(),
        moment,
        wrong: Wrong::NoName,
        expected,
    };
    let cases = [
        (
            case("network", "refused", AskingTheApp, End::Told(Failed)),
            true,
        ),
        (
            case("AWS", "throttled", AskingAws, End::Told(Succeeded)),
            true,
        ),
        (
            case("network", "black hole", AskingTheApp, End::Told(Failed)),
            false,
        ),
        (case("AWS", "throttled", AskingAws, End::Told(Failed)), true),
        (case("AWS", "throttled", Reporting, End::Hour), true),
        (
            case("network", "refused", Teardown, End::Told(Succeeded)),
            true,
        ),
    ];
    let told: Vec<Told<'_>> = cases.iter().map(|(case, right)| (case, *right)).collect();
    insta::assert_snapshot!(table(&told));
}
