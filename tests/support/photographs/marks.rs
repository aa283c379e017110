//! Rulings and frames.

use super::{Kind, View};
use crate::random::Numbers;

/// What is on the paper beside digits.
pub enum Marks {
    None,
    /// Lines in one direction or in both, one for each spacing.
    Rules {
        spacing: f64,
        thickness: f64,
        shade: f64,
        both: bool,
    },
    /// A frame so far from the middle, or all beyond it.
    Frame {
        half: [f64; 2],
        thickness: f64,
        shade: f64,
    },
}

impl Marks {
    pub fn of(kind: Kind, size: [f64; 2], view: &View, numbers: &mut Numbers) -> Self {
        let mut rules = |spacing: [f64; 2], shade: [f64; 2], both| Self::Rules {
            spacing: numbers.between(spacing[0], spacing[1]),
            thickness: numbers.between(1.2, 3.0),
            shade: numbers.between(shade[0], shade[1]),
            both,
        };
        match kind {
            Kind::DarkRules => rules([30.0, 60.0], [0.25, 0.5], false),
            Kind::BlueRules => rules([30.0, 60.0], [0.7, 0.88], false),
            Kind::Squares => rules([22.0, 45.0], [0.6, 0.85], true),
            Kind::Frame | Kind::Table => {
                let margin = numbers.between(0.02, 0.08);
                let thickness = if kind == Kind::Table {
                    f64::MAX
                } else {
                    numbers.between(2.0, 6.0)
                };
                let turned = view.turn.abs().sin() * size[0].max(size[1]) / 2.0;
                Self::Frame {
                    half: size.map(|side| side / 2.0 - margin * side - turned),
                    thickness,
                    shade: numbers.between(0.12, 0.35),
                }
            }
            _ => Self::None,
        }
    }

    /// The share of the light that comes back from a point of the paper without ink.
    pub fn shade(&self, [x, y]: [f64; 2]) -> f64 {
        let (within, shade) = match *self {
            Self::None => return 1.0,
            Self::Rules {
                spacing,
                thickness,
                shade,
                both,
            } => {
                let off = |at: f64| (at / spacing - (at / spacing).round()).abs() * spacing;
                let off = if both { off(x).min(off(y)) } else { off(y) };
                (thickness / 2.0 - off, shade)
            }
            Self::Frame {
                half,
                thickness,
                shade,
            } => {
                let beyond = (x.abs() - half[0]).max(y.abs() - half[1]);
                (beyond.min(thickness - beyond), shade)
            }
        };
        1.0 - (within + 0.5).clamp(0.0, 1.0) * (1.0 - shade)
    }
}
