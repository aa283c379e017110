//! A list of pictures with their classes: CSV, or an object of JSON a line.

use std::path::{Path, PathBuf};

use input::file::{self, display_name};
use serde_json::Value;

use super::DataError;
use super::collection::{Collection, Divided, Entry, Part, Pictures, classes_of};

/// What a column or a member may be called, in any case.
const PATHS: [&str; 6] = [
    "path",
    "file",
    "filename",
    "file_name",
    "image",
    "image_path",
];
const LABELS: [&str; 6] = ["label", "class", "category", "target", "class_name", "y"];
const PARTS: [&str; 5] = ["split", "set", "part", "subset", "partition"];

/// Whether a file's name ends like a list's.
pub fn is_manifest(path: &Path) -> bool {
    kind(path).is_some()
}

#[derive(Clone, Copy)]
enum Kind {
    Csv,
    JsonLines,
}

fn kind(path: &Path) -> Option<Kind> {
    let extension = path.extension()?.to_str()?.to_lowercase();
    match &*extension {
        "csv" | "tsv" => Some(Kind::Csv),
        "jsonl" | "ndjson" => Some(Kind::JsonLines),
        _ => None,
    }
}

/// A line of the list.
struct Row {
    /// Its number in the file, from 1.
    line: u64,
    path: String,
    label: String,
    part: Option<String>,
}

/// Reads a list, whose paths start from its own folder. A line has a path, a class and, if others have one, a part: train,
/// val or test.
pub fn read(path: &Path) -> Result<Collection, DataError> {
    let bytes = file::read(path).map_err(|error| {
        let found = error.to_string();
        DataError::unexpected(path, "a list of pictures", found)
    })?;
    let text = String::from_utf8(bytes)
        .map_err(|_| DataError::unexpected(path, "text in UTF-8", "other bytes"))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let rows = match kind(path) {
        Some(Kind::JsonLines) => json_lines(text),
        _ => csv(text),
    };
    let refused = |(expected, found): Refusal| DataError::unexpected(path, expected, found);
    let rows = rows.map_err(refused)?;
    if rows.is_empty() {
        return Err(refused(("a picture a line".into(), "no line".into())));
    }
    let parts = parts(&rows).map_err(refused)?;
    let names: Vec<&str> = rows.iter().map(|row| &*row.label).collect();
    let (classes, labels) = classes_of(&names);
    let entries = labels.into_iter().zip(parts);
    let folder = file::folder_of(path);
    let file = |row: &Row| (folder.join(&row.path), file::one_line(&row.path));
    Ok(Collection {
        source: format!("a list of pictures, {}", display_name(path)),
        classes,
        entries: entries.map(|(label, part)| Entry { label, part }).collect(),
        pictures: Pictures::Files(rows.iter().map(file).collect::<Vec<(PathBuf, String)>>()),
        divided: Divided::WithValidation,
        passed_over: Vec::new(),
        unreadable: Vec::new(),
        sha256: None,
    })
}

/// What was expected and what was found.
type Refusal = (String, String);

fn csv(text: &str) -> Result<Vec<Row>, Refusal> {
    let first = text.lines().next().unwrap_or_default();
    let count = |delimiter: char| first.matches(delimiter).count();
    let delimiter = [',', ';', '\t']
        .into_iter()
        .max_by_key(|&one| (count(one), one == ','));
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .delimiter(delimiter.map_or(b',', |delimiter| delimiter as u8))
        .from_reader(text.as_bytes());
    let mut rows = Vec::new();
    let mut columns = None;
    for record in reader.records() {
        let record = record.map_err(|error| ("lines of CSV".to_owned(), error.to_string()))?;
        let line = record.position().map_or(0, csv::Position::line);
        let column = |names: &[&str]| {
            let is_one = |field: &str| names.contains(&&*field.to_lowercase());
            record.iter().position(is_one)
        };
        let columns = match columns {
            Some(columns) => columns,
            None => match (column(&PATHS), column(&LABELS)) {
                (Some(path), Some(label)) => {
                    columns = Some((path, label, column(&PARTS)));
                    continue;
                }
                _ => *columns.insert((0, 1, (record.len() > 2).then_some(2))),
            },
        };
        let (path, label, part) = columns;
        let field = |at: usize| record.get(at).filter(|field| !field.is_empty());
        let (Some(path), Some(label)) = (field(path), field(label)) else {
            let found = record.iter().collect::<Vec<_>>().join(",");
            return Err(expected_row(line, &found));
        };
        rows.push(Row {
            line,
            path: path.into(),
            label: label.into(),
            part: part.and_then(field).map(str::to_owned),
        });
    }
    Ok(rows)
}

fn json_lines(text: &str) -> Result<Vec<Row>, Refusal> {
    let lines = (1..)
        .zip(text.lines())
        .filter(|(_, line)| !line.trim().is_empty());
    let row = |(line, text): (u64, &str)| {
        let Ok(Value::Object(members)) = serde_json::from_str(text) else {
            return Err(expected_row(line, text));
        };
        let member = |names: &[&str]| {
            let mut found = members
                .iter()
                .filter(|(name, _)| names.contains(&&*name.to_lowercase()));
            match found.next()?.1 {
                Value::String(text) => Some(text.clone()),
                Value::Number(number) => Some(number.to_string()),
                _ => None,
            }
        };
        match (member(&PATHS), member(&LABELS)) {
            (Some(path), Some(label)) => Ok(Row {
                line,
                path,
                label,
                part: member(&PARTS),
            }),
            _ => Err(expected_row(line, text)),
        }
    };
    lines.map(row).collect()
}

