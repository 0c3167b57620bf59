//! Starting a process that cannot outlive the server.
//!
//! A server that is killed with SIGKILL runs no code at its end, so something else has to stop its functions. Each
//! process gets a *watchdog*: a shell that leads the process group and reads from a pipe whose other end only the server
//! holds. When the server ends, in whatever way, the kernel closes that end; the shell reads end of file and kills its
//! own group: the function, whatever the function has started, and itself.
//!
//! ```text
//!   server ──pipe──► watchdog (leader of the group)
//!     │                 └─ at end of file: kill -KILL 0
//!     └──starts──► function (joins the group before its program is loaded) ──► its own children
//! ```
//!
//! The order must stay: the watchdog first. If the server dies between the two, there is no function yet; and a
//! function whose group is gone fails to join it and is never loaded. `PR_SET_PDEATHSIG` would need unsafe code in the
//! child, spares the children of the child, and strikes when the starting *thread* ends. What leaves the group on
//! purpose (`setsid`) is not stopped.
//!
//! A thread of its own starts both and waits for them, so that every process is reaped however busy the tasks are. It
//! reaps the watchdog last and only once [`Launched`] is gone: until then the group's number belongs to it and a signal
//! to the group cannot hit anybody else.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions};
use tokio::net::unix::pipe::Receiver;
use tokio::sync::oneshot;

use super::failure::Exit;

/// Reads until the server is gone, then ends the group. It ignores the signals that a group gets for other reasons.
const WATCHDOG: &str = "trap '' TERM INT HUP; while read -r _; do :; done; kill -KILL 0";

/// The shell that every Unix has there.
const SHELL: &str = "/bin/sh";

/// What to start.
pub(super) struct Launch {
    pub(super) program: PathBuf,
    pub(super) arguments: Vec<OsString>,
    pub(super) directory: PathBuf,
    pub(super) environment: BTreeMap<OsString, OsString>,
}

/// A process that runs. Dropping it stops the process and everything in its group.
pub(super) struct Launched {
    pub(super) pid: Pid,
    output: Option<(OwnedFd, OwnedFd)>,
    group: Pid,
    exit: oneshot::Receiver<Exit>,
    /// Its end of file is the watchdog's end.
    watchdog: Receiver,
    /// Closing it makes the watchdog strike.
    _leash: ChildStdin,
    /// Closing it lets the thread reap the watchdog. Declared last: the leash goes first.
    _reap: mpsc::Sender<()>,
}

/// What has ended.
pub(super) enum Ended {
    /// The process.
    Function(Exit),
    /// Only its watchdog: somebody has killed it.
    Watchdog,
}

/// What the starting thread hands over.
struct Started {
    pid: Pid,
    group: Pid,
    stdout: OwnedFd,
    stderr: OwnedFd,
    watchdog: OwnedFd,
    leash: ChildStdin,
}

impl Launch {
    /// Starts it.
    ///
    /// # Errors
    /// What the operating system says.
    pub(super) async fn start(self) -> io::Result<Launched> {
        let (started, starting) = oneshot::channel();
        let (exited, exit) = oneshot::channel();
        let (reap, reaping) = mpsc::channel::<()>();
        std::thread::Builder::new().name("function-process".to_owned()).spawn(move || {
            match self.start_both() {
                Err(error) => drop(started.send(Err(error))),
                Ok((parts, mut watchdog, mut function)) => {
                    // If nobody waits for the parts any more, dropping them closes the leash: the watchdog strikes.
                    drop(started.send(Ok(parts)));
                    let exit = function.wait().map_or(Exit::Unknown, Exit::from);
                    // The supervisor may be gone with the tokio runtime.
                    let _ = exited.send(exit);
                    // Nothing is ever sent: it ends with an error when the other side is dropped.
                    let _ = reaping.recv();
                    let _ = watchdog.wait();
                }
            }
        })?;
        let started =
            starting.await.map_err(|_| io::Error::other("the starting thread ended"))??;
        Ok(Launched {
            pid: started.pid,
            output: Some((started.stdout, started.stderr)),
            group: started.group,
            exit,
            watchdog: Receiver::from_owned_fd(started.watchdog)?,
            _leash: started.leash,
            _reap: reap,
        })
    }

    fn start_both(self) -> io::Result<(Started, Child, Child)> {
        let mut watchdog = Command::new(SHELL)
            .args(["-c", WATCHDOG])
            .env_clear()
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let group = i32::try_from(watchdog.id()).unwrap_or_default();
        let leash = watchdog.stdin.take();
        let started = Command::new(&self.program)
            .args(self.arguments)
            .current_dir(self.directory)
            .env_clear()
            .envs(self.environment)
            .process_group(group)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let parts = started.and_then(|mut function| {
            Ok((parts(&mut function, &mut watchdog, leash, group)?, function))
        });
        match parts {
            Ok((parts, function)) => Ok((parts, watchdog, function)),
            Err(error) => {
                // The leash is gone, so the watchdog ends by itself.
                let _ = watchdog.wait();
                Err(error)
            }
        }
    }
}

fn parts(
    function: &mut Child,
    watchdog: &mut Child,
    leash: Option<ChildStdin>,
    group: i32,
) -> io::Result<Started> {
    let missing = || io::Error::other("a pipe or a process number is missing");
    let pid = i32::try_from(function.id()).ok().and_then(Pid::from_raw);
    Ok(Started {
        pid: pid.ok_or_else(missing)?,
        group: Pid::from_raw(group).ok_or_else(missing)?,
        stdout: function.stdout.take().ok_or_else(missing)?.into(),
        stderr: function.stderr.take().ok_or_else(missing)?.into(),
        watchdog: watchdog.stdout.take().ok_or_else(missing)?.into(),
        leash: leash.ok_or_else(missing)?,
    })
}

impl Launched {
    /// Standard output and standard error. They can be taken once.
    pub(super) fn take_output(&mut self) -> Option<(OwnedFd, OwnedFd)> {
        self.output.take()
    }

    /// Waits for the end of the process, or of its watchdog. Not to be called again after it has said
    /// [`Ended::Function`].
    pub(super) async fn ended(&mut self) -> Ended {
        tokio::select! {
            // A process that is gone is gone, whatever became of its watchdog.
            biased;
            exit = &mut self.exit => Ended::Function(exit.unwrap_or(Exit::Unknown)),
            () = end_of(&self.watchdog) => Ended::Watchdog,
        }
    }

    /// Waits for the end of the process alone; the same holds.
    pub(super) async fn exited(&mut self) -> Exit {
        (&mut self.exit).await.unwrap_or(Exit::Unknown)
    }

    /// Asks the process to end.
    pub(super) fn ask_to_end(&self) {
        self.signal(Signal::TERM);
    }

    /// Ends the process, everything that it has started, and the watchdog.
    pub(super) fn kill(&self) {
        self.signal(Signal::KILL);
    }

    fn signal(&self, signal: Signal) {
        if let Err(error) = rustix::process::kill_process_group(self.group, signal) {
            tracing::debug!(%error, "no signal to a function's process group");
        }
    }
}

/// Waits until the other end of a pipe is closed to which nobody writes.
async fn end_of(pipe: &Receiver) {
    let mut buffer = [0; 1];
    while pipe.readable().await.is_ok() {
        match pipe.try_read(&mut buffer) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            _ => return,
        }
    }
}

/// Whether a child of this server still runs, without waiting and without reaping it.
pub(super) fn runs(pid: Pid) -> bool {
    let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    // An error means that it is no child any more: it has been reaped.
    matches!(rustix::process::waitid(WaitId::Pid(pid), look), Ok(None))
}
