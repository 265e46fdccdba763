//! What is found in each whole project that is broken in many ways at once, and what of it is left for a person; each in a second
//! way too, where one hides the other.

/// A project of `fixtures/whole` and its patch.
pub struct Whole {
    /// Its folder.
    pub name: &'static str,
    /// The patch that breaks it, beside the folder.
    pub patch: &'static str,
    /// Where Alembic's settings are in it.
    pub python: &'static str,
    /// Name of the role and of the database.
    pub database: &'static str,
    /// The password that the broken one has.
    pub password: &'static str,
    /// The service that runs Alembic.
    pub service: &'static str,
    /// Where Python keeps what it made of the revisions, as that service has it.
    pub cache: &'static str,
    /// What Alembic says first of the broken one.
    pub says: &'static str,
    /// Each finding of the broken one with its place.
    pub found: &'static [&'static str],
    /// How `fix --yes` ends.
    pub fix_ends: i32,
    /// What safe fixes leave.
    pub left: &'static [&'static str],
    /// Further runs of devdoctor, for what needs a person's yes.
    pub then: &'static [&'static [&'static str]],
    /// What the tools still say then, with the commands that make them say it.
    pub still_says: &'static [(&'static str, &'static str)],
    /// What the person does by hand in the end, as the findings say.
    pub by_hand: &'static str,
}

pub const SRC_LAYOUT: Whole = Whole {
    name: "src-layout",
    patch: "src-layout.broken",
    python: ".",
    database: "orchard",
    password: "russet@Ladder-27",
    service: "api",
    cache: "migrations/versions/__pycache__",
    says: "configparser.InterpolationMissingOptionError: Bad value substitution: option 'file_template'",
    found: &[
        "ownership-foreign-files compose.yaml:15:9",
        "alembic-database-behind migrations/versions/c6107be2d95a_add_baskets.py:13:18",
        "postgres-vector-not-created migrations/versions/3f1c7a90d2e4_create_orchard.py:45:27",
        "alembic-command-outside-environment Makefile:12:9",
        "alembic-command-outside-environment Makefile:15:9",
        "alembic-model-import-unprotected migrations/env.py:9:8",
        "alembic-model-import-unprotected src/orchard/db/all_models.py:3:36",
        "alembic-model-import-unprotected src/orchard/db/all_models.py:4:33",
        "alembic-models-not-imported migrations/env.py:17:19",
        "alembic-post-write-hooks-nested pyproject.toml:23:1",
        "alembic-revision-empty migrations/versions/c6107be2d95a_add_baskets.py:21:5",
        "alembic-revision-name-unbound migrations/versions/3f1c7a90d2e4_create_orchard.py:22:27",
        "alembic-revision-name-unbound migrations/versions/3f1c7a90d2e4_create_orchard.py:45:27",
        "alembic-revision-name-unbound migrations/versions/a84be21c6f05_add_notes.py:24:27",
        "alembic-target-metadata-missing migrations/env.py:17:19",
        "alembic-template-import-missing migrations/script.py.mako:10:1",
        "alembic-vector-before-extension migrations/versions/3f1c7a90d2e4_create_orchard.py:45:27",
        "exec-as-root Makefile:12:2",
        "exec-as-root Makefile:15:2",
        "exec-as-root Makefile:18:2",
        "sqlmodel-arguments-beside-column src/orchard/models/tree.py:14:55",
        "sqlmodel-bases-out-of-order src/orchard/models/tree.py:12:12",
        "sqlmodel-column-shared src/orchard/models/base.py:14:19",
        "sqlmodel-import-in-class-body src/orchard/models/harvest.py:15:5",
        "url-password-not-encoded .env:5:49",
        "url-password-not-encoded migrations/env.py:12:42",
        "url-percent-in-alembic-ini alembic.ini:4:17",
    ],
    fix_ends: 1,
    left: &[
        "alembic-database-behind migrations/versions/c6107be2d95a_add_baskets.py:13:18",
        "alembic-revision-empty migrations/versions/c6107be2d95a_add_baskets.py:21:5",
    ],
    then: &[],
    still_says: &[(
        "alembic upgrade head && alembic check",
        "New upgrade operations detected: [('add_table', Table('basket'",
    )],
    by_hand: "alembic upgrade a84be21c6f05 && rm migrations/versions/c6107be2d95a_*.py && \
              alembic revision --autogenerate -m baskets",
};

