//! The configuration as an operator meets it: the example, mistakes and their sentences, secrets.

use std::{collections::HashMap, path::PathBuf};

use tollkeeper::{
    config::{Config, ConfigErrors},
    domain::shop::Placeholder,
};

/// A folder with a configuration file, and an environment.
pub(crate) struct Operator {
    folder: tempfile::TempDir,
    text: String,
    env: HashMap<String, String>,
}

impl Operator {
    pub(crate) fn with_the_example() -> Self {
        let text = include_str!("../../config.example.toml").to_owned();
        let folder = tempfile::tempdir().unwrap();
        Self { folder, text, env: HashMap::new() }
            .sets("DISCORD_TOKEN", "MTEw.discord.token")
            .sets("PANEL_API_TOKEN", "panel-token")
    }

    fn sets(mut self, name: &str, value: &str) -> Self {
        self.env.insert(name.to_owned(), value.to_owned());
        self
    }

    fn unsets(mut self, name: &str) -> Self {
        self.env.remove(name).unwrap();
        self
    }

    fn writes(mut self, instead_of: &str, text: &str) -> Self {
        assert!(self.text.contains(instead_of), "the example has no {instead_of}");
        self.text = self.text.replacen(instead_of, text, 1);
        self
    }

    fn path(&self) -> PathBuf {
        let path = self.folder.path().join("config.toml");
        std::fs::write(&path, &self.text).unwrap();
        path
    }

    pub(crate) fn loads(&self) -> Result<Config, ConfigErrors> {
        Config::load(&self.path(), &|name: &str| self.env.get(name).cloned())
    }

    fn reads(&self) -> String {
        let errors = self.loads().expect_err("the configuration was accepted").to_string();
        errors.replace(&self.folder.path().display().to_string(), "FOLDER")
    }
}

