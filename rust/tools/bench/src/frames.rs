//! `frames`: what the node costs a game's frames. Godot measures it; here it joins
//! the table.

use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::figure::{Figure, Reference, Summary, Target};

/// Of what the client in GDScript costs, the node may cost this.
const SHARE: f64 = 0.5;

/// What a line may cost that a chatbox shows, in µs. It has one of these rows with a log
/// that is not full, too.
const LINE_SHOWN: &str = "line in a frame, shown by a chatbox";
const LINE_SHOWN_MICROS: f64 = 300.0;

/// What a line takes that comes by itself.
const LINE_ALONE: &str = "frame of a line by itself, shown by a chatbox";

/// How long a frame of a burst may be, in ms.
const BURST_SHOWN: &str = "longest frame of a burst with a chatbox";
const BURST_SHOWN_MILLIS: f64 = 4.0;

/// What the engine's own label takes for a line, and to be drawn anew without any.
const LABELS: [&str; 2] = [
    "line in a frame, shown by a RichTextLabel",
    "a RichTextLabel drawn anew",
];

/// A figure as the bench in Godot prints it.
#[derive(Clone, Debug, Deserialize)]
struct Printed {
    what: String,
    unit: String,
    median: f64,
    least: f64,
    most: f64,
}

/// Reads what the bench in Godot measured.
///
/// # Errors
/// When there is no such file, or it is another.
pub(crate) fn read(file: &Path) -> Result<Vec<Figure>> {
    let text =
        std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let printed: Vec<Printed> = serde_json::from_str(&text)
        .with_context(|| format!("{} holds no figures", file.display()))?;
    Ok(figures(&printed))
}

/// The figures of the node and the chatbox, each beside what does the same without them.
fn figures(printed: &[Printed]) -> Vec<Figure> {
    let ours = printed.iter().filter(|one| {
        let what = &one.what;
        // The ratio is worked out again.
        !what.ends_with(", GDScript")
            && !what.ends_with(" to GDScript")
            && !what.ends_with(", socket")
            && !LABELS.contains(&what.as_str())
    });
    let figure = |one: &Printed| {
        let what = one.what.strip_suffix(", NetworkClient");
        let references = match what {
            Some(what) => without_the_node(what, printed),
            None if [LINE_SHOWN, LINE_ALONE]
                .iter()
                .any(|row| one.what.starts_with(row)) =>
            {
                labels(printed)
            }
            None => Vec::new(),
        };
        Figure {
            bench: "frames".to_owned(),
            what: what.unwrap_or(&one.what).to_owned(),
            unit: one.unit.clone(),
            value: one.summary(),
            target: target(&one.what, !references.is_empty()),
            references,
        }
    };
    ours.map(figure).collect()
}

/// The same by a client in GDScript, and by one that only takes what the engine's socket
/// has.
fn without_the_node(what: &str, printed: &[Printed]) -> Vec<Reference> {
    let names = [
        (", GDScript", "GDScript's client"),
        (", socket", "the engine's socket alone"),
    ];
    let found = names.iter().filter_map(|(suffix, name)| {
        let full = format!("{what}{suffix}");
        let one = printed.iter().find(|one| one.what == full)?;
        Some(Reference {
            name: (*name).to_owned(),
            value: one.summary(),
        })
    });
    found.collect()
}

fn labels(printed: &[Printed]) -> Vec<Reference> {
    let found = LABELS
        .iter()
        .filter_map(|name| printed.iter().find(|one| one.what == *name));
    found
        .map(|one| Reference {
            name: one.what.clone(),
            value: one.summary(),
        })
        .collect()
}

fn target(what: &str, has_references: bool) -> Option<Target> {
    if what.starts_with(LINE_SHOWN) {
        Some(Target::AtMost(LINE_SHOWN_MICROS))
    } else if what.starts_with(BURST_SHOWN) {
        Some(Target::AtMost(BURST_SHOWN_MILLIS))
    } else {
        let is_line = what.starts_with("received line") && what.ends_with(", NetworkClient");
        (is_line && has_references).then_some(Target::ShareAtMost(SHARE))
    }
}

impl Printed {
    fn summary(&self) -> Summary {
        Summary {
            median: self.median,
            least: self.least,
            most: self.most,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_node_stands_beside_the_client_in_gdscript() {
        let text = r#"[
            {"what":"received line, NetworkClient","unit":"µs","median":1.5,"least":1.4,"most":1.9},
            {"what":"received line, GDScript","unit":"µs","median":4.0,"least":3.9,"most":4.4},
            {"what":"received line, NetworkClient to GDScript","unit":"×","median":0.38,"least":0.3,"most":0.4},
            {"what":"received line, socket","unit":"µs","median":1.0,"least":0.9,"most":1.1},
            {"what":"longest frame of a burst","unit":"ms","median":3.0,"least":2.0,"most":9.0}
        ]"#;
        let figures = figures(&serde_json::from_str::<Vec<Printed>>(text).unwrap());
        assert_eq!(figures.len(), 2);
        assert_eq!(figures[0].what, "received line");
        let references: Vec<_> = figures[0]
            .references
            .iter()
            .map(|one| one.value.median)
            .collect();
        assert_eq!(references, [4.0, 1.0]);
        assert_eq!(figures[0].is_met(), Some(true));
        assert_eq!(figures[1].what, "longest frame of a burst");
        assert_eq!(figures[1].is_met(), None);
    }

    #[test]
    fn the_chatbox_stands_beside_the_label_of_the_engine_and_has_targets() {
        let text = r#"[
            {"what":"line in a frame, shown by a chatbox, full log","unit":"µs","median":310.0,"least":1.0,"most":400.0},
            {"what":"longest frame of a burst with a chatbox, full log","unit":"ms","median":3.5,"least":3.0,"most":4.4},
            {"what":"a RichTextLabel drawn anew","unit":"µs","median":270.0,"least":260.0,"most":280.0},
            {"what":"line in a frame, shown by a RichTextLabel","unit":"µs","median":400.0,"least":390.0,"most":440.0}
        ]"#;
        let figures = figures(&serde_json::from_str::<Vec<Printed>>(text).unwrap());
        assert_eq!(figures.len(), 2);
        assert_eq!(figures[0].is_met(), Some(false));
        let references: Vec<_> = figures[0]
            .references
            .iter()
            .map(|one| one.value.median)
            .collect();
        assert_eq!(references, [400.0, 270.0]);
        assert_eq!(figures[1].is_met(), Some(true));
    }
}
