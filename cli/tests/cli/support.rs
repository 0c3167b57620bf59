//! Running the binary and a server, with deadlines, in an environment without settings.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use durable_orders::client::{Clients, Target};
use serde_json::Value;
use tempfile::TempDir;

/// A command that takes longer hangs.
const DEADLINE: Duration = Duration::from_secs(60);
/// Between two looks at whether a process has ended.
const LOOK: Duration = Duration::from_millis(5);

/// The card numbers of the four orders.
const CARDS: [&str; 4] =
    ["4532123456789012", "5412345678901234", "4111111111111111", "378282246310005"];

/// Variables that would change what the binary does.
const SETTINGS: [&str; 23] = [
    "AWS_ENDPOINT_URL",
    "AWS_REGION",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_PROFILE",
    "DURABLE_ORDERS_STACK",
    "VALIDATE_ORDER_FUNCTION",
    "PRODUCT_CATALOG_TABLE",
    "INVENTORY_RESERVATIONS_TABLE",
    "EXECUTION_TIMEOUT_SECONDS",
    "RETENTION_DAYS",
    "FULFILL_ORDER_FUNCTION",
    "PAYMENT_LIMIT",
    "PAYMENT_GATEWAY",
    "PAYMENT_CURRENCY",
    "STRIPE_SECRET_KEY",
    "STRIPE_SECRET_KEY_SECRET_ID",
    "STRIPE_API_BASE",
    "RETRY_BASE_SECONDS",
    "NOTIFICATION_SMTP_URL",
    "NOTIFICATION_FROM",
    "RUST_LOG",
    "RUST_BACKTRACE",
];

/// What a process said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    /// The one JSON document on stdout.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// That it ended in this way.
    #[track_caller]
    pub(crate) fn ended(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        self
    }
}

/// The binary, without settings from the environment of the tests.
pub(crate) fn binary() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_durable-orders"));
    for variable in SETTINGS {
        command.env_remove(variable);
    }
    command
}

/// Runs the binary to its end.
pub(crate) fn run(arguments: &[&str]) -> Said {
    Running::start(binary().args(arguments)).end()
}

/// Runs the binary to its end with these settings.
pub(crate) fn run_with(arguments: &[&str], settings: &[(&str, &str)]) -> Said {
    Running::start(binary().args(arguments).envs(settings.iter().copied())).end()
}

/// Runs the binary to its end with this on stdin.
pub(crate) fn run_with_input(arguments: &[&str], input: &str) -> Said {
    Running::start_with_input(binary().args(arguments), input).end()
}

/// A process whose output is being read.
pub(crate) struct Running {
    child: Child,
    out: JoinHandle<String>,
    err: JoinHandle<String>,
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let out = read(child.stdout.take().unwrap());
        let err = read(child.stderr.take().unwrap());
        Self { child, out, err }
    }

    /// With this on stdin.
    pub(crate) fn start_with_input(command: &mut Command, input: &str) -> Self {
        let mut running = Self::start(command.stdin(Stdio::piped()));
        // A process that ends without reading is not at fault here.
        let _ = running.child.stdin.take().unwrap().write_all(input.as_bytes());
        running
    }

    /// As Ctrl-C does. A process that has ended just now does not mind.
    pub(crate) fn interrupt(&self) {
        let pid = self.child.id().to_string();
        let _ = Command::new("kill").args(["-INT", &pid]).stderr(Stdio::null()).status();
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    pub(crate) fn end(mut self) -> Said {
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if begun.elapsed() > DEADLINE {
                let _ = self.child.kill();
                panic!("it hangs: {} {}", self.out.join().unwrap(), self.err.join().unwrap());
            }
            std::thread::sleep(LOOK);
        };
        let said = Said {
            code: status.code(),
            out: self.out.join().unwrap(),
            err: self.err.join().unwrap(),
        };
        for card in CARDS {
            assert!(
                !said.out.contains(card) && !said.err.contains(card),
                "a card number: {said:?}"
            );
        }
        said
    }
}

fn read(mut from: impl Read + Send + 'static) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut text = String::new();
        from.read_to_string(&mut text).unwrap();
        text
    })
}

/// A server on a private port and a directory of its own; both are gone when it is dropped.
pub(crate) struct Server {
    pub(crate) url: String,
    /// Gone only between the two lives of a restart.
    directory: Option<TempDir>,
    child: Child,
}

/// Starts a server and reads its address.
fn serve(directory: &TempDir, listen: &str, more: &[&str]) -> (Child, String) {
    serve_with(directory, listen, more, &[])
}

