//! Commands typed as somebody else than the user whose the data is.

use std::{fs, os::unix::fs::chown, path::PathBuf};

use super::{Operator, order};

/// Nobody's usual id.
const SERVICE: u32 = 65_534;

/// A shop with a backup, whose data then belongs to another user; `None` where we may give nothing away.
async fn served() -> Option<(Operator, PathBuf)> {
    let operator = Operator::new();
    order(&operator.db().await, 1).await;
    let backup = PathBuf::from(operator.types(&["backup"]).out.trim_end());
    let mut all = vec![operator.data()];
    all.extend(fs::read_dir(operator.data()).unwrap().map(|entry| entry.unwrap().path()));
    all.iter().all(|path| chown(path, Some(SERVICE), Some(SERVICE)).is_ok()).then_some((operator, backup))
}

fn files(operator: &Operator) -> Vec<PathBuf> {
    let mut files: Vec<_> = [operator.data(), operator.data().join("backups")]
        .iter()
        .flat_map(|folder| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()))
        .collect();
    files.sort();
    files
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_of_another_user_leaves_nothing_that_the_service_cannot_use() {
    let Some((operator, backup)) = served().await else { return };
    let operator = operator.sets("DISCORD_TOKEN", "a.b.c").sets("PANEL_API_TOKEN", "t");
    let before = files(&operator);
    for (command, code) in [(vec!["backup"], 1), (vec!["restore", backup.to_str().unwrap()], 1), (vec!["run"], 3)] {
        let said = operator.types(&command);
        assert_eq!(said.code, Some(code), "{said:?}");
        assert!(said.err.contains("nothing was done. Type instead: sudo -u nobody "), "{}", said.err);
        assert!(said.err.trim_end().ends_with(&command.join(" ")), "{}", said.err);
        assert_eq!(files(&operator), before, "{command:?}");
    }
    // Those that only look may.
    assert_eq!(operator.types(&["audit", "verify"]).code, Some(0));
    assert_eq!(operator.types(&["export"]).code, Some(0));
}