#[test]
fn the_example_is_the_shop_we_port() {
    let operator = Operator::with_the_example();
    let config = operator.loads().unwrap();
    let plans: Vec<_> = config
        .plans
        .iter()
        .map(|plan| format!("{} {}d {} GB {}", plan.name, plan.duration_days, plan.traffic_bytes >> 30, plan.price))
        .collect();
    insta::assert_snapshot!(plans.join("\n"), @"
    Basic 30d 50 GB 100 EGP
    Premium 30d 150 GB 250 EGP
    Pro 30d 300 GB 450 EGP
    ");
    let methods: Vec<_> = config.payment_methods.iter().map(|method| method.name.as_str()).collect();
    insta::assert_snapshot!(methods.join(", "), @"Vodafone Cash, Orange Cash, Etisalat Cash, WE Cash, InstaPay");
    assert!(config.plans.iter().all(|plan| plan.panel == "main"));
    assert_eq!(config.storage.data_dir, operator.folder.path().join("data"));
    let filled = config.payment_methods[4].instructions.fill(|placeholder| match placeholder {
        Placeholder::OrderId => "8QJ4N0ZK2M".to_owned(),
        Placeholder::Amount => config.plans[0].price.to_string(),
        Placeholder::Account => config.payment_methods[4].account.clone(),
        Placeholder::Holder => config.payment_methods[4].holder.clone(),
    });
    insta::assert_snapshot!(filled, @"
    Open InstaPay, send 100 EGP to nilevpn@instapay and write 8QJ4N0ZK2M as the note.
    Compare the name Ahmed M. before you confirm. Then upload a screenshot of the receipt here.
    ");
}

#[test]
fn five_mistakes_are_five_sentences() {
    let operator = Operator::with_the_example()
        .writes("guild_id = ", "gild_id = ")
        .writes("timezone = \"Africa/Cairo\"", "timezone = \"Cairo\"")
        .writes("price = \"250.00\"", "price = 250.00")
        .writes("{amount} to {account}", "{price} to {account}")
        .writes("order_expiry = \"24h\"", "order_expiry = \"1 day or so\"");
    insta::assert_snapshot!(operator.reads(), @r#"
    discord.gild_id (line 21): there is no such key; did you mean guild_id?
    shop.timezone (line 66): "Cairo" is not a time zone; write a name such as "Africa/Cairo" or "UTC"
    plans.price (line 110): write the price in quotes, such as "100.00": it is money, not a computer's number
    payment_methods.instructions (line 130): {price} is not known, use {order_id}, {amount}, {account} or {holder}
    schedule.order_expiry (line 216): "1 day or so" is not a time; a time is written as a number with its unit, such as "60s", "5m" or "24h"
    "#);
}

#[test]
fn a_file_that_is_not_toml_is_one_sentence_with_its_line() {
    let operator = Operator::with_the_example().writes("inbound_id = 1", "inbound_id = = 1");
    insta::assert_snapshot!(operator.reads(), @"
    syntax (line 79): this is not TOML (extra `=`, expected nothing); correct the line, nothing else was looked at
    ");
}

#[test]
fn a_missing_file_is_told_how_to_be_made() {
    let folder = tempfile::tempdir().unwrap();
    let errors = Config::load(&folder.path().join("config.toml"), &|_: &str| None).unwrap_err().to_string();
    insta::assert_snapshot!(errors.replace(&folder.path().display().to_string(), "FOLDER"), @"
    FOLDER/config.toml: there is no such file; copy config.example.toml to it and fill it in, or name another with --config
    ");
}

#[test]
fn an_empty_file_is_told_every_section() {
    let mut operator = Operator::with_the_example();
    operator.text.clear();
    insta::assert_snapshot!(operator.reads(), @"
    discord: the section [discord] is missing; copy it from config.example.toml
    storage: the section [storage] is missing; copy it from config.example.toml
    shop: the section [shop] is missing; copy it from config.example.toml
    panels: there is no [[panels]] section; copy one from config.example.toml
    plans: there is no [[plans]] section; copy one from config.example.toml
    payment_methods: there is no [[payment_methods]] section; copy one from config.example.toml
    ");
}

#[test]
fn addresses_and_ids_are_looked_at() {
    let operator = Operator::with_the_example()
        .writes("review_channel_id = \"1100000000000000002\"", "review_channel_id = \"#review\"")
        .writes("owners = [\"1100000000000000010\"]", "owners = []")
        .writes("# ca_file = \"proxy-ca.pem\"", "ca_file = \"proxy-ca.pem\"")
        .writes("url = \"https://panel.example.com", "url = \"https://root:pass@panel.example.com")
        .writes("public_host = \"vpn.example.com\"", "public_host = \"https://vpn.example.com\"")
        .writes("# env_prefix = \"PANEL\"", "env_prefix = \"de-1\"")
        .writes("id = \"premium\"", "id = \"basic\"")
        .writes("# panel = \"main\"", "panel = \"mian\"")
        .writes("duration_days = 30", "duration_days = 0")
        .writes("# reference_pattern = '\\d{8,14}'", "reference_pattern = '\\d{8,14'")
        .writes("account = \"01200000000\"", "account = \"`01200000000`\"")
        .writes("order = \"1/10m\"", "order = \"one every 10 minutes\"")
        .writes("level = \"info\"", "level = \"verbose\"");
    insta::assert_snapshot!(operator.reads(), @r##"
    discord.review_channel_id (line 23): "#review" is not a Discord id; switch on Developer Mode in Discord, right-click and choose Copy ID
    discord.owners (line 32): a shop without an owner cannot be run; write your own user id between the brackets
    discord.ca_file (line 54): FOLDER/proxy-ca.pem cannot be read (No such file or directory (os error 2)); correct the path or the file's rights
    panels.url (line 77): the address holds a name or password; secrets go into the environment
    panels.public_host (line 82): "https://vpn.example.com" is not a host; write a name or an IP address alone, such as vpn.example.com
    panels.env_prefix (line 88): "de-1" cannot begin a variable's name; write capitals and digits, such as "DE1"
    plans.duration_days (line 97): 0 is out of range; from 1 to 3650 are possible
    plans.panel (line 103): no panel is called "mian"; the panels are main
    plans.id (line 106): "basic" is used twice; give each its own
    payment_methods.reference_pattern (line 136): "\d{8,14" is not a regular expression; twelve digits are '\d{12}', in single quotes
    payment_methods.account (line 141): a ` breaks how Discord shows it; leave it out
    limits.order (line 178): a limit is a count and a time up to a year such as "1/10m", or "off"
    log.level (line 237): "verbose" is not known; write one of "error", "warn", "info", "debug", "trace"
    "##);
}

#[test]
fn a_role_does_not_stand_in_for_the_owners() {
    let operator = Operator::with_the_example()
        .writes("owners = [\"1100000000000000010\"]", "owners = []")
        .writes("# owner_role_id", "owner_role_id");
    insta::assert_snapshot!(operator.reads(), @"
    discord.owners (line 32): owners are known by their id and told by direct message, and owner_role_id names nobody; write your own user id between the brackets
    ");
}

#[test]
fn a_certificate_without_a_proxy_is_refused() {
    let operator = Operator::with_the_example().writes("# ca_file = \"proxy-ca.pem\"", "ca_file = \"proxy-ca.pem\"");
    std::fs::write(operator.folder.path().join("proxy-ca.pem"), "-----BEGIN CERTIFICATE-----\n").unwrap();
    insta::assert_snapshot!(operator.reads(), @"
    discord.ca_file (line 54): this is only for a rest_proxy, and there is none; remove it, or set rest_proxy
    ");
    let config = operator.writes("# rest_proxy", "rest_proxy").loads().unwrap();
    assert_eq!(config.discord.ca_pem.as_deref(), Some(&b"-----BEGIN CERTIFICATE-----\n"[..]));
}

#[test]
fn a_secret_in_the_file_is_refused() {
    let operator = Operator::with_the_example()
        .writes("[storage]", "token = \"MTEw.discord.token\"\n[storage]")
        .writes("inbound_id = 1", "inbound_id = 1\npassword = \"hunter2\"");
    let says = operator.reads();
    assert!(!says.contains("MTEw") && !says.contains("hunter2"));
    insta::assert_snapshot!(says, @"
    discord.token (line 56): secrets are not written into this file; remove the line and set DISCORD_TOKEN, PANEL_API_TOKEN (or PANEL_USERNAME and PANEL_PASSWORD), PANEL_TOTP_SECRET or BACKUP_PASSPHRASE in the environment
    panels.password (line 81): secrets are not written into this file; remove the line and set DISCORD_TOKEN, PANEL_API_TOKEN (or PANEL_USERNAME and PANEL_PASSWORD), PANEL_TOTP_SECRET or BACKUP_PASSPHRASE in the environment
    ");
}

#[test]
fn secrets_are_never_shown() {
    let config = Operator::with_the_example()
        .sets("PANEL_USERNAME", "owner")
        .sets("PANEL_PASSWORD", "hunter2")
        .sets("PANEL_TOTP_SECRET", "JBSW Y3DP EHPK 3PXP")
        .sets("BACKUP_PASSPHRASE", "correct horse battery")
        .loads()
        .unwrap();
    let shown = format!("{config:?} {config:#?}");
    for secret in ["MTEw", "panel-token", "hunter2", "JBSW", "correct horse"] {
        assert!(!shown.contains(secret), "{secret} is shown");
    }
}

#[test]
fn secrets_may_be_systemd_credentials() {
    let credentials = tempfile::tempdir().unwrap();
    std::fs::write(credentials.path().join("DISCORD_TOKEN"), "from.a.file\n").unwrap();
    let operator = Operator::with_the_example()
        .unsets("DISCORD_TOKEN")
        .sets("CREDENTIALS_DIRECTORY", credentials.path().to_str().unwrap());
    let config = operator.loads().unwrap();
    assert_eq!(secrecy::ExposeSecret::expose_secret(&config.discord.token), "from.a.file");
}

/// `LoadCredential=tollkeeper:/etc/tollkeeper/credentials`, as the unit has it.
#[test]
fn a_folder_of_credentials_has_their_names_with_a_prefix() {
    let credentials = tempfile::tempdir().unwrap();
    std::fs::write(credentials.path().join("tollkeeper_DISCORD_TOKEN"), "from.a.folder\n").unwrap();
    let operator = Operator::with_the_example()
        .unsets("DISCORD_TOKEN")
        .sets("CREDENTIALS_DIRECTORY", credentials.path().to_str().unwrap());
    let config = operator.loads().unwrap();
    assert_eq!(secrecy::ExposeSecret::expose_secret(&config.discord.token), "from.a.folder");
    let unit = include_str!("../../deploy/tollkeeper.service");
    assert!(unit.contains("LoadCredential=tollkeeper:"), "the unit names another folder");
}

#[test]
fn half_a_login_is_told_what_is_missing() {
    let operator = Operator::with_the_example()
        .unsets("PANEL_API_TOKEN")
        .sets("PANEL_USERNAME", "owner")
        .sets("PANEL_TOTP_SECRET", "189");
    insta::assert_snapshot!(operator.reads(), @"
    PANEL_TOTP_SECRET: this is not base32; copy the key (letters and digits 2 to 7) that the panel shows beside the QR code
    PANEL_PASSWORD: this is not set although PANEL_USERNAME is; set both, or neither and PANEL_API_TOKEN
    ");
}

#[test]
fn commands_that_connect_to_nothing_need_no_secrets() {
    let operator = Operator::with_the_example();
    let config = Config::load_offline(&operator.path(), &|_: &str| None).unwrap();
    assert_eq!(config.shop.name, "Nile VPN");
    insta::assert_snapshot!(Config::load(&operator.path(), &|_: &str| None).unwrap_err(), @"
    DISCORD_TOKEN: this is not set; copy the token from the application's Bot page at discord.com/developers into the environment
    PANEL_API_TOKEN: this is not set; make an API token in the panel's settings, or set PANEL_USERNAME and PANEL_PASSWORD
    ");
}

#[test]
fn any_single_value_may_be_shortened() {
    let operator = Operator::with_the_example()
        .writes("order_expiry = \"24h\"", "order_expiry = \"1s\"")
        .writes("retry_max = \"10m\"", "retry_max = \"50ms\"");
    let config = operator.loads().unwrap();
    assert_eq!(config.schedule.order_expiry.as_secs(), 1);
}

/// The panel's password goes along with every call.
#[test]
fn a_panel_over_http_is_near_or_refused() {
    let with = |url: &str| {
        let line = include_str!("../../config.example.toml").lines().find(|line| line.starts_with("url = ")).unwrap();
        Operator::with_the_example().writes(line, &format!("url = \"{url}\""))
    };
    for near in [
        "http://127.0.0.1:2053/",
        "http://localhost:2053/",
        "http://[::1]/",
        "http://10.8.0.1/x/",
        "http://172.31.0.9/",
        "http://192.168.1.4/",
        "http://169.254.7.7/",
        "http://100.64.0.1/",
        "http://[fd00::2]/",
        "https://panel.example.com/",
    ] {
        with(near).loads().unwrap();
    }
    for far in [
        "http://203.0.113.7:2053/",
        "http://172.32.0.1/",
        "http://100.128.0.1/",
        "http://[2001:db8::1]/",
        "http://localhost.example.com/",
    ] {
        assert!(with(far).reads().contains("over http the panel's password"), "{far}");
    }
    insta::assert_snapshot!(with("http://panel.example.com/").reads(), @"panels.url (line 77): over http the panel's password would cross the network in the clear; give the panel a certificate and write https://, or lead a tunnel (SSH, WireGuard) to it and write its address here as digits, such as http://127.0.0.1:2053/; http is for this machine and private addresses alone");
}

#[test]
fn a_short_passphrase_seals_nothing_and_opens_old_backups() {
    let with = |passphrase| Operator::with_the_example().sets("BACKUP_PASSPHRASE", passphrase);
    insta::assert_snapshot!(with("fifteen letters").reads(), @"BACKUP_PASSPHRASE: this has 15 characters, which a computer guesses; write at least 16, such as five words, and keep the old one with the backups that it opens");
    with("sixteen letters!").loads().unwrap();
    let short = with("hunter2");
    assert!(Config::load_offline(&short.path(), &|name: &str| short.env.get(name).cloned()).is_ok());
}

/// The service has room for what it needs, and an end.
#[test]
fn the_unit_bounds_memory_and_threads() {
    let unit = include_str!("../../deploy/tollkeeper.service");
    for bound in ["MemoryMax=512M", "TasksMax=256"] {
        assert!(unit.lines().any(|line| line == bound), "{bound}");
    }
}
