//! `frames`: what the node costs a game's frames. Godot measures it; here it joins
//! the table.

use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::figure::{Figure, Reference, Summary, Target};

/// Of what the client in GDScript costs, the node may cost this.
const SHARE: f64 = 0.5;

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

/// The node's figures, each beside the same of the client in GDScript.
fn figures(printed: &[Printed]) -> Vec<Figure> {
    let theirs = |what: &str| {
        let name = format!("{what}, GDScript");
        let found = printed.iter().find(|one| one.what == name)?;
        Some(Reference {
            name: "GDScript's client".to_owned(),
            value: found.summary(),
        })
    };
    let ours = printed.iter().filter(|one| {
        let what = &one.what;
        // The ratio is worked out again.
        !what.ends_with(", GDScript") && !what.ends_with(" to GDScript")
    });
    let figure = |one: &Printed| {
        let what = one.what.strip_suffix(", NetworkClient");
        let reference = what.and_then(theirs);
        let is_line = what.is_some_and(|what| what.starts_with("received line"));
        Figure {
            bench: "frames".to_owned(),
            what: what.unwrap_or(&one.what).to_owned(),
            unit: one.unit.clone(),
            value: one.summary(),
            target: (is_line && reference.is_some()).then_some(Target::ShareAtMost(SHARE)),
            references: reference.into_iter().collect(),
        }
    };
    ours.map(figure).collect()
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
            {"what":"longest frame of a burst","unit":"ms","median":3.0,"least":2.0,"most":9.0}
        ]"#;
        let figures = figures(&serde_json::from_str::<Vec<Printed>>(text).unwrap());
        assert_eq!(figures.len(), 2);
        assert_eq!(figures[0].what, "received line");
        assert_eq!(figures[0].references[0].value.median, 4.0);
        assert_eq!(figures[0].is_met(), Some(true));
        assert_eq!(figures[1].what, "longest frame of a burst");
        assert_eq!(figures[1].is_met(), None);
    }
}
