//! What left this machine: nothing but text, and a record of all of it.

use crate::error::{AppError, AppResult};
use lens::{Error, ErrorKind, Result};
use std::{
    io::{self, Write},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

/// Text has spaces; so long a run without any is a file in disguise.
const LONGEST_RUN: usize = 512;

/// A file of JSON lines, one for each request sent; only ever appended to.
#[derive(Debug)]
pub(super) struct SentLog(Mutex<fs_err::File>);

impl SentLog {
    /// Opens or creates the file.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let file = fs_err::OpenOptions::new().create(true).append(true).open(path).map_err(|error| {
            Error::new(ErrorKind::Config, path.display().to_string())
                .expected("a file that can be appended to")
                .found(error.to_string())
                .because(error)
        })?;
        Ok(Self(Mutex::new(file)))
    }

    /// Writes a request down before it is sent, and gives its body back when that is done.
    pub(super) async fn note(log: Arc<Self>, to: String, body: String) -> AppResult<String> {
        let write = move || log.write(&to, &body).map(|()| body);
        tokio::task::spawn_blocking(write).await.unwrap_or_else(|error| {
            let error = Error::new(ErrorKind::Internal, "log of what was sent").because(error);
            Err(AppError::about("private", &error))
        })
    }

    /// Refuses a request that may hold a file, and writes any other down: `time` (milliseconds since 1970), `to`, and
    /// `body`, exactly as sent. Waits for the disk.
    fn write(&self, to: &str, body: &str) -> AppResult<()> {
        if has_long_run(body) || has_long_run(to) {
            let told = "private: the request holds something that may be a file outside of an image part; nothing was sent";
            return Err(AppError::bad(told));
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let time = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
        let line = serde_json::json!({"time": time, "to": to, "body": body});
        self.append(&format!("{line}\n")).map_err(|error| {
            let error = Error::new(ErrorKind::Internal, "log of what was sent").because(error);
            AppError::about("private: what is not written down is not sent", &error)
        })
    }

    fn append(&self, line: &str) -> io::Result<()> {
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(line.as_bytes())?;
        file.sync_data()
    }
}

/// Base64, its form for URLs, and the escapes of JSON within.
fn has_long_run(body: &str) -> bool {
    let is_run = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=_-\\".contains(byte);
    body.as_bytes().split(|byte| !is_run(byte)).any(|run| run.len() > LONGEST_RUN)
}

#[cfg(test)]
mod tests {
    use super::SentLog;

    #[test]
    fn what_is_sent_is_written_down_and_a_file_is_not_sent() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sent.jsonl");
        for body in ["{\"a\": 1}", "{\"b\": \"\u{e9}\"}"] {
            SentLog::open(&path).unwrap().write("http://x/v1", body).unwrap();
        }
        let log = SentLog::open(&path).unwrap();
        let hidden = format!("{{\"input\": \"{}\"}}", "iVBORw0K+\\/".repeat(60));
        assert_eq!(log.write("http://x/v1", &hidden).unwrap_err().status, 400);
        let written = fs_err::read_to_string(&path).unwrap();
        let lines: Vec<serde_json::Value> =
            written.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(
            (lines[0]["body"].as_str(), lines[1]["body"].as_str()),
            (Some("{\"a\": 1}"), Some("{\"b\": \"\u{e9}\"}"))
        );
    }
}
