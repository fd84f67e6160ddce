//! The folder that LENS keeps its files in.

use crate::{Error, ErrorKind, Result};
use etcetera::BaseStrategy;
use std::{
    ffi::OsString,
    io::{self, Write},
    path::{Path, PathBuf},
};

/// `$LENS_HOME`, or `lens` in the platform's data directory. Nothing is created before it is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home(PathBuf);

impl Home {
    /// The home that the environment asks for.
    ///
    /// # Errors
    /// `Config` when there is neither `$LENS_HOME` nor a user's home directory.
    pub fn locate() -> Result<Self> {
        Self::from_variable(std::env::var_os("LENS_HOME"))
    }

    fn from_variable(lens_home: Option<OsString>) -> Result<Self> {
        if let Some(root) = lens_home.filter(|root| !root.is_empty()) {
            return Ok(Self(root.into()));
        }
        let strategy = etcetera::base_strategy::choose_native_strategy().map_err(|error| {
            Error::new(ErrorKind::Config, "the LENS home")
                .expected("a user with a home directory")
                .found(error.to_string())
                .hint("set LENS_HOME to a folder that LENS may write to")
                .because(error)
        })?;
        Ok(Self(strategy.data_dir().join("lens")))
    }

    /// A home at a given folder.
    #[must_use]
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self(root.into())
    }

    /// The folder itself.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.0
    }

    /// Downloaded models, in the layout of the Hugging Face cache.
    #[must_use]
    pub fn models(&self) -> PathBuf {
        self.0.join("models")
    }

    /// Weights packed for this processor.
    #[must_use]
    pub fn packed(&self) -> PathBuf {
        self.0.join("packed")
    }

    /// Fingerprints of model folders, one small file for each state of one.
    #[must_use]
    pub fn fingerprints(&self) -> PathBuf {
        self.0.join("fingerprints")
    }

    /// Text embeddings of vocabularies.
    #[must_use]
    pub fn vocab(&self) -> PathBuf {
        self.0.join("vocab")
    }

    /// The evidence store.
    #[must_use]
    pub fn evidence(&self) -> PathBuf {
        self.0.join("evidence.sqlite")
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> PathBuf {
        self.0.join("config.toml")
    }

    /// The 32 bytes that evidence fences are derived from: random, made at the first call, readable by the user
    /// alone, the same ever after and for every process.
    ///
    /// # Errors
    /// `Config` when the file cannot be read or written, or has another length. A caller may then go on with
    /// [`random_secret`], whose fences last as long as the process.
    pub fn secret(&self) -> Result<[u8; 32]> {
        let path = self.0.join("fence.key");
        let failed = |error: io::Error| {
            Error::new(ErrorKind::Config, path.display().to_string())
                .expected("a file that LENS can read, in a folder that it can write to")
                .found(error.to_string())
                .hint("set LENS_HOME to a folder that LENS may write to")
                .because(error)
        };
        if !path.exists() {
            self.keep_secret(&path, random_secret()?).map_err(failed)?;
        }
        let bytes = fs_err::read(&path).map_err(failed)?;
        <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| {
            Error::new(ErrorKind::Config, path.display().to_string())
                .expected("32 bytes")
                .found(format!("{} bytes", bytes.len()))
                .hint("remove the file; LENS makes a new one")
        })
    }

    /// Appears whole or not at all; of two processes that make one, the first wins.
    fn keep_secret(&self, path: &Path, secret: [u8; 32]) -> io::Result<()> {
        fs_err::create_dir_all(&self.0)?;
        let mut file = tempfile::NamedTempFile::new_in(&self.0)?;
        file.write_all(&secret)?;
        match file.persist_noclobber(path) {
            Err(error) if error.error.kind() != io::ErrorKind::AlreadyExists => Err(error.error),
            _ => Ok(()),
        }
    }
}

/// A secret of 32 bytes from the operating system.
///
/// # Errors
/// `Internal` when the system has no randomness to give.
pub fn random_secret() -> Result<[u8; 32]> {
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(|error| {
        Error::new(ErrorKind::Internal, "a random secret").found(error.to_string()).because(error)
    })?;
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use super::Home;
    use std::{collections::HashSet, thread};

    #[test]
    fn the_variable_wins_and_an_empty_one_does_not_count() {
        assert_eq!(Home::from_variable(Some("/srv/lens".into())).unwrap(), Home::at("/srv/lens"));
        let default = Home::from_variable(None).unwrap();
        assert!(default.root().ends_with("lens"));
        assert_eq!(Home::from_variable(Some("".into())).unwrap(), default);
    }

    #[test]
    fn one_secret_for_everybody() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path().join("not/yet/there"));
        let secrets: HashSet<[u8; 32]> = thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| home.secret().unwrap())).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(secrets.len(), 1);
        assert_eq!(fs_err::read_dir(home.root()).unwrap().count(), 1, "no temporary file is left");
        let other = Home::at(folder.path().join("other"));
        assert!(!secrets.contains(&other.secret().unwrap()));
    }

    #[cfg(unix)]
    #[test]
    fn the_secret_is_the_users_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        home.secret().unwrap();
        let mode = fs_err::metadata(folder.path().join("fence.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_cut_secret_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        fs_err::write(folder.path().join("fence.key"), b"short").unwrap();
        let error = Home::at(folder.path()).secret().unwrap_err();
        assert_eq!((error.expectation(), error.finding()), (Some("32 bytes"), Some("5 bytes")));
    }
}
