//! Columns that are described where SQLModel does not look, names that a block of a body binds, and what cures them by hand.

use super::rows::{HEAD, Row, fine, told};
use super::support::postgres::{Postgres, SUPERUSER};
use super::support::sets::SETS;
use super::{facts, found, hold, python};

const TYPE: &str = "sqlmodel-type-without-column";
const BODY: &str = "sqlmodel-import-in-class-body";
const DICT: &str = "<class 'dict'> has no matching SQLAlchemy type";
const FIELD: &str = "A non-annotated attribute was detected";

/// The modules.
const NESTED: &[Row] = &[
    told(
        TYPE,
        &["4:8"],
        DICT,
        "from sqlalchemy import JSON\nclass A(SQLModel, table=True):\n    id: Optional[int] = ID\n    x: Annotated[Optional[dict], Field(sa_column=Column(JSON))] = Field(default=None)\n",
    ),
    told(
        TYPE,
        &["4:8"],
        DICT,
        "from sqlalchemy import JSON\nclass A(SQLModel, table=True):\n    id: Optional[int] = ID\n    x: Annotated[Optional[dict], Field(sa_type=JSON)] = Field(default=None)\n",
    ),
    told(
        TYPE,
        &["4:8"],
        DICT,
        "from sqlalchemy import JSON\nclass A(SQLModel, table=True):\n    id: Optional[int] = ID\n    x: Optional[Annotated[dict, Field(sa_type=JSON)]] = None\n",
    ),
    told(
        TYPE,
        &["4:8"],
        DICT,
        "from sqlalchemy import JSON\nclass A(SQLModel, table=True):\n    id: Optional[int] = ID\n    x: Annotated[dict, Field(sa_type=JSON)] | None = None\n",
    ),
    fine(
        TYPE,
        "from sqlalchemy import JSON\nclass A(SQLModel, table=True):\n    id: Optional[int] = ID\n    x: Annotated[Optional[dict], Field(sa_column=Column(JSON))] = None\n    y: Annotated[Optional[dict], Field(sa_type=JSON)]\n    z: Annotated[dict, Field(sa_type=JSON), 'said'] = {}\n    v: 'Annotated[dict, Field(sa_type=JSON)]' = {}\n    w: Annotated[Optional[str], Field(sa_column=Column(String(3)))] = Field(default=None)\n    u: Optional[dict] = Field(default=None, sa_type=JSON)\n",
    ),
    told(
        BODY,
        &["3:9", "4:9"],
        FIELD,
        "class A(SQLModel, table=True):\n    if True:\n        from decimal import Decimal\n        MAX = 5\n    id: Optional[int] = ID\n",
    ),
    told(
        BODY,
        &["3:9"],
        FIELD,
        "class A(SQLModel, table=True):\n    if not TYPE_CHECKING:\n        from decimal import Decimal\n    id: Optional[int] = ID\n",
    ),
    told(
        BODY,
        &["5:9"],
        FIELD,
        "class A(SQLModel, table=True):\n    if TYPE_CHECKING:\n        pass\n    else:\n        from decimal import Decimal\n    id: Optional[int] = ID\n",
    ),
    fine(
        BODY,
        "class A(SQLModel, table=True):\n    if TYPE_CHECKING:\n        from decimal import Decimal\n    if 0:\n        from uuid import UUID\n    elif False:\n        MAX = 5\n    id: Optional[int] = ID\n",
    ),
    told(
        BODY,
        &["4:5", "5:5", "6:5"],
        FIELD,
        "import sqlalchemy.ext.hybrid, sqlalchemy.orm\nclass A(SQLModel, table=True):\n    id: Optional[int] = ID\n    x = sqlalchemy.orm.column_property(sqlalchemy.literal(1))\n    y = sqlalchemy.orm.synonym('id')\n    z = sqlalchemy.ext.hybrid.hybrid_property(lambda self: 1)\n",
    ),
    told(BODY, &["5:9"], FIELD, HYBRID),
    told(
        BODY,
        &["5:9"],
        FIELD,
        "from sqlalchemy.ext.hybrid import hybrid_method\nclass A(SQLModel, table=True):\n    id: Optional[int] = ID\n    @hybrid_method\n    def up(self, by):\n        return self.id + by\n",
    ),
    fine(
        BODY,
        "from functools import cached_property\nfrom sqlalchemy.ext.hybrid import hybrid_method\nclass A(SQLModel, table=True):\n    id: Optional[int] = ID\n    up: ClassVar[typing.Any]\n    @hybrid_method\n    def up(self, by):\n        return self.id + by\n    @cached_property\n    def down(self):\n        return self.id\nassert A(id=2).up(3) == 5 and A(id=2).down == 2\n",
    ),
    told(
        BODY,
        &["3:5"],
        FIELD,
        "import decimal as Decimal\nclass A(SQLModel, table=True):\n    from decimal import Decimal\n    id: Optional[int] = ID\n    x: Decimal = 0\n",
    ),
    told(
        BODY,
        &["3:5"],
        FIELD,
        "import datetime\nclass A(SQLModel, table=True):\n    from datetime import datetime\n    id: Optional[int] = ID\n    x: datetime | None = None\n",
    ),
];

