//! The server as a whole: how it is, what it says to everybody, and how it ends.

use std::time::Duration;

use longhall_packet::{ChatText, Line, NameKeys, SYSTEM_SENDER, Username};

use super::ground::Ground;
use super::report::{ActError, Report, Running, Status};
use super::run::millis;
use crate::SERVER_NAME;
use crate::store::{
    Appended, Channel, ERASED_HASH, FIRST_HALL, LogAction, LogEntry, NewUser, UserId,
};

/// Whose what operators announce and games say is in the store: an account that nobody logs in
/// to, as players cannot register the name. Games of before show its lines as that one's.
pub(super) const SPEAKER: &str = SYSTEM_SENDER;
/// Longest that a server drains.
const LONGEST_DRAIN_S: u64 = 7 * 24 * 60 * 60;

pub(super) async fn status(ground: &Ground) -> Result<Report, ActError> {
    let counts = ground.store.counts(ground.now_ms()).await?;
    let lockdown = ground.store.lockdown(ground.now_ms()).await?;
    let running = ground.server.as_ref().map(|server| Running {
        since_ms: server.since_ms,
        connections: server.connections.len(),
        players_here: server.hub.players_here().len(),
        players: server.hub.len(),
        bus: server.cluster.as_ref().map(|cluster| cluster.is_bus_up()),
        stops_at_ms: server.drain.stops_at_ms(),
    });
    Ok(Report::Status(Status {
        server: SERVER_NAME.to_owned(),
        epoch: ground.store.epoch().to_owned(),
        running,
        accounts: counts.accounts,
        sessions: counts.sessions,
        channels: counts.channels,
        sanctions: counts.sanctions,
        lockdown_until_ms: lockdown.map(|lockdown| lockdown.until_ms),
    }))
}

impl Ground {
    /// Says a line of the game's or the operator's in a channel, whoever is there; in the
    /// lobby, in all its halls that somebody is in. The line in `channel`. Not noted: games
    /// say many.
    ///
    /// # Errors
    /// `not_found` when the channel is gone by now; see [`ActError`].
    pub(crate) async fn say_as_system(
        &self,
        channel: &Channel,
        text: &ChatText,
    ) -> Result<Line, ActError> {
        let sender = speaker(self).await?;
        let line = self.say_in(channel, sender, text).await?;
        for hall in self.other_halls(channel).await? {
            self.say_in(&hall, sender, text).await?;
        }
        Ok(line)
    }

    /// The other halls of the lobby that somebody is in, if the channel is the first one.
    async fn other_halls(&self, channel: &Channel) -> Result<Vec<Channel>, ActError> {
        let Some(server) = self
            .server
            .as_ref()
            .filter(|_| channel.hall == Some(FIRST_HALL))
        else {
            return Ok(Vec::new());
        };
        let open = server.hub.hall_channels();
        let mut halls = self.store.halls().await?;
        halls.retain(|hall| open.contains(&hall.id));
        Ok(halls)
    }

    async fn say_in(
        &self,
        channel: &Channel,
        sender: UserId,
        text: &ChatText,
    ) -> Result<Line, ActError> {
        let entry = LogEntry {
            sender,
            sender_name: String::new(),
            what: LogAction::System {
                channel: channel.id,
                text: text.as_str().to_owned(),
            },
            now_ms: self.now_ms(),
        };
        match self.write(channel, vec![entry]).await?.pop() {
            Some(Appended::Line { line }) => Ok(line),
            _ => Err(ActError::NotFound(format!("{} is gone", channel.name))),
        }
    }
}

pub(super) async fn announce(ground: &Ground, text: &str) -> Result<Report, ActError> {
    let text = ChatText::parse(text).map_err(|denial| ActError::Refused(denial.reason()))?;
    let lobby = ground.lobby().await?;
    let line = ground.say_as_system(&lobby, &text).await?;
    Ok(Report::Announced {
        channel: lobby.name.to_string(),
        seq: line.seq,
    })
}

/// The account of [`SPEAKER`], made when it is needed first.
async fn speaker(ground: &Ground) -> Result<UserId, ActError> {
    let store = &ground.store;
    let key = NameKeys::name_of(SPEAKER);
    for _ in 0..2 {
        if let Some(user) = store.user_by_name(&key).await? {
            if user.password_hash == ERASED_HASH {
                return Ok(user.id);
            }
            let text = format!(
                "a player has the name {SPEAKER}, by which the game speaks: rename the account \
                 first"
            );
            return Err(ActError::Refused(text));
        }
        let name = Username::parse(SPEAKER).map_err(|denial| ActError::Failed(denial.reason()))?;
        let user = NewUser {
            username: SPEAKER.to_owned(),
            keys: name.keys(),
            password_hash: ERASED_HASH.to_owned(),
            recovery_codes: Vec::new(),
        };
        if let Some(user) = store.insert_user(user).await? {
            return Ok(user);
        }
    }
    let text = format!("a name that looks like {SPEAKER} is taken: rename that account first");
    Err(ActError::Refused(text))
}

pub(super) async fn drain(ground: &Ground, in_s: u64) -> Result<Report, ActError> {
    let server = ground.server()?;
    if in_s > LONGEST_DRAIN_S {
        let text = "a server drains for seven days at most".to_owned();
        return Err(ActError::Refused(text));
    }
    // On several servers players come to another one: they need not know.
    if server.cluster.is_none() && in_s > 0 {
        let duration = humantime::format_duration(Duration::from_secs(in_s));
        announce(ground, &format!("The server restarts in {duration}.")).await?;
    }
    let until_ms = ground.now_ms().saturating_add(millis(in_s));
    server.drain(Duration::from_secs(in_s), until_ms);
    Ok(Report::Draining {
        until_ms,
        players: server.hub.players_here().len(),
    })
}

pub(super) async fn cancel_drain(ground: &Ground) -> Result<Report, ActError> {
    let server = ground.server()?;
    if !server.drain.cancel() {
        return Err(ActError::NotFound("the server does not drain".to_owned()));
    }
    if server.cluster.is_none() {
        announce(ground, "The server does not restart now after all.").await?;
    }
    Ok(Report::DrainCancelled)
}
