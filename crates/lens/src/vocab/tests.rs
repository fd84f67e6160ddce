use super::{Built, EmbeddedVocabulary, TAG_TEMPLATE, Vocabulary, cache_path, embed};
use crate::{Cancel, Embedder, ErrorKind, Fingerprint, Look, Result, Space, testing::ColourEmbedder};
use parquet::{
    data_type::{ByteArray, ByteArrayType},
    file::{properties::WriterProperties, writer::SerializedFileWriter},
    schema::parser::parse_message_type,
};
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

/// Counts the texts it embeds.
#[derive(Default)]
struct Counting(AtomicUsize);

impl Embedder for Counting {
    fn fingerprint(&self) -> Fingerprint {
        ColourEmbedder.fingerprint()
    }
    fn space(&self) -> Result<Space> {
        ColourEmbedder.space()
    }
    fn embed_looks(&self, looks: &[Look]) -> Result<Vec<Arc<Vec<f32>>>> {
        ColourEmbedder.embed_looks(looks)
    }
    fn embed_texts(&self, texts: &[String]) -> Result<Vec<f32>> {
        self.0.fetch_add(texts.len(), Ordering::Relaxed);
        ColourEmbedder.embed_texts(texts)
    }
}

fn numbered(count: usize) -> Vocabulary {
    Vocabulary::new("numbers", (0..count).map(|i| format!("red {i}"))).unwrap()
}

fn write_parquet(path: &Path, schema: &str, texts: &[&str], levels: Option<(&[i16], &[i16])>) {
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let file = fs_err::File::create(path).unwrap();
    let mut writer =
        SerializedFileWriter::new(file, schema, Arc::new(WriterProperties::builder().build())).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let values: Vec<ByteArray> = texts.iter().map(|text| ByteArray::from(*text)).collect();
    while let Some(mut column) = group.next_column().unwrap() {
        let (definitions, repetitions) = levels.unzip();
        column.typed::<ByteArrayType>().write_batch(&values, definitions, repetitions).unwrap();
        column.close().unwrap();
    }
    group.close().unwrap();
    writer.close().unwrap();
}

#[test]
fn lines_are_trimmed_and_taken_once() {
    let vocabulary = Vocabulary::from_lines("v", "\u{feff}dog\r\n\n  cat \ndog\n").unwrap();
    assert_eq!(vocabulary.texts(), ["dog", "cat"]);
    assert_eq!(Vocabulary::from_lines("v", " \n").unwrap_err().kind(), ErrorKind::Input);
}

#[test]
fn the_released_parquet_layouts_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let flat = folder.path().join("flat.parquet");
    write_parquet(
        &flat,
        "message m { required binary prompt_descriptions (UTF8); }",
        &["dog", "cat", "dog"],
        None,
    );
    assert_eq!(Vocabulary::open(&flat).unwrap().texts(), ["dog", "cat"]);

    // Two rows: two texts, then one.
    let lists = folder.path().join("lists.parquet");
    let schema = "message m { optional group prompt_descriptions (LIST) { repeated group list { optional binary element (UTF8); } } }";
    write_parquet(&lists, schema, &["has fur", "has a tail", "is round"], Some((&[3, 3, 3], &[0, 1, 0])));
    assert_eq!(Vocabulary::open(&lists).unwrap().texts(), ["has fur", "has a tail", "is round"]);
    assert_eq!(Vocabulary::open(folder.path()).unwrap().texts().len(), 5, "a folder is its files in order");
}

#[test]
fn files_that_are_no_vocabulary_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let open = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs_err::write(&path, bytes).unwrap();
        Vocabulary::open(&path).unwrap_err()
    };
    assert!(open("bytes.txt", b"dog\n\xff\xfe").thing().ends_with("line 2"));
    assert_eq!(open("short.parquet", b"PAR1").kind(), ErrorKind::Input);
    assert_eq!(open("cut.parquet", b"PAR1\0\0\0\0\xff\xff\xff\x7fPAR1").kind(), ErrorKind::Input);
    let other = folder.path().join("other.parquet");
    write_parquet(&other, "message m { required binary text (UTF8); }", &["dog"], None);
    assert_eq!(Vocabulary::open(&other).unwrap_err().finding(), Some("no such column"));
    assert_eq!(Vocabulary::open(&folder.path().join("none")).unwrap_err().kind(), ErrorKind::Input);
}

