//! A player of the client core over a [`Wire`]: connects, logs in, joins, talks.

use std::pin::Pin;
use std::time::Duration;

use longhall_client::{Action, CallErrorCode, Session, State};
use longhall_client::{Answer, Call, CallError, Config, DisconnectReason, Event, LogoutReason};
use longhall_packet::{Access, CloseReason, DenyCode};
use tokio::time::{Instant, Sleep, sleep};

use crate::SwarmError;
use crate::accounts::Account;
use crate::context::Context;
use crate::count::{Batch, Counter};
use crate::plan::REQUEST_TIMEOUT;
use crate::wire::{Control, Read, Wire};

const CLIENT_NAME: &str = concat!("longhall-swarm/", env!("CARGO_PKG_VERSION"));

/// Nothing waits for so long.
const FAR: Duration = Duration::from_secs(24 * 60 * 60);

/// A player whose every packet the client core sees.
pub(crate) struct Player<'a> {
    context: &'a Context,
    pub(crate) session: Session,
    wire: Option<Wire>,
    pub(crate) counter: Counter,
    /// Which of the thread's players it is; none of them for a visitor.
    index: Option<usize>,
    /// The server that it plays on.
    home: u8,
    alarm: Pin<Box<Sleep>>,
}

impl<'a> Player<'a> {
    pub(crate) fn new(context: &'a Context, index: Option<usize>, home: u8) -> Self {
        let config = Config {
            reconnect: false,
            connect_timeout: REQUEST_TIMEOUT,
            request_timeout: REQUEST_TIMEOUT,
            client_name: CLIENT_NAME.to_owned(),
            history_lines: 0,
            ..Config::default()
        };
        Self {
            context,
            session: Session::new(config, fastrand::u64(..)),
            wire: None,
            counter: Counter::new(index.unwrap_or_default() as u64),
            index,
            home,
            alarm: Box::pin(sleep(FAR)),
        }
    }

    /// Leaves the client core behind: from now on frames are only counted.
    pub(crate) fn into_wire(self) -> Option<(Wire, Counter)> {
        Some((self.wire?, self.counter))
    }

    /// Connects and logs in, registering where there is no account yet, and joins
    /// the channel.
    ///
    /// # Errors
    /// When the server denies it or the connection ends.
    pub(crate) async fn enter(
        &mut self,
        account: &mut Account,
        channel: Option<&str>,
    ) -> Result<(), SwarmError> {
        if let Some(token) = account.token.clone() {
            self.session.restore(&account.username, token);
        }
        let connect = self.session.connect(self.context.now());
        self.outcome("connect", connect).await?;
        if account.token.is_some() && !self.resumed().await? {
            // Too old. The account is of no use without its password.
            *account = Account::new_ones(1).remove(0);
        }
        if account.token.is_none() {
            self.register_and_log_in(&account.username).await?;
        }
        let ticket = self.session.ticket();
        account.token = ticket.map(|(_, token)| token.clone());
        // A player of an earlier run is a member already.
        if let Some(channel) = channel
            && self.counter.have(channel).is_none()
        {
            self.join(channel).await?;
        }
        // Nobody listens to the events on the way in.
        while self.session.poll_event().is_some() {}
        Ok(())
    }

    /// Whether the session was taken up again.
    async fn resumed(&mut self) -> Result<bool, SwarmError> {
        loop {
            if self.session.state() == State::LoggedIn {
                return Ok(true);
            }
            if self.session.ticket().is_none() {
                return Ok(false);
            }
            let batch = self.turn("logging in").await?;
            match batch.denied {
                // The client core asks again.
                None | Some(DenyCode::Busy) => {}
                // The token is too old: the account is replaced.
                Some(DenyCode::SessionExpired) => {}
                Some(code) => {
                    let doing = "log in";
                    return Err(SwarmError::Denied { doing, code });
                }
            }
        }
    }

    async fn register_and_log_in(&mut self, username: &str) -> Result<(), SwarmError> {
        // Nobody needs it again: the next run resumes.
        let password = new_password();
        self.register(username, &password).await?;
        self.log_in(username, &password).await
    }

