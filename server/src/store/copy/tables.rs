//! What there is to copy: the tables that both engines have, with their columns.

use super::end::Value;

/// A table, the same in both engines but for how [`LAST_SEQ`] is read.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::store) struct Table {
    pub(in crate::store) name: &'static str,
    pub(in crate::store) columns: &'static [Column],
    /// The first so many columns are the key, by which rows are read in order.
    pub(in crate::store) key: usize,
    /// Whether ids are given out by a counter, which never gives one again.
    pub(in crate::store) counts_ids: bool,
}

/// A column.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::store) struct Column {
    pub(in crate::store) name: &'static str,
    pub(in crate::store) kind: Kind,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum Kind {
    Number,
    Text,
    Bytes,
}

const fn number(name: &'static str) -> Column {
    Column {
        name,
        kind: Kind::Number,
    }
}

const fn text(name: &'static str) -> Column {
    Column {
        name,
        kind: Kind::Text,
    }
}

const fn bytes(name: &'static str) -> Column {
    Column {
        name,
        kind: Kind::Bytes,
    }
}

/// The newest number that a log has given. In SQLite it is in the lines, as long as there are
/// any.
pub(in crate::store) const LAST_SEQ: &str = "last_seq";

/// Everything said, by far the most.
pub(in crate::store) const LINES: &str = "lines";

/// Lines come in the order of their logs: `log_id << 36` and their number.
pub(in crate::store) const fn log_of(line: i64) -> i64 {
    line >> 36
}

/// All of them, each behind those that it refers to.
pub(in crate::store) const TABLES: &[Table] = &[
    Table {
        name: "users",
        columns: &[
            number("id"),
            text("username"),
            text("name_key"),
            text("look_key"),
            text("capitals_key"),
            text("password_hash"),
            number("created_at_ms"),
            number("account_kind"),
        ],
        key: 1,
        counts_ids: true,
    },
    Table {
        name: "sessions",
        columns: &[
            number("id"),
            number("user_id"),
            bytes("token_hash"),
            bytes("previous_token_hash"),
            text("device"),
            number("created_at_ms"),
            number("last_seen_at_ms"),
            number("expires_at_ms"),
        ],
        key: 1,
        counts_ids: true,
    },
    Table {
        name: "places",
        columns: &[number("user_id"), number("place"), number("seen_at_ms")],
        key: 2,
        counts_ids: false,
    },
    Table {
        name: "recovery_codes",
        columns: &[
            number("user_id"),
            number("number"),
            bytes("code_hash"),
            number("expires_at_ms"),
        ],
        key: 2,
        counts_ids: false,
    },
    Table {
        name: "second_factors",
        columns: &[
            number("user_id"),
            text("secret"),
            number("is_confirmed"),
            number("used_step"),
        ],
        key: 1,
        counts_ids: false,
    },
    Table {
        name: "last_logins",
        columns: &[
            number("user_id"),
            number("at_ms"),
            text("device"),
            text("network"),
        ],
        key: 1,
        counts_ids: false,
    },
    Table {
        name: "logs",
        columns: &[number("id"), text("channel_name"), number(LAST_SEQ)],
        key: 1,
        counts_ids: true,
    },
    Table {
        name: "channels",
        columns: &[
            number("id"),
            number("log_id"),
            text("topic"),
            text("access"),
            text("password_hash"),
            number("is_lobby"),
            number("created_at_ms"),
            number("slow_mode_s"),
            text("filter"),
            text("code"),
            number("max_members"),
            number("ends_at_ms"),
            number("hall"),
        ],
        key: 1,
        counts_ids: true,
    },
    Table {
        name: "memberships",
        columns: &[
            number("id"),
            number("channel_id"),
            number("user_id"),
            text("role"),
            number("joined_at_ms"),
        ],
        key: 1,
        counts_ids: true,
    },
    Table {
        name: "invitations",
        columns: &[
            number("id"),
            number("user_id"),
            number("channel_id"),
            number("by_user_id"),
            number("created_at_ms"),
        ],
        key: 1,
        counts_ids: true,
    },
    Table {
        name: "inboxes",
        columns: &[number("user_id"), number("log_id"), number("delivered_seq")],
        key: 1,
        counts_ids: false,
    },
    Table {
        name: "channel_reads",
        columns: &[number("user_id"), number("channel_id"), number("read_seq")],
        key: 2,
        counts_ids: false,
    },
    Table {
        name: "whisper_reads",
        columns: &[number("user_id"), number("peer_id"), number("read_seq")],
        key: 2,
        counts_ids: false,
    },
    Table {
        name: "blocks",
        columns: &[number("user_id"), number("blocked_id")],
        key: 2,
        counts_ids: false,
    },
    Table {
        name: "sanctions",
        columns: &[
            number("id"),
            text("kind"),
            number("user_id"),
            text("network"),
            number("until_ms"),
            number("created_at_ms"),
            text("made_by"),
            text("reason"),
        ],
        key: 1,
        counts_ids: true,
    },
    Table {
        name: "channel_sanctions",
        columns: &[
            number("id"),
            text("kind"),
            number("user_id"),
            number("channel_id"),
            number("until_ms"),
            number("created_at_ms"),
            text("made_by"),
            text("reason"),
        ],
        key: 1,
        counts_ids: true,
    },
    Table {
        name: "past_sanctions",
        columns: &[
            number("id"),
            number("user_id"),
            text("kind"),
            number("channel_id"),
            text("channel"),
            number("until_ms"),
            number("created_at_ms"),
            text("made_by"),
            text("reason"),
            number("is_lifted"),
        ],
        key: 1,
        counts_ids: true,
    },
    Table {
        name: "barred_places",
        columns: &[number("place"), number("user_id"), number("until_ms")],
        key: 2,
        counts_ids: false,
    },
    Table {
        name: "staff",
        columns: &[number("user_id"), text("role")],
        key: 1,
        counts_ids: false,
    },
    Table {
        name: "audit",
        columns: &[
            number("id"),
            number("at_ms"),
            text("actor"),
            text("via"),
            text("verb"),
            text("subject"),
            text("act"),
            text("reason"),
            text("outcome"),
        ],
        key: 1,
        counts_ids: true,
    },
    Table {
        name: "operators",
        columns: &[
            number("id"),
            text("name"),
            text("name_key"),
            text("role"),
            text("password_hash"),
            number("must_change"),
            text("totp_secret"),
            number("totp_step"),
            number("version"),
            number("created_at_ms"),
            number("last_seen_at_ms"),
        ],
        key: 1,
        counts_ids: true,
    },
    Table {
        name: "lockdown",
        columns: &[
            number("id"),
            number("until_ms"),
            number("created_at_ms"),
            text("made_by"),
            text("reason"),
        ],
        key: 1,
        counts_ids: false,
    },
    Table {
        name: "profiles",
        columns: &[number("user_id"), text("profile"), number("version")],
        key: 1,
        counts_ids: false,
    },
    Table {
        name: "deletions",
        columns: &[
            number("user_id"),
            number("asked_at_ms"),
            number("due_at_ms"),
            number("claimed_until_ms"),
        ],
        key: 1,
        counts_ids: false,
    },
    Table {
        name: "renames",
        columns: &[number("user_id"), number("renamed_at_ms")],
        key: 1,
        counts_ids: false,
    },
    Table {
        name: "old_names",
        columns: &[
            number("id"),
            number("user_id"),
            text("username"),
            text("name_key"),
            text("look_key"),
            text("capitals_key"),
            number("kept_until_ms"),
        ],
        key: 1,
        counts_ids: true,
    },
    Table {
        name: "reports",
        columns: &[
            number("id"),
            number("reporter_id"),
            number("user_id"),
            text("place"),
            number("seq"),
            text("category"),
            text("text"),
            number("created_at_ms"),
            number("closed_at_ms"),
            text("outcome"),
            text("closed_by"),
            text("answer"),
            number("is_told"),
        ],
        key: 1,
        counts_ids: true,
    },
    Table {
        name: "report_lines",
        columns: &[
            number("report_id"),
            number("seq"),
            number("sender_id"),
            number("sent_at_ms"),
            number("edited_at_ms"),
            number("is_deleted"),
            text("text"),
        ],
        key: 2,
        counts_ids: false,
    },
    Table {
        name: "invites",
        columns: &[
            number("id"),
            bytes("code_hash"),
            number("uses_left"),
            number("uses"),
            number("until_ms"),
            number("created_at_ms"),
            text("made_by"),
            text("note"),
        ],
        key: 1,
        counts_ids: true,
    },
    Table {
        name: "game_keys",
        columns: &[
            number("id"),
            text("name"),
            bytes("key_hash"),
            text("scopes"),
            number("created_at_ms"),
            number("last_used_at_ms"),
            number("until_ms"),
        ],
        key: 1,
        counts_ids: true,
    },
    Table {
        name: "ticket_keys",
        columns: &[
            number("id"),
            text("name"),
            text("secret"),
            number("made_at_ms"),
            number("signs_from_ms"),
        ],
        key: 1,
        counts_ids: true,
    },
    Table {
        name: "used_tickets",
        columns: &[number("id"), text("ticket"), number("ends_at_ms")],
        key: 1,
        counts_ids: true,
    },
    Table {
        name: LINES,
        columns: &[
            number("id"),
            number("sender_id"),
            number("kind"),
            number("sent_at_ms"),
            number("line_id"),
            number("edited_at_ms"),
            number("of_id"),
            number("peer_id"),
            number("peer_seq"),
            text("text"),
        ],
        key: 1,
        counts_ids: false,
    },
];

