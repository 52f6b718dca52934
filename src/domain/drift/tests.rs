use super::*;

const NOW: Millis = Millis(1_800_000_000_000);
const GB: u64 = BYTES_PER_GB;

fn expected(kept: Kept) -> Expected {
    Expected {
        row: SubscriptionRow(3),
        user: UserId(1001),
        panel: "main".to_owned(),
        inbound: 1,
        email: "tk-one".to_owned(),
        order: Some((OrderId::from_random(7), OrderStatus::Completed)),
        uuid: "aaaa".to_owned(),
        next_uuid: None,
        kept,
        expiry: Expiry::At(NOW.plus_days(10)),
        quota: 50 * GB,
        unsettled: false,
    }
}

fn present() -> Present {
    Present {
        email: "TK-one".to_owned(),
        uuid: "AAAA".to_owned(),
        enabled: true,
        expiry_ms: NOW.plus_days(10).0,
        quota: 50 * GB,
        used: 0,
        inbounds: vec![2],
    }
}

fn found(expected: &Expected, present: &[Present]) -> Vec<(Differs, Mend)> {
    match compare(("main", 2), std::slice::from_ref(expected), present, NOW) {
        Compared::Done { drifts, .. } => drifts.into_iter().map(|drift| (drift.differs, drift.mend)).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_agrees_is_not_named() {
    let active = expected(Kept::Active);
    assert_eq!(found(&active, &[present()]), []);
    assert_eq!(found(&expected(Kept::Disabled), &[Present { enabled: false, ..present() }]), []);
    assert_eq!(found(&expected(Kept::Deleted), &[]), []);
    assert_eq!(found(&expected(Kept::Pending), &[]), []);
    let rounded = Present { expiry_ms: present().expiry_ms + 59_000, ..present() };
    assert_eq!(found(&active, &[rounded]), [], "rounded");
    let used_up = Present { enabled: false, used: 50 * GB, ..present() };
    assert_eq!(found(&active, &[used_up]), [], "the panel switches off what is used up");
    let ended = Expected { expiry: Expiry::At(NOW), ..active.clone() };
    assert_eq!(found(&ended, &[Present { enabled: false, expiry_ms: NOW.0, ..present() }]), []);
    let rotating = Expected { uuid: "cccc".to_owned(), next_uuid: Some("aaaa".to_owned()), ..active };
    assert_eq!(found(&rotating, &[present()]), []);
}

#[test]
fn what_differs_is_named_with_what_mends_it() {
    let active = expected(Kept::Active);
    let ended = Expected { expiry: Expiry::At(NOW), ..active.clone() };
    let open =
        Expected { order: Some((OrderId::from_random(7), OrderStatus::NeedsAttention)), ..expected(Kept::Pending) };
    assert_eq!(found(&open, &[present()]), [], "its card says so");
    for (expected, present, differs) in [
        (active.clone(), None, (Differs::Missing, Mend::Enable)),
        (ended, None, (Differs::Missing, Mend::Delete)),
        (expected(Kept::Disabled), None, (Differs::Missing, Mend::Delete)),
        (expected(Kept::Deleted), Some(present()), (Differs::Leftover, Mend::Remove)),
        (expected(Kept::Pending), Some(present()), (Differs::Leftover, Mend::Remove)),
        (active.clone(), Some(Present { enabled: false, ..present() }), (Differs::Off, Mend::Enable)),
        (expected(Kept::Disabled), Some(present()), (Differs::On, Mend::Disable)),
        (active.clone(), Some(Present { uuid: "bbbb".to_owned(), ..present() }), (Differs::Foreign, Mend::Replace)),
        (active.clone(), Some(Present { inbounds: vec![3], ..present() }), (Differs::Elsewhere, Mend::Attach)),
        (
            active,
            Some(Present { quota: 0, ..present() }),
            (Differs::Quota { ours: 50 * GB, theirs: 0 }, Mend::Traffic(50)),
        ),
    ] {
        assert_eq!(found(&expected, present.as_slice()), [differs]);
    }
}

#[test]
fn an_end_is_moved_by_days_or_taken_over() {
    let end = |days: i64, hours: i64| NOW.0 + days * DAY_MS + hours * DAY_MS / 24;
    for (ours, theirs, mend) in [
        (end(10, 0), end(7, 0), Mend::Extend(3)),
        (end(10, 0), end(12, 5), Mend::Extend(-2)),
        (end(10, 0), end(9, 13), Mend::Enable),
        (end(10, 0), end(-40, 0), Mend::Extend(10)),
        (end(-5, 0), end(3, 0), Mend::Extend(-3)),
        (end(-5, 0), end(-9, 0), Mend::Enable),
        (end(10, 0), 0, Mend::Enable),
        (0, end(1, 0), Mend::Enable),
    ] {
        let books = Expected { expiry: Expiry::from_ours(ours), ..expected(Kept::Active) };
        let found = found(&books, &[Present { expiry_ms: theirs, ..present() }]);
        assert_eq!(found.iter().map(|(_, mend)| *mend).collect::<Vec<_>>(), [mend], "{ours} and {theirs}");
    }
}

#[test]
fn strangers_are_those_of_our_inbound() {
    let stranger = |email: &str, inbound| Present { email: email.to_owned(), inbounds: vec![inbound], ..present() };
    let all = [present(), stranger("by-hand", 2), stranger("By Hand", 2), stranger("elsewhere", 3)];
    let found = found(&expected(Kept::Active), &all);
    assert_eq!(found, [(Differs::EmailTaken, Mend::Rename), (Differs::EmailTaken, Mend::Adopt)]);
}

#[test]
fn what_is_being_written_says_nothing() {
    let (before, mut after) = (expected(Kept::Pending), expected(Kept::Active));
    let books = settled(std::slice::from_ref(&before), vec![after.clone()]);
    assert_eq!(compare(("main", 2), &books, &[], NOW), Compared::Done { drifts: Vec::new(), unsettled: 1 });
    let books = settled(&[], vec![after.clone()]);
    assert_eq!(compare(("main", 2), &books, &[present()], NOW), Compared::Done { drifts: Vec::new(), unsettled: 1 });
    after.unsettled = true;
    let books = settled(std::slice::from_ref(&after), vec![after.clone()]);
    assert_eq!(compare(("main", 2), &books, &[], NOW), Compared::Done { drifts: Vec::new(), unsettled: 1 });
}

#[test]
fn who_was_sold_to_on_another_inbound_is_where_they_belong() {
    let elsewhere = Present { inbounds: vec![1], ..present() };
    assert_eq!(found(&expected(Kept::Active), &[elsewhere]), []);
}
