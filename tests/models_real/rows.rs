//! Modules that the real SQLModel refuses, and modules that it takes.

/// A module, what it says in the real tool's error (nothing: it is fine), and where the check points.
pub struct Row {
    pub check: &'static str,
    pub module: &'static str,
    pub error: &'static str,
    pub places: &'static [&'static str],
    /// How the check can repair it.
    pub grade: Grade,
}

/// What fixes the findings of a row have.
#[derive(Clone, Copy)]
pub enum Grade {
    /// Each a safe one.
    Safe,
    /// None.
    None,
}

impl Row {
    /// How many findings have a safe fix, one that is not safe, and none.
    pub fn grades(&self) -> [usize; 3] {
        match self.grade {
            Grade::Safe => [self.places.len(), 0, 0],
            Grade::None => [0, 0, self.places.len()],
        }
    }
}

pub const fn bad(
    check: &'static str,
    places: &'static [&'static str],
    error: &'static str,
    module: &'static str,
) -> Row {
    Row { check, module, error, places, grade: Grade::Safe }
}

pub const fn told(
    check: &'static str,
    places: &'static [&'static str],
    error: &'static str,
    module: &'static str,
) -> Row {
    Row { check, module, error, places, grade: Grade::None }
}

pub const fn fine(check: &'static str, module: &'static str) -> Row {
    Row { check, module, error: "", places: &[], grade: Grade::None }
}

const BASES: &str = "sqlmodel-bases-out-of-order";
const SHARED: &str = "sqlmodel-column-shared";
const BESIDE: &str = "sqlmodel-arguments-beside-column";
const BODY: &str = "sqlmodel-import-in-class-body";
const MRO: &str = "Cannot create a consistent method resolution";
const TAKEN: &str = "already assigned to Table";
const FIELD: &str = "A non-annotated attribute was detected";

/// Stands before each module.
pub const HEAD: &str = "import abc, typing\nfrom datetime import datetime\nfrom typing import Annotated, ClassVar, Generic, Optional, TypeVar, TYPE_CHECKING\nfrom pydantic import BaseModel\nfrom sqlalchemy import Column, DateTime, ForeignKey, Index, Integer, String, func\nfrom sqlmodel import Field, SQLModel\nID = Field(default=None, primary_key=True)\n";

/// What defers annotations, and must come first.
pub const FUTURE: &str = "from __future__ import annotations\n";

/// A module with what stands before each, lines of its own counted on from there.
pub fn whole(module: &str) -> String {
    match module.strip_prefix(FUTURE) {
        Some(rest) => format!("{FUTURE}{HEAD}{rest}"),
        None => format!("{HEAD}{module}"),
    }
}

/// What `HEAD` has of lines.
pub const HEAD_LINES: usize = 7;

