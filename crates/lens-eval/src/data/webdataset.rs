//! CLIP_benchmark's WebDataset folders: `SPLIT/*.tar` with a picture and a `.cls` for each key, `classnames.txt`,
//! `zeroshot_classification_templates.txt`.

use super::{Found, ImageRef, Place, Row, Sample, Truth, classes::ClassTable};
use crate::{Flaw, FlawKind, files};
use lens::{Error, ErrorKind, Result};
use std::{io::Read, path::Path};

const PICTURES: [&str; 6] = ["jpg", "jpeg", "png", "webp", "gif", "bmp"];

/// The members of an archive with one key, as far as they are read.
#[derive(Default)]
struct Member {
    key: String,
    image: Option<ImageRef>,
    class: Option<String>,
}

pub(super) fn read(place: &Place<'_>) -> Result<Found> {
    let lines = |name: &str| -> Result<Vec<String>> {
        let path = place.root.join(name);
        let text = if path.is_file() { files::read_text(&path)? } else { String::new() };
        Ok(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect())
    };
    let mut classes = place.task.data.classes.clone();
    if classes.is_empty() {
        classes = lines("classnames.txt")?;
    }
    if classes.is_empty() {
        return Err(Error::new(ErrorKind::Input, place.root.join("classnames.txt").display().to_string())
            .expected("the name of each class on a line")
            .found("none")
            .hint("give the folder of one data set, or one that has a folder with the task's name"));
    }
    let templates = lines("zeroshot_classification_templates.txt")?;
    let templates = templates.into_iter().map(|template| template.replace("{c}", "{}")).collect();
    let table = ClassTable::new(&classes);
    let mut rows = Vec::new();
    for tar in Place::files(&place.root.join(place.split), "tar") {
        read_tar(&tar, &table, &mut rows)?;
    }
    Ok(Found { classes, templates, rows })
}

/// A truncated archive gives the samples before the cut and one row that says so.
fn read_tar(path: &Path, table: &ClassTable, rows: &mut Vec<Row>) -> Result<()> {
    let file = fs_err::File::open(path).map_err(|error| files::unreadable(path, error))?;
    let length = file.metadata().map_err(|error| files::unreadable(path, error))?.len();
    let mut archive = tar::Archive::new(file);
    let entries = archive.entries().map_err(|error| files::unreadable(path, error))?;
    let mut member = Member::default();
    for entry in entries {
        match entry.and_then(|mut entry| Part::of(path, &mut entry, length)) {
            Ok(Some(part)) => {
                if part.key != member.key {
                    std::mem::replace(&mut member, Member { key: part.key.clone(), ..Member::default() })
                        .finish(table, rows);
                }
                member.add(part);
            }
            Ok(None) => {}
            Err(error) => {
                member.finish(table, rows);
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                let flaw = Flaw::new(FlawKind::TruncatedTar, format!("{}: {error}", path.display()));
                rows.push(Row::new(name, Err(flaw)));
                return Ok(());
            }
        }
    }
    member.finish(table, rows);
    Ok(())
}

/// One file of an archive.
struct Part {
    key: String,
    value: Value,
}

enum Value {
    Image(ImageRef),
    Class(String),
}

impl Part {
    fn of<R: Read>(path: &Path, entry: &mut tar::Entry<'_, R>, length: u64) -> std::io::Result<Option<Self>> {
        let name = entry.path()?.display().to_string();
        let Some((key, extension)) = name.rsplit_once('.') else { return Ok(None) };
        let (offset, size) = (entry.raw_file_position(), entry.size());
        if offset + size > length {
            return Err(std::io::Error::other(format!("it ends in the middle of {name}")));
        }
        let value = match extension {
            "cls" => {
                let mut text = String::new();
                entry.take(64).read_to_string(&mut text)?;
                Value::Class(text.trim().to_owned())
            }
            _ if PICTURES.contains(&extension) => {
                Value::Image(ImageRef::Slice { path: path.to_path_buf(), offset, length: size })
            }
            _ => return Ok(None),
        };
        let key = key.to_owned();
        Ok(Some(Self { key, value }))
    }
}

impl Member {
    fn add(&mut self, part: Part) {
        match part.value {
            Value::Image(image) => self.image = Some(image),
            Value::Class(class) => self.class = Some(class),
        }
    }

    fn finish(self, table: &ClassTable, rows: &mut Vec<Row>) {
        if self.key.is_empty() {
            return;
        }
        let Self { key, image, class } = self;
        let missing = |what: &str| Flaw::new(FlawKind::MissingField, format!("{key} has no {what}"));
        let sample = image
            .ok_or_else(|| Flaw::new(FlawKind::MissingImage, format!("{key} has no picture")))
            .and_then(|image| {
                let class = class.ok_or_else(|| missing("class"))?;
                let class = match class.parse() {
                    Ok(number) => table.check(number)?,
                    Err(_) => table.find(&class)?,
                };
                Ok(Sample::new(image, Truth::Class(class)))
            });
        rows.push(Row::new(key.clone(), sample));
    }
}
