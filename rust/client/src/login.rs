//! The account: who the player is, taking its session up again, logging out, and what
//! is remembered of the store beyond it.

use std::time::Duration;

use fastrand::Rng;
use longhall_packet::{
    ChannelState, DenyCode, InboxState, Profile, ProfileVersion, ResumeToken, ServerRole,
};

use crate::backoff::Backoff;
use crate::conversations::{Conversations, Ends};
use crate::patience::Patience;
use crate::{Call, CallError, CallErrorCode, Safety};

/// When a resume that was refused for now is asked again, and a little later.
const PATIENCE: Patience = Patience {
    least: Duration::ZERO,
    most: Duration::from_secs(300),
};

#[derive(Debug, Default)]
pub(crate) struct Login {
    /// There from a login until [`Event::LoggedOut`](crate::Event::LoggedOut).
    account: Option<Account>,
    safety: Safety,
    /// Ends with the account.
    logout: Option<Call>,
    /// When to ask again to take up the session.
    resume_at: Option<Duration>,
    resumes: Backoff,
    /// The store that all numbers belong to, as far as a server has said. Outlives the
    /// account, as what is on the screen does.
    epoch: String,
    /// Where the logs of the last account ended.
    ends: Ends,
}

#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) username: String,
    pub(crate) token: ResumeToken,
    /// What it may do on the whole server.
    pub(crate) server_role: ServerRole,
    /// When it will be deleted, in milliseconds since 1970.
    pub(crate) deleted_at_ms: Option<u64>,
    /// What it shows of itself for the game's sake.
    pub(crate) profile: Profile,
    /// Counts the changes of that.
    pub(crate) profile_version: ProfileVersion,
}

/// The account.
impl Login {
    pub(crate) fn account(&self) -> Option<&Account> {
        self.account.as_ref()
    }

    pub(crate) fn has_account(&self) -> bool {
        self.account.is_some()
    }

    pub(crate) fn username(&self) -> Option<&str> {
        self.account.as_ref().map(|one| one.username.as_str())
    }

    /// What the account may do on the whole server; a player's if there is none.
    pub(crate) fn server_role(&self) -> ServerRole {
        let account = self.account.as_ref();
        account.map_or(ServerRole::Player, |one| one.server_role)
    }

    pub(crate) fn set_server_role(&mut self, role: ServerRole) {
        if let Some(account) = &mut self.account {
            account.server_role = role;
        }
    }

    pub(crate) fn logged_in(&mut self, account: Account) {
        self.account = Some(account);
    }

    pub(crate) fn safety(&self) -> &Safety {
        &self.safety
    }

    pub(crate) fn safety_mut(&mut self) -> &mut Safety {
        &mut self.safety
    }

    /// What a login, or coming back after a cut, says of it. A cut makes no other login the
    /// last.
    pub(crate) fn take_safety(&mut self, told: Safety) {
        let before = self.safety.last_login.take();
        self.safety = told;
        self.safety.last_login = self.safety.last_login.take().or(before);
    }

    /// What the account shows of itself, and the version of that.
    pub(crate) fn profile(&self) -> Option<(&Profile, ProfileVersion)> {
        let account = self.account.as_ref()?;
        Some((&account.profile, account.profile_version))
    }

    /// Notes a profile, unless it is older than what is known. Says whether it is new.
    pub(crate) fn note_profile(&mut self, profile: &Profile, version: ProfileVersion) -> bool {
        let Some(account) = &mut self.account else {
            return false;
        };
        let is_new = version > account.profile_version;
        if is_new {
            account.profile = profile.clone();
            account.profile_version = version;
        }
        is_new
    }

    pub(crate) fn deleted_at_ms(&self) -> Option<u64> {
        self.account.as_ref()?.deleted_at_ms
    }

    /// The account is not to be deleted any more.
    pub(crate) fn kept(&mut self) {
        if let Some(account) = &mut self.account {
            account.deleted_at_ms = None;
        }
    }

    /// The account has another name.
    pub(crate) fn renamed(&mut self, username: String) {
        if let Some(account) = &mut self.account {
            account.username = username;
        }
    }

    /// The account is gone; where its logs ended is remembered for its next login.
    pub(crate) fn forget_account(&mut self, conversations: &Conversations) {
        self.note_ends(conversations);
        self.account = None;
        self.safety = Safety::default();
    }
}

/// Logging out.
impl Login {
    /// The player wants to be out.
    ///
    /// # Errors
    /// When there is nobody to log out, or this is under way already.
    pub(crate) fn begin_logout(&mut self, call: Call) -> Result<(), CallError> {
        if !self.has_account() {
            return Err(CallErrorCode::Server(DenyCode::NotLoggedIn).into());
        }
        if self.logout.is_some() {
            return Err(CallErrorCode::AlreadyPending.into());
        }
        self.logout = Some(call);
        Ok(())
    }

    /// The call that waited for the end of the account.
    pub(crate) fn end_logout(&mut self) -> Option<Call> {
        self.logout.take()
    }
}

/// Taking the session up again.
impl Login {
    /// A connection begins or ends: what was asked for on the one before is void.
    pub(crate) fn restart_resumes(&mut self) {
        self.resumes.reset();
        self.resume_at = None;
    }