pub const MONOREPO: Whole = Whole {
    name: "monorepo",
    patch: "monorepo.broken",
    python: "backend",
    database: "market",
    password: "copper-Meadow-58",
    service: "backend",
    cache: "migrations/versions/__pycache__",
    says: "ValueError: dictionary update sequence element #0 has length 1; 2 is required",
    found: &[
        "alembic-database-behind backend/migrations/versions/8d20b7aa4e19_measure_articles.py:11:13",
        "ownership-foreign-files compose.yaml:12:7",
        "postgres-vector-not-created backend/market/models/article.py:3:1",
        "alembic-command-outside-environment Makefile:13:13",
        "alembic-driver-mismatch .env:5:14",
        "alembic-heads-diverge backend/migrations/versions/e1f6053c92bd_measure_orders.py:11:13",
        "alembic-model-import-unprotected backend/migrations/env.py:10:20",
        "alembic-models-not-imported backend/migrations/env.py:21:19",
        "alembic-post-write-hooks-nested backend/pyproject.toml:17:1",
        "alembic-revision-name-unbound backend/migrations/versions/51c0e7d9ab34_create_market.py:33:27",
        "alembic-target-metadata-missing backend/migrations/env.py:47:9",
        "alembic-template-import-missing backend/migrations/script.py.mako:11:1",
        "alembic-url-variable-unset backend/migrations/env.py:15:54",
        "alembic-vector-before-extension backend/migrations/versions/51c0e7d9ab34_create_market.py:75:31",
        "cache-not-writable compose.yaml:13:7",
        "exec-as-root Makefile:13:2",
        "exec-as-root Makefile:16:2",
        "exec-as-root Makefile:19:21",
        "sqlmodel-arguments-beside-column backend/market/models/article.py:19:26",
        "sqlmodel-arguments-beside-column backend/market/models/article.py:24:9",
        "sqlmodel-bases-out-of-order backend/market/models/article.py:10:16",
        "sqlmodel-column-shared backend/market/models/common.py:19:19",
        "sqlmodel-import-in-class-body backend/market/models/order.py:20:5",
    ],
    fix_ends: 1,
    left: &[
        "alembic-database-behind backend/migrations/versions/8d20b7aa4e19_measure_articles.py:11:13",
        "alembic-driver-mismatch .env:5:14",
        "alembic-heads-diverge backend/migrations/versions/e1f6053c92bd_measure_orders.py:11:13",
        "alembic-url-variable-unset backend/migrations/env.py:15:54",
        "exec-as-root Makefile:16:2",
        "exec-as-root Makefile:19:2",
    ],
    then: &[],
    still_says: &[
        ("alembic current", "sqlalchemy.exc.MissingGreenlet: greenlet_spawn has not been called"),
        ("env -u DATABASE_URL alembic current", "KeyError: 'DATABASE_URL'"),
    ],
    by_hand: "sed -i 's/os.environ.\"DATABASE_URL\"./&.replace(\"+asyncpg\", \"+psycopg\")/' migrations/env.py && \
              alembic merge heads -m merge",
};

pub const ASYNCIO: Whole = Whole {
    name: "asyncio",
    patch: "asyncio.broken",
    python: ".",
    database: "ferry",
    password: "silver-Anchor-63",
    service: "app",
    cache: "alembic/versions/__pycache__",
    says: "KeyError: 'rev'",
    found: &[
        "ownership-foreign-files compose.yaml:15:9",
        "alembic-database-behind alembic/versions/d104c7f6be32_update.py:15:18",
        "postgres-vector-not-created alembic/versions/7be90d23f4a1_create_ferry.py:12:1",
        "alembic-command-outside-environment Makefile:7:43",
        "alembic-command-outside-environment scripts/revision.sh:4:30",
        "alembic-model-import-unprotected alembic/env.py:11:5",
        "alembic-models-not-imported alembic/env.py:27:19",
        "alembic-post-write-hooks-nested pyproject.toml:19:18",
        "alembic-post-write-hooks-nested pyproject.toml:21:15",
        "alembic-project-not-importable alembic/env.py:10:1",
        "alembic-revision-drops-living-table alembic/versions/d104c7f6be32_update.py:24:5",
        "alembic-revision-name-unbound alembic/versions/7be90d23f4a1_create_ferry.py:25:25",
        "alembic-revision-name-unbound alembic/versions/7be90d23f4a1_create_ferry.py:28:24",
        "alembic-revision-name-unbound alembic/versions/c93d5fa21b08_sell_tickets.py:23:25",
        "alembic-target-metadata-missing alembic/env.py:27:19",
        "alembic-template-import-missing alembic/script.py.mako:11:1",
        "alembic-vector-before-extension alembic/versions/7be90d23f4a1_create_ferry.py:28:24",
        "exec-as-root Makefile:7:25",
        "exec-as-root scripts/revision.sh:4:6",
        "sqlmodel-arguments-beside-column app/models/ship.py:29:12",
        "sqlmodel-bases-out-of-order app/models/ship.py:20:5",
        "sqlmodel-column-shared app/models/parts.py:17:19",
        "sqlmodel-field-named-like-its-type app/models/ship.py:43:5",
        "sqlmodel-import-in-class-body app/models/ship.py:25:5",
        "sqlmodel-relationship-generic app/models/ship.py:32:12",
        "url-placeholder alembic.ini:4:18",
    ],
    fix_ends: 1,
    left: &[
        "alembic-database-behind alembic/versions/d104c7f6be32_update.py:15:18",
        "alembic-revision-drops-living-table alembic/versions/d104c7f6be32_update.py:24:5",
        "url-placeholder alembic.ini:5:18",
    ],
    then: &[&["fix", "--yes", "--unsafe", "--only", "url-placeholder"]],
    still_says: &[(
        "alembic upgrade head && alembic check",
        "New upgrade operations detected: [('add_table', Table('ticket'",
    )],
    by_hand: "rm alembic/versions/d104c7f6be32_update.py",
};

