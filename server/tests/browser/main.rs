//! The console in a real browser: a headless Chromium on the pages of a real server.
//!
//! With `LONGHALL_PICTURES=FOLDER` the pages are also saved as pictures.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test says what failed by failing")]

mod evening;
mod looks;
mod second_factor;
mod steered;
#[path = "../support/mod.rs"]
mod support;

use std::sync::Arc;

use steered::Steered;
use support::{Program, TestPlayer, TestServer};
use tempfile::TempDir;

/// A password that operators choose in tests.
const CHOSEN: &str = "a long one of my own";

/// A server with an admin called Ann, and a browser on its console.
struct Desk {
    server: TestServer,
    page: Steered,
}

impl Desk {
    /// Returns the password that Ann was told, too.
    async fn open(width: u32, height: u32) -> (Self, String) {
        let folder: Arc<TempDir> = TestServer::start().await.stop().await;
        let mut command = Program::command();
        command.args(["operators", "add", "Ann", "--role", "admin", "--json"]);
        command
            .arg("--database")
            .arg(folder.path().join("longhall.db"));
        let output = Program::output(&mut command);
        assert!(output.status.success());
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let told = report["password"].as_str().unwrap().to_owned();
        let server = TestServer::in_folder(folder).await;
        let page = Steered::start(width, height).await;
        page.goto(&format!("http://{}/console", server.admin)).await;
        (Self { server, page }, told)
    }

    /// With Ann signed in, who has chosen a password.
    async fn signed_in(width: u32, height: u32) -> Self {
        let (desk, told) = Self::open(width, height).await;
        let page = &desk.page;
        page.types("name", "Ann").await;
        page.types("password", &told).await;
        page.clicks("submit").await;
        page.chooses(&told, CHOSEN).await;
        page.waits_for("nav-accounts").await;
        desk
    }

    async fn player(&self, name: &str) -> TestPlayer {
        let mut player = TestPlayer::connect(self.server.address).await;
        player.enter(name).await;
        player
    }

    /// Somebody with an account.
    async fn player_again(&self, name: &str) {
        let mut player = TestPlayer::connect(self.server.address).await;
        player.login(name).await;
    }

    async fn goes_to(&self, page: &str) {
        let admin = self.server.admin;
        self.page
            .goto(&format!("http://{admin}/console#/{page}"))
            .await;
    }

    async fn close(self) {
        self.page.close().await;
        self.server.stop().await;
    }
}
