//! Parquet files as Hugging Face writes them, made here.

use super::{Dataset, Truth};
use crate::{FlawKind, Task};
use parquet::{
    data_type::{ByteArray, ByteArrayType, Int64Type},
    file::{
        metadata::KeyValue,
        properties::WriterProperties,
        writer::{SerializedFileWriter, SerializedRowGroupWriter},
    },
    schema::parser::parse_message_type,
};
use std::{path::Path, sync::Arc};

const LABELLED: &str = "message schema {
    optional group image { optional binary bytes; optional binary path (STRING); }
    optional int64 label;
    optional binary split (STRING);
}";
const CAPTIONED: &str = "message schema {
    optional binary image;
    optional group captions (LIST) { repeated group list { optional binary element (STRING); } }
}";

fn task(kind: &str, data: &str) -> Task {
    let text = format!(
        "name = \"t\"\ntitle = \"T\"\nversion = 1\nkind = \"{kind}\"\n[evidence]\nmodules = [\"tags\"]\n[prompt]\n\
         [data]\nlayout = \"parquet\"\nsplit = \"test\"\n{data}"
    );
    Task::parse("t", &text).unwrap()
}

fn writer(path: &Path, schema: &str, metadata: Option<&str>) -> SerializedFileWriter<std::fs::File> {
    let metadata = metadata.map(|text| vec![KeyValue::new("huggingface".to_owned(), text.to_owned())]);
    let properties = WriterProperties::builder().set_key_value_metadata(metadata).build();
    let file = fs_err::File::create(path).unwrap().into_parts().0;
    SerializedFileWriter::new(file, Arc::new(parse_message_type(schema).unwrap()), Arc::new(properties))
        .unwrap()
}

/// One column of texts or bytes; definition levels 0 where there is none.
fn bytes(group: &mut SerializedRowGroupWriter<'_, std::fs::File>, level: i16, values: &[Option<&str>]) {
    let present: Vec<ByteArray> = values.iter().flatten().map(|text| ByteArray::from(*text)).collect();
    let levels: Vec<i16> = values.iter().map(|value| if value.is_some() { level } else { 0 }).collect();
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<ByteArrayType>().write_batch(&present, Some(&levels), None).unwrap();
    column.close().unwrap();
}

#[test]
fn labels_are_numbers_with_names_in_the_metadata() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.parquet");
    let metadata = r#"{"info": {"features": {"label": {"names": ["cat", "dog"], "_type": "ClassLabel"}}}}"#;
    let mut file = writer(&path, LABELLED, Some(metadata));
    for labels in [[1i64, 0], [9, 1]] {
        let mut group = file.next_row_group().unwrap();
        bytes(&mut group, 2, &[Some("pixels"), (labels[0] != 9).then_some("more")]);
        bytes(&mut group, 2, &[None, None]);
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<Int64Type>().write_batch(&labels, Some(&[1, 1]), None).unwrap();
        column.close().unwrap();
        bytes(&mut group, 1, &[Some("test"), Some(if labels[0] == 1 { "train" } else { "test" })]);
        group.close().unwrap();
    }
    file.close().unwrap();
    let dataset =
        Dataset::open(&task("classification", "split_column = \"split\""), folder.path(), "test").unwrap();
    assert_eq!(dataset.classes, ["cat", "dog"]);
    assert_eq!(dataset.rows.len(), 3);
    let first = dataset.rows[0].sample.as_ref().unwrap();
    assert_eq!(
        (&first.truth, &*dataset.images.read(&first.image).unwrap()),
        (&Truth::Class(1), &b"pixels"[..])
    );
    assert_eq!(dataset.rows[1].sample.as_ref().unwrap_err().kind, FlawKind::LabelOutsideList);
    let last = dataset.rows[2].sample.as_ref().unwrap();
    assert_eq!(dataset.images.read(&last.image).unwrap_err().kind, FlawKind::MissingImage);
}

#[test]
fn captions_are_lists_and_a_row_without_any_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data-test.parquet");
    let mut file = writer(&path, CAPTIONED, None);
    let mut group = file.next_row_group().unwrap();
    bytes(&mut group, 1, &[Some("pixels"), Some("more")]);
    let mut column = group.next_column().unwrap().unwrap();
    let texts = [ByteArray::from("a dog"), ByteArray::from("a pug")];
    column.typed::<ByteArrayType>().write_batch(&texts, Some(&[3, 3, 0]), Some(&[0, 1, 0])).unwrap();
    column.close().unwrap();
    group.close().unwrap();
    file.close().unwrap();
    let dataset = Dataset::open(&task("captioning", "texts = \"captions\""), folder.path(), "test").unwrap();
    assert_eq!(dataset.rows[0].sample.as_ref().unwrap().right(&[]), ["a dog", "a pug"]);
    assert_eq!(dataset.rows[1].sample.as_ref().unwrap_err().kind, FlawKind::MissingField);
}

#[test]
fn a_cut_file_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    fs_err::write(folder.path().join("test.parquet"), b"PAR1 and no more").unwrap();
    let error = Dataset::open(&task("classification", ""), folder.path(), "test").unwrap_err();
    assert!(error.thing().ends_with("test.parquet") && error.expectation() == Some("a whole Parquet file"));
}
