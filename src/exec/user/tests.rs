//! Who a command runs as, on every kind of engine.

use proptest::prelude::*;

use super::*;
use crate::exec::plan::tests::{bind, container};
use crate::facts::{IdRange, Missing, Need, PasswdEntry};

const ME: Owner = Owner { uid: 1000, gid: 1000 };

fn maps(ranges: &[(u32, u32, u32)]) -> IdMaps {
    let ranges: Vec<IdRange> =
        ranges.iter().map(|&(inside, outside, count)| IdRange { inside, outside, count }).collect();
    IdMaps { uids: ranges.clone(), gids: ranges }
}

fn place<'a>(container: &'a Container, kind: EngineKind, maps: IdMaps) -> Place<'a> {
    Place {
        container,
        kind,
        local: true,
        maps: Ok(maps),
        root: "/home/me/shop",
        here: "/home/me/shop",
        developer: ME,
        owner_of: &|path| match path {
            "/home/me/shop/pg" => Some(Owner { uid: 999, gid: 999 }),
            "/home/me/shop/file" => None,
            _ => Some(ME),
        },
    }
}

fn person(uid: u32, gid: u32) -> Result<Who, Refusal> {
    Ok(Who::Person(Owner { uid, gid }))
}

#[test]
fn each_engine_has_its_own_me() {
    let mut app = container("app");
    app.mounts = vec![bind("/home/me/shop", "/app", true)];
    let rootless = [(0, 1000, 1), (1, 100_000, 65_536)];
    for (kind, ranges, expected) in [
        (EngineKind::Rootful, &[][..], person(1000, 1000)),
        (EngineKind::Rootless, &rootless, person(0, 0)),
        (EngineKind::UsernsRemap, &[(0, 500, 65_536)], person(500, 500)),
        (EngineKind::Desktop, &[], Ok(Who::Own(WhyOwn::Desktop))),
    ] {
        assert_eq!(place(&app, kind, maps(ranges)).who(None), expected, "{kind:?}");
    }
    let refusal = place(&app, EngineKind::UsernsRemap, maps(&[(0, 165_536, 65_536)])).who(None).unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "no user of `app` is you: the engine maps its users to 165536–231071 on this machine, and you are 1000:1000"
    );
    let mut unknown = place(&app, EngineKind::Rootless, IdMaps::default());
    unknown.maps = Err(Missing::new(Need::Docker, "whose it is cannot be seen"));
    assert!(matches!(unknown.who(None), Err(Refusal::NoMap { .. })));
    assert_eq!(unknown.who(Some("app")), Ok(Who::Named("app".to_owned())));
    // In another group than the one that the engine maps.
    let mut rootless = place(&app, EngineKind::Rootless, maps(&rootless));
    rootless.developer = Owner { uid: 1000, gid: 27 };
    assert_eq!(rootless.who(None), person(0, 0));
}

#[test]
fn a_service_without_the_project_keeps_its_user() {
    let own = |mounts: Vec<crate::facts::ContainerMount>| {
        let mut service = container("x");
        service.mounts = mounts;
        place(&service, EngineKind::Rootful, IdMaps::default()).who(None) == Ok(Who::Own(WhyOwn::NotMounted))
    };
    for mount in [
        bind("/home/me/shop", "/app", false),
        bind("/home/me/shop/pg", "/var/lib/postgresql/data", true),
        bind("/home/me/shop/file", "/app/file", true),
        bind("/home/me/shop/init", "/docker-entrypoint-initdb.d", true),
        bind("/srv", "/srv", true),
        bind("/home/me/shopping", "/app", true),
    ] {
        assert!(own(vec![mount.clone()]), "{mount:?}");
    }
    for mount in [
        bind("/home/me/shop", "/app", true),
        bind("/home/me/shop/src", "/src", true),
        bind("/home/me", "/home/me", true),
        bind("/", "/host", true),
    ] {
        assert!(!own(vec![mount.clone()]), "{mount:?}");
    }
    let mut postgres = container("db");
    postgres.mounts = vec![bind("/home/me/shop", "/app", true)];
    postgres.image = "postgres:16".to_owned();
    assert_eq!(place(&postgres, EngineKind::Rootful, IdMaps::default()).who(None), Ok(Who::Own(WhyOwn::ChangesUser)));
}

#[test]
fn groups_of_the_container_are_kept_where_that_costs_nothing() {
    let mut app = container("app");
    let login = |uid, gid| PasswdEntry { name: "app".to_owned(), uid, gid, home: "/home/app".to_owned() };
    for (user, logins, expected) in [
        ("", vec![], (Who::Person(ME), Some("1000:1000"))),
        ("", vec![login(1000, 1000)], (Who::Person(ME), Some("1000"))),
        ("", vec![login(1000, 2000)], (Who::Person(ME), Some("1000:1000"))),
        ("1000", vec![], (Who::Own(WhyOwn::Same), None)),
        ("app", vec![login(1000, 2000)], (Who::Own(WhyOwn::Same), None)),
        ("app", vec![login(1001, 1001)], (Who::Person(ME), Some("1000:1000"))),
    ] {
        (app.user, app.passwd) = (user.to_owned(), Ok(logins));
        let expected = (expected.0, expected.1.map(str::to_owned));
        assert_eq!(settled(Who::Person(ME), &app), expected, "{user} {:?}", app.passwd);
    }
}

proptest! {
    #[test]
    fn whoever_a_command_runs_as_is_the_person_on_the_host(
        uid in 0_u32..200_000, gid in 0_u32..200_000, start in 0_u32..200_000, count in 1_u32..70_000,
    ) {
        let mut app = container("app");
        app.mounts = vec![bind("/home/me/shop", "/app", true)];
        let maps = maps(&[(0, start, count)]);
        let mut place = place(&app, EngineKind::UsernsRemap, maps.clone());
        place.developer = Owner { uid, gid };
        match place.who(None) {
            Ok(Who::Person(owner)) => {
                prop_assert_eq!(maps.uid_on_host(owner.uid), Some(uid));
                prop_assert!(owner.uid == 0 || maps.gid_on_host(owner.gid) == Some(gid));
            }
            Err(Refusal::NotMapped { .. }) => {
                let counterpart = maps.to_container(Owner { uid, gid });
                prop_assert_eq!(counterpart, None);
            }
            other => prop_assert!(false, "{:?}", other),
        }
    }
}