    /// Connects and registers. Returns the password.
    ///
    /// # Errors
    /// When the server denies it or the connection ends.
    pub(crate) async fn first_visit(&mut self, username: &str) -> Result<String, SwarmError> {
        let connect = self.session.connect(self.context.now());
        self.outcome("connect", connect).await?;
        let password = new_password();
        self.register(username, &password).await?;
        Ok(password)
    }

    /// Creates an account, however busy the server is.
    ///
    /// # Errors
    /// When the server denies it or the connection ends.
    pub(crate) async fn register(
        &mut self,
        username: &str,
        password: &str,
    ) -> Result<(), SwarmError> {
        self.retry_while_busy("register", |session, now| {
            session.register(now, username, password)
        })
        .await
    }

    /// Logs in with a password, however busy the server is.
    ///
    /// # Errors
    /// When the server denies it or the connection ends.
    pub(crate) async fn log_in(
        &mut self,
        username: &str,
        password: &str,
    ) -> Result<(), SwarmError> {
        self.retry_while_busy("log in", |session, now| {
            session.login(now, username, password)
        })
        .await
    }

    /// Logs out. The connection stays.
    ///
    /// # Errors
    /// When the server denies it or the connection ends.
    pub(crate) async fn log_out(&mut self) -> Result<(), SwarmError> {
        let logout = self.session.logout(self.context.now());
        self.outcome("log out", logout).await?;
        while self.session.poll_event().is_some() {}
        Ok(())
    }

    /// Asks until the server has time.
    async fn retry_while_busy(
        &mut self,
        doing: &'static str,
        ask: impl Fn(&mut Session, Duration) -> Call,
    ) -> Result<(), SwarmError> {
        loop {
            let call = ask(&mut self.session, self.context.now());
            match self.ended(doing, call).await? {
                Ok(_) => return Ok(()),
                Err(CallError {
                    code: CallErrorCode::Server(DenyCode::Busy),
                    retry_after_ms,
                    ..
                }) => sleep(Duration::from_millis(retry_after_ms.unwrap_or(1).into())).await,
                Err(error) => return Err(explain(doing, &error)),
            }
        }
    }

    async fn join(&mut self, channel: &str) -> Result<(), SwarmError> {
        for first in [true, false] {
            let now = self.context.now();
            let call = self.session.join_channel(now, channel, None);
            match self.ended("join", call).await? {
                Ok(_) => return Ok(()),
                Err(error) if first && is(&error, DenyCode::UnknownChannel) => {}
                Err(error) => return Err(explain("join a channel", &error)),
            }
            let now = self.context.now();
            let topic = "a load test";
            let call = self
                .session
                .create_channel(now, channel, topic, Access::Open, None);
            match self.ended("create", call).await? {
                Ok(_) => return Ok(()),
                // Somebody else was quicker.
                Err(error) if is(&error, DenyCode::ChannelTaken) => {}
                Err(error) => return Err(explain("create a channel", &error)),
            }
        }
        Ok(())
    }

    async fn outcome(&mut self, doing: &'static str, call: Call) -> Result<Answer, SwarmError> {
        let ended = self.ended(doing, call).await?;
        ended.map_err(|error| explain(doing, &error))
    }

    async fn ended(
        &mut self,
        doing: &'static str,
        call: Call,
    ) -> Result<Result<Answer, CallError>, SwarmError> {
        loop {
            while let Some((ended, outcome)) = self.session.poll_outcome() {
                if ended == call {
                    return Ok(outcome);
                }
            }
            self.turn(doing).await?;
        }
    }

