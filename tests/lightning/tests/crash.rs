//! A wallet that is killed anywhere ends up where one ends up that is not.

use std::path::Path;
use std::process::{Command, Output};

use invreq_lightning::{RemoteNode, Server, Testbed};
use serde_json::{json, Value};

const AMOUNT: u64 = 30_000_000;

#[test]
fn kill_9_after_every_write_send_and_settlement() {
    let server = Server::start(Testbed::direct()).unwrap();
    let control = server.greeting()["control"]["tcp"].as_str().unwrap().to_owned();
    let payer = RemoteNode::connect(&control, "payer").unwrap();
    let folder = tempfile::tempdir().unwrap();

    let whole = finish(&control, &folder.path().join("whole.db"), &request(&payer));
    let mut crashes = 0;
    for crash_at in 1.. {
        let request = request(&payer);
        let path = folder.path().join(format!("{crash_at}.db"));
        let before = spendable(&payer);
        let output = client(&control, &path, &request, Some(crash_at));
        if output.status.success() {
            break;
        }
        assert_eq!(
            signal(&output),
            Some(9),
            "crash {crash_at}: {}",
            text(&output.stderr)
        );
        crashes += 1;

        let record = finish(&control, &path, &request);
        assert_eq!(timeless(&record), timeless(&whole), "crash {crash_at}");
        assert_eq!(before - spendable(&payer), AMOUNT, "crash {crash_at}: paid once");
        // And once more after everything: the answer is the same record.
        assert_eq!(finish(&control, &path, &request), record, "crash {crash_at}");
    }
    // Pinned to the store, created, sent, accepted, claimed, settled twice, paid.
    assert!(crashes >= 7, "only {crashes} places to crash at");
}

fn request(payer: &RemoteNode) -> String {
    let answer = payer
        .call("create_request", json!({ "amount_msat": AMOUNT }))
        .unwrap();
    answer["request"].as_str().unwrap().to_owned()
}

fn spendable(payer: &RemoteNode) -> u64 {
    payer.call("info", json!({})).unwrap()["nodes"]["payer"]["spendable_msat"]
        .as_u64()
        .unwrap()
}

fn client(control: &str, store: &Path, request: &str, crash_at: Option<u64>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_crash-client"));
    command.arg(control).arg(store).arg(request);
    command.args(crash_at.map(|place| place.to_string()));
    command.output().unwrap()
}

fn finish(control: &str, store: &Path, request: &str) -> Value {
    let output = client(control, store, request, None);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let json = text(&output.stdout);
    invreq_schema::validate_response(&json).unwrap();
    serde_json::from_str(&json).unwrap()
}

/// What is the same in every run.
fn timeless(record: &Value) -> Value {
    let same = [
        "label",
        "status",
        "amount_msat",
        "amount_received_msat",
        "pay_index",
        "created_index",
        "updated_index",
    ];
    same.into_iter()
        .map(|name| (name.to_owned(), record[name].clone()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

fn signal(output: &Output) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&output.status)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_owned()
}
