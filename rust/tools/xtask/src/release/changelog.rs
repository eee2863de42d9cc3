//! What `CHANGELOG.md` says of the newest version, and what it should not leave behind.

/// A part of the changelog that is about one version.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Newest<'a> {
    /// As in `0.2.0`.
    pub(crate) version: &'a str,
    /// As in `2026-11-26`; empty where the heading has none.
    pub(crate) date: &'a str,
    /// All lines up to the next version, without those that are empty at its ends.
    pub(crate) text: &'a str,
}

/// The newest version that the changelog knows. What is left to do goes into `problems`.
pub(crate) fn newest<'a>(changelog: &'a str, problems: &mut Vec<String>) -> Option<Newest<'a>> {
    let mut parts = parts(changelog);
    let before = problems.len();
    if let Some((heading, text)) = parts.first()
        && heading.to_lowercase().contains("unreleased")
    {
        problems.push(if text.lines().all(|line| line.is_empty() || is_heading(line)) {
            "CHANGELOG.md has an empty part `Unreleased`: delete its heading".to_owned()
        } else {
            "CHANGELOG.md has lines under `Unreleased`: give them the version and the date, as in \
             `## 1.2.3 - 2030-12-31`"
                .to_owned()
        });
        parts.remove(0);
    }
    let Some((heading, text)) = parts.first() else {
        // Once it has its version, `Unreleased` is that part.
        if problems.len() == before {
            problems.push(
                "CHANGELOG.md has no part for a version: it needs a heading such as `## 1.2.3 - \
                 2030-12-31`"
                    .to_owned(),
            );
        }
        return None;
    };
    let newest = Newest::of(heading, text);
    newest.judge(problems);
    Some(newest)
}

impl<'a> Newest<'a> {
    /// Reads `0.2.0 - 2026-11-26`, or the same with `[0.2.0]`.
    fn of(heading: &'a str, text: &'a str) -> Self {
        let (version, date) = heading.split_once(" - ").unwrap_or((heading, ""));
        Self {
            version: version.trim().trim_matches(['[', ']']),
            date: date.trim(),
            text,
        }
    }

    fn judge(&self, problems: &mut Vec<String>) {
        let version = self.version;
        if self.date.is_empty() {
            problems.push(format!(
                "CHANGELOG.md has no date for {version}: write `## {version} - ` and the day, as \
                 in 2030-12-31"
            ));
        } else if !is_day(self.date) {
            problems.push(format!(
                "CHANGELOG.md dates {version} `{}`, which is no day: write it as in 2030-12-31",
                self.date
            ));
        }
        if self
            .text
            .lines()
            .all(|line| line.is_empty() || is_heading(line))
        {
            problems.push(format!(
                "CHANGELOG.md says nothing under {version}: write what players, designers and \
                 operators notice"
            ));
            return;
        }
        let mut lines = self.text.lines().filter(|line| !line.is_empty()).peekable();
        while let Some(line) = lines.next() {
            if is_heading(line) && lines.peek().is_none_or(|next| is_heading(next)) {
                problems.push(format!(
                    "CHANGELOG.md has nothing under `{line}` of {version}: delete the heading"
                ));
            }
        }
    }
}

/// Each `## ` heading with the text below it.
fn parts(changelog: &str) -> Vec<(&str, &str)> {
    changelog
        .split("\n## ")
        .skip(1)
        .map(|part| {
            let (heading, text) = part.split_once('\n').unwrap_or((part, ""));
            (heading.trim(), text.trim_matches('\n'))
        })
        .collect()
}

fn is_heading(line: &str) -> bool {
    line.starts_with("### ")
}

/// Whether this is a day that the calendar has.
fn is_day(text: &str) -> bool {
    let numbers: Vec<_> = text.split('-').collect();
    let [year, month, day] = numbers[..] else {
        return false;
    };
    if (year.len(), month.len(), day.len()) != (4, 2, 2) {
        return false;
    }
    let (Ok(year), Ok(month), Ok(day)) = (year.parse(), month.parse::<u32>(), day.parse()) else {
        return false;
    };
    let leap = |year: u32| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap(year) => 29,
        2 => 28,
        1..=12 => 31,
        _ => 0,
    };
    (1..=days).contains(&day)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "# Changelog\n\nWords.\n\n## 0.2.0 - 2026-11-26\n\n### Added\n\n- **Chat.**\n\
                        \n## 0.1.0 - 2026-01-02\n\n- First.\n";

    /// What is said about a changelog, in one text.
    fn problems(changelog: &str) -> String {
        let mut problems = Vec::new();
        newest(changelog, &mut problems);
        problems.join("\n")
    }

    #[test]
    fn the_newest_part_is_cut_out() {
        let mut problems = Vec::new();
        let found = newest(GOOD, &mut problems).unwrap();
        assert_eq!(found.version, "0.2.0");
        assert_eq!(found.date, "2026-11-26");
        assert_eq!(found.text, "### Added\n\n- **Chat.**");
        assert_eq!(problems, [""; 0]);

        let brackets = GOOD.replace("## 0.2.0", "## [0.2.0]");
        assert_eq!(newest(&brackets, &mut problems).unwrap().version, "0.2.0");
        assert_eq!(problems, [""; 0]);
    }

    #[test]
    fn what_is_not_ready_is_told_with_what_to_do() {
        let date = " - 2026-11-26";
        for (from, to, told) in [
            (date, "", "no date for 0.2.0"),
            (date, " - 2026-11-31", "no day"),
            (date, " - 26.11.2026", "no day"),
            ("- **Chat.**\n", "", "nothing under 0.2.0"),
            (
                "- **Chat.**\n",
                "- **Chat.**\n\n### Fixed\n",
                "`### Fixed` of 0.2.0",
            ),
            (
                "## 0.2.0",
                "## Unreleased\n\n- More.\n\n## 0.2.0",
                "lines under",
            ),
            (
                "## 0.2.0",
                "## [Unreleased]\n\n### Added\n\n## 0.2.0",
                "an empty part",
            ),
        ] {
            let changelog = GOOD.replacen(from, to, 1);
            assert_ne!(changelog, GOOD);
            let found = problems(&changelog);
            assert!(found.contains(told), "{told}: {found}");
            assert_eq!(found.lines().count(), 1, "{found}");
        }
        assert!(problems("# Changelog\n").contains("no part for a version"));
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        for day in ["2026-11-26", "2028-02-29", "2000-02-29"] {
            assert!(is_day(day), "{day}");
        }
        for day in [
            "2026-02-29",
            "2100-02-29",
            "2026-13-01",
            "2026-00-10",
            "2026-1-1",
            "soon",
        ] {
            assert!(!is_day(day), "{day}");
        }
    }
}