    /// The server cannot take the session up now.
    pub(crate) fn resume_denied(
        &mut self,
        now: Duration,
        error: &CallError,
        rng: &mut Rng,
        cap: Duration,
    ) {
        let spread = self.resumes.next_delay(rng, Duration::ZERO, cap);
        let delay = PATIENCE.wait(error).saturating_add(spread);
        self.resume_at = Some(now.saturating_add(delay));
    }

    /// Whether to ask again now; true once.
    pub(crate) fn is_resume_due(&mut self, now: Duration) -> bool {
        self.resume_at.take_if(|at| now >= *at).is_some()
    }

    /// When to ask again.
    pub(crate) fn next_deadline(&self) -> Option<Duration> {
        self.resume_at
    }
}

/// The store behind the server.
impl Login {
    /// Whether the numbers of a login are of another store than those known, or of an
    /// older state of it.
    pub(crate) fn is_of_other_store(
        &mut self,
        epoch: &str,
        username: &str,
        channels: &[ChannelState],
        inbox: &InboxState,
        conversations: &Conversations,
    ) -> bool {
        self.note_ends(conversations);
        // An older server tells no epoch.
        let is_renamed = !self.epoch.is_empty() && !epoch.is_empty() && self.epoch != epoch;
        if !epoch.is_empty() {
            epoch.clone_into(&mut self.epoch);
        }
        is_renamed || self.ends.are_cut(username, channels, inbox)
    }

    /// All logs begin anew.
    pub(crate) fn forget_ends(&mut self) {
        self.ends = Ends::default();
    }

    fn note_ends(&mut self, conversations: &Conversations) {
        if let Some(ends) = self
            .username()
            .and_then(|username| conversations.ends(username))
        {
            self.ends = ends;
        }
    }
}

#[cfg(test)]
mod tests {
    use longhall_packet::Denial;

    use super::*;
    use crate::requests::Requests;

    const NOW: Duration = Duration::from_secs(1000);

    fn ada() -> Account {
        Account {
            username: "ada".to_owned(),
            token: ResumeToken::from_bytes(&[1; 32]),
            server_role: ServerRole::Player,
            deleted_at_ms: None,
            profile: Profile::default(),
            profile_version: 0,
        }
    }

    fn inbox(last_seq: u64) -> InboxState {
        InboxState {
            last_seq,
            ..InboxState::default()
        }
    }

    /// The logs of an account that is in no channel.
    fn conversations(last_seq: u64) -> Conversations {
        let mut conversations = Conversations::default();
        conversations.logged_in(Vec::new(), inbox(last_seq), Vec::new(), false);
        conversations
    }

    #[test]
    fn only_an_account_logs_out_and_once() {
        let mut requests = Requests::default();
        let mut login = Login::default();
        let refused = login.begin_logout(requests.next_call()).unwrap_err();
        assert_eq!(refused.code.name(), "not_logged_in");
        login.logged_in(ada());
        let call = requests.next_call();
        login.begin_logout(call).unwrap();
        let refused = login.begin_logout(requests.next_call()).unwrap_err();
        assert_eq!(refused.code, CallErrorCode::AlreadyPending);
        assert_eq!(login.end_logout(), Some(call));
        assert_eq!(login.end_logout(), None);
    }

    #[test]
    fn a_resume_refused_for_now_is_due_once_and_not_too_late() {
        let mut login = Login::default();
        let mut rng = Rng::with_seed(7);
        let cap = Duration::from_secs(30);
        for (asked, least) in [(20, 20), (7200, 300)] {
            let asked = Duration::from_secs(asked);
            let error = Denial::for_now(DenyCode::Busy, asked).into();
            login.resume_denied(NOW, &error, &mut rng, cap);
            let at = login.next_deadline().unwrap();
            let least = NOW + Duration::from_secs(least);
            assert!(at > least && at < least + Duration::from_secs(2), "{at:?}");
            assert!(!login.is_resume_due(least));
            assert!(login.is_resume_due(at) && !login.is_resume_due(at));
        }
        let error = CallErrorCode::Server(DenyCode::Busy).into();
        login.resume_denied(NOW, &error, &mut rng, cap);
        login.restart_resumes();
        assert_eq!(login.next_deadline(), None);
    }

    #[test]
    fn a_store_is_known_by_its_name_and_by_where_the_logs_of_an_account_ended() {
        let mut login = Login::default();
        let mut is_other = |epoch: &str, username: &str, known: u64, last_seq: u64| {
            login.logged_in(ada());
            login.forget_account(&conversations(known));
            login.is_of_other_store(
                epoch,
                username,
                &[],
                &inbox(last_seq),
                &Conversations::default(),
            )
        };
        assert!(!is_other("", "ada", 3, 3));
        assert!(!is_other("one", "ada", 3, 4));
        assert!(!is_other("", "ada", 3, 3), "an older server");
        assert!(is_other("one", "ada", 3, 2), "lines are missing");
        assert!(!is_other("one", "bob", 3, 2), "another account");
        assert!(is_other("two", "bob", 3, 9));
    }
}
