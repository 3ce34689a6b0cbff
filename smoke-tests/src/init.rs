//! `smoke init`: a first check file.

use std::path::Path;
use std::sync::Arc;

use client::connection::Connection;
use client::http::Client;
use client::target::Target;
use diagnostic::units::counted;
use diagnostic::{Diagnostic, Problems, Source};
use importers::init::{StarterChecks, fetch_document};

use crate::Exit;
use crate::args::InitArgs;
use crate::output::Output;
use crate::write::{Place, read, write};

/// What a first check file is called.
const NAME: &str = "smoke.yaml";

pub(crate) fn init(args: &InitArgs, output: &Output) -> Exit {
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            output.error(&format!("the runtime cannot be started: {error}"));
            return Exit::CouldNotWork;
        }
    };
    let found = runtime.block_on(find(args));
    runtime.shutdown_background();
    let found = match found {
        Ok(found) => found,
        Err(problems) => {
            output.list(&problems);
            return Exit::BadInput;
        }
    };
    let starter = found.into_starter(args.target.as_ref());
    let place = Place::of(&args.writing, Path::new(NAME));
    if let Err(exit) = write(&place, &starter.text, args.writing.force, output) {
        return exit;
    }
    output.say(&format!(
        "{}: {}",
        place.shown(),
        counted(starter.checks, "check")
    ));
    if let (Place::File(path), Some(target)) = (&place, &args.target) {
        output.say(&format!(
            "try it: smoke run {} --target {target}",
            path.display()
        ));
    }
    Exit::Passed
}

async fn find(args: &InitArgs) -> Result<StarterChecks, Problems> {
    let mut findings = StarterChecks::default();
    if let Some(target) = &args.target {
        findings.add_answers(&client(args, target)?).await?;
    }
    if let Some(document) = &args.openapi {
        findings.add_openapi(&openapi(args, document).await?)?;
    }
    Ok(findings)
}

/// The document, from a file or a URL.
async fn openapi(args: &InitArgs, document: &str) -> Result<Arc<Source>, Problems> {
    let Some((scheme, rest)) = document.split_once("://") else {
        return read(Path::new(document));
    };
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let target: Target = format!("{scheme}://{host}").parse().map_err(|reason| {
        Diagnostic::general("the URL of the document cannot be used")
            .expected("an `http` or `https` URL, or a file")
            .found(format!("`{document}`: {reason}"))
            .help("write it like `https://shop.example.com/openapi.json`")
    })?;
    fetch_document(&client(args, &target)?, &format!("/{path}")).await
}

fn client(args: &InitArgs, target: &Target) -> Result<Client, Problems> {
    let connection = Connection {
        target: target.clone(),
        connect_to: args.connect_to.clone(),
        cacert: args.cacert.clone(),
    };
    Client::new(&connection).map_err(|error| Diagnostic::general(error.to_string()).into())
}
