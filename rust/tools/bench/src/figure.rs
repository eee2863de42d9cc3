//! Figures: medians, spread, references, targets.

use serde::Serialize;

/// What several rounds came to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Summary {
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
}

impl Summary {
    /// `None` when there is nothing to sum up.
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let middle = values.len() / 2;
        let median = match values.len() {
            0 => return None,
            even if even % 2 == 0 => f64::midpoint(values[middle - 1], values[middle]),
            _ => values[middle],
        };
        Some(Self {
            median,
            least: values[0],
            most: values[values.len() - 1],
        })
    }
}

/// What a figure is compared with.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Reference {
    pub(crate) name: String,
    pub(crate) value: Summary,
}

/// What a figure shall be.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Target {
    /// The median shall be no more than this.
    AtMost(f64),
    /// The median shall be no less than this.
    AtLeast(f64),
    /// It shall be no less than this share of the first reference.
    ShareAtLeast(f64),
    /// It shall be no more than this share of the first reference.
    ShareAtMost(f64),
}

/// One figure of the table.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Figure {
    /// `fan-out`, as in `--only fan-out`.
    pub(crate) bench: String,
    /// What was measured.
    pub(crate) what: String,
    /// Of all its values.
    pub(crate) unit: String,
    pub(crate) value: Summary,
    pub(crate) references: Vec<Reference>,
    pub(crate) target: Option<Target>,
}

impl Figure {
    /// Whether the target is met; `None` without one.
    pub(crate) fn is_met(&self) -> Option<bool> {
        let median = self.value.median;
        Some(match self.target? {
            Target::AtMost(most) => median <= most,
            Target::AtLeast(least) => median >= least,
            Target::ShareAtLeast(share) => median >= share * self.references.first()?.value.median,
            Target::ShareAtMost(share) => median <= share * self.references.first()?.value.median,
        })
    }

    fn target(&self) -> String {
        match self.target {
            None => String::new(),
            Some(Target::AtMost(most)) => format!("≤ {}", short(most)),
            Some(Target::AtLeast(least)) => format!("≥ {}", short(least)),
            Some(Target::ShareAtLeast(share)) => format!("≥ {:.0} %", share * 100.0),
            Some(Target::ShareAtMost(share)) => format!("≤ {:.0} %", share * 100.0),
        }
    }
}

/// A number with three digits that matter.
pub(crate) fn short(value: f64) -> String {
    let size = value.abs();
    if size >= 1000.0 {
        let digits = format!("{value:.0}");
        let (sign, digits) = digits
            .strip_prefix('-')
            .map_or(("", &digits[..]), |digits| ("-", digits));
        let mut grouped = String::new();
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at) % 3 == 0 {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        format!("{sign}{grouped}")
    } else if size >= 100.0 || value == 0.0 {
        format!("{value:.0}")
    } else if size >= 10.0 {
        format!("{value:.1}")
    } else if size >= 1.0 {
        format!("{value:.2}")
    } else {
        format!("{value:.3}")
    }
}

/// All figures, each with whether its target is met.
pub(crate) fn as_json(figures: &[Figure]) -> serde_json::Result<Vec<serde_json::Value>> {
    let as_json = |figure: &Figure| {
        let mut value = serde_json::to_value(figure)?;
        value["met"] = figure.is_met().into();
        Ok(value)
    };
    figures.iter().map(as_json).collect()
}

