//! From bytes to the numbers that a vision tower was trained on.

/// The normalised value of every byte, per channel. With 256 possible inputs a table is exact by construction and
/// costs one look-up per value.
#[derive(Debug)]
pub(super) struct Levels([[f32; 256]; 3]);

impl Levels {
    /// `(rescale(byte) - mean) / std` in f32, per channel.
    pub(super) fn new(mean: [f32; 3], std: [f32; 3], rescale: impl Fn(u8) -> f32) -> Self {
        let mut levels = [[0.0; 256]; 3];
        for ((channel, mean), std) in levels.iter_mut().zip(mean).zip(std) {
            for (level, byte) in channel.iter_mut().zip(0..=u8::MAX) {
                *level = (rescale(byte) - mean) / std;
            }
        }
        Self(levels)
    }

    /// Pixels as R, G, B bytes -> (3, pixels).
    pub(super) fn normalize(&self, rgb: &[u8]) -> Vec<f32> {
        let (pixels, _) = rgb.as_chunks::<3>();
        let [red, green, blue] = &self.0;
        let mut values = Vec::with_capacity(rgb.len());
        values.extend(pixels.iter().map(|&[r, _, _]| red[usize::from(r)]));
        values.extend(pixels.iter().map(|&[_, g, _]| green[usize::from(g)]));
        values.extend(pixels.iter().map(|&[_, _, b]| blue[usize::from(b)]));
        values
    }
}
