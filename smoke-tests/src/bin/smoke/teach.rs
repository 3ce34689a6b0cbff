//! What teaches others about the command: editors, shells, `man`.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::Exit;
use crate::args::Args;
use crate::output::Output;

/// `smoke schema`: the JSON Schema of check files.
pub(crate) fn schema(output: &Output) -> Exit {
    let schema = smoke_tests::schema::schema();
    match serde_json::to_string_pretty(&schema) {
        Ok(text) => print(output, &(text + "\n")),
        Err(error) => {
            output.error(&format!("the schema cannot be written: {error}"));
            Exit::CouldNotWork
        }
    }
}

/// `smoke completions`.
pub(crate) fn completions(shell: Shell, output: &Output) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "smoke", &mut script);
    print(output, &String::from_utf8_lossy(&script))
}

/// `smoke man`.
pub(crate) fn man(output: &Output) -> Exit {
    let mut page = Vec::new();
    match clap_mangen::Man::new(Args::command()).render(&mut page) {
        Ok(()) => print(output, &String::from_utf8_lossy(&page)),
        Err(error) => {
            output.error(&format!("the manual page cannot be made: {error}"));
            Exit::CouldNotWork
        }
    }
}

fn print(output: &Output, text: &str) -> Exit {
    match output.report(text) {
        Ok(()) => Exit::Passed,
        Err(error) => {
            output.error(&format!("standard output cannot be written: {error}"));
            Exit::CouldNotWork
        }
    }
}
