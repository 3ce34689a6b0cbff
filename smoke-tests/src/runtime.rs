//! The runtime that sends requests.

use tokio::runtime::{Builder, Runtime};

use crate::error::CommandError;

/// A runtime on this thread. Who is done with it calls its
/// `shutdown_background`: a look-up of a name that the system does not end
/// would otherwise hold up the end of the command.
pub(crate) fn start_runtime() -> Result<Runtime, CommandError> {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| {
            CommandError::could_not_work(format!("the runtime cannot be started: {error}"))
        })
}
