//! What backends of aarch64 have in common.
//!
//! There is a value of their types only where the processor has NEON, and only they call these functions.
#![allow(unsafe_code)] // Instructions of some processors only, and loads of vectors.

use core::arch::aarch64::{
    int8x8_t, int8x16_t, int32x4_t, vaddl_high_s8, vaddl_s8, vaddw_high_s16, vaddw_s16,
    vcombine_s8, vcvtnq_s32_f32, vcvtq_f32_s32, vdupq_n_s8, vdupq_n_s16, vdupq_n_u8, veorq_u8,
    vget_low_s8, vget_low_s16, vld1q_dup_s32, vld1q_f32, vld1q_s8, vld1q_s32, vld1q_u8,
    vld1q_u8_x4, vmaxq_s32, vmlal_high_s8, vmlal_s8, vmovl_high_s16, vmovl_s16, vmull_high_s8,
    vmull_s8, vmulq_f32, vqaddq_s16, vqmovn_high_s32, vqmovn_s16, vqmovn_s32, vqtbl4q_u8,
    vqtbx4q_u8, vreinterpretq_s8_s32, vreinterpretq_s8_u8, vst1q_s8, vsubq_s16, vsubq_u8,
};

use crate::format::VALUE_ENTRIES;
use crate::host::simd::LANES;

#[inline(always)]
pub(super) fn load(sums: &[i32; LANES]) -> [int32x4_t; 4] {
    let (quarters, _) = sums.as_chunks::<4>();
    // SAFETY: there is NEON, see above; so in all functions here. A quarter is as long as a register.
    unsafe {
        [
            vld1q_s32(quarters[0].as_ptr()),
            vld1q_s32(quarters[1].as_ptr()),
            vld1q_s32(quarters[2].as_ptr()),
            vld1q_s32(quarters[3].as_ptr()),
        ]
    }
}

/// The weights of a step, in four registers.
#[inline(always)]
pub(super) fn quarters(weights: &[i8; 4 * LANES]) -> [int8x16_t; 4] {
    let (quarters, _) = weights.as_chunks::<16>();
    // SAFETY: as in `load`.
    unsafe {
        [
            vld1q_s8(quarters[0].as_ptr()),
            vld1q_s8(quarters[1].as_ptr()),
            vld1q_s8(quarters[2].as_ptr()),
            vld1q_s8(quarters[3].as_ptr()),
        ]
    }
}

#[inline(always)]
pub(super) fn multiply_add_channels(
    [mut first, mut second, mut third, mut fourth]: [int32x4_t; 4],
    weights: &[i8; 2 * LANES],
    values: [&[i8; LANES]; 2],
) -> [int32x4_t; 4] {
    let (halves, _) = weights.as_chunks::<LANES>();
    // SAFETY: as in `load`.
    unsafe {
        let (one, other) = (vld1q_s8(values[0].as_ptr()), vld1q_s8(values[1].as_ptr()));
        let (weights, others) = (vld1q_s8(halves[0].as_ptr()), vld1q_s8(halves[1].as_ptr()));
        let products = vmull_s8(vget_low_s8(one), vget_low_s8(weights));
        let products = vmlal_s8(products, vget_low_s8(other), vget_low_s8(others));
        first = vaddw_s16(first, vget_low_s16(products));
        second = vaddw_high_s16(second, products);
        let products = vmlal_high_s8(vmull_high_s8(one, weights), other, others);
        third = vaddw_s16(third, vget_low_s16(products));
        fourth = vaddw_high_s16(fourth, products);
    }
    [first, second, third, fourth]
}

#[inline(always)]
pub(super) fn add(one: &[i8; LANES], other: &[i8; LANES], zero: i16) -> [int32x4_t; 4] {
    // SAFETY: as in `load`; the values are as long as a register.
    unsafe {
        let (one, other) = (vld1q_s8(one.as_ptr()), vld1q_s8(other.as_ptr()));
        let zero = vdupq_n_s16(zero);
        let low = vsubq_s16(vaddl_s8(vget_low_s8(one), vget_low_s8(other)), zero);
        let high = vsubq_s16(vaddl_high_s8(one, other), zero);
        [
            vmovl_s16(vget_low_s16(low)),
            vmovl_high_s16(low),
            vmovl_s16(vget_low_s16(high)),
            vmovl_high_s16(high),
        ]
    }
}

