//! How the pages look: on a desk and on a phone, light and dark, with names as long as there
//! are.

use crate::Desk;

/// As many signs as a name may have, of the widest.
const WIDEST: &str = "WWWWWWWWWWWWWWWWWWWW";

async fn evening(desk: &Desk) {
    let mut mallory = desk.player("Mallory").await;
    let mut ada = desk.player("Ada").await;
    let _wide = desk.player(WIDEST).await;
    ada.say("Good evening! Is anyone up for the northern gate?")
        .await;
    mallory.say("no").await;
    ada.say("Then in an hour, with whoever is there by then. Bring torches.")
        .await;
    mallory
        .say("BUY GOLD NOW at gold.example!!! BUY GOLD NOW at gold.example!!!")
        .await;
    mallory.say(&"supercalifragilistic".repeat(20)).await;
    ada.say("مساء الخير، كلنا هنا").await;
    ada.enter_channel("create", r#""channel":"northern-gate","access":"open""#)
        .await;
    desk.page.clicks("nav-accounts").await;
    desk.goes_to("accounts/Mallory").await;
    desk.page.clicks("mute").await;
    desk.page.types("time", "2h").await;
    desk.page
        .types("reason", "Sells gold, was told twice")
        .await;
    desk.page.confirms().await;
    desk.goes_to("registration").await;
    desk.page.clicks("add").await;
    desk.page
        .types("note", "the guild of the northern gate and all its friends")
        .await;
    desk.page.confirms().await;
    desk.page.clicks("close").await;
    desk.goes_to("game-keys").await;
    desk.page.clicks("add").await;
    desk.page
        .types("name", "the-northern-gate-of-all-friends")
        .await;
    for scope in ["players", "kick", "say", "channels", "tickets", "profiles"] {
        desk.page.clicks(&format!("scope-{scope}")).await;
    }
    desk.page.confirms().await;
    desk.page.clicks("close").await;
    desk.goes_to(&format!("accounts/{WIDEST}")).await;
    desk.page.clicks("ban").await;
    desk.page.confirms().await;
}

#[tokio::test]
async fn every_page_fits_a_desk_and_a_phone_light_and_dark() {
    let desk = Desk::signed_in(1280, 900).await;
    let page = &desk.page;
    evening(&desk).await;
    page.script("document.getElementById('notices').replaceChildren()")
        .await;
    for (place, is_phone, is_dark) in [
        ("desk", false, false),
        ("desk-dark", false, true),
        ("phone", true, false),
        ("phone-dark", true, true),
    ] {
        if is_phone {
            page.is_phone().await;
        }
        page.is_dark(is_dark).await;
        for (name, route, text) in [
            ("overview", "overview", "This server"),
            ("accounts", "accounts", "Mallory"),
            ("account", "accounts/Mallory", "Sells gold"),
            ("channels", "channels", "northern-gate"),
            ("channel", "channels/lobby", "torches"),
            ("reports", "reports", "Open"),
            ("sanctions", "sanctions", "Sells gold"),
            ("registration", "registration", "the guild"),
            ("audit", "audit", "console sign-in"),
            ("operators", "operators", "Second factor"),
            ("game-keys", "game-keys", "the-northern-gate"),
            ("me", "me", "Sign out everywhere"),
        ] {
            desk.goes_to(route).await;
            page.reads(text).await;
            page.fits(&format!("{name} on the {place}")).await;
            page.picture(&format!("console-{name}-{place}")).await;
        }
        desk.goes_to("accounts/Mallory").await;
        page.clicks("ban").await;
        page.fits(&format!("a dialog on the {place}")).await;
        page.picture(&format!("console-dialog-{place}")).await;
        page.clicks("cancel").await;
        desk.goes_to("game-keys").await;
        page.clicks("add").await;
        page.fits(&format!("a dialog with ticks on the {place}"))
            .await;
        page.picture(&format!("console-ticks-{place}")).await;
        page.clicks("cancel").await;
    }
    page.is_clean().await;
    desk.close().await;
}

#[tokio::test]
async fn each_control_has_a_name_and_room_for_a_finger() {
    let desk = Desk::signed_in(1280, 900).await;
    let page = &desk.page;
    for route in [
        "overview",
        "accounts",
        "channels",
        "sanctions",
        "reports",
        "registration",
        "operators",
        "game-keys",
        "me",
    ] {
        desk.goes_to(route).await;
        page.until("return document.querySelector('main h1') !== null")
            .await;
        let nameless = page
            .script(
                "return [...document.querySelectorAll('input, select, button, a, img, svg')]
                     .filter((element) => !(element.getAttribute('aria-label') || element.labels?.length
                         || element.innerText?.trim() || element.hasAttribute('alt') || element.hidden))
                     .map((element) => element.outerHTML)",
            )
            .await;
        assert_eq!(nameless, serde_json::json!([]), "{route}");
        let small = page
            .script(
                "return [...document.querySelectorAll('button, nav a, input, select')]
                     .filter((element) => !element.hidden && element.getBoundingClientRect().height < 44)
                     .map((element) => element.outerHTML)",
            )
            .await;
        assert_eq!(small, serde_json::json!([]), "{route}");
    }
    desk.close().await;
}
