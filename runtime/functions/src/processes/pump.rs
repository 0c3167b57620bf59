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

use futures_util::future::join_all;
use tokio::net::unix::pipe::Receiver;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::lines::{Line, LineCutter};
use super::logs::{LogLine, LogSink, LogStream};
use super::platform::ProcessLog;
use super::process::Process;

/// Lines that may wait for the sink.
const QUEUED_LINES_MAX: usize = 1024;

/// How long a function's `print`, or its answer, may wait for a sink that does not keep up.
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

/// Asks a reader to read what is there.
type CatchUp = oneshot::Sender<()>;

/// On its way to the sink.
enum Item {
    Line(LogLine),
    /// Everything before it is written.
    Mark(oneshot::Sender<()>),
}

/// Asks the readers of one process to read what is there.
pub(super) struct Readers {
    asks: Vec<mpsc::Sender<CatchUp>>,
    /// Of the queue behind them, which ends with them.
    lines: mpsc::WeakSender<Item>,
}

impl Readers {
    /// Waits until everything that the process had printed when this was called is a line of the invocation then
    /// current, and puts these lines behind it; if `written`, waits until the sink has them. Gives them back if the
    /// process has ended and nobody reads any more.
    pub(super) async fn catch_up(
        &self,
        then: Vec<LogLine>,
        written: bool,
    ) -> Result<(), Vec<LogLine>> {
        // Too slow is no harm: a line may then be marked with the invocation after its own, or come behind these.
        let _ = timeout(CATCH_UP_MAX, join_all(self.asks.iter().map(read_now))).await;
        let Some(lines) = self.lines.upgrade() else { return Err(then) };
        let put = async {
            for line in then {
                lines.send(Item::Line(line)).await?;
            }
            if written {
                let (done, mark) = oneshot::channel();
                lines.send(Item::Mark(done)).await?;
                let _ = mark.await;
            }
            Ok::<_, mpsc::error::SendError<Item>>(())
        };
        // A sink that hangs loses them, as it loses others.
        let _ = timeout(STALL_MAX, put).await;
        Ok(())
    }
}

async fn read_now(reader: &mpsc::Sender<CatchUp>) {
    let (done, read) = oneshot::channel();
    if reader.send(done).await.is_ok() {
        let _ = read.await;
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
        log: &Arc<ProcessLog>,
        pipes: [(LogStream, OwnedFd); 2],
    ) -> io::Result<(Self, Readers)> {
        let (lines, queue) = mpsc::channel(QUEUED_LINES_MAX);
        let mut tasks = Vec::new();
        let mut asks = Vec::new();
        for (stream, pipe) in pipes {
            let (ask, asked) = mpsc::channel(1);
            let pipe = Receiver::from_owned_fd(pipe)?;
            let lines = LineSender {
                process: Arc::clone(process),
                log: Arc::clone(log),
                stream,
                lines: lines.clone(),
                lost: 0,
            };
            tasks.push(tokio::spawn(read(pipe, lines, asked)));
            asks.push(ask);
        }
        let written = write(queue, Arc::clone(log.sink()))?;
        let readers = Readers { asks, lines: lines.downgrade() };
        Ok((Self { readers: tasks, written }, readers))
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
    mut queue: mpsc::Receiver<Item>,
    sink: Arc<dyn LogSink>,
) -> io::Result<oneshot::Receiver<()>> {
    let (done, written) = oneshot::channel::<()>();
    std::thread::Builder::new().name("function-log".to_owned()).spawn(move || {
        while let Some(item) = queue.blocking_recv() {
            match item {
                Item::Line(line) => sink.line(line),
                // Whoever asked may have given up.
                Item::Mark(done) => drop(done.send(())),
            }
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
    log: Arc<ProcessLog>,
    stream: LogStream,
    lines: mpsc::Sender<Item>,
    /// Lines dropped since the last one that was queued.
    lost: usize,
}

impl LineSender {
    async fn send(&mut self, line: Line) {
        let request_id = self.process.current_request();
        let line = self.log.line(request_id, self.stream, line.text, line.cut);
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
        let line = self.log.line(self.process.current_request(), self.stream, text, false);
        if self.queue(line, Duration::ZERO).await {
            self.lost = 0;
        }
    }

    async fn queue(&self, line: LogLine, patience: Duration) -> bool {
        match self.lines.try_send(Item::Line(line)) {
            Ok(()) => true,
            Err(mpsc::error::TrySendError::Full(item)) => {
                self.lines.send_timeout(item, patience).await.is_ok()
            }
            Err(mpsc::error::TrySendError::Closed(_)) => false,
        }
    }
}
