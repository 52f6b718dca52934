//! What is asked of a panel, in the words of its generation.

use super::{
    ClientRecord, Deleted, Error, Found, Generation, Snapshot, Target,
    connection::{Panel, is_absence},
    sellable::Trouble,
    v2, v3,
};
use crate::domain::drift::Present;

impl Panel {
    /// Whether what we sell works: `None`, or what is wrong with it.
    pub(super) async fn health(&self) -> Result<Option<String>, Error> {
        self.breaker().force(self.door.now());
        let result = self.look_for_trouble().await;
        let (mut breaker, now) = (self.breaker(), self.door.now());
        let found = match result {
            Err(error) => {
                breaker.checked(now, Err(&error));
                Err(error)
            }
            Ok(Trouble::None) => {
                breaker.checked(now, Ok(None));
                Ok(None)
            }
            Ok(Trouble::Passing(why)) => {
                breaker.checked(now, Ok(Some(&why)));
                Ok(Some(why))
            }
            Ok(Trouble::Lasting(why)) => {
                breaker.unsellable(now, &why);
                Ok(Some(why))
            }
        };
        self.publish(&breaker);
        found
    }

    pub(super) async fn find(&self, email: &str) -> Result<Option<Found>, Error> {
        let generation = self.generation().await?;
        match generation {
            Generation::V2Old | Generation::V2 => v2::find(self, generation, email).await,
            Generation::V3 { .. } => v3::find(self, generation, email).await,
        }
    }

    pub(super) async fn used(&self, email: &str) -> Result<u64, Error> {
        let generation = self.generation().await?;
        let used = match generation {
            Generation::V2Old | Generation::V2 => v2::traffic(self, generation, email).await?,
            Generation::V3 { .. } => v3::traffic(self, generation, email).await?,
        };
        Ok(u64::try_from(used).unwrap_or(0))
    }

    pub(super) async fn snapshot(&self, email: &str) -> Result<Snapshot, Error> {
        let generation = self.generation().await?;
        match generation {
            Generation::V2Old | Generation::V2 => v2::snapshot(self, generation, email).await,
            Generation::V3 { .. } => v3::snapshot(self, generation, email).await,
        }
    }

    pub(super) async fn client(&self, email: &str) -> Result<Option<ClientRecord>, Error> {
        let generation = self.generation().await?;
        match generation {
            Generation::V2Old | Generation::V2 => Ok(v2::snapshot(self, generation, email).await?.client),
            Generation::V3 { .. } => v3::client(self, generation, email).await,
        }
    }

    pub(super) async fn clients(&self, also: &[i64]) -> Result<Vec<Present>, Error> {
        let generation = self.generation().await?;
        match generation {
            Generation::V2Old | Generation::V2 => v2::clients(self, generation, also).await,
            Generation::V3 { .. } => v3::clients(self, generation).await,
        }
    }

    pub(super) async fn update(
        &self,
        generation: Generation,
        record: &ClientRecord,
        target: &Target,
    ) -> Result<(), Error> {
        let row = record.changed_to(target, self.flows(generation).await?.kept);
        match generation {
            Generation::V2Old | Generation::V2 => v2::update(self, generation, record.id(), row).await,
            Generation::V3 { .. } => v3::update(self, generation, &record.email, row).await,
        }
    }

    pub(super) async fn set_enabled(
        &self,
        generation: Generation,
        record: &ClientRecord,
        enabled: bool,
    ) -> Result<(), Error> {
        if generation.has_bulk_switch() {
            return v3::switch(self, generation, &record.email, enabled).await;
        }
        self.update(generation, record, &Target { enabled, ..record.target() }).await
    }

    pub(super) async fn delete(&self, record: &ClientRecord) -> Result<Deleted, Error> {
        let generation = self.generation().await?;
        let Some(present) = self.snapshot(&record.email).await?.client else { return Ok(Deleted::Gone) };
        if present.uuid != record.uuid {
            return Err(Error::Refused { message: "a client of this name is there with another uuid".to_owned() });
        }
        let refusal = match generation {
            Generation::V2Old | Generation::V2 => {
                // 2.x removes by uuid, whoever has it.
                if v2::shares_uuid(self, generation, &present).await? {
                    return Err(Error::Refused { message: "another client has the same uuid".to_owned() });
                }
                v2::delete(self, generation, present.id()).await
            }
            Generation::V3 { .. } => v3::delete(self, generation, &present.email).await,
        };
        let kept = match refusal {
            Err(Error::Refused { message }) if message.contains("no client remained") => {
                self.set_enabled(generation, &present, false).await?;
                true
            }
            Err(error) if !is_absence(&error) => return Err(error),
            _ => false,
        };
        match self.snapshot(&record.email).await?.client {
            None => Ok(Deleted::Gone),
            Some(left) if kept && !left.enabled => Ok(Deleted::KeptDisabled),
            Some(_) => Err(Error::NotDone { what: "a client that it deleted is still there" }),
        }
    }
}
