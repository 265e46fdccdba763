//! More modules that the real SQLModel refuses, and modules that it takes: what lies beside the troubles of `rows`.

use super::rows::{Row, bad, fine, told};

const KEYLESS: &str = "sqlmodel-table-without-key";
const BASES: &str = "sqlmodel-bases-out-of-order";
const SHARED: &str = "sqlmodel-column-shared";
const BESIDE: &str = "sqlmodel-arguments-beside-column";
const BODY: &str = "sqlmodel-import-in-class-body";
const RULE: &str = "sqlmodel-ondelete-refused";
const IGNORED: &str = "sqlmodel-column-ignored";

/// The modules.
pub const NEIGHBOURS: &[Row] = &[
    told(
        KEYLESS,
        &["1:7"],
        "could not assemble any primary key columns for mapped table 'm'",
        "class M(SQLModel, table=True):\n    at: int\nclass A(M, table=True):\n    id: Optional[int] = ID\n    x: int\n",
    ),
    told(
        KEYLESS,
        &["1:7"],
        "could not assemble any primary key columns for mapped table 'a'",
        "class A(SQLModel, table=True):\n    x: int = Field(index=True)\n    y: Optional[datetime] = None\n",
    ),
    fine(
        KEYLESS,
        "from sqlalchemy import PrimaryKeyConstraint\nclass K(SQLModel):\n    id: Optional[int] = ID\nclass A(K, table=True):\n    x: int\nclass B(SQLModel, table=True):\n    x: int = Field(sa_column=Column(Integer, primary_key=True))\nclass C(SQLModel, table=True):\n    x: int\n    __table_args__ = (PrimaryKeyConstraint('x'),)\nclass D(SQLModel, table=True):\n    x: int = Field(sa_column_kwargs={'primary_key': True})\n",
    ),
    fine(
        KEYLESS,
        "from sqlalchemy import PrimaryKeyConstraint as P\ndef pk():\n    return Column(Integer, primary_key=True)\ndef args(*names):\n    return (P(*names),)\nARGS = (P('x'),)\nclass A(SQLModel, table=True):\n    x: int = Field(sa_column=pk())\nclass B(SQLModel, table=True):\n    x: int\n    __table_args__ = (P('x'),)\nclass C(SQLModel, table=True):\n    x: int\n    __table_args__ = args('x')\nclass D(SQLModel, table=True):\n    x: int\n    __table_args__ = ARGS\nclass E(SQLModel, table=True):\n    __abstract__ = True\n    x: int\n",
    ),
    fine(
        BASES,
        "from dataclasses import dataclass\n@dataclass\nclass M:\n    at: int = 0\nclass A(M, SQLModel, table=True):\n    id: Optional[int] = ID\n    x: int\nclass B(SQLModel, M, table=True):\n    id: Optional[int] = ID\n    x: int\n",
    ),
    fine(
        BASES,
        "X = TypeVar('X')\nclass M(abc.ABC):\n    at: int\nclass G(Generic[X]):\n    pass\nclass A(SQLModel, M, table=True):\n    id: Optional[int] = ID\n    x: int\nclass B(SQLModel, G[int], table=True):\n    id: Optional[int] = ID\n    x: int\nclass C(SQLModel, Generic[X], table=True):\n    id: Optional[int] = ID\n    x: int\nclass D(Generic[X], SQLModel):\n    x: int\nclass E(abc.ABC, SQLModel):\n    x: int\nclass H(SQLModel, abc.ABC):\n    x: int\n",
    ),
    bad(BASES, &["3:22"], "duplicate base class T", "class T:\n    pass\nclass U(SQLModel, T, T):\n    pass\n"),
    bad(
        BASES,
        &["1:19"],
        "duplicate base class SQLModel",
        "class U(SQLModel, SQLModel, table=True):\n    id: Optional[int] = ID\n",
    ),
    told(
        SHARED,
        &["3:5"],
        "Column object 'a' named directly multiple times, only one will be used: a, b",
        "import warnings\nwarnings.simplefilter('error')\nc = Column(String)\nclass A(SQLModel, table=True):\n    id: Optional[int] = ID\n    a: str = Field(sa_column=c)\n    b: str = Field(sa_column=c)\n",
    ),
    told(
        SHARED,
        &["5:39"],
        "named directly multiple times, only one will be used: a, b",
        "import warnings\nwarnings.simplefilter('error')\nfrom typing import Annotated\n\nName = Annotated[str, Field(sa_column=Column(String))]\nclass A(SQLModel, table=True):\n    id: Optional[int] = ID\n    a: Name\n    b: Name\n",
    ),
    told(
        SHARED,
        &["3:9"],
        "This ForeignKey already has a parent !",
        "class T(SQLModel, table=True):\n    id: Optional[int] = ID\nargs = [ForeignKey('t.id')]\nclass A(SQLModel, table=True):\n    id: Optional[int] = ID\n    t: Optional[int] = Field(default=None, sa_column_args=args)\nclass B(SQLModel, table=True):\n    id: Optional[int] = ID\n    t: Optional[int] = Field(default=None, sa_column_args=args)\n",
    ),
    told(
        SHARED,
        &["3:7"],
        "This ForeignKey already has a parent !",
        "class T(SQLModel, table=True):\n    id: Optional[int] = ID\nkey = ForeignKey('t.id')\nclass A(SQLModel, table=True):\n    id: Optional[int] = ID\n    t: Optional[int] = Field(default=None, sa_column_args=[key])\n    u: Optional[int] = Field(default=None, sa_column_args=[key])\n",
    ),
    bad(
        SHARED,
        &["4:60"],
        "This ForeignKey already has a parent !",
        "class T(SQLModel, table=True):\n    id: Optional[int] = ID\nclass M(SQLModel):\n    t: Optional[int] = Field(default=None, sa_column_args=[ForeignKey('t.id')])\nclass A(M, table=True):\n    id: Optional[int] = ID\n    x: int\nclass B(M, table=True):\n    id: Optional[int] = ID\n    x: int\n",
    ),
    told(
        SHARED,
        &["3:23"],
        "Index 'ix' is against table 'a', and cannot be associated with table 'b'.",
        "class M(SQLModel):\n    name: str\n    __table_args__ = (Index('ix', 'name'),)\nclass A(M, table=True):\n    id: Optional[int] = ID\n    x: int\nclass B(M, table=True):\n    id: Optional[int] = ID\n    x: int\n",
    ),
    told(
        SHARED,
        &["3:23"],
        "Index 'ix' is against table 'a', and cannot be associated with table 'b'.",
        "class M:\n    name: str\n    __table_args__ = (Index('ix', 'name'),)\nclass A(M, SQLModel, table=True):\n    id: Optional[int] = ID\n    x: int\nclass B(M, SQLModel, table=True):\n    id: Optional[int] = ID\n    x: int\n",
    ),
    fine(
        SHARED,
        "from sqlalchemy import CheckConstraint, UniqueConstraint\nfrom sqlalchemy.orm import declared_attr\nclass M(SQLModel):\n    name: str\n    __table_args__ = (UniqueConstraint('name', name='uq'), CheckConstraint(\"name <> ''\"))\nclass A(M, table=True):\n    id: Optional[int] = ID\n    x: int\nclass B(M, table=True):\n    id: Optional[int] = ID\n    x: int\nclass N(SQLModel):\n    more: str\n    @declared_attr.directive\n    def __table_args__(cls):\n        return (Index(None, 'more'),)\nclass C(N, table=True):\n    id: Optional[int] = ID\n    x: int\nclass D(N, table=True):\n    id: Optional[int] = ID\n    x: int\n",
    ),
    fine(
        SHARED,
        "class A(SQLModel, table=True):\n    id: Optional[int] = ID\n    kind: str = Field(sa_column=Column(String))\n    __mapper_args__ = {'polymorphic_on': 'kind', 'polymorphic_identity': 'a'}\nclass B(A, table=True):\n    __mapper_args__ = {'polymorphic_identity': 'b'}\n    x: Optional[str] = None\nclass C(A, table=True):\n    __mapper_args__ = {'polymorphic_identity': 'c'}\nclass D(A):\n    y: Optional[str] = None\n",
    ),
    told(
        IGNORED,
        &["2:36"],
        "AssertionError: no comment",
        "class M(SQLModel):\n    at: datetime = Field(sa_column=lambda: Column(DateTime, comment='c'))\nclass A(M, table=True):\n    id: Optional[int] = ID\n    x: int\nclass B(M, table=True):\n    id: Optional[int] = ID\n    x: int\nassert A.__table__.c.at.comment, 'no comment'\n",
    ),
    told(
        BODY,
        &["4:9"],
        "A non-annotated attribute was detected: `created_at = <sqlalchemy.orm.decl_api.declared_attr object",
        "from sqlalchemy.orm import declared_attr\nclass M(SQLModel):\n    @declared_attr\n    def created_at(cls):\n        return Column(DateTime)\nclass A(M, table=True):\n    id: Optional[int] = ID\n    x: int\n",
    ),
    told(
        BODY,
        &["4:9"],
        "A non-annotated attribute was detected: `created_at",
        "from sqlalchemy.orm import declared_attr\nclass A(SQLModel, table=True):\n    @declared_attr\n    def created_at(cls):\n        return Column(DateTime)\n    id: Optional[int] = ID\n",
    ),
    fine(
        BODY,
        "from sqlalchemy.orm import declared_attr\nclass M:\n    @declared_attr\n    def created_at(cls):\n        return Column(DateTime)\nclass A(M, SQLModel, table=True):\n    id: Optional[int] = ID\n    x: int\nclass B(M, SQLModel, table=True):\n    id: Optional[int] = ID\n    x: int\nclass N(SQLModel):\n    @declared_attr.directive\n    def __tablename__(cls):\n        return 'n'\n    @declared_attr\n    def __mapper_args__(cls):\n        return {}\nclass C(N, table=True):\n    id: Optional[int] = ID\n    x: int\n",
    ),
    told(
        RULE,
        &["3:44"],
        "ondelete can only be used with foreign_key",
        "class A(SQLModel, table=True):\n    id: Optional[int] = ID\n    t: Optional[int] = Field(default=None, ondelete='CASCADE')\n",
    ),
    told(
        RULE,
        &["2:44"],
        "ondelete can only be used with foreign_key",
        "class A(SQLModel):\n    t: Optional[int] = Field(default=None, ondelete='CASCADE')\n",
    ),
    told(
        BESIDE,
        &["3:44"],
        "Passing ondelete is not supported",
        "class A(SQLModel, table=True):\n    id: Optional[int] = ID\n    t: Optional[int] = Field(default=None, ondelete='CASCADE', sa_column=Column(Integer, ForeignKey('a.id')))\n",
    ),
    told(
        RULE,
        &["5:40"],
        "ondelete=\"SET NULL\" requires nullable=True",
        "class T(SQLModel, table=True):\n    id: Optional[int] = ID\nclass A(SQLModel, table=True):\n    id: Optional[int] = ID\n    t: int = Field(foreign_key='t.id', ondelete='SET NULL')\n",
    ),
    told(
        RULE,
        &["4:40"],
        "ondelete=\"SET NULL\" requires nullable=True",
        "class T(SQLModel, table=True):\n    id: Optional[int] = ID\nclass M(SQLModel):\n    t: int = Field(foreign_key='t.id', ondelete='SET NULL')\nclass A(M, table=True):\n    id: Optional[int] = ID\n    x: int\n",
    ),
    fine(
        RULE,
        "class T(SQLModel, table=True):\n    id: Optional[int] = ID\nclass M(SQLModel):\n    t: int = Field(foreign_key='t.id', ondelete='SET NULL')\nclass A(SQLModel, table=True):\n    id: Optional[int] = ID\n    t: Optional[int] = Field(default=None, foreign_key='t.id', ondelete='SET NULL')\n    u: int = Field(foreign_key='t.id', ondelete='SET NULL', nullable=True)\n    v: int = Field(foreign_key='t.id', ondelete='CASCADE')\n",
    ),
    told(
        BESIDE,
        &["4:46"],
        "Passing nullable is not supported",
        "kw = {'nullable': False}\nclass A(SQLModel, table=True):\n    id: Optional[int] = ID\n    a: str = Field(sa_column=Column(String), **kw)\n",
    ),
    told(
        BESIDE,
        &["4:46"],
        "Passing nullable is not supported",
        "kw = dict([('nullable', False)])\nclass A(SQLModel, table=True):\n    id: Optional[int] = ID\n    a: str = Field(sa_column=Column(String), **kw)\n",
    ),
    fine(
        BESIDE,
        "kw = {'default': 'x'}\nclass A(SQLModel, table=True):\n    id: Optional[int] = ID\n    a: str = Field(sa_column=Column(String), **kw)\n    b: Annotated[str, Field(sa_column=Column(String))] = Field(nullable=False)\n    c: str = Field(sa_column=None)\n    d: Annotated[str, Field(sa_column=Column(String))]\n",
    ),
    bad(
        BESIDE,
        &["3:55"],
        "Passing nullable is not supported",
        "class A(SQLModel, table=True):\n    id: Optional[int] = ID\n    a: Annotated[str, Field(sa_column=Column(String), nullable=False)]\n",
    ),
    bad(
        BESIDE,
        &["3:46"],
        "Passing nullable is not supported",
        "class A(SQLModel, table=True):\n    id: Optional[int] = ID\n    a: str = Field(sa_column=Column(String), nullable=None)\n",
    ),
    bad(
        BESIDE,
        &["3:46"],
        "Passing index is not supported",
        "class A(SQLModel, table=True):\n    id: Optional[int] = ID\n    a: str = Field(sa_column=Column(String), index=False)\n",
    ),
    bad(
        BESIDE,
        &["3:46"],
        "Passing sa_column_args is not supported",
        "class A(SQLModel, table=True):\n    id: Optional[int] = ID\n    a: str = Field(sa_column=Column(String), sa_column_args=[])\n",
    ),
    bad(
        BESIDE,
        &["3:46"],
        "Passing sa_column_kwargs is not supported",
        "class A(SQLModel, table=True):\n    id: Optional[int] = ID\n    a: str = Field(sa_column=Column(String), sa_column_kwargs={})\n",
    ),
    bad(
        BESIDE,
        &["3:46"],
        "Passing sa_type is not supported",
        "class A(SQLModel, table=True):\n    id: Optional[int] = ID\n    a: str = Field(sa_column=Column(String), sa_type=None)\n",
    ),
    bad(
        BESIDE,
        &["3:46"],
        "Passing foreign_key is not supported",
        "class A(SQLModel, table=True):\n    id: Optional[int] = ID\n    a: str = Field(sa_column=Column(String), foreign_key=None)\n",
    ),
    bad(
        BESIDE,
        &["3:46"],
        "Passing primary_key is not supported",
        "class A(SQLModel, table=True):\n    id: Optional[int] = ID\n    a: str = Field(sa_column=Column(String), primary_key=False)\n",
    ),
    bad(
        BESIDE,
        &["3:46"],
        "Passing unique is not supported",
        "class A(SQLModel, table=True):\n    id: Optional[int] = ID\n    a: str = Field(sa_column=Column(String), unique=None)\n",
    ),
    fine(
        BESIDE,
        "from sqlmodel.main import Undefined\nclass A(SQLModel, table=True):\n    id: Optional[int] = ID\n    a: str = Field(sa_column=Column(String), nullable=Undefined)\n",
    ),
    told(
        BODY,
        &["3:5"],
        "Field 'x' requires a type annotation",
        "class A(SQLModel, table=True):\n    id: Optional[int] = ID\n    x = Field()\n",
    ),
    told(BODY, &["2:5"], "Field 'x' requires a type annotation", "class A(SQLModel):\n    x = Field(default=1)\n"),
    told(
        BODY,
        &["3:5"],
        "Field 'x' requires a type annotation",
        "import pydantic\nclass A(BaseModel):\n    x = pydantic.Field(default=1)\n",
    ),
    told(
        BODY,
        &["4:5"],
        "Field 'x' defined on a base class was overridden by a non-annotated attribute",
        "class B(SQLModel):\n    x: int\nclass A(B):\n    x = Field(default=1)\n",
    ),
    fine(
        BODY,
        "class B:\n    x = Field(default=1)\n    y: int = Field(default=1)\nclass A(B, SQLModel, table=True):\n    id: Optional[int] = ID\n    z: int\n",
    ),
    told(
        BODY,
        &["7:5"],
        "KeyError: 't'",
        "from sqlmodel import Relationship\nclass T(SQLModel, table=True):\n    id: Optional[int] = ID\nclass A(SQLModel, table=True):\n    id: Optional[int] = ID\n    t_id: Optional[int] = Field(default=None, foreign_key='t.id')\n    t = Relationship()\n",
    ),
    fine(
        BODY,
        "from sqlmodel import Relationship\nfrom sqlalchemy.orm import relationship\nclass T(SQLModel, table=True):\n    id: Optional[int] = ID\nclass A(SQLModel, table=True):\n    id: Optional[int] = ID\n    t_id: Optional[int] = Field(default=None, foreign_key='t.id')\n    t = Relationship(sa_relationship=relationship('T'))\nclass B(SQLModel):\n    t = Relationship()\n",
    ),
];
