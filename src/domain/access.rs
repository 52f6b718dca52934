//! Who may do what. Asked again at every click and when a token is spent; nothing is remembered.

use std::{collections::BTreeSet, fmt, str::FromStr};

use super::{RoleId, UserId};

/// What a member of staff may do; each power holds the ones before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Power {
    /// Sees and answers, never approves.
    Support,
    /// Approves and declines.
    Admin,
    /// Everything.
    Owner,
}

/// One power's two layers: the list of ids and the Discord role.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layers {
    /// Ids that are listed.
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
    /// Owners are always listed by id; their role is a further condition when it is set.
    pub owners: Layers,
    /// Admins.
    pub admins: Layers,
    /// Support.
    pub support: Layers,
}

impl Staff {
    /// The highest power this person has with these roles, `None` for everybody else.
    pub fn power(&self, user: UserId, roles: &[RoleId]) -> Option<Power> {
        if self.owners.ids.contains(&user) && self.owners.hold(user, roles) {
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
pub enum Seat {
    /// Everybody who holds a role.
    Role(RoleId),
    /// One listed person.
    Person(UserId),
}

impl Staff {
    /// Who sees a customer's ticket: for each power its role, or where none is configured the
    /// people who are listed. The customer sees it as a customer, whatever else they are.
    pub fn seats(&self, customer: UserId) -> BTreeSet<Seat> {
        let powers = [&self.owners, &self.admins, &self.support];
        let of_power = |layers: &Layers| match layers.role {
            Some(role) => vec![Seat::Role(role)],
            None => layers.ids.iter().filter(|id| **id != customer).map(|id| Seat::Person(*id)).collect(),
        };
        powers.into_iter().flat_map(of_power).collect()
    }
}

impl fmt::Display for Seat {
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

impl FromStr for Seat {
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
        let staff = Staff { owners: Layers { ids: vec![], role: Some(ADMINS) }, ..Staff::default() };
        assert_eq!(staff.power(ADEL, &[ADMINS]), None);
    }

    #[test]
    fn a_role_stands_for_the_listed_people() {
        let by_id = staff(&[ADEL, MONA], None);
        assert_eq!(by_id.seats(UserId(9)), BTreeSet::from([Seat::Person(ADEL), Seat::Person(MONA)]));
        assert_eq!(by_id.seats(MONA), BTreeSet::from([Seat::Person(ADEL)]), "a customer like any other");
        assert_eq!(staff(&[ADEL], Some(ADMINS)).seats(MONA), BTreeSet::from([Seat::Role(ADMINS)]));
        for seat in [Seat::Role(ADMINS), Seat::Person(ADEL)] {
            assert_eq!(seat.to_string().parse(), Ok(seat));
        }
        assert_eq!("user:".parse::<Seat>(), Err(NotASeat));
    }

    #[test]
    fn support_never_approves() {
        let staff = Staff { support: Layers { ids: vec![MONA], role: None }, ..Staff::default() };
        assert!(staff.allows(MONA, &[], Power::Support));
        assert!(!staff.allows(MONA, &[], Power::Admin));
    }
}
