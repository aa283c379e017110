//! Lamps, shadows and folds.

use std::f64::consts::PI;

use super::Kind;
use crate::random::Numbers;

/// How much light falls on each point of a photograph.
pub struct Light {
    slope: [f64; 2],
    size: [f64; 2],
    shadow: Shadow,
    /// Waves of the paper: direction, length, phase and depth.
    waves: Vec<[f64; 4]>,
}

enum Shadow {
    None,
    Round {
        middle: [f64; 2],
        radius: f64,
    },
    Half {
        middle: [f64; 2],
        direction: f64,
        soft: f64,
    },
}

impl Light {
    pub fn of(kind: Kind, size: [f64; 2], numbers: &mut Numbers) -> Self {
        let steep = if kind == Kind::Gradient { 0.35 } else { 0.06 };
        let slope = [(); 2].map(|()| numbers.between(-steep, steep));
        let middle = size.map(|side| numbers.between(0.3, 0.7) * side);
        let shadow = match kind {
            Kind::RoundShadow => Shadow::Round {
                middle,
                radius: numbers.between(0.25, 0.5) * size[0],
            },
            Kind::HalfShadow => Shadow::Half {
                middle: size.map(|side| side / 2.0),
                direction: numbers.between(0.0, 2.0 * PI),
                soft: numbers.between(15.0, 60.0),
            },
            _ => Shadow::None,
        };
        let count = if kind == Kind::Crumpled { 7 } else { 0 };
        let mut wave = || {
            let [from, length, phase] = [(0.0, PI), (60.0, 250.0), (0.0, 2.0 * PI)]
                .map(|(low, high)| numbers.between(low, high));
            [from, length, phase, numbers.between(0.02, 0.07)]
        };
        let waves = (0..count).map(|_| wave()).collect();
        Self {
            slope,
            size,
            shadow,
            waves,
        }
    }

    pub fn at(&self, [x, y]: [f64; 2]) -> f64 {
        let slope = 1.0
            + self.slope[0] * (2.0 * x / self.size[0] - 1.0)
            + self.slope[1] * (2.0 * y / self.size[1] - 1.0);
        let waves = self.waves.iter().map(|[direction, length, phase, depth]| {
            let along = x * direction.cos() + y * direction.sin();
            // A fold has a steep side.
            let angle = 2.0 * PI * along / length + phase;
            depth * (angle.sin() + (2.0 * angle).sin() / 2.0)
        });
        let dark = match self.shadow {
            Shadow::None => 0.0,
            Shadow::Round { middle, radius } => {
                smooth(1.5 - (x - middle[0]).hypot(y - middle[1]) / radius)
            }
            Shadow::Half {
                middle,
                direction,
                soft,
            } => {
                let along = (x - middle[0]) * direction.cos() + (y - middle[1]) * direction.sin();
                smooth(along / soft + 0.5)
            }
        };
        slope.max(0.1) * (1.0 + waves.sum::<f64>()) * (1.0 - 0.5 * dark)
    }
}

fn smooth(at: f64) -> f64 {
    let at = at.clamp(0.0, 1.0);
    at * at * (3.0 - 2.0 * at)
}
