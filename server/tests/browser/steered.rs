//! A browser that does as it is told.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use longhall_provision::Chromium;
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};

use crate::support::PATIENCE;

/// Between two looks at a page.
const BETWEEN: Duration = Duration::from_millis(20);

/// A browser with one page, and its driver.
pub(crate) struct Steered {
    client: Client,
    driver: Child,
}

impl Drop for Steered {
    fn drop(&mut self) {
        // The browser as well, which a driver that is killed leaves behind: when a test
        // fails, nobody closes it.
        let driver = Pid::from_child(&self.driver);
        let _ = kill_process_group(driver, Signal::KILL);
        let _ = self.driver.wait();
    }
}

impl Steered {
    /// Starts it with a window so large.
    pub(crate) async fn start(width: u32, height: u32) -> Self {
        let chromium = Chromium::find_or_fetch().unwrap();
        let mut driver = chromium
            .driver()
            .unwrap()
            .arg("--port=0")
            .process_group(0)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = lines.find_map(|line| {
            let line = line.unwrap();
            let port = line.split_once("started successfully on port ")?.1;
            Some(port.trim_end_matches('.').to_owned())
        });
        // What it says later is read, so that it never waits for that.
        std::thread::spawn(move || lines.for_each(drop));
        let mut arguments = vec![
            "--headless=new".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--hide-scrollbars".to_owned(),
            format!("--window-size={width},{height}"),
        ];
        if rustix::process::getuid().is_root() {
            arguments.push("--no-sandbox".to_owned());
        }
        let wanted = json!({
            "goog:chromeOptions": { "binary": chromium.browser(), "args": arguments },
            "goog:loggingPrefs": { "browser": "ALL" },
        });
        let Value::Object(wanted) = wanted else {
            unreachable!()
        };
        let wanted: Capabilities = wanted;
        let address = format!("http://127.0.0.1:{}", port.unwrap());
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(wanted)
            .connect(&address)
            .await
            .unwrap();
        Self { client, driver }
    }

    pub(crate) async fn goto(&self, url: &str) {
        self.client.goto(url).await.unwrap();
    }

    pub(crate) async fn close(self) {
        self.client.clone().close().await.unwrap();
    }

    /// Waits until a script gives something but false, null or nothing.
    pub(crate) async fn until(&self, script: &str) -> Value {
        let end = Instant::now() + PATIENCE;
        loop {
            let found = self.client.execute(script, Vec::new()).await.unwrap();
            if !matches!(found, Value::Null | Value::Bool(false)) {
                return found;
            }
            if Instant::now() > end {
                let text = self.text().await;
                panic!("{script}: not so on the page that reads\n{text}");
            }
            tokio::time::sleep(BETWEEN).await;
        }
    }

    pub(crate) async fn script(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap()
    }

    /// All that can be read.
    pub(crate) async fn text(&self) -> String {
        let text = self.script("return document.body.innerText").await;
        text.as_str().unwrap().to_owned()
    }

    /// Waits until something can be read.
    pub(crate) async fn reads(&self, text: &str) {
        let text = json!(text);
        self.until(&format!("return document.body.innerText.includes({text})"))
            .await;
    }

    /// Waits until something cannot be read any more.
    pub(crate) async fn reads_no_more(&self, text: &str) {
        let text = json!(text);
        self.until(&format!("return !document.body.innerText.includes({text})"))
            .await;
    }

    fn selector(name: &str) -> String {
        format!("[data-test='{name}']")
    }

    /// Waits for a control by its name for tests.
    pub(crate) async fn waits_for(&self, name: &str) {
        let selector = json!(format!("{}:not([hidden])", Self::selector(name)));
        self.until(&format!(
            "return document.querySelector({selector}) !== null"
        ))
        .await;
    }

    /// Types into a field, of the dialog where there is one.
    pub(crate) async fn types(&self, name: &str, text: &str) {
        let element = self.find(name).await;
        element.clear().await.unwrap();
        element.send_keys(text).await.unwrap();
    }

    /// Chooses of a list.
    pub(crate) async fn picks(&self, name: &str, value: &str) {
        let element = self.find(name).await;
        element.select_by_value(value).await.unwrap();
    }

    /// Clicks as a mouse does: on what can be seen and is not covered. A page may be drawn
    /// anew between the look and the click.
    pub(crate) async fn clicks(&self, name: &str) {
        let end = Instant::now() + PATIENCE;
        loop {
            let element = self.find(name).await;
            match element.click().await {
                Err(error) if error.is_stale_element_reference() && Instant::now() < end => {}
                clicked => return clicked.unwrap(),
            }
        }
    }

