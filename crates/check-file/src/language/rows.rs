//! The rows of a data-driven check: inline, or from a CSV or JSON file.
//!
//! The only module that knows the CSV reader.

use serde_json::Value;

use super::Row;
use super::keys::ROWS;
use super::reader::Reader;
use crate::template::Scope;
use diagnostic::yaml::{Key, Node, Yaml};

/// The most rows of one check.
const MOST_ROWS: usize = 1_000;

impl Reader<'_> {
    /// The rows of `each`.
    pub(super) fn read_rows(&mut self, node: &Node) -> Option<Vec<Row>> {
        let rows = match &node.value {
            Yaml::List(items) => {
                let rows: Vec<_> = items.iter().map(|item| self.read_row(item)).collect();
                rows.into_iter().collect::<Option<Vec<_>>>()?
            }
            Yaml::Map(_) => {
                let fields = self.read_fields(node, &ROWS)?;
                let Some(file) = fields.value("file") else {
                    self.report_no_rows(node, "no key `file`");
                    return None;
                };
                self.read_rows_file(file)?
            }
            _ => {
                self.report_no_rows(node, &node.describe());
                return None;
            }
        };
        if rows.is_empty() || rows.len() > MOST_ROWS {
            let (found, help) = if rows.is_empty() {
                ("none", "leave `each` out for a check that runs once")
            } else {
                ("more", "divide the rows among several checks")
            };
            let problem = self
                .at(node.span, "a number of rows that cannot be run")
                .expected(format!("1 to {MOST_ROWS} rows"))
                .found(found)
                .help(help);
            self.report(problem);
            return None;
        }
        Some(rows)
    }

    fn report_no_rows(&mut self, node: &Node, found: &str) {
        let problem = self
            .at(node.span, "`each` without rows")
            .expected("a list of maps, or `{ file: rows.csv }`")
            .found(found)
            .help("write one map a row: `each: [{ sku: a }, { sku: b }]`");
        self.report(problem);
    }

    fn read_row(&mut self, node: &Node) -> Option<Row> {
        let fields = self.read_entries(node, "a row")?;
        let values: Vec<_> = fields
            .iter()
            .map(|(key, value)| {
                let named = self.check_identifier(key, "a column's name");
                let value = self.read_fixed_value(value)?;
                named.then_some((key.text.clone(), value))
            })
            .collect();
        values.into_iter().collect::<Option<_>>().map(Row)
    }

    /// Reads a value of a row. No variable has a value yet when rows are read, so
    /// that a template with names is refused.
    fn read_fixed_value(&mut self, node: &Node) -> Option<Value> {
        match self.read_value(node)?.evaluate(&Scope::default()) {
            Ok(value) => Some(value),
            Err(reason) => {
                let problem = self
                    .at(node.span, "a value of a row that is not known here")
                    .expected("a fixed value")
                    .found(reason)
                    .help("use the variable in the check itself, beside the row's values");
                self.report(problem);
                None
            }
        }
    }

    fn read_rows_file(&mut self, node: &Node) -> Option<Vec<Row>> {
        let bytes = self.read_file_beside(node, "read as rows")?;
        let name = self.read_string(node, "`file`")?;
        let extension = std::path::Path::new(name)
            .extension()
            .map(std::ffi::OsStr::to_ascii_lowercase);
        let rows = match extension.as_deref().and_then(std::ffi::OsStr::to_str) {
            Some("csv") => parse_csv_rows(&bytes).map_err(|error| {
                (
                    error.to_string(),
                    "give each line as many values as the first has names",
                )
            }),
            Some("json") => parse_json_rows(&bytes).map_err(|error| {
                (
                    error.to_string(),
                    "write a list: `[{ \"sku\": \"a\" }, { \"sku\": \"b\" }]`",
                )
            }),
            _ => {
                let found = "another kind of file".to_owned();
                Err((found, "name the file `….csv` or `….json`"))
            }
        };
        let problem = match rows {
            Ok(rows) => {
                let names = rows.iter().flat_map(|row| &row.0).map(|(name, _)| name);
                let keys: std::collections::BTreeSet<_> = names.collect();
                for text in keys {
                    let key = Key {
                        text: text.clone(),
                        span: node.span,
                    };
                    self.check_identifier(&key, "a column's name");
                }
                return Some(rows);
            }
            Err((found, help)) => self
                .at(node.span, format!("`{name}` does not hold rows"))
                .expected("CSV with a line of names, or a JSON list of objects")
                .found(found)
                .help(help),
        };
        self.report(problem);
        None
    }
}

fn parse_csv_rows(bytes: &[u8]) -> Result<Vec<Row>, csv::Error> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(bytes);
    let names: Vec<String> = reader.headers()?.iter().map(str::to_owned).collect();
    reader
        .records()
        .take(MOST_ROWS + 1)
        .map(|record| {
            let record = record?;
            let values = record.iter().map(Value::from);
            Ok(Row(names.iter().cloned().zip(values).collect()))
        })
        .collect()
}

fn parse_json_rows(bytes: &[u8]) -> Result<Vec<Row>, serde_json::Error> {
    let rows: Vec<serde_json::Map<String, Value>> = serde_json::from_slice(bytes)?;
    Ok(rows
        .into_iter()
        .map(|row| Row(row.into_iter().collect()))
        .collect())
}
