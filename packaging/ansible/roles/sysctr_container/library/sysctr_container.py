#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: one system container of a host, by sysctr(1)."""

import json

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = r"""
module: sysctr_container
short_description: Installs, updates and removes system containers
description:
  - Has a system container on the host as it is described, by C(sysctr). Changed is reported exactly when something changed.
  - Check mode asks C(sysctr plan) and changes nothing; C(--diff) shows its answer.
options:
  name:
    description: Name of the container and of its unit.
    type: str
    required: true
  image:
    description: The image, as for C(sysctr install). Needed unless the container is there already.
    type: str
  digest:
    description: The manifest's digest, C(sha256:...). Pins the image to it.
    type: str
  values:
    description:
      - Variables of the image's templates. Those that are not named stay as they are; an empty text, or null, empties one.
      - Whatever is no text is written as JSON, so that C(true), numbers and lists are what templates of JSON files want.
    type: dict
    default: {}
  state:
    description:
      - C(present), it is installed, with this image and these values.
      - C(latest), the registry is asked for a newer image too.
      - C(started) and C(stopped), as C(present), and its units run, or don't.
      - C(absent), it is not installed.
    type: str
    choices: [present, latest, started, stopped, absent]
    default: present
  now:
    description: With C(present) and C(latest), have it run as well.
    type: bool
    default: false
  runtime:
    description: The OCI runtime, by name or path.
    type: str
  auto_update:
    description: Whether the host's timer updates it, C(registry) or C(disabled).
    type: str
    choices: [registry, disabled]
  grants:
    description: Classes of rights that the image may have, as for C(--grant), such as C(cron). What was granted stays so.
    type: list
    elements: str
    default: []
  lock:
    description: The semaphore in etcd that updates go by, as for C(sysctr update --lock).
    type: str
  purge:
    description: With C(absent), remove its state directories too.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Have the newest etcd run
  sysctr_container:
    name: etcd
    image: registry.example.com/etcd:3.5
    state: latest
    now: true
    values:
      LISTEN: "{{ ansible_host }}"
"""

RETURN = r"""
container:
  description: What C(sysctr info --json) says of it in the end; null when it is not installed.
  type: dict
  returned: always
"""

NOT_FOUND = 3


class Container:
    """The container on the host, and what the task wants of it."""

    def __init__(self, module):
        self.module = module
        self.wanted = module.params
        self.name = module.params["name"]
        self.shown = None

    def sysctr(self, *arguments, accept=()):
        """Runs sysctr; a failure is the task's."""
        command = [self.module.get_bin_path("sysctr", required=True), "--quiet", *arguments]
        code, output, error = self.module.run_command(command)
        if code != 0 and code not in accept:
            self.module.fail_json(msg=error.strip() or output.strip(), rc=code, cmd=command)
        return output if code == 0 else None

    def plan(self, verb):
        """What a verb would change; what would be refused is the task's failure, as it would be the verb's."""
        plan = json.loads(self.sysctr("plan", *verb, "--json"))
        if self.module._diff:
            self.shown = {"prepared": self.sysctr("plan", *verb)}
        return plan

    def read(self):
        """What is installed; None when it is not."""
        output = self.sysctr("info", self.name, "--json", accept=[NOT_FOUND])
        return None if output is None else json.loads(output)

    def image(self):
        image, digest = self.wanted["image"], self.wanted["digest"]
        return f"{image}@{digest}" if image and digest else image

    def install(self):
        now = ["--now"] if wanted_running(self.wanted) else []
        return ["install", "--name", self.name, *self.options(), *now, self.image()]

    def update(self):
        """Without a change of image, values, runtime and policy it does nothing, and restarts nothing."""
        rebase = ["--rebase", self.image()] if self.image() else []
        return ["update", *self.options(), *rebase, self.name]

    def options(self):
        """What install, update and the plans for them have in common."""
        options = ["--pull", "always" if self.wanted["state"] == "latest" else "missing"]
        for variable, value in sorted(self.wanted["values"].items()):
            options += ["--set", f"{variable}={as_text(value)}"]
        for right in self.wanted["grants"]:
            options += ["--grant", right]
        return options + self.option("runtime")

    def option(self, name):
        """An option of sysctr with the parameter of that name; none where the task does not say it."""
        return [] if self.wanted[name] is None else ["--" + name.replace("_", "-"), self.wanted[name]]


def as_text(value):
    """A value as templates take it."""
    return value if isinstance(value, str) else "" if value is None else json.dumps(value)


def is_running(container):
    return container is not None and container["state"] in ("active", "activating", "reloading")


def wanted_running(wanted):
    """True, False, or None where it may stay as it is."""
    if wanted["state"] in ("started", "stopped"):
        return wanted["state"] == "started"
    return True if wanted["now"] else None


def facts(container):
    """What makes a difference: a new deployment has a new number."""
    return container and (container["deployment"], container["autoUpdate"], is_running(container))


def remove(container, check):
    before = container.read()
    verb = ["uninstall", *(["--purge"] if container.wanted["purge"] else []), container.name]
    if before is not None:
        container.plan(verb) if check else container.sysctr(*verb)
    return before is not None


def ensure(container, check):
    before = container.read()
    if before is None and not container.image():
        container.module.fail_json(msg=f"{container.name} is not installed: say which image it is to be of")
    verb = container.install() if before is None else container.update()
    if check:
        return would_change(container, verb, before)
    container.sysctr(*verb, *container.option("auto_update"), *(container.option("lock") if before else []))
    running = wanted_running(container.wanted)
    if running is not None and running != is_running(container.read()):
        container.sysctr("start" if running else "stop", container.name)
    return facts(before) != facts(container.read())


def would_change(container, verb, before):
    plan = container.plan(verb)
    policy, running = container.wanted["auto_update"], wanted_running(container.wanted)
    return (
        plan["hasChanges"]
        or (policy is not None and policy != before["autoUpdate"])
        or (running is not None and running != is_running(before))
    )


def main():
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "image": {"type": "str"},
            "digest": {"type": "str"},
            "values": {"type": "dict", "default": {}},
            "state": {"type": "str", "default": "present", "choices": ["present", "latest", "started", "stopped", "absent"]},
            "now": {"type": "bool", "default": False},
            "runtime": {"type": "str"},
            "auto_update": {"type": "str", "choices": ["registry", "disabled"]},
            "grants": {"type": "list", "elements": "str", "default": []},
            "lock": {"type": "str"},
            "purge": {"type": "bool", "default": False},
        },
        required_by={"digest": "image"},
        supports_check_mode=True,
    )
    container = Container(module)
    act = remove if module.params["state"] == "absent" else ensure
    changed = act(container, module.check_mode)
    shown = {"diff": container.shown} if container.shown else {}
    module.exit_json(changed=changed, container=container.read(), **shown)


if __name__ == "__main__":
    main()
