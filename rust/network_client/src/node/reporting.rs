//! Reports to moderators, and what moderators do with them.

use godot::prelude::*;
use longhall_client::Session;
use longhall_packet::{ReportCategory, ReportOutcome};

use super::NetworkClient;
use crate::network_request::NetworkRequest;

/// The names of a closed list.
fn names(all: impl Iterator<Item = &'static str>) -> PackedStringArray {
    all.map(GString::from).collect()
}

fn category(name: &GString) -> Result<ReportCategory, String> {
    let known = ReportCategory::from_name(&name.to_string());
    known.ok_or_else(|| format!("\"{name}\" is no category; see get_report_categories()"))
}

/// A number that a script gave; none is negative.
fn number(given: i64) -> u64 {
    u64::try_from(given).unwrap_or(0)
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "Godot passes its strings by value"
)]
#[godot_api(secondary)]
impl NetworkClient {
    /// Reports line `seq` of `channel` (or of the whispers with a player, as in
    /// [code]"@ada"[/code]) to the moderators. What could be read around it goes with it: up to ten
    /// lines before and five after. `category` is one of [method get_report_categories], `note` what
    /// the player says of it: up to 300 characters, or nothing.
    ///
    /// [member NetworkRequest.result] is the number of the report (`int`); of the same line the same
    /// as long as it is open. What came of it is told by [signal report_closed].
    #[func]
    pub fn report_line(
        &mut self,
        channel: GString,
        seq: i64,
        category: GString,
        #[opt(default = &GString::new())] note: GString,
    ) -> Gd<NetworkRequest> {
        self.try_call("report_line", |session, now| {
            let category = self::category(&category)?;
            let (channel, note) = (channel.to_string(), note.to_string());
            Ok(session.report_line(now, &channel, number(seq), category, &note))
        })
    }

    /// Reports a player to the moderators, for a name, a status text or what they do in the game.
    /// Otherwise as [method report_line].
    #[func]
    pub fn report_player(
        &mut self,
        username: GString,
        category: GString,
        #[opt(default = &GString::new())] note: GString,
    ) -> Gd<NetworkRequest> {
        self.try_call("report_player", |session, now| {
            let category = self::category(&category)?;
            let (username, note) = (username.to_string(), note.to_string());
            Ok(session.report_player(now, &username, category, &note))
        })
    }

    /// Asks for reports, the newest first, without those about the player: the open ones, or with
    /// `open` [code]false[/code] those that are closed. For moderators; others are refused as
    /// `not_allowed`.
    ///
    /// [member NetworkRequest.result] is a list (`Array[Dictionary]`), each with `report`, `by`,
    /// `username`, `channel` (`@` for a whisper, empty when the player is reported), `seq`,
    /// `category`, `text`, `created_at_ms`, and once it is closed `outcome`, `closed_by`,
    /// `closed_text`, `closed_at_ms`. When there are [member NetworkRequest.more], ask with
    /// `before_report` for those before the last one.
    #[func]
    pub fn list_reports(
        &mut self,
        #[opt(default = true)] open: bool,
        #[opt(default = 0)] before_report: i64,
    ) -> Gd<NetworkRequest> {
        self.call("list_reports", |session: &mut Session, now| {
            let before = (before_report > 0).then(|| number(before_report));
            session.list_reports(now, Some(open), before)
        })
    }

    /// Asks for the lines that were kept with a report, as they were when it was made. For
    /// moderators. [member NetworkRequest.result] is a list (`Array[Dictionary]`) as of
    /// [signal history_received].
    #[func]
    pub fn read_report(&mut self, report: i64) -> Gd<NetworkRequest> {
        self.call("read_report", |session, now| {
            session.read_report(now, number(report))
        })
    }

    /// Closes a report. For moderators. `outcome` is `acted` when something was done about it, or
    /// `dismissed`. Whoever made it is told that, and `note`: up to 300 characters, or nothing.
    #[func]
    pub fn close_report(
        &mut self,
        report: i64,
        outcome: GString,
        #[opt(default = &GString::new())] note: GString,
    ) -> Gd<NetworkRequest> {
        self.try_call("close_report", |session, now| {
            let Some(outcome) = ReportOutcome::from_name(&outcome.to_string()) else {
                return Err(format!(
                    "\"{outcome}\" is no outcome; there are acted, dismissed"
                ));
            };
            Ok(session.close_report(now, number(report), outcome, &note.to_string()))
        })
    }

    /// How many reports are open, for moderators; 0 for others. See
    /// [signal reports_waiting_changed].
    #[func]
    pub fn get_reports_waiting(&self) -> i64 {
        self.reports_waiting
    }

    /// What a player may be reported for: `harassment`, `hate`, `sexual`, `violence`, `spam`,
    /// `cheating`, `name` and `other`.
    #[func]
    pub fn get_report_categories() -> PackedStringArray {
        names(ReportCategory::ALL.iter().map(|category| category.name()))
    }
}
