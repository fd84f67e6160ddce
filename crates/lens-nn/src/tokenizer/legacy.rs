//! Tokenizers from the files that came before `tokenizer.json`, built as transformers' converters build them
//! (`convert_slow_tokenizer.py`: `CLIPConverter`, `BertConverter`).

use super::damaged;
use crate::{Error, ErrorKind, Result, weights::Checkpoint};
use std::collections::HashMap;
use tokenizers::{
    AddedToken, SplitDelimiterBehavior, Tokenizer,
    decoders::wordpiece::WordPiece as WordPieceDecoder,
    models::{bpe::BPE, wordpiece::WordPiece},
    normalizers::{BertNormalizer, Lowercase, NFC, Replace, Sequence, replace::ReplacePattern},
    pre_tokenizers::{
        bert::BertPreTokenizer,
        byte_level::ByteLevel,
        sequence::Sequence as PreSequence,
        split::{Split, SplitPattern},
    },
    processors::{bert::BertProcessing, roberta::RobertaProcessing},
};

/// CLIP's words: contractions, runs of letters, single digits, runs of anything else.
const CLIP_WORDS: &str =
    r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+";

/// The tokenizer and the file that messages name.
pub(super) fn read(checkpoint: &Checkpoint) -> Result<(String, Tokenizer)> {
    if let (Some(vocab), Some(merges)) = (checkpoint.file("vocab.json")?, checkpoint.file("merges.txt")?) {
        let file = checkpoint.label("vocab.json");
        let tokenizer = clip(&vocab, &merges).map_err(|source| damaged(file.clone(), source))?;
        return Ok((file, tokenizer));
    }
    if let Some(vocab) = checkpoint.file("vocab.txt")? {
        let file = checkpoint.label("vocab.txt");
        let tokenizer = bert(&vocab).map_err(|source| damaged(file.clone(), source))?;
        return Ok((file, tokenizer));
    }
    let found = match checkpoint.file("spiece.model")? {
        Some(_) => "only `spiece.model`",
        None => "none",
    };
    Err(Error::new(ErrorKind::Config, checkpoint.label("tokenizer.json"))
        .expected("a tokenizer file")
        .found(found)
        .hint("put the model's `tokenizer.json` beside its weights; transformers writes it with `save_pretrained`"))
}

fn clip(vocab: &[u8], merges: &[u8]) -> Result<Tokenizer, tokenizers::Error> {
    let vocab: HashMap<String, u32> = serde_json::from_slice(vocab)?;
    let id = |token: &str| vocab.get(token).copied().ok_or_else(|| format!("no token `{token}`"));
    let ends = (
        ("<|endoftext|>".to_owned(), id("<|endoftext|>")?),
        ("<|startoftext|>".to_owned(), id("<|startoftext|>")?),
    );
    let merges = std::str::from_utf8(merges)?
        .lines()
        .filter(|line| !line.starts_with("#version"))
        .filter_map(|line| line.split_once(' '))
        .map(|(left, right)| (left.to_owned(), right.to_owned()))
        .collect();
    let model = BPE::builder()
        .vocab_and_merges(vocab.into_iter().collect::<HashMap<_, _, _>>(), merges)
        .unk_token("<|endoftext|>".into())
        .continuing_subword_prefix(String::new())
        .end_of_word_suffix("</w>".into())
        .build()?;
    let mut tokenizer = Tokenizer::new(model);
    let spaces = Replace::new(ReplacePattern::Regex(r"\s+".into()), " ")?;
    let words = Split::new(SplitPattern::Regex(CLIP_WORDS.into()), SplitDelimiterBehavior::Removed, true)?;
    let special = [&ends.1.0, &ends.0.0].map(|token| AddedToken::from(token.as_str(), true));
    tokenizer
        .with_normalizer(Some(Sequence::new(vec![NFC.into(), spaces.into(), Lowercase.into()])))?
        .with_pre_tokenizer(Some(PreSequence::new(vec![
            words.into(),
            ByteLevel::new(false, true, true).into(),
        ])))
        .with_post_processor(Some(
            RobertaProcessing::new(ends.0, ends.1).trim_offsets(false).add_prefix_space(false),
        ))
        .with_decoder(Some(ByteLevel::default()));
    tokenizer.add_special_tokens(special)?;
    Ok(tokenizer)
}

fn bert(vocab: &[u8]) -> Result<Tokenizer, tokenizers::Error> {
    let vocab: HashMap<String, u32> = std::str::from_utf8(vocab)?
        .lines()
        .zip(0..)
        .map(|(token, id)| (token.trim_end().to_owned(), id))
        .collect();
    let id = |token: &str| {
        vocab.get(token).map(|id| (token.to_owned(), *id)).ok_or_else(|| format!("no token `{token}`"))
    };
    let ends = BertProcessing::new(id("[SEP]")?, id("[CLS]")?);
    let special: Vec<AddedToken> = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
        .into_iter()
        .filter(|token| vocab.contains_key(*token))
        .map(|token| AddedToken::from(token, true))
        .collect();
    let model = WordPiece::builder()
        .vocab(vocab.into_iter().collect::<HashMap<_, _, _>>())
        .unk_token("[UNK]".into())
        .build()?;
    let mut tokenizer = Tokenizer::new(model);
    tokenizer
        .with_normalizer(Some(BertNormalizer::default()))?
        .with_pre_tokenizer(Some(BertPreTokenizer))
        .with_post_processor(Some(ends))
        .with_decoder(Some(WordPieceDecoder::default()));
    tokenizer.add_special_tokens(special)?;
    Ok(tokenizer)
}
