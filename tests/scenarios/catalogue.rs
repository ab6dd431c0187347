//! The database's own catalogue: what every table must have.

use std::collections::BTreeMap;

use pharos_tests::postgres::Database;

const SCHEMAS: [&str; 4] = ["tenants", "incidents", "subscriptions", "notifications"];

struct Table {
    name: String,
    comment: String,
    is_guarded: bool,
    columns: Vec<Column>,
}

struct Column {
    name: String,
    kind: String,
    is_enum: bool,
}

impl Table {
    fn is_work_table(&self) -> bool {
        self.comment.starts_with("work table: ")
    }

    fn is_tenants(&self) -> bool {
        !self.is_work_table() && !self.comment.starts_with("registry: ")
    }
}

async fn tables(database: &mut sqlx::PgConnection) -> Vec<Table> {
    let schemas = SCHEMAS.map(str::to_owned).to_vec();
    let rows = sqlx::query!(
        r#"select n.nspname || '.' || c.relname as "name!", coalesce(obj_description(c.oid), '') as "comment!",
                  c.relrowsecurity and c.relforcerowsecurity as "is_guarded!",
                  a.attname::text as "column!", format_type(a.atttypid, a.atttypmod) as "kind!",
                  t.typtype = 'e' as "is_enum!"
           from pg_class c
           join pg_namespace n on n.oid = c.relnamespace
           join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
           join pg_type t on t.oid = a.atttypid
           where n.nspname = any ($1) and c.relkind in ('r', 'p') and c.relname <> '_sqlx_migrations'
           order by 1, a.attnum"#,
        &schemas,
    )
    .fetch_all(database)
    .await
    .unwrap();
    let mut tables: BTreeMap<String, Table> = BTreeMap::new();
    for row in rows {
        tables
            .entry(row.name.clone())
            .or_insert_with(|| Table {
                name: row.name,
                comment: row.comment,
                is_guarded: row.is_guarded,
                columns: Vec::new(),
            })
            .columns
            .push(Column { name: row.column, kind: row.kind, is_enum: row.is_enum });
    }
    tables.into_values().collect()
}

#[tokio::test]
async fn every_tenants_table_has_forced_row_level_security_and_the_one_policy() {
    let mut database = Database::create().await.connect().await;
    let tables = tables(&mut database).await;
    assert!(tables.iter().filter(|table| table.is_tenants()).count() > 10, "the catalogue is read");
    for table in tables.iter().filter(|table| table.is_tenants()) {
        assert!(table.is_guarded, "{} lacks forced row-level security", table.name);
        let policies = sqlx::query!(
            r#"select qual as "using!", with_check as "check!" from pg_policies
               where schemaname || '.' || tablename = $1"#,
            table.name,
        )
        .fetch_all(&mut database)
        .await
        .unwrap();
        let wanted = "(tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid)";
        assert_eq!(policies.len(), 1, "{} has one policy", table.name);
        assert_eq!(
            (policies[0].using.as_str(), policies[0].check.as_str()),
            (wanted, wanted),
            "{}",
            table.name
        );
    }
}

#[tokio::test]
async fn every_key_of_a_tenants_table_begins_with_the_tenant() {
    let mut database = Database::create().await.connect().await;
    let tables = tables(&mut database).await;
    for table in tables.iter().filter(|table| table.is_tenants()) {
        let keys = sqlx::query!(
            r#"select i.indexrelid::regclass::text as "name!", a.attname::text as "first!"
               from pg_index i
               join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
               where i.indrelid = to_regclass($1) and i.indisunique"#,
            table.name,
        )
        .fetch_all(&mut database)
        .await
        .unwrap();
        assert!(!keys.is_empty(), "{} has no key", table.name);
        for key in keys {
            assert_eq!(key.first, "tenant_id", "{} begins with another column", key.name);
        }
        let foreign = sqlx::query!(
            r#"select c.conname::text as "name!", a.attname::text as "first!", b.attname::text as "target!"
               from pg_constraint c
               join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
               join pg_attribute b on b.attrelid = c.confrelid and b.attnum = c.confkey[1]
               where c.conrelid = to_regclass($1) and c.contype = 'f'"#,
            table.name,
        )
        .fetch_all(&mut database)
        .await
        .unwrap();
        for key in foreign {
            assert_eq!((key.first.as_str(), key.target.as_str()), ("tenant_id", "tenant_id"), "{}", key.name);
        }
    }
}

#[tokio::test]
async fn a_work_table_holds_ids_times_numbers_and_words_of_an_enum_and_no_foreign_key() {
    let mut database = Database::create().await.connect().await;
    let tables = tables(&mut database).await;
    assert!(tables.iter().any(Table::is_work_table), "the catalogue is read");
    for table in tables.iter().filter(|table| table.is_work_table()) {
        for Column { name, kind, is_enum } in &table.columns {
            let is_plain = matches!(
                kind.as_str(),
                "uuid"
                    | "uuid[]"
                    | "timestamp with time zone"
                    | "smallint"
                    | "integer"
                    | "bigint"
                    | "boolean"
            );
            assert!(is_plain || *is_enum, "{}.{name} is {kind}", table.name);
        }
        let foreign = sqlx::query_scalar!(
            r#"select count(*) as "count!" from pg_constraint where conrelid = to_regclass($1) and contype = 'f'"#,
            table.name,
        );
        assert_eq!(foreign.fetch_one(&mut database).await.unwrap(), 0, "{}", table.name);
    }
}

#[tokio::test]
async fn every_constraint_is_named_after_its_table_and_every_text_has_a_limit() {
    let mut database = Database::create().await.connect().await;
    for table in tables(&mut database).await {
        let (_, short) = table.name.split_once('.').unwrap();
        let constraints = sqlx::query!(
            r#"select conname::text as "name!", pg_get_constraintdef(oid) as "definition!"
               from pg_constraint where conrelid = to_regclass($1)"#,
            table.name,
        )
        .fetch_all(&mut database)
        .await
        .unwrap();
        for constraint in &constraints {
            assert!(constraint.name.starts_with(short), "{}: {}", table.name, constraint.name);
        }
        for Column { name, .. } in table.columns.iter().filter(|column| column.kind == "text") {
            let is_limited = constraints
                .iter()
                .any(|constraint| constraint.definition.contains(&format!("_length({name})")));
            assert!(is_limited, "{}.{name} has no limit", table.name);
        }
    }
}

#[tokio::test]
async fn no_role_of_a_service_owns_anything_or_can_bypass_row_level_security() {
    let mut database = Database::create().await.connect().await;
    let roles = sqlx::query!(
        r#"select rolname::text as "name!",
                  rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication as "is_mighty!",
                  (select count(*) from pg_class where relowner = r.oid) as "owned!"
           from pg_roles r where rolname like 'pharos\_%'"#
    )
    .fetch_all(&mut database)
    .await
    .unwrap();
    assert_eq!(roles.len(), SCHEMAS.len());
    for role in roles {
        assert!(!role.is_mighty && role.owned == 0, "{}", role.name);
    }
    let views = sqlx::query_scalar!(
        r#"select count(*) as "count!" from pg_class c join pg_namespace n on n.oid = c.relnamespace
           where n.nspname = any ($1) and c.relkind in ('v', 'm')"#,
        &SCHEMAS.map(str::to_owned).to_vec(),
    );
    assert_eq!(
        views.fetch_one(&mut database).await.unwrap(),
        0,
        "a view of the owner's would see every tenant"
    );
}
