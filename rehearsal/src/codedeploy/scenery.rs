//! What a test may change of what the APIs say.

use super::fleet::TargetHealth;
use super::{CodeDeploy, Registered};
use crate::colour::Colour;
use crate::load_balancer::{Listener, Rule, Weights};

impl CodeDeploy {
    /// Gives the target group of a colour targets in these states; at first it
    /// has a healthy one.
    pub fn set_targets(&self, colour: Colour, targets: &[TargetHealth]) {
        self.state.lock().fleet.set_targets(colour, targets);
    }

    /// Gives the test listener a rule for `/api/*` before its default one.
    pub fn set_test_rule(&self, weights: impl Into<Weights>) {
        let rule = Rule::of_paths(&["/api/*"], weights.into());
        self.state.listeners.set_rules(Listener::Test, vec![rule]);
    }

    /// Lets one answer have so many rules of a listener, and no more.
    pub fn page_rules(&self, size: usize) {
        self.state.lock().fleet.page = size;
    }

    /// Gives the load balancer another name in DNS than `127.0.0.1`.
    pub fn set_load_balancer_name(&self, name: &str) {
        name.clone_into(&mut self.state.lock().fleet.dns_name);
    }

    /// Lets ECS know no green task set, as before the installation.
    pub fn hide_green(&self) {
        self.state.lock().fleet.green_hidden = true;
    }

    /// Lets ECS take the green task set away.
    pub fn drain_green(&self) {
        self.state.lock().fleet.green_drains = true;
    }

    /// Lets so many tasks of green be wanted, and so many run; at first it is
    /// one for each target.
    pub fn set_green_tasks(&self, wanted: usize, running: usize) {
        self.state.lock().fleet.green_tasks = Some((wanted, running));
    }

    /// Lets a version run this image.
    pub fn set_image(&self, colour: Colour, image: &str) {
        let mut book = self.state.lock();
        book.fleet.images.push((colour, image.to_owned()));
    }

    /// Lets a deployment be one that CodeDeploy made, to roll another back.
    pub fn roll_back(&self, registered: &Registered, failed: &str) {
        self.state.change(&registered.deployment_id, |deployment| {
            deployment.rolls_back = Some(failed.to_owned());
        });
    }
}
