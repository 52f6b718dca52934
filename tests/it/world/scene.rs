//! What a world looks like before anybody speaks, and the configuration that follows from it.

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Write as _,
    path::Path,
};

use tollkeeper::sandbox::{
    discord::{Discord, Id, Overwrite, Person, Target, permission},
    panel::{Generation, Panel, PanelOptions},
};

/// The choices of a test. What it does not choose is the usual shop.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own, made by name in a test")]
pub(crate) struct Scene {
    /// Which panel.
    pub(crate) panel: PanelOptions,
    /// Whether there is a second panel like it, called "berlin", which serves the plan "Berlin".
    pub(crate) second_panel: bool,
    /// Whether the bot has an API token; it has a login otherwise. Only 3.x knows tokens.
    pub(crate) token: bool,
    /// Whether the application may read messages, in the portal and in the configuration.
    pub(crate) message_content: bool,
    /// Whether admins need a role besides being listed.
    pub(crate) admin_role: bool,
    /// Categories for tickets besides the first.
    pub(crate) overflow: usize,
    /// Whether the bot runs as a process of its own, instead of inside the test.
    pub(crate) process: bool,
    /// `[schedule]`.
    pub(crate) schedule: BTreeMap<&'static str, String>,
    /// `[limits]`.
    pub(crate) limits: BTreeMap<&'static str, String>,
    /// Whether Vodafone Cash asks for the transfer's reference, which has digits alone.
    pub(crate) reference: &'static str,
    /// `shop.renewal_traffic`.
    pub(crate) renewal_traffic: &'static str,
}

impl Default for Scene {
    fn default() -> Self {
        let schedule = [
            ("retry_min", "30ms"),
            ("retry_max", "300ms"),
            ("panel_timeout", "15s"),
            ("clock_hold", "off"),
            ("review_reminder", "off"),
            ("review_escalation", "off"),
        ];
        let limits = ["order", "admin", "link", "proof", "dashboard"].map(|key| (key, "\"off\""));
        let owned = |(key, value): (&'static str, &str)| (key, value.to_owned());
        Self {
            panel: PanelOptions::new(Generation::V3),
            second_panel: false,
            token: true,
            message_content: true,
            admin_role: false,
            overflow: 0,
            process: false,
            schedule: schedule.into_iter().map(owned).collect(),
            limits: limits.into_iter().map(owned).collect(),
            reference: "off",
            renewal_traffic: "add",
        }
    }
}

impl Scene {
    /// Another generation of the panel; 2.x signs in with name and password.
    pub(crate) fn generation(&mut self, generation: Generation) {
        self.panel = PanelOptions::new(generation);
        self.token = generation == Generation::V3;
    }

    /// A panel that says nothing is soon given up.
    pub(crate) fn impatient(&mut self) {
        self.schedule("panel_timeout", "400ms");
    }

    /// A time of `[schedule]`.
    pub(crate) fn schedule(&mut self, key: &'static str, value: &str) {
        self.schedule.insert(key, value.to_owned());
    }

