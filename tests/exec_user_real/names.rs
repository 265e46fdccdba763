//! Names and numbers of users against the real engine: who is refused, who has which home, and what programs say of a number
//! without a name.

use super::support::project::Project;
use super::support::variable;
use super::{me, service};

const ID: &str = "exec-user-unknown";

fn named(project: &Project, said: &str) -> String {
    let answer = project.devdoctor(&["why", "--offline", "--format", "json", said]);
    let answer: serde_json::Value = serde_json::from_str(&answer.out).unwrap();
    answer["named"][0]["id"].as_str().unwrap_or("nothing").to_owned()
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn names_that_the_container_does_not_have_are_refused_and_seen() {
    let project = service("0:0", "sleep 600", "    stop_grace_period: 0s\n");
    project.up();
    let container = format!("{}-app-1", project.root.file_name().unwrap().to_str().unwrap());
    let user = "unable to find user shop: no matching entries in passwd file";
    let group = "unable to find group shop: no matching entries in group file";
    let refused = [
        ("-u shop", "docker compose exec -T -u shop app id -u", 126, user, 28),
        ("--user=shop", "docker compose exec -T --user=shop app id -u", 126, user, 32),
        ("shop:root", "docker compose exec -T -u shop:root app id -u", 126, user, 28),
        ("root:shop", "docker compose exec -T -u root:shop app id -u", 126, group, 28),
        ("docker exec", &format!("docker exec -u shop {container} id -u"), 126, user, 17),
    ];
    let fine = ["root", "www-data", "www-data:root", "1234", "1234:www-data", ":www-data", "0"];
    let mut makefile = String::new();
    for (number, (_, line, ..)) in refused.iter().enumerate() {
        makefile += &format!("a{number}:\n\t{line}\n");
    }
    for (number, user) in fine.iter().enumerate() {
        makefile += &format!("b{number}:\n\tdocker compose exec -T -u {user} app id -u\n");
    }
    project.write("Makefile", &makefile);
    for (name, line, status, text, _) in &refused {
        let said = project.shell(line);
        assert!(said.status == *status && said.all().contains(text), "{name}: {said}");
        assert_eq!(named(&project, &said.all()), ID, "{said}");
    }
    for number in 0..fine.len() {
        project.shell(&format!("make b{number}")).ends_with(0);
    }
    let places: Vec<String> = refused
        .iter()
        .enumerate()
        .map(|(number, (.., column))| format!("Makefile:{}:{column}", number * 2 + 2))
        .collect();
    let mut places: Vec<&str> = places.iter().map(String::as_str).collect();
    places.sort_unstable();
    let report = || project.devdoctor(&["check", "--format", "json", "--only", ID]).report();
    report().assert_places(ID, &places);
    // What it says helps.
    let title = report().of(ID)[0]["fix"]["title"].as_str().unwrap().to_owned();
    let numbers = title.split_once("-u ").unwrap().1;
    for (_, line, ..) in &refused {
        let line = line.replace("--user=shop", "-u shop");
        let line = ["shop:root", "root:shop", "shop"].iter().find_map(|user| {
            let from = format!("-u {user} ");
            line.contains(&from).then(|| line.replace(&from, &format!("-u {numbers} ")))
        });
        let works = project.shell(&line.unwrap()).ends_with(0);
        assert_eq!(works.out.trim(), me().0.to_string(), "{works}");
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_service_whose_user_is_not_in_its_image_does_not_start() {
    let project = service("shop", "id -u", "");
    project.containers_are_wanted();
    let said = project.shell("docker compose up --detach");
    let text = "unable to find user shop: no matching entries in passwd file";
    assert!(said.status != 0 && said.all().contains(text), "{said}");
    assert_eq!(named(&project, &said.all()), ID);
    let report = || project.devdoctor(&["check", "--format", "json", "--only", ID]).report();
    report().assert_places(ID, &["compose.yaml:5:12"]);
    let (uid, gid) = me();
    project.replace("compose.yaml", "user: \"shop\"", &format!("user: \"{uid}:{gid}\""));
    let works = project.up_to_its_end("app", "").ends_with(0);
    assert!(works.out.contains(&uid.to_string()), "{works}");
    report().assert_places(ID, &[]);
}

/// The home of each form of `-u`, and what programs say of a number without a name.
#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_number_without_a_name_has_the_root_for_its_home() {
    let project = service("0:0", "sleep 600", "    stop_grace_period: 0s\n");
    let named_image = variable("DEVDOCTOR_TEST_IMAGE_PYTHON_USER");
    let text = project.read("compose.yaml");
    let other = format!(
        "  named:\n    image: {named_image}\n    command: sleep 600\n    stop_grace_period: 0s\n  set:\n    image: {named_image}\n    command: sleep 600\n    stop_grace_period: 0s\n    environment:\n      HOME: /srv\n"
    );
    project.write("compose.yaml", format!("{text}{other}"));
    project.up();
    for (service, user, home) in [
        ("app", "1000:1000", "/"),
        ("app", "1000", "/"),
        ("app", ":1000", "/root"),
        ("named", "1000:1000", "/home/app"),
        ("named", "1000", "/home/app"),
        ("named", "app", "/home/app"),
        ("set", "1000:1000", "/srv"),
    ] {
        let line = format!("docker compose exec -T -u {user} {service} sh -c 'echo $HOME'");
        assert_eq!(project.shell(&line).ends_with(0).out.trim(), home, "{line}");
    }
    let exec = "docker compose exec -T -u 1000:1000 app";
    for (line, text) in [
        ("whoami", "whoami: cannot find name for user ID 1000"),
        ("python3 -c 'import getpass; getpass.getuser()'", "KeyError: 'getpwuid(): uid not found: 1000'"),
        ("bash -c 'PS1=\"\\u@\\h\"; echo \"${PS1@P}\"'", "I have no name!@"),
    ] {
        let said = project.shell(&format!("{exec} {line}"));
        assert!(said.all().contains(text), "{said}");
        assert_eq!(named(&project, &said.all()), "exec-no-passwd-entry", "{said}");
    }
    // The engine knows the same for a user who has a name.
    let named = "docker compose exec -T -u 1000:1000 named";
    assert_eq!(project.shell(&format!("{named} whoami")).ends_with(0).out.trim(), "app");
    project.shell(&format!("{named} python3 -c 'import getpass; getpass.getuser()'")).ends_with(0);
}