    async fn find(&self, name: &str) -> fantoccini::elements::Element {
        self.waits_for(name).await;
        let selector = Self::selector(name);
        let in_dialog = format!("dialog[open] {selector}");
        if let Ok(found) = self.client.find(Locator::Css(&in_dialog)).await {
            return found;
        }
        self.client.find(Locator::Css(&selector)).await.unwrap()
    }

    /// Confirms what a dialog asks, and waits until it is done.
    pub(crate) async fn confirms(&self) {
        self.clicks("confirm").await;
        self.until("return document.querySelector('dialog [data-test=confirm]') === null")
            .await;
    }

    /// Chooses a password in place of the one that was told.
    pub(crate) async fn chooses(&self, told: &str, chosen: &str) {
        self.types("old", told).await;
        self.types("new", chosen).await;
        self.types("again", chosen).await;
        self.clicks("submit").await;
    }

    /// That the page ran nothing but its own scripts and met no error. What is refused by
    /// the server is in the browser's log as well.
    pub(crate) async fn is_clean(&self) {
        let told = self.script("return window.trouble ?? null").await;
        assert!(told.is_null(), "{told}");
        let log = self.client.issue_cmd(Log).await.unwrap();
        let entries = log.as_array().unwrap().iter();
        let texts = entries.map(|entry| entry["message"].as_str().unwrap().to_owned());
        let bad: Vec<_> = texts
            .filter(|text| !text.contains("/console/api/"))
            .collect();
        assert!(bad.is_empty(), "{bad:#?}");
    }

    /// That nothing is wider than the window.
    pub(crate) async fn fits(&self, what: &str) {
        let wide = self
            .script(
                "const width = document.documentElement.clientWidth;
                 return [...document.body.querySelectorAll('*')]
                     .filter((element) => !element.closest('thead') && !element.closest('svg')
                         && element.getBoundingClientRect().right > width + 1)
                     .map((element) => element.outerHTML.slice(0, 120))",
            )
            .await;
        assert_eq!(wide, json!([]), "{what} is too wide");
        let (page, window) = ("document.documentElement.scrollWidth", "innerWidth");
        let scrolls = self.script(&format!("return {page} > {window}")).await;
        assert_eq!(scrolls, json!(false), "{what} scrolls sideways");
        let text = self.text().await;
        assert!(!text.contains("[object"), "{text}");
    }

    /// As the system of whoever looks would say it.
    pub(crate) async fn is_dark(&self, is_dark: bool) {
        let scheme = if is_dark { "dark" } else { "light" };
        let media = json!({
            "cmd": "Emulation.setEmulatedMedia",
            "params": { "features": [{ "name": "prefers-color-scheme", "value": scheme }] },
        });
        self.client.issue_cmd(Devtools(media)).await.unwrap();
    }

    /// A phone's window: a real one is never narrower than 500 pixels.
    pub(crate) async fn is_phone(&self) {
        let metrics = json!({
            "cmd": "Emulation.setDeviceMetricsOverride",
            "params": { "width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": true },
        });
        self.client.issue_cmd(Devtools(metrics)).await.unwrap();
    }

    /// Saves what is seen, if somebody wants pictures.
    pub(crate) async fn picture(&self, name: &str) {
        let Some(folder) = std::env::var_os("LONGHALL_PICTURES") else {
            return;
        };
        let bytes = self.client.screenshot().await.unwrap();
        std::fs::write(PathBuf::from(folder).join(format!("{name}.png")), bytes).unwrap();
    }
}

/// What pages wrote to the browser's console.
#[derive(Debug)]
struct Log;

/// A command of Chromium's own protocol.
#[derive(Debug)]
struct Devtools(Value);

impl fantoccini::wd::WebDriverCompatibleCommand for Log {
    fn endpoint(
        &self,
        base: &url::Url,
        session: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/se/log", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (hyper::Method, Option<String>) {
        (
            hyper::Method::POST,
            Some(r#"{"type":"browser"}"#.to_owned()),
        )
    }
}

impl fantoccini::wd::WebDriverCompatibleCommand for Devtools {
    fn endpoint(
        &self,
        base: &url::Url,
        session: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        let session = session.unwrap_or_default();
        base.join(&format!("session/{session}/goog/cdp/execute"))
    }

    fn method_and_body(&self, _: &url::Url) -> (hyper::Method, Option<String>) {
        (hyper::Method::POST, Some(self.0.to_string()))
    }
}
