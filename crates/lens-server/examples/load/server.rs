//! A `lens serve` of its own for each measurement.

use crate::{Fault, http::Http};
use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    time::Duration,
};
use tempfile::TempDir;

/// How often a server is asked whether its models are loaded.
const GLANCE: Duration = Duration::from_millis(50);

/// How servers are started: one after the other, in one home, so that large models are packed once.
#[derive(Debug)]
pub(crate) struct Plan {
    program: String,
    arguments: Vec<String>,
    home: TempDir,
}

/// A running server that has seen nothing yet.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    url: String,
}

impl Plan {
    pub(crate) fn new(program: String, arguments: Vec<String>) -> Result<Self, Fault> {
        Ok(Self { program, arguments, home: tempfile::tempdir()? })
    }

    /// Forgets all evidence, starts a server, and waits until its models are loaded.
    pub(crate) async fn start(&self, more: &[&str]) -> Result<Server, Fault> {
        self.forget()?;
        let mut child = Command::new(&self.program)
            .args(["--quiet", "serve", "--bind", "0"])
            .args(more)
            .args(&self.arguments)
            .env("LENS_HOME", self.home.path())
            .stdout(Stdio::piped())
            .spawn()?;
        let stdout = child.stdout.take().ok_or("the server has no stdout")?;
        let mut server = Server { child, url: String::new() };
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        line.trim().strip_prefix("http://").ok_or("the server told no address")?;
        line.trim().clone_into(&mut server.url);
        let http = Http::new();
        while http.get(&server.route("/ready")).await? != 200 {
            tokio::time::sleep(GLANCE).await;
        }
        Ok(server)
    }

    /// A server before this one may have left what it saw.
    fn forget(&self) -> Result<(), Fault> {
        for entry in fs_err::read_dir(self.home.path())? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if name.starts_with("evidence.sqlite") {
                fs_err::remove_file(path)?;
            }
        }
        Ok(())
    }
}

impl Server {
    pub(crate) fn route(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// Memory of the process's own in MiB, where the system tells. Pages of files that it maps, such as the program and
    /// its models, are not counted: they are read when they are needed and given back when others need the memory.
    pub(crate) fn memory(&self) -> Option<f64> {
        let status = fs_err::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"))?;
        line.trim().trim_end_matches(" kB").parse::<f64>().ok().map(|kilobytes| kilobytes / 1024.0)
    }

    /// Seconds that its threads have worked since it started, where the system tells.
    pub(crate) fn worked(&self) -> Option<f64> {
        let stat = fs_err::read_to_string(format!("/proc/{}/stat", self.child.id())).ok()?;
        // User and system time, the 14th and 15th field, in hundredths of a second; the second one may hold spaces.
        let fields = stat.rsplit(')').next()?.split_whitespace().skip(11).take(2);
        fields.map(|ticks| ticks.parse::<f64>().ok()).sum::<Option<f64>>().map(|ticks| ticks / 100.0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It keeps nothing that matters.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}
