//! Two models' predictions for the same pictures, side by side.

/// A table of two columns, each a title, the lines of `infer predict --truth-from-name`, and how many of them are right.
pub fn side_by_side(left: (&str, &str), right: (&str, &str)) -> String {
    let (left, right) = (column(left.0, left.1), column(right.0, right.1));
    let width = width(&left);
    let mut table = String::new();
    for row in 0..left.len().max(right.len()) {
        let cell = |column: &[String]| column.get(row).cloned().unwrap_or_default();
        let line = format!("{:width$}   {}", cell(&left), cell(&right));
        table.push_str(line.trim_end());
        table.push('\n');
    }
    table
}

fn column(title: &str, predictions: &str) -> Vec<String> {
    let verdicts: Vec<bool> = predictions.lines().filter_map(is_right).collect();
    let right = verdicts.iter().filter(|&&verdict| verdict).count();
    let mut column = vec![title.to_owned()];
    column.extend(predictions.lines().map(str::to_owned));
    column.push(format!("{right} of {} digits right", verdicts.len()));
    let rule = "-".repeat(width(&column));
    column.insert(column.len() - 1, rule.clone());
    column.insert(1, rule);
    column
}

fn width(column: &[String]) -> usize {
    column
        .iter()
        .map(|line| line.chars().count())
        .max()
        .unwrap_or(0)
}

/// Whether a line such as `1 at  3.9%. CNN thinks it's a 3 (43.6%)` names the truth; none where it knows no truth.
fn is_right(line: &str) -> Option<bool> {
    let (truth, prediction) = line.split_once("%. ")?;
    let (truth, _) = truth.rsplit_once(" at ")?;
    let (_, label) = prediction.split_once("it's a ")?;
    let (label, _) = label.rsplit_once(" (")?;
    Some(truth == label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_right_when_its_label_is_the_truth() {
        for (line, expected) in [
            ("1 at  3.9%. CNN thinks it's a 3 (43.6%)", Some(false)),
            ("2 at 100.0%. CNN thinks it's a 2 (100.0%)", Some(true)),
            ("1 at  0.0%. CNN thinks it's a 11 (99.0%)", Some(false)),
            (
                "tea pot at 9.0%. CNN thinks it's a tea pot (9.0%)",
                Some(true),
            ),
            ("dog. CNN thinks it's a 3 (43.6%)", None),
            ("cat at home. CNN thinks it's a 3 (43.6%)", None),
            ("", None),
        ] {
            assert_eq!(is_right(line), expected, "{line}");
        }
    }

    #[test]
    fn columns_line_up_and_end_with_their_scores() {
        let left = "1 at  3.9%. CNN thinks it's a 3 (43.6%)\ndog. CNN thinks it's a 8 (31.0%)\n";
        let right = "1 at 99.1%. CNN thinks it's a 1 (99.1%)\ndog. CNN thinks it's a 2 (20.5%)\n";
        let expected = "\
plain                                     inverted
---------------------------------------   ---------------------------------------
1 at  3.9%. CNN thinks it's a 3 (43.6%)   1 at 99.1%. CNN thinks it's a 1 (99.1%)
dog. CNN thinks it's a 8 (31.0%)          dog. CNN thinks it's a 2 (20.5%)
---------------------------------------   ---------------------------------------
0 of 1 digits right                       1 of 1 digits right
";
        assert_eq!(side_by_side(("plain", left), ("inverted", right)), expected);
    }

    #[test]
    fn columns_are_as_wide_as_their_characters_and_may_differ_in_length() {
        let expected = "\
é                     b
-------------------   -------------------
ü                     -------------------
-------------------   0 of 0 digits right
0 of 0 digits right
";
        assert_eq!(side_by_side(("é", "ü\n"), ("b", "")), expected);
    }
}