    /// A value of `[limits]`, as TOML.
    pub(crate) fn limit(&mut self, key: &'static str, value: &str) {
        self.limits.insert(key, value.to_owned());
    }
}

/// The guild as it was set up.
pub(crate) struct Guild {
    pub(crate) lobby: Id,
    pub(crate) review: Id,
    pub(crate) dashboard: Id,
    pub(crate) tickets: Vec<Id>,
    pub(crate) admins: Id,
    pub(crate) people: HashMap<&'static str, Person>,
}

/// Customers, then staff.
const CUSTOMERS: [&str; 3] = ["Mona", "Karim", "Hoda"];
const ADMINS: [&str; 2] = ["Adel", "Nadia"];
/// A customer whose account was made a moment ago.
const NEWCOMER: &str = "Farid";
const OWNER: &str = "Omar";
const SUPPORT: &str = "Salma";

impl Guild {
    pub(crate) fn build(discord: &Discord, scene: &Scene) -> Self {
        let admins = discord.role("Admin", 0);
        discord.set_role_mentionable(admins, true);
        // Tests try what is refused to who sees `/admin` all the same.
        discord.shows_all_commands(true);
        let staff = discord.role("Staff", permission::MANAGE_MESSAGES);
        let mut people = HashMap::new();
        for name in CUSTOMERS.into_iter().chain(ADMINS).chain([OWNER, SUPPORT]) {
            let mut roles = if ADMINS.contains(&name) { vec![admins] } else { Vec::new() };
            if !CUSTOMERS.contains(&name) {
                roles.push(staff);
            }
            people.insert(name, discord.member(name, &roles));
        }
        people.insert(NEWCOMER, discord.newcomer(NEWCOMER));
        let mut staff_only = discord.private();
        for name in ADMINS.into_iter().chain([OWNER, SUPPORT]) {
            let allow = permission::VIEW_CHANNEL | permission::READ_MESSAGE_HISTORY | permission::SEND_MESSAGES;
            staff_only.push(Overwrite { id: people[name].id(), target: Target::Member, allow, deny: 0 });
        }
        let category = |n| discord.category(&format!("Tickets {n}"), &discord.private());
        Self {
            lobby: discord.text_channel("lobby", None, &[]),
            review: discord.text_channel("review", None, &staff_only),
            dashboard: discord.text_channel("dashboard", None, &staff_only),
            tickets: (1..=1 + scene.overflow).map(category).collect(),
            admins,
            people,
        }
    }
}

/// Writes `config.toml` and returns the environment that belongs to it.
pub(crate) fn configure(
    folder: &Path,
    scene: &Scene,
    guild: &Guild,
    discord: &Discord,
    panel: &Panel,
    second: Option<&Panel>,
) -> HashMap<String, String> {
    std::fs::write(folder.join("ca.pem"), discord.ca_pem()).expect("the certificate is written");
    let toml = toml(scene, guild, discord, panel, second);
    std::fs::write(folder.join("config.toml"), toml).expect("the configuration is written");
    let mut environment = vec![("DISCORD_TOKEN", discord.bot_token())];
    match panel.token().filter(|_| scene.token) {
        Some(token) => environment.push(("PANEL_API_TOKEN", token)),
        None => environment.extend([
            ("PANEL_USERNAME", scene.panel.username.clone()),
            ("PANEL_PASSWORD", scene.panel.password.clone()),
        ]),
    }
    if let Some(token) = second.and_then(Panel::token) {
        environment.push(("BERLIN_API_TOKEN", token));
    }
    environment.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn toml(scene: &Scene, guild: &Guild, discord: &Discord, panel: &Panel, second: Option<&Panel>) -> String {
    let ids = |names: &[&str]| names.iter().map(|name| guild.people[name].id().to_string()).collect::<Vec<_>>();
    let mut toml = format!(
        "[discord]\nguild_id = {}\nreview_channel_id = {}\ndashboard_channel_id = {}\nticket_category_id = {}\n\
         overflow_category_ids = {:?}\nowners = {:?}\nadmins = {:?}\nsupport = {:?}\nmessage_content = {}\n\
         rest_proxy = {:?}\nca_file = \"ca.pem\"\n",
        discord.guild(),
        guild.review,
        guild.dashboard,
        guild.tickets[0],
        guild.tickets[1..].iter().map(ToString::to_string).collect::<Vec<_>>(),
        ids(&[OWNER]),
        ids(&ADMINS),
        ids(&[SUPPORT]),
        scene.message_content,
        discord.proxy_url(),
    );
    if scene.admin_role {
        let _ = writeln!(toml, "admin_role_id = {}", guild.admins);
    }
    let _ = write!(
        toml,
        "[storage]\ndata_dir = \"data\"\n[shop]\nname = \"Nile VPN\"\nrenewal_traffic = {:?}\n\
         [[panels]]\nname = \"main\"\nurl = {:?}\ninbound_id = 1\npublic_host = \"vpn.example.com\"\nsubscription_url = {:?}\n",
        scene.renewal_traffic,
        panel.url(),
        panel.subscription_url(),
    );
    if let Some(second) = second {
        let _ = write!(
            toml,
            "[[panels]]\nname = \"berlin\"\nurl = {:?}\ninbound_id = 1\npublic_host = \"berlin.example.com\"\nenv_prefix = \"BERLIN\"\n\
             [[plans]]\nid = \"berlin\"\nname = \"Berlin\"\nduration_days = 30\ntraffic_gb = 100\nprice = \"120.00\"\npanel = \"berlin\"\n",
            second.url(),
        );
    }
    for (id, name, gigabytes, price) in [("basic", "Basic", 50, 100), ("premium", "Premium", 150, 250)] {
        let _ = write!(
            toml,
            "[[plans]]\nid = {id:?}\nname = {name:?}\nduration_days = 30\ntraffic_gb = {gigabytes}\nprice = \"{price}.00\"\n"
        );
    }
    for (id, name, account) in
        [("vodafone-cash", "Vodafone Cash", "01000000000"), ("instapay", "InstaPay", "nilevpn@instapay")]
    {
        let _ = write!(
            toml,
            "[[payment_methods]]\nid = {id:?}\nname = {name:?}\naccount = {account:?}\nholder = \"Ahmed M.\"\n\
             instructions = \"Send {{amount}} to {{account}}, then upload a screenshot of the receipt here.\"\n"
        );
        if id == "vodafone-cash" {
            let _ = write!(toml, "reference = {:?}\nreference_pattern = '\\d{{4,14}}'\n", scene.reference);
        }
    }
    toml.push_str("[limits]\n");
    for (key, value) in &scene.limits {
        let _ = writeln!(toml, "{key} = {value}");
    }
    toml.push_str("[schedule]\n");
    for (key, value) in &scene.schedule {
        let _ = writeln!(toml, "{key} = {value:?}");
    }
    toml
}
