//! A `lens serve` of its own for each measurement.

use crate::Fault;
use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};
use tempfile::TempDir;

/// How servers are started.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) program: String,
    pub(crate) arguments: Vec<String>,
}

/// A running server with an empty home.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    pub(crate) url: String,
    _home: TempDir,
}

impl Plan {
    /// Starts one and waits until its models are loaded.
    pub(crate) fn start(&self, more: &[&str]) -> Result<Server, Fault> {
        let home = tempfile::tempdir()?;
        let mut child = Command::new(&self.program)
            .args(["--quiet", "serve", "--bind", "0"])
            .args(more)
            .args(&self.arguments)
            .env("LENS_HOME", home.path())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        let stdout = child.stdout.take().ok_or("the server has no stdout")?;
        BufReader::new(stdout).read_line(&mut line)?;
        let server = Server { child, url: line.trim().to_owned(), _home: home };
        server.url.strip_prefix("http://").ok_or("the server told no address")?;
        Ok(server)
    }
}

impl Server {
    pub(crate) fn route(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// Memory of the process in MiB (resident set), where the system tells.
    pub(crate) fn memory(&self) -> Option<f64> {
        let status = fs_err::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        line.trim().trim_end_matches(" kB").parse::<f64>().ok().map(|kilobytes| kilobytes / 1024.0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It keeps nothing that matters.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}
