//! The arithmetic of sections that nest.

/// Counts instructions, and knows the sections that are open.
#[derive(Debug, Default)]
pub struct Sections {
    total: u64,
    /// The total at the beginning of each open section, the outermost first.
    open: Vec<u64>,
}

/// A section that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Section {
    /// The sections around it.
    pub depth: usize,
    /// The instructions in it, those of inner sections included.
    pub instructions: u64,
}

impl Sections {
    /// An instruction that is no marker.
    pub fn count(&mut self) {
        self.total += 1;
    }

    /// A begin marker.
    pub fn begin(&mut self) {
        self.open.push(self.total);
    }

    /// An end marker; none where no section is open.
    pub fn end(&mut self) -> Option<Section> {
        let begin = self.open.pop()?;
        Some(Section {
            depth: self.open.len(),
            instructions: self.total - begin,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outer_section_holds_the_inner_ones() {
        let mut sections = Sections::default();
        let count = |sections: &mut Sections, times| (0..times).for_each(|_| sections.count());
        let section = |depth, instructions| {
            Some(Section {
                depth,
                instructions,
            })
        };
        count(&mut sections, 7);
        sections.begin();
        count(&mut sections, 1);
        for inner in [0, 3] {
            sections.begin();
            count(&mut sections, inner);
            assert_eq!(sections.end(), section(1, inner));
        }
        count(&mut sections, 2);
        assert_eq!(sections.end(), section(0, 6));
        assert_eq!(sections.end(), None);
    }
}
