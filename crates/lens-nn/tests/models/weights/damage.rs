//! Files that no library wrote.

use super::{folder, open, safetensors, with_header};
use lens_nn::{ErrorKind, Result, weights::Tensors};
use proptest::prelude::*;
use safetensors::SafeTensors;

fn read(file: &[u8]) -> Result<Tensors> {
    open(&folder(&[("model.safetensors", file)])).tensors()
}

fn finding(file: &[u8]) -> String {
    let error = read(file).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Weights);
    error.finding().unwrap_or_default().to_owned()
}

#[test]
fn a_damaged_frame_is_named() {
    struct Case<'a>(&'a [u8], &'a str);
    let twice = r#"{"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#;
    let cases = [
        Case(&[], "the file ends within its first 8 bytes"),
        Case(&[9, 0, 0, 0, 0, 0, 0, 0, b'{'], "the file ends within its header"),
        Case(&100_000_001_u64.to_le_bytes(), "the header says it has 100000001 bytes, more than 100000000"),
        Case(&[0xff; 16], "the header says it has 18446744073709551615 bytes, more than 100000000"),
        Case(
            &with_header("[]", &[]),
            "the header is damaged: invalid type: sequence, expected an object at line 1 column 0",
        ),
        Case(&with_header(r#"{"w":{"dtype":"U8","shape":[1]}}"#, &[0]), "tensor `w` has no `data_offsets`"),
        Case(&with_header(twice, &[0]), "the header is damaged: `w` is there twice at line 1 column 105"),
        Case(
            &with_header(r#"{"w":{"dtype":"F4","shape":[2],"data_offsets":[0,1]}}"#, &[0]),
            "the header is damaged: unknown variant `F4`, expected one of `F32`, `F16`, `BF16`, `F64`, `I64`, `I32`, \
             `I16`, `I8`, `U64`, `U32`, `U16`, `U8`, `BOOL`, `F8_E4M3`, `F8_E5M2` at line 1 column 53",
        ),
    ];
    for Case(file, message) in cases {
        assert_eq!(finding(file), message);
    }
}

#[test]
fn tensors_cover_the_data_exactly() {
    /// Tensors of f32 (shape, from, to) over so many bytes of data.
    struct Case(&'static [(&'static str, u64, u64)], usize, &'static str);
    let cases = [
        Case(&[("2", 0, 8)], 4, "tensor `t0` lies at 0..8, where 0.. of 4 bytes is next"),
        Case(&[("0", 0, 0), ("1", 4, 0)], 4, "tensor `t1` lies at 4..0, where 0.. of 4 bytes is next"),
        Case(&[("2", 0, 8), ("2", 4, 12)], 12, "tensor `t1` lies at 4..12, where 8.. of 12 bytes is next"),
        Case(&[("1", 0, 4), ("1", 8, 12)], 12, "tensor `t1` lies at 8..12, where 4.. of 12 bytes is next"),
        Case(&[("1", 0, 4)], 5, "the tensors end after 4 of 5 bytes of data"),
        Case(&[("3", 0, 8)], 8, "tensor `t0` has 8 bytes for F32 [3]"),
        // 4 (2^62 + 2) = 8 modulo 2^64
        Case(&[("4611686018427387906", 0, 8)], 8, "tensor `t0` has 8 bytes for F32 [4611686018427387906]"),
        Case(
            &[("1", 0, u64::MAX)],
            8,
            "tensor `t0` lies at 0..18446744073709551615, where 0.. of 8 bytes is next",
        ),
    ];
    for Case(tensors, data, message) in cases {
        let entries: Vec<String> = tensors
            .iter()
            .enumerate()
            .map(|(i, (shape, from, to))| {
                format!(r#""t{i}":{{"dtype":"F32","shape":[{shape}],"data_offsets":[{from},{to}]}}"#)
            })
            .collect();
        let header = format!("{{{}}}", entries.join(","));
        assert_eq!(finding(&with_header(&header, &vec![0; data])), message);
    }
}

fn sample() -> Vec<u8> {
    safetensors(&[("a", &[2, 2], &[1.0, 2.0, 3.0, 4.0]), ("b.c", &[], &[5.0]), ("d", &[0, 3], &[])])
}

#[derive(Debug, Clone)]
enum Mutation {
    Flip(prop::sample::Index, u8),
    Replace(prop::sample::Index, &'static str),
    Insert(prop::sample::Index, u8),
    Remove(prop::sample::Index),
    Truncate(prop::sample::Index),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let at = any::<prop::sample::Index>;
    prop_oneof![
        (at(), any::<u8>()).prop_map(|(at, mask)| Mutation::Flip(at, mask)),
        (
            at(),
            prop::sample::select(vec!["9", "0", "-", "[", "]", ",", "\"", "{", "}", "18446744073709551615"])
        )
            .prop_map(|(at, text)| Mutation::Replace(at, text)),
        (at(), any::<u8>()).prop_map(|(at, byte)| Mutation::Insert(at, byte)),
        at().prop_map(Mutation::Remove),
        at().prop_map(Mutation::Truncate),
    ]
}

fn apply(file: &mut Vec<u8>, mutation: &Mutation) {
    let length = file.len();
    if length == 0 {
        return;
    }
    match mutation {
        Mutation::Flip(at, mask) => file[at.index(length)] ^= mask,
        Mutation::Replace(at, text) => {
            let at = at.index(length);
            file.splice(at..=at, text.bytes());
        }
        Mutation::Insert(at, byte) => file.insert(at.index(length), *byte),
        Mutation::Remove(at) => {
            file.remove(at.index(length));
        }
        Mutation::Truncate(at) => file.truncate(at.index(length)),
    }
}

/// The header's length as it should be, so that mutations reach what lies behind it.
fn with_true_length(mut file: Vec<u8>, grown: isize) -> Vec<u8> {
    if let Some((length, _)) = file.split_first_chunk_mut::<8>() {
        *length = u64::from_le_bytes(*length).wrapping_add_signed(grown as i64).to_le_bytes();
    }
    file
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    /// Whatever is accepted, the reference library accepts too, with the same tensors; and nothing panics.
    #[test]
    fn a_mutated_file_is_refused_or_means_the_same(mutations in prop::collection::vec(mutation(), 1..4), repair: bool) {
        let original = sample();
        let mut file = original.clone();
        for mutation in &mutations {
            apply(&mut file, mutation);
        }
        if repair {
            let grown = file.len() as isize - original.len() as isize;
            file = with_true_length(file, grown);
        }
        let Ok(tensors) = read(&file) else { return Ok(()) };
        let reference = SafeTensors::deserialize(&file).expect("accepted here, refused by the reference");
        prop_assert_eq!(tensors.names().count(), reference.len());
        for (name, view) in reference.iter() {
            prop_assert_eq!(tensors.shape(name), Some(view.shape()));
            if let Ok(values) = tensors.root().read(name, view.shape()) {
                prop_assert_eq!(values.len(), view.shape().iter().product::<usize>());
            }
        }
    }

    #[test]
    fn any_bytes_are_an_error(file in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(read(&file).is_err());
    }
}
