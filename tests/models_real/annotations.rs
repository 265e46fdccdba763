//! Annotations that the real SQLModel makes no column or relationship of, and those that it does.

use super::rows::{Row, bad, fine, told};

const TYPE: &str = "sqlmodel-type-without-column";
const LIKE: &str = "sqlmodel-field-named-like-its-type";
const GENERIC: &str = "sqlmodel-relationship-generic";

/// The modules.
pub const ANNOTATIONS: &[Row] = &[
    told(
        TYPE,
        &["3:9"],
        "Unable to generate pydantic-core schema for sqlalchemy.orm.base.Mapped",
        "from sqlalchemy.orm import Mapped, mapped_column\nclass M(SQLModel):\n    at: Mapped[datetime] = mapped_column(DateTime)\nclass A(M, table=True):\n    id: Optional[int] = ID\n    x: int\n",
    ),
    told(
        TYPE,
        &["3:9"],
        "Unable to generate pydantic-core schema for sqlalchemy.orm.base.Mapped",
        "from sqlalchemy.orm import Mapped, mapped_column\nclass M:\n    at: Mapped[datetime] = mapped_column(DateTime)\nclass A(M, SQLModel, table=True):\n    id: Optional[int] = ID\n    x: int\n",
    ),
    told(
        TYPE,
        &["3:9"],
        "Unable to generate pydantic-core schema for sqlalchemy.orm.base.Mapped",
        "from sqlalchemy.orm import Mapped, mapped_column\nclass A(BaseModel):\n    at: Mapped[datetime]\n",
    ),
    fine(
        TYPE,
        "from sqlalchemy.orm import Mapped, mapped_column\nfrom sqlmodel import Relationship\nclass T(SQLModel, table=True):\n    id: Optional[int] = ID\nclass A(SQLModel, table=True):\n    id: Optional[int] = ID\n    at: datetime = mapped_column(DateTime)\n    t_id: Optional[int] = Field(default=None, foreign_key='t.id')\n    t: Mapped[Optional[T]] = Relationship()\n",
    ),
    bad(
        LIKE,
        &["4:5"],
        "<class 'NoneType'> has no matching SQLAlchemy type",
        "from datetime import date\nclass A(SQLModel, table=True):\n    id: Optional[int] = ID\n    date: Optional[date] = None\n",
    ),
    bad(
        LIKE,
        &["4:5"],
        "<class 'NoneType'> has no matching SQLAlchemy type",
        "from datetime import date\nclass A(SQLModel, table=True):\n    id: Optional[int] = ID\n    date: 'Optional[date]' = None\n",
    ),
    bad(
        LIKE,
        &["5:5"],
        "<class 'NoneType'> has no matching SQLAlchemy type",
        "from __future__ import annotations\nfrom datetime import date\nclass A(SQLModel, table=True):\n    id: Optional[int] = ID\n    date: Optional[date] = None\n",
    ),
    bad(
        LIKE,
        &["4:5"],
        "Make sure you don't have any field name clashing with a type annotation",
        "from datetime import date\nclass A(SQLModel, table=True):\n    id: Optional[int] = ID\n    date: date = Field()\n",
    ),
    bad(
        LIKE,
        &["4:5"],
        "Error: ",
        "from datetime import date\nclass A(SQLModel, table=True):\n    id: Optional[int] = ID\n    date: Optional[date] = Field(default=None)\n",
    ),
    bad(
        LIKE,
        &["4:5"],
        "unsupported operand type(s) for |: 'NoneType' and 'NoneType'",
        "from datetime import date\nclass A(SQLModel, table=True):\n    id: Optional[int] = ID\n    date: date | None = None\n",
    ),
    bad(
        LIKE,
        &["4:5"],
        "unsupported operand type(s) for |: 'FieldInfo' and 'NoneType'",
        "from datetime import date\nclass A(SQLModel, table=True):\n    id: Optional[int] = ID\n    date: date | None = Field(default=None)\n",
    ),
    bad(
        LIKE,
        &["3:5"],
        "unsupported operand type(s) for |: 'NoneType' and 'NoneType'",
        "from datetime import date\nclass A(SQLModel):\n    date: date | None = None\n",
    ),
    bad(
        LIKE,
        &["3:5"],
        "Input should be None",
        "from datetime import date\nclass A(SQLModel):\n    date: Optional[date] = None\nA(date='2020-01-01')\n",
    ),
    bad(
        LIKE,
        &["3:5"],
        "Input should be None",
        "from datetime import date\nclass A(BaseModel):\n    date: Optional[date] = None\nA(date='2020-01-01')\n",
    ),
    bad(
        LIKE,
        &["4:5"],
        "<class 'NoneType'> has no matching SQLAlchemy type",
        "from datetime import date\nclass A(SQLModel, table=True):\n    id: Optional[int] = ID\n    date: Optional[date] = None\n    other: Optional[date] = None\n",
    ),
    bad(
        LIKE,
        &["3:5"],
        "Make sure you don't have any field name clashing with a type annotation",
        "from datetime import date\nclass A(SQLModel):\n    date: date = date(2020, 1, 1)\n    other: Optional[date] = None\n",
    ),
    bad(
        LIKE,
        &["4:5"],
        "'FieldInfo' object has no attribute 'Decimal'",
        "import decimal\nclass A(SQLModel, table=True):\n    id: Optional[int] = ID\n    decimal: decimal.Decimal = Field()\n    other: decimal.Decimal\n",
    ),
    bad(
        LIKE,
        &["4:5"],
        "'NoneType' object has no attribute 'Decimal'",
        "import decimal as decimal\nclass A(SQLModel, table=True):\n    id: Optional[int] = ID\n    decimal: Optional[decimal.Decimal] = None\n",
    ),
    fine(
        LIKE,
        "from datetime import date\nimport datetime as dt\nclass A(SQLModel, table=True):\n    id: Optional[int] = ID\n    date: date\n    other: Optional[date] = None\nclass B(SQLModel, table=True):\n    id: Optional[int] = ID\n    date: Optional[dt.date] = None\nfrom datetime import date as Date\nclass C(SQLModel, table=True):\n    id: Optional[int] = ID\n    date: Optional[Date] = None\nclass E(SQLModel, table=True):\n    id: Optional[int] = ID\n    date: date | None\n",
    ),
    fine(
        LIKE,
        "from __future__ import annotations\nfrom datetime import date\nclass A(SQLModel, table=True):\n    id: Optional[int] = ID\n    date: date\n",
    ),
    told(
        TYPE,
        &["3:8"],
        "<class 'list'> has no matching SQLAlchemy type",
        "class A(SQLModel, table=True):\n    id: Optional[int] = ID\n    x: list\n",
    ),
    told(
        TYPE,
        &["3:8"],
        "<class 'list'> has no matching SQLAlchemy type",
        "class A(SQLModel, table=True):\n    id: Optional[int] = ID\n    x: list[str] = []\n",
    ),
    told(
        TYPE,
        &["3:8"],
        "<class 'list'> has no matching SQLAlchemy type",
        "class A(SQLModel, table=True):\n    id: Optional[int] = ID\n    x: typing.List[str] = []\n",
    ),
    told(
        TYPE,
        &["3:8"],
        "<class 'list'> has no matching SQLAlchemy type",
        "class A(SQLModel, table=True):\n    id: Optional[int] = ID\n    x: Optional[list[str]] = None\n",
    ),
    told(
        TYPE,
        &["3:8"],
        "<class 'list'> has no matching SQLAlchemy type",
        "class A(SQLModel, table=True):\n    id: Optional[int] = ID\n    x: list[str] | None = None\n",
    ),
    told(
        TYPE,
        &["3:8"],
        "<class 'list'> has no matching SQLAlchemy type",
        "class A(SQLModel, table=True):\n    id: Optional[int] = ID\n    x: 'list[str]' = []\n",
    ),
    told(
        TYPE,
        &["3:8"],
        "<class 'list'> has no matching SQLAlchemy type",
        "class A(SQLModel, table=True):\n    id: Optional[int] = ID\n    x: list = Field(exclude=True)\n",
    ),
    told(
        TYPE,
        &["3:8"],
        "<class 'list'> has no matching SQLAlchemy type",
        "class A(SQLModel, table=True):\n    id: Optional[int] = ID\n    x: list = Field(sa_column=None)\n",
    ),
    told(
        TYPE,
        &["3:8"],
        "<class 'dict'> has no matching SQLAlchemy type",
        "class A(SQLModel, table=True):\n    id: Optional[int] = ID\n    x: dict\n",
    ),
    told(
        TYPE,
        &["3:8"],
        "<class 'dict'> has no matching SQLAlchemy type",
        "class A(SQLModel, table=True):\n    id: Optional[int] = ID\n    x: dict[str, int] = Field(default_factory=dict)\n",
    ),
    told(
        TYPE,
        &["3:8"],
        "<class 'dict'> has no matching SQLAlchemy type",
        "class A(SQLModel, table=True):\n    id: Optional[int] = ID\n    x: typing.Dict[str, int] = {}\n",
    ),
    told(
        TYPE,
        &["3:8"],
        "<class 'set'> has no matching",
        "class A(SQLModel, table=True):\n    id: Optional[int] = ID\n    x: set[str]\n",
    ),
    told(
        TYPE,
        &["3:8"],
        "<class 'tuple'> has no matching",
        "class A(SQLModel, table=True):\n    id: Optional[int] = ID\n    x: tuple[str, int]\n",
    ),
    told(
        TYPE,
        &["3:8"],
        "typing.Any has no matching SQLAlchemy type",
        "class A(SQLModel, table=True):\n    id: Optional[int] = ID\n    x: typing.Any\n",
    ),
    told(
        TYPE,
        &["3:8"],
        "<class 'object'> has no matching",
        "class A(SQLModel, table=True):\n    id: Optional[int] = ID\n    x: object\n",
    ),
    told(
        TYPE,
        &["3:8"],
        "<class 'complex'> has no matching",
        "class A(SQLModel, table=True):\n    id: Optional[int] = ID\n    x: complex\n",
    ),
    told(
        TYPE,
        &["3:8"],
        "Cannot have a (non-optional) union as a SQLAlchemy field",
        "class A(SQLModel, table=True):\n    id: Optional[int] = ID\n    x: int | str\n",
    ),
    told(
        TYPE,
        &["3:8"],
        "Cannot have a (non-optional) union as a SQLAlchemy field",
        "class A(SQLModel, table=True):\n    id: Optional[int] = ID\n    x: typing.Union[int, str, None] = None\n",
    ),
    told(
        TYPE,
        &["3:8"],
        "issubclass() arg 1 must be a class",
        "class A(SQLModel, table=True):\n    id: Optional[int] = ID\n    x: typing.Literal['a', 'b']\n",
    ),
    told(
        TYPE,
        &["3:8"],
        "issubclass() arg 1 must be a class",
        "class A(SQLModel, table=True):\n    id: Optional[int] = ID\n    x: 'Nobody'\n",
    ),
    told(
        TYPE,
        &["3:8"],
        "issubclass() arg 1 must be a class",
        "class A(SQLModel, table=True):\n    id: Optional[int] = ID\n    x: Optional['Nobody'] = None\n",
    ),
    told(
        TYPE,
        &["5:8"],
        "<class 'models.P'> has no matching SQLAlchemy type",
        "class P(BaseModel):\n    a: int\nclass A(SQLModel, table=True):\n    id: Optional[int] = ID\n    x: P\n",
    ),
    told(
        TYPE,
        &["5:8"],
        "<class 'models.T'> has no matching SQLAlchemy type",
        "class T(SQLModel, table=True):\n    id: Optional[int] = ID\nclass A(SQLModel, table=True):\n    id: Optional[int] = ID\n    t: Optional[T] = None\n",
    ),
    told(
        TYPE,
        &["3:8"],
        "<class 'models.A'> has no matching SQLAlchemy type",
        "class A(SQLModel, table=True):\n    id: Optional[int] = ID\n    x: 'A'\n",
    ),
    told(
        TYPE,
        &["4:8"],
        "<class 'pydantic.networks.HttpUrl'> has no matching SQLAlchemy type",
        "from pydantic import HttpUrl\nclass A(SQLModel, table=True):\n    id: Optional[int] = ID\n    x: HttpUrl\n",
    ),
    told(
        TYPE,
        &["2:8"],
        "<class 'list'> has no matching SQLAlchemy type",
        "class B(SQLModel):\n    x: list[str]\nclass A(B, table=True):\n    id: Optional[int] = ID\n    y: int\n",
    ),
    told(
        TYPE,
        &["3:8"],
        "issubclass() arg 1 must be a class",
        "class A(SQLModel, table=True):\n    id: Optional[int] = ID\n    x: Optional['Later'] = None\nclass Later(SQLModel):\n    y: int\n",
    ),
    told(
        TYPE,
        &["6:8"],
        "issubclass() arg 1 must be a class",
        "from __future__ import annotations\nif TYPE_CHECKING:\n    from decimal import Decimal\nclass A(SQLModel, table=True):\n    id: Optional[int] = ID\n    x: Decimal\n",
    ),
    told(
        TYPE,
        &["4:8"],
        "issubclass() arg 1 must be a class",
        "from __future__ import annotations\nclass A(SQLModel, table=True):\n    id: Optional[int] = ID\n    x: Decimal\n",
    ),
    told(
        TYPE,
        &["4:8"],
        "issubclass() arg 1 must be a class",
        "from __future__ import annotations\nclass A(SQLModel, table=True):\n    id: Optional[int] = ID\n    x: Later\nclass Later(str):\n    pass\n",
    ),
    fine(
        TYPE,
        "from sqlalchemy import JSON\nfrom decimal import Decimal\nfrom enum import Enum\nfrom ipaddress import IPv4Address\nfrom pathlib import Path\nfrom uuid import UUID\nfrom datetime import date, time, timedelta\nfrom pydantic import PrivateAttr\nclass E(Enum):\n    a = 1\nclass B(SQLModel):\n    x: list[str]\n    y: dict\n    z: Optional['Nobody'] = None\nclass A(SQLModel, table=True):\n    id: Optional[int] = ID\n    a: bytes\n    b: Decimal\n    c: E\n    d: UUID\n    e: Path\n    f: timedelta\n    g: IPv4Address\n    h: time\n    i: float\n    j: bool\n    k: list = Field(sa_type=JSON)\n    l: dict = Field(sa_column=Column(JSON))\n    m: Annotated[list, Field(sa_type=JSON)]\n    n: ClassVar[list] = []\n    _o: list[str] = PrivateAttr(default_factory=list)\n    p: Optional['datetime'] = None\n    q: 'Unknown' = Field(sa_type=Integer)\n",
    ),
    bad(
        GENERIC,
        &["6:13", "10:8"],
        "seems to be using a generic class as the argument to relationship()",
        "from __future__ import annotations\nfrom typing import List\nfrom sqlmodel import Relationship\nclass T(SQLModel, table=True):\n    id: Optional[int] = ID\n    heroes: List[\"Hero\"] = Relationship(back_populates=\"t\")\nclass Hero(SQLModel, table=True):\n    id: Optional[int] = ID\n    t_id: Optional[int] = Field(default=None, foreign_key='t.id')\n    t: Optional[T] = Relationship(back_populates=\"heroes\")\n",
    ),
    bad(
        GENERIC,
        &["5:13", "9:8"],
        "seems to be using a generic class as the argument to relationship()",
        "from __future__ import annotations\nfrom sqlmodel import Relationship\nclass T(SQLModel, table=True):\n    id: Optional[int] = ID\n    heroes: list[Hero] = Relationship(back_populates=\"t\")\nclass Hero(SQLModel, table=True):\n    id: Optional[int] = ID\n    t_id: Optional[int] = Field(default=None, foreign_key='t.id')\n    t: T | None = Relationship(back_populates=\"heroes\")\nt = T()\nh = Hero(t=t)\nassert T().heroes == [] and h.t is t and t.heroes == [h]\n",
    ),
    told(
        GENERIC,
        &["5:13"],
        "seems to be using a generic class as the argument to relationship()",
        "from __future__ import annotations\nfrom sqlmodel import Relationship\nclass T(SQLModel, table=True):\n    id: Optional[int] = ID\n    heroes: list[\"Hero\"] = Relationship(sa_relationship_kwargs={\"lazy\": \"selectin\"})\nclass Hero(SQLModel, table=True):\n    id: Optional[int] = ID\n    t_id: Optional[int] = Field(default=None, foreign_key='t.id')\n",
    ),
    told(
        GENERIC,
        &["6:13"],
        "seems to be using a generic class as the argument to relationship()",
        "from __future__ import annotations\nfrom sqlalchemy.orm import Mapped\nfrom sqlmodel import Relationship\nclass T(SQLModel, table=True):\n    id: Optional[int] = ID\n    heroes: Mapped[list[\"Hero\"]] = Relationship()\nclass Hero(SQLModel, table=True):\n    id: Optional[int] = ID\n    t_id: Optional[int] = Field(default=None, foreign_key='t.id')\n",
    ),
    bad(
        GENERIC,
        &["5:13"],
        "failed to locate a name (\"'Hero'\")",
        "from __future__ import annotations\nfrom sqlmodel import Relationship\nclass T(SQLModel, table=True):\n    id: Optional[int] = ID\n    heroes: \"Hero\" = Relationship()\nclass Hero(SQLModel, table=True):\n    id: Optional[int] = ID\n    t_id: Optional[int] = Field(default=None, foreign_key='t.id')\n",
    ),
    bad(
        GENERIC,
        &["5:13"],
        "seems to be using a generic class as the argument to relationship()",
        "from typing import List\nfrom sqlmodel import Relationship\nclass T(SQLModel, table=True):\n    id: Optional[int] = ID\n    heroes: \"List[Hero]\" = Relationship()\nclass Hero(SQLModel, table=True):\n    id: Optional[int] = ID\n    t_id: Optional[int] = Field(default=None, foreign_key='t.id')\n",
    ),
    bad(
        GENERIC,
        &["4:13"],
        "seems to be using a generic class as the argument to relationship()",
        "from sqlmodel import Relationship\nclass T(SQLModel, table=True):\n    id: Optional[int] = ID\n    heroes: \"list[Hero]\" = Relationship()\nclass Hero(SQLModel, table=True):\n    id: Optional[int] = ID\n    t_id: Optional[int] = Field(default=None, foreign_key='t.id')\n",
    ),
    bad(
        GENERIC,
        &["4:13"],
        "expression 'Hero | None' failed to locate a name",
        "from sqlmodel import Relationship\nclass T(SQLModel, table=True):\n    id: Optional[int] = ID\n    heroes: \"Hero | None\" = Relationship()\nclass Hero(SQLModel, table=True):\n    id: Optional[int] = ID\n    t_id: Optional[int] = Field(default=None, foreign_key='t.id')\n",
    ),
    bad(
        GENERIC,
        &["4:13"],
        "seems to be using a generic class as the argument to relationship()",
        "from sqlmodel import Relationship\nclass T(SQLModel, table=True):\n    id: Optional[int] = ID\n    heroes: 'Optional[Hero]' = Relationship()\nclass Hero(SQLModel, table=True):\n    id: Optional[int] = ID\n    t_id: Optional[int] = Field(default=None, foreign_key='t.id')\n",
    ),
    fine(
        GENERIC,
        "from __future__ import annotations\nfrom sqlmodel import Relationship\nclass T(SQLModel, table=True):\n    id: Optional[int] = ID\n    heroes: Hero = Relationship()\nclass Hero(SQLModel, table=True):\n    id: Optional[int] = ID\n    t_id: Optional[int] = Field(default=None, foreign_key='t.id')\n",
    ),
    fine(
        GENERIC,
        "from sqlmodel import Relationship\nclass T(SQLModel, table=True):\n    id: Optional[int] = ID\n    heroes: list[\"Hero\"] = Relationship(back_populates=\"t\")\nclass Hero(SQLModel, table=True):\n    id: Optional[int] = ID\n    t_id: Optional[int] = Field(default=None, foreign_key='t.id')\n    t: Optional[\"T\"] = Relationship(back_populates=\"heroes\")\n",
    ),
    fine(
        GENERIC,
        "from sqlmodel import Relationship\nclass T(SQLModel, table=True):\n    id: Optional[int] = ID\n    heroes: typing.List[\"Hero\"] = Relationship(back_populates=\"t\")\nclass Hero(SQLModel, table=True):\n    id: Optional[int] = ID\n    t_id: Optional[int] = Field(default=None, foreign_key='t.id')\n    t: typing.Union[\"T\", None] = Relationship(back_populates=\"heroes\")\n",
    ),
    fine(
        GENERIC,
        "from sqlmodel import Relationship\nclass T(SQLModel, table=True):\n    id: Optional[int] = ID\n    heroes: \"Hero\" = Relationship()\nclass Hero(SQLModel, table=True):\n    id: Optional[int] = ID\n    t_id: Optional[int] = Field(default=None, foreign_key='t.id')\n",
    ),
    fine(
        GENERIC,
        "from __future__ import annotations\nfrom sqlalchemy.orm import relationship\nfrom sqlmodel import Relationship\nclass T(SQLModel, table=True):\n    id: Optional[int] = ID\n    heroes: list[\"Hero\"] = Relationship(sa_relationship=relationship(\"Hero\"))\nclass Hero(SQLModel, table=True):\n    id: Optional[int] = ID\n    t_id: Optional[int] = Field(default=None, foreign_key='t.id')\n",
    ),
];