pub const ROWS: &[Row] = &[
    fine(BASES, "class T:\n    pass\nclass U(T, SQLModel):\n    pass\nclass V(SQLModel, T):\n    pass\n"),
    fine(
        BASES,
        "class T(SQLModel):\n    pass\nclass U(T, SQLModel):\n    pass\nclass V(T):\n    pass\nclass B(SQLModel):\n    pass\nclass W(B, T):\n    pass\n",
    ),
    fine(
        BASES,
        "class M(abc.ABC):\n    pass\nclass U(SQLModel, M):\n    pass\nX = TypeVar('X')\nclass G(BaseModel, Generic[X]):\n    x: X\n",
    ),
    bad(BASES, &["3:9"], MRO, "class T(SQLModel):\n    pass\nclass U(SQLModel, T):\n    pass\n"),
    bad(BASES, &["5:9"], MRO, "class T(SQLModel):\n    pass\nclass B(T):\n    pass\nclass U(T, B):\n    pass\n"),
    bad(BASES, &["5:9"], MRO, "class T:\n    pass\nclass B(T, SQLModel):\n    pass\nclass U(T, B):\n    pass\n"),
    bad(BASES, &["5:9"], MRO, "class A:\n    pass\nclass A2(A):\n    pass\nclass U(A, A2, SQLModel):\n    pass\n"),
    bad(BASES, &["1:9"], MRO, "class U(BaseModel, SQLModel):\n    pass\n"),
    bad(BASES, &["1:9"], MRO, "class U(object, SQLModel):\n    pass\n"),
    bad(BASES, &["1:19"], "duplicate base class", "class U(SQLModel, SQLModel):\n    pass\n"),
    bad(
        BASES,
        &["6:5"],
        MRO,
        "class T(SQLModel):\r\n    pass\r\n\r\n@typing.final\r\nclass U(\r\n    SQLModel,  # the base\r\n    # the times\r\n\tT,\r\n    table=False,\r\n):\r\n    pass\r\n",
    ),
    told(
        BASES,
        &["9:9"],
        MRO,
        "class A:\n    pass\nclass B:\n    pass\nclass X(A, B, SQLModel):\n    pass\nclass Y(B, A, SQLModel):\n    pass\nclass U(X, Y):\n    pass\n",
    ),
    bad(
        SHARED,
        &["2:36"],
        TAKEN,
        "class M(SQLModel):\n    at: datetime = Field(sa_column=Column(DateTime(timezone=True), server_default=func.now()))\nclass A(M, table=True):\n    id: Optional[int] = ID\nclass B(M, table=True):\n    id: Optional[int] = ID\n",
    ),
    bad(
        SHARED,
        &["2:36"],
        TAKEN,
        "class M:\n    at: datetime = Field(sa_column=Column(\"happened\", DateTime, nullable=False, index=True, comment=\"when\"))\nclass A(M, SQLModel, table=True):\n    id: Optional[int] = ID\nclass B(M, SQLModel, table=True):\n    id: Optional[int] = ID\n",
    ),
    bad(
        SHARED,
        &["4:19"],
        TAKEN,
        "class M(SQLModel):\n    at: Optional[datetime] = Field(\n        default=None,\n        sa_column=Column(DateTime),  # the time\n    )\nclass A(M, table=True):\n    id: Optional[int] = ID\nclass B(M, table=True):\n    id: Optional[int] = ID\n",
    ),
    bad(
        SHARED,
        &["2:41"],
        TAKEN,
        "class M(SQLModel):\n    id: Optional[int] = Field(sa_column=Column(Integer, primary_key=True), default=None)\nclass A(M, table=True):\n    x: int\nclass B(M, table=True):\n    x: int\n",
    ),
    bad(
        SHARED,
        &["4:49"],
        TAKEN,
        "class T(SQLModel, table=True):\n    id: Optional[int] = ID\nclass M(SQLModel):\n    team: Optional[int] = Field(None, sa_column=Column(Integer, ForeignKey(\"t.id\", ondelete=\"CASCADE\"), index=True))\nclass A(M, table=True):\n    id: Optional[int] = ID\nclass B(M, table=True):\n    id: Optional[int] = ID\n",
    ),
    bad(
        SHARED,
        &["4:55"],
        "This ForeignKey already has a parent",
        "class T(SQLModel, table=True):\n    id: Optional[int] = ID\nclass M(SQLModel):\n    team: Optional[int] = Field(None, sa_column_args=[ForeignKey(\"t.id\")])\nclass A(M, table=True):\n    id: Optional[int] = ID\nclass B(M, table=True):\n    id: Optional[int] = ID\n",
    ),
    bad(
        SHARED,
        &["1:39"],
        TAKEN,
        "Name = Annotated[str, Field(sa_column=Column(String, nullable=False))]\nclass A(SQLModel, table=True):\n    id: Optional[int] = ID\n    name: Name\nclass B(SQLModel, table=True):\n    id: Optional[int] = ID\n    name: Name\n",
    ),
    bad(
        SHARED,
        &["1:24"],
        TAKEN,
        "NAME = Field(sa_column=Column(String))\nclass A(SQLModel, table=True):\n    id: Optional[int] = ID\n    name: str = NAME\nclass B(SQLModel, table=True):\n    id: Optional[int] = ID\n    name: str = NAME\n",
    ),
    told(
        SHARED,
        &["1:8"],
        TAKEN,
        "name = Column(String)\nclass A(SQLModel, table=True):\n    id: Optional[int] = ID\n    name: str = Field(sa_column=name)\nclass B(SQLModel, table=True):\n    id: Optional[int] = ID\n    name: str = Field(sa_column=name)\n",
    ),
    told(
        SHARED,
        &["2:23"],
        "cannot be associated with table",
        "class M:\n    __table_args__ = (Index('ix', 'name'),)\nclass A(M, SQLModel, table=True):\n    id: Optional[int] = ID\n    name: str\nclass B(M, SQLModel, table=True):\n    id: Optional[int] = ID\n    name: str\n",
    ),
    fine(
        SHARED,
        "class M(SQLModel):\n    at: datetime = Field(sa_column=Column(DateTime))\nclass A(M, table=True):\n    id: Optional[int] = ID\nclass ARead(M):\n    id: int\n",
    ),
    fine(
        SHARED,
        "class M(SQLModel):\n    at: datetime = Field(sa_column=Column(DateTime))\nclass A(M, table=True):\n    id: Optional[int] = ID\nclass B(M, table=True):\n    id: Optional[int] = ID\n    at: datetime\n",
    ),
    fine(
        SHARED,
        "def fresh():\n    return Field(sa_column=Column(DateTime))\nclass A(SQLModel, table=True):\n    id: Optional[int] = ID\n    at: datetime = fresh()\nclass B(SQLModel, table=True):\n    id: Optional[int] = ID\n    at: datetime = fresh()\n",
    ),
    fine(
        SHARED,
        "class M:\n    x = Column(String)\nclass A(M, SQLModel, table=True):\n    id: Optional[int] = ID\nclass B(M, SQLModel, table=True):\n    id: Optional[int] = ID\n",
    ),
    bad(
        BESIDE,
        &["3:20"],
        "Passing nullable is not supported when also passing a sa_column",
        "class A(SQLModel, table=True):\n    id: Optional[int] = ID\n    a: str = Field(nullable=False, sa_column=Column(String))\n",
    ),
    bad(
        BESIDE,
        &["2:48"],
        "Passing primary_key is not supported",
        "class A(SQLModel, table=True):\n    id: int = Field(sa_column=Column(Integer), primary_key=True)\n",
    ),
    bad(
        BESIDE,
        &["3:51"],
        "Passing unique is not supported",
        "class A(SQLModel, table=True):\n    id: Optional[int] = ID\n    a: str = Field('x', sa_column=Column(String), unique=True, index=True, description='d')\n",
    ),
    bad(
        BESIDE,
        &["6:9"],
        "is not supported when also passing a sa_column",
        "class T(SQLModel, table=True):\n    id: Optional[int] = ID\nclass A(SQLModel, table=True):\n    id: Optional[int] = ID\n    t: int = Field(\n        foreign_key=\"t.id\",  # the t\n        sa_column=Column(Integer),\n        ondelete=\"CASCADE\",\n    )\n",
    ),
    bad(
        BESIDE,
        &["3:40"],
        "Passing sa_type is not supported",
        "class A(SQLModel, table=True):\n    id: Optional[int] = ID\n    a: str = Field(sa_column=Column(), sa_type=String(5))\n",
    ),
    bad(
        BESIDE,
        &["3:57"],
        "Passing sa_column_args is not supported",
        "class A(SQLModel, table=True):\n    id: Optional[int] = ID\n    a: Optional[int] = Field(sa_column=Column(Integer), sa_column_args=[ForeignKey('a.id')], sa_column_kwargs={'comment': 'c'})\n",
    ),
    bad(
        BESIDE,
        &["3:36"],
        "Passing index is not supported",
        "class A(SQLModel, table=True):\n    id: Optional[int] = ID\n    a: str = Field(sa_column=None, index=True)\n",
    ),
    bad(
        BESIDE,
        &["3:46"],
        "Passing sa_column_args is not supported",
        "class A(SQLModel, table=True):\n    id: Optional[int] = ID\n    a: str = Field(sa_column=Column(String), nullable=None, sa_column_args=[], unique=False)\n",
    ),
    fine(
        BESIDE,
        "class A(SQLModel, table=True):\n    id: Optional[int] = ID\n    a: str = Field(default='', max_length=5, description='d', sa_column=Column(String, nullable=False))\n",
    ),
    bad(BODY, &["2:5"], FIELD, "class A(SQLModel):\n    Optional = typing.Optional\n"),
    bad(BODY, &["2:5"], FIELD, "class A(SQLModel):\n    from typing import List\n    x: List[int]\n"),
    bad(BODY, &["3:5"], FIELD, "class A(BaseModel):\n    x: int\n    import typing\n"),
    bad(BODY, &["2:5"], FIELD, "class A(SQLModel):\n    import os\n"),
    bad(BODY, &["2:5"], FIELD, "class A(SQLModel):\n    from datetime import datetime  # when\n    x: datetime\n"),
    bad(
        BODY,
        &["3:5"],
        FIELD,
        "class A(SQLModel):\n    '''A.'''\n    from uuid import (\n        UUID,\n    )\n    x: UUID\n",
    ),
    bad(BODY, &["2:5"], FIELD, "class A(SQLModel):\n    Json = dict[str, int]\n    x: Json\n"),
    told(BODY, &["2:5"], FIELD, "class A(SQLModel):\n    MAX = 5\n"),
    told(BODY, &["2:5"], FIELD, "class A(SQLModel):\n    x = Column()\n"),
    told(
        BODY,
        &["4:9"],
        FIELD,
        "from sqlalchemy.ext.hybrid import hybrid_property\nclass A(SQLModel):\n    @hybrid_property\n    def f(self):\n        return 1\n",
    ),
    fine(
        BODY,
        "class A(SQLModel):\n    from uuid import uuid4\n    from typing import Any as _Any\n    _x = 1\n    y: ClassVar[int] = 2\n    if TYPE_CHECKING:\n        from uuid import UUID\n    class Inner:\n        import os\n    @property\n    def p(self):\n        import os\n        return os\nclass P:\n    import os\n    MAX = 5\n",
    ),
    fine(BODY, "class A(BaseModel):\n    model_config = {'ignored_types': (int,)}\n    MAX = 5\n"),
];
