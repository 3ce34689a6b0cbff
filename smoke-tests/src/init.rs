//! `smoke init`: a first check file.

use std::path::Path;
use std::sync::Arc;

use client::connection::Connection;
use client::http::Client;
use client::target::Target;
use diagnostic::units::pluralize;
use diagnostic::{Diagnostic, Problems, Source};
use importers::init::{StarterChecks, fetch_document};

use crate::Exit;
use crate::args::InitArgs;
use crate::error::CommandError;
use crate::files::{CheckFileDestination, read_source, write_check_file};
use crate::output::Output;
use crate::runtime::start_runtime;

/// The name of a first check file.
const FILE_NAME: &str = "smoke.yaml";

pub(crate) fn init(args: &InitArgs, output: &Output) -> Result<Exit, CommandError> {
    let runtime = start_runtime()?;
    let findings = runtime.block_on(gather_findings(args));
    runtime.shutdown_background();
    let starter = findings?.into_starter(args.target.as_ref());
    let destination = CheckFileDestination::choose(&args.writing, Path::new(FILE_NAME));
    write_check_file(&destination, &starter.text, args.writing.force, output)?;
    output.say(&format!(
        "{}: {}",
        destination.name(),
        pluralize(starter.checks, "check")
    ));
    if let (CheckFileDestination::File(path), Some(target)) = (&destination, &args.target) {
        output.say(&format!(
            "try it: smoke run {} --target {target}",
            path.display()
        ));
    }
    Ok(Exit::Passed)
}

/// What the service and the document show, whichever of them is named.
async fn gather_findings(args: &InitArgs) -> Result<StarterChecks, Problems> {
    let mut findings = StarterChecks::default();
    if let Some(target) = &args.target {
        findings.add_answers(&build_client(args, target)?).await?;
    }
    if let Some(document) = &args.openapi {
        findings.add_openapi(&read_openapi(args, document).await?)?;
    }
    Ok(findings)
}

/// The OpenAPI document, from a file or a URL.
async fn read_openapi(args: &InitArgs, document: &str) -> Result<Arc<Source>, Problems> {
    let Some((scheme, rest)) = document.split_once("://") else {
        return read_source(Path::new(document));
    };
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let target: Target = format!("{scheme}://{host}").parse().map_err(|reason| {
        Diagnostic::general("the URL of the document cannot be used")
            .expected("an `http` or `https` URL, or a file")
            .found(format!("`{document}`: {reason}"))
            .help("write it like `https://shop.example.com/openapi.json`")
    })?;
    fetch_document(&build_client(args, &target)?, &format!("/{path}")).await
}

fn build_client(args: &InitArgs, target: &Target) -> Result<Client, Problems> {
    let connection = Connection {
        target: target.clone(),
        connect_to: args.connect_to.clone(),
        cacert: args.cacert.clone(),
    };
    Client::new(&connection).map_err(|error| Diagnostic::general(error.to_string()).into())
}
