//! Backups by the clock: made, kept and removed by the running bot.

use std::{
    fs,
    time::{Duration, Instant},
};

use tollkeeper::{
    db::maintenance::backup,
    domain::{Millis, retention},
};

use crate::world::{SOON, World};

const DAY: Duration = Duration::from_hours(24);
const DAYS: i64 = 40;

/// When the backups that are there were taken.
fn taken(world: &World) -> Vec<Millis> {
    let Ok(files) = fs::read_dir(world.data_dir().join("backups")) else { return Vec::new() };
    let mut taken: Vec<_> =
        files.filter_map(|entry| backup::taken_at(&entry.unwrap().file_name().to_string_lossy())).collect();
    taken.sort();
    taken
}

async fn until(what: &str, mut good: impl FnMut() -> bool) {
    let deadline = Instant::now() + SOON;
    while !good() {
        assert!(Instant::now() < deadline, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn forty_days_leave_seven_daily_backups_and_four_weeks() {
    let world = World::with(|scene| scene.schedule("backup_check", "10ms")).await;
    let first = world.clock.now();
    until("the first backup", || !taken(&world).is_empty()).await;
    for _ in 1..DAYS {
        let before = world.clock.now();
        world.passes(DAY);
        until("the day's backup", || taken(&world).last().is_some_and(|newest| *newest > before)).await;
    }
    let ages = || {
        let day = i64::try_from(DAY.as_millis()).unwrap();
        let age = |at: &Millis| DAYS - 1 - (at.0 - first.0 + day / 2) / day;
        taken(&world).iter().rev().map(age).collect::<Vec<_>>()
    };
    // Of the four weeks one or two begin in the last seven days.
    let is_clean = || retention::superseded(&taken(&world), world.clock.now()).is_empty();
    until("the removal of old backups", is_clean).await;
    let ages = ages();
    assert_eq!(ages[..7], [0, 1, 2, 3, 4, 5, 6]);
    let weeks = &ages[7..];
    assert!((2..=3).contains(&weeks.len()) && weeks.windows(2).all(|pair| pair[1] - pair[0] == 7), "{ages:?}");
    let file = fs::read_dir(world.data_dir().join("backups")).unwrap().next().unwrap().unwrap();
    assert!(fs::read(file.path()).unwrap().starts_with(b"SQLite format 3\0"));
    world.finish().await;
}

#[tokio::test]
async fn owners_read_that_no_backup_can_be_made() {
    let world = World::asleep(|scene| scene.schedule("backup_check", "300ms")).await;
    fs::create_dir(world.data_dir()).unwrap();
    let folder = world.data_dir().join("backups");
    fs::write(&folder, "a file in the place of the folder").unwrap();
    world.start().await;
    let omar = world.person("Omar").id();
    world
        .until("the owner to read of it", |view| {
            view.dms_of(omar).into_iter().find(|message| message.contains("There is no backup of the last day"))
        })
        .await;
    fs::remove_file(&folder).unwrap();
    until("a backup", || !taken(&world).is_empty()).await;
    world.finish().await;
}
