//! Pictures to tokens: a strided convolution, the class token and the position embeddings.

use crate::{
    Backend, Error, ErrorKind, Result,
    backend::{Epilogue, HostLinear, PatchGrid},
    layers::Loader,
};

/// Where the parts stand in a checkpoint, and with which shapes.
pub(crate) struct PatchNames {
    pub(crate) class: &'static str,
    pub(crate) projection: &'static str,
    /// Bias of the convolution, where the family has one.
    pub(crate) projection_bias: Option<&'static str>,
    pub(crate) positions: &'static str,
    /// Leading dimensions of one that the class and position tensors carry.
    pub(crate) class_rank: usize,
    pub(crate) position_rank: usize,
}

/// Patches times a matrix, plus a table that holds positions, the class token and the convolution's bias.
pub(crate) struct PatchEmbeddings<B: Backend> {
    grid: PatchGrid,
    projection: B::Linear,
    positions: B::Tensor,
}

impl<B: Backend> PatchEmbeddings<B> {
    pub(crate) fn load(
        at: &Loader<'_, B>,
        names: &PatchNames,
        grid: PatchGrid,
        width: usize,
    ) -> Result<Self> {
        let side = grid.patch_size;
        let class = at.scope.read(names.class, &ones_before(&[width], names.class_rank))?;
        let mut positions =
            at.scope.read(names.positions, &ones_before(&[grid.tokens(), width], names.position_rank))?;
        let (class_row, patch_rows) = positions.split_at_mut(width);
        add(class_row, &class);
        if let Some(name) = names.projection_bias {
            let bias = at.scope.read(name, &[width])?;
            patch_rows.chunks_exact_mut(width).for_each(|row| add(row, &bias));
        }
        at.scope.mark(names.projection);
        let projection = at.derived(names.projection, |scope| {
            let weight = scope.read(names.projection, &[width, 3, side, side])?;
            Ok(HostLinear {
                weight,
                bias: None,
                outputs: width,
                inputs: 3 * side * side,
                gated: false,
                magnitudes: None,
                rounding_grows: false,
            })
        })?;
        Ok(Self { grid, projection, positions: at.backend.upload(positions, width)? })
    }

    /// Pictures in parts, each as many as `backend` takes in one pass; at least one part, be it empty.
    pub(crate) fn passes<'p>(&self, backend: &B, pixels: &'p [f32]) -> impl Iterator<Item = &'p [f32]> {
        let picture = 3 * self.grid.image_size * self.grid.image_size;
        let size = (backend.rows_per_pass() / self.grid.tokens()).max(1).saturating_mul(picture);
        let (first, rest) = pixels.split_at(size.min(pixels.len()));
        std::iter::once(first).chain(rest.chunks(size))
    }

    /// Pictures (n, 3, side, side) -> (n x tokens, width).
    pub(crate) fn forward(&self, backend: &B, pixels: &[f32]) -> Result<B::Tensor> {
        let picture = 3 * self.grid.image_size * self.grid.image_size;
        if pixels.is_empty() || !pixels.len().is_multiple_of(picture) {
            return Err(Error::new(ErrorKind::Input, "pixels of a batch of pictures")
                .expected(format!("a multiple of 3 x {0} x {0} values", self.grid.image_size))
                .found(format!("{} values", pixels.len())));
        }
        let patches = backend.patches(pixels, self.grid);
        let tokens = backend.linear(&patches, &self.projection, &Epilogue::PLAIN);
        Ok(backend.add_rows(tokens, &self.positions))
    }

    pub(crate) fn grid(&self) -> PatchGrid {
        self.grid
    }
}

fn ones_before(shape: &[usize], count: usize) -> Vec<usize> {
    std::iter::repeat_n(1, count).chain(shape.iter().copied()).collect()
}

fn add(row: &mut [f32], other: &[f32]) {
    row.iter_mut().zip(other).for_each(|(value, more)| *value += more);
}