const HYBRID: &str = "from sqlalchemy.ext.hybrid import hybrid_property\nclass A(SQLModel, table=True):\n    id: Optional[int] = ID\n    @hybrid_property\n    def up(self):\n        return self.id + 1\n";

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn sqlmodel_refuses_what_stands_where_it_does_not_look() {
    hold(NESTED);
}

/// What the words say, done by hand, is what the database is asked.
#[test]
#[ignore = "needs the real parts: run tests/run"]
fn what_is_said_of_attributes_by_hand_cures_them() {
    let helps = [
        (HYBRID.to_owned(), "write `up: ClassVar[Any]` above the decorator, in a line of its own"),
        (
            HYBRID.replace(
                "    @hybrid_property\n    def up(self):\n        return self.id + 1\n",
                "    up = hybrid_property(lambda self: self.id + 1)\n",
            ),
            "annotate it `up: ClassVar[Any] = …`",
        ),
    ];
    let cures = [
        HYBRID.replace("    @h", "    up: ClassVar[typing.Any]\n    @h"),
        helps[1].0.replace("    up =", "    up: ClassVar[typing.Any] ="),
    ];
    for ((module, help), cure) in helps.iter().zip(&cures) {
        let before = found(&facts(&[("models.py".into(), format!("{HEAD}{module}"))]), BODY);
        assert_eq!(before.iter().map(|it| it.help.join("; ")).collect::<Vec<_>>(), [*help]);
        let cured = format!(
            "{HEAD}import sqlalchemy\n{cure}assert str(sqlalchemy.select(A.up)).startswith('SELECT a.id + '), A.up\nassert A(id=2).up == 3\n"
        );
        assert_eq!(found(&facts(&[("models.py".into(), cured.clone())]), BODY).len(), 0);
        for set in SETS {
            assert_eq!(python(set, std::slice::from_ref(&cured))[0].0, "", "{set}: {cured}");
        }
    }
}

#[test]
fn a_comment_that_a_fix_would_lose_is_told_as_the_reason_for_none() {
    let module = |inside: &str| {
        format!(
            "{HEAD}import sqlalchemy\nclass M(SQLModel):\n    at: Optional[str] = Field(sa_column={inside})\nclass A(M, table=True):\n    id: Optional[int] = ID\nclass B(M, table=True):\n    id: Optional[int] = ID\n"
        )
    };
    for (inside, fixed, told) in [
        ("Column(String)", true, false),
        ("Column(String,  # how long?\n    unique=True)", false, true),
        ("Column(String, sqlalchemy.Identity(),  # counts\n    unique=True)", false, false),
    ] {
        let findings = found(&facts(&[("models.py".into(), module(inside))]), "sqlmodel-column-shared");
        let [one] = findings.as_slice() else { panic!("{inside}: {findings:#?}") };
        let is_told = one.help.iter().any(|help| help.contains("take the comment out"));
        assert_eq!((one.fix.is_some(), is_told), (fixed, told), "{inside}: {one:#?}");
    }
}

/// An index that each table makes by itself needs a name for each.
#[test]
#[ignore = "needs the real parts: run tests/run"]
fn an_index_of_each_table_has_a_name_of_its_own() {
    let server = Postgres::start("DEVDOCTOR_TEST_PG_BIN_PLAIN");
    let id = "sqlmodel-column-shared";
    let tables = "class A(M, SQLModel, table=True):\n    id: Optional[int] = ID\n    at: int\nclass B(M, SQLModel, table=True):\n    id: Optional[int] = ID\n    at: int\n";
    let shared = format!("{HEAD}class M:\n    __table_args__ = (Index('ix_at', 'at'),)\n{tables}");
    let findings = found(&facts(&[("models.py".into(), shared)]), id);
    let help = format!("{} {}", findings[0].help.join(" "), findings[0].instead);
    let name = help.split('`').find(|part| part.starts_with("f\"")).unwrap();
    for set in SETS {
        for (name, wanted) in [(name, ""), ("'ix_at'", "already exists")] {
            for (at, url) in [
                "sqlite://".to_owned(),
                format!("postgresql+psycopg://{}:{}@127.0.0.1:{}/postgres", SUPERUSER.0, SUPERUSER.1, server.port),
            ]
            .iter()
            .enumerate()
            {
                let cured = format!(
                    "{HEAD}from sqlalchemy.orm import declared_attr\nclass M:\n    @declared_attr.directive\n    def __table_args__(cls):\n        return (Index({name}, 'at'),)\n{tables}from sqlmodel import create_engine\nengine = create_engine({url:?})\nwith engine.connect() as connection:\n    SQLModel.metadata.create_all(connection)\n"
                );
                let said = python(set, &[cured])[0].0.clone();
                assert!(said.contains(wanted) && said.is_empty() == wanted.is_empty(), "{set} {at} {name}: {said}");
            }
        }
    }
}
