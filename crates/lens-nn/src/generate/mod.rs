//! Decoding: greedy, beam search and sampling in the same steps, and the likelihood of given texts.
//!
//! The semantics are those of transformers 5 (`generation/utils.py`, `logits_process.py`): the log-softmax comes first, then
//! the rules on lengths, without renormalising; lengths count the prompt.

mod beam;
mod random;
mod sample;
mod score;
mod single;
#[cfg(test)]
mod tests;

use crate::{Backend, Error, ErrorKind, Result, backend::Candidate};
use beam::BeamSearch;
use single::SingleSearch;

pub use beam::BeamOptions;
pub use random::Stream;
pub use sample::{SampleOptions, distribution};
pub use score::score;

/// A model that continues sequences. The caller owns the caches through it: [`select`](Self::select) reorders, drops and
/// multiplies sequences.
pub trait Decoder {
    /// The machine it computes on.
    type Backend: Backend;

    /// The machine it computes on.
    fn backend(&self) -> &Self::Backend;

    /// Sequences being decoded.
    fn sequences(&self) -> usize;

    /// Number of token ids.
    fn vocabulary_size(&self) -> usize;

    /// Appends tokens to every sequence, the first `lengths[0]` to sequence 0 and so on; logits (sequences, vocabulary)
    /// of what follows each.
    ///
    /// # Errors
    /// `Input` for an id beyond the vocabulary or a sequence beyond the model's context.
    fn step(&mut self, tokens: &[u32], lengths: &[usize]) -> Result<<Self::Backend as Backend>::Tensor>;

    /// Sequence `i` becomes a continuation of the former sequence `parents[i]`.
    fn select(&mut self, parents: &[usize]);
}

/// How a text is searched for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Strategy {
    /// The most probable token at every step.
    Greedy,
    /// The most probable text among several kept at once.
    Beam(BeamOptions),
    /// A token drawn at every step.
    Sample(SampleOptions, Stream),
}

/// Bounds on the number of tokens, prompt and end token included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lengths {
    /// The end token is not taken before the sequence has this many tokens.
    pub min: usize,
    /// The sequence ends when it has this many tokens.
    pub max: usize,
}

/// One search for texts that continue a source's prompt.
#[derive(Debug, Clone, Copy)]
pub struct Search {
    /// Which of the decoder's first sequences, and which prompt, it starts from.
    pub source: usize,
    /// How to search.
    pub strategy: Strategy,
    /// Bounds on the length.
    pub lengths: Lengths,
    /// The token that ends a text.
    pub end: u32,
}

/// A text that a search found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hypothesis {
    /// Tokens after the prompt, with the end token where it was reached.
    pub tokens: Vec<u32>,
    /// Sum of the tokens' log-probabilities.
    pub log_prob: f32,
    /// What the search ranks by: of beams, `log_prob` divided by (number of tokens)^length_penalty; else `log_prob`.
    pub score: f32,
}

/// Hears of tokens as they are chosen, and may call the search off.
pub trait Observer {
    /// Search `search` chose `token`. Only greedy and sampled searches choose before they end.
    fn token(&mut self, search: usize, token: u32) {
        let _ = (search, token);
    }

    /// Asked once per step: what was found so far is returned when true.
    fn cancelled(&self) -> bool {
        false
    }
}

impl Observer for () {}

/// A row that goes on: which of the search's rows it continues, and with which token.
struct Next {
    row: usize,
    token: u32,
}

/// The state of one search.
enum Running {
    Single(SingleSearch),
    Beam(BeamSearch),
}

impl Running {
    fn new(search: &Search, prompt: usize) -> Self {
        match search.strategy {
            Strategy::Beam(options) => Self::Beam(BeamSearch::new(options, search, prompt)),
            Strategy::Greedy => Self::Single(SingleSearch::new(None, search, prompt)),
            Strategy::Sample(options, stream) => {
                Self::Single(SingleSearch::new(Some((options, stream)), search, prompt))
            }
        }
    }

