use super::*;

const NOW: Millis = Millis(1_000);
const EVERYONE: RoleId = RoleId(1);
const OURS: RoleId = RoleId(2);

fn channel(id: u64, kind: Kind, overwrites: Vec<Overwrite>) -> Channel {
    Channel { id: ChannelId(id), name: format!("c{id}"), kind, parent: None, overwrites }
}

fn guild() -> Guild {
    Guild {
        id: GuildId(1),
        roles: vec![(EVERYONE, 0), (OURS, Permission::invitation())],
        mentionable: vec![OURS],
        channels: vec![
            channel(10, Kind::Text, Vec::new()),
            channel(11, Kind::Text, Vec::new()),
            channel(12, Kind::Category, Vec::new()),
        ],
        bot: Bot { user: UserId(7), roles: vec![OURS], silenced_until: None },
    }
}

fn plan() -> Plan {
    let places = [(Place::Review, 10), (Place::Dashboard, 11), (Place::Tickets, 12)];
    Plan {
        places: places.into_iter().map(|(place, id)| (place, ChannelId(id))).collect(),
        roles: vec![(Power::Admin, OURS)],
        rings: Some(OURS),
    }
}

fn overwrite(target: Target, allow: u64, deny: u64) -> Overwrite {
    Overwrite { target, allow, deny }
}

#[test]
fn the_invitation_is_the_sum_of_what_is_needed() {
    assert_eq!(Permission::invitation(), 378_225_683_472);
    assert_eq!(guild().flaws(&plan(), NOW), []);
}

#[test]
fn overwrites_apply_in_discords_order() {
    let view = Permission::ViewChannel.bit();
    let mut guild = guild();
    let hidden = vec![overwrite(Target::Role(EVERYONE), 0, view)];
    guild.channels[0].overwrites.clone_from(&hidden);
    let barred = SetupProblem::MissingChannelPermission {
        place: Place::Review,
        channel: ChannelId(10),
        missing: vec![Permission::ViewChannel],
    };
    assert_eq!(guild.flaws(&plan(), NOW), std::slice::from_ref(&barred));
    for (mine, fine) in [
        (overwrite(Target::Role(OURS), view, 0), true),
        (overwrite(Target::Member(UserId(7)), view, 0), true),
        (overwrite(Target::Role(RoleId(3)), view, 0), false),
        (overwrite(Target::Member(UserId(8)), view, 0), false),
    ] {
        guild.channels[0].overwrites = [hidden.clone(), vec![mine]].concat();
        assert_eq!(guild.flaws(&plan(), NOW).is_empty(), fine, "{mine:?}");
    }
    let roles_then_member = [overwrite(Target::Member(UserId(7)), 0, view), overwrite(Target::Role(OURS), view, 0)];
    guild.channels[0].overwrites = roles_then_member.to_vec();
    assert_eq!(guild.flaws(&plan(), NOW), [barred], "the member's own comes last, wherever it stands");
    guild.roles[1].1 = ADMINISTRATOR;
    assert_eq!(guild.flaws(&plan(), NOW), [], "an administrator passes every overwrite");
}

#[test]
fn what_the_roles_lack_is_said_once_and_not_for_every_channel() {
    let mut guild = guild();
    guild.roles[1].1 &= !(Permission::ManageChannels.bit() | Permission::SendMessages.bit());
    let missing = vec![Permission::SendMessages, Permission::ManageChannels];
    assert_eq!(guild.flaws(&plan(), NOW), [SetupProblem::MissingGuildPermission { missing }]);
}

#[test]
fn channels_and_roles_must_be_there_and_of_their_kind() {
    let mut guild = guild();
    guild.channels.remove(0);
    guild.channels[0].kind = Kind::Other;
    guild.bot.silenced_until = Some(NOW.plus(std::time::Duration::from_secs(1)));
    let plan = Plan { roles: vec![(Power::Owner, RoleId(99))], rings: Some(RoleId(99)), ..plan() };
    assert_eq!(
        guild.flaws(&plan, NOW),
        [
            SetupProblem::Silenced { until: Millis(2_000) },
            SetupProblem::NoChannel { place: Place::Review, channel: ChannelId(10) },
            SetupProblem::WrongKind { place: Place::Dashboard, channel: ChannelId(11) },
            SetupProblem::NoRole { power: RoleOf::Owner, role: RoleId(99) },
        ]
    );
    assert!(
        !guild.flaws(&plan, Millis(2_000)).contains(&SetupProblem::Silenced { until: Millis(2_000) }),
        "it is over"
    );
}

#[test]
fn a_role_that_reminders_ring_must_hear_them() {
    let mut guild = guild();
    guild.mentionable.clear();
    assert_eq!(guild.flaws(&plan(), NOW), [SetupProblem::RoleNotMentionable { role: OURS }]);
    assert_eq!(guild.flaws(&Plan { rings: None, ..plan() }, NOW), [], "nothing rings it");
    guild.roles[0].1 = MENTION_EVERYONE;
    assert_eq!(guild.flaws(&plan(), NOW), [], "the bot has it from everybody's role");
    guild.channels[0].overwrites = vec![overwrite(Target::Member(UserId(7)), 0, MENTION_EVERYONE)];
    assert_eq!(
        guild.flaws(&plan(), NOW),
        [SetupProblem::RoleNotMentionable { role: OURS }],
        "but not in the review channel"
    );
}

#[test]
fn there_is_room_while_one_category_has_some() {
    let mut guild = guild();
    let full = |parent, from| {
        (from..from + 50).map(move |id| Channel { parent: Some(parent), ..channel(id, Kind::Text, Vec::new()) })
    };
    guild.channels.extend(full(ChannelId(12), 100));
    assert_eq!(guild.room_in(ChannelId(12)), 0);
    assert_eq!(guild.flaws(&plan(), NOW), [SetupProblem::NoRoom]);
    let mut plan = plan();
    plan.places.push((Place::Overflow, ChannelId(13)));
    guild.channels.push(channel(13, Kind::Category, Vec::new()));
    assert_eq!(guild.flaws(&plan, NOW), []);
    guild.channels.extend((1_000..1_500).map(|id| channel(id, Kind::Text, Vec::new())));
    assert_eq!(guild.room_in(ChannelId(13)), 0, "the guild is full");
}
