//! The released layouts: a column of texts, or of lists of texts.

use crate::{Error, ErrorKind, Result};
use lens_nn::panics;
use parquet::{
    column::reader::ColumnReader,
    data_type::ByteArray,
    errors::ParquetError,
    file::reader::{FileReader, SerializedFileReader},
};

const COLUMN: &str = "prompt_descriptions";
const BATCH: usize = 4096;

/// All texts of the column, lists one after another.
///
/// # Errors
/// `Input` when the file is damaged or has no such column of texts.
pub(super) fn texts(name: &str, bytes: Vec<u8>) -> Result<Vec<String>> {
    let refuse = || Error::new(ErrorKind::Input, format!("vocabulary {name}"));
    // The reader checks much but not all of a damaged file before it computes with it.
    match panics::caught(|| column(bytes)) {
        Some(Ok(Some(texts))) => Ok(texts),
        Some(Ok(None)) => Err(refuse()
            .expected(format!("a column `{COLUMN}` of texts or lists of texts"))
            .found("no such column")),
        Some(Err(error)) => {
            Err(refuse().expected("a whole Parquet file in UTF-8").found(error.to_string()).because(error))
        }
        None => Err(refuse().expected("a whole Parquet file").found("a damaged one")),
    }
}

fn column(bytes: Vec<u8>) -> Result<Option<Vec<String>>, ParquetError> {
    let reader = SerializedFileReader::new(bytes::Bytes::from(bytes))?;
    let columns = reader.metadata().file_metadata().schema_descr().columns();
    let Some(index) =
        columns.iter().position(|column| column.path().parts().first().is_some_and(|part| part == COLUMN))
    else {
        return Ok(None);
    };
    let mut texts = Vec::new();
    for group in 0..reader.num_row_groups() {
        let ColumnReader::ByteArrayColumnReader(mut column) =
            reader.get_row_group(group)?.get_column_reader(index)?
        else {
            return Ok(None);
        };
        loop {
            let mut values: Vec<ByteArray> = Vec::new();
            let (mut definitions, mut repetitions) = (Vec::new(), Vec::new());
            let (records, _, _) =
                column.read_records(BATCH, Some(&mut definitions), Some(&mut repetitions), &mut values)?;
            for value in &values {
                texts.push(value.as_utf8()?.to_owned());
            }
            if records == 0 {
                break;
            }
        }
    }
    Ok(Some(texts))
}
