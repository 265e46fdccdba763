//! Dockerfiles of all kinds, and what is read from them.

use std::fmt::Write;

use proptest::prelude::*;

use super::*;

const TRICKY: &str = r#"# syntax=docker/dockerfile:1
# escape=\
ARG VERSION=3.12 VARIANT="slim"
arg TAG=${VERSION}-${VARIANT:-full}
FROM --platform=$BUILDPLATFORM python:${TAG} as Builder
ENV HOME=/srv/é WORDS="two words" ESCAPED=two\ words \
    # a comment, don't be misled

    LAST=$HOME/x
RUN --mount=type=cache,target=/x cat <<EOF > /etc/one && cat <<-'TWO' >> /etc/two
USER heredoc
EOF
	FROM nothing
	TWO
COPY <<"A B" /x
USER copied
A B
RUN echo '<<NO' "<<NO" 1<<<"NO" && cat<<NO
ONBUILD USER onbuild
LABEL a=b\\
user ${OWNER:-app}:$GROUP
Workdir /srv
WORKDIR "app dir"
FROM scratch
FROM builder AS last
ARG UID=1000
ARG GID
WORKDIR sub
RUN ["echo", "<<EOF"]
USER "${UID}:${GID:-$UID}"
CMD ["sh"]
"#;

fn parsed(text: &str) -> Dockerfile {
    read(&Source::new("Dockerfile", text)).unwrap_or_else(|error| panic!("{error:?} in {text}"))
}

fn user(text: &str, target: Option<&str>) -> String {
    parsed(text).user_of(target).map(|user| user.value.clone()).unwrap_or_default()
}

fn failure(text: &str) -> (usize, String) {
    read(&Source::new("Dockerfile", text)).map_err(|error| (error.offset, error.message)).unwrap_err()
}

#[test]
fn all_of_a_tricky_file_is_read() {
    for text in [TRICKY.to_owned(), TRICKY.replace('\n', "\r\n"), format!("\u{feff}{TRICKY}")] {
        let source = Source::new("Dockerfile", &text);
        let file = read(&source).unwrap();
        let names: Vec<_> = file.stages.iter().map(|stage| stage.name.as_deref().unwrap_or("")).collect();
        assert_eq!(names, ["Builder", "", "last"]);
        let builder = &file.stages[0];
        assert_eq!(builder.base.value, "python:3.12-slim");
        assert_eq!(source.slice(&builder.base.span), "python:${TAG}");
        let environment: Vec<_> = builder.environment.iter().map(|(name, value)| format!("{name}={value}")).collect();
        // `LAST` has a variable that is set in the same instruction, so not before it.
        assert_eq!(environment, ["ESCAPED=two words", "HOME=/srv/é", "WORDS=two words"]);
        // `$GROUP` is not known, so all stays as it is written.
        assert_eq!(builder.user.as_ref().unwrap().value, "${OWNER:-app}:$GROUP");
        assert_eq!(source.slice(&builder.user.as_ref().unwrap().span), "${OWNER:-app}:$GROUP");
        assert_eq!(builder.working_dir.as_ref().unwrap().value, "/srv/app dir");
        assert_eq!(source.slice(&builder.working_dir.as_ref().unwrap().span), "app dir");
        let last = &file.stages[2];
        assert_eq!(last.user.as_ref().unwrap().value, "1000:1000");
        assert_eq!(source.slice(&last.user.as_ref().unwrap().span), "${UID}:${GID:-$UID}");
        assert_eq!(last.working_dir.as_ref().unwrap().value, "/srv/app dir/sub");
        assert_eq!(file.base_image_of(None).unwrap().value, "python:3.12-slim");
        assert_eq!(file.base_image_of(Some("1")).unwrap().value, "scratch");
    }
}