    fn advance(&mut self, rows: &[Vec<Candidate>]) -> Vec<Next> {
        match self {
            Self::Single(single) => single.advance(rows),
            Self::Beam(beam) => beam.advance(rows),
        }
    }

    fn finish(self) -> Vec<Hypothesis> {
        match self {
            Self::Single(single) => single.finish(),
            Self::Beam(beam) => beam.finish(),
        }
    }
}

/// Runs all searches together: the rows of every step are the live rows of all of them, finished ones leave.
///
/// `prompts` holds one prompt per sequence of the decoder. The result has one list per search, best first.
///
/// # Errors
/// `Input` for a prompt that the model refuses, `Config` for options that make no sense.
pub fn generate<D: Decoder>(
    decoder: &mut D,
    prompts: &[Vec<u32>],
    searches: &[Search],
    observer: &mut dyn Observer,
) -> Result<Vec<Vec<Hypothesis>>> {
    check(decoder, prompts, searches)?;
    let wanted =
        searches.iter().map(|search| search.candidates(decoder.vocabulary_size())).max().unwrap_or(1);
    let mut running: Vec<Running> =
        searches.iter().map(|search| Running::new(search, prompts[search.source].len())).collect();
    let mut rows: Vec<_> = searches.iter().map(|search| search.source..search.source + 1).collect();

    let lengths: Vec<usize> = prompts.iter().map(Vec::len).collect();
    let mut logits = decoder.step(&prompts.concat(), &lengths)?;
    loop {
        let candidates = decoder.backend().top_log_probs(&logits, wanted);
        let (mut parents, mut tokens) = (Vec::new(), Vec::new());
        for (index, (search, rows)) in running.iter_mut().zip(&mut rows).enumerate() {
            let first = parents.len();
            if rows.start < rows.end {
                for Next { row, token } in search.advance(&candidates[rows.clone()]) {
                    if matches!(search, Running::Single(_)) {
                        observer.token(index, token);
                    }
                    parents.push(rows.start + row);
                    tokens.push(token);
                }
            }
            *rows = first..parents.len();
        }
        if parents.is_empty() || observer.cancelled() {
            return Ok(running.into_iter().map(Running::finish).collect());
        }
        decoder.select(&parents);
        logits = decoder.step(&tokens, &vec![1; tokens.len()])?;
    }
}

impl Search {
    /// How many of the best tokens of a row the search must see: one more than it uses, since the end token may be barred.
    fn candidates(&self, vocabulary: usize) -> usize {
        let used = match self.strategy {
            Strategy::Greedy => 1,
            Strategy::Beam(options) => options.kept(),
            Strategy::Sample(options, _) if options.top_k == 0 => vocabulary,
            Strategy::Sample(options, _) => options.top_k,
        };
        (used + 1).min(vocabulary)
    }
}

fn check<D: Decoder>(decoder: &D, prompts: &[Vec<u32>], searches: &[Search]) -> Result<()> {
    if prompts.len() != decoder.sequences() || searches.iter().any(|search| search.source >= prompts.len()) {
        return Err(Error::new(ErrorKind::Internal, "prompts of a generation")
            .expected(format!("one for each of {} sequences", decoder.sequences()))
            .found(format!("{} prompts", prompts.len())));
    }
    for search in searches {
        let prompt = prompts[search.source].len();
        if search.lengths.max <= prompt {
            return Err(Error::new(ErrorKind::Config, "greatest length of a text")
                .expected(format!("more than the prompt's {prompt} tokens"))
                .found(format!("{}", search.lengths.max))
                .hint("raise the greatest length or shorten the prompt"));
        }
        match search.strategy {
            Strategy::Greedy => {}
            Strategy::Beam(options) => options.check(decoder.vocabulary_size())?,
            Strategy::Sample(options, _) => options.check()?,
        }
    }
    Ok(())
}