impl Table {
    /// The names of its columns, with commas between.
    pub(in crate::store) fn names(&self) -> String {
        let names: Vec<_> = self.columns.iter().map(|column| column.name).collect();
        names.join(", ")
    }

    /// The key of a row: its first columns, which are numbers.
    pub(in crate::store) fn key_of(&self, row: &[Value]) -> Vec<i64> {
        let key = row.iter().take(self.key);
        key.map(|value| match value {
            Value::Number(number) => *number,
            Value::Null | Value::Text(_) | Value::Bytes(_) => 0,
        })
        .collect()
    }

    /// SQL that reads a page behind a key in the order of keys, `?1` and so on in each
    /// engine's own way; the last parameter is how many rows. `read` is how a column is read.
    pub(in crate::store) fn page_sql(
        &self,
        is_behind_key: bool,
        parameter: impl Fn(usize) -> String,
        read: impl Fn(&Column) -> String,
    ) -> String {
        let columns: Vec<_> = self.columns.iter().map(read).collect();
        let key: Vec<_> = self.columns[..self.key].iter().map(|c| c.name).collect();
        let key = key.join(", ");
        let behind = if is_behind_key {
            let parameters: Vec<_> = (1..=self.key).map(&parameter).collect();
            format!(" WHERE ({key}) > ({})", parameters.join(", "))
        } else {
            String::new()
        };
        let limit = parameter(if is_behind_key { self.key + 1 } else { 1 });
        format!(
            "SELECT {} FROM {}{behind} ORDER BY {key} LIMIT {limit}",
            columns.join(", "),
            self.name
        )
    }
}
