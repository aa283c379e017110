//! x86-64 with AVX2: 16 products of 16-bit integers an instruction, which adds neighbouring ones.
#![allow(unsafe_code)] // Instructions of some processors only, and loads of vectors.

use core::arch::x86_64::{
    __m256i, _mm_loadu_si128, _mm_packs_epi16, _mm_storeu_si128, _mm256_add_epi16,
    _mm256_add_epi32, _mm256_adds_epi16, _mm256_castsi256_si128, _mm256_cvtepi8_epi16,
    _mm256_cvtepi16_epi32, _mm256_cvtepi32_ps, _mm256_cvtps_epi32, _mm256_extracti128_si256,
    _mm256_loadu_ps, _mm256_loadu_si256, _mm256_madd_epi16, _mm256_max_epi32, _mm256_min_ps,
    _mm256_mul_ps, _mm256_packs_epi32, _mm256_permute4x64_epi64, _mm256_set1_epi16,
    _mm256_set1_epi32, _mm256_set1_ps, _mm256_sub_epi16, _mm256_unpackhi_epi16,
    _mm256_unpacklo_epi16,
};

use crate::host::conversion::Differences;
use crate::host::memory::Scratch;
use crate::host::operator::Operator;
use crate::host::simd::{LANES, Simd};

/// A processor with AVX2.
#[derive(Clone, Copy)]
pub struct Avx2(());

impl Avx2 {
    /// `None` if this processor has not got it.
    pub fn detect() -> Option<Self> {
        std::arch::is_x86_feature_detected!("avx2").then_some(Self(()))
    }
}

/// Eight sums are in each of two registers, in the order in which packing two of them leaves them behind each other.
impl Simd for Avx2 {
    type Values = Differences;
    type ChannelValues = Differences;
    type Step = [i16; 2];
    type StepWeights = [i8; 2 * LANES];
    type Sums = [__m256i; 2];

    const DEPTH: usize = 2;
    const WINDOWS: usize = 6;
    const ORDER: [usize; LANES] = [0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7, 12, 13, 14, 15];

    fn run(
        self,
        operator: &Operator,
        inputs: [&[i8]; 2],
        output: &mut [i8],
        scratch: &mut Scratch,
    ) {
        #[target_feature(enable = "avx2")]
        fn run(
            simd: Avx2,
            operator: &Operator,
            inputs: [&[i8]; 2],
            output: &mut [i8],
            scratch: &mut Scratch,
        ) {
            operator.run(simd, inputs, output, scratch);
        }
        // SAFETY: there is a value of this type only where the processor has these instructions; so in all functions here.
        unsafe { run(self, operator, inputs, output, scratch) }
    }

    fn weight_place(lane: usize, value: usize) -> usize {
        2 * lane + value
    }

    fn channel_place(lane: usize, value: usize) -> usize {
        2 * lane + value
    }

    #[inline(always)]
    fn steps(values: &[i16]) -> &[[i16; 2]] {
        values.as_chunks().0
    }

    #[inline(always)]
    fn step_weights(weights: &[i8]) -> &[[i8; 2 * LANES]] {
        weights.as_chunks().0
    }

    #[inline(always)]
    fn load(self, sums: &[i32; LANES]) -> [__m256i; 2] {
        let (halves, _) = sums.as_chunks::<8>();
        // SAFETY: as in `run`; a half is as long as a register.
        unsafe {
            [
                _mm256_loadu_si256(halves[0].as_ptr().cast()),
                _mm256_loadu_si256(halves[1].as_ptr().cast()),
            ]
        }
    }

    #[inline(always)]
    fn multiply_add<const WINDOWS: usize>(
        self,
        sums: &mut [[__m256i; 2]; WINDOWS],
        weights: &[[i8; 2 * LANES]],
        windows: &[&[[i16; 2]]; WINDOWS],
    ) {
        for step in 0..weights.len() {
            let weights = widened(&weights[step]);
            for (sums, steps) in sums.iter_mut().zip(windows) {
                let [low, high] = steps[step].map(|value| u32::from(value.cast_unsigned()));
                // SAFETY: as in `run`.
                unsafe {
                    let pair = _mm256_set1_epi32((high << 16 | low).cast_signed());
                    sums[0] = _mm256_add_epi32(sums[0], _mm256_madd_epi16(pair, weights[0]));
                    sums[1] = _mm256_add_epi32(sums[1], _mm256_madd_epi16(pair, weights[1]));
                }
            }
        }
    }

