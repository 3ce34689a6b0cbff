//! What editors, shells and `man` know of the command.

use clap::CommandFactory;
use clap_complete::Shell;
use diagnostic::suggest;

use crate::Exit;
use crate::args::{Args, ManArgs};
use crate::error::CommandError;
use crate::output::Output;

/// `smoke schema`: the JSON Schema of check files.
pub(crate) fn print_schema(output: &Output) -> Result<Exit, CommandError> {
    let schema = check_file::schema::schema();
    let text = serde_json::to_string_pretty(&schema).map_err(|error| {
        CommandError::could_not_work(format!("the schema cannot be written: {error}"))
    })?;
    output.print(&(text + "\n"))?;
    Ok(Exit::Passed)
}

/// `smoke completions`: the completions of a shell.
pub(crate) fn print_completions(shell: Shell, output: &Output) -> Result<Exit, CommandError> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "smoke", &mut script);
    output.print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Passed)
}

/// `smoke man`: the manual page of the command or of a subcommand, in troff.
pub(crate) fn print_manual_page(args: &ManArgs, output: &Output) -> Result<Exit, CommandError> {
    // `help` only prints what other pages hold, so it has no page.
    let mut command = Args::command().disable_help_subcommand(true);
    // A subcommand knows its whole name, such as `smoke run`, once it is built.
    command.build();
    let page = match &args.subcommand {
        None => Some(&command),
        Some(name) => command.find_subcommand(name),
    };
    let Some(page) = page else {
        let names = command.get_subcommands().map(clap::Command::get_name);
        let names = suggest::list(&names.collect::<Vec<_>>());
        let found = args.subcommand.as_deref().unwrap_or_default();
        let title = format!("expected {names}, found `{found}`");
        return Err(CommandError::bad_input(title));
    };
    let mut text = Vec::new();
    clap_mangen::Man::new(page.clone())
        .render(&mut text)
        .map_err(|error| {
            CommandError::could_not_work(format!("the manual page cannot be made: {error}"))
        })?;
    output.print(&String::from_utf8_lossy(&text))?;
    Ok(Exit::Passed)
}
