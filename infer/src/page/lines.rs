//! Drawings in the order in which they are read.

use super::drawings::Drawing;

/// Lines from the top down, each from the left to the right. A line may rise or fall: a drawing belongs to the line whose last
/// one it stands beside.
pub fn of(mut drawings: Vec<Drawing>) -> Vec<Vec<Drawing>> {
    drawings.sort_by_key(|drawing| (drawing.area.left, drawing.area.top));
    let mut lines: Vec<Vec<Drawing>> = Vec::new();
    for drawing in drawings {
        let beside = |line: &Vec<Drawing>| {
            let last = &line.last()?.area;
            let lower = last.height().min(drawing.area.height());
            let rows = last.common_rows(&drawing.area);
            (5 * rows >= 2 * i64::from(lower)).then_some(rows)
        };
        let candidates = lines
            .iter_mut()
            .filter_map(|line| Some((beside(line)?, line)));
        match candidates.max_by_key(|(rows, _)| *rows) {
            Some((_, line)) => line.push(drawing),
            None => lines.push(vec![drawing]),
        }
    }
    lines.sort_by_key(|line| {
        let middles = line
            .iter()
            .map(|drawing| drawing.area.top + drawing.area.bottom);
        middles.sum::<u32>() / line.len() as u32
    });
    lines
}

#[cfg(test)]
mod tests {
    use super::super::strokes::Area;
    use super::*;

    fn read(corners: &[[u32; 2]]) -> Vec<Vec<usize>> {
        let drawing = |&[left, top]: &[u32; 2]| {
            let [right, bottom] = [left + 10, top + 20];
            Drawing::new(Area {
                left,
                top,
                right,
                bottom,
            })
        };
        let lines = of(corners.iter().map(drawing).collect());
        let place = |drawing: Drawing| {
            let corner = [drawing.area.left, drawing.area.top];
            corners.iter().position(|&other| other == corner).unwrap()
        };
        let line = |line: Vec<Drawing>| line.into_iter().map(place).collect();
        lines.into_iter().map(line).collect()
    }

    #[test]
    fn from_the_top_down_and_from_the_left_to_the_right() {
        let expected = [vec![2, 0], vec![1], vec![3, 4]];
        assert_eq!(
            read(&[[50, 5], [0, 30], [20, 0], [9, 60], [60, 70]]),
            expected
        );
        assert_eq!(read(&[]), [[0; 0]; 0]);
    }

    #[test]
    fn a_line_may_rise_farther_than_it_is_high() {
        let rising = |row: u32| (0..20).map(move |at| [20 * at, 300 + 40 * row - 5 * at]);
        let corners: Vec<[u32; 2]> = rising(0).chain(rising(1)).collect();
        let expected = [(0..20).collect::<Vec<_>>(), (20..40).collect()];
        assert_eq!(read(&corners), expected);
    }
}
