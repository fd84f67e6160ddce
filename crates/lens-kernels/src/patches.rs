//! Cutting pictures into patches.

use crate::Threads;

/// Pictures (n, 3, image_size, image_size) -> per picture one row of zeros for the class token, then its
/// patches row by row, each (3, patch_size, patch_size) in one row: the operand of the patch embedding as a linear layer.
/// What is left at the right and bottom is dropped, as a strided convolution does.
///
/// # Panics
/// When `pixels` is not whole pictures or `out` not their rows.
pub fn patches(threads: &Threads, pixels: &[f32], image_size: usize, patch_size: usize, out: &mut [f32]) {
    assert!(
        0 < patch_size && patch_size <= image_size,
        "no patch of {patch_size} in a picture of {image_size}"
    );
    let picture = 3 * image_size * image_size;
    assert!(pixels.len().is_multiple_of(picture), "{} values are not pictures of {picture}", pixels.len());
    let (side, columns) = (image_size / patch_size, 3 * patch_size * patch_size);
    let rows = side * side + 1;
    let count = pixels.len() / picture;
    assert_eq!(out.len(), count * rows * columns, "result is not {count} x {rows} rows of {columns}");
    // One task fills one line of patches of one picture, so a single picture uses all threads.
    let (class_rows, lines) = (columns, side * columns);
    for out in out.chunks_exact_mut(rows * columns) {
        out[..class_rows].fill(0.0);
    }
    let mut tasks: Vec<&mut [f32]> = out
        .chunks_exact_mut(rows * columns)
        .flat_map(|out| out[class_rows..].chunks_exact_mut(lines))
        .collect();
    threads.for_each_chunk(&mut tasks, 1, |task, line| {
        let (image, top) = (task / side, task % side * patch_size);
        let pixels = &pixels[image * picture..(image + 1) * picture];
        for (index, patch) in line[0].chunks_exact_mut(columns).enumerate() {
            copy_patch(pixels, image_size, (top, index * patch_size), patch_size, patch);
        }
    });
}

/// Copies the square of `size` pixels at (top, left) of all three channels.
fn copy_patch(
    pixels: &[f32],
    image_size: usize,
    (top, left): (usize, usize),
    size: usize,
    patch: &mut [f32],
) {
    for (index, row) in patch.chunks_exact_mut(size).enumerate() {
        let (channel, y) = (index / size, top + index % size);
        let first = (channel * image_size + y) * image_size + left;
        row.copy_from_slice(&pixels[first..first + size]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patches_are_channel_then_line_then_column() {
        // A 5x5 picture keeps 2x2 patches of 2; the value is channel * 100 + y * 10 + x.
        let pixels: Vec<f32> =
            (0..2 * 75).map(|i| ((i % 75) / 25 * 100 + i % 25 / 5 * 10 + i % 5) as f32).collect();
        let mut out = vec![f32::NAN; 2 * 5 * 12];
        patches(&Threads::new(2), &pixels, 5, 2, &mut out);
        let (first, second) = out.split_at(60);
        assert_eq!(first, second);
        assert_eq!(first[..12], [0.0; 12]);
        let last = [22, 23, 32, 33, 122, 123, 132, 133, 222, 223, 232, 233].map(|v| v as f32);
        assert_eq!(first[48..], last);
        assert_eq!(first[24..28], [2.0, 3.0, 12.0, 13.0]);
    }
}
