//! Which reads are sure, and what speaks of variables.

use super::*;

fn surely(text: &str) -> Vec<String> {
    let is_harmless =
        |module: &str| ["os", "asyncio", "alembic", "sqlalchemy", "contextlib", "subprocess"].contains(&module);
    surely_read(text, &is_harmless).into_iter().map(|name| name.value).collect()
}

const HEAD: &str =
    "import os, sys, asyncio, contextlib\nfrom alembic import context\nfrom app import load\nconfig = context.config\n";

#[test]
fn what_is_surely_run_is_read() {
    for text in [
        "url = os.environ['URL']",
        "engine = make.it(os.environ['URL'].replace('%', '%%'))\nmake = 1",
        "url = f\"a{os.environ['URL']}\"",
        "url = os.environ['URL'] or load()",
        "url = os.environ['URL'] if os.environ['URL'] else 1",
        "def get():\n    return os.environ['URL']\nif 1:\n    print(get)\nget()",
        "def online():\n    go(os.environ['URL'])\nif context.is_offline_mode():\n    load()\nelse:\n    online()",
        "def online():\n    go(os.environ['URL'])\nif not context.is_offline_mode():\n    online()",
        "def online():\n    if context.is_offline_mode():\n        return\n    os.environ['URL']\nonline()",
        "async def online():\n    os.environ['URL']\ndef run():\n    asyncio.run(online())\nrun()",
        "async def inner():\n    os.environ['URL']\nasync def online():\n    await inner()\nasyncio.run(online())",
        "def first(one):\n    if one:\n        return 1\n    return 2\nfirst(1)\nurl = os.environ['URL']",
        "if config.file is not None:\n    contextlib.nullcontext(config.file)\nurl = os.environ['URL']",
        "class Settings:\n    url = os.environ['URL']",
        "def get(url=os.environ['URL']):\n    pass",
        "a = [one for one in os.environ['URL']] + [os.environ['URL']]",
    ] {
        assert_eq!(surely(&format!("{HEAD}{text}\n")).first().map(String::as_str), Some("URL"), "{text}");
    }
    for import in ["from os import environ", "from os import environ as here", "import os as system", "import os.path"]
    {
        let name = import.rsplit([' ', '.']).next().unwrap();
        let name = match name {
            "path" => "os.environ".to_owned(),
            "system" => "system.environ".to_owned(),
            name => name.to_owned(),
        };
        assert_eq!(surely(&format!("{import}\nurl = {name}['URL']\n")), ["URL"], "{import}");
    }
}

#[test]
fn what_may_not_be_run_is_not_read() {
    for text in [
        "if 'URL' in os.environ:\n    url = os.environ['URL']",
        "try:\n    url = os.environ['URL']\nexcept KeyError:\n    url = 1",
        "with contextlib.suppress(KeyError):\n    url = os.environ['URL']",
        "for one in []:\n    url = os.environ['URL']",
        "url = os.environ['URL'] if config.x else 1",
        "url = config.x or os.environ['URL']",
        "url = config.x and os.environ['URL']",
        "url = [os.environ['URL'] for one in config.all]",
        "url = lambda: os.environ['URL']",
        "def get():\n    return os.environ['URL']",
        "def get():\n    if config.x:\n        return 1\n    return os.environ['URL']\nget()",
        "def get():\n    yield os.environ['URL']\nget()",
        "@load\ndef get():\n    return os.environ['URL']\nget()",
        "async def get():\n    return os.environ['URL']\nget()",
        "def get():\n    return os.environ['URL']\nif config.x:\n    def get():\n        return 1\nget()",
        "def get():\n    return os.environ['URL']\nget = print\nget()",
        "def offline():\n    os.environ['URL']\nif context.is_offline_mode():\n    offline()\nelse:\n    print(1)",
        "load()\nurl = os.environ['URL']",
        "load.all()\nurl = os.environ['URL']",
        "if config.x:\n    load()\nurl = os.environ['URL']",
        "def wrapped():\n    load()\ntry:\n    wrapped()\nexcept OSError:\n    pass\nurl = os.environ['URL']",
        "@load\ndef get():\n    pass\nurl = os.environ['URL']",
        "unknown()\nurl = os.environ['URL']",
        "exec('x')\nurl = os.environ['URL']",
        "class Loader:\n    pass\nLoader()\nurl = os.environ['URL']",
        "if config.x:\n    raise SystemExit(0)\nurl = os.environ['URL']",
        "if config.x:\n    sys.exit(0)\nurl = os.environ['URL']",
        "os.environ['URL'] = 'x'",
        "environ['URL']",
    ] {
        assert_eq!(surely(&format!("{HEAD}{text}\n")), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn all_that_may_set_a_variable_speaks_of_it() {
    for text in [
        "os.environ['URL'] = 'x'",
        "os.environ.setdefault('URL', 'x')",
        "os.environ.update({'URL': 'x'})",
        "os.environ.update(URL='x')",
        "os.environ.pop('URL')",
        "del os.environ['URL']",
        "'URL' in os.environ",
        "os.getenv('URL')",
        "NAME = 'URL'",
    ] {
        let spoken = spoken_of(&format!("import os\n{text}\n")).unwrap();
        assert!(spoken.names.contains("URL") && !spoken.sets_any, "{text}: {spoken:?}");
    }
    for text in [
        "os.environ.update(read())",
        "os.environ.update(**read())",
        "os.environ[name] = value",
        "os.environ |= read()",
        "os.environ.setdefault(name, 'x')",
        "here = os.environ",
        "fill(os.environ)",
        "import dotenv",
        "from dotenv import load_dotenv",
        "from environs import Env",
        "from x import load_dotenv\nload_dotenv()",
        "from os import environ\nenviron[name] = 'x'",
    ] {
        assert!(spoken_of(&format!("import os\n{text}\n")).unwrap().sets_any, "{text}");
    }
    for text in [
        "os.environ['URL'].replace('%', '%%')",
        "dict(os.environ)",
        "{**os.environ, 'A': 'b'}",
        "os.environ.copy()",
        "name in os.environ",
        "os.environ[name]",
        "os.environ['OTHER'] = 'x'",
    ] {
        let spoken = spoken_of(&format!("import os\n{text}\n")).unwrap();
        assert!(!spoken.sets_any && !spoken.names.contains("URL"), "{text}: {spoken:?}");
    }
}
