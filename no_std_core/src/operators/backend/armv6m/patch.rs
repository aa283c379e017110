//! The patch: the values of one window without those that stand for 0.

use core::arch::{asm, naked_asm};
use core::mem::MaybeUninit;
use core::ops::Range;
use core::slice;

use super::Armv6m;
use crate::operators::backend::thumb::fill;
use crate::operators::backend::{self, Filters, LANES, Neighbours, Products, plain};

/// Filters that a value meets at once.
const FILTERS: usize = 4;

/// A value less the zero point, and where among the weights its own is.
#[derive(Clone, Copy)]
#[repr(C)]
struct Term {
    place: usize,
    value: i32,
}

/// The terms of a window with so many values: of all places the first ones, `count` of them.
#[repr(C)] // So the staging begins with a word.
pub struct Patch<const LEN: usize> {
    terms: [MaybeUninit<Term>; LEN],
    count: usize,
    len: usize,
    staging: [MaybeUninit<i8>; LEN],
}

impl<const LEN: usize> backend::Patch for Patch<LEN> {
    const LEN: usize = LEN;

    const WINDOWS: usize = 1;

    #[inline(always)]
    fn empty() -> Self {
        Self {
            terms: [MaybeUninit::uninit(); LEN],
            count: 0,
            len: 0,
            staging: [MaybeUninit::uninit(); LEN],
        }
    }

    fn staged(&mut self, len: usize, zero_point: i8) -> &mut [i8] {
        const { assert!(LEN.is_multiple_of(size_of::<u32>())) }
        if len == 0 || len > LEN {
            return &mut [];
        }
        let first = self.staging.as_mut_ptr();
        // SAFETY: there is room for whole words, the first one is aligned, and then they hold values.
        unsafe {
            fill(first.cast(), len, zero_point);
            slice::from_raw_parts_mut(first.cast(), len)
        }
    }

    fn set(&mut self, _: usize, len: usize, zero_point: i8) {
        self.begin();
        let values = self.staging.as_ptr().cast();
        // SAFETY: there is room for so many, and the loop may read whatever is there.
        unsafe { self.append(values, len.min(LEN), zero_point) };
    }

    fn set_neighbours(&mut self, _: Range<usize>, neighbours: &Neighbours<'_>, zero_point: i8) {
        self.begin();
        let mut rows = neighbours.values;
        for _ in 0..neighbours.rows {
            let values = rows.get(..neighbours.width).unwrap_or_default();
            // SAFETY: there are so many.
            unsafe { self.append(values.as_ptr(), values.len(), zero_point) };
            rows = rows.get(neighbours.row_step..).unwrap_or_default();
        }
    }

    fn convolve(&self, products: Products<'_, '_>) {
        let (lane, len) = (products.lane, products.len);
        let Filters {
            weights, stride, ..
        } = *products.filters;
        plain::convolve::<Armv6m>(products, begin, |sums| {
            self.add_products([lane, len], weights, stride, sums);
        });
    }
}

impl<const LEN: usize> Patch<LEN> {
    /// Adds to the sums of each filter in a lane the products of its weights with the `len` values.
    fn add_products(
        &self,
        [lane, len]: [usize; 2],
        weights: &[u8],
        stride: usize,
        sums: &mut [[i32; LANES]],
    ) {
        let Some(others) = sums.len().checked_sub(1) else {
            return;
        };
        // So few bits that the product has 32.
        let there = others < 1 << 8
            && stride < 1 << 24
            && weights.len() >= (others * stride).saturating_add(len);
        debug_assert!(there, "the loader has seen all weights");
        // SAFETY: so many have been set.
        let terms =
            unsafe { slice::from_raw_parts(self.terms.as_ptr().cast::<Term>(), self.count) };
        if !there || len != self.len || lane >= LANES || terms.is_empty() {
            return;
        }
        let (fours, rest) = sums.as_chunks_mut::<FILTERS>();
        if !fours.is_empty() {
            let weights = weights.as_ptr().wrapping_sub(stride);
            let sums = fours.as_mut_ptr().cast::<i32>();
            // SAFETY: there is a term and a filter, and the last of the weights that are read lies inside `weights`.
            unsafe {
                let Range { start, end } = terms.as_ptr_range();
                add_terms(start, end, weights, stride, sums.add(lane), fours.len());
            }
        }
        let rest = rest.iter_mut().filter_map(|sums| sums.get_mut(lane));
        let weights = weights.get(fours.len() * FILTERS * stride..);
        for (sum, weights) in rest.zip(weights.unwrap_or_default().chunks(stride.max(1))) {
            for term in terms {
                let weight = weights.get(term.place);
                *sum += term.value * i32::from(weight.map_or(0, |weight| weight.cast_signed()));
            }
        }
    }

    fn begin(&mut self) {
        self.count = 0;
        self.len = 0;
    }

    /// Adds the next values of the window, of which there are `count`.
    unsafe fn append(&mut self, values: *const i8, count: usize, zero_point: i8) {
        let first = self.len;
        let len = first.saturating_add(count);
        if count == 0 || len > LEN || self.count > first {
            return;
        }
        self.len = len;
        // SAFETY: there is a value. There are no more terms than values, and there is room for one of each.
        self.count += unsafe {
            let terms = self.terms.as_mut_ptr().cast::<Term>().add(self.count);
            collect([first, len], values, terms, -i32::from(zero_point)).offset_from_unsigned(terms)
        };
    }
}

