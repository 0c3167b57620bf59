//! `completions`: what a shell needs to complete this program's commands and options.

use clap::Args;
use clap_complete::Shell;

use crate::exit::{Exit, Failure};
use crate::output::print;

/// Options of `completions`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  source <(durable-orders completions bash)
  durable-orders completions zsh > ~/.zfunc/_durable-orders
  durable-orders completions fish > ~/.config/fish/completions/durable-orders.fish")]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    /// Prints the script for this command line.
    ///
    /// # Errors
    /// When stdout takes no more.
    pub fn run(self, mut command: clap::Command) -> Result<Exit, Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command, "durable-orders", &mut script);
        let script = String::from_utf8_lossy(&script);
        // The generator writes the dash in the program's name in two ways, and bash finds the one by the other.
        print(&script.replace("durable__subcmd__orders", "durable__orders"))?;
        Ok(Exit::Done)
    }
}