fn serve_with(
    directory: &TempDir,
    listen: &str,
    more: &[&str],
    settings: &[(&str, &str)],
) -> (Child, String) {
    let mut child = binary()
        .envs(settings.iter().copied())
        .args(["serve", "--listen", listen, "--data-dir"])
        .arg(directory.path())
        .args(more)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let url = lines
        .by_ref()
        .map(Result::unwrap)
        .find_map(|line| line.trim().strip_prefix("address").map(|url| url.trim().to_owned()))
        .expect("the server says where it listens");
    assert!(lines.any(|line| line.unwrap().starts_with("ready")), "the server is ready");
    (child, url)
}

impl Server {
    /// An empty server.
    pub(crate) fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self::start_in(directory, &[])
    }

    /// A server that is told more than where it is.
    pub(crate) fn start_with(more: &[&str]) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), more)
    }

    /// A server with these settings in its environment.
    pub(crate) fn start_with_settings(settings: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let (child, url) = serve_with(&directory, "127.0.0.1:0", &[], settings);
        Self { url, directory: Some(directory), child }
    }

    fn start_in(directory: TempDir, more: &[&str]) -> Self {
        let (child, url) = serve(&directory, "127.0.0.1:0", more);
        Self { url, directory: Some(directory), child }
    }

    /// Kills it, as a power cut would, and starts it again at the same address.
    pub(crate) fn restart(self) -> Self {
        self.restart_with_settings(&[])
    }

    /// The same, and its environment has these settings then.
    pub(crate) fn restart_with_settings(mut self, settings: &[(&str, &str)]) -> Self {
        let directory = self.directory.take().unwrap();
        self.stop();
        let listen = self.url.strip_prefix("http://").unwrap();
        let (child, url) = serve_with(&directory, listen, &[], settings);
        Self { url, directory: Some(directory), child }
    }

    /// Kills it, and keeps its directory.
    pub(crate) fn kill(mut self) -> TempDir {
        self.stop();
        self.directory.take().unwrap()
    }

    /// Its directory.
    pub(crate) fn directory(&self) -> &Path {
        self.directory.as_ref().unwrap().path()
    }

    fn stop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// A server with the three products of the demo.
    pub(crate) fn with_products() -> Self {
        let server = Self::start();
        let products = concat!(env!("CARGO_MANIFEST_DIR"), "/src/seed/products.json");
        server.run(&["catalog", "import", products]).ended(0);
        server
    }

    /// Runs the binary against this server.
    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        Running::start(binary().args(arguments).args(["--endpoint-url", &self.url])).end()
    }

    /// Runs the binary against this server with this on stdin.
    pub(crate) fn run_with_input(&self, arguments: &[&str], input: &str) -> Said {
        run_with_input(&[arguments, &["--endpoint-url", &self.url]].concat(), input)
    }

    /// The clients that the commands use.
    pub(crate) async fn clients(&self) -> Clients {
        Clients::new(Target::local(self.url.clone())).await
    }

    /// Makes every order for this product wait: its row cannot be read until it is put right.
    pub(crate) async fn spoil_product(&self, id: &str) {
        let text = |value: &str| aws_sdk_dynamodb::types::AttributeValue::S(value.to_owned());
        let row = self.clients().await.dynamodb.put_item().table_name("ProductCatalog");
        row.item("productId", text(id)).item("price", text("?")).send().await.unwrap();
    }

    /// Puts the row right.
    pub(crate) fn mend_product(&self, id: &str) {
        let put =
            ["catalog", "put", "--id", id, "--name", "Mended", "--price", "1", "--stock", "9"];
        self.run(&[put.as_slice(), &["--warehouse", "W"]].concat()).ended(0);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The file of one of the four orders of the demo.
pub(crate) fn seed_order(number: u32) -> String {
    format!("{}/src/seed/orders/order-{number:03}.json", env!("CARGO_MANIFEST_DIR"))
}

/// An order for one unit of a product.
pub(crate) fn order(id: &str, product: &str) -> String {
    let mut text = String::new();
    write!(
        text,
        r#"{{"orderId":"{id}","customerId":"C","items":[{{"productId":"{product}","quantity":1}}],
        "shippingAddress":"A","billingAddress":"B","paymentMethod":
        {{"type":"credit","cardNumber":4111111111111111,"cardBrand":"Visa"}}}}"#
    )
    .unwrap();
    text
}
