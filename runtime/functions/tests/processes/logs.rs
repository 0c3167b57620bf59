//! What functions print.

use durable_functions::LogStream;
use serde_json::json;

use crate::support::{TestFunction, event};

/// The lines of each invocation carry its id, although the next one begins at once.
#[tokio::test]
async fn lines_are_marked_with_their_stream_and_their_invocation() {
    let function = TestFunction::with("sequential", |spec| spec.processes_max = 1);
    let mut ids = Vec::new();
    for number in 0..20 {
        let out = format!("out {number}");
        let err = format!("err {number}");
        let invocation = event(json!({"do": "print", "stdout": [out], "stderr": [err]}));
        ids.push(invocation.request_id.clone());
        function.invoke(invocation).await.unwrap();
    }
    for (number, id) in ids.iter().enumerate() {
        let out = function.log.wait_for(&format!("out {number}")).await;
        let err = function.log.wait_for(&format!("err {number}")).await;
        assert_eq!((out.stream, err.stream), (LogStream::Stdout, LogStream::Stderr));
        assert_eq!(out.request_id.as_deref(), Some(id.as_str()));
        assert_eq!(err.request_id.as_deref(), Some(id.as_str()));
        assert_eq!((&*out.function_name, &*out.version), ("test-function", "$LATEST"));
    }
    let texts: Vec<String> = function.log.lines().into_iter().map(|line| line.text).collect();
    let outs: Vec<&String> = texts.iter().filter(|text| text.starts_with("out ")).collect();
    assert_eq!(
        outs,
        (0..20)
            .map(|number| format!("out {number}"))
            .collect::<Vec<_>>()
            .iter()
            .collect::<Vec<_>>()
    );
}

/// A function prints a thousand lines and ends at once, the last line without a line feed: when the crash is reported,
/// all of them are there.
#[tokio::test]
async fn the_last_lines_before_a_crash_are_not_lost() {
    let function = TestFunction::start("sequential");
    let lines: Vec<String> = (0..1000).map(|number| format!("line {number}")).collect();
    let invocation =
        event(json!({"do": "print and exit", "stdout": lines, "unfinished": "the very last"}));
    function.invoke(invocation.clone()).await.unwrap_err();
    let logged: Vec<_> =
        function.log.lines().into_iter().filter(|line| line.text.starts_with("line ")).collect();
    assert_eq!(logged.len(), 1000);
    let last = function.log.find("the very last").expect("logged before the crash was reported");
    assert_eq!(last.request_id.as_deref(), Some(invocation.request_id.as_str()));
}

#[tokio::test]
async fn a_line_that_is_too_long_is_cut() {
    let function = TestFunction::start("sequential");
    let line = "x".repeat(300_000);
    function.json(json!({"do": "print", "stdout": [line, "next"]})).await;
    function.log.wait_for("next").await;
    let cut = function.log.lines().into_iter().find(|line| line.cut).expect("a cut line");
    assert_eq!(cut.text.len(), 256 * 1024);
}

/// A sink that hangs costs lines, not invocations.
#[tokio::test(flavor = "multi_thread")]
async fn a_sink_that_hangs_does_not_stop_the_function() {
    struct Stuck(std::sync::Mutex<std::sync::mpsc::Receiver<()>>);
    impl durable_functions::LogSink for Stuck {
        fn line(&self, _: durable_functions::LogLine) {
            let _ = self.0.lock().unwrap().recv();
        }
    }
    let (release, stuck) = std::sync::mpsc::channel::<()>();
    let mut spec = crate::support::spec("sequential");
    spec.log_sink = std::sync::Arc::new(Stuck(stuck.into()));
    let function = durable_functions::ProcessFunction::new(spec);
    let lines: Vec<String> = (0..5000).map(|number| format!("{number:0>100}")).collect();
    let invocation = event(json!({"do": "print", "stdout": lines}));
    let answer =
        crate::support::within(durable_functions::FunctionHost::invoke(&function, invocation))
            .await;
    drop(release);
    assert_eq!(answer.unwrap(), "null");
}

/// The texts of the lines of one invocation, in order.
fn texts_of(log: &crate::support::Log, request_id: &str) -> Vec<String> {
    let lines = log.lines().into_iter();
    let own = lines.filter(|line| line.request_id.as_deref() == Some(request_id));
    own.map(|line| line.text).collect()
}

