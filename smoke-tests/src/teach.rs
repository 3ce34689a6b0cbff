//! What teaches others about the command: editors, shells, `man`.

use clap::CommandFactory;
use clap_complete::Shell;
use diagnostic::suggest;

use crate::Exit;
use crate::args::{Args, ManArgs};
use crate::output::Output;

/// `smoke schema`: the JSON Schema of check files.
pub(crate) fn schema(output: &Output) -> Exit {
    let schema = check_file::schema::schema();
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

/// `smoke man`: one page.
pub(crate) fn man(args: &ManArgs, output: &Output) -> Exit {
    // The help of help needs no page.
    let mut command = Args::command().disable_help_subcommand(true);
    // Gives the subcommands their whole names.
    command.build();
    let page = match &args.subcommand {
        None => Some(&command),
        Some(name) => command.find_subcommand(name),
    };
    let Some(page) = page else {
        let names = command.get_subcommands().map(clap::Command::get_name);
        let names = suggest::list(&names.collect::<Vec<_>>());
        let found = args.subcommand.as_deref().unwrap_or_default();
        output.error(&format!("expected {names}, found `{found}`"));
        return Exit::BadInput;
    };
    let mut text = Vec::new();
    match clap_mangen::Man::new(page.clone()).render(&mut text) {
        Ok(()) => print(output, &String::from_utf8_lossy(&text)),
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
