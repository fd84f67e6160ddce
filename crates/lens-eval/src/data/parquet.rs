//! Files of Hugging Face's data sets: pictures as bytes or as a struct {bytes, path}, class labels as numbers with their
//! names in the metadata, or as names.

use super::{Found, ImageRef, Place, Row, Sample, Truth, classes::ClassTable};
use crate::{Flaw, FlawKind, task::DataForm};
use lens::{Error, ErrorKind, Result};
use parquet::{
    errors::ParquetError,
    file::reader::{FileReader, SerializedFileReader},
    record::{Field, Row as Record},
    schema::types::Type,
};
use std::{
    collections::BTreeSet,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::Arc,
};

/// A row without its picture.
struct Entry {
    path: PathBuf,
    group: usize,
    row: usize,
    record: Record,
}

/// The class names are the task's, the metadata's, or the labels that occur, sorted.
pub(super) fn read(place: &Place<'_>) -> Result<Found> {
    let form = &place.task.data;
    let mut entries = Vec::new();
    let mut named = Vec::new();
    for path in paths(place) {
        named = guarded(&path, || file_entries(&path, form, &mut entries))?;
    }
    if let Some(column) = &form.split_column {
        entries.retain(|entry| text(&entry.record, column).as_deref() == Some(place.split));
    }
    let has_classes = place.task.has_classes();
    if has_classes && form.skip_unlabelled {
        entries.retain(|entry| text(&entry.record, &form.label).is_some());
    }
    let classes = match () {
        () if !has_classes => Vec::new(),
        () if !form.classes.is_empty() => form.classes.clone(),
        () if !named.is_empty() => named,
        () => occurring(&entries, &form.label),
    };
    let table = ClassTable::new(&classes);
    let rows = entries.into_iter().enumerate().map(|(number, entry)| {
        let id =
            form.id.as_ref().and_then(|id| text(&entry.record, id)).unwrap_or_else(|| number.to_string());
        Row::new(id, sample(&entry, form, has_classes.then_some(&table)))
    });
    Ok(Found { rows: rows.collect(), classes, templates: Vec::new() })
}

/// A file; or the split's files of a folder, `data/test-00000-of-00001.parquet`; or all where none is the split's.
fn paths(place: &Place<'_>) -> Vec<PathBuf> {
    if place.root.is_file() {
        return vec![place.root.clone()];
    }
    let folders = [place.root.clone(), place.root.join("data"), place.root.join(place.split)];
    let all: Vec<PathBuf> = folders.iter().flat_map(|folder| Place::files(folder, "parquet")).collect();
    let of_split = |path: &PathBuf| {
        let name = path.strip_prefix(&place.root).unwrap_or(path).display().to_string();
        name.split(['/', '-', '.', '_']).any(|part| part == place.split)
    };
    let own: Vec<PathBuf> = all.iter().filter(|path| of_split(path)).cloned().collect();
    if own.is_empty() && place.task.data.split_column.is_some() { all } else { own }
}

fn file_entries(path: &Path, form: &DataForm, entries: &mut Vec<Entry>) -> Result<Vec<String>, ParquetError> {
    let reader = SerializedFileReader::new(open(path)?)?;
    let schema = reader.metadata().file_metadata().schema();
    let wanted = without(schema, &form.image)?;
    for group in 0..reader.num_row_groups() {
        let rows = reader.get_row_group(group)?;
        for (row, record) in rows.get_row_iter(Some(wanted.clone()))?.enumerate() {
            entries.push(Entry { path: path.to_path_buf(), group, row, record: record? });
        }
    }
    let metadata = reader.metadata().file_metadata().key_value_metadata();
    let features = metadata.into_iter().flatten().find(|entry| entry.key == "huggingface");
    let names = features.and_then(|entry| class_names(entry.value.as_deref()?, &form.label));
    Ok(names.unwrap_or_default())
}

/// The names that Hugging Face writes into the metadata of a file.
fn class_names(metadata: &str, label: &str) -> Option<Vec<String>> {
    let metadata: serde_json::Value = serde_json::from_str(metadata).ok()?;
    let names = metadata.get("info")?.get("features")?.get(label)?.get("names")?.as_array()?;
    names.iter().map(|name| name.as_str().map(str::to_owned)).collect()
}