    /// Does what the session wants, waits until one thing happens, and tells the
    /// session. May be dropped while it waits.
    ///
    /// # Errors
    /// When the connection is over.
    pub(crate) async fn turn(&mut self, doing: &'static str) -> Result<Batch, SwarmError> {
        self.carry_out().await?;
        self.set_alarm();
        let Some(wire) = &mut self.wire else {
            return Err(SwarmError::Lost { doing });
        };
        let mut read = Read::default();
        let mut batch = Batch::default();
        {
            let (context, session, home) = (self.context, &mut self.session, self.home);
            let (counter, batch) = (&mut self.counter, &mut batch);
            let mut now = None;
            let turn = wire.turn(&context.buffer, |packet| {
                let now = *now.get_or_insert_with(|| context.now());
                let sent = counter.see(packet, context.sampling, batch);
                context.note_latency(sent, home, now);
                session.received(now, packet);
            });
            tokio::select! {
                turn = turn => read = turn?,
                () = &mut self.alarm => {}
            }
        }
        self.context.note(self.index, &self.counter, &batch);
        match read.control {
            Some(Control::Ping) => wire.pong(),
            Some(Control::Close(reason)) => return Err(closed(reason, doing)),
            None if read.is_over => return Err(SwarmError::Lost { doing }),
            None => {}
        }
        self.session.tick(self.context.now());
        Ok(batch)
    }

    /// Has the alarm ring by the time the session wants to be called. Mostly it does
    /// already: each packet puts that time off, and ringing early does no harm.
    fn set_alarm(&mut self) {
        let due = self.session.next_deadline().unwrap_or(FAR);
        let due = Instant::from_std(self.context.start()) + due;
        if self.alarm.is_elapsed() || due < self.alarm.deadline() {
            self.alarm.as_mut().reset(due);
        }
    }

    async fn carry_out(&mut self) -> Result<(), SwarmError> {
        while let Some(action) = self.session.poll_action() {
            match action {
                Action::Open => {
                    let address = self.context.address(self.home);
                    let mut wire = Wire::dial(address).await?;
                    wire.shake_hands(address).await?;
                    self.wire = Some(wire);
                }
                Action::Send(text) => {
                    if let Some(wire) = &mut self.wire {
                        wire.queue(&text);
                    }
                }
                Action::Close { code, .. } => {
                    if let Some(mut wire) = self.wire.take() {
                        wire.close(code);
                        wire.flush();
                    }
                }
            }
        }
        Ok(())
    }

    /// Own lines that ended since it was asked last.
    ///
    /// # Errors
    /// When one of them was refused.
    pub(crate) fn lines_ended(&mut self) -> Result<usize, SwarmError> {
        let mut ended = 0;
        while let Some(event) = self.session.poll_event() {
            match event {
                Event::ChatAccepted { .. } => ended += 1,
                Event::ChatDenied { error, .. } => return Err(explain("take a line", &error)),
                Event::Disconnected { reason, .. } => {
                    return Err(gone(reason, "talking"));
                }
                Event::LoggedOut { reason } => {
                    return Err(match reason {
                        LogoutReason::Disconnected(reason) => gone(reason, "talking"),
                        _ => SwarmError::Lost { doing: "talking" },
                    });
                }
                _ => {}
            }
        }
        while self.session.poll_outcome().is_some() {}
        Ok(ended)
    }
}

fn new_password() -> String {
    format!("{:032x}", fastrand::u128(..))
}

fn is(error: &CallError, code: DenyCode) -> bool {
    error.code == CallErrorCode::Server(code)
}

pub(crate) fn closed(reason: Option<CloseReason>, doing: &'static str) -> SwarmError {
    match reason {
        Some(reason) => SwarmError::Closed { reason },
        None => SwarmError::Lost { doing },
    }
}

fn gone(reason: DisconnectReason, doing: &'static str) -> SwarmError {
    match reason {
        DisconnectReason::Server(reason) => SwarmError::Closed { reason },
        DisconnectReason::WrongServer => {
            SwarmError::NotLonghall("its first packet is no hello".to_owned())
        }
        _ => SwarmError::Lost { doing },
    }
}

fn explain(doing: &'static str, error: &CallError) -> SwarmError {
    match error.code {
        CallErrorCode::Server(code) => SwarmError::Denied { doing, code },
        CallErrorCode::TimedOut => SwarmError::NoAnswer { doing },
        CallErrorCode::NoConnection(reason) => gone(reason, doing),
        _ => SwarmError::Lost { doing },
    }
}
