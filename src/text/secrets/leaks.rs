//! Every way to write a secret that we could think of. `hunter2` and `tail7` are secret in all of them.

use super::super::{Source, mask_text};

/// Kept readable beside the secret, where it stands in the text: masks that hide everything prove nothing.
const SEEN: &str = "seen";

const TABLE: &[(&str, &str)] = &[
    // References with something behind them.
    ("c.yaml", "PASSWORD: ${A}hunter2\nseen: 1"),
    (".env", "PASSWORD=${A}hunter2\nseen=1"),
    (".env", "PASSWORD=hunter2$A\nseen=1"),
    ("x.sh", "PASSWORD=$(A)hunter2 seen"),
    ("c.yaml", "{PASSWORD: ${A:-hunter2}, seen: 1}"),
    // YAML: blocks, quotes over lines, plain scalars over lines, anchors, tags, flows, lists.
    ("c.yaml", "a:\n  PASSWORD: |\n    hunter2\n\n      tail7\n  seen: 1"),
    ("c.yaml", "a:\n  PASSWORD: >-2\n    hunter2\n    tail7\n  seen: 1"),
    ("c.yaml", "a:\n  PASSWORD: !!str |+  # why\n    hunter2\n  seen: 1"),
    ("c.yaml", "a:\n  - PASSWORD: |\n      hunter2\n    seen: 1"),
    ("c.yaml", "a:\n  PASSWORD: \"hunter2\n    tail7\"\n  seen: 1"),
    ("c.yaml", "a:\n  PASSWORD: \"hunter2\n    tail7\n  seen: 1"),
    ("c.yaml", "a:\n  PASSWORD: 'hunter2\n\n    it''s tail7'\n  seen: 1"),
    ("c.yaml", "a:\n  PASSWORD: hunter2\n    tail7\n  seen: 1"),
    ("c.yaml", "a:\n  PASSWORD:\n    hunter2 tail7\n  seen: 1"),
    ("c.yaml", "a:\n  PASSWORD: hunter2 tail7 # seen"),
    ("c.yaml", "a:\r\n  PASSWORD: hunter2 tail7\r\n  seen: 1\r\n"),
    ("c.yaml", "a: {PASSWORD: hunter2 tail7, seen: 1}"),
    ("c.yaml", "seen: {\n  PASSWORD: hunter2\n   tail7, b: 1}"),
    ("c.yaml", "PASSWORD: &a hunter2\nseen: 1"),
    ("c.yaml", "x-seen: &p hunter2 tail7\na:\n  PASSWORD: *p"),
    ("c.yaml", "x-seen: &db_password hunter2"),
    ("c.yaml", "a:\n  <<: {PASSWORD: hunter2, seen: 1}"),
    ("c.yaml", "? PASSWORD\n: hunter2\nseen: 1"),
    ("c.yaml", "a:\n  - name: PASSWORD\n    value: hunter2\n    seen: 1"),
    ("c.yaml", "a:\n  - PASSWORD=hunter2 tail7\n  - seen=1"),
    ("c.yaml", "a:\n  - \"PASSWORD=hunter2 tail7\"\n  - seen=1"),
    ("c.yaml", "a:\n  - 'PASSWORD=hunter2 tail7'\n  - seen=1"),
    ("c.yaml", "a: [\"PASSWORD=hunter2 tail7\", seen=1]"),
    ("c.yaml", "api_tokens:\n  - hunter2\n  - tail7\nseen: 1"),
    ("c.yaml", "api_tokens: [hunter2, \"tail7\"]\nseen: 1"),
    ("c.yaml", "command: [\"redis-server\", \"--requirepass\", \"hunter2\", \"seen\"]"),
    ("c.yaml", "command:\n  - redis-server\n  - --requirepass\n  - hunter2\n  - seen"),
    ("c.yaml", "command:\n  - app\n  - --db-password\n  - \"hunter2\"\n  - seen"),
    ("c.yaml", "test: [\"CMD\", \"redis-cli\", \"-a\", \"hunter2\", \"seen\"]"),
    ("c.yaml", "test:\n  - CMD\n  - redis-cli\n  - -a\n  - hunter2\n  - seen"),
    ("c.yaml", "test: [\"CMD\", \"mysqladmin\", \"ping\", \"-phunter2\", \"seen\"]"),
    ("c.yaml", "test: mysqladmin ping -h 127.0.0.1 -u root -phunter2 # seen"),
    ("c.yaml", "args: {NPM_TOKEN: hunter2, seen: 1}"),
    ("c.yaml", "args:\n  - NPM_TOKEN=hunter2\n  - seen=1"),
    ("c.yaml", "labels:\n  - traefik.http.middlewares.a.basicauth.users=me:hunter2\n  - seen=1"),
    ("c.yaml", "environment:\n  DB_PASS: hunter2\n  seen: 1"),
    ("c.yaml", "environment:\n  ENCRYPTION_KEY: hunter2\n  seen: 1"),
    ("c.yaml", "  PASSWORD: \"hunter2\n  - [seen"),
    ("c.yaml", "  PASSWORD: 'hunter2'tail7\n seen"),
    ("c.yaml", "a: {seen: 1, PASSWORD: hunter2 ${A} tail7}\nseen: 1"),
    ("c.yaml", "seen: {PASSWORD: hunter2 tail7\n"),
    ("netrc", "machine seen\n  login me\n  password hunter2"),
    ("c.yaml", "a: \"seen\"\nb: {DB_PASS: 'hunter2 tail7', SSH_KEY: 1}"),
    // Settings.
    (".env", "PASSWORD=hunter2 tail7\nseen=1"),
    (".env", "PASSWORD=hunter2 # seen"),
    (".env", "PASSWORD=\"hunter2\ntail7\"\nseen=1"),
    (".env", "export PASSWORD='hunter2\nwith=tail7\n'\nseen=1"),
    (".env", "PASSWORD=\"hunter2\ntail7\nseen=1"),
    (".env.local", "PASSWORD: hunter2 tail7\nseen=1"),
    (".env", "SSH_KEY=\"-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2\n-----END OPENSSH PRIVATE KEY-----\"\nseen=1"),
    (".env", "SSH=\"-----BEGIN EC PRIVATE KEY-----\\nhunter2\\n-----END EC PRIVATE KEY-----\"\nseen=1"),
    (".env", "PASSWORD=`hunter2 tail7`\nseen=1"),
    ("app.ini", "[a]\npassword = hunter2 ; tail7\nseen = 1"),
    ("app.ini", "[a]\npassword = hunter2\n  tail7\nseen = 1"),
    ("app.ini", "[a]\npassword: hunter2 tail7\nseen = 1"),
    ("a.toml", "password = \"\"\"\nhunter2\ntail7\"\"\"\nseen = 1"),
    ("a.toml", "password = '''hunter2\n\ntail7'''\nseen = 1"),
    ("a.toml", "tokens = [\n  \"hunter2\",\n  'tail7',\n]\nseen = 1"),
    ("a.toml", "a = { password = \"hunter2\", seen = 1 }"),
    ("a.json", "{\"auths\": {\"seen\": {\"auth\": \"hunter2\"}}}"),
    ("a.json", "{\"password\":\n  \"hunter2\", \"seen\": 1}"),
    ("a.json", "{\"name\": \"PASSWORD\", \"value\": \"hunter2\", \"seen\": 1}"),
    ("a.json", "{\"tokens\": [\"hunter2\", \"tail7\"], \"seen\": 1}"),
    ("package.json", "{\"a\": \"app --password \\\"hunter2 tail7\\\" seen\"}"),
    // Make, just, shell, Dockerfile.
    ("Makefile", "PASSWORD := hunter2 tail7\nseen = 1"),
    ("Makefile", "PASSWORD = hunter2 \\\n  tail7\nseen = 1"),
    ("Makefile", "define PASSWORD\nhunter2\ntail7\nendef\nseen = 1"),
    ("Makefile", "a:\n\t@PGPASSWORD=hunter2 docker compose exec seen"),
    ("Makefile", "a: export PGPASSWORD = hunter2\nseen = 1"),
    ("justfile", "password := \"hunter2\"\nseen := 1"),
    ("justfile", "a password='hunter2':\n    seen"),
    ("x.sh", "export PASSWORD=\"hunter2\ntail7\"\nseen"),
    ("x.sh", "PASSWORD=hunter2\\ tail7 seen"),
    ("x.sh", "PASSWORD=$'hunter2\\ntail7'\nseen"),
    ("x.sh", "docker run -e \"PASSWORD=hunter2 tail7\" seen"),
    ("x.sh", "docker run -e 'PASSWORD=hunter2 tail7' seen"),
    ("x.sh", "docker run -ePASSWORD=hunter2 seen"),
    ("x.sh", "docker run --env=PASSWORD=hunter2 seen"),
    ("x.sh", "docker build --build-arg NPM_TOKEN=hunter2 seen"),
    ("x.sh", "docker login -u me -p hunter2 seen"),
    ("x.sh", "docker login -u me -p=hunter2 seen"),
    ("x.sh", "docker login -u me --password hunter2 seen"),
    ("x.sh", "echo hunter2 | docker login -u seen --password-stdin"),
    ("x.sh", "printf '%s' 'hunter2 tail7' | docker secret create seen -"),
    ("x.sh", "echo \"root:hunter2\" | chpasswd # seen"),
    ("x.sh", "docker secret create db_password - <<< hunter2\nseen"),
    ("x.sh", "echo 'hunter2' > secrets/db_password.txt # seen"),
    ("x.sh", "echo \"db:5432:*:shop:hunter2\" > ~/.pgpass # seen"),
    ("x.sh", "echo \"machine m login me password hunter2\" >> ~/.netrc; seen"),
    ("x.sh", "htpasswd -nb me hunter2\nseen"),
    ("x.sh", "mongosh -u me -p hunter2 seen"),
    ("x.sh", "rabbitmqctl add_user me hunter2\nseen"),
    ("x.sh", "sshpass -phunter2 ssh seen"),
    ("x.sh", "psql \"host=seen user=u password=hunter2 dbname=d\""),
    ("x.sh", "psql \"host=seen password='hunter2 tail7'\""),
    ("x.sh", "curl -H 'Authorization: Bearer hunter2' seen"),
    ("x.sh", "curl -H \"Authorization: Basic hunter2==\" seen"),
    ("x.sh", "curl -H 'X-Api-Key: hunter2' seen"),
    ("x.sh", "curl --user me:hunter2 seen"),
    ("x.sh", "mysql -u root --password=hunter2 seen"),
    ("Dockerfile", "ENV A=1 PASSWORD=hunter2 seen=2"),
    ("Dockerfile", "ENV PASSWORD \"hunter2 tail7\"\nUSER seen"),
    ("Dockerfile", "ARG TOKEN=hunter2\nUSER seen"),
    ("Dockerfile", "LABEL admin.password=\"hunter2 tail7\" seen=1"),
    ("Dockerfile", "RUN TOKEN=hunter2 \\\n  seen"),
    ("Dockerfile", "HEALTHCHECK CMD [\"curl\", \"-u\", \"me:hunter2\", \"seen\"]"),
    // URLs.
    (".env", "A=postgresql://seen/d?user=u&password=hunter2&x=1"),
    (".env", "SECRET_DB=postgresql://seen/d?password=hunter2"),
    (".env", "A=postgresql://seen:hunter2@"),
    (".env", "A=postgresql//seen:hunter2@h/d"),
    (".env", "A=//seen:hunter2@h/d"),
    (".env", "A=postgresql:://seen:hunter2@h/d"),
    (".env", "A=postgresql;//seen:hunter2@h/d"),
    (".env", "A=postgres ://seen:hunter2@h/d"),
    (".env", "A=postgresql : //seen:hunter2@h/d"),
    (".env", "A=postgresql+psycopg:/ /seen:hunter2@h/d"),
    (".env", "A=postgresql://seen%3Ahunter2@h/d"),
    (".env", "A=postgresql://seen:hunter2/h/d"),
    (".env", "A=postgresql://seen:hunter2#h/d"),
    (".env", "A=postgresql%3A%2F%2Fseen%3Ahunter2%40h%2Fd"),
    (".env", "A=postgresql://seen:hunter2%20tail7@h/d"),
    (".env", "A=https://hooks.seen/?token=hunter2&b=1"),
    (".env", "A=jdbc:postgresql://seen/d?user=u&password=hunter2"),
    (".env", "A=seen:hunter2@tcp(h:3306)/d"),
    (".env", "A=seen:hunter2@h:5432/d"),
    (".env", "A=Server=seen;User=u;Password=hunter2;X=1"),
    (".env", "A=Server=seen;UID=u;PWD=hunter2;X=1"),
    (".env", "A=https://ghp_hunter2hunter2hunter2hunter2hunter2@seen/x"),
    (".env", "A=https://oauth2:hunter2@seen/x"),
    // Code.
    ("a.py", "db_password: str = \"hunter2\"\nseen = 1"),
    ("a.py", "password: SecretStr = SecretStr('hunter2')\nseen = 1"),
    ("a.py", "password = Field(\n    default=\"hunter2\",\n)\nseen = 1"),
    ("a.py", "password = (\n    \"hunter2\"\n    'tail7'\n)\nseen = 1"),
    ("a.py", "os.environ[\"PGPASSWORD\"] = \"hunter2\"\nseen = 1"),
    ("a.py", "os.environ.setdefault('PGPASSWORD', 'hunter2')\nseen = 1"),
    ("a.py", "x = os.getenv(\"PGPASSWORD\", \"hunter2\")\nseen = 1"),
    ("a.py", "URL.create(\"postgresql\", username=\"seen\", password=\"hunter2\")"),
    ("a.py", "URL.create('postgresql', password = 'hunter2' 'tail7', host='seen')"),
    ("a.py", "connect(\"host=seen password=hunter2 dbname=d\")"),
    ("a.py", "create_engine(\"postgresql://seen/d?password=hunter2\")"),
    ("a.py", "url = f\"postgresql://seen:{user}hunter2@h/d\""),
    ("a.py", "url = f\"postgresql://seen:hunter2{x['a']}@h/d\""),
    ("a.py", "password = \"\"\"hunter2\ntail7\"\"\"\nseen = 1"),
    ("a.py", "d = {\"password\": \"hunter2\", \"seen\": 1}"),
    ("a.py", "d = dict(password=b\"hunter2\", seen=1)"),
    ("a.py", "# password = \"hunter2\", don't\nseen = 1"),
    ("a.py", "if password == 'hunter2': seen()"),
    ("a.py", "headers = {\"Authorization\": \"Bearer hunter2\", \"seen\": 1}"),
    ("a.py", "headers = {\"Authorization\": f\"Bearer hunter2\"}\nseen = 1"),
    ("a.ts", "const password: string = `hunter2`;\nseen"),
    ("a.sql", "CREATE USER seen IDENTIFIED BY 'hunter2';"),
    ("a.sql", "ALTER ROLE seen ENCRYPTED PASSWORD 'hunter2''tail7';"),
    // Texts of other programs, and tokens that say themselves what they are.
    ("", "FATAL: password=hunter2 seen"),
    ("", "seen eyJhbGciOihunter2.eyJzdWIiOiIxMjMiLtail7.abcdefhunter2"),
    ("", "seen sk_live_hunter2hunter2hunter2"),
    ("", "seen sk_live_hunter2"),
    (".env", "A=https://hunter2@seen/x"),
    (".env", "A=https://hunter2hunter2hunter2@sentry.seen/1"),
    ("x.sh", "pip install git+https://hunter2@seen/x"),
    (".env", "A=redis://hunter2hunter2hunter2@seen/1"),
    ("x.sh", "server --auth=me:hunter2 seen"),
    ("x.sh", "server --auth 'me:hunter2' seen"),
    ("c.yaml", "command: [\"server\", \"--auth\", \"me:hunter2\", \"seen\"]"),
    ("c.yaml", "# seen: the password is hunter2"),
    ("a.py", "# the old token was hunter2\nseen = 1"),
    ("", "seen glpat-hunter2hunter2hunter2"),
];