fn sample(entry: &Entry, form: &DataForm, table: Option<&ClassTable>) -> std::result::Result<Sample, Flaw> {
    let image = ImageRef::Parquet {
        path: entry.path.clone(),
        column: form.image.clone(),
        group: entry.group,
        row: entry.row,
    };
    let truth = match table {
        Some(table) => Truth::Class(class(&entry.record, &form.label, table)?),
        None => Truth::Texts(texts(&entry.record, form)?),
    };
    let question = form.question.as_ref().and_then(|column| text(&entry.record, column));
    Ok(Sample { question, ..Sample::new(image, truth) })
}

fn class(record: &Record, column: &str, table: &ClassTable) -> std::result::Result<usize, Flaw> {
    match field(record, column) {
        Some(Field::Str(name)) => table.find(name),
        Some(Field::Long(number)) => table.check(*number),
        Some(Field::Int(number)) => table.check(i64::from(*number)),
        Some(Field::Byte(number)) => table.check(i64::from(*number)),
        Some(Field::Bool(yes)) => table.check(i64::from(*yes)),
        _ => Err(Flaw::new(FlawKind::MissingField, format!("column `{column}` has no label"))),
    }
}

fn texts(record: &Record, form: &DataForm) -> std::result::Result<Vec<String>, Flaw> {
    let column = form.texts.as_deref().unwrap_or(&form.label);
    let found: Vec<String> = match field(record, column) {
        Some(Field::Str(text)) => vec![text.clone()],
        Some(Field::ListInternal(list)) => {
            let text = |field: &Field| if let Field::Str(text) = field { Some(text.clone()) } else { None };
            list.elements().iter().filter_map(text).collect()
        }
        _ => Vec::new(),
    };
    if found.is_empty() {
        return Err(Flaw::new(FlawKind::MissingField, format!("column `{column}` has no text")));
    }
    Ok(found)
}

fn field<'a>(record: &'a Record, column: &str) -> Option<&'a Field> {
    record.get_column_iter().find(|(name, _)| name.as_str() == column).map(|(_, field)| field)
}

fn text(record: &Record, column: &str) -> Option<String> {
    match field(record, column)? {
        Field::Null => None,
        Field::Str(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

fn occurring(entries: &[Entry], label: &str) -> Vec<String> {
    let labels: BTreeSet<String> = entries.iter().filter_map(|entry| text(&entry.record, label)).collect();
    labels.into_iter().collect()
}

/// The pictures of one row group, in its order.
pub(super) fn pictures(
    path: &Path,
    column: &str,
    group: usize,
) -> std::result::Result<Vec<Option<Arc<[u8]>>>, String> {
    let read = || -> Result<_, ParquetError> {
        let reader = SerializedFileReader::new(open(path)?)?;
        let wanted = only(reader.metadata().file_metadata().schema(), column)?;
        let rows = reader.get_row_group(group)?;
        let mut pictures = Vec::new();
        for record in rows.get_row_iter(Some(wanted))? {
            pictures.push(field(&record?, column).and_then(bytes));
        }
        Ok(pictures)
    };
    guarded(path, read).map_err(|error| error.to_string())
}

fn bytes(field: &Field) -> Option<Arc<[u8]>> {
    match field {
        Field::Bytes(bytes) => Some(Arc::from(bytes.data())),
        Field::Group(group) => group
            .get_column_iter()
            .find(|(name, _)| name.as_str() == "bytes")
            .and_then(|(_, field)| bytes(field)),
        _ => None,
    }
}

fn open(path: &Path) -> Result<std::fs::File, ParquetError> {
    let file = fs_err::File::open(path).map_err(|error| ParquetError::General(error.to_string()))?;
    Ok(file.into_parts().0)
}

fn without(schema: &Type, column: &str) -> Result<Type, ParquetError> {
    projected(schema, |field| field.name() != column)
}

fn only(schema: &Type, column: &str) -> Result<Type, ParquetError> {
    projected(schema, |field| field.name() == column)
}

fn projected(schema: &Type, keep: impl Fn(&Type) -> bool) -> Result<Type, ParquetError> {
    let fields = schema.get_fields().iter().filter(|field| keep(field)).cloned().collect();
    Type::group_type_builder(schema.name()).with_fields(fields).build()
}

/// The reader checks much but not all of a damaged file before it computes with it.
fn guarded<T>(path: &Path, read: impl FnOnce() -> Result<T, ParquetError>) -> Result<T> {
    let refuse = || Error::new(ErrorKind::Input, path.display().to_string()).expected("a whole Parquet file");
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(refuse().found(error.to_string()).because(error)),
        Err(_) => Err(refuse().found("a damaged one")),
    }
}
