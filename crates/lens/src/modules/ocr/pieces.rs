//! Pieces of words, and how often each letter follows them.

/// Symbols of the longest pieces.
pub(super) const ORDER: usize = 5;

/// The pieces of a list of words as a tree: a piece without its last symbol is the parent. Symbols are the small letters of
/// the words, the end of a word, and its start.
pub(super) struct Pieces {
    letters: Vec<char>,
    nodes: Vec<Node>,
}

#[derive(Default)]
struct Node {
    /// How often the piece was seen, and how often something followed it.
    count: u32,
    followed: u32,
    /// What followed it: symbols and their nodes, sorted. (A table would be large where words have thousands of letters.)
    children: Vec<(usize, usize)>,
}

impl Pieces {
    /// Of every word of a text. Case does not matter; what is between letters parts words.
    pub(super) fn of(text: &str) -> Self {
        let text = text.to_lowercase();
        let mut letters: Vec<char> = text.chars().filter(|letter| letter.is_alphabetic()).collect();
        letters.sort_unstable();
        letters.dedup();
        let mut pieces = Self { letters, nodes: vec![Node::default()] };
        let (start, end) = (pieces.start(), pieces.end());
        for word in text.split(|letter: char| !letter.is_alphabetic()).filter(|word| !word.is_empty()) {
            let inner = word.chars().filter_map(|letter| pieces.letter(letter));
            let symbols: Vec<usize> = [start].into_iter().chain(inner).chain([end]).collect();
            for last in 1..symbols.len() {
                for first in (last + 1).saturating_sub(ORDER)..=last {
                    pieces.count(&symbols[first..=last]);
                }
            }
        }
        pieces
    }

    /// The symbol of a small letter that is in the words.
    pub(super) fn letter(&self, letter: char) -> Option<usize> {
        self.letters.binary_search(&letter).ok()
    }

    pub(super) fn letters(&self) -> usize {
        self.letters.len()
    }

    pub(super) fn end(&self) -> usize {
        self.letters.len()
    }

    pub(super) fn start(&self) -> usize {
        self.letters.len() + 1
    }

    /// The share of `symbol` among what follows `before`: what was seen after all of it, mixed with what was seen after less
    /// and less of it (method C of I. Witten, T. Bell 1991; the start counts as
    /// one of the symbols that follow nothing). Above 0, and 1 for all letters and the end together.
    pub(super) fn share(&self, before: &[usize], symbol: usize) -> f32 {
        let mut share = 1.0 / (self.letters.len() + 1) as f32;
        for first in (0..=before.len()).rev() {
            let mut known = before[first..].iter();
            let node = known.try_fold(&self.nodes[0], |node, symbol| self.child(node, *symbol));
            let Some(node) = node.filter(|node| node.followed > 0) else { break };
            let count = self.child(node, symbol).map_or(0, |child| child.count) as f32;
            let kinds = node.children.len() as f32;
            share = (count + kinds * share) / (node.followed as f32 + kinds);
        }
        share
    }

    fn child(&self, node: &Node, symbol: usize) -> Option<&Node> {
        let place = node.children.binary_search_by_key(&symbol, |child| child.0).ok()?;
        self.nodes.get(node.children[place].1)
    }

    fn count(&mut self, piece: &[usize]) {
        let (mut parent, mut node) = (0, 0);
        for symbol in piece {
            (parent, node) = (node, self.child_or_new(node, *symbol));
        }
        self.nodes[parent].followed += 1;
        self.nodes[node].count += 1;
    }

    fn child_or_new(&mut self, node: usize, symbol: usize) -> usize {
        let new = self.nodes.len();
        let children = &mut self.nodes[node].children;
        match children.binary_search_by_key(&symbol, |child| child.0) {
            Ok(place) => children[place].1,
            Err(place) => {
                children.insert(place, (symbol, new));
                self.nodes.push(Node::default());
                new
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Pieces;
    use proptest::prelude::*;

    #[test]
    fn what_was_seen_after_more_letters_counts_more() {
        let pieces = Pieces::of("brand\nBrands\nbread\n# round 12");
        let after = |before: &str, next: char| {
            let symbols: Vec<usize> = before.chars().filter_map(|letter| pieces.letter(letter)).collect();
            pieces.share(&symbols, pieces.letter(next).unwrap_or(pieces.end()))
        };
        assert!(after("ran", 'd') > 0.8 && after("ran", 'd') > after("n", 'd'), "{}", after("ran", 'd'));
        assert!(after("and", '.') > after("and", 's') / 2.0 && after("ad", '.') > 0.5);
        assert!(after("brea", 'd') > after("brea", 'n') && after("brea", 'n') > 0.0);
        assert_eq!((pieces.letter('z'), pieces.letter('1'), pieces.letter('B')), (None, None, None));
    }

    proptest! {
        #[test]
        fn shares_of_all_that_may_follow_are_one(
            words in "([a-eé]{1,9} ){0,30}",
            before in prop::collection::vec(0_usize..5, 0..5),
        ) {
            let pieces = Pieces::of(&words);
            let before: Vec<usize> = before.into_iter().filter(|symbol| *symbol < pieces.letters()).collect();
            for before in [before.clone(), [vec![pieces.start()], before].concat()] {
                // Nothing is followed by a start.
                let all: f32 = (0..=pieces.end()).map(|symbol| pieces.share(&before, symbol)).sum();
                prop_assert!((all - 1.0).abs() < 1e-4, "{all}");
            }
        }
    }
}
