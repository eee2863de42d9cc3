//! How a line of the log looks, and the lines that no event is behind.

use clap::ValueEnum;
use serde_json::json;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs: one object a line.
    Json,
}

impl Format {
    /// Says how many lines are missing, in a line that looks like those around it.
    pub(super) fn missing(self, lost: u64) -> String {
        const TARGET: &str = "longhall_server::log";
        const TEXT: &str = "lines are missing here, as the log could not be written";
        match self {
            Self::Text => format!("{}  WARN {TARGET}: {TEXT} lost={lost}\n", time()),
            Self::Json => object("WARN", TARGET, &json!({ "message": TEXT, "lost": lost })),
        }
    }

    /// Says why the program ends.
    pub(super) fn fault(self, text: &str) -> String {
        match self {
            Self::Text => format!("longhall-server: {text}\n"),
            Self::Json => object("ERROR", "longhall_server", &json!({ "message": text })),
        }
    }
}

/// As the crate of the log writes its own.
fn object(level: &str, target: &str, fields: &serde_json::Value) -> String {
    let line = json!({
        "timestamp": time(),
        "level": level,
        "fields": fields,
        "target": target,
    });
    format!("{line}\n")
}

fn time() -> String {
    let mut time = String::new();
    // A time that cannot be written is left out.
    let _ = SystemTime.format_time(&mut Writer::new(&mut time));
    time
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_for_programs_is_one_object_whatever_it_says() {
        let line = Format::Json.fault("no \"quotes\"\nand no second line");
        assert_eq!(line.matches('\n').count(), 1, "{line}");
        let read: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(read["level"], "ERROR");
        assert_eq!(
            read["fields"]["message"],
            "no \"quotes\"\nand no second line"
        );
        let missing: serde_json::Value = serde_json::from_str(&Format::Json.missing(7)).unwrap();
        assert_eq!(missing["fields"]["lost"], 7);
        assert!(missing["timestamp"].as_str().unwrap().starts_with("20"));
    }
}
