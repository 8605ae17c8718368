//! How a server is reached, from the command line: secrets stand in files and environment variables, since others on the
//! machine can read a command line, and histories keep it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;

use crate::cli::clock;
use crate::cli::console::Console;
use crate::recording::live::access::Access;
use crate::scenario::input_file;

/// A bearer token, where no file of it is named.
const TOKEN: &str = "CKPTSIM_TOKEN";
/// Headers, where no file of them is named.
const HEADERS: &str = "CKPTSIM_HEADERS";

/// The same for Prometheus: what a JobManager knows us by is nobody else's.
const PROMETHEUS_TOKEN: &str = "CKPTSIM_PROMETHEUS_TOKEN";
const PROMETHEUS_HEADERS: &str = "CKPTSIM_PROMETHEUS_HEADERS";

/// Certificates, tokens and headers.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Servers behind TLS and logins")]
pub struct Reach {
    /// Trust these authorities (PEM), instead of the machine's own
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Our certificate and its private key (PEM, in one file)
    #[arg(long, value_name = "FILE")]
    client_cert: Option<PathBuf>,
    /// File of a bearer token [default: the variable `CKPTSIM_TOKEN`]
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// File of headers, one `Name: value` per line [default: the variable `CKPTSIM_HEADERS`]
    #[arg(long, value_name = "FILE")]
    headers: Option<PathBuf>,
    /// Seconds that all answers together may take
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    deadline: u64,
}

impl Reach {
    /// How the JobManager at this address is reached: says so if a secret would travel in the open.
    pub fn access_to(&self, address: &str, console: Console) -> anyhow::Result<Access> {
        let token = secret(self.token_file.as_deref(), TOKEN)?;
        let headers = secret(self.headers.as_deref(), HEADERS)?;
        self.access(token.as_deref(), headers.as_deref(), address, console)
    }

    /// How a Prometheus is reached: by the same certificates, and by secrets of its own.
    pub fn prometheus(&self, address: &str, console: Console) -> anyhow::Result<Access> {
        let token = secret(None, PROMETHEUS_TOKEN)?;
        let headers = secret(None, PROMETHEUS_HEADERS)?;
        self.access(token.as_deref(), headers.as_deref(), address, console)
    }

    fn access(
        &self,
        token: Option<&str>,
        headers: Option<&str>,
        address: &str,
        console: Console,
    ) -> anyhow::Result<Access> {
        let (began, deadline) = (clock::now(), Duration::from_secs(self.deadline));
        let mut access = Access {
            authorities: self.ca.as_deref().map(bytes).transpose()?,
            identity: self.client_cert.as_deref().map(bytes).transpose()?,
            headers: Vec::new(),
            left: Some(Arc::new(move || deadline.saturating_sub(began.elapsed()))),
        };
        if let Some(token) = token {
            access.bearer(token)?;
        }
        if let Some(headers) = headers {
            access.lines(headers)?;
        }
        if address.starts_with("http://") && !access.headers.is_empty() && !is_near(address) {
            console.note("warning: the token or headers travel unencrypted: http, not https");
        }
        Ok(access)
    }
}

/// Whether an address stays on this machine.
fn is_near(address: &str) -> bool {
    ["http://localhost", "http://127.", "http://[::1]"]
        .iter()
        .any(|near| address.starts_with(near))
}

fn secret(file: Option<&Path>, variable: &str) -> anyhow::Result<Option<String>> {
    let Some(file) = file else {
        return Ok(std::env::var(variable)
            .ok()
            .filter(|value| !value.is_empty()));
    };
    let text = String::from_utf8(bytes(file)?);
    // The error would show the text.
    text.map(Some)
        .map_err(|_| anyhow::anyhow!("{} is not UTF-8", file.display()))
}

fn bytes(file: &Path) -> anyhow::Result<Vec<u8>> {
    input_file::result(file).with_context(|| format!("cannot read {}", file.display()))
}
