//! Confirmations by mail of the real server: over its death, over that of the mail server, and over a change of mind.

use std::net::{SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::smtp::{MailServer, Manner};
use crate::support::{Server, order, run_with};

const PRODUCTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/seed/products.json");
const SENDER: (&str, &str) = ("NOTIFICATION_FROM", "Shop <orders@shop.example>");
const STEP: &str = "send-notification";
/// What is waited for comes before, or never.
const DEADLINE: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(50);

fn server(mail: Option<&str>) -> Server {
    let server = match mail {
        Some(url) => Server::start_with_settings(&[("NOTIFICATION_SMTP_URL", url), SENDER]),
        None => Server::start(),
    };
    server.run(&["catalog", "import", PRODUCTS]).ended(0);
    server
}

/// Places it, and does not wait.
fn place(server: &Server) {
    let order = order("ORDER-1", "LAPTOP-001")
        .replace("\"customerId\"", "\"customerEmail\":\"ada@customers.example\",\"customerId\"");
    server.run_with_input(&["order", "place", "-"], &order).ended(0);
}

fn shown(server: &Server) -> Value {
    server.run(&["order", "show", "ORDER-1", "--json"]).ended(0).json()
}

fn step(shown: &Value) -> Option<&Value> {
    shown["steps"].as_array().unwrap().iter().find(|step| step["name"] == STEP)
}

/// The order, once it is like this.
fn wait_until(server: &Server, like_this: impl Fn(&Value) -> bool) -> Value {
    let begun = Instant::now();
    loop {
        let shown = shown(server);
        if like_this(&shown) {
            return shown;
        }
        assert!(begun.elapsed() < DEADLINE, "{shown}");
        std::thread::sleep(LOOK);
    }
}

fn completed(shown: &Value) -> bool {
    shown["outcome"] == "completed"
}

fn failed_once(shown: &Value) -> bool {
    step(shown).is_some_and(|step| !step["error"].is_null())
}

/// An address of this machine where nobody listens.
fn nobody() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

#[test]
fn a_confirmation_is_sent_and_the_command_says_so() {
    let mail = MailServer::start(&[]);
    let server = server(Some(&mail.url()));
    place(&server);
    let shown = wait_until(&server, completed);
    assert_eq!(shown["result"]["notification"], json!({ "status": "sent" }));
    assert_eq!(mail.mails().len(), 1);
    let said = server.run(&["order", "show", "ORDER-1"]).ended(0);
    assert!(said.out.contains("mail        sent\n"), "{said:?}");
}

#[test]
fn without_a_mail_server_there_is_no_step() {
    let server = server(None);
    place(&server);
    let shown = wait_until(&server, completed);
    assert_eq!((step(&shown), shown["result"].get("notification")), (None, None));
}

/// The mail server has taken the mail, and its answer is on the way.
#[test]
fn a_server_that_is_killed_while_it_sends_sends_the_same_mail_again() {
    let mail = MailServer::start(&[Manner::KeepsSilent]);
    let url = mail.url();
    let server = server(Some(&url));
    place(&server);
    mail.wait_for(1);
    let server = server.restart_with_settings(&[("NOTIFICATION_SMTP_URL", &url), SENDER]);
    let shown = wait_until(&server, completed);
    assert_eq!(shown["result"]["notification"], json!({ "status": "sent" }));
    let mails = mail.mails();
    assert_eq!(mails.len(), 2);
    assert_eq!(mails[0].header("Message-ID"), "<order.ORDER-1@shop.example>");
    assert_eq!(mails[0].data, mails[1].data);
}

#[test]
fn a_mail_server_that_comes_later_gets_the_mail() {
    let address = nobody();
    let server = server(Some(&format!("smtp://{address}")));
    place(&server);
    wait_until(&server, failed_once);
    let mail = MailServer::start_at(address);
    let shown = wait_until(&server, completed);
    assert_eq!(shown["result"]["notification"], json!({ "status": "sent" }));
    assert_eq!(mail.mails().len(), 1);
}

#[test]
fn an_order_in_work_is_confirmed_if_mail_is_switched_on_meanwhile() {
    let server = server(None);
    tokio::runtime::Runtime::new().unwrap().block_on(server.spoil_product("LAPTOP-001"));
    place(&server);
    let mail = MailServer::start(&[]);
    let settings = [("NOTIFICATION_SMTP_URL", &*mail.url()), SENDER];
    let server = server.restart_with_settings(&settings);
    server.mend_product("LAPTOP-001");
    wait_until(&server, completed);
    assert_eq!(mail.mails().len(), 1);
}

#[test]
fn an_order_whose_mail_waits_is_completed_without_it_if_mail_is_switched_off() {
    let server = server(Some(&format!("smtp://{}", nobody())));
    place(&server);
    wait_until(&server, failed_once);
    let server = server.restart();
    let shown = wait_until(&server, completed);
    assert_eq!(shown["result"].get("notification"), None);
}

#[test]
fn a_wrong_setting_keeps_the_server_from_starting_and_is_not_quoted() {
    let directory = tempfile::tempdir().unwrap();
    let arguments =
        ["serve", "--listen", "127.0.0.1:0", "--data-dir", directory.path().to_str().unwrap()];
    let url = "smtps://shop:secret@mail.example/inbox";
    let said = run_with(&arguments, &[("NOTIFICATION_SMTP_URL", url), SENDER]).ended(1);
    assert!(said.err.contains("NOTIFICATION_SMTP_URL"), "{said:?}");
    assert!(!said.err.contains("secret"), "{said:?}");
}
