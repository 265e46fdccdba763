//! A plan as the command line of the docker CLI that does the same, for a shell.

use super::ExecPlan;
use crate::fix::show::quoted;

/// The line. `cli` are the options that name the engine, such as `--host unix:///run/docker.sock`.
pub fn command_line(plan: &ExecPlan, cli: &[String]) -> String {
    let mut words: Vec<String> = vec!["docker".to_owned()];
    words.extend(cli.iter().cloned());
    words.extend(["exec", "-i"].map(str::to_owned));
    if plan.tty {
        words.push("-t".to_owned());
    }
    let mut option = |name: &str, value: &str| words.extend([name.to_owned(), value.to_owned()]);
    if let Some(user) = &plan.user {
        option("-u", user);
    }
    for variable in &plan.environment {
        match variable.inherited {
            true => option("-e", &variable.name),
            false => option("-e", &format!("{}={}", variable.name, variable.value)),
        }
    }
    if let Some(directory) = &plan.working_dir {
        option("-w", directory);
    }
    words.push(plan.name.clone());
    words.extend(plan.command.iter().cloned());
    words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}
