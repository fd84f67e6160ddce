//! Which instructions the kernels use.

use super::{Kernel, portable::Portable};
#[cfg(target_arch = "x86_64")]
use super::{avx2::Avx2, avx512::Avx512};
use std::fmt;
use std::str::FromStr;

/// A set of instructions that the kernels are compiled for, from the plainest to the best. Results of one tier are the
/// same on every machine that has it; between tiers they differ by rounding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Tier {
    /// What every processor of the target has.
    Portable,
    /// AVX2 and FMA.
    Avx2,
    /// AVX-512 F, BW, DQ and VL.
    Avx512,
    /// AVX-512 with BF16 and VNNI. Its bf16 products take numbers below 2^-126 as zero.
    Avx512Dots,
}

impl Tier {
    const ALL: [Self; 4] = [Self::Portable, Self::Avx2, Self::Avx512, Self::Avx512Dots];

    /// The best tier of this machine.
    #[must_use]
    pub fn detect() -> Self {
        Self::ALL.into_iter().filter(|tier| tier.is_available()).max().unwrap_or(Self::Portable)
    }

    /// The tiers of this machine, the plainest first.
    #[must_use]
    pub fn available() -> Vec<Self> {
        Self::ALL.into_iter().filter(|tier| tier.is_available()).collect()
    }

    /// Whether this machine has the tier.
    #[must_use]
    pub fn is_available(self) -> bool {
        #[cfg(target_arch = "x86_64")]
        return match self {
            Self::Portable => true,
            Self::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            Self::Avx512 => {
                Self::Avx2.is_available()
                    && is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512vl")
            }
            Self::Avx512Dots => {
                Self::Avx512.is_available()
                    && is_x86_feature_detected!("avx512bf16")
                    && is_x86_feature_detected!("avx512vnni")
            }
        };
        #[cfg(not(target_arch = "x86_64"))]
        return self == Self::Portable;
    }

    /// Whether bf16 products are faster than f32 ones of the same size.
    #[must_use]
    pub fn has_bf16(self) -> bool {
        self == Self::Avx512Dots
    }

    /// Runs `kernel` with this tier's instructions; the best that there are, where this machine lacks it.
    #[inline]
    pub(crate) fn run<K: Kernel>(self, kernel: K) -> K::Output {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: `Threads` holds only tiers for which `is_available` answered yes.
        unsafe {
            match self {
                Self::Portable => {}
                Self::Avx2 => return run_avx2(kernel),
                Self::Avx512 => return run_avx512(kernel),
                Self::Avx512Dots => return run_avx512_dots(kernel),
            }
        }
        kernel.run(Portable)
    }
}

/// # Safety
/// The processor has these features.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn run_avx2<K: Kernel>(kernel: K) -> K::Output {
    // SAFETY: the caller's promise.
    kernel.run(unsafe { Avx2::assume() })
}

/// # Safety
/// The processor has these features.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,avx512f,avx512bw,avx512dq,avx512vl")]
unsafe fn run_avx512<K: Kernel>(kernel: K) -> K::Output {
    // SAFETY: the caller's promise.
    kernel.run(unsafe { Avx512::<false>::assume() })
}

/// # Safety
/// The processor has these features.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx512vnni")]
unsafe fn run_avx512_dots<K: Kernel>(kernel: K) -> K::Output {
    // SAFETY: the caller's promise.
    kernel.run(unsafe { Avx512::<true>::assume() })
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Portable => "portable",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
            Self::Avx512Dots => "avx512-dots",
        })
    }
}

/// The name is not that of a tier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownTier(String);

impl fmt::Display for UnknownTier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no tier: portable, avx2, avx512 or avx512-dots", self.0)
    }
}

impl std::error::Error for UnknownTier {}

impl FromStr for Tier {
    type Err = UnknownTier;

    /// The name that [`Tier`] is displayed as.
    fn from_str(name: &str) -> Result<Self, UnknownTier> {
        Self::ALL
            .into_iter()
            .find(|tier| tier.to_string() == name)
            .ok_or_else(|| UnknownTier(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_written() {
        for tier in Tier::ALL {
            assert_eq!(tier.to_string().parse(), Ok(tier));
        }
        assert_eq!("sse".parse::<Tier>(), Err(UnknownTier("sse".to_owned())));
    }

    #[test]
    fn the_best_tier_is_the_last_available() {
        assert_eq!(Tier::available().first(), Some(&Tier::Portable));
        assert_eq!(Tier::available().last(), Some(&Tier::detect()));
    }
}