#[test]
fn stages_are_followed_to_what_they_are_built_from() {
    let text = "FROM a AS base\nUSER one\nFROM Base AS dev\nFROM dev\nFROM 1 AS two\nUSER two\nFROM other AS base\n\
                FROM base AS self\nFROM again AS again\n";
    let table = [
        (Some("dev"), "one", "a"),
        (Some("DEV"), "one", "a"),
        (Some("2"), "one", "a"),
        (Some("two"), "two", "a"),
        (Some("base"), "", "other"),
        (Some("self"), "", "other"),
        (Some("again"), "", "again"),
        (None, "", "again"),
    ];
    let file = parsed(text);
    for (target, expected, image) in table {
        assert_eq!(user(text, target), expected, "{target:?}");
        assert_eq!(file.base_image_of(target).unwrap().value, image, "{target:?}");
    }
    for target in ["none", "99", "-1", ""] {
        assert_eq!(file.stage(Some(target)), None);
        assert_eq!(file.base_image_of(Some(target)), None);
    }
}

#[test]
fn variables_are_put_in_where_they_are_known() {
    let table = [
        ("ARG U=1\nFROM x\nARG U\nUSER $U", "1"),
        ("ARG U=1\nFROM x\nUSER $U", "$U"),
        ("FROM x\nARG U=1\nENV U=2\nUSER $U", "2"),
        ("FROM x\nENV U=2\nARG U=1\nUSER ${U}", "2"),
        ("FROM x\nENV U=1\nENV U=2 V=$U\nUSER $V", "1"),
        ("FROM x\nENV U two words\nUSER $U", "two words"),
        ("FROM x\nARG U=1\nENV U=$NO\nUSER $U", "$U"),
        ("FROM x\nENV E=\nUSER a${E:-b}${E-c}${E:+d}${N:-${M:-e}}", "abe"),
        ("FROM x\nENV E=1\nUSER ${E:+d}${E:?no}'$E'\\$E", "d1$E$E"),
        ("FROM x\nUSER ${broken", "${broken"),
        ("FROM x\nUSER 'app'", "app"),
        ("FROM x AS a\nARG A=1\nENV B=2\nFROM a\nUSER $A$B", "12"),
        ("# escape=`\nFROM x\nUSER a`\n`\nb", "ab"),
        ("FROM x\nUSER one\nUSER two", "two"),
        ("from x\nuser\tapp  ", "app"),
    ];
    for (text, expected) in table {
        assert_eq!(user(text, None), expected, "{text}");
    }
    assert_eq!(parsed("ARG A\nFROM x:${A}\n").stages[0].base.value, "x:${A}");
}

#[test]
fn arguments_of_the_build_come_before_defaults_and_only_where_they_are_declared() {
    let given: BTreeMap<String, String> =
        [("U", "7"), ("TAG", "9"), ("E", "")].map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    for line in include_str!("../../../tests/dockerfile/arguments.txt").lines().filter(|line| !line.starts_with("# ")) {
        let (text, expected) = line.split_once(" => ").expect(line);
        let file = read_with(&Source::new("Dockerfile", &text.replace("; ", "\n")), &given).expect(line);
        let user = file.user_of(None).map_or("", |user| user.value.as_str());
        assert_eq!(user, expected.trim_matches('|'), "{line}");
    }
    let file = read_with(&Source::new("Dockerfile", "ARG TAG=1\nFROM x:$TAG\nARG X\nUSER $X"), &given).unwrap();
    assert_eq!(file.base_image_of(None).unwrap().value, "x:9");
    // What nobody gives here may still be given on the command line.
    assert_eq!(file.user_of(None).unwrap().value, "$X");
}

#[test]
fn working_directories_go_on_from_the_former() {
    let table = [
        ("FROM scratch\nWORKDIR a\nWORKDIR ./b/", "/a/b"),
        ("FROM x\nWORKDIR a\nWORKDIR b", "a/b"),
        ("FROM x\nWORKDIR /a/\nWORKDIR ../c/./d", "/c/d"),
        ("FROM x\nWORKDIR $HOME/a\nWORKDIR b", "$HOME/a/b"),
        ("FROM x AS a\nWORKDIR /a\nFROM a\nWORKDIR b", "/a/b"),
        ("FROM x\nWORKDIR /a\nWORKDIR /", "/"),
    ];
    for (text, expected) in table {
        let file = parsed(text);
        assert_eq!(file.stages.last().unwrap().working_dir.as_ref().unwrap().value, expected, "{text}");
    }
}

