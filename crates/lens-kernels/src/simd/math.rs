//! Transcendental functions of vectors.

use super::Simd;
use crate::Activation;

/// e^x to 2 units in the last place: 0 below -87.33, infinity above 88.37, NaN of NaN.
#[inline(always)]
pub(crate) fn exp<S: Simd>(simd: S, x: S::Floats) -> S::Floats {
    // The least x with a normal result, and the greatest whose power of two fits one exponent.
    const LEAST: f32 = -87.336_54;
    const GREATEST: f32 = 88.376_26;
    // ln 2 in two parts, the first with few bits, so that n * LN_2_HIGH is exact.
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    let (least, greatest) = (simd.splat(LEAST), simd.splat(GREATEST));
    let inside = simd.min(greatest, simd.max(least, x));
    let n = simd.round(simd.mul(inside, simd.splat(std::f32::consts::LOG2_E)));
    let r = simd.fma(n, simd.splat(-LN_2_HIGH), inside);
    let r = simd.fma(n, simd.splat(-LN_2_LOW), r);
    // e^r = 1 + r + r^2 p(r) for |r| <= ln 2 / 2 (Cephes, expf).
    let p = polynomial(
        simd,
        r,
        &[1.987_569_1e-4, 1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 0.166_666_66, 0.5],
    );
    let power = simd.add(simd.fma(simd.mul(r, r), p, r), simd.splat(1.0));
    let result = simd.scale(power, n);
    let result = simd.select_less(greatest, x, simd.splat(f32::INFINITY), result);
    simd.select_less(x, least, simd.splat(0.0), result)
}

/// 1 / (1 + e^-x)
#[inline(always)]
fn sigmoid<S: Simd>(simd: S, x: S::Floats) -> S::Floats {
    let one = simd.splat(1.0);
    simd.div(one, simd.add(one, exp(simd, simd.sub(simd.splat(0.0), x))))
}

/// The error function to 5e-7: a rational function on [-4, 4] (as in Eigen), beyond which it is 1.
#[inline(always)]
fn erf<S: Simd>(simd: S, x: S::Floats) -> S::Floats {
    let x = simd.min(simd.splat(4.0), simd.max(simd.splat(-4.0), x));
    let square = simd.mul(x, x);
    let above = polynomial(
        simd,
        square,
        &[
            -2.726_142e-10,
            2.770_681_4e-8,
            -2.101_024e-6,
            -5.692_506_4e-5,
            -7.349_906_3e-4,
            -2.954_6e-3,
            -1.609_603_3e-2,
        ],
    );
    let below = polynomial(
        simd,
        square,
        &[-1.456_607_2e-5, -2.133_740_6e-4, -1.682_827e-3, -7.373_329_3e-3, -1.426_473_9e-2],
    );
    simd.div(simd.mul(x, above), below)
}

/// Horner's rule, the highest power first.
#[inline(always)]
fn polynomial<S: Simd, const N: usize>(simd: S, x: S::Floats, coefficients: &[f32; N]) -> S::Floats {
    let mut sum = simd.splat(coefficients[0]);
    for coefficient in &coefficients[1..] {
        sum = simd.fma(sum, x, simd.splat(*coefficient));
    }
    sum
}

/// The activation of each lane; NaN stays NaN.
#[inline(always)]
pub(crate) fn activate<S: Simd>(simd: S, activation: Activation, x: S::Floats) -> S::Floats {
    match activation {
        Activation::None => x,
        Activation::Gelu => {
            let erf = erf(simd, simd.mul(x, simd.splat(std::f32::consts::FRAC_1_SQRT_2)));
            let half = simd.mul(x, simd.splat(0.5));
            simd.fma(half, erf, half)
        }
        Activation::GeluTanh => {
            // (1 + tanh u) / 2 = sigmoid(2 u), u = sqrt(2 / pi) (x + 0.044715 x^3)
            const TWICE_SQRT_2_PI: f32 = 1.595_769;
            let cubic = simd.fma(simd.mul(x, x), simd.splat(0.044_715), simd.splat(1.0));
            simd.mul(x, sigmoid(simd, simd.mul(simd.mul(x, simd.splat(TWICE_SQRT_2_PI)), cubic)))
        }
        Activation::QuickGelu => simd.mul(x, sigmoid(simd, simd.mul(x, simd.splat(1.702)))),
        Activation::Relu => simd.max(simd.splat(0.0), x),
        Activation::Silu => simd.mul(x, sigmoid(simd, x)),
    }
}
