//! What a moderator does on an evening, click by click.

use longhall_packet::{CloseReason, DenyCode, RegistrationMode, ServerPacket};
use longhall_server::Config;

use crate::support::TestPlayer;
use crate::{CHOSEN, Desk};

/// What somebody types in the hope that a page of the operator runs it.
const HOSTILE: &str = "<img src=x onerror=window.trouble='line'><script>window.trouble=1</script>";

#[tokio::test]
async fn an_operator_signs_in_sees_the_hall_and_signs_out() {
    let (desk, told) = Desk::open(1280, 900).await;
    let page = &desk.page;
    page.types("name", "Ann").await;
    page.types("password", "not her password").await;
    page.clicks("submit").await;
    page.reads("The name or the password is wrong.").await;
    page.types("password", &told).await;
    page.clicks("submit").await;
    page.reads("Somebody else knows your password.").await;
    page.types("old", &told).await;
    page.types("new", CHOSEN).await;
    page.types("again", "something else entirely").await;
    page.clicks("submit").await;
    page.reads("not the same").await;
    page.chooses(&told, CHOSEN).await;
    page.reads("Players online").await;
    page.reads("(admin)").await;
    let _ada = desk.player("Ada").await;
    // The page looks again by itself, and the chart has what the server saw meanwhile.
    page.until("return document.querySelectorAll('.chart output').length === 7")
        .await;
    page.until(
        "return [...document.querySelectorAll('.chart')].some((chart) =>
             chart.innerText.includes('Players online') && chart.querySelector('output').innerText === '1')",
    )
    .await;
    page.clicks("lockdown").await;
    page.confirms().await;
    page.reads("nobody registers").await;
    page.clicks("lockdown-end").await;
    page.confirms().await;
    page.reads_no_more("nobody registers").await;
    page.is_clean().await;
    page.clicks("nav-me").await;
    page.clicks("sign-out").await;
    page.waits_for("submit").await;
    desk.goes_to("accounts").await;
    page.waits_for("submit").await;
    page.reads_no_more("Ada").await;
    desk.close().await;
}

