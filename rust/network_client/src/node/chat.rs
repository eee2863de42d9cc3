//! Lines: saying and changing them, the history, and what a player typed.

use godot::prelude::*;
use longhall_client::Command;

use super::NetworkClient;
use super::calls::refused_off_main_thread;
use crate::convert;
use crate::network_request::NetworkRequest;

#[expect(
    clippy::needless_pass_by_value,
    reason = "Godot passes its strings by value"
)]
#[godot_api(secondary)]
impl NetworkClient {
    /// Says a line of 1 to 500 characters in `channel`. If `channel` is empty, the line goes to the
    /// lobby; if it is a name behind an `@`, as in [code]"@ada"[/code], to that player alone. Ends in
    /// [signal chat_accepted] or [signal chat_denied], after the line itself came back by
    /// [signal chat_received]. Control characters such as line breaks are refused.
    ///
    /// While the connection is away, the line waits, and the node sends it when the connection is
    /// back: the player can go on typing. A line is never said twice, whatever happens to the
    /// connection. A whisper to a player who is offline waits at the server for their next login.
    #[func]
    pub fn send_chat(
        &mut self,
        text: GString,
        #[opt(default = &GString::new())] channel: GString,
    ) -> Gd<NetworkRequest> {
        self.call("send_chat", |session, now| {
            session.send_chat(now, &channel.to_string(), &text.to_string())
        })
    }

    /// Gives one of the player's own lines another text, within [member edit_window] seconds. Ends
    /// with [signal chat_edited] for everybody in the channel. `seq` is the line's number.
    #[func]
    pub fn edit_line(&mut self, channel: GString, seq: i64, text: GString) -> Gd<NetworkRequest> {
        self.call("edit_line", |session, now| {
            let text = text.to_string();
            session.edit_line(now, &channel.to_string(), seq_of(seq), &text)
        })
    }

    /// Deletes one of the player's own lines, within [member edit_window] seconds. Ends with
    /// [signal chat_deleted] for everybody in the channel.
    #[func]
    pub fn delete_line(&mut self, channel: GString, seq: i64) -> Gd<NetworkRequest> {
        self.call("delete_line", |session, now| {
            session.delete_line(now, &channel.to_string(), seq_of(seq))
        })
    }

    /// Fetches the lines before the oldest one that has come so far, for a player who scrolls up.
    /// They come by [signal history_received].
    ///
    /// With `before` it fetches the lines before that number instead. This is for another view of the
    /// same channel, such as the chat of the next scene. No signal brings these lines: they are in
    /// [member NetworkRequest.result], and [member NetworkRequest.more] says whether there are still
    /// older ones.
    #[func]
    pub fn load_history(
        &mut self,
        channel: GString,
        #[opt(default = 0)] before: i64,
    ) -> Gd<NetworkRequest> {
        self.call("load_history", |session, now| {
            let channel = channel.to_string();
            match seq_of(before) {
                0 => session.load_history(now, &channel),
                before => session.read_history(now, &channel, before),
            }
        })
    }

    /// Notes that the player has read `channel` up to line `seq`, on all devices. Call it as often as
    /// you like: the node tells the server only now and then.
    #[func]
    pub fn mark_read(&mut self, channel: GString, seq: i64) -> Gd<NetworkRequest> {
        self.call("mark_read", |session, now| {
            session.mark_read(now, &channel.to_string(), seq_of(seq))
        })
    }

    /// The whispers of the player: an `Array[Dictionary]` of `channel` (as in
    /// [code]"@ada"[/code]), `last_seq`, `read_seq` and `unread`, the latest first.
    #[func]
    pub fn get_whispers(&self) -> Array<VarDictionary> {
        let conversations = self.session.conversations();
        conversations.iter().map(convert::conversation).collect()
    }

    /// Executes the `input` that a player typed into the chat of `channel`. An input that starts with
    /// a slash is a command, as in [code]/w ada psst[/code] or [code]/join trade[/code]; any other is
    /// a line, and said there as by [method send_chat]. [member NetworkRequest.command] names the
    /// command, and [member NetworkRequest.result] is that of the method behind it:
    /// [method list_members] for [code]/who[/code], [method list_channels] for
    /// [code]/channels[/code] and so on; the text of [code]/help[/code] is a `String`. A command that
    /// cannot be understood is refused with `unknown_command`, `missing_argument`, `wrong_argument`,
    /// `not_in_whispers` or `nobody_to_answer`, and [member NetworkRequest.reason] says how it is
    /// written. [code]//[/code] starts a line that begins with a slash.
    #[func]
    pub fn execute(
        &mut self,
        input: GString,
        #[opt(default = &GString::new())] channel: GString,
    ) -> Gd<NetworkRequest> {
        if let Some(refused) = refused_off_main_thread("execute") {
            return refused;
        }
        let channel = match channel.is_empty() {
            true => self.session.lobby().unwrap_or_default().to_owned(),
            false => channel.to_string(),
        };
        let answer_to = self.session.last_whisper_from();
        let command = match Command::parse(&input.to_string(), &channel, answer_to) {
            Ok(command) => command,
            Err(error) => return NetworkRequest::misunderstood(&error),
        };
        if let Command::Help(about) = &command {
            return match longhall_client::help(about.as_deref()) {
                Ok(text) => NetworkRequest::told("help", &text),
                Err(error) => NetworkRequest::misunderstood(&error),
            };
        }
        let mut request = self.call("execute", |session, now| session.execute(now, &command));
        request.bind_mut().set_command_name(command.name());
        request
    }

    /// Completes the word at the end of `input`, for a list to choose from: with commands, or with
    /// names of the player's channels or of `players`, as the command asks. Each choice is a
    /// [Dictionary] of `input` (the whole input with the word completed), `word` (the word alone)
    /// and `description` (of a command; otherwise empty).
    #[func]
    pub fn complete(&self, input: GString, players: PackedStringArray) -> Array<VarDictionary> {
        let channels = self.session.channels();
        let channels: Vec<&str> = channels.iter().map(|c| c.channel.as_str()).collect();
        let players: Vec<String> = players.as_slice().iter().map(GString::to_string).collect();
        let players: Vec<&str> = players.iter().map(String::as_str).collect();
        longhall_client::complete(&input.to_string(), &channels, &players)
            .iter()
            .map(convert::completion)
            .collect()
    }
}

/// No line has a negative number.
fn seq_of(seq: i64) -> u64 {
    u64::try_from(seq).unwrap_or(0)
}
