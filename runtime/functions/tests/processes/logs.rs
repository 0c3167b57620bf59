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
