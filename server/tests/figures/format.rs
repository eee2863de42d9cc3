//! The text format of Prometheus, read as strictly as it is defined, and by the rules for
//! names.

use std::collections::BTreeMap;

/// What a scrape brought.
#[derive(Debug)]
pub(crate) struct Figures {
    /// The kind of each figure, by its name.
    pub(crate) kinds: BTreeMap<String, String>,
    /// Each value, by its name with its labels, as written.
    values: BTreeMap<String, f64>,
}

impl Figures {
    pub(crate) fn read(text: &str) -> Self {
        assert!(text.ends_with('\n'));
        let mut figures = Self {
            kinds: BTreeMap::new(),
            values: BTreeMap::new(),
        };
        let mut family = String::new();
        let mut lines = text.lines().peekable();
        while let Some(line) = lines.next() {
            let Some(help) = line.strip_prefix("# HELP ") else {
                figures.read_value(&family, line);
                continue;
            };
            let (name, help) = help.split_once(' ').unwrap();
            let kind = format!("# TYPE {name} ");
            let kind = lines.next().unwrap().strip_prefix(&kind).unwrap();
            check_name(name, kind);
            assert!(help.len() > 5 && help.ends_with('.'), "{line}");
            let again = figures.kinds.insert(name.to_owned(), kind.to_owned());
            assert_eq!(again, None, "{name} twice");
            assert!(lines.peek().is_some_and(|next| next.starts_with(name)));
            name.clone_into(&mut family);
        }
        for (name, kind) in &figures.kinds {
            if kind == "histogram" {
                figures.check_histogram(name);
            }
        }
        figures
    }

    fn read_value(&mut self, family: &str, line: &str) {
        let (series, value) = line.rsplit_once(' ').unwrap();
        let value: f64 = value.parse().unwrap();
        let (name, labels) = match series.split_once('{') {
            Some((name, labels)) => (name, labels.strip_suffix('}').unwrap()),
            None => (series, ""),
        };
        let kind = &self.kinds[family];
        let ending = name.strip_prefix(family).unwrap();
        match kind.as_str() {
            "histogram" => assert!(["_bucket", "_sum", "_count"].contains(&ending), "{line}"),
            _ => assert_eq!(ending, "", "{line}"),
        }
        assert!(
            value.is_finite() && (kind == "gauge" || value >= 0.0),
            "{line}"
        );
        if !labels.is_empty() {
            // One label each, which is a word, and so are its values, or a bound.
            let (label, value) = labels.split_once("=\"").unwrap();
            let value = value.strip_suffix('"').unwrap();
            let is_word = |text: &str| {
                let mut bytes = text.bytes();
                bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
            };
            assert!(is_word(label), "{line}");
            match label {
                "le" | "version" => {}
                _ => assert!(is_word(value) && !value.is_empty(), "{line}"),
            }
        }
        let again = self.values.insert(series.to_owned(), value);
        assert_eq!(again, None, "{series} twice");
    }

    fn check_histogram(&self, name: &str) {
        let begin = format!("{name}_bucket{{le=\"");
        let buckets = self.values.iter().filter_map(|(series, count)| {
            let bound = series.strip_prefix(&begin)?.strip_suffix("\"}").unwrap();
            Some((bound.replace("+Inf", "inf").parse().unwrap(), *count))
        });
        let mut buckets: Vec<(f64, f64)> = buckets.collect();
        buckets.sort_by(|one, other| one.0.total_cmp(&other.0));
        assert!(
            buckets.is_sorted_by_key(|bucket| bucket.1),
            "{name}: {buckets:?}"
        );
        let last = buckets.last().unwrap();
        assert_eq!(*last, (f64::INFINITY, self.of(&format!("{name}_count"))));
        assert!(self.of(&format!("{name}_sum")) >= 0.0);
    }

    /// The value of a figure, named with its labels.
    #[track_caller]
    pub(crate) fn of(&self, series: &str) -> f64 {
        let found = self.values.get(series);
        *found.unwrap_or_else(|| panic!("there is no {series}"))
    }

    /// How much each of these has grown since then.
    #[track_caller]
    pub(crate) fn check_since(&self, before: &Self, expected: &[(&str, f64)]) {
        let grown = |series| self.of(series) - before.of(series);
        let found: Vec<_> = expected
            .iter()
            .map(|(series, _)| (*series, grown(series)))
            .collect();
        assert_eq!(found, expected);
    }

    /// All values whose names begin so, added up.
    pub(crate) fn sum(&self, begin: &str) -> f64 {
        let all = self.values.iter();
        all.filter(|(series, _)| series.starts_with(begin))
            .map(|(_, value)| value)
            .sum()
    }

    /// All labels that there are.
    pub(crate) fn series(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }
}

/// The rules for names: whose they are, the unit last, and `_total` behind what only grows.
fn check_name(name: &str, kind: &str) {
    let is_ours = name.starts_with("longhall_") || name.starts_with("process_");
    let is_word = name
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    assert!(is_ours && is_word, "{name}");
    match kind {
        "counter" => assert!(name.ends_with("_total"), "{name}"),
        "gauge" => assert!(!name.ends_with("_total"), "{name}"),
        "histogram" => {
            let has_unit = ["_seconds", "_lines"]
                .iter()
                .any(|unit| name.ends_with(unit));
            assert!(has_unit, "{name}");
        }
        other => panic!("{name} is a {other}"),
    }
    for unit in ["_ms", "_us", "_milliseconds", "_kib", "_mb", "_percent"] {
        assert!(!name.contains(unit), "{name} is in no base unit");
    }
}