#[test]
fn embeddings_are_computed_once() {
    let folder = tempfile::tempdir().unwrap();
    let embedder = Counting::default();
    let mut heard = Vec::new();
    let mut run = || {
        let mut progress = |done, all| heard.push((done, all));
        embed(numbered(100), TAG_TEMPLATE, &embedder, folder.path(), &mut progress, &Cancel::new()).unwrap()
    };
    let (first, second) = (run(), run());
    assert_eq!((first.1, second.1), (Built::Now, Built::Kept));
    assert_eq!(first.0.embeddings(), second.0.embeddings());
    assert!(!first.0.lies_in_its_file() && second.0.lies_in_its_file());
    assert_eq!(embedder.0.load(Ordering::Relaxed), 100);
    assert_eq!(heard, [(0, 100), (64, 100), (100, 100)]);
    assert_eq!(fs_err::read_dir(folder.path()).unwrap().count(), 1, "no partial file is left");
}

#[test]
fn an_interrupted_run_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let embedder = Counting::default();
    let cancel = Cancel::new();
    let mut stop = |done, _| {
        if done == 128 {
            cancel.raise();
        }
    };
    let stopped =
        embed(numbered(300), TAG_TEMPLATE, &embedder, folder.path(), &mut stop, &cancel).unwrap_err();
    assert_eq!(stopped.finding(), Some("stopped after 128 of 300 texts"));
    // A row cut in the middle, as a crash leaves it, is computed again.
    let partial =
        cache_path(folder.path(), &numbered(300), TAG_TEMPLATE, &embedder).with_extension("partial");
    let kept = fs_err::read(&partial).unwrap();
    fs_err::write(&partial, &kept[..kept.len() - 5]).unwrap();
    let (resumed, _) =
        embed(numbered(300), TAG_TEMPLATE, &embedder, folder.path(), &mut |_, _| (), &Cancel::new()).unwrap();
    assert_eq!(embedder.0.load(Ordering::Relaxed), 301);
    let whole = ColourEmbedder.embed_texts(&vec!["A photo of red".into(); 300]).unwrap();
    assert_eq!(resumed.embeddings(), whole);
}

#[test]
fn a_folder_that_cannot_be_written_costs_only_the_keeping() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let run =
        || embed(numbered(3), "{}", &ColourEmbedder, file.path(), &mut |_, _| (), &Cancel::new()).unwrap();
    assert_eq!((run().1, run().1), (Built::Now, Built::Now));
}

#[test]
fn embeddings_of_other_texts_or_another_model_are_refused() {
    struct Other;
    impl Embedder for Other {
        fn fingerprint(&self) -> Fingerprint {
            Fingerprint::new().with("model", "other")
        }
        fn space(&self) -> Result<Space> {
            ColourEmbedder.space()
        }
        fn embed_looks(&self, _: &[Look]) -> Result<Vec<Arc<Vec<f32>>>> {
            Ok(Vec::new())
        }
        fn embed_texts(&self, _: &[String]) -> Result<Vec<f32>> {
            Ok(Vec::new())
        }
    }
    let embedded = EmbeddedVocabulary::new(numbered(2), "{}", vec![0.5; 6], 3).unwrap();
    let bytes = embedded.to_bytes(&ColourEmbedder).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("embeddings.safetensors");
    fs_err::write(&path, &bytes).unwrap();
    let read = |vocabulary, template: &str, embedder: &dyn Embedder| {
        EmbeddedVocabulary::open(&path, vocabulary, template, embedder)
    };
    assert_eq!(read(numbered(2), "{}", &ColourEmbedder).unwrap().embeddings(), embedded.embeddings());
    let refused = [
        read(numbered(3), "{}", &ColourEmbedder),
        read(numbered(2), TAG_TEMPLATE, &ColourEmbedder),
        read(numbered(2), "{}", &Other),
    ];
    fs_err::write(&path, &bytes[..40]).unwrap();
    for result in refused.into_iter().chain([read(numbered(2), "{}", &ColourEmbedder)]) {
        assert_eq!(result.unwrap_err().kind(), ErrorKind::Weights);
    }
}
