//! The pictures of a folder and of a glob pattern.

use super::{Format, Source};
use crate::{Error, ErrorKind, Result};
use std::{
    ffi::OsStr,
    io::Read,
    path::{Path, PathBuf},
};

/// Hidden entries only when the pattern says so.
const AS_A_SHELL: glob::MatchOptions = glob::MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: true,
};

/// The pictures below `folder`, sub-folders included, sorted by path.
pub(super) fn pictures_below(folder: &Path) -> Result<Vec<Source>> {
    let mut paths = Vec::new();
    collect(folder, &mut paths)?;
    if paths.is_empty() {
        return Err(Error::new(ErrorKind::Input, folder.display().to_string())
            .expected("a folder with pictures")
            .found("no picture in it or its sub-folders")
            .hint("give a folder with JPEG, PNG, WebP, GIF, BMP or TIFF files"));
    }
    Ok(sources(paths))
}

/// The pictures that a glob pattern names, sorted by path. A folder that it names counts with all below.
pub(super) fn pictures_matching(pattern: &str) -> Result<Vec<Source>> {
    let matches = glob::glob_with(pattern, AS_A_SHELL).map_err(|error| {
        Error::new(ErrorKind::Input, pattern)
            .expected("a path or a glob pattern")
            .found(error.to_string())
            .hint("write `[[]` for a literal bracket")
            .because(error)
    })?;
    let mut paths = Vec::new();
    for path in matches.filter_map(std::result::Result::ok) {
        if path.is_dir() {
            collect(&path, &mut paths)?;
        } else {
            paths.push(path);
        }
    }
    if paths.is_empty() {
        return Err(Error::new(ErrorKind::Input, pattern)
            .expected("a pattern that names pictures")
            .found("no match")
            .hint("check the pattern, and quote it so that the shell leaves it alone"));
    }
    Ok(sources(paths))
}

fn sources(mut paths: Vec<PathBuf>) -> Vec<Source> {
    paths.sort();
    paths.dedup();
    paths.into_iter().map(Source::Path).collect()
}

/// Links to folders are not followed: they may lead back up.
fn collect(folder: &Path, paths: &mut Vec<PathBuf>) -> Result<()> {
    let unreadable = |error: std::io::Error| {
        Error::new(ErrorKind::Input, folder.display().to_string())
            .expected("a readable folder")
            .found(error.kind().to_string())
            .hint("check its permissions")
            .because(error)
    };
    for entry in fs_err::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let path = entry.path();
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        if entry.file_type().map_err(unreadable)?.is_dir() {
            collect(&path, paths)?;
        } else if path.is_file() && looks_like_picture(&path) {
            paths.push(path);
        }
    }
    Ok(())
}

/// A picture by its bytes, or a file that claims to be one by its name: the latter is opened too, so that a
/// damaged picture is reported and not passed over.
fn looks_like_picture(path: &Path) -> bool {
    claims_to_be_picture(path) || starts_as_picture(path)
}

fn claims_to_be_picture(path: &Path) -> bool {
    let known = ["jpg", "jpeg", "jfif", "png", "webp", "gif", "bmp", "tif", "tiff", "avif", "heic", "heif"];
    path.extension().and_then(OsStr::to_str).is_some_and(|e| known.contains(&e.to_ascii_lowercase().as_str()))
}

fn starts_as_picture(path: &Path) -> bool {
    let mut head = Vec::with_capacity(12);
    fs_err::File::open(path)
        .and_then(|file| file.take(12).read_to_end(&mut head))
        .is_ok_and(|_| Format::sniff(&head).is_some())
}
