//! The engine's answers to many ways of writing a user, as they were measured.

use super::*;
use crate::facts::Need;

fn entry(name: &str, uid: u32, gid: u32, home: &str) -> PasswdEntry {
    PasswdEntry { name: name.into(), uid, gid, home: home.into() }
}

fn group(name: &str, gid: u32, members: &[&str]) -> Group {
    Group { name: name.into(), gid, members: members.iter().map(|member| (*member).to_owned()).collect() }
}

fn passwd() -> Vec<PasswdEntry> {
    vec![
        entry("root", 0, 0, "/root"),
        entry("app", 1000, 2000, "/home/app"),
        entry("twin", 1000, 2001, "/home/twin"),
        entry("nohome", 1500, 1500, ""),
        entry("1234", 77, 78, "/home/num"),
    ]
}

fn groups() -> Vec<Group> {
    vec![
        group("root", 0, &[]),
        group("app", 2000, &[]),
        group("extra", 3000, &["app", "twin"]),
        group("extra2", 3001, &["root", "app"]),
        group("num", 3002, &["1234"]),
        group("dup", 3003, &["app"]),
        group("dup", 3004, &[]),
        group("55", 66, &[]),
    ]
}

fn said(user: &str, group_add: &[&str]) -> String {
    let group_add: Vec<String> = group_add.iter().map(|group| (*group).to_owned()).collect();
    match resolve(user, &group_add, &Ok(passwd()), &Ok(groups()), &Environment::default()) {
        Ok(runs) => format!("{} {:?} {}", runs.identity.owner, runs.identity.groups, runs.home.unwrap()),
        Err(error) => error.to_string(),
    }
}

#[test]
fn users_are_read_as_the_engine_reads_them() {
    for (user, group_add, expected) in [
        ("", &[][..], "0:0 [3001] /root"),
        (":", &[], "0:0 [3001] /root"),
        ("0", &[], "0:0 [3001] /root"),
        ("root", &[], "0:0 [3001] /root"),
        ("0:0", &[], "0:0 [] /root"),
        ("root:extra", &[], "0:3000 [] /root"),
        ("app", &[], "1000:2000 [3000, 3001, 3003] /home/app"),
        ("app:", &[], "1000:2000 [3000, 3001, 3003] /home/app"),
        ("app:extra", &[], "1000:3000 [] /home/app"),
        ("1000", &[], "1000:2000 [3000, 3001, 3003] /home/app"),
        ("1000:1000", &[], "1000:1000 [] /home/app"),
        ("twin", &[], "1000:2001 [3000] /home/app"),
        ("1500", &[], "1500:1500 [] "),
        ("1234", &[], "1234:0 [] /"),
        ("77", &[], "77:78 [3002] /home/num"),
        (":1000", &[], "0:1000 [] /root"),
        (":extra", &[], "0:3000 [] /root"),
        ("app:dup", &[], "1000:3003 [] /home/app"),
        ("app:55", &[], "1000:55 [] /home/app"),
        ("007", &[], "7:0 [] /"),
        ("+5", &[], "5:0 [] /"),
        ("2147483647", &[], "2147483647:0 [] /"),
        ("app:5", &["dup", "4000"], "1000:5 [3003, 4000] /home/app"),
        ("app", &["dup", "4000", "4000"], "1000:2000 [3000, 3001, 3003, 4000] /home/app"),
        ("1000:2000", &["55"], "1000:2000 [66] /home/app"),
        ("nosuch", &[], "the container has no user `nosuch`"),
        ("app:nosuch", &[], "the container has no group `nosuch`"),
        ("app", &["nosuch"], "the container has no group `nosuch`"),
        ("-1", &[], "`-1` is out of the range of user numbers"),
        ("4294967295", &[], "`4294967295` is out of the range of user numbers"),
    ] {
        assert_eq!(said(user, group_add), expected, "{user:?} {group_add:?}");
    }
}

#[test]
fn a_container_without_passwd_knows_numbers_only() {
    let resolved = |user: &str| resolve(user, &[], &Ok(vec![]), &Ok(vec![]), &Environment::default());
    assert_eq!(resolved("").unwrap().home.as_deref(), Some("/"));
    assert_eq!(resolved("1000").unwrap().identity.owner, Owner { uid: 1000, gid: 0 });
    assert_eq!(resolved("root"), Err(Unresolved::NoSuchUser("root".into())));
}

#[test]
fn what_an_unread_passwd_decides_is_unknown() {
    let missing = Missing::new(Need::Docker, "cut off");
    let resolved = |user: &str| {
        resolve(user, &[], &Err(missing.clone()), &Err(missing.clone()), &Environment::default()).map(|runs| {
            assert_eq!(runs.home, None);
            runs.identity.owner.to_string()
        })
    };
    assert_eq!(resolved("").as_deref(), Ok("0:0"));
    assert_eq!(resolved("1000:1000").as_deref(), Ok("1000:1000"));
    assert_eq!(resolved("1000"), Err(Unresolved::Unknown(missing.clone())));
    assert_eq!(resolved("app"), Err(Unresolved::Unknown(missing.clone())));
}

#[test]
fn the_environment_decides_the_home_unless_it_is_empty() {
    for (home, expected) in [("/x", "/x"), ("", "/home/app")] {
        let environment = Environment::from_iter([("HOME".to_owned(), home.to_owned())]);
        let runs = resolve("1000", &[], &Ok(passwd()), &Ok(groups()), &environment).unwrap();
        assert_eq!(runs.home.as_deref(), Some(expected));
    }
}
