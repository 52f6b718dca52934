//! Who may do what. Asked again at every click and when a token is spent; nothing is remembered.

use std::{collections::BTreeSet, fmt, str::FromStr};

use super::{RoleId, UserId};

/// What a member of staff may do; each power holds the ones before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Power {
    /// Sees and answers, never approves.
    Support,
    Admin,
    Owner,
}

/// One power's two layers: the list of ids and the Discord role.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layers {
    pub ids: Vec<UserId>,
    /// The role, when one is configured.
    pub role: Option<RoleId>,
}

impl Layers {
    /// Every layer that is configured must hold; with none configured nobody has the power.
    fn hold(&self, user: UserId, roles: &[RoleId]) -> bool {
        let listed = self.ids.contains(&user);
        match self.role {
            None => listed,
            Some(role) => roles.contains(&role) && (self.ids.is_empty() || listed),
        }
    }
}

/// The shop's staff, as configured.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Staff {
    /// Owners are known by their id alone: their role gives nobody anything and takes nothing away.
    pub owners: Layers,
    pub admins: Layers,
    pub support: Layers,
}

impl Staff {
    /// The highest power this person has with these roles, `None` for everybody else.
    pub fn power(&self, user: UserId, roles: &[RoleId]) -> Option<Power> {
        if self.owners.ids.contains(&user) {
            Some(Power::Owner)
        } else if self.admins.hold(user, roles) {
            Some(Power::Admin)
        } else if self.support.hold(user, roles) {
            Some(Power::Support)
        } else {
            None
        }
    }

    /// Whether this person with these roles has at least the given power.
    pub fn allows(&self, user: UserId, roles: &[RoleId], needed: Power) -> bool {
        self.power(user, roles) >= Some(needed)
    }
}

/// Who of staff sees the tickets by an overwrite of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StaffOverwrite {
    /// Everybody who holds a role.
    Role(RoleId),
    Person(UserId),
}

impl Staff {
    /// Who sees a customer's ticket: whoever has a power. Where people are listed and a role is set
    /// an overwrite for the role would let in too many, so each listed person who `holds` the role
    /// gets one. The customer sees it as a customer, whatever else they are.
    pub fn staff_overwrites(
        &self,
        customer: UserId,
        holds: impl Fn(UserId, RoleId) -> bool,
    ) -> BTreeSet<StaffOverwrite> {
        let person = |id: &UserId| (*id != customer).then_some(StaffOverwrite::Person(*id));
        let mut staff_overwrites: BTreeSet<_> = self.owners.ids.iter().filter_map(person).collect();
        for layers in [&self.admins, &self.support] {
            match layers.role {
                Some(role) if layers.ids.is_empty() => drop(staff_overwrites.insert(StaffOverwrite::Role(role))),
                Some(role) => {
                    staff_overwrites.extend(layers.ids.iter().filter(|id| holds(**id, role)).filter_map(person));
                }
                None => staff_overwrites.extend(layers.ids.iter().filter_map(person)),
            }
        }
        staff_overwrites
    }

    /// The people of whom [`Self::staff_overwrites`] asks whether they hold a role.
    pub fn asked_for_roles(&self) -> BTreeSet<UserId> {
        let both = [&self.admins, &self.support].into_iter().filter(|layers| layers.role.is_some());
        both.flat_map(|layers| layers.ids.iter().copied()).collect()
    }
}

impl fmt::Display for StaffOverwrite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Role(id) => write!(f, "role:{id}"),
            Self::Person(id) => write!(f, "user:{id}"),
        }
    }
}

/// A text that names no seat.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a seat")]
pub struct NotASeat;

impl FromStr for StaffOverwrite {
    type Err = NotASeat;

    fn from_str(text: &str) -> Result<Self, NotASeat> {
        let (kind, id) = text.split_once(':').ok_or(NotASeat)?;
        match kind {
            "role" => id.parse().map(Self::Role).map_err(|_| NotASeat),
            "user" => id.parse().map(Self::Person).map_err(|_| NotASeat),
            _ => Err(NotASeat),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADEL: UserId = UserId(1);
    const MONA: UserId = UserId(2);
    const ADMINS: RoleId = RoleId(10);

    fn staff(ids: &[UserId], role: Option<RoleId>) -> Staff {
        Staff { admins: Layers { ids: ids.to_vec(), role }, ..Staff::default() }
    }

    #[test]
    fn every_configured_layer_must_hold() {
        let both = staff(&[ADEL], Some(ADMINS));
        assert_eq!(both.power(ADEL, &[ADMINS]), Some(Power::Admin));
        assert_eq!(both.power(ADEL, &[]), None, "lost the role");
        assert_eq!(both.power(MONA, &[ADMINS]), None, "not listed");
        let by_role = staff(&[], Some(ADMINS));
        assert_eq!(by_role.power(MONA, &[ADMINS]), Some(Power::Admin));
        let by_id = staff(&[ADEL], None);
        assert_eq!(by_id.power(ADEL, &[]), Some(Power::Admin));
        assert_eq!(staff(&[], None).power(ADEL, &[ADMINS]), None, "nothing configured, nobody");
    }

    #[test]
    fn owners_are_always_by_id() {
        let owners = |ids| Staff { owners: Layers { ids, role: Some(ADMINS) }, ..Staff::default() };
        assert_eq!(owners(vec![]).power(ADEL, &[ADMINS]), None);
        assert_eq!(owners(vec![MONA]).power(MONA, &[]), Some(Power::Owner), "without the role");
        assert_eq!(owners(vec![MONA]).power(ADEL, &[ADMINS]), None, "the role alone");
        assert_eq!(
            owners(vec![MONA]).staff_overwrites(UserId(9), |_, _| false),
            BTreeSet::from([StaffOverwrite::Person(MONA)])
        );
    }

    #[test]
    fn who_has_a_power_has_a_seat() {
        let nobody = |_, _| false;
        let by_id = staff(&[ADEL, MONA], None);
        assert_eq!(
            by_id.staff_overwrites(UserId(9), nobody),
            BTreeSet::from([StaffOverwrite::Person(ADEL), StaffOverwrite::Person(MONA)])
        );
        assert_eq!(
            by_id.staff_overwrites(MONA, nobody),
            BTreeSet::from([StaffOverwrite::Person(ADEL)]),
            "a customer like any other"
        );
        assert_eq!(
            staff(&[], Some(ADMINS)).staff_overwrites(MONA, nobody),
            BTreeSet::from([StaffOverwrite::Role(ADMINS)])
        );
        let both = staff(&[ADEL, MONA], Some(ADMINS));
        let adel = |person, role| person == ADEL && role == ADMINS;
        assert_eq!(
            both.staff_overwrites(UserId(9), adel),
            BTreeSet::from([StaffOverwrite::Person(ADEL)]),
            "never the whole role"
        );
        assert_eq!(both.asked_for_roles(), BTreeSet::from([ADEL, MONA]));
        assert!(by_id.asked_for_roles().is_empty());
        for seat in [StaffOverwrite::Role(ADMINS), StaffOverwrite::Person(ADEL)] {
            assert_eq!(seat.to_string().parse(), Ok(seat));
        }
        assert_eq!("user:".parse::<StaffOverwrite>(), Err(NotASeat));
    }

    #[test]
    fn support_never_approves() {
        let staff = Staff { support: Layers { ids: vec![MONA], role: None }, ..Staff::default() };
        assert!(staff.allows(MONA, &[], Power::Support));
        assert!(!staff.allows(MONA, &[], Power::Admin));
    }
}
