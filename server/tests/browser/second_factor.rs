//! The second factor, with an app that reads the secret.

use std::time::{SystemTime, UNIX_EPOCH};

use totp_rs::{Builder, Secret};

use crate::{CHOSEN, Desk};

/// What an app shows, so many steps from now.
fn code(secret: &str, steps: u64) -> String {
    let secret = Secret::try_from_base32(secret).unwrap();
    let app = Builder::new().with_secret(secret).build().unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    app.generate(now.as_secs() + 30 * steps).to_string()
}

#[tokio::test]
async fn a_second_factor_is_set_up_by_a_picture_and_asked_for() {
    let desk = Desk::signed_in(1280, 900).await;
    let page = &desk.page;
    page.clicks("nav-me").await;
    page.clicks("totp-on").await;
    let secret = page
        .until("return document.querySelector('[data-test=totp-secret]')?.innerText")
        .await;
    let secret = secret.as_str().unwrap().to_owned();
    page.until("const picture = document.querySelector('img.qr'); return picture?.complete && picture.naturalWidth > 100")
        .await;
    page.picture("console-second-factor").await;
    page.types("code", "1").await;
    page.clicks("confirm").await;
    page.reads("The code is wrong.").await;
    page.types("code", &code(&secret, 0)).await;
    page.confirms().await;
    page.reads("You are asked for a code when you sign in.")
        .await;
    page.clicks("sign-out").await;

    page.types("name", "Ann").await;
    page.types("password", CHOSEN).await;
    page.clicks("submit").await;
    page.until("return document.activeElement?.name === 'code'")
        .await;
    page.types("code", "000000").await;
    page.clicks("submit").await;
    page.reads("The code is wrong, or was used already.").await;
    page.types("code", &code(&secret, 1)).await;
    page.clicks("submit").await;
    page.reads("Sign out everywhere").await;
    page.is_clean().await;
    desk.close().await;
}
