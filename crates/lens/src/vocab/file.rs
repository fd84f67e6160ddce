//! Texts with their embeddings: one safetensors file for a vocabulary and a model.

use super::Vocabulary;
use crate::{Embedder, Error, ErrorKind, Result};
use lens_nn::weights::Bytes;
use safetensors::{
    SafeTensors,
    tensor::{Dtype, TensorView},
};
use std::{collections::HashMap, ops::Range, path::Path};

/// The tensor's name in the file: (texts, dimension), f32, rows of unit length.
const TENSOR: &str = "embeddings";
/// Keys of the file's metadata.
const VOCABULARY: &str = "vocabulary_sha256";
const TEMPLATE: &str = "template";
const MODEL: &str = "model";
/// The length of the header stands before it.
const LENGTH_BYTES: usize = 8;

/// A vocabulary whose texts have been embedded by one model.
#[derive(Debug)]
pub struct EmbeddedVocabulary {
    vocabulary: Vocabulary,
    template: String,
    embeddings: Embeddings,
    dimension: usize,
}

/// Where the numbers lie.
#[derive(Debug)]
enum Embeddings {
    Computed(Vec<f32>),
    /// A mapped file, or one inside the program: the pages that are read are the only ones in memory.
    InFile(Bytes, Range<usize>),
}

impl EmbeddedVocabulary {
    /// Texts and their embeddings (texts, dimension), row-major, unit length.
    ///
    /// # Errors
    /// `Internal` when the sizes do not fit.
    pub fn new(
        vocabulary: Vocabulary,
        template: &str,
        embeddings: Vec<f32>,
        dimension: usize,
    ) -> Result<Self> {
        let expected = vocabulary.texts().len() * dimension;
        if dimension > 0 && embeddings.len() == expected {
            let embeddings = Embeddings::Computed(embeddings);
            return Ok(Self { vocabulary, template: template.to_owned(), embeddings, dimension });
        }
        Err(Error::new(ErrorKind::Internal, format!("embeddings of vocabulary {}", vocabulary.name()))
            .expected(format!("{expected} numbers"))
            .found(embeddings.len().to_string()))
    }

    /// The embeddings that are kept in a file for this vocabulary, template and model. The model is compared by its
    /// weights alone: embeddings made in f32 serve every precision.
    ///
    /// # Errors
    /// `Weights` when they were made of other texts, with another template or by another model, or are damaged.
    pub fn from_bytes(
        bytes: Bytes,
        vocabulary: Vocabulary,
        template: &str,
        embedder: &dyn Embedder,
    ) -> Result<Self> {
        let refuse =
            || Error::new(ErrorKind::Weights, format!("embeddings of vocabulary {}", vocabulary.name()));
        let damaged = |error| refuse().expected("a whole safetensors file").because(error);
        let (header_bytes, header) = SafeTensors::read_metadata(&bytes).map_err(damaged)?;
        let metadata = header.metadata().clone().unwrap_or_default();
        for (key, expected) in provenance(&vocabulary, template, embedder) {
            if metadata.get(&key) != Some(&expected) {
                return Err(refuse()
                    .expected(format!("{key} {expected}"))
                    .found(metadata.get(&key).map_or("none", String::as_str))
                    .hint("build the embeddings of this vocabulary again"));
            }
        }
        let tensor =
            header.info(TENSOR).ok_or_else(|| refuse().expected("a tensor `embeddings`").found("none"))?;
        let (Dtype::F32, &[rows, dimension]) = (tensor.dtype, tensor.shape.as_slice()) else {
            let found = format!("{:?} of {:?}", tensor.dtype, tensor.shape);
            return Err(refuse().expected("an f32 matrix").found(found));
        };
        if rows != vocabulary.texts().len() || dimension == 0 {
            let expected = format!("{} rows", vocabulary.texts().len());
            return Err(refuse().expected(expected).found(format!("{rows} of {dimension} numbers")));
        }
        let data = LENGTH_BYTES + header_bytes;
        let (start, end) = tensor.data_offsets;
        let embeddings = in_file(bytes, data + start..data + end);
        Ok(Self { vocabulary, template: template.to_owned(), embeddings, dimension })
    }

