//! `backup`: whole, private, beside a running bot; and encrypted for leaving the machine.

use std::{fs, os::unix::fs::PermissionsExt as _, path::PathBuf};

use super::{Operator, number, order};

fn printed_path(out: &str) -> PathBuf {
    PathBuf::from(out.strip_suffix('\n').unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_a_moment_of_a_shop_that_goes_on_selling() {
    let operator = Operator::new();
    let db = operator.db().await;
    order(&db, 1).await;
    let shelf = operator.data().join("screenshots/ab");
    fs::create_dir_all(&shelf).unwrap();
    fs::write(shelf.join("ab12.png"), "a picture").unwrap();
    fs::write(shelf.join(".ab34.tmp"), "half of one").unwrap();

    let selling = async {
        for number in 2..200 {
            order(&db, number).await;
        }
    };
    let backing_up = tokio::task::spawn_blocking(move || (operator.types(&["backup"]), operator));
    let ((), said) = tokio::join!(selling, backing_up);
    let (said, operator) = said.unwrap();
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{said:?}");
    let path = printed_path(&said.out);
    assert_eq!(path.parent().unwrap(), operator.data().join("backups"));

    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let (orders, entries) =
        (number(&path, "SELECT count(*) FROM orders").await, number(&path, "SELECT count(*) FROM audit_logs").await);
    assert_eq!(orders, entries, "both rows of a transaction, or neither");
    assert!((1..=199).contains(&orders), "{orders}");
    let beside = path.parent().unwrap().join("screenshots/ab");
    assert_eq!(fs::read(beside.join("ab12.png")).unwrap(), b"a picture");
    assert_eq!(fs::read_dir(beside).unwrap().count(), 1, "drafts are no pictures");

    let again = operator.types(&["backup"]);
    assert_eq!(again.code, Some(0));
    assert_eq!(number(&printed_path(&again.out), "SELECT count(*) FROM orders").await, 199);
}

/// A picture on its shelf, named by its hash.
fn picture(operator: &Operator, bytes: &[u8]) -> (PathBuf, PathBuf) {
    let hash = data_encoding::HEXLOWER.encode(&<sha2::Sha256 as sha2::Digest>::digest(bytes));
    let on_shelf = PathBuf::from(&hash[..2]).join(format!("{hash}.png"));
    let path = operator.data().join("screenshots").join(&on_shelf);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, bytes).unwrap();
    (path, operator.data().join("backups/screenshots").join(on_shelf))
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_come_back_with_a_backup_and_one_damaged_file_damages_no_other() {
    let operator = Operator::new();
    operator.db().await.close().await;
    let (scratched, copy) = picture(&operator, b"a receipt");
    let (lost, _) = picture(&operator, b"another receipt");
    let (whole, spoilt_copy) = picture(&operator, b"a third receipt");
    let (gone, gone_copy) = picture(&operator, b"a fourth receipt");
    assert_eq!(operator.types(&["backup"]).code, Some(0));
    fs::write(&scratched, "noise").unwrap();
    fs::remove_file(&lost).unwrap();
    fs::write(&spoilt_copy, "noise").unwrap();
    fs::remove_file(&gone).unwrap();
    fs::write(&gone_copy, "noise").unwrap();
    assert_eq!(fs::read(&copy).unwrap(), b"a receipt", "the copy has bytes of its own");
    let (new, new_copy) = picture(&operator, b"a fifth receipt");
    fs::write(&new, "noise").unwrap();

    let backup = operator.types(&["backup"]);
    assert_eq!(backup.code, Some(0), "{backup:?}");
    assert_eq!(fs::read(&copy).unwrap(), b"a receipt", "a damaged original takes no whole copy's place");
    assert!(!new_copy.exists(), "what is damaged is not backed up");
    let said = operator.types(&["restore", backup.out.trim_end()]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("2 pictures that were missing or damaged came back from "), "{}", said.out);
    assert!(said.out.contains("1 pictures in ") && said.out.contains(" are damaged and stay behind."), "{}", said.out);
    assert_eq!(fs::read(&scratched).unwrap(), b"a receipt");
    assert_eq!(fs::read(&lost).unwrap(), b"another receipt");
    assert_eq!(fs::read(&whole).unwrap(), b"a third receipt");
    assert!(!gone.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_database_gives_no_backup() {
    let operator = Operator::new();
    let db = operator.db().await;
    for number in 0..50 {
        order(&db, number).await;
    }
    db.close().await;
    let mut bytes = fs::read(operator.database()).unwrap();
    let at = bytes.windows(5).position(|window| window == b"Basic").unwrap();
    // The head of the page on which the orders stand.
    let page = at / 4096 * 4096;
    bytes[page..page + 8].fill(0xff);
    fs::write(operator.database(), bytes).unwrap();
    let said = operator.types(&["backup"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert_eq!(said.out, "");
    let left = fs::read_dir(operator.data().join("backups")).unwrap().count();
    assert_eq!(left, 0, "no file that looks like a backup");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_encrypted_backup_needs_its_passphrase_both_ways() {
    let operator = Operator::new();
    operator.db().await.close().await;
    let said = operator.types(&["backup", "--encrypt"]);
    assert_eq!((said.code, said.out.as_str()), (Some(1), ""));
    assert!(said.err.contains("BACKUP_PASSPHRASE is not set"), "{}", said.err);

    let operator = operator.sets("BACKUP_PASSPHRASE", "correct horse battery staple");
    order(&operator.db().await, 1).await;
    let said = operator.types(&["backup", "--encrypt"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let path = printed_path(&said.out);
    assert!(fs::read(&path).unwrap().starts_with(b"age-encryption.org/v1\n"));
    let names: Vec<_> = fs::read_dir(path.parent().unwrap()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(names, std::slice::from_ref(&path), "nothing in the clear stays");

    let stranger = Operator::new().sets("BACKUP_PASSPHRASE", "wrong");
    let said = stranger.types(&["restore", path.to_str().unwrap()]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.err.contains("cannot be decrypted; nothing was changed"), "{}", said.err);
    assert!(!stranger.database().exists());

    let heir = Operator::new().sets("BACKUP_PASSPHRASE", "correct horse battery staple");
    let said = heir.types(&["restore", path.to_str().unwrap()]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!(number(&heir.database(), "SELECT count(*) FROM orders").await, 1);
}

#[test]
fn without_a_database_there_is_a_sentence() {
    let said = Operator::new().types(&["backup"]);
    assert_eq!(said.code, Some(1));
    assert!(said.err.starts_with("there is no database at "), "{}", said.err);
}