/// All figures as lines of a table.
pub(crate) fn table(figures: &[Figure]) -> String {
    const HEAD: [&str; 8] = [
        "",
        "figure",
        "unit",
        "median",
        "spread",
        "reference",
        "ratio",
        "target",
    ];
    let mut rows: Vec<[String; 8]> = vec![HEAD.map(str::to_owned)];
    let mut last = "";
    for figure in figures {
        let met = figure.is_met();
        let mut row = [const { String::new() }; 8];
        if figure.bench != last {
            row[0].clone_from(&figure.bench);
            last = &figure.bench;
        }
        row[1].clone_from(&figure.what);
        row[2].clone_from(&figure.unit);
        row[3] = short(figure.value.median);
        let Summary { least, most, .. } = figure.value;
        if least < most {
            row[4] = format!("{} – {}", short(least), short(most));
        }
        row[7] = match met {
            Some(true) => format!("{}  met", figure.target()),
            Some(false) => format!("{}  NOT MET", figure.target()),
            None => String::new(),
        };
        let mut references = figure.references.iter();
        if let Some(reference) = references.next() {
            (row[5], row[6]) = compare(figure, reference);
        }
        rows.push(row);
        for reference in references {
            let mut row = [const { String::new() }; 8];
            (row[5], row[6]) = compare(figure, reference);
            rows.push(row);
        }
    }
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..HEAD.len()).map(width).collect();
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let pad = " ".repeat(width - cell.chars().count());
            // Numbers to the right, words to the left.
            if matches!(column, 3 | 6) {
                line.push_str(&pad);
                line.push_str(cell);
            } else {
                line.push_str(cell);
                line.push_str(&pad);
            }
            line.push_str("  ");
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn compare(figure: &Figure, reference: &Reference) -> (String, String) {
    let ratio = figure.value.median / reference.value.median;
    let named = format!("{}: {}", reference.name, short(reference.value.median));
    let ratio = if ratio.is_finite() {
        format!("{ratio:.2}")
    } else {
        String::new()
    };
    (named, ratio)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(median: f64, target: Target) -> Figure {
        let sum = |median| Summary {
            median,
            least: median - 1.0,
            most: median + 1.0,
        };
        Figure {
            bench: "fan-out".to_owned(),
            what: "cost".to_owned(),
            unit: "µs".to_owned(),
            value: sum(median),
            references: vec![Reference {
                name: "bare".to_owned(),
                value: sum(2.0),
            }],
            target: Some(target),
        }
    }

    #[test]
    fn the_median_of_an_even_number_lies_between_the_two_in_the_middle() {
        let sum = Summary::of([4.0, 1.0, 2.0, 100.0]).unwrap();
        assert_eq!((sum.median, sum.least, sum.most), (3.0, 1.0, 100.0));
        assert_eq!(Summary::of([7.0]).unwrap().median, 7.0);
        assert_eq!(Summary::of([]), None);
    }

    #[test]
    fn a_target_is_met_up_to_its_very_number() {
        for (median, target, met) in [
            (5.0, Target::AtMost(5.0), true),
            (5.1, Target::AtMost(5.0), false),
            (5.0, Target::AtLeast(5.0), true),
            (4.9, Target::AtLeast(5.0), false),
            (1.8, Target::ShareAtLeast(0.9), true),
            (1.7, Target::ShareAtLeast(0.9), false),
            (1.0, Target::ShareAtMost(0.5), true),
            (1.1, Target::ShareAtMost(0.5), false),
        ] {
            assert_eq!(figure(median, target).is_met(), Some(met), "{median}");
        }
    }

    #[test]
    fn the_table_tells_figure_spread_reference_ratio_and_target() {
        let text = table(&[figure(3.0, Target::AtMost(2.5))]);
        let row = text.lines().nth(1).unwrap();
        let words: Vec<&str> = row.split_whitespace().collect();
        let expected = "fan-out cost µs 3.00 2.00 – 4.00 bare: 2.00 1.50 ≤ 2.50 NOT MET";
        assert_eq!(words.join(" "), expected);
    }

    #[test]
    fn numbers_are_short() {
        for (value, text) in [
            (0.0, "0"),
            (0.3512, "0.351"),
            (5.678, "5.68"),
            (12.34, "12.3"),
            (512.3, "512"),
            (1975.4, "1,975"),
            (2_978_123.4, "2,978,123"),
            (-12_345.0, "-12,345"),
        ] {
            assert_eq!(short(value), text);
        }
    }
}
