//! The matrix for people.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::cases::Moment::{
    self, AmidChecks, AskingAws, AskingTheApp, FetchingChecks, FetchingValues, FirstCheck,
    Reporting, Teardown, TellingOthers,
};
use super::cases::{Case, End};

/// For each moment: how many cases went right, how many there are, and how
/// they had to end.
type Row = BTreeMap<Moment, (usize, usize, End)>;

/// The matrix as a table: a fault a row, a moment a column.
#[expect(clippy::print_stdout, reason = "the table is for people")]
pub(super) fn print(told: &[(Case, Result<(), String>)]) {
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
    let mut rows: BTreeMap<(&str, &str), Row> = BTreeMap::new();
    for (case, told) in told {
        let row = rows.entry((case.of, &case.fault)).or_default();
        let cell = row.entry(case.moment).or_insert((0, 0, case.expected));
        cell.0 += usize::from(told.is_ok());
        cell.1 += 1;
    }
    let mut table = format!("{:<14} {:<24}", "fault of", "");
    for (_, name) in MOMENTS {
        let _ = write!(table, " {name:>14}");
    }
    for ((of, fault), row) in &rows {
        let _ = write!(table, "\n{of:<14} {fault:<24}");
        for (moment, _) in MOMENTS {
            let cell = row
                .get(&moment)
                .map_or(String::new(), |(right, of, end)| match end {
                    End::Told(verdict) => format!("{verdict} {right}/{of}"),
                    End::Hour => format!("the hour {right}/{of}"),
                });
            let _ = write!(table, " {cell:>14}");
        }
    }
    let right = told.iter().filter(|(_, told)| told.is_ok()).count();
    println!(
        "\n{table}\n\n{right} of {} cases: exactly one end, the right one, in time",
        told.len()
    );
}
