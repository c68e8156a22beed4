//! Chromium by its driver.

use crate::demo::PASSWORD;
use base64::Engine as _;
use fantoccini::actions::{InputSource as _, KeyAction, KeyActions};
use fantoccini::elements::Element;
use fantoccini::key::Key;
use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How a browser is set.
#[derive(Clone, Copy)]
pub struct Set {
    pub script: bool,
    pub width: u32,
    pub height: u32,
    /// 2: a page of 1280 pixels is shown as if it had 640.
    pub zoom: f64,
    /// Only keys are pressed.
    pub keys: bool,
}

pub const DESK: Set = Set { script: true, width: 1280, height: 900, zoom: 1.0, keys: false };

/// A browser, and what was counted of its use.
pub struct Browser {
    driver: Child,
    pub client: Client,
    pub base: String,
    pub clicks: u32,
    keys: bool,
    _profile: TempDir,
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

fn driver() -> (Child, u16) {
    let port = crate::ports::free_port();
    let driver = Command::new("chromedriver")
        .arg(format!("--port={port}"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let driver = driver.unwrap_or_else(|e| {
        panic!(
            "chromedriver does not start ({e}); these tests need Chromium and its driver: \
             Debian: apt-get install chromium chromium-driver; scripts/tools-present says it too"
        )
    });
    (driver, port)
}

impl Browser {
    pub async fn open(base: &str, set: Set) -> Browser {
        let (driver, port) = driver();
        let profile = TempDir::new().unwrap();
        let mut args = vec![
            "--headless".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--disable-quic".to_owned(),
            "--no-first-run".to_owned(),
            "--disable-background-networking".to_owned(),
            "--disable-component-update".to_owned(),
            "--disable-sync".to_owned(),
            "--hide-scrollbars".to_owned(),
            "--lang=en-US".to_owned(),
            format!("--window-size={},{}", set.width, set.height),
            format!("--force-device-scale-factor={}", set.zoom),
        ];
        args.push(format!("--user-data-dir={}", profile.path().display()));
        let mut options = json!({ "args": args });
        if !set.script {
            options["prefs"] = json!({ "profile.managed_default_content_settings.javascript": 2 });
        }
        let mut wanted = Capabilities::new();
        wanted.insert("goog:chromeOptions".to_owned(), options);
        let start = Instant::now();
        let client = loop {
            let mut builder = ClientBuilder::new(HttpConnector::new());
            let tried = builder.capabilities(wanted.clone());
            match tried.connect(&format!("http://127.0.0.1:{port}")).await {
                Ok(client) => break client,
                Err(e) => {
                    assert!(start.elapsed() < Duration::from_secs(30), "no browser: {e}");
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            }
        };
        let browser = Browser {
            driver,
            client,
            base: base.to_owned(),
            clicks: 0,
            keys: set.keys,
            _profile: profile,
        };
        browser.viewport(set).await;
        browser
    }

    /// A page of so many pixels, also narrower than a window can be.
    pub async fn viewport(&self, set: Set) {
        let size = json!({
            "width": (f64::from(set.width) / set.zoom) as u32,
            "height": (f64::from(set.height) / set.zoom) as u32,
            "deviceScaleFactor": set.zoom, "mobile": false,
        });
        self.devtools("Emulation.setDeviceMetricsOverride", size).await;
    }

    /// A command of Chromium's own protocol.
    pub async fn devtools(&self, name: &str, params: Value) -> Value {
        let command = DevTools(json!({ "cmd": name, "params": params }));
        self.client.issue_cmd(command).await.unwrap()
    }

    /// Opens a page of the desk.
    pub async fn go(&self, path: &str) {
        self.client.goto(&format!("{}{path}", self.base)).await.unwrap();
    }

    /// Where the browser is.
    pub async fn path(&self) -> String {
        self.client.current_url().await.unwrap().path().to_owned()
    }

    /// Signs in.
    pub async fn sign_in(&self, account: &str) {
        self.go("/sign-in").await;
        self.fill("account", account).await;
        self.fill("password", PASSWORD).await;
        self.client.find(Locator::Css("main button")).await.unwrap().click().await.unwrap();
        self.until("signed in", "form[action='/sign-out']").await;
    }

    /// Writes into a field, in place of what it held.
    pub async fn fill(&self, id: &str, text: &str) {
        let place = format!("[id='{id}'], [name='{id}']:not([type=hidden])");
        let field = self.client.find(Locator::Css(&place)).await;
        let field = field.unwrap_or_else(|e| panic!("no field `{id}`: {e}"));
        let kind = field.attr("type").await.unwrap().unwrap_or_default();
        if kind != "file" {
            field.clear().await.unwrap();
        }
        let keys = match kind.as_str() {
            "date" => day_keys(text),
            "datetime-local" => moment_keys(text),
            _ => text.to_owned(),
        };
        field.send_keys(&keys).await.unwrap();
    }

    /// Clicks what shows these words.
    pub async fn click(&mut self, words: &str) {
        let path =
            format!("//main//*[self::a or self::button][contains(normalize-space(.), {words:?})]");
        self.clicks += 1;
        let page = loop {
            let found = self.client.find(Locator::XPath(&path)).await;
            let found = match found {
                Ok(found) => found,
                Err(e) => panic!("nothing says `{words}` on:\n{}\n{e}", self.words().await),
            };
            let page = self.client.find(Locator::Css("html")).await.unwrap();
            if self.keys {
                if !self.reach(&found).await {
                    continue;
                }
                self.press(Key::Enter).await;
                break page;
            }
            match found.click().await {
                Ok(()) => break page,
                // A live list was read again in between.
                Err(e) if e.is_stale_element_reference() => {}
                Err(e) => panic!("`{words}`: {e}"),
            }
        };
        // What is clicked here leads to another page.
        let start = Instant::now();
        while page.tag_name().await.is_ok() {
            assert!(start.elapsed() < Duration::from_secs(30), "`{words}` leads nowhere");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.until("the next page", "main h1").await;
    }

    /// Presses the tabulator until something has the focus. False if it is not there any more:
    /// a live list was read again in between.
    async fn reach(&self, wanted: &Element) -> bool {
        let wanted = serde_json::to_value(wanted).unwrap();
        for _ in 0..300 {
            let has = "const at = document.activeElement, to = arguments[0];
                return at === to || (to.type === 'radio' && at.name === to.name)";
            match self.client.execute(has, vec![wanted.clone()]).await {
                Ok(Value::Bool(true)) => return true,
                Err(e) if e.is_stale_element_reference() => return false,
                Ok(_) => self.press(Key::Tab).await,
                Err(e) => panic!("{e}"),
            }
        }
        panic!("the keyboard does not get there: {}", self.words().await);
    }

    /// Chooses with keys alone.
    async fn choose_by_keys(&self, input: &Element) {
        assert!(self.reach(input).await, "what is to be chosen is gone");
        let on = serde_json::to_value(input).unwrap();
        for turn in 0..40 {
            let is_on = "return arguments[0].checked || arguments[0].selected === true";
            let is_on = self.client.execute(is_on, vec![on.clone()]).await.unwrap();
            if is_on == Value::Bool(true) {
                return;
            }
            self.press(if turn == 0 { Key::Space } else { Key::Down }).await;
        }
        panic!("the keyboard does not choose it: {}", self.words().await);
    }

    /// The words of the page.
    pub async fn words(&self) -> String {
        loop {
            let main = self.client.find(Locator::Css("main")).await.unwrap();
            match main.text().await {
                Ok(words) => return words,
                // The page was another one before it was read.
                Err(e) if e.is_stale_element_reference() => {}
                Err(e) => panic!("{e}"),
            }
        }
    }

    /// Waits until the page has something.
    pub async fn until(&self, what: &str, css: &str) {
        let start = Instant::now();
        while self.client.find(Locator::Css(css)).await.is_err() {
            let waited = start.elapsed();
            assert!(waited < Duration::from_secs(30), "{what}: {}", self.words().await);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// What a link leads to, fetched as the page would: its kind, and its first five bytes.
    pub async fn fetched(&self, css: &str) -> (String, String) {
        let script = "const [css, done] = arguments;
            fetch(document.querySelector(css).href).then(async reply => {
              const bytes = new Uint8Array(await reply.arrayBuffer());
              done([reply.headers.get('content-type'), String.fromCharCode(...bytes.slice(0, 5))]);
            });";
        let got = self.client.execute_async(script, vec![json!(css)]).await.unwrap();
        serde_json::from_value(got).unwrap()
    }

    /// The text behind a path, fetched as the page would.
    pub async fn text(&self, path: &str) -> String {
        let script = "const [path, done] = arguments;
            fetch(path).then(async reply => done(reply.ok ? await reply.text() : ''));";
        let got = self.client.execute_async(script, vec![json!(path)]).await.unwrap();
        got.as_str().unwrap().to_owned()
    }

    /// Opens a page again and again until it says something.
    pub async fn until_says(&self, path: &str, words: &str) {
        let start = Instant::now();
        loop {
            self.go(path).await;
            let shown = self.words().await;
            if shown.contains(words) {
                return;
            }
            assert!(start.elapsed() < Duration::from_secs(60), "`{words}` on {path}: {shown}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// Answers the questions of a flow, one a page, in any order, and stops at their check.
    pub async fn answer(&mut self, answers: &[(&str, &str)]) {
        for _ in 0..40 {
            if self.client.find(Locator::Css("form.desk-check")).await.is_ok() {
                return;
            }
            for (id, answer) in answers {
                let place = format!("[id='{id}'], [name='{id}']:not([type=hidden])");
                let css = format!("form.desk-question :is({place})");
                if self.client.find(Locator::Css(&css)).await.is_ok() {
                    self.give(id, answer).await;
                }
            }
            self.click("Go on").await;
        }
        panic!("the questions do not end: {}", self.words().await);
    }

    /// Chooses or fills one field, by name and value; of several values, each.
    pub async fn give(&mut self, id: &str, answer: &str) {
        for one in answer.split('|') {
            let choice = ":is([type=radio], [type=checkbox])";
            let choice = format!("input{choice}[name='{id}'][value='{one}']");
            if let Ok(input) = self.client.find(Locator::Css(&choice)).await {
                if self.keys {
                    self.choose_by_keys(&input).await;
                    continue;
                }
                let label = input.attr("id").await.unwrap().unwrap();
                let label = format!("label[for='{label}']");
                self.clicks += 1;
                self.client.find(Locator::Css(&label)).await.unwrap().click().await.unwrap();
                continue;
            }
            let option = format!("select[name='{id}'] option[value='{one}']");
            if let Ok(option) = self.client.find(Locator::Css(&option)).await {
                self.clicks += 1;
                if self.keys {
                    let list = format!("select[name='{id}']");
                    let list = self.client.find(Locator::Css(&list)).await.unwrap();
                    assert!(self.reach(&list).await, "the list is gone");
                    list.send_keys(&option.text().await.unwrap()).await.unwrap();
                    continue;
                }
                option.click().await.unwrap();
                continue;
            }
            self.fill(id, one).await;
        }
    }

    /// Clicks what leads to no other page.
    pub async fn press_on(&mut self, css: &str) {
        self.clicks += 1;
        self.client.find(Locator::Css(css)).await.unwrap().click().await.unwrap();
    }

    /// Clicks a link that shows these words, and takes the file that it gives.
    pub async fn download(&mut self, words: &str) -> Vec<u8> {
        let folder = TempDir::new().unwrap();
        let to = json!({ "behavior": "allow", "downloadPath": folder.path() });
        self.devtools("Browser.setDownloadBehavior", to).await;
        let path = format!("//main//a[contains(normalize-space(.), {words:?})]");
        let link = self.client.find(Locator::XPath(&path)).await;
        let link = link.unwrap_or_else(|e| panic!("no link says `{words}`: {e}"));
        // What is shown in a browser, such as a PDF, is kept here all the same.
        let keep = "arguments[0].setAttribute('download', '')";
        let link_value = serde_json::to_value(&link).unwrap();
        self.client.execute(keep, vec![link_value]).await.unwrap();
        self.clicks += 1;
        link.click().await.unwrap();
        let start = Instant::now();
        loop {
            let files = std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().path());
            // The browser keeps the name with an empty file, and moves the whole one onto it.
            let done = |p: &std::path::PathBuf| {
                let name = p.file_name().unwrap().to_string_lossy();
                let is_of_browser = name.ends_with(".crdownload") || name.starts_with('.');
                !is_of_browser && std::fs::metadata(p).is_ok_and(|file| file.len() > 0)
            };
            if let Some(path) = files.into_iter().find(done) {
                return std::fs::read(path).unwrap();
            }
            assert!(start.elapsed() < Duration::from_secs(30), "`{words}` gives no file");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Draws the page into the guides' pictures, where COMITY_WRITE_PICTURES asks for that: the
    /// first page of each name.
    pub async fn show(&self, name: &str) {
        let Some(_) = std::env::var_os("COMITY_WRITE_PICTURES") else { return };
        static DRAWN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
        if !DRAWN.lock().unwrap().insert(name.to_owned()) {
            return;
        }
        let shot =
            self.devtools("Page.captureScreenshot", json!({ "format": "webp", "quality": 80 }));
        let shot = shot.await;
        let bytes =
            base64::engine::general_purpose::STANDARD.decode(shot["data"].as_str().unwrap());
        let root = std::env::var_os("CARGO_MANIFEST_DIR").unwrap();
        let folder = Path::new(&root).join("../../docs/guides/img");
        std::fs::write(folder.join(format!("desk-{name}.webp")), bytes.unwrap()).unwrap();
    }

    /// Presses a key as a person without a mouse does.
    pub async fn press(&self, key: Key) {
        let value = char::from(key);
        let keys = KeyActions::new("keys".to_owned())
            .then(KeyAction::Down { value })
            .then(KeyAction::Up { value });
        self.client.perform_actions(keys).await.unwrap();
    }

    pub async fn close(self) {
        self.client.clone().close().await.unwrap();
    }
}

/// A day as an American's keyboard enters it.
fn day_keys(text: &str) -> String {
    let parts: Vec<&str> = text.split('-').collect();
    format!("{}{}{}", parts[1], parts[2], parts[0])
}

/// A moment, from `2016-03-01T14:30`.
fn moment_keys(text: &str) -> String {
    let (day, time) = text.split_once('T').unwrap();
    let (hour, minute) = time.split_once(':').unwrap();
    let hour: u32 = hour.parse().unwrap();
    let half = if hour < 12 { "AM" } else { "PM" };
    let hour = if hour.is_multiple_of(12) { 12 } else { hour % 12 };
    format!("{}{}{hour:02}{minute}{half}", day_keys(day), char::from(Key::Tab))
}

#[derive(Debug)]
struct DevTools(Value);

impl fantoccini::wd::WebDriverCompatibleCommand for DevTools {
    fn endpoint(
        &self,
        base: &url::Url,
        session: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.0.to_string()))
    }
}
