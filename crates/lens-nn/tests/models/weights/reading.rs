use super::{folder, open, safetensors};
use half::{bf16, f16};
use lens_nn::{
    ErrorKind,
    weights::{Checkpoint, Redundant, Tensors},
};
use safetensors::{Dtype, tensor::TensorView};

const MODEL: &str = "model.safetensors";

fn tensors(list: &[(&str, &[usize], &[f32])]) -> Tensors {
    open(&folder(&[(MODEL, &safetensors(list))])).tensors().unwrap()
}

#[test]
fn names_read_like_the_python_tree() {
    let tensors = tensors(&[
        ("encoder.layers.0.fc.weight", &[2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
        ("encoder.layers.0.fc.bias", &[2], &[0.5, -0.5]),
        ("scale", &[], &[4.6]),
    ]);
    let layer = tensors.root().at("encoder").at("layers").at(0).at("fc");
    assert_eq!(layer.path("weight"), "encoder.layers.0.fc.weight");
    assert_eq!(layer.read("weight", &[2, 3]).unwrap(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    assert_eq!(layer.shape("weight"), Some(&[2, 3][..]));
    assert!(layer.has("bias") && !layer.has("gamma"));
    assert_eq!(tensors.root().read("scale", &[]).unwrap(), [4.6]);
    assert_eq!(
        tensors.names().collect::<Vec<_>>(),
        ["encoder.layers.0.fc.bias", "encoder.layers.0.fc.weight", "scale"]
    );
}

#[test]
fn half_types_widen_exactly() {
    let values: Vec<f32> = (0..40u8).map(|i| (f32::from(i) - 20.0) / 8.0).collect();
    let halves: Vec<u8> = values.iter().flat_map(|&x| f16::from_f32(x).to_le_bytes()).collect();
    let brains: Vec<u8> = values.iter().flat_map(|&x| bf16::from_f32(x).to_le_bytes()).collect();
    // One odd byte before the others: nothing in a file needs to be aligned.
    let views = [
        ("byte", TensorView::new(Dtype::U8, vec![1], &[7]).unwrap()),
        ("half", TensorView::new(Dtype::F16, vec![5, 8], &halves).unwrap()),
        ("brain", TensorView::new(Dtype::BF16, vec![5, 8], &brains).unwrap()),
    ];
    let folder = folder(&[(MODEL, &safetensors::serialize(views, None).unwrap())]);
    let tensors = open(&folder).tensors().unwrap();
    assert_eq!(tensors.root().read("half", &[5, 8]).unwrap(), values);
    assert_eq!(tensors.root().read("brain", &[5, 8]).unwrap(), values);
    let error = tensors.root().read("byte", &[1]).unwrap_err();
    assert!(error.to_string().ends_with("tensor `byte`: expected F32, F16 or BF16, found U8"), "{error}");
}

#[test]
fn a_tensor_that_does_not_fit_is_named_with_both_shapes() {
    struct Case(&'static str, &'static [usize], &'static str);
    let tensors = tensors(&[("fc.weight", &[2, 1], &[1.0, 2.0])]);
    let cases = [
        Case("weight", &[1, 2], "model.safetensors, tensor `fc.weight`: expected shape [1, 2], found [2, 1]"),
        Case("weight", &[2], "model.safetensors, tensor `fc.weight`: expected shape [2], found [2, 1]"),
        Case("bias", &[2], "tensor `fc.bias`: expected shape [2], found no such tensor"),
    ];
    for Case(leaf, shape, message) in cases {
        let error = tensors.root().at("fc").read(leaf, shape).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Weights);
        assert!(error.to_string().ends_with(message), "{error}");
    }
}

#[test]
fn every_tensor_is_used_or_known_to_be_redundant() {
    struct Case<'a>(&'a [Redundant<'a>], Option<&'a str>);
    let list: &[(&str, &[usize], &[f32])] = &[
        ("shared", &[2], &[1.0, 2.0]),
        ("copy", &[2], &[1.0, 2.0]),
        ("other", &[2], &[1.0, 3.0]),
        ("text.position_ids", &[1], &[0.0]),
    ];
    let ids = Redundant::Ignored("*.position_ids");
    let copy = Redundant::CopyOf { name: "copy", of: "shared" };
    let cases = &[
        Case(&[], Some("tensor `copy`: the model has no place for it")),
        Case(&[copy, ids], Some("tensor `other`: the model has no place for it")),
        Case(
            &[copy, Redundant::Ignored("other")],
            Some("tensor `text.position_ids`: the model has no place for it"),
        ),
        Case(&[copy, ids, Redundant::Ignored("oth*")], None),
        Case(
            &[copy, ids, Redundant::CopyOf { name: "other", of: "shared" }],
            Some("tensor `other`: expected a copy of `shared`, found other values"),
        ),
        Case(
            &[copy, ids, Redundant::CopyOf { name: "other", of: "absent" }],
            Some("tensor `other`: the model has no place for it"),
        ),
    ];
    for &Case(rules, message) in cases {
        let tensors = tensors(list);
        tensors.root().read("shared", &[2]).unwrap();
        let found = tensors.finish(rules).map_err(|error| error.to_string());
        match message {
            None => found.unwrap(),
            Some(message) => assert!(found.as_ref().unwrap_err().ends_with(message), "{found:?}"),
        }
    }
}

#[test]
fn a_marked_tensor_counts_as_read() {
    let tensors = tensors(&[("fc.weight", &[1], &[1.0])]);
    assert!(tensors.finish(&[]).is_err());
    tensors.root().at("fc").mark("weight");
    tensors.finish(&[]).unwrap();
}

#[test]
fn files_in_the_binary_are_the_same_model() {
    let weights: &'static [u8] = Box::leak(safetensors(&[("w", &[1], &[2.0])]).into_boxed_slice());
    let files: &[(&str, &[u8])] = &[("config.json", b"{\"width\": 1}"), (MODEL, weights)];
    let embedded =
        Checkpoint::embedded("tiny", &[("config.json", b"{\"width\": 1}"), (MODEL, weights)]).unwrap();
    let folder = folder(files);
    assert_eq!(embedded.tensors().unwrap().root().read("w", &[1]).unwrap(), [2.0]);
    assert_eq!(embedded.fingerprint().unwrap(), open(&folder).fingerprint().unwrap());

    fs_err::write(folder.path().join("README.md"), "not decisive").unwrap();
    assert_eq!(embedded.fingerprint().unwrap(), open(&folder).fingerprint().unwrap());
    fs_err::write(folder.path().join("config.json"), "{\"width\": 2}").unwrap();
    assert_ne!(embedded.fingerprint().unwrap(), open(&folder).fingerprint().unwrap());
}
