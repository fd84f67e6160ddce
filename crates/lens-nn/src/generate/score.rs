//! How likely given texts are, along the trie of their common beginnings.

use super::Decoder;
use crate::{Backend, Error, ErrorKind, Result};

/// A node of the trie: the continuations of one source that share everything up to here.
struct Node {
    source: usize,
    members: Vec<usize>,
}

/// Sums of log-probabilities of each source's continuations, given as token ids (with the end token, where it is to count).
/// A beginning that several share is computed once; all nodes of one depth are rows of one step.
///
/// `prompts` holds one prompt per sequence of the decoder, `continuations` one list for each.
///
/// # Errors
/// `Input` for an empty continuation or ids that the model refuses.
pub fn score<D: Decoder>(
    decoder: &mut D,
    prompts: &[Vec<u32>],
    continuations: &[Vec<Vec<u32>>],
) -> Result<Vec<Vec<f64>>> {
    let vocabulary = decoder.vocabulary_size();
    let refused = |text: &Vec<u32>| text.is_empty() || text.iter().any(|&id| id as usize >= vocabulary);
    if prompts.len() != continuations.len() || continuations.iter().flatten().any(refused) {
        return Err(Error::new(ErrorKind::Input, "texts to score")
            .expected(format!("one list per prompt, each text of at least one id below {vocabulary}"))
            .found("an empty text, a foreign id, or a list too few"));
    }
    let mut sums: Vec<Vec<f64>> = continuations.iter().map(|texts| vec![0.0; texts.len()]).collect();
    let lengths: Vec<usize> = prompts.iter().map(Vec::len).collect();
    let mut logits = decoder.step(&prompts.concat(), &lengths)?;
    let mut nodes: Vec<Node> = continuations
        .iter()
        .enumerate()
        .map(|(source, texts)| Node { source, members: (0..texts.len()).collect() })
        .collect();
    for depth in 0.. {
        let branches = branches(&nodes, continuations, depth);
        let picks: Vec<(usize, u32)> = branches.iter().map(|(row, token, _)| (*row, *token)).collect();
        let log_probs = decoder.backend().pick_log_probs(&logits, &picks);
        for ((_, _, node), log_prob) in branches.iter().zip(log_probs) {
            for &member in &node.members {
                sums[node.source][member] += f64::from(log_prob);
            }
        }
        let goes_on = |node: &Node| {
            node.members.iter().any(|&member| continuations[node.source][member].len() > depth + 1)
        };
        let (parents, tokens, next) = unzip(branches.into_iter().filter(|(_, _, node)| goes_on(node)));
        if next.is_empty() {
            break;
        }
        decoder.select(&parents);
        logits = decoder.step(&tokens, &vec![1; tokens.len()])?;
        nodes = next;
    }
    Ok(sums)
}

/// The children of all nodes, in order: (row of the parent, token, child).
fn branches(nodes: &[Node], continuations: &[Vec<Vec<u32>>], depth: usize) -> Vec<(usize, u32, Node)> {
    let mut branches: Vec<(usize, u32, Node)> = Vec::new();
    for (row, node) in nodes.iter().enumerate() {
        let mut by_token: Vec<(u32, usize)> = node
            .members
            .iter()
            .filter_map(|&member| Some((*continuations[node.source][member].get(depth)?, member)))
            .collect();
        by_token.sort_unstable();
        for group in by_token.chunk_by(|a, b| a.0 == b.0) {
            let members = group.iter().map(|(_, member)| *member).collect();
            branches.push((row, group[0].0, Node { source: node.source, members }));
        }
    }
    branches
}

fn unzip(branches: impl Iterator<Item = (usize, u32, Node)>) -> (Vec<usize>, Vec<u32>, Vec<Node>) {
    let (mut parents, mut tokens, mut nodes) = (Vec::new(), Vec::new(), Vec::new());
    for (parent, token, node) in branches {
        parents.push(parent);
        tokens.push(token);
        nodes.push(node);
    }
    (parents, tokens, nodes)
}
