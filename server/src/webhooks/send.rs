//! Tells one event: a connection, a POST, and the status of the answer.

use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, HOST, USER_AGENT};
use axum::http::{Request, StatusCode};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;

use super::Target;
use crate::SERVER_NAME;
use crate::clock::now_ms;

/// How long it may take as a whole.
const PATIENCE: Duration = Duration::from_secs(15);

/// Why an event did not arrive.
#[derive(Debug, thiserror::Error)]
pub(super) enum SendError {
    #[error("it took longer than {} seconds", PATIENCE.as_secs())]
    TooLong,
    #[error("cannot connect: {0}")]
    Connect(#[from] std::io::Error),
    #[error("no address of it is private, which plain HTTP is for")]
    NotPrivate,
    #[error("the connection broke: {0}")]
    Http(#[from] hyper::Error),
    /// A redirect as well: where it leads nobody has chosen.
    #[error("it is answered with {0}")]
    Refused(StatusCode),
    #[error("it cannot be signed or written")]
    Unsound,
}

/// Tells one event.
///
/// # Errors
/// See [`SendError`]; then whether it arrived is not known, and it has the same `id` when it is
/// told again.
pub(super) async fn send(target: &Target, id: &str, body: &str) -> Result<(), SendError> {
    send_within(PATIENCE, target, id, body).await
}

async fn send_within(
    patience: Duration,
    target: &Target,
    id: &str,
    body: &str,
) -> Result<(), SendError> {
    let told = timeout(patience, connect_and_post(target, id, body));
    told.await.unwrap_or(Err(SendError::TooLong))
}

async fn connect_and_post(target: &Target, id: &str, body: &str) -> Result<(), SendError> {
    let addresses: Vec<_> = lookup_host((target.host.as_str(), target.port))
        .await?
        .filter(|address| target.may_be_at(address.ip()))
        .collect();
    if addresses.is_empty() {
        return Err(SendError::NotPrivate);
    }
    // What was looked at is what is connected to.
    let stream = TcpStream::connect(&*addresses).await?;
    match &target.tls {
        Some((connector, name)) => {
            let stream = connector.connect(name.clone(), stream).await?;
            post(stream, target, id, body).await
        }
        None => post(stream, target, id, body).await,
    }
}

async fn post<S>(stream: S, target: &Target, id: &str, body: &str) -> Result<(), SendError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let timestamp = now_ms().unsigned_abs() / 1000;
    let signature = target
        .signature(id, timestamp, body)
        .ok_or(SendError::Unsound)?;
    let host = match target.host.contains(':') {
        true => format!("[{}]:{}", target.host, target.port),
        false => format!("{}:{}", target.host, target.port),
    };
    let request = Request::post(&target.path)
        .header(HOST, host)
        .header(USER_AGENT, SERVER_NAME)
        .header(CONTENT_TYPE, "application/json")
        .header("webhook-id", id)
        .header("webhook-timestamp", timestamp)
        .header("webhook-signature", signature)
        .body(Body::from(body.to_owned()))
        .map_err(|_| SendError::Unsound)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let _connection = AbortOnDropHandle::new(tokio::spawn(connection));
    let answer = sender.send_request(request).await?;
    // What it says beside that is not read, however much it is.
    match answer.status() {
        status if status.is_success() => Ok(()),
        status => Err(SendError::Refused(status)),
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::super::tests::{PATIENCE as LONG, settings};
    use super::*;

    fn target(url: &str) -> Target {
        let folder = tempfile::tempdir().unwrap();
        Target::of(&settings(url, &folder)).unwrap().unwrap()
    }

    #[tokio::test]
    async fn a_back_end_that_never_answers_is_not_waited_for() {
        // Connections are taken by the system, and that is all.
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let target = target(&format!("http://{}/", listener.local_addr().unwrap()));
        let patience = Duration::from_millis(20);
        let telling = timeout(LONG, send_within(patience, &target, "msg_1", "{}"));
        let told = telling.await.expect("it is given up");
        assert!(matches!(told, Err(SendError::TooLong)), "{told:?}");
    }

    #[tokio::test]
    async fn nothing_is_told_unencrypted_over_the_internet() {
        let mut target = target("http://localhost/");
        // As a name that leads elsewhere by now. An address for documents: nobody is there.
        target.host = "192.0.2.1".to_owned();
        let told = send(&target, "msg_1", "{}").await;
        assert!(matches!(told, Err(SendError::NotPrivate)), "{told:?}");
    }
}
