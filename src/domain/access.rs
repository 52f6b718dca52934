//! Who may do what. Asked again at every click and when a token is spent; nothing is remembered.

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
    fn support_never_approves() {
        let staff = Staff { support: Layers { ids: vec![MONA], role: None }, ..Staff::default() };
        assert!(staff.allows(MONA, &[], Power::Support));
        assert!(!staff.allows(MONA, &[], Power::Admin));
    }
}