    /// The file that [`Self::from_bytes`] reads.
    ///
    /// # Errors
    /// `Internal` when it cannot be written in memory.
    pub fn to_bytes(&self, embedder: &dyn Embedder) -> Result<Vec<u8>> {
        let data: Vec<u8> = self.embeddings().iter().flat_map(|number| number.to_le_bytes()).collect();
        let shape = vec![self.vocabulary.texts().len(), self.dimension];
        let metadata: HashMap<String, String> =
            provenance(&self.vocabulary, &self.template, embedder).into_iter().collect();
        TensorView::new(Dtype::F32, shape, &data)
            .and_then(|tensor| safetensors::serialize([(TENSOR, tensor)], Some(metadata)))
            .map_err(|error| {
                Error::new(ErrorKind::Internal, "embeddings as a safetensors file").because(error)
            })
    }

    /// As [`Self::from_bytes`], from a file, which is mapped.
    ///
    /// # Errors
    /// As [`Self::from_bytes`]; `Weights` when the file cannot be read.
    pub fn open(
        path: &Path,
        vocabulary: Vocabulary,
        template: &str,
        embedder: &dyn Embedder,
    ) -> Result<Self> {
        let bytes = Bytes::map(path)
            .map_err(|error| Error::new(ErrorKind::Weights, path.display().to_string()).because(error))?;
        Self::from_bytes(bytes, vocabulary, template, embedder)
    }

    /// Refuses the embeddings of another space.
    ///
    /// # Errors
    /// `Weights` when the embeddings have another size.
    pub fn check_dimension(&self, dimension: usize) -> Result<()> {
        if self.dimension == dimension {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Weights, format!("embeddings of vocabulary {}", self.vocabulary.name()))
            .expected(format!("{dimension} numbers for each text"))
            .found(self.dimension.to_string()))
    }

    /// The texts.
    #[must_use]
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// What was put around each text, `{}` standing for it.
    #[must_use]
    pub fn template(&self) -> &str {
        &self.template
    }

    /// (texts, dimension), row-major, unit length.
    #[must_use]
    pub fn embeddings(&self) -> &[f32] {
        match &self.embeddings {
            Embeddings::Computed(numbers) => numbers,
            Embeddings::InFile(bytes, place) => {
                bytemuck::try_cast_slice(bytes.get(place.clone()).unwrap_or_default()).unwrap_or_default()
            }
        }
    }
}

impl EmbeddedVocabulary {
    /// Gives the memory of embeddings in a file back to the system: what comes after tags and attributes needs it more.
    /// They are there again when they are read.
    pub(crate) fn release(&self) {
        if let Embeddings::InFile(bytes, place) = &self.embeddings {
            bytes.release(place.clone());
        }
    }
}

#[cfg(test)]
impl EmbeddedVocabulary {
    /// Whether nothing was copied.
    pub(crate) fn lies_in_its_file(&self) -> bool {
        matches!(self.embeddings, Embeddings::InFile(..))
    }
}

/// The numbers where they lie, or copied where this machine cannot read them there: stored in another order of bytes,
/// or not at a multiple of four.
fn in_file(bytes: Bytes, place: Range<usize>) -> Embeddings {
    let data = bytes.get(place.clone()).unwrap_or_default();
    if cfg!(target_endian = "little") && bytemuck::try_cast_slice::<u8, f32>(data).is_ok() {
        return Embeddings::InFile(bytes, place);
    }
    let (numbers, _) = data.as_chunks::<4>();
    Embeddings::Computed(numbers.iter().map(|number| f32::from_le_bytes(*number)).collect())
}

/// What the embeddings depend on.
fn provenance(vocabulary: &Vocabulary, template: &str, embedder: &dyn Embedder) -> [(String, String); 3] {
    let model = embedder.fingerprint().get("model").unwrap_or_default().to_owned();
    [
        (VOCABULARY.to_owned(), vocabulary.sha256()),
        (TEMPLATE.to_owned(), template.to_owned()),
        (MODEL.to_owned(), model),
    ]
}
