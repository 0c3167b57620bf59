//! From a process's pipes to the log sink.
//!
//! ```text
//!   stdout ──► reader ──┐
//!                       ├── lines (bounded) ──► thread ──► LogSink
//!   stderr ──► reader ──┘
//! ```
//!
//! A slow sink fills the bounded queue; then a reader stops reading, the pipe fills, and the function waits at its next
//! `print`, but never longer than [`STALL_MAX`]: after that, lines are dropped and counted. After the end of the
//! process, [`LogPump::drain`] reads the pipes to their end and empties the queue, so that the lines before a crash are
//! with the sink before the crash is reported.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::unix::pipe::Receiver;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::lines::{Line, LineCutter};
use super::logs::{LogLine, LogSink, LogStream};
use super::process::Process;

/// Lines that may wait for the sink.
const QUEUED_LINES_MAX: usize = 1024;

/// How long a function's `print` may wait for a sink that does not keep up.
const STALL_MAX: Duration = Duration::from_secs(1);

/// How long [`LogPump::drain`] takes at most. Only a sink that hangs, or a grandchild that has left the process group
/// and keeps a pipe open, takes that long.
const DRAIN_MAX: Duration = Duration::from_secs(2);

/// How long the next invocation waits until the lines of the last one are read.
const CATCH_UP_MAX: Duration = Duration::from_millis(100);

/// What is read at once: the size of a pipe's buffer.
const READ_BYTES: usize = 64 * 1024;

/// Reads in a row after which a reader looks whether somebody waits for it, although there is more.
const READS_MAX: usize = 16;

type CatchUp = oneshot::Sender<()>;

/// Asks the readers of one process to read what is there. Cheap to clone.
#[derive(Clone)]
pub(super) struct Readers(Vec<mpsc::Sender<CatchUp>>);

impl Readers {
    /// Waits until everything that the process had printed when this was called is a line of the invocation then
    /// current.
    pub(super) async fn catch_up(&self) {
        let all = async {
            for reader in &self.0 {
                let (done, read) = oneshot::channel();
                if reader.send(done).await.is_ok() {
                    let _ = read.await;
                }
            }
        };
        // Too slow is no harm: a line may then be marked with the invocation after its own.
        let _ = timeout(CATCH_UP_MAX, all).await;
    }
}

/// The tasks of one process's log.
pub(super) struct LogPump {
    readers: Vec<JoinHandle<()>>,
    /// Ends when the sink has the last line.
    written: oneshot::Receiver<()>,
}

impl LogPump {
    /// Starts reading.
    ///
    /// # Errors
    /// If a pipe cannot be watched.
    pub(super) fn start(
        process: &Arc<Process>,
        sink: Arc<dyn LogSink>,
        pipes: [(LogStream, OwnedFd); 2],
    ) -> io::Result<(Self, Readers)> {
        let (lines, queue) = mpsc::channel(QUEUED_LINES_MAX);
        let mut tasks = Vec::new();
        let mut asks = Vec::new();
        for (stream, pipe) in pipes {
            let (ask, asked) = mpsc::channel(1);
            let pipe = Receiver::from_owned_fd(pipe)?;
            let lines =
                LineSender { process: Arc::clone(process), stream, lines: lines.clone(), lost: 0 };
            tasks.push(tokio::spawn(read(pipe, lines, asked)));
            asks.push(ask);
        }
        let written = write(queue, sink)?;
        Ok((Self { readers: tasks, written }, Readers(asks)))
    }

    /// Reads what is left after the end of the process and hands it to the sink.
    pub(super) async fn drain(mut self) {
        let all = async {
            for reader in &mut self.readers {
                let _ = reader.await;
            }
            // The readers held the queue's other end, so the writer ends too.
            let _ = (&mut self.written).await;
        };
        if timeout(DRAIN_MAX, all).await.is_err() {
            tracing::warn!("a function's log has no end; the rest of it is dropped");
            self.readers.iter().for_each(JoinHandle::abort);
        }
    }
}

/// Hands lines to the sink. On a thread of its own: a sink that blocks would hold up whatever else its tokio worker has
/// to do, timers and sockets included.
fn write(
    mut queue: mpsc::Receiver<LogLine>,
    sink: Arc<dyn LogSink>,
) -> io::Result<oneshot::Receiver<()>> {
    let (done, written) = oneshot::channel::<()>();
    std::thread::Builder::new().name("function-log".to_owned()).spawn(move || {
        while let Some(line) = queue.blocking_recv() {
            sink.line(line);
        }
        // Also dropped, which says the same, if the sink panics.
        drop(done);
    })?;
    Ok(written)
}

/// Reads one pipe to its end.
async fn read(pipe: Receiver, mut lines: LineSender, mut asked: mpsc::Receiver<CatchUp>) {
    let mut cutter = LineCutter::default();
    let mut buffer = vec![0; READ_BYTES];
    loop {
        let somebody_waits = tokio::select! {
            ask = asked.recv() => ask,
            readable = pipe.readable() => match readable {
                Ok(()) => None,
                Err(_) => break,
            },
        };
        let mut open = true;
        for _ in 0..READS_MAX {
            match pipe.try_read(&mut buffer) {
                Ok(0) => open = false,
                Ok(count) => {
                    for line in cutter.feed(buffer.get(..count).unwrap_or_default()) {
                        lines.send(line).await;
                    }
                    continue;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => open = false,
            }
            break;
        }
        if let Some(done) = somebody_waits {
            // Whoever asked may have given up.
            let _ = done.send(());
        }
        if !open {
            break;
        }
    }
    if let Some(line) = cutter.finish() {
        lines.send(line).await;
    }
    lines.report_lost().await;
}

/// Marks lines and queues them.
struct LineSender {
    process: Arc<Process>,
    stream: LogStream,
    lines: mpsc::Sender<LogLine>,
    /// Lines dropped since the last one that was queued.
    lost: usize,
}

impl LineSender {
    async fn send(&mut self, line: Line) {
        // While the sink is known to be stuck, nobody waits for it again.
        let patience = if self.lost == 0 { STALL_MAX } else { Duration::ZERO };
        self.report_lost().await;
        if self.lost > 0 || !self.queue(line, patience).await {
            self.lost += 1;
        }
    }

    async fn report_lost(&mut self) {
        if self.lost == 0 {
            return;
        }
        let text = format!("[{} lines were dropped: the log does not keep up]", self.lost);
        if self.queue(Line { text, cut: false }, Duration::ZERO).await {
            self.lost = 0;
        }
    }

    async fn queue(&self, line: Line, patience: Duration) -> bool {
        let line = LogLine {
            function_name: Arc::clone(&self.process.function_name),
            version: Arc::clone(&self.process.version),
            request_id: self.process.current_request(),
            stream: self.stream,
            text: line.text,
            cut: line.cut,
        };
        match self.lines.try_send(line) {
            Ok(()) => true,
            Err(mpsc::error::TrySendError::Full(line)) => {
                self.lines.send_timeout(line, patience).await.is_ok()
            }
            Err(mpsc::error::TrySendError::Closed(_)) => false,
        }
    }
}