#[test]
fn no_way_to_write_a_secret_shows_it() {
    let mut leaks = vec![];
    for (path, text) in TABLE {
        let source = Source::new(path, text);
        let masked = source.masked();
        assert_eq!(masked.len(), text.len(), "{text}");
        if masked.contains("hunter2") || masked.contains("tail7") {
            leaks.push(format!("{path}: {text:?}\n  {masked:?}"));
        } else if !masked.contains(SEEN) {
            leaks.push(format!("hides too much: {path}: {text:?}\n  {masked:?}"));
        }
    }
    assert!(leaks.is_empty(), "{} of {}:\n{}", leaks.len(), TABLE.len(), leaks.join("\n"));
}

#[test]
fn a_text_cut_anywhere_is_masked_or_left_and_what_is_masked_stays_so() {
    for (path, text) in TABLE {
        for end in (0..=text.len()).filter(|end| text.is_char_boundary(*end)) {
            let source = Source::new(path, &text[..end]);
            assert_eq!(source.masked().len(), end);
            let _ = mask_text(&text[..end]);
        }
        let once = Source::new(path, text).masked();
        assert!(!Source::new(path, &once).masked().contains("hunter2"));
    }
}

#[test]
fn what_is_no_secret_is_shown() {
    for (path, text) in [
        ("c.yaml", "services:\n  db:\n    secrets:\n      - db_password\n    image: x"),
        ("c.yaml", "secrets:\n  db_password:\n    file: ./secrets/db.txt"),
        ("c.yaml", "PASSWORD: ${PASSWORD}\nTOKEN: $TOKEN"),
        ("c.yaml", "POSTGRES_PASSWORD_FILE: /run/secrets/db_password"),
        ("c.yaml", "image: registry:5000/a/b:1@sha256:abc"),
        ("c.yaml", "DATABASE_URL: postgresql://app@db/app"),
        ("c.yaml", "A: postgresql://db:5432/app\nB: postgresql://db:${PORT}/app\nC: postgresql://one:1,two:2/app"),
        ("a.py", "# see //server/share: it is so\nurl = 'postgresql://app@db:5432/app'  // nobody: me"),
        ("c.yaml", "DATABASE_URL: postgresql://application_readwrite@db/app"),
        ("c.yaml", "A: https://git@github.com/x\nB: https://${TOKEN}@github.com/x"),
        ("c.yaml", "# the password is required, the token is not\ncommand: server --auth=basic"),
        ("c.yaml", "ports: [\"127.0.0.1:5432:5432\"]\nvolumes: [\"./a:/b:ro\"]"),
        ("c.yaml", "a: {PASSWORD: ${PASSWORD}, X: 1}"),
        ("a.py", "def login(password: str, name: str = \"x\") -> None:\n    return check(password)\n"),
        ("a.py", "class PasswordReset(Base):\n    __tablename__ = \"resets\"\n"),
        ("a.py", "password = settings.password\nname = \"x\"\n"),
        ("a.py", "keys = Column(Integer, primary_key=True)\n"),
        ("a.py", "f\"postgresql://{user}:{password}@{host}/{name}\""),
        ("Makefile", "a:\n\tdocker compose exec -u $(UID):$(GID) -p 8080:80 api\n"),
        ("x.sh", "docker compose -p name up; ssh -p 22 host"),
    ] {
        assert_eq!(Source::new(path, text).masked(), text, "{text}");
    }
}