#[inline(always)]
pub(super) fn look_up(table: &[u8; VALUE_ENTRIES], values: &[i8; LANES]) -> [i8; LANES] {
    let mut found = [0; LANES];
    // SAFETY: as in `load`; the table is as long as four times four registers, values and what is found as one.
    unsafe {
        let quarter = |at: usize| vld1q_u8_x4(table[64 * at..].as_ptr());
        let entries = veorq_u8(vld1q_u8(values.as_ptr().cast()), vdupq_n_u8(0x80));
        // Entries that are not in a quarter leave what was found as it is.
        let quarters = vdupq_n_u8(64);
        let mut values = vqtbl4q_u8(quarter(0), entries);
        let entries = vsubq_u8(entries, quarters);
        values = vqtbx4q_u8(values, quarter(1), entries);
        let entries = vsubq_u8(entries, quarters);
        values = vqtbx4q_u8(values, quarter(2), entries);
        values = vqtbx4q_u8(values, quarter(3), vsubq_u8(entries, quarters));
        vst1q_s8(found.as_mut_ptr(), vreinterpretq_s8_u8(values));
    }
    found
}

#[inline(always)]
pub(super) fn max(sums: [int32x4_t; 4], others: [int32x4_t; 4]) -> [int32x4_t; 4] {
    // SAFETY: as in `load`.
    unsafe {
        [
            vmaxq_s32(sums[0], others[0]),
            vmaxq_s32(sums[1], others[1]),
            vmaxq_s32(sums[2], others[2]),
            vmaxq_s32(sums[3], others[3]),
        ]
    }
}

#[inline(always)]
pub(super) fn requantize(
    sums: [int32x4_t; 4],
    multipliers: &[f32; LANES],
    zero_point: i8,
) -> [i8; LANES] {
    let (quarters, _) = multipliers.as_chunks::<4>();
    let mut values = [0; LANES];
    // SAFETY: as in `load`; the values are as long as what is stored.
    unsafe {
        let low = scaled(&sums[..2], &quarters[..2], zero_point);
        let high = scaled(&sums[2..], &quarters[2..], zero_point);
        vst1q_s8(values.as_mut_ptr(), vcombine_s8(low, high));
    }
    values
}

/// Eight sums times their multipliers, rounded, plus the zero point, saturated.
#[inline(always)]
fn scaled(sums: &[int32x4_t], multipliers: &[[f32; 4]], zero_point: i8) -> int8x8_t {
    // SAFETY: as in `load`.
    unsafe {
        // The conversion saturates, and so does what makes 16 bits of it.
        let first = vmulq_f32(vcvtq_f32_s32(sums[0]), vld1q_f32(multipliers[0].as_ptr()));
        let second = vmulq_f32(vcvtq_f32_s32(sums[1]), vld1q_f32(multipliers[1].as_ptr()));
        let words = vqmovn_s32(vcvtnq_s32_f32(first));
        let words = vqmovn_high_s32(words, vcvtnq_s32_f32(second));
        vqmovn_s16(vqaddq_s16(words, vdupq_n_s16(zero_point.into())))
    }
}

/// The steps of each window four by four, `count` times.
#[inline(always)]
pub(super) fn by_four<'w, const WINDOWS: usize>(
    windows: &[&'w [[i8; 4]]; WINDOWS],
    count: usize,
) -> [&'w [[[i8; 4]; 4]]; WINDOWS] {
    let mut fours: [&[_]; WINDOWS] = [&[]; WINDOWS];
    for (fours, steps) in fours.iter_mut().zip(windows) {
        *fours = &steps.as_chunks().0[..count];
    }
    fours
}

/// Four steps of each window.
///
/// # Safety
///
/// Each window has more than `at` times four steps.
#[inline(always)]
pub(super) unsafe fn four_steps<const WINDOWS: usize>(
    windows: &[&[[[i8; 4]; 4]]; WINDOWS],
    at: usize,
) -> [int8x16_t; WINDOWS] {
    // SAFETY: as in `load`; four steps are as long as a register, and there are so many.
    unsafe {
        let mut values = [vdupq_n_s8(0); WINDOWS];
        for (values, fours) in values.iter_mut().zip(windows) {
            *values = vld1q_s8(fours.get_unchecked(at).as_ptr().cast());
        }
        values
    }
}

/// A step of each window, four times.
#[inline(always)]
pub(super) fn one_step<const WINDOWS: usize>(
    windows: &[&[[i8; 4]]; WINDOWS],
    step: usize,
) -> [int8x16_t; WINDOWS] {
    // SAFETY: as in `load`; the values are as many as are loaded.
    unsafe {
        let mut values = [vdupq_n_s8(0); WINDOWS];
        for (values, steps) in values.iter_mut().zip(windows) {
            *values = vreinterpretq_s8_s32(vld1q_dup_s32(steps[step].as_ptr().cast()));
        }
        values
    }
}
