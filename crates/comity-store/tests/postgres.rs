//! What only PostgreSQL can do wrong: lost connections, other writers, settings, layouts.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use comity_store::*;
use common::cluster::{Cluster, cluster};
use common::ledger::{Writer, checked, fill};
use common::*;
use std::process::Command;

#[test]
fn a_schema_is_made_once_and_opened_where_it_is() {
    let options = cluster().options();
    let fault = PostgresStore::open(options.clone()).unwrap_err();
    assert!(matches!(fault, Fault::Schema(_)), "{fault:?}");
    let mut store = PostgresStore::create(options.clone()).unwrap();
    commit(&mut store, [set("a", b"1")]);
    let fault = PostgresStore::create(options.clone()).unwrap_err();
    assert!(matches!(fault, Fault::Misfit(_)), "{fault:?}");
    let mut read = PostgresStore::open_to_read(options).unwrap();
    assert_eq!(read.value("a"), Ok(Some(b"1".to_vec())));
    let refused = read.commit(&batch([set("a", b"2")]));
    assert!(matches!(refused, Err(Fault::ReadOnly(_))), "{refused:?}");
    for schema in ["", "A", "a; DROP TABLE b", "1a", "a\"b"] {
        let options = PostgresOptions { schema: schema.to_owned(), ..cluster().options() };
        let fault = PostgresStore::create(options).unwrap_err();
        assert!(matches!(fault, Fault::Misfit(_)), "{fault:?}");
    }
}

#[test]
fn newer_and_changed_layouts_are_refused() {
    for (change, says) in [
        ("INSERT INTO schema_migrations VALUES (3, '0003-later', '')", "newer"),
        ("UPDATE schema_migrations SET sha256 = '' WHERE number = 1", "another text"),
    ] {
        let options = cluster().options();
        drop(PostgresStore::create(options.clone()).unwrap());
        let set = format!("SET search_path = {}; {change}", options.schema);
        cluster().client().batch_execute(&set).unwrap();
        let fault = PostgresStore::open(options).unwrap_err();
        assert!(matches!(&fault, Fault::Schema(why) if why.contains(says)), "{fault:?}");
    }
}

#[test]
fn a_store_of_version_1_is_brought_to_the_last_one() {
    let options = cluster().options();
    let text = include_str!("fixtures/postgres-1.sql").replace("fixture_schema", &options.schema);
    cluster().client().batch_execute(&text).unwrap();
    let fault = PostgresStore::open_to_read(options.clone()).unwrap_err();
    assert!(matches!(&fault, Fault::Schema(why) if why.contains("0002")), "{fault:?}");
    common::fixture::check(&mut PostgresStore::open(options.clone()).unwrap());
    let new = cluster().options();
    drop(PostgresStore::create(new.clone()).unwrap());
    assert_eq!(layout(&options.schema), layout(&new.schema));
}

/// What PostgreSQL says of columns and indexes.
fn layout(schema: &str) -> Vec<String> {
    let sql = "SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable
                 || ' ' || coalesce(collation_name, '')
               FROM information_schema.columns WHERE table_schema = $1
               UNION ALL
               SELECT replace(indexdef, $1 || '.', '') FROM pg_indexes WHERE schemaname = $1
               UNION ALL
               SELECT conrelid::regclass || ' ' || replace(pg_get_constraintdef(oid), $1 || '.', '')
               FROM pg_constraint WHERE connamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1)
               ORDER BY 1";
    let rows = cluster().client().query(sql, &[&schema]).unwrap();
    rows.iter().map(|row| row.get::<_, String>(0).replace(&format!("{schema}."), "")).collect()
}

#[test]
fn a_writer_that_is_held_up_is_busy_and_then_goes_on() {
    let options = PostgresOptions { busy_wait_ms: 50, ..cluster().options() };
    let mut store = PostgresStore::create(options.clone()).unwrap();
    let mut raw = cluster().client();
    let lock = format!(
        "BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('comity-store/{}', 0))",
        options.schema
    );
    raw.batch_execute(&lock).unwrap();
    let held_up = store.commit(&batch([set("a", b"1")]));
    assert!(matches!(held_up, Err(Fault::Busy(_))), "{held_up:?}");
    assert_eq!(store.value("a"), Ok(None), "reading goes on");
    raw.batch_execute("COMMIT").unwrap();
    commit(&mut store, [set("a", b"1")]);
}