fn expected_row(line: u64, found: &str) -> Refusal {
    let found: String = file::one_line(found).chars().take(80).collect();
    (
        format!(
            "a path and a class in line {line}, as `path,label` or {{\"path\": ..., \"label\": ...}}"
        ),
        found,
    )
}

/// What each line's picture is for: said in all lines or in none.
fn parts(rows: &[Row]) -> Result<Vec<Option<Part>>, Refusal> {
    let is_said = rows[0].part.is_some();
    let part = |row: &Row| match &row.part {
        None if is_said => Err((
            format!(
                "train, val or test in each line as in line {}",
                rows[0].line
            ),
            format!("nothing in line {}", row.line),
        )),
        Some(word) if is_said => match Part::of_name(word) {
            Some(part) => Ok(Some(part)),
            None => Err((
                format!("train, val or test in line {}", row.line),
                file::one_line(word),
            )),
        },
        Some(word) => Err((
            format!("no part in line {} as in line {}", row.line, rows[0].line),
            file::one_line(word),
        )),
        None => Ok(None),
    };
    rows.iter().map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(name: &str, text: &str) -> Result<Collection, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        read(&path).map_err(|error| error.to_string())
    }

    /// Each picture's name, class and part.
    fn rows(collection: &Collection) -> Vec<(&str, &str, Option<Part>)> {
        let Pictures::Files(files) = &collection.pictures else {
            panic!("{collection:?}")
        };
        let row = |((_, name), entry): (&'_ (PathBuf, String), &Entry)| {
            (name.clone(), entry.label, entry.part)
        };
        let rows: Vec<_> = files.iter().zip(&collection.entries).map(row).collect();
        let name = |at: usize| match &collection.pictures {
            Pictures::Files(files) => &*files[at].1,
            _ => "",
        };
        let class = |label: u16| &*collection.classes[usize::from(label)];
        rows.into_iter()
            .enumerate()
            .map(|(at, (_, label, part))| (name(at), class(label), part))
            .collect()
    }

    #[test]
    fn every_form_of_a_list_says_the_same() {
        let plain = "a/1.png,cat\nb 2.png,dog\n";
        let quoted = "\u{feff}Label;Other;FileName\r\ncat;7;a/1.png\r\ndog;;\"b 2.png\"\r\n";
        let tabs = "path\tclass\na/1.png\tcat\n\nb 2.png\tdog\n";
        let json = "{\"file_name\": \"a/1.png\", \"label\": \"cat\"}\n\n{\"LABEL\":\"dog\",\"Image\":\"b 2.png\"}";
        for (name, text) in [
            ("a.csv", plain),
            ("a.csv", quoted),
            ("a.tsv", tabs),
            ("a.jsonl", json),
        ] {
            let collection = read_text(name, text).unwrap();
            let expected = [("a/1.png", "cat", None), ("b 2.png", "dog", None)];
            assert_eq!(rows(&collection), expected, "{text}");
        }
        let Pictures::Files(files) = read_text("a.csv", plain).unwrap().pictures else {
            panic!("a list is of files")
        };
        assert!(files[0].0.is_absolute() && files[0].0.ends_with("a/1.png"));
    }

    #[test]
    fn numbers_and_names_with_commas_are_classes_and_parts_are_read() {
        let text =
            "path,label,split\n1.png,\"cat, black\",train\n2.png,10,Validation\n3.png,9,test\n";
        let collection = read_text("a.csv", text).unwrap();
        assert_eq!(collection.classes, ["9", "10", "cat, black"]);
        let parts: Vec<_> = collection.entries.iter().map(|entry| entry.part).collect();
        assert_eq!(parts, [Part::Train, Part::Validation, Part::Test].map(Some));
    }

    #[test]
    fn wrong_lines_are_named() {
        for (name, text, parts) in [
            ("a.csv", "path,label\n1.png\n", ["line 2", "found 1.png"]),
            ("a.csv", "1.png,a\n,b\n", ["line 2", "found ,b"]),
            ("a.csv", "", ["a picture a line", "no line"]),
            (
                "a.csv",
                "1.png,a,train\n2.png,b\n",
                ["as in line 1", "nothing in line 2"],
            ),
            ("a.csv", "1.png,a,later\n", ["line 1", "found later"]),
            (
                "a.csv",
                "path,label,split\n1.png,a,\n2.png,b,test",
                ["no part in line 3", "found test"],
            ),
            (
                "a.jsonl",
                "{\"path\": \"1.png\", \"label\": [1]}",
                ["line 1", "\"label\""],
            ),
            ("a.jsonl", "1.png cat", ["line 1", "1.png cat"]),
        ] {
            let message = read_text(name, text).unwrap_err();
            assert!(parts.iter().all(|part| message.contains(part)), "{message}");
            assert!(!message.contains('\n'), "{message}");
        }
    }
}
