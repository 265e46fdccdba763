//! Passwords in every form that a file can hold them in: over lines, behind references, in lists, in code.

use crate::Planted;
use crate::support::project::Project;

/// Plants them beside the ordinary ones.
pub fn plant(project: &Project, planted: &mut Planted) {
    let mut new = |place: &str| planted.with(place, "-");
    let compose = format!(
        r#"x-anchor: &anchor {anchor} and more
services:
  nasty:
    image: ${{API_IMAGE:-shop}}
    profiles: [never]
    build:
      context: .
      dockerfile: Dockerfile.nasty
      args:
        - NPM_TOKEN={argument} and {more_argument}
    environment: &environment
      DATABASE_URL: "postgresql+psycopg://shop:{first}@{second}@localhost:5432/shop?sslpassword={query}"
      BLOCK_PASSWORD: |
        {block}

          {second_line}
      FOLDED_PASSWORD: >-
        {folded}
      QUOTED_PASSWORD: "{quoted}
        {quoted_second}"
      PLAIN_PASSWORD: {plain} and
        {plain_second}
      BELOW_PASSWORD:
        {below}
      TAIL_PASSWORD: ${{NOTHING}}{tail}
      DEFAULT_PASSWORD: ${{NOTHING:-{default}}}
      ALIAS_PASSWORD: *anchor
      TAGGED_PASSWORD: !!str {tagged} more
    labels:
      - traefik.http.middlewares.a.basicauth.users=me:{label}
    command:
      - redis-server
      - --requirepass
      - {item}
      - -a
      - 'Authorization: Bearer {bearer}'
    healthcheck:
      test: ["CMD", "redis-cli", "-a", "{health}", "ping"]
    volumes:
      - .:/app
  nastier:
    image: ${{API_IMAGE:-shop}}
    profiles: [never]
    environment: {{<<: *environment, FLOW_PASSWORD: {flow} and more, OTHER: x}}
    entrypoint: ["sh", "-c", "PASSWORD='{shell} and more' exec app -p {word}"]
"#,
        anchor = new("x-anchor in compose.override.yaml"),
        argument = new("args: in compose.override.yaml"),
        more_argument = new("args: in compose.override.yaml, behind a blank"),
        first = new("DATABASE_URL in compose.override.yaml"),
        second = new("DATABASE_URL in compose.override.yaml, behind @"),
        query = new("the query in compose.override.yaml"),
        block = new("a block scalar"),
        second_line = new("a block scalar, second line"),
        folded = new("a folded scalar"),
        quoted = new("quotes over lines"),
        quoted_second = new("quotes over lines, second line"),
        plain = new("a plain scalar"),
        plain_second = new("a plain scalar, second line"),
        below = new("a scalar below its key"),
        tail = new("behind a reference"),
        default = new("a default"),
        tagged = new("a tagged scalar"),
        label = new("a label in a list"),
        item = new("an item behind its option"),
        bearer = new("a header"),
        health = new("a healthcheck in a list"),
        flow = new("a flow mapping"),
        shell = new("an entrypoint"),
        word = "8080",
    );
    project.write("compose.override.yaml", compose);
    project.write(
        "Dockerfile.nasty",
        format!(
            "ARG NPM_TOKEN={}\nFROM python:3.12\nARG NPM_TOKEN\nENV ONE_TOKEN=\"{} and {}\" DATABASE_URL=postgresql://a:b@h/d?password={}\nLABEL admin.password=\"{}\"\nRUN echo \"machine x login me password {}\" > ~/.netrc\nHEALTHCHECK CMD [\"curl\", \"-u\", \"me:{}\", \"x\"]\nUSER ${{NPM_TOKEN}}\n",
            new("Dockerfile.nasty, ARG"),
            new("Dockerfile.nasty, ENV"),
            new("Dockerfile.nasty, ENV, behind a blank"),
            new("Dockerfile.nasty, a query"),
            new("Dockerfile.nasty, LABEL"),
            new("Dockerfile.nasty, netrc"),
            new("Dockerfile.nasty, curl"),
        ),
    );
    project.write("nasty/alembic.ini", format!(
        "[alembic]\nscript_location = m\nsqlalchemy.url = postgres://a:{}@{}@localhost/b\npassword = {}\n  {}\n[other]\ntoken: {} ; {}\n",
        new("nasty/alembic.ini"),
        new("nasty/alembic.ini, behind @"),
        new("nasty/alembic.ini, an option"),
        new("nasty/alembic.ini, a line that goes on"),
        new("nasty/alembic.ini, a token"),
        new("nasty/alembic.ini, behind ;"),
    ));
    project.write("nasty/.env", format!(
        "DATABASE_URL=postgres://a:{}@localhost/b?password={}\nSSH_PRIVATE_KEY=\"-----BEGIN OPENSSH PRIVATE KEY-----\n{}\n-----END OPENSSH PRIVATE KEY-----\"\nLONG_PASSWORD='{}\n{}'\nBLANK_PASSWORD={} and {}\nDB_PASS={}\nEVENTS=https://oauth2:{}@packages.invalid/\nHOOK=https://hooks.invalid/?token={}\nGO_DSN=a:{}@tcp(h:3306)/d\nODBC=Server=h;UID=u;PWD={};X=1\nENCODED=postgresql%3A%2F%2Fa%3A{}%40h%2Fd\nUNCLOSED_PASSWORD=\"{}\n{}\n",
        new("nasty/.env, a URL"), new("nasty/.env, a query"), new("nasty/.env, a private key"),
        new("nasty/.env, quotes over lines"), new("nasty/.env, quotes over lines, second line"),
        new("nasty/.env, a blank"), new("nasty/.env, behind a blank"), new("nasty/.env, DB_PASS"),
        new("nasty/.env, a web URL"), new("nasty/.env, a web query"), new("nasty/.env, Go's form"),
        new("nasty/.env, ODBC"), new("nasty/.env, an encoded URL"), new("nasty/.env, a quote that never ends"),
        new("nasty/.env, behind a quote that never ends"),
    ));
    project.write("nasty/settings.py", format!(
        "from pgvector.sqlalchemy import Vector\nclass Settings(BaseSettings):\n    db_password: str = \"{}\"\n    key: SecretStr = SecretStr('x')\n    api_token: SecretStr = Field(\n        default='{}',\n    )\nengine = create_engine(\"postgres://h/d?password={}\")\nurl = URL.create('postgresql', password='{}' '{}')\nDATABASE_URL = os.getenv('DATABASE_URL', 'postgres://a:{}@{}@localhost/d')\nos.environ['PGPASSWORD'] = '{}'\nconnect(f\"host={{host}} password={} dbname=x\")\npassword = \"\"\"{}\n{}\"\"\"\nheaders = {{'Authorization': f'Bearer {}'}}\n",
        new("settings.py, a field"), new("settings.py, Field()"), new("settings.py, a query"),
        new("settings.py, URL.create"), new("settings.py, a second string"), new("settings.py, a default"),
        new("settings.py, a default, behind @"), new("settings.py, os.environ"), new("settings.py, a connection string"),
        new("settings.py, three quotes"), new("settings.py, three quotes, second line"), new("settings.py, a header"),
    ));
    project.write("nasty/Makefile", format!(
        "PASSWORD := {} and {}\ndefine OTHER_PASSWORD\n{}\nendef\nmigrate:\n\tPGPASSWORD='{} {}' docker compose exec api psql\n\techo {} | docker login -u me --password-stdin\n\tdocker compose exec -e \"PASSWORD={} and {}\" api alembic upgrade head\n",
        new("nasty/Makefile, a variable"), new("nasty/Makefile, behind a blank"), new("nasty/Makefile, define"),
        new("nasty/Makefile, quotes"), new("nasty/Makefile, quotes, second word"), new("nasty/Makefile, a pipe"),
        new("nasty/Makefile, -e"), new("nasty/Makefile, -e, second word"),
    ));
    project.write("nasty/justfile", format!(
        "password := \"{}\"\nmigrate token='{}':\n    docker compose exec -e \"TOKEN={} and {}\" api alembic upgrade head\n",
        new("nasty/justfile, a variable"), new("nasty/justfile, a parameter"), new("nasty/justfile, -e"),
        new("nasty/justfile, -e, second word"),
    ));
    project.write("scripts/nasty.sh", format!(
        "#!/bin/sh\nexport PASSWORD=\"{}\n{}\"\nTOKEN={}\\ {} docker compose exec api psql 'host=h password={}'\ndocker login -p={} registry\ndocker compose exec -T api curl -H 'Authorization: Basic {}' h\ndocker compose exec api mysqladmin -p{} ping\nprintf '%s' '{} x' > secrets/db_password\ndocker build --build-arg TOKEN={} .\ndocker compose exec api sh -c 'PGPASSWORD=\"{} {}\" psql'\n",
        new("nasty.sh, quotes over lines"), new("nasty.sh, quotes over lines, second line"), new("nasty.sh, a word"),
        new("nasty.sh, behind an escaped blank"), new("nasty.sh, a connection string"), new("nasty.sh, -p="),
        new("nasty.sh, a header"), new("nasty.sh, mysqladmin"), new("nasty.sh, a file"), new("nasty.sh, --build-arg"),
        new("nasty.sh, quotes in quotes"), new("nasty.sh, quotes in quotes, second word"),
    ));
    for (folder, text) in [
        ("three", "      PASSWORD: |\n        {}\n   x: ["),
        ("four", "      PASSWORD: \"{}\n        {}\n  x: 1\n"),
        ("five", "      PASSWORD: {} : {}\n"),
        ("six", "      - PASSWORD={} and {}\n   x: [\n"),
        ("seven", "      {PASSWORD: {} and {}\n"),
    ] {
        let place = format!("{folder}/compose.yaml, broken");
        let text = text.replacen("{}", &new(&place), 1).replacen("{}", &new(&place), 1);
        project.write(
            format!("{folder}/compose.yaml"),
            format!("services:\n  db:\n    image: x\n    environment:\n{text}"),
        );
    }
    project.write("nasty/pyproject.toml", format!(
        "[project]\nname = \"n\"\nversion = \"1\"\n[tool.x]\npassword = \"\"\"\n{}\n{}\"\"\"\ntokens = [\n  \"{}\",\n]\n[tool.alembic]\nscript_location = \"m\"\nsqlalchemy.url = \"postgres://a:{}@{}@localhost/b\"\n",
        new("nasty/pyproject.toml, three quotes"), new("nasty/pyproject.toml, second line"),
        new("nasty/pyproject.toml, a list"), new("nasty/pyproject.toml, a URL"), new("nasty/pyproject.toml, behind @"),
    ));
}
