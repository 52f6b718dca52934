//! What people do to a panel by hand, and leave behind.

use super::Panel;

impl Panel {
    /// Removes a client by hand as the interface of 3.x does: its counter stays behind.
    pub fn remove_client_keeping_its_counter(&self, email: &str) {
        self.change(|state| state.clients.retain(|client| client.email() != email));
    }
}