/// See [`plain::begin`].
fn begin(sums: &mut [[i32; LANES]], biases: &[[u8; 4]]) {
    let words = biases.as_ptr();
    if !words.addr().is_multiple_of(align_of::<i32>())
        || sums.is_empty()
        || biases.len() < sums.len()
    {
        return plain::begin(sums, biases);
    }
    let Range { start, end } = sums.as_mut_ptr_range();
    // SAFETY: there is a filter, and a bias of each.
    unsafe {
        asm!(
            "2:",
            "ldmia r0!, {{r2}}",
            "mov r3, r2",
            "stmia r1!, {{r2, r3}}",
            "stmia r1!, {{r2, r3}}",
            "cmp r1, {end}",
            "bne 2b",
            end = in(reg) end,
            inout("r0") words => _,
            inout("r1") start => _,
            out("r2") _,
            out("r3") _,
            options(nostack),
        );
    }
}

/// Makes terms of the values that are not 0 once the offset is added, and returns where they end. The weights of the first
/// value and of one after the last are at `first` and `last`.
unsafe fn collect(
    [first, last]: [usize; 2],
    values: *const i8,
    terms: *mut Term,
    offset: i32,
) -> *mut Term {
    let end;
    // SAFETY: the caller says that there is a value, and room for a term of each.
    unsafe {
        asm!(
            "b 3f",
            "2:", // One by one until four by four come out even.
            "ldrsb r2, [{values}, r1]",
            "adds r2, r2, {offset}",
            "beq 4f",
            "stmia r0!, {{r1, r2}}",
            "4:",
            "adds r1, r1, #1",
            "3:",
            "subs r2, {last}, r1",
            "beq 6f",
            "lsls r2, r2, #30",
            "bne 2b",
            "5:",
            ".rept 4",
            "ldrsb r2, [{values}, r1]",
            "adds r2, r2, {offset}",
            "beq 4f",
            "stmia r0!, {{r1, r2}}",
            "4:",
            "adds r1, r1, #1",
            ".endr",
            "cmp r1, {last}",
            "bne 5b",
            "6:",
            values = in(reg) values.wrapping_sub(first),
            offset = in(reg) offset,
            last = in(reg) last,
            inout("r0") terms => end,
            inout("r1") first => _,
            out("r2") _,
            options(nostack),
        );
    }
    end
}

/// Adds to the sums of filters in a lane, four by four, the products of at least one term. `weights` is where those of a
/// filter before the first one would begin.
///
/// A round has four terms of 13 instructions, each of them two bytes; where the terms are no multiple of four, the filters
/// enter their first round in the middle.
#[unsafe(naked)]
unsafe extern "C" fn add_terms(
    terms: *const Term,
    terms_end: *const Term,
    weights: *const u8,
    stride: usize,
    sums: *mut i32,
    fours: usize,
) {
    // r0 the next term, r1 its place, r2 to r5 the four's weights, r6 its value, r7 a weight and a product, r8
    // to r11 the sums, r12 the terms' end, lr from one's weights to the next one's. On the stack: at 0 what r0 and the
    // program begin with, 44 the sums, 48 the fours left.
    naked_asm!(
        "push {{r4-r7, lr}}",
        "mov r4, r8",
        "mov r5, r9",
        "mov r6, r10",
        "mov r7, r11",
        "push {{r4-r7}}",
        "mov r12, r1",
        "mov lr, r3",
        "mov r5, r2",
        "subs r6, r0, r1",
        "lsls r6, r6, #27",
        "lsrs r6, r6, #30",
        "movs r7, #26",
        "muls r6, r7, r6",
        "adr r7, 3f",
        "adds r6, r6, r7",
        "adds r6, r6, #1",
        "push {{r0, r6}}",
        "2:",
        "ldr r7, [sp, #44]",
        "ldr r6, [r7]",
        "mov r8, r6",
        "ldr r6, [r7, #16]",
        "mov r9, r6",
        "ldr r6, [r7, #32]",
        "mov r10, r6",
        "ldr r6, [r7, #48]",
        "mov r11, r6",
        "mov r6, lr",
        "adds r2, r5, r6",
        "adds r3, r2, r6",
        "adds r4, r3, r6",
        "adds r5, r4, r6",
        "mov r7, sp",
        "ldmia r7!, {{r0, r6}}",
        "bx r6",
        ".p2align 2",
        "3:",
        ".rept 4",
        "ldmia r0!, {{r1, r6}}",
        "ldrsb r7, [r2, r1]",
        "muls r7, r6, r7",
        "add r8, r7",
        "ldrsb r7, [r3, r1]",
        "muls r7, r6, r7",
        "add r9, r7",
        "ldrsb r7, [r4, r1]",
        "muls r7, r6, r7",
        "add r10, r7",
        "ldrsb r7, [r5, r1]",
        "muls r7, r6, r7",
        "add r11, r7",
        ".endr",
        "cmp r0, r12",
        "bne 3b",
        "ldr r7, [sp, #44]",
        "mov r6, r8",
        "str r6, [r7]",
        "mov r6, r9",
        "str r6, [r7, #16]",
        "mov r6, r10",
        "str r6, [r7, #32]",
        "mov r6, r11",
        "str r6, [r7, #48]",
        "adds r7, #64",
        "str r7, [sp, #44]",
        "ldr r6, [sp, #48]",
        "subs r6, r6, #1",
        "str r6, [sp, #48]",
        "bne 2b",
        "add sp, #8",
        "pop {{r4-r7}}",
        "mov r8, r4",
        "mov r9, r5",
        "mov r10, r6",
        "mov r11, r7",
        "pop {{r4-r7, pc}}",
    )
}