#[tokio::test]
async fn a_moderator_finds_a_troll_mutes_bans_and_lets_in_again() {
    let desk = Desk::signed_in(1280, 900).await;
    let page = &desk.page;
    let mut mallory = desk.player("Mallory").await;
    let _ada = desk.player("Ada").await;
    page.clicks("nav-accounts").await;
    page.reads("Ada").await;
    page.types("search", "mall").await;
    page.reads_no_more("Ada").await;
    page.until("return document.querySelector('td a')?.innerText === 'Mallory'")
        .await;
    page.script("document.querySelector('td a').click()").await;
    page.clicks("mute").await;
    page.types("time", "half an hour").await;
    page.clicks("confirm").await;
    page.reads("“half an hour” is no time").await;
    page.types("time", "30m").await;
    page.types("reason", "shouts").await;
    page.confirms().await;
    page.reads("Mallory is muted.").await;
    page.reads("in 30 minutes").await;
    mallory
        .request("set_presence", r#""state":"away","text":"la""#)
        .await;
    mallory.expect_deny(DenyCode::Muted).await;

    page.clicks("ban").await;
    page.types("reason", "again").await;
    page.confirms().await;
    mallory.expect_closed(CloseReason::Banned).await;
    page.clicks("nav-sanctions").await;
    page.reads("never").await;
    page.reads("shouts").await;
    page.clicks("lift").await;
    page.confirms().await;
    page.reads("The ban of Mallory is lifted.").await;
    desk.player_again("Mallory").await;
    page.clicks("nav-audit").await;
    page.reads("unban").await;
    page.reads("console sign-in").await;
    page.is_clean().await;
    desk.close().await;
}

#[tokio::test]
async fn who_waits_is_let_in_or_declined_and_an_invite_is_made_and_taken_back() {
    let desk = Desk::signed_in(1280, 900).await;
    let page = &desk.page;
    let mut settings = Config::clone(&desk.server.settings.now());
    settings.gates.registration = RegistrationMode::Approval;
    desk.server.settings.set(settings.clone());
    let mut ada = TestPlayer::connect(desk.server.address).await;
    ada.register("Ada").await;
    ada.register("Mallory").await;
    page.clicks("nav-registration").await;
    page.clicks("approve-Ada").await;
    page.confirms().await;
    page.reads("Ada may come in.").await;
    page.clicks("decline-Mallory").await;
    page.confirms().await;
    page.reads("Nobody waits.").await;
    ada.login("Ada").await;

    settings.gates.registration = RegistrationMode::Invite;
    desk.server.settings.set(settings);
    page.clicks("add").await;
    page.types("uses", "2").await;
    page.types("note", HOSTILE).await;
    page.confirms().await;
    page.reads("shown this once").await;
    let code = page
        .script("return document.querySelector('dialog output, dialog code').innerText")
        .await;
    page.clicks("close").await;
    page.reads("2 of 2").await;
    let mut mallory = TestPlayer::connect(desk.server.address).await;
    let account = format!(r#""username":"Mallory","password":"correct horse","invite":{code}"#);
    let id = mallory.request("register", &account).await;
    mallory.expect_ok(id).await;
    page.clicks("nav-audit").await;
    page.reads("invites add").await;
    page.clicks("nav-registration").await;
    page.reads("1 of 2").await;
    page.clicks("remove-1").await;
    page.confirms().await;
    page.reads("Invite #1 is void.").await;
    let again = account.replace("Mallory", "Trudy");
    mallory.request("register", &again).await;
    mallory.expect_deny(DenyCode::InviteNeeded).await;
    page.is_clean().await;
    desk.close().await;
}

#[tokio::test]
async fn hostile_lines_are_read_as_text_and_deleted() {
    let desk = Desk::signed_in(1280, 900).await;
    let page = &desk.page;
    let mut mallory = desk.player("Mallory").await;
    mallory.say(HOSTILE).await;
    mallory.say("and a friendly one").await;
    page.clicks("nav-channels").await;
    page.until("return document.querySelector('td a')?.innerText === 'lobby'")
        .await;
    page.script("document.querySelector('td a').click()").await;
    page.reads(HOSTILE).await;
    page.clicks("delete-1").await;
    page.types("reason", HOSTILE).await;
    page.confirms().await;
    page.reads_no_more(HOSTILE).await;
    page.reads("deleted").await;
    page.clicks("nav-audit").await;
    page.reads(HOSTILE).await;
    page.is_clean().await;
    desk.close().await;
}

#[tokio::test]
async fn a_colleague_is_let_in_with_a_password_that_is_shown_once() {
    let desk = Desk::signed_in(1280, 900).await;
    let page = &desk.page;
    page.clicks("nav-operators").await;
    page.clicks("add").await;
    page.types("name", "Ben").await;
    page.picks("role", "viewer").await;
    page.clicks("confirm").await;
    let secret = page
        .until("return document.querySelector('[data-test=secret]')?.innerText")
        .await;
    let secret = secret.as_str().unwrap().to_owned();
    page.clicks("close").await;
    page.reads_no_more(&secret).await;
    page.clicks("remove-Ann").await;
    page.clicks("confirm").await;
    page.reads("only admin").await;
    page.clicks("cancel").await;
    page.clicks("nav-me").await;
    page.clicks("sign-out").await;

    page.types("name", "Ben").await;
    page.types("password", &secret).await;
    page.clicks("submit").await;
    page.chooses(&secret, CHOSEN).await;
    page.reads("(viewer)").await;
    // Nothing is offered that would be refused.
    page.reads_no_more("Audit log").await;
    page.reads_no_more("Announce").await;
    desk.goes_to("audit").await;
    page.reads("This server").await;
    page.is_clean().await;
    desk.close().await;
}

#[tokio::test]
async fn a_report_is_read_with_its_lines_and_closed_and_the_reporter_is_told() {
    let desk = Desk::signed_in(1280, 900).await;
    let page = &desk.page;
    let (mut mallory, mut ada) = (desk.player("Mallory").await, desk.player("Ada").await);
    mallory.say(HOSTILE).await;
    mallory.say("and a friendly one").await;
    for (seq, category) in [(1, "harassment"), (2, "spam")] {
        let report = format!(
            r#""channel":"lobby","seq":{seq},"category":"{category}","text":"look at this""#
        );
        ada.request("report", &report).await;
        loop {
            if let ServerPacket::Reported { .. } = ada.next().await {
                break;
            }
        }
    }
    page.clicks("nav-reports").await;
    page.reads("Harassment").await;
    page.reads("Spam").await;
    page.clicks("report-1").await;
    page.reads("look at this").await;
    page.reads(HOSTILE).await;
    page.clicks("delete-1").await;
    page.confirms().await;
    page.clicks("mute").await;
    page.types("time", "30m").await;
    page.confirms().await;
    page.reads("Mallory is muted.").await;
    // What was kept stays.
    page.reads(HOSTILE).await;
    page.clicks("acted").await;
    page.types("text", "Muted for a while.").await;
    page.confirms().await;
    page.reads("Report #1 is closed.").await;
    page.reads("acted").await;
    loop {
        if let ServerPacket::ReportClosed { report, text, .. } = ada.next().await {
            assert_eq!((report, text.as_str()), (1, "Muted for a while."));
            break;
        }
    }
    page.clicks("nav-reports").await;
    page.reads_no_more("Harassment").await;
    page.reads("Spam").await;
    page.script(
        "const shown = document.querySelector('[data-test=filter]');
         shown.value = 'closed'; shown.dispatchEvent(new Event('change'))",
    )
    .await;
    page.reads("Harassment").await;
    page.is_clean().await;
    desk.close().await;
}

#[tokio::test]
async fn a_key_for_a_games_server_is_made_shown_once_and_removed() {
    let desk = Desk::signed_in(1280, 900).await;
    let page = &desk.page;
    page.clicks("nav-game-keys").await;
    page.reads("None.").await;
    page.clicks("add").await;
    page.types("name", "Arena 1").await;
    page.clicks("confirm").await;
    page.reads("Tick what it is good for.").await;
    page.clicks("scope-say").await;
    page.clicks("scope-players").await;
    page.clicks("confirm").await;
    page.reads("has 1 to 32 of a-z").await;
    page.types("name", "arena").await;
    page.types("time", "90d").await;
    page.types("reason", "for the arena").await;
    page.clicks("confirm").await;
    let key = page
        .until("return document.querySelector('[data-test=secret]')?.innerText")
        .await;
    let key = key.as_str().unwrap().to_owned();
    assert!(key.starts_with("lhk_") && key.len() == 36, "{key}");
    page.clicks("close").await;
    page.reads_no_more(&key).await;
    page.reads("say, players").await;
    page.reads("never").await;
    page.clicks("nav-audit").await;
    page.reads("game-keys add").await;
    page.reads("for the arena").await;
    page.reads_no_more(&key).await;
    page.clicks("nav-game-keys").await;
    page.clicks("remove-arena").await;
    page.confirms().await;
    page.reads("The key arena is good for nothing any more.")
        .await;
    page.reads("None.").await;
    page.is_clean().await;
    desk.close().await;
}
