//! x86-64 with AVX-512 VNNI: 64 products of bytes an instruction, which adds four neighbouring ones to a sum each.
//!
//! One of the two factors is without a sign, so 128 is added to values. Depthwise convolutions are AVX2's.
#![allow(unsafe_code)] // Instructions of some processors only, and loads of vectors.

use core::arch::x86_64::{
    __m256i, __m512i, _mm_storeu_si128, _mm256_adds_epi16, _mm256_cvtsepi16_epi8,
    _mm256_set1_epi16, _mm512_castsi256_si512, _mm512_castsi512_si256, _mm512_cvtepi32_ps,
    _mm512_cvtps_epi32, _mm512_cvtsepi32_epi16, _mm512_dpbusd_epi32, _mm512_extracti64x4_epi64,
    _mm512_inserti64x4, _mm512_loadu_ps, _mm512_loadu_si512, _mm512_max_epi32, _mm512_min_ps,
    _mm512_mul_ps, _mm512_permutexvar_epi32, _mm512_set1_epi32, _mm512_set1_ps,
};

use super::avx2::Avx2;
use crate::host::conversion::{Conversion, Differences};
use crate::host::memory::Scratch;
use crate::host::operator::Operator;
use crate::host::simd::{LANES, Simd};

/// A processor with AVX-512 VNNI.
#[derive(Clone, Copy)]
pub struct Avx512(Avx2);

impl Avx512 {
    /// `None` if this processor has not got it.
    pub fn detect() -> Option<Self> {
        let found = std::arch::is_x86_feature_detected!("avx512vnni")
            && std::arch::is_x86_feature_detected!("avx512f")
            && std::arch::is_x86_feature_detected!("avx512bw")
            && std::arch::is_x86_feature_detected!("avx512vl");
        Avx2::detect().filter(|_| found).map(Self)
    }
}

/// Sixteen sums are in one register, in AVX2's order.
impl Simd for Avx512 {
    type Values = Unsigned;
    type ChannelValues = Differences;
    type Step = [i8; 4];
    type StepWeights = [i8; 4 * LANES];
    type Sums = __m512i;

    const DEPTH: usize = 4;
    const WINDOWS: usize = 8;
    const ORDER: [usize; LANES] = Avx2::ORDER;

    fn run(
        self,
        operator: &Operator,
        inputs: [&[i8]; 2],
        output: &mut [i8],
        scratch: &mut Scratch,
    ) {
        #[target_feature(enable = "avx2,avx512f,avx512bw,avx512vl,avx512vnni")]
        fn run(
            simd: Avx512,
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
        4 * lane + value
    }

    fn channel_place(lane: usize, value: usize) -> usize {
        Avx2::channel_place(lane, value)
    }

    #[inline(always)]
    fn steps(values: &[i8]) -> &[[i8; 4]] {
        values.as_chunks().0
    }

    #[inline(always)]
    fn step_weights(weights: &[i8]) -> &[[i8; 4 * LANES]] {
        weights.as_chunks().0
    }

    #[inline(always)]
    fn load(self, sums: &[i32; LANES]) -> __m512i {
        // SAFETY: as in `run`; the sums are as long as a register.
        unsafe { _mm512_loadu_si512(sums.as_ptr().cast()) }
    }

    #[inline(always)]
    fn multiply_add<const WINDOWS: usize>(
        self,
        sums: &mut [__m512i; WINDOWS],
        weights: &[[i8; 4 * LANES]],
        windows: &[&[[i8; 4]]; WINDOWS],
    ) {
        for step in 0..weights.len() {
            // SAFETY: as in `run`; the weights are as long as a register.
            unsafe {
                let weights = _mm512_loadu_si512(weights[step].as_ptr().cast());
                for (sums, steps) in sums.iter_mut().zip(windows) {
                    let four = i32::from_ne_bytes(steps[step].map(i8::cast_unsigned));
                    *sums = _mm512_dpbusd_epi32(*sums, _mm512_set1_epi32(four), weights);
                }
            }
        }
    }

    #[inline(always)]
    fn multiply_add_channels(
        self,
        sums: __m512i,
        weights: &[i8; 2 * LANES],
        values: [&[i16; LANES]; 2],
    ) -> __m512i {
        whole(self.0.multiply_add_channels(halves(sums), weights, values))
    }

    #[inline(always)]
    fn add(self, one: &[i8; LANES], other: &[i8; LANES], zero: i16) -> __m512i {
        whole(self.0.add(one, other, zero))
    }

    #[inline(always)]
    fn max(self, sums: __m512i, others: __m512i) -> __m512i {
        // SAFETY: as in `run`.
        unsafe { _mm512_max_epi32(sums, others) }
    }

    #[inline(always)]
    fn requantize(self, sums: __m512i, multipliers: &[f32; LANES], zero_point: i8) -> [i8; LANES] {
        let order = Self::ORDER.map(|channel| channel as u32);
        let mut values = [0; LANES];
        // SAFETY: as in `run`; order, multipliers and values are as long as what is loaded and stored.
        unsafe {
            let multipliers = _mm512_loadu_ps(multipliers.as_ptr());
            let scaled = _mm512_mul_ps(_mm512_cvtepi32_ps(sums), multipliers);
            // What is too great either way becomes the least integer, which saturates only if it was too little.
            let rounded = _mm512_cvtps_epi32(_mm512_min_ps(scaled, _mm512_set1_ps(512.0)));
            let order = _mm512_loadu_si512(order.as_ptr().cast());
            let words = _mm512_cvtsepi32_epi16(_mm512_permutexvar_epi32(order, rounded));
            let words = _mm256_adds_epi16(words, _mm256_set1_epi16(zero_point.into()));
            let bytes = _mm256_cvtsepi16_epi8(words);
            _mm_storeu_si128(values.as_mut_ptr().cast(), bytes);
        }
        values
    }
}

const _: () = assert!(
    is_own_inverse(&Avx512::ORDER),
    "lanes are put in order by their order"
);

/// Whether putting things in an order twice leaves them as they were.
const fn is_own_inverse(order: &[usize; LANES]) -> bool {
    let mut lane = 0;
    while lane < LANES {
        if order[order[lane]] != lane {
            return false;
        }
        lane += 1;
    }
    true
}

#[inline(always)]
fn halves(sums: __m512i) -> [__m256i; 2] {
    // SAFETY: only called with AVX-512.
    unsafe {
        [
            _mm512_castsi512_si256(sums),
            _mm512_extracti64x4_epi64::<1>(sums),
        ]
    }
}

#[inline(always)]
fn whole([low, high]: [__m256i; 2]) -> __m512i {
    // SAFETY: only called with AVX-512.
    unsafe { _mm512_inserti64x4::<1>(_mm512_castsi256_si512(low), high) }
}

/// The bits of the values with 128 added, which are without a sign.
pub struct Unsigned;

impl Conversion for Unsigned {
    type Value = i8;

    #[inline(always)]
    fn convert(values: &[i8], _: i8, converted: &mut [i8]) {
        for (converted, &value) in converted.iter_mut().zip(values) {
            *converted = value ^ i8::MIN;
        }
    }

    fn zero(zero_point: i8) -> i8 {
        zero_point ^ i8::MIN
    }

    fn offset(zero_point: i8) -> i32 {
        i32::from(zero_point) - i32::from(i8::MIN)
    }
}
