//! A partition of the flash, where a memory management unit lets the processor see it.

/// A partition with two slots, in whole pages, and where the processor sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Where the processor sees its first byte.
    address: usize,
    /// Its first and its last page in the flash, by the numbers that the unit has for them.
    first: u8,
    last: u8,
}

impl Window {
    /// Bytes that the unit maps at once.
    pub const PAGE: usize = 64 * 1024;

    /// The window that begins at `address` and shows the `len` bytes from `offset` of the flash on.
    ///
    /// `None` unless `address` and `offset` are multiples of [`Self::PAGE`], `len` is one of twice as much, not 0 and not
    /// more than `room`, and all of it is in the first 16 MB of the flash, whose pages have numbers of 8 bits.
    pub fn new(address: usize, room: usize, offset: u32, len: u32) -> Option<Self> {
        let (offset, len) = (offset as usize, len as usize);
        let is_whole = address.is_multiple_of(Self::PAGE)
            && offset.is_multiple_of(Self::PAGE)
            && len.is_multiple_of(2 * Self::PAGE);
        if !(is_whole && (1..=room).contains(&len)) {
            return None;
        }
        let first = offset / Self::PAGE;
        let last = first + len / Self::PAGE - 1;
        Some(Self {
            address,
            first: u8::try_from(first).ok()?,
            last: u8::try_from(last).ok()?,
        })
    }

    /// The pages of the flash to be mapped, from its beginning on.
    pub fn pages(self) -> impl Iterator<Item = u8> {
        self.first..=self.last
    }

    /// Its two halves: addresses and lengths in bytes.
    pub fn halves(self) -> [(usize, usize); 2] {
        let half = self.len() / 2;
        [(self.address, half), (self.address + half, half)]
    }

    /// Where in the flash `len` bytes lie that the processor sees at `address`. `None` unless all of them are in the window.
    pub fn offset_of(self, address: usize, len: usize) -> Option<u32> {
        let from = address.checked_sub(self.address)?;
        let is_inside = from.checked_add(len)? <= self.len();
        is_inside.then(|| (usize::from(self.first) * Self::PAGE + from) as u32)
    }

    fn len(self) -> usize {
        (usize::from(self.last - self.first) + 1) * Self::PAGE
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    const ADDRESS: usize = 0x3C40_0000;
    const ROOM: usize = 0x3F_0000;
    const PAGE: u32 = Window::PAGE as u32;
    /// What the ESP32-C3 is flashed with.
    const PARTITIONS: &str = include_str!("../../esp32c3-supermini/partitions.csv");

    fn window(offset: u32, len: u32) -> Option<Window> {
        Window::new(ADDRESS, ROOM, offset, len)
    }

    /// Offset and length in bytes of a partition of the table.
    fn partition(name: &str) -> (u32, u32) {
        let rows = PARTITIONS.lines();
        let mut rows = rows.map(|row| row.split(',').map(str::trim).collect::<Vec<_>>());
        let row = rows.find(|row| row[0] == name).unwrap();
        (number(row[3]), number(row[4]))
    }

    /// A number as partition tables write it: hexadecimal, or with K or M for its unit.
    fn number(text: &str) -> u32 {
        let with_unit = |unit, factor| Some(text.strip_suffix(unit)?.parse::<u32>().ok()? * factor);
        let hexadecimal = text.strip_prefix("0x");
        let hexadecimal = hexadecimal.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let kilobytes = || with_unit('K', 1 << 10);
        let megabytes = || with_unit('M', 1 << 20);
        hexadecimal.or_else(kilobytes).or_else(megabytes).unwrap()
    }

    #[test]
    fn the_board_has_a_partition_that_a_window_shows_behind_its_program() {
        let (offset, len) = partition("models");
        let window = window(offset, len).unwrap();
        assert_eq!(window.offset_of(ADDRESS, len as usize), Some(offset));
        let (program, program_len) = partition("factory");
        assert!(offset >= program + program_len);
    }

    #[test]
    fn pages_and_halves_are_those_of_the_partition() {
        let window = window(0x11_0000, 0x8_0000).unwrap();
        assert!(window.pages().eq(17..25));
        let halves = [(ADDRESS, 0x4_0000), (ADDRESS + 0x4_0000, 0x4_0000)];
        assert_eq!(window.halves(), halves);
    }

    #[test]
    fn bytes_are_written_to_the_page_that_is_mapped_where_they_are_read() {
        let window = window(0x11_0000, 0x8_0000).unwrap();
        let addresses = (ADDRESS..).step_by(Window::PAGE);
        for (address, page) in addresses.zip(window.pages()) {
            let offset = u32::from(page) * PAGE;
            assert_eq!(window.offset_of(address, Window::PAGE), Some(offset));
        }
    }

    #[test]
    fn bytes_are_in_the_window_or_nowhere() {
        let window = window(0x11_0000, 0x8_0000).unwrap();
        let end = ADDRESS + 0x8_0000;
        assert_eq!(window.offset_of(ADDRESS, 0x8_0000), Some(0x11_0000));
        assert_eq!(window.offset_of(ADDRESS + 0x4_0100, 512), Some(0x15_0100));
        assert_eq!(window.offset_of(end - 4, 4), Some(0x18_FFFC));
        let near = [(ADDRESS - 4, 4), (ADDRESS - 4, 8), (end - 4, 8), (end, 4)];
        let far = [(0, 4), (usize::MAX, 4)];
        let long = [(ADDRESS, 0x8_0004), (ADDRESS + 4, usize::MAX)];
        for (address, len) in [&near[..], &far, &long].concat() {
            assert_eq!(window.offset_of(address, len), None, "{address:#x} {len}");
        }
    }

    #[test]
    fn partitions_that_no_window_can_show_are_refused() {
        assert!(window(0, 2 * PAGE).is_some());
        assert!(window(254 * PAGE, 2 * PAGE).is_some());
        assert!(window(PAGE, 62 * PAGE).is_some());
        let lens = [0, PAGE, 2 * PAGE + 4096, 64 * PAGE].map(|len| (PAGE, len));
        let offsets = [PAGE + 4096, 255 * PAGE, 256 * PAGE, 0u32.wrapping_sub(PAGE)];
        let offsets = offsets.map(|offset| (offset, 2 * PAGE));
        let extremes = [(0, 0), (u32::MAX, u32::MAX)];
        for (offset, len) in [&lens[..], &offsets, &extremes].concat() {
            assert_eq!(window(offset, len), None, "{offset:#x} {len:#x}");
        }
        assert_eq!(Window::new(ADDRESS + 4096, ROOM, PAGE, 2 * PAGE), None);
    }
}
