//! `/admin reload`: the configuration file is read again.
//!
//! There is no question before it: the file's content was decided by whoever may write it, what
//! is wrong is not taken, and reading it twice changes nothing more.

use crate::{
    config::{Changed, Problem},
    current_config::Reloaded,
    domain::access::Power,
    view::{
        self,
        reload::{ListFacts, MistakeFacts, TakenFacts},
    },
};

use super::{
    super::{Bot, Context, error::Error, interaction::Interaction},
    admitted,
};

/// `/admin reload`
#[poise::command(slash_command)]
pub(super) async fn reload(ctx: Context<'_>) -> Result<(), Error> {
    command!(ctx, |bot, interaction| read_again(bot, interaction))
}

async fn read_again(bot: &Bot, interaction: &mut Interaction<'_>) -> Result<(), Error> {
    admitted(bot, interaction, Power::Admin, "config.reload").await?;
    interaction.defer().await?;
    let post = match bot.live.reload(&bot.db, interaction.user, bot.clock.now()).await? {
        Reloaded::Done(renewal) => view::reload::taken(
            interaction.locale,
            &TakenFacts {
                plans: facts(&renewal.plans),
                methods: facts(&renewal.methods),
                staff: &renewal.staff,
                waits: &renewal.waits,
            },
        ),
        Reloaded::Wrong(problems) => {
            let mistakes: Vec<_> = problems.0.iter().map(mistake).collect();
            view::reload::wrong(interaction.locale, &mistakes)
        }
    };
    interaction.edit(post).await?;
    Ok(())
}

fn facts(changed: &Changed) -> ListFacts<'_> {
    ListFacts { added: &changed.added, changed: &changed.changed, removed: &changed.removed }
}

fn mistake(problem: &Problem) -> MistakeFacts<'_> {
    MistakeFacts { key: &problem.key, line: problem.line, says: &problem.says }
}
