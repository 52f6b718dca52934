//! `/admin reload`: the configuration file is read again.
//!
//! There is no question before it: the file's content was decided by whoever may write it, what
//! is wrong is not taken, and reading it twice changes nothing more.

use crate::{
    config::{Changed, Problem},
    domain::access::Power,
    live::Reloaded,
    view::{
        self,
        reload::{ListFacts, MistakeFacts, TakenFacts},
    },
};

use super::{
    super::{Bot, Context, asked::Asked, fault::Fault},
    admitted,
};

/// `/admin reload`
#[poise::command(slash_command)]
pub(super) async fn reload(ctx: Context<'_>) -> Result<(), Fault> {
    command!(ctx, |bot, asked| read_again(bot, asked))
}

async fn read_again(bot: &Bot, asked: &mut Asked<'_>) -> Result<(), Fault> {
    admitted(bot, asked, Power::Admin, "config.reload").await?;
    asked.defer().await?;
    let post = match bot.live.reload(&bot.db, asked.user, bot.clock.now()).await? {
        Reloaded::Done(renewal) => view::reload::taken(
            asked.locale,
            &TakenFacts {
                plans: facts(&renewal.plans),
                methods: facts(&renewal.methods),
                staff: &renewal.staff,
                waits: &renewal.waits,
            },
        ),
        Reloaded::Wrong(problems) => {
            let mistakes: Vec<_> = problems.0.iter().map(mistake).collect();
            view::reload::wrong(asked.locale, &mistakes)
        }
    };
    asked.edit(post).await?;
    Ok(())
}

fn facts(changed: &Changed) -> ListFacts<'_> {
    ListFacts { added: &changed.added, changed: &changed.changed, removed: &changed.removed }
}

fn mistake(problem: &Problem) -> MistakeFacts<'_> {
    MistakeFacts { key: &problem.key, line: problem.line, says: &problem.says }
}
