//! Which files hold the weights.

use super::{Checkpoint, Tensors, bytes::Bytes, checkpoint::is_plain, unique::UniqueMap};
use crate::{Error, ErrorKind, Result};
use serde::Deserialize;
use std::{collections::BTreeMap, sync::Arc};

pub(super) const INDEX: &str = "model.safetensors.index.json";

/// Whole models in one file, and the index of a model in several; the first that is there is used.
const NAMES: [&str; 4] =
    ["model.safetensors", INDEX, "open_clip_model.safetensors", "open_clip_pytorch_model.safetensors"];

const PICKLES: [&str; 4] = [".bin", ".pt", ".pth", ".ckpt"];

/// One file with tensors in it.
#[derive(Debug)]
pub(super) struct WeightFile {
    /// As in the folder.
    pub(super) name: String,
    /// As messages name it.
    pub(super) label: String,
    pub(super) bytes: Arc<Bytes>,
}

/// The weight files of a checkpoint, and the index that lists them if they are shards.
#[derive(Debug)]
pub(super) struct WeightFiles {
    pub(super) mapped: Vec<WeightFile>,
    pub(super) index: Option<ShardIndex>,
}

/// `model.safetensors.index.json`: tensor name -> shard.
#[derive(Debug)]
pub(super) struct ShardIndex {
    label: String,
    weight_map: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct IndexFile {
    weight_map: UniqueMap<String>,
}

/// Maps the files that hold the weights, in a fixed order.
pub(super) fn weight_files(checkpoint: &Checkpoint) -> Result<WeightFiles> {
    let present = checkpoint.file_names()?;
    let found = NAMES.into_iter().find(|&name| present.iter().any(|file| file == name));
    match found {
        Some(INDEX) => {
            let index = ShardIndex::read(checkpoint)?;
            let mapped =
                index.shards().into_iter().map(|shard| open(checkpoint, shard)).collect::<Result<_>>()?;
            Ok(WeightFiles { mapped, index: Some(index) })
        }
        Some(name) => Ok(WeightFiles { mapped: vec![open(checkpoint, name)?], index: None }),
        None => Err(no_weights(checkpoint, &present)),
    }
}

fn open(checkpoint: &Checkpoint, name: &str) -> Result<WeightFile> {
    let label = checkpoint.label(name);
    match checkpoint.map(name)? {
        Some(bytes) => Ok(WeightFile { name: name.to_owned(), label, bytes: Arc::new(bytes) }),
        None => Err(Error::new(ErrorKind::Weights, label)
            .expected("the file")
            .found("none")
            .hint("download the model again: a part of its weights is missing")),
    }
}

fn no_weights(checkpoint: &Checkpoint, present: &[String]) -> Error {
    let pickle = present.iter().find(|name| PICKLES.iter().any(|ending| name.ends_with(ending)));
    let error = Error::new(ErrorKind::Weights, format!("the weights of {}", checkpoint.name()));
    let error = error.expected(NAMES.join(", or "));
    match pickle {
        Some(pickle) => error.found(format!("only `{pickle}`")).hint(
            "a pickle file can run code when it is opened, so it never is: take the model's safetensors file, or convert \
             once with `save_pretrained(folder, safe_serialization=True)` in transformers",
        ),
        None => error.found("none of them").hint("download the model's safetensors file into this folder"),
    }
}

impl ShardIndex {
    fn read(checkpoint: &Checkpoint) -> Result<Self> {
        let label = checkpoint.label(INDEX);
        let UniqueMap(weight_map) = checkpoint.json::<IndexFile>(INDEX)?.weight_map;
        if let Some((tensor, shard)) = weight_map.iter().find(|(_, shard)| !is_plain(shard)) {
            let error = Error::new(ErrorKind::Weights, format!("{label}, tensor `{tensor}`"));
            return Err(error.expected("the name of a file beside the index").found(format!("`{shard}`")));
        }
        Ok(Self { label, weight_map })
    }

    /// The names of the shards, sorted, each once.
    fn shards(&self) -> Vec<&str> {
        let mut shards: Vec<&str> = self.weight_map.values().map(String::as_str).collect();
        shards.sort_unstable();
        shards.dedup();
        shards
    }

    /// No tensor lies in another shard than the index says. One that lies in none is no fault by itself: converters drop
    /// the second copy of a tied weight and keep its name in the index.
    pub(super) fn check(&self, tensors: &Tensors) -> Result<()> {
        for (tensor, shard) in &self.weight_map {
            if let Some(file) = tensors.file_of(tensor).filter(|file| file != shard) {
                return Err(Error::new(ErrorKind::Weights, format!("{}, tensor `{tensor}`", self.label))
                    .expected(format!("it in {shard}"))
                    .found(format!("it in {file}"))
                    .hint("download the model again: its shards do not belong together"));
            }
        }
        Ok(())
    }
}
