//! Pictures beneath one folder of the server.

use crate::error::{AppError, AppResult};
use axum::{body::Bytes, http::StatusCode};
use cap_std::{ambient_authority, fs::Dir};
use lens::{Error, ErrorKind, Result, image::Limits};
use std::{
    io::{self, Read},
    path::{Path, PathBuf},
};

/// A folder, held open: whatever a name says, what it opens lies beneath (links that lead out are not followed).
#[derive(Debug)]
pub(super) struct MediaRoot {
    folder: Dir,
    /// Where it is, for clients that name files by their whole path.
    path: PathBuf,
}

impl MediaRoot {
    /// Opens the folder.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let unusable = |error: io::Error| {
            Error::new(ErrorKind::Config, path.display().to_string())
                .expected("a folder with pictures")
                .found(error.kind().to_string())
                .because(error)
        };
        let folder = Dir::open_ambient_dir(path, ambient_authority()).map_err(unusable)?;
        Ok(Self { folder, path: fs_err::canonicalize(path).map_err(unusable)? })
    }

    /// The bytes of a file. Reads the disk: not for the event loop. All that is not there, not a file or not
    /// beneath the folder is answered alike, so that nothing is learned about the rest of the disk.
    pub(super) fn read(&self, name: &str, subject: &str, limits: &Limits) -> AppResult<Bytes> {
        let missing = |_| {
            let told = format!("{subject}: no such file in the folder of pictures of this server");
            AppError::new(StatusCode::NOT_FOUND, told)
        };
        let beneath = Path::new(name).strip_prefix(&self.path).unwrap_or(Path::new(name));
        // A pipe or a device would not end.
        if !self.folder.metadata(beneath).map_err(missing)?.is_file() {
            return Err(missing(io::ErrorKind::InvalidInput.into()));
        }
        let file = self.folder.open(beneath).map_err(missing)?;
        let mut bytes = Vec::new();
        file.take(limits.bytes.saturating_add(1)).read_to_end(&mut bytes).map_err(missing)?;
        limits.check_bytes(name, bytes.len() as u64).map_err(|error| AppError::about(subject, &error))?;
        Ok(bytes.into())
    }
}

#[cfg(test)]
mod tests {
    use super::MediaRoot;
    use lens::image::Limits;

    #[test]
    fn files_beneath_the_folder_and_no_others() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().join("pictures");
        fs_err::create_dir_all(root.join("cats")).unwrap();
        fs_err::write(root.join("cats/a.png"), b"cat").unwrap();
        fs_err::write(place.path().join("secret"), b"secret").unwrap();
        let whole = root.canonicalize().unwrap().join("cats/a.png").display().to_string();
        let media = MediaRoot::open(&root).unwrap();
        let read = |name: &str| media.read(name, "image", &Limits::default());
        for name in ["cats/a.png", "./cats/../cats/a.png", &whole] {
            assert_eq!(&read(name).unwrap()[..], b"cat", "{name}");
        }
        let outside = place.path().join("secret").display().to_string();
        let mut told = Vec::new();
        for name in
            ["../secret", "cats/../../secret", "/etc/passwd", &outside, "nothing.png", "cats", "", "a\0b"]
        {
            let error = read(name).unwrap_err();
            assert_eq!(error.status, 404, "{name}");
            told.push(error.message);
        }
        told.dedup();
        assert_eq!(told.len(), 1, "all are answered alike");
    }

    #[cfg(unix)]
    #[test]
    fn links_that_lead_out_are_not_followed() {
        use std::os::unix::fs::symlink;
        let place = tempfile::tempdir().unwrap();
        let root = place.path().join("pictures");
        fs_err::create_dir_all(&root).unwrap();
        fs_err::write(root.join("a.png"), b"cat").unwrap();
        fs_err::write(place.path().join("secret"), b"secret").unwrap();
        symlink("a.png", root.join("inside")).unwrap();
        symlink("../secret", root.join("above")).unwrap();
        symlink(place.path().join("secret"), root.join("whole")).unwrap();
        symlink("..", root.join("folder")).unwrap();
        let media = MediaRoot::open(&root).unwrap();
        assert_eq!(&media.read("inside", "image", &Limits::default()).unwrap()[..], b"cat");
        for name in ["above", "whole", "folder/secret"] {
            assert_eq!(media.read(name, "image", &Limits::default()).unwrap_err().status, 404, "{name}");
        }
    }

    #[test]
    fn a_file_that_is_too_large_is_refused() {
        let place = tempfile::tempdir().unwrap();
        fs_err::write(place.path().join("a.png"), [0; 100]).unwrap();
        let media = MediaRoot::open(place.path()).unwrap();
        let limits = Limits { bytes: 99, ..Limits::default() };
        let error = media.read("a.png", "image", &limits).unwrap_err();
        assert!(error.status == 400 && error.message.contains("at most 99 bytes"), "{}", error.message);
    }
}