    #[inline(always)]
    fn multiply_add_channels(
        self,
        [low, high]: [__m256i; 2],
        weights: &[i8; 2 * LANES],
        values: [&[i16; LANES]; 2],
    ) -> [__m256i; 2] {
        let [weights, others] = widened(weights);
        // SAFETY: as in `run`; the values are as long as a register.
        unsafe {
            let one = _mm256_loadu_si256(values[0].as_ptr().cast());
            let other = _mm256_loadu_si256(values[1].as_ptr().cast());
            let products = _mm256_madd_epi16(_mm256_unpacklo_epi16(one, other), weights);
            let low = _mm256_add_epi32(low, products);
            let products = _mm256_madd_epi16(_mm256_unpackhi_epi16(one, other), others);
            [low, _mm256_add_epi32(high, products)]
        }
    }

    #[inline(always)]
    fn add(self, one: &[i8; LANES], other: &[i8; LANES], zero: i16) -> [__m256i; 2] {
        // SAFETY: as in `run`; the values are as long as what is loaded.
        unsafe {
            let one = _mm256_cvtepi8_epi16(_mm_loadu_si128(one.as_ptr().cast()));
            let other = _mm256_cvtepi8_epi16(_mm_loadu_si128(other.as_ptr().cast()));
            let sums = _mm256_sub_epi16(_mm256_add_epi16(one, other), _mm256_set1_epi16(zero));
            let ordered = _mm256_permute4x64_epi64::<0b11_01_10_00>(sums);
            [
                _mm256_cvtepi16_epi32(_mm256_castsi256_si128(ordered)),
                _mm256_cvtepi16_epi32(_mm256_extracti128_si256::<1>(ordered)),
            ]
        }
    }

    #[inline(always)]
    fn max(self, sums: [__m256i; 2], others: [__m256i; 2]) -> [__m256i; 2] {
        // SAFETY: as in `run`.
        unsafe {
            [
                _mm256_max_epi32(sums[0], others[0]),
                _mm256_max_epi32(sums[1], others[1]),
            ]
        }
    }

    #[inline(always)]
    fn requantize(
        self,
        sums: [__m256i; 2],
        multipliers: &[f32; LANES],
        zero_point: i8,
    ) -> [i8; LANES] {
        let (halves, _) = multipliers.as_chunks::<8>();
        let mut values = [0; LANES];
        // SAFETY: as in `run`; halves and values are as long as what is loaded and stored.
        unsafe {
            let low = scaled(sums[0], &halves[0]);
            let high = scaled(sums[1], &halves[1]);
            let words = _mm256_packs_epi32(low, high);
            let words = _mm256_adds_epi16(words, _mm256_set1_epi16(zero_point.into()));
            let (first, second) = (
                _mm256_castsi256_si128(words),
                _mm256_extracti128_si256::<1>(words),
            );
            let bytes = _mm_packs_epi16(first, second);
            _mm_storeu_si128(values.as_mut_ptr().cast(), bytes);
        }
        values
    }
}

/// Weights of 16 bits, in two registers.
#[inline(always)]
fn widened(weights: &[i8; 2 * LANES]) -> [__m256i; 2] {
    let (halves, _) = weights.as_chunks::<16>();
    // SAFETY: only called with AVX2; a half is as long as what is loaded.
    unsafe {
        [
            _mm256_cvtepi8_epi16(_mm_loadu_si128(halves[0].as_ptr().cast())),
            _mm256_cvtepi8_epi16(_mm_loadu_si128(halves[1].as_ptr().cast())),
        ]
    }
}

/// Sums times their multipliers, rounded.
#[inline(always)]
fn scaled(sums: __m256i, multipliers: &[f32; 8]) -> __m256i {
    // SAFETY: only called with AVX2; the multipliers are as long as what is loaded.
    unsafe {
        let multipliers = _mm256_loadu_ps(multipliers.as_ptr());
        let scaled = _mm256_mul_ps(_mm256_cvtepi32_ps(sums), multipliers);
        // What is too great either way becomes the least integer, which saturates only if it was too little.
        _mm256_cvtps_epi32(_mm256_min_ps(scaled, _mm256_set1_ps(512.0)))
    }
}
