//! The families of processors that there are inner loops for.

mod portable;

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "aarch64")]
mod common;
#[cfg(target_arch = "aarch64")]
mod dot;
#[cfg(target_arch = "aarch64")]
mod neon;

use alloc::vec::Vec;
use core::fmt;

use super::simd::Simd;

/// The instructions that a host runs models with. All give the same values.
#[derive(Clone, Copy)]
pub struct Backend(Kind);

#[derive(Clone, Copy)]
enum Kind {
    Portable(portable::Portable),
    #[cfg(target_arch = "x86_64")]
    Avx2(avx2::Avx2),
    #[cfg(target_arch = "x86_64")]
    Avx512(avx512::Avx512),
    #[cfg(target_arch = "aarch64")]
    Neon(neon::Neon),
    #[cfg(target_arch = "aarch64")]
    Dot(dot::Dot),
}

/// What is done with the instructions of a backend, whichever it is.
pub(super) trait Visitor {
    type Output;

    fn visit<S: Simd>(self, simd: S) -> Self::Output;
}

impl Backend {
    /// What the compiler makes of loops without instructions of a family.
    pub const PORTABLE: Self = Self(Kind::Portable(portable::Portable));

    /// Those that this processor can run, the widest instructions last.
    pub fn all() -> Vec<Self> {
        let found = [
            Some(Kind::Portable(portable::Portable)),
            #[cfg(target_arch = "x86_64")]
            avx2::Avx2::detect().map(Kind::Avx2),
            #[cfg(target_arch = "x86_64")]
            avx512::Avx512::detect().map(Kind::Avx512),
            #[cfg(target_arch = "aarch64")]
            neon::Neon::detect().map(Kind::Neon),
            #[cfg(target_arch = "aarch64")]
            dot::Dot::detect().map(Kind::Dot),
        ];
        found.into_iter().flatten().map(Self).collect()
    }

    /// The one with the widest instructions.
    pub fn best() -> Self {
        Self::all().pop().unwrap_or(Self::PORTABLE)
    }

    /// What people call it: "AVX2".
    pub fn name(self) -> &'static str {
        match self.0 {
            Kind::Portable(_) => "portable",
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2(_) => "AVX2",
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512(_) => "AVX-512 VNNI",
            #[cfg(target_arch = "aarch64")]
            Kind::Neon(_) => "NEON",
            #[cfg(target_arch = "aarch64")]
            Kind::Dot(_) => "NEON dot product",
        }
    }

    pub(super) fn visit<V: Visitor>(self, visitor: V) -> V::Output {
        match self.0 {
            Kind::Portable(simd) => visitor.visit(simd),
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2(simd) => visitor.visit(simd),
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512(simd) => visitor.visit(simd),
            #[cfg(target_arch = "aarch64")]
            Kind::Neon(simd) => visitor.visit(simd),
            #[cfg(target_arch = "aarch64")]
            Kind::Dot(simd) => visitor.visit(simd),
        }
    }
}

impl fmt::Debug for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