#[test]
fn errors_name_their_place_and_nothing_is_empty() {
    for text in ["", "\u{feff}", "\n \r\n", "# only a comment\n", "# syntax=x"] {
        assert_eq!(parsed(text), Dockerfile::default(), "{text:?}");
    }
    let text = "FROM x\n\n  NONSENSE s3cret\n";
    assert_eq!(failure(text), (text.find("NONSENSE").unwrap(), "unknown instruction".into()));
    let text = "\u{feff}FROM é\r\nUSER\r\n";
    assert_eq!(failure(text).0, text.find("USER").unwrap());
    assert_eq!(failure("USER x\n"), (0, "expected FROM".into()));
    assert_eq!(failure("ARG x\n"), (0, "expected at least one FROM instruction".into()));
    let text = "FROM x\nRUN cat <<EOF\nUSER y\n";
    assert_eq!(failure(text), (7, "a here-document has no end".into()));
}

#[test]
fn a_file_cut_anywhere_is_read_or_refused() {
    let windows = TRICKY.replace('\\', "`");
    for text in [TRICKY, &TRICKY.replace('\n', "\r\n"), &windows] {
        for cut in (0..text.len()).filter(|cut| text.is_char_boundary(*cut)) {
            for part in [&text[..cut], &text[cut..]] {
                let result = read(&Source::new("Dockerfile", part));
                assert!(result.is_ok() || result.is_err_and(|error| error.offset <= part.len()));
            }
        }
    }
}

#[test]
fn values_that_double_do_not_fill_the_memory() {
    let mut text = "FROM x AS s\nENV A=aaaaaaaa\n".to_owned();
    for _ in 0..200 {
        text.push_str("ENV A=$A$A$A$A\nARG B=$A$A\nWORKDIR $A\nUSER $A$A\n");
    }
    for number in 0..2000 {
        write!(text, "ENV V{number}=$A\nFROM s AS s\nWORKDIR $A\n").unwrap();
    }
    let file = parsed(&text);
    let size: usize = file.stages.iter().flat_map(|stage| stage.environment.values()).map(String::len).sum();
    assert!(size < 2 * BUDGET, "{size}");
}

#[test]
fn huge_files_end() {
    let lines = ["USER a\n", "FROM a AS a\n", "ENV A=1 \\\n", "RUN <<A\nx\nA\n", "${A:-", "\"", "WORKDIR a\n", "a "];
    for line in lines.into_iter().chain(["\nRUN a <<A", "[\"", "\\", "<<A ", "$A", "\u{1}\u{7f}é"]) {
        let text = format!("FROM a\nUSER {}", line.repeat((1 << 20) / line.len()));
        let result = read(&Source::new("a.bin", &text));
        let _followed = result.map(|file| (file.user_of(None).is_some(), file.base_image_of(None).is_some()));
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in any::<String>(), pieces in prop::collection::vec(prop::sample::select(vec![
        "FROM ", "a", " AS ", "\n", "\r", "\r\n", "RUN ", "COPY ", "ADD ", "ONBUILD ", "<<", "-", "E", "\\", "`", "\"",
        "'", "$", "{", "}", ":-", "USER ", "ENV ", "ARG ", "WORKDIR ", "=", " ", "\t", "#", "# escape=`\n", "[", "]",
        ",", "é", "\u{feff}", "\u{b}", "--", "HEALTHCHECK ", "CMD ", "SHELL ", "VOLUME ", "LABEL ", "EXPOSE ", "0",
    ]), 0..40)) {
        for text in [text, pieces.concat(), format!("FROM a\n{}", pieces.concat())] {
            let source = Source::new("Dockerfile", &text);
            match read(&source) {
                Ok(file) => {
                    let _followed = (file.user_of(None), file.base_image_of(Some("0")));
                }
                Err(error) => prop_assert!(error.offset <= text.len()),
            }
        }
    }
}
