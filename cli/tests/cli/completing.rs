//! The completions work in the shell that they are for.

use std::process::Command;

use crate::support::{binary, run};

#[test]
fn bash_completes_commands_and_options_with_them() {
    let binary = binary().get_program().to_str().unwrap().to_owned();
    // As bash itself calls what was registered for the command.
    let script = format!(
        "source <({binary} completions bash)
         try() {{
             COMP_WORDS=(durable-orders \"$@\") COMP_CWORD=$# COMPREPLY=()
             call=$(complete -p durable-orders | sed 's/.*-F \\([^ ]*\\).*/\\1/')
             $call durable-orders \"${{COMP_WORDS[$COMP_CWORD]}}\" \"${{COMP_WORDS[$COMP_CWORD-1]}}\"
             echo \"${{COMPREPLY[@]}}\"
         }}
         try or
         try logs t
         try order list --cust
         try order list --status pay"
    );
    let said = Command::new("bash").args(["-euo", "pipefail", "-c", &script]).output().unwrap();
    let out = String::from_utf8(said.stdout).unwrap();
    let err = String::from_utf8_lossy(&said.stderr);
    assert_eq!(out, "order\ntail\n--customer\npayment_declined\n", "{err}");
}

#[test]
fn every_shell_has_a_script_and_others_are_2() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let said = run(&["completions", shell]).ended(0);
        assert!(said.out.contains("durable-orders") && said.err.is_empty(), "{shell}");
    }
    let said = run(&["completions", "csh"]).ended(2);
    assert!(said.err.contains("bash"), "{said:?}");
}
