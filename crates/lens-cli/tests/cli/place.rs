//! A place of its own for each test: a folder, a home, and no way out of them.

use assert_cmd::Command;
use std::{ffi::OsString, fmt::Write, path::PathBuf, process::Output};
use tempfile::TempDir;

/// A folder that the program runs in. Its home and its model cache are inside, named by relative paths so that no
/// message depends on where the folder is; it is offline.
pub(crate) struct Place {
    folder: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// A path inside.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file, and the folders above it.
    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, bytes).unwrap();
    }

    /// A copy of one of the pictures in `examples/`.
    pub(crate) fn example(&self, name: &str) {
        self.write(name, example(name));
    }

    /// The program with arguments, not started yet.
    pub(crate) fn lens(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lens"));
        self.prepare(&mut command);
        command.args(arguments);
        command
    }

    /// The same, to talk with while it runs.
    pub(crate) fn process(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_lens"));
        command.env_clear().envs(Self::variables()).current_dir(self.folder.path()).args(arguments);
        command
    }

    /// The same world for any other program, such as a shell.
    pub(crate) fn prepare(&self, command: &mut Command) {
        command.env_clear().envs(Self::variables()).current_dir(self.folder.path());
    }

    fn variables() -> [(&'static str, OsString); 5] {
        [
            ("PATH", std::env::var_os("PATH").unwrap_or_default()),
            ("LENS_HOME", "home".into()),
            ("HF_HOME", "hf".into()),
            ("LENS_OFFLINE", "true".into()),
            ("COLUMNS", "80".into()),
        ]
    }

    /// Runs the program and writes down how it ended.
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        transcript(&self.lens(arguments).output().unwrap())
    }
}

/// How a program ended and what it wrote.
pub(crate) fn transcript(output: &Output) -> String {
    let mut text = format!("exit code: {}\n", output.status.code().unwrap_or(-1));
    for (name, bytes) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
        write!(text, "----- {name} -----\n{}", String::from_utf8_lossy(bytes)).unwrap();
    }
    text
}

/// The bytes of one of the pictures in `examples/`.
pub(crate) fn example(name: &str) -> Vec<u8> {
    repository_file("examples", name)
}

/// The bytes of a file of the tiny models in `golden/`.
pub(crate) fn golden(name: &str) -> Vec<u8> {
    repository_file("golden", name)
}

fn repository_file(folder: &str, name: &str) -> Vec<u8> {
    fs_err::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder).join(name)).unwrap()
}

/// What a command that must succeed prints.
pub(crate) fn stdout(command: impl Into<Command>) -> String {
    String::from_utf8(command.into().assert().success().get_output().stdout.clone()).unwrap()
}

/// The lines of `--json` as values.
pub(crate) fn json_lines(text: &str) -> Vec<serde_json::Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
