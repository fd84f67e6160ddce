//! Tokenizers of tiny vocabularies, built from the files that came before `tokenizer.json`.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use lens_nn::{ErrorKind, tokenizer::Tokenizer, weights::Checkpoint};

const BERT: &[u8] = b"[PAD]\n[UNK]\n[CLS]\n[SEP]\na\npicture\nof\n##s\n,\ndon\n'\nt\nit\ns\n";
const CLIP_VOCAB: &[u8] =
    br#"{"c": 0, "a": 1, "t": 2, "t</w>": 3, "s</w>": 4, "ca": 5, "cat</w>": 6, "!</w>": 7, "<|startoftext|>": 8, "<|endoftext|>": 9}"#;
const CLIP_MERGES: &[u8] = b"#version: 0.2\nc a\nca t</w>\n";
/// Its characters' map is no map, on which the `tokenizers` crate panics.
const PANICS: &[u8] = br#"{"version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
    "normalizer": {"type": "Precompiled", "precompiled_charsmap": "AAAA"}, "pre_tokenizer": null, "post_processor": null,
    "decoder": null, "model": {"type": "WordLevel", "vocab": {"a": 0}, "unk_token": "a"}}"#;

fn bert() -> Tokenizer {
    Tokenizer::from_checkpoint(&Checkpoint::embedded("test", &[("vocab.txt", BERT)]).unwrap()).unwrap()
}

fn clip() -> Tokenizer {
    let files: &[(&str, &[u8])] = &[("vocab.json", CLIP_VOCAB), ("merges.txt", CLIP_MERGES)];
    Tokenizer::from_checkpoint(&Checkpoint::embedded("test", files).unwrap()).unwrap()
}

#[test]
fn texts_become_ids() {
    struct Case(Tokenizer, &'static str, &'static [u32]);
    let cases = [
        Case(bert(), "a picture of", &[2, 4, 5, 6, 3]),
        Case(bert(), "A  Pictures, xyz", &[2, 4, 5, 7, 8, 1, 3]),
        Case(bert(), "", &[2, 3]),
        Case(clip(), "CAT", &[8, 6, 9]),
        Case(clip(), "cat !  cat", &[8, 6, 7, 6, 9]),
        Case(clip(), "cat's", &[8, 6, 9, 4, 9]), // the apostrophe is no token: the unknown one is the end
        Case(clip(), "", &[8, 9]),
    ];
    for Case(tokenizer, text, ids) in cases {
        assert_eq!(tokenizer.encode(text).unwrap(), ids, "{text:?}");
        assert_eq!(tokenizer.count(text), ids.len());
        assert_eq!(tokenizer.encode_plain(text).unwrap(), &ids[1..ids.len() - 1]);
    }
}

#[test]
fn a_cut_text_keeps_its_end() {
    assert_eq!(clip().encode_within("cat cat cat cat", 4).unwrap(), [8, 6, 6, 9]);
    assert_eq!(clip().encode_within("cat", 4).unwrap(), [8, 6, 9]);
    assert_eq!(clip().encode_within("cat", 1).unwrap(), [9]);
    assert!(clip().encode_within("cat", 0).unwrap().is_empty());
}

#[test]
fn decoding_skips_what_is_no_text_and_closes_up_words() {
    // [CLS], an id beyond the tokenizer as BLIP's [DEC], "pictures", ",", "it's"
    let text = bert().decode(&[2, 30522, 5, 7, 8, 12, 10, 13, 3, 0]).unwrap();
    assert_eq!(text, "pictures, it ' s");
}

#[test]
fn wrong_files_are_refused() {
    struct Case(&'static [(&'static str, &'static [u8])], &'static str);
    let cases = [
        Case(&[("tokenizer.json", b"{}")], "tokenizer.json"),
        Case(&[("tokenizer.json", b"\xff")], "tokenizer.json"),
        Case(&[("tokenizer.json", PANICS)], "tokenizer.json"),
        Case(&[("vocab.txt", b"a\nb\n")], "vocab.txt"),
        Case(&[("vocab.json", b"[]"), ("merges.txt", b"")], "vocab.json"),
        Case(&[("vocab.json", b"{\"a\": 0}"), ("merges.txt", b"")], "vocab.json"),
        Case(&[("spiece.model", b"x")], "only `spiece.model`"),
        Case(&[("config.json", b"{}")], "none"),
    ];
    for Case(files, names) in cases {
        let checkpoint = Checkpoint::embedded("test", files).unwrap();
        let error = Tokenizer::from_checkpoint(&checkpoint).err().expect(names);
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(names), "{error}");
    }
}

#[test]
fn the_tokenizer_of_another_model_is_refused() {
    let end = bert().id("[SEP]");
    assert!(bert().check_fits(14, end).is_ok());
    for (size, end, expected) in [
        (13, end, "at most 13 ids"),
        (14, Some(0), "the model's end token, id 0"),
        (14, None, "the model's end token, id"),
    ] {
        let error = bert().check_fits(size, end).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.expectation().is_some_and(|text| text.contains(expected)), "{error}");
    }
}