#[test]
fn of_many_writers_each_leaf_has_one() {
    let options = cluster().options();
    drop(PostgresStore::create(options.clone()).unwrap());
    let write = |who: u8| {
        let mut store = PostgresStore::open(options.clone()).unwrap();
        let (mut made, mut refused) = (0, 0);
        while made < 25 {
            let size = store.size().unwrap();
            let row = LeafRow { leaf: vec![who], ..leaf(size, None) };
            match store.commit(&Batch { expects: Some(size), changes: vec![Change::Append(row)] }) {
                Ok(()) => made += 1,
                Err(Fault::Conflict { .. }) => refused += 1,
                Err(fault) => panic!("{fault}"),
            }
        }
        refused
    };
    let refused: u32 = std::thread::scope(|scope| {
        let write = &write;
        let threads: Vec<_> = (0..4).map(|who| scope.spawn(move || write(who))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    let rows = PostgresStore::open(options).unwrap().leaves(0, 1_000).unwrap();
    assert_eq!(rows.len(), 100);
    for who in 0..4 {
        assert_eq!(rows.iter().filter(|row| row.leaf == [who]).count(), 25);
    }
    assert!(refused > 0, "they never met");
}

#[test]
fn a_lost_connection_is_made_again() {
    // A server of its own: every connection to it is ended.
    let own = Cluster::start(&[]);
    let mut store = PostgresStore::create(own.options()).unwrap();
    fill(&mut store, &[20]);
    let mut reader = store.reader().unwrap();
    let mut writer = Writer::after(&mut store);
    let mut raw = own.client();
    for round in 0..5 {
        raw.batch_execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'comity'",
        )
        .unwrap();
        let batch = writer.batch(7);
        if round % 2 == 0 {
            let lost = store.commit(&batch).unwrap_err();
            assert!(matches!(lost, Fault::Busy(_)), "round {round}: {lost:?}");
        } else {
            assert!(matches!(store.size(), Err(Fault::Busy(_))), "round {round}");
        }
        store.commit(&batch).unwrap();
        assert!(matches!(reader.size(), Err(Fault::Busy(_))), "round {round}");
        assert_eq!(reader.size(), Ok(writer.size()), "round {round}");
    }
    assert!(checked(&mut store).is_clean());
}

#[test]
fn a_server_that_may_lose_what_it_acknowledged_is_refused() {
    let careless = Cluster::start(&["fsync=off"]);
    let fault = PostgresStore::create(careless.options()).unwrap_err().to_string();
    assert!(fault.contains("fsync = off"), "{fault}");
}

#[test]
fn a_server_that_is_away_is_busy() {
    let gone = PostgresOptions::new("host=/nonexistent user=postgres dbname=postgres");
    let fault = PostgresStore::open(gone).unwrap_err();
    assert!(matches!(fault, Fault::Busy(_)), "{fault:?}");
}

#[test]
fn a_server_elsewhere_needs_a_certificate() {
    for connection in [
        "host=db.example user=a",
        "host=192.0.2.1 user=a sslmode=require",
        "hostaddr=192.0.2.1 host=localhost user=a",
    ] {
        let fault = PostgresStore::open(PostgresOptions::new(connection)).unwrap_err();
        assert!(fault.to_string().contains("certificate"), "{connection}: {fault}");
    }
}

/// A server that speaks TLS with a certificate for `localhost`, made by openssl's command.
#[test]
fn tls_is_checked_against_the_root() {
    let folder = tempfile::tempdir().unwrap();
    let openssl = |arguments: &str| {
        let out = Command::new("openssl").args(arguments.split(' ')).current_dir(&folder).output();
        let out =
            out.expect("`openssl` (apt-get install openssl) makes the certificates of this test");
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    };
    for name in ["root", "other"] {
        openssl(
            &format!(
                "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
             -subj /CN={name} -keyout {name}.key -out {name}.pem \
             -addext basicConstraints=critical,CA:TRUE"
            )
            .replace("  ", " "),
        );
    }
    openssl(
        "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=localhost \
         -keyout server.key -out server.csr -addext subjectAltName=DNS:localhost",
    );
    openssl(
        "x509 -req -in server.csr -CA root.pem -CAkey root.key -CAcreateserial -days 2 \
         -copy_extensions copy -out server.pem",
    );
    let port = common::ports::free_port();
    let plain = Cluster::start(&["listen_addresses=127.0.0.1", &format!("port={port}")]);
    let data = plain.folder.join("data");
    for file in ["server.key", "server.pem"] {
        let to = data.join(file);
        std::fs::copy(folder.path().join(file), &to).unwrap();
        std::fs::set_permissions(&to, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        if common::cluster::is_root() {
            assert!(Command::new("chown").arg("postgres").arg(&to).status().unwrap().success());
        }
    }
    let mut raw = plain.client();
    for setting in ["ssl_cert_file = 'server.pem'", "ssl_key_file = 'server.key'", "ssl = on"] {
        raw.batch_execute(&format!("ALTER SYSTEM SET {setting}")).unwrap();
    }
    raw.batch_execute("SELECT pg_reload_conf()").unwrap();
    std::thread::sleep(std::time::Duration::from_millis(500));
    let row = raw.query_one("SHOW ssl", &[]).unwrap();
    assert_eq!(row.get::<_, String>(0), "on");
    let options = |host: &str, root: &str| PostgresOptions {
        root_certificates: Some(folder.path().join(root)),
        ..PostgresOptions::new(&format!(
            "host={host} hostaddr=127.0.0.1 port={port} user=postgres dbname=postgres"
        ))
    };
    let mut store = PostgresStore::create(options("localhost", "root.pem")).unwrap();
    commit(&mut store, [set("a", b"1")]);
    let is_on = "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
                 WHERE ssl AND application_name = 'comity'";
    assert_eq!(raw.query_one(is_on, &[]).unwrap().get::<_, i64>(0), 1);
    for wrong in [options("localhost", "other.pem"), options("elsewhere", "root.pem")] {
        let fault = PostgresStore::open(wrong).unwrap_err().to_string();
        assert!(fault.contains("certificate"), "{fault}");
    }
    let fault = PostgresStore::open(options("localhost", "root.key")).unwrap_err().to_string();
    assert!(fault.contains("no certificate"), "{fault}");
}