/// With processes that are used again and again, and one invocation right after the other.
#[tokio::test]
async fn the_lines_of_an_invocation_stand_between_start_and_report() {
    let function = TestFunction::with("sequential", |spec| spec.processes_max = 1);
    for number in 0..20 {
        let invocation = event(json!({"do": "print", "stdout": ["out"], "stderr": ["err"]}));
        let id = invocation.request_id.clone();
        function.invoke(invocation).await.unwrap();
        // Nobody has to wait for them: they are there before the answer is.
        let texts = texts_of(&function.log, &id);
        assert_eq!(texts.len(), 5, "{texts:?}");
        assert_eq!(texts[0], format!("START RequestId: {id} Version: $LATEST"));
        assert_eq!(texts[3], format!("END RequestId: {id}"));
        let report = &texts[4];
        assert!(report.starts_with(&format!("REPORT RequestId: {id}\tDuration: ")), "{report}");
        assert!(report.contains(" ms\tMemory Size: 128 MB"), "{report}");
        assert_eq!(report.contains("\tInit Duration: "), number == 0, "{report}");
    }
    let lines = function.log.lines();
    assert!(lines.iter().all(|line| line.log_stream == lines[0].log_stream));
    assert_eq!(&*lines[0].log_group, "/aws/lambda/test-function");
    let stream = &lines[0].log_stream;
    assert!(stream.contains("/[$LATEST]"), "{stream}");
    let starts = lines.iter().filter(|line| line.stream == LogStream::Platform).count();
    assert_eq!(starts, 60);
}

#[tokio::test]
async fn a_function_with_json_logs_gets_json_objects_of_the_platform() {
    let function = TestFunction::with("sequential", |spec| {
        spec.log_format = durable_functions::LogFormat::Json;
        spec.log_group = "orders".to_owned();
    });
    let invocation = event(json!({"do": "print", "stdout": ["{\"own\":1}"]}));
    let id = invocation.request_id.clone();
    function.invoke(invocation).await.unwrap();
    let lines: Vec<serde_json::Value> = texts_of(&function.log, &id)
        .iter()
        .map(|text| serde_json::from_str(text).unwrap())
        .collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[0]["type"], "platform.start");
    assert_eq!(lines[0]["record"], json!({"requestId": id, "version": "$LATEST"}));
    assert_eq!(lines[1], json!({"own": 1}));
    assert_eq!(lines[2]["type"], "platform.report");
    assert_eq!(lines[2]["record"]["status"], "success");
    assert_eq!(lines[2]["record"]["metrics"]["memorySizeMB"], 128);
    assert!(lines[2]["record"]["metrics"]["durationMs"].as_f64().unwrap() > 0.0);
    assert!(lines[0]["time"].as_str().unwrap() <= lines[2]["time"].as_str().unwrap());
    assert!(function.log.lines().iter().all(|line| &*line.log_group == "orders"));
}

#[tokio::test]
async fn the_log_says_how_an_invocation_came_to_a_bad_end() {
    let function = TestFunction::start("sequential");
    let crash = event(json!({"do": "print and exit", "stdout": ["line"], "unfinished": "last"}));
    let id = crash.request_id.clone();
    let error = function.invoke(crash).await.unwrap_err();
    let texts = texts_of(&function.log, &id);
    assert_eq!(texts[1..3], ["line", "last"]);
    assert_eq!(texts[3], format!("{}\nRuntime.ExitError", error.error_message));
    assert_eq!(texts[4], format!("END RequestId: {id}"));
    assert!(texts[5].ends_with("\tStatus: error\tError Type: Runtime.ExitError"), "{}", texts[5]);
    assert_eq!(texts.len(), 6);

    let mut slow = event(json!({"do": "sleep"}));
    slow.timeout = std::time::Duration::from_millis(500);
    let id = slow.request_id.clone();
    function.invoke(slow).await.unwrap_err();
    let texts = texts_of(&function.log, &id);
    let expected = format!("{id} Task timed out after 0.50 seconds");
    assert_eq!(texts[1], "asleep");
    assert!(texts[2].ends_with(&expected), "{texts:?}");
    assert_eq!(texts[3], format!("END RequestId: {id}"));
    assert!(texts[4].ends_with("\tStatus: timeout"), "{texts:?}");
    assert_eq!(texts.len(), 5);
}