pub const SRC_LAYOUT_AGAIN: Whole = Whole {
    patch: "src-layout.again",
    password: "russet-Ladder-27",
    says: "Table 'note' is already defined for this MetaData instance",
    found: &[
        "alembic-database-behind migrations/versions/a84be21c6f05_add_notes.py:14:18",
        "alembic-extension-created-twice migrations/versions/a84be21c6f05_add_notes.py:21:17",
        "alembic-post-write-hook-impossible pyproject.toml:23:1",
        "alembic-tables-refused migrations/env.py:43:13",
        "sqlmodel-module-imported-twice migrations/env.py:11:1",
    ],
    left: &[
        "alembic-database-behind migrations/versions/a84be21c6f05_add_notes.py:14:18",
        "alembic-tables-refused migrations/env.py:43:13",
    ],
    still_says: &[(
        "alembic upgrade 3f1c7a90d2e4 && alembic stamp head && ! alembic check",
        "No new upgrade operations detected",
    )],
    by_hand: "sed -i '/include_object/d' migrations/env.py",
    ..SRC_LAYOUT
};

pub const MONOREPO_AGAIN: Whole = Whole {
    patch: "monorepo.again",
    says: "Path doesn't exist",
    found: &[
        "postgres-vector-not-created backend/market/models/article.py:3:1",
        "alembic-environment-incomplete backend/alembic.ini:2:19",
        "sqlmodel-column-ignored backend/market/models/trial.py:11:46",
        "sqlmodel-ondelete-refused backend/market/models/trial.py:17:55",
        "sqlmodel-table-without-key backend/market/models/trial.py:23:7",
        "sqlmodel-type-without-column backend/market/models/trial.py:18:11",
        "sqlmodel-vector-dimensions-impossible backend/market/models/trial.py:20:5",
        "sqlmodel-vector-index-impossible backend/market/models/trial.py:15:23",
    ],
    left: &[
        "alembic-database-behind backend/migrations/versions/51c0e7d9ab34_create_market.py:17:18",
        "sqlmodel-column-ignored backend/market/models/trial.py:11:46",
        "sqlmodel-ondelete-refused backend/market/models/trial.py:17:55",
        "sqlmodel-table-without-key backend/market/models/trial.py:23:7",
        "sqlmodel-type-without-column backend/market/models/trial.py:18:11",
        "sqlmodel-vector-dimensions-impossible backend/market/models/trial.py:20:5",
        "sqlmodel-vector-index-impossible backend/market/models/trial.py:15:23",
    ],
    still_says: &[("alembic current", "RuntimeError: ondelete=\"SET NULL\" requires nullable=True")],
    by_hand: "rm market/models/trial.py && sed -i '/trial/d' market/models/__init__.py",
    ..MONOREPO
};

pub const ASYNCIO_AGAIN: Whole = Whole {
    patch: "asyncio.again",
    says: "TypeError: option values must be strings",
    found: &[
        "alembic-database-behind alembic/versions/c93d5fa21b08_sell_tickets.py:16:18",
        "alembic-chain-broken alembic/versions/seed.py:1:1",
        "alembic-post-write-hook-impossible alembic.ini:10:19",
        "alembic-url-not-escaped alembic/env.py:18:42",
        "sqlmodel-datetime-naive app/models/ticket.py:14:47",
    ],
    left: &[
        "alembic-database-behind alembic/versions/c93d5fa21b08_sell_tickets.py:16:18",
        "alembic-chain-broken alembic/versions/seed.py:1:1",
    ],
    then: &[],
    still_says: &[("alembic current", "Could not determine revision id from filename seed.py")],
    // The columns follow the version of SQLModel.
    by_hand: "rm alembic/versions/seed.py && alembic upgrade head && alembic revision --autogenerate -m zones",
    ..ASYNCIO
};
