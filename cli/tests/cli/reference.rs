//! `docs/cli.md` says of every command and option what `--help` says.
//!
//! Method: the page is made from the definition of the command line and compared. `UPDATE_REFERENCE=1` writes it anew.

use std::fmt::Write as _;
use std::path::Path;

use clap::{Arg, Command};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/cli.md");

const HEAD: &str = "\
# The command line

Every command and option of `durable-orders`, as `--help` has them. Data goes to the standard output, everything else to the
standard error. `--output json` prints one document and `--output jsonl` one object per line; members are only ever added. Tables are
for people and may change. Card numbers are shown with their last four digits only. Colours and live lines appear on terminals
alone.

<!-- Made from the program: UPDATE_REFERENCE=1 cargo test -p durable-orders --test cli reference -->

| exit code | meaning |
|---:|---|
";

/// The options that every command for a server has.
const SHARED: &str = "## Which server\n\nCommands that speak to a server take these, before or after the command:\n\n";

fn reference() -> String {
    let mut command = durable_orders::args::command();
    command.build();
    let mut page = HEAD.to_owned();
    for line in durable_orders::exit::Exit::table().lines() {
        let (code, meaning) = line.trim().split_once("  ").unwrap();
        writeln!(page, "| {code} | {meaning} |").unwrap();
    }
    page.push('\n');
    page.push_str(SHARED);
    options(&mut page, command.get_arguments().filter(|argument| argument.is_global_set()));
    for sub in command.get_subcommands().filter(|sub| is_shown(sub)) {
        describe(&mut page, sub, "durable-orders", 2);
    }
    page
}

fn is_shown(command: &Command) -> bool {
    !command.is_hide_set() && command.get_name() != "help"
}

fn describe(page: &mut String, command: &Command, path: &str, level: usize) {
    let path = format!("{path} {}", command.get_name());
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    writeln!(page, "\n{} `{path}`\n\n{about}.", "#".repeat(level)).unwrap();
    let own = || command.get_arguments().filter(|it| !it.is_global_set() && !it.is_hide_set());
    let own = || own().filter(|it| it.get_id() != "help" && it.get_id() != "version");
    if own().next().is_some() {
        page.push('\n');
        options(page, own());
    }
    for sub in command.get_subcommands().filter(|sub| is_shown(sub)) {
        describe(page, sub, &path, level + 1);
    }
}

fn options<'a>(page: &mut String, arguments: impl Iterator<Item = &'a Arg>) {
    page.push_str("| | |\n|---|---|\n");
    for argument in arguments {
        let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
        let mut text = help.replace('|', "\\|");
        let values: Vec<String> = argument
            .get_possible_values()
            .iter()
            .filter(|value| !value.is_hide_set())
            .map(|value| format!("`{}`", value.get_name()))
            .collect();
        if argument.get_action().takes_values() && !values.is_empty() {
            write!(text, ": {}", values.join(", ")).unwrap();
        }
        let defaults: Vec<String> =
            argument.get_default_values().iter().map(|it| it.to_string_lossy().into()).collect();
        if argument.get_action().takes_values() && !defaults.is_empty() {
            write!(text, " (default `{}`)", defaults.join(" ")).unwrap();
        }
        if let Some(variable) = argument.get_env() {
            write!(text, "; environment `{}`", variable.to_string_lossy()).unwrap();
        }
        writeln!(page, "| {} | {text} |", written(argument)).unwrap();
    }
}

/// As it is typed.
fn written(argument: &Arg) -> String {
    let values: Vec<String> = argument
        .get_value_names()
        .unwrap_or_default()
        .iter()
        .map(|name| if argument.is_positional() { name.to_string() } else { format!(" {name}") })
        .collect();
    let values = if argument.get_action().takes_values() { values.concat() } else { String::new() };
    let short = argument.get_short().map(|short| format!("`-{short}`, ")).unwrap_or_default();
    match argument.get_long() {
        Some(long) => format!("{short}`--{long}{}`", values.replace('|', "\\|")),
        None => format!("`{}`", values.replace('|', "\\|")),
    }
}

#[test]
fn the_reference_of_the_command_line_is_what_the_help_says() {
    let page = reference();
    if std::env::var_os("UPDATE_REFERENCE").is_some() {
        std::fs::write(Path::new(PAGE), &page).unwrap();
    }
    let hint = "the command line has changed: write the page anew with UPDATE_REFERENCE=1";
    assert_eq!(std::fs::read_to_string(PAGE).unwrap_or_default(), page, "{hint}");
}
