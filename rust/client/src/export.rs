//! All that the server knows of the account, as far as it has come.

use longhall_packet::{ExportedAccount, ExportedLine, ExportedReport};
use serde::Serialize;

/// Most lines of an export: some hundred megabytes. What is beyond is left out.
pub const MAX_EXPORTED_LINES: usize = 500_000;
/// Pages asked for at most: a server that always has another one would be asked for ever.
const MAX_PAGES: usize = 100_000;

/// All that the server knows of the account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Export {
    /// The account itself.
    pub account: Option<Box<ExportedAccount>>,
    /// What it said in channels, and the whispers to and from it.
    pub lines: Vec<ExportedLine>,
    /// The reports it made, and what came of them.
    pub reports: Vec<ExportedReport>,
    /// Whether that is all: not when there are more than [`MAX_EXPORTED_LINES`].
    pub is_whole: bool,
    #[serde(skip)]
    pages: usize,
}

impl Export {
    /// Adds a page. Whether to ask for another one, if there is one.
    pub(crate) fn add(
        &mut self,
        account: Option<Box<ExportedAccount>>,
        lines: Vec<ExportedLine>,
        reports: Vec<ExportedReport>,
        has_next: bool,
    ) -> bool {
        self.account = self.account.take().or(account);
        self.lines.extend(lines);
        self.reports.extend(reports);
        self.pages += 1;
        let has_room = self.lines.len() <= MAX_EXPORTED_LINES && self.pages < MAX_PAGES;
        self.lines.truncate(MAX_EXPORTED_LINES);
        self.is_whole = !has_next && has_room;
        has_next && has_room
    }

    /// As JSON, to be saved in a file: an object with `account`, `lines`,
    /// `reports` and `is_whole`.
    pub fn to_json(&self) -> String {
        // Texts and numbers alone: that cannot fail.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(seq: u64) -> ExportedLine {
        ExportedLine {
            channel: "lobby".to_owned(),
            seq,
            sender: "ada".to_owned(),
            recipient: None,
            text: "hi".to_owned(),
            sent_at_ms: 1,
            edited_at_ms: None,
        }
    }

    #[test]
    fn an_export_ends_where_the_server_says_and_never_grows_without_end() {
        let mut export = Export::default();
        assert!(export.add(None, vec![line(1)], Vec::new(), true));
        assert!(!export.is_whole);
        assert!(!export.add(None, vec![line(2)], Vec::new(), false));
        assert!(export.is_whole);
        let mut endless = Export::default();
        let full = vec![line(1); MAX_EXPORTED_LINES / 2];
        assert!(endless.add(None, full.clone(), Vec::new(), true));
        assert!(endless.add(None, full.clone(), Vec::new(), true));
        assert!(!endless.add(None, full, Vec::new(), true));
        assert_eq!(
            (endless.lines.len(), endless.is_whole),
            (MAX_EXPORTED_LINES, false)
        );
    }
}
