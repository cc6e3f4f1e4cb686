#!/usr/bin/env python3
"""Whatever --help lists is in the manual page, in the completion that bash runs, and in the README.

    check_pages.py --bin DIR --readme README.md
"""
import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
from programs import CLEAN, Programs, Tally, has_terminals  # noqa: E402

OPTION = re.compile(r"^  (?:-(\S), |    )--([a-z-]+)(?: (\S+))?(?:$|  )")
SECTIONS = ["NAME", "SYNOPSIS", "COMMANDS", "OPTIONS", "EXIT STATUS", "ENVIRONMENT", "FILES", "EXAMPLES",
            "NOTES", "SEE ALSO"]


def commands_of(text):
    part = text.split("\nCommands:\n")[1].split("\n\n")[0]
    return [line.split()[0] for line in part.split("\n")]


def options_of(text):
    """(letter, name, argument, choices) of every line of the options, as a reader would find them."""
    lines = text.split("\nOptions:\n")[1].split("\n\n")[0].split("\n") if "\nOptions:\n" in text else []
    found = []
    for line, after in zip(lines, lines[1:] + [""]):
        match = OPTION.match(line)
        if match:
            words = line + ("" if OPTION.match(after) else after)
            choices = re.search(r"\(([a-z-]+(?:\|[a-z-]+)+)\)$", words)
            found.append(match.groups() + (choices.group(1).split("|") if choices else [],))
    return found


class Program:
    """A program, and what its help says."""

    def __init__(self, programs, name):
        self.name = name
        self.help = self.ask(programs, "--help")
        self.commands = commands_of(self.help)
        self.options = {None: options_of(self.help)}
        self.help_of = {command: self.ask(programs, command, "--help") for command in self.commands}
        for command in self.commands:
            self.options[command] = options_of(self.help_of[command])
        self.man = self.ask(programs, "--man")
        self.completion = self.ask(programs, "--completion")

    def ask(self, programs, *args):
        got = programs.run(self.name, *args)
        assert got.code == 0 and not got.err, got
        return got.out.decode("utf-8")


# ---- the manual page ----

def check_manual(tally, program, readme):
    name, plain = program.name, program.man.replace("\\-", "-")
    tally.expect(re.findall(r"^\.SH (.*)$", plain, re.M) == SECTIONS, "%s.1 has its sections" % name)
    for command in program.commands:
        tally.expect(re.search(r"^\.B %s( .*)?$" % command, plain, re.M), "%s.1 has %s" % (name, command))
    for letter, option, argument, choices in program.options[None]:
        head = ".B %s--%s%s" % ("-%s, " % letter if letter else "", option, " " + argument if argument else "")
        tally.expect(re.search("^" + re.escape(head) + "$", plain, re.M), "%s.1 has --%s" % (name, option), head)
        tally.expect(not choices or "(%s)" % "|".join(choices) in plain, "%s.1 has values of --%s" % (name, option))
        tally.expect("--" + option in readme, "README has --%s" % option)
    check_takers(tally, program, plain)
    codes = dict(re.findall(r"^\.TP\n\.B (\d+)\n(.*)$", plain, re.M))
    for code, meaning in re.findall(r"^\| (6\d|7\d) \| (.*) \|$", readme, re.M):
        tally.expect(codes.get(code) == meaning, "%s.1 has exit code %s" % (name, code), codes.get(code))
    if shutil.which("mandoc"):
        got = subprocess.run(["mandoc", "-T", "lint", "-W", "warning"], input=program.man.encode(),
                             capture_output=True, check=False)
        tally.expect(got.returncode == 0 and not got.stdout, "mandoc has nothing to say of %s.1" % name, got.stdout)
    else:
        tally.skip("mandoc of %s.1" % name, "mandoc is not installed")


def check_takers(tally, program, plain):
    """What the page says of who takes an option is what each command's own help says. Two options that
    share a name stand in the order of the program's help."""
    entries = re.findall(r"^\.B ((?:-\S, )?--.*)\n(?:.*)\n(?:\.br\n(Of|Not of) (.*)\.$)?", plain, re.M)
    own = [entry for entry in entries if entry[0].split()[-1] not in ("--help", "--version", "--man", "--completion")]
    tally.expect(len(own) == len(program.options[None]), "%s.1 has as many options as --help" % program.name)
    for (head, how, names), option in zip(own, program.options[None]):
        said = set(re.split(", | and ", names)) if names else set()
        says = said if how == "Of" else set(program.commands) - said
        takes = {command for command in program.commands if option in program.options[command]}
        tally.expect(says == takes, "who takes %s, by %s.1" % (head, program.name), sorted(says ^ takes))


# ---- completion ----

# Gives what bash would offer for the words on stdin, one line each, "|" between what it offers. Readline
# splits words at COMP_WORDBREAKS, so "--format=j" arrives as three.
ASK = r"""
source "$1"
while IFS=$'\t' read -r -a COMP_WORDS; do
    [[ ${COMP_WORDS[-1]} == '<>' ]] && COMP_WORDS[-1]=
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    "$2"
    (IFS='|'; echo "${COMPREPLY[*]}")
done
"""


class Bash:
    def __init__(self, scratch, program):
        self.file = scratch / program.name
        self.file.write_text(program.completion, encoding="ascii")
        self.function = "_" + program.name.replace("-", "_")
        self.asked, self.wanted = [], []

    def ask(self, words, wanted):
        """`words` after the program; the last may be empty. `wanted`: what bash offers, in any order."""
        self.asked.append([self.file.name] + words[:-1] + [words[-1] or "<>"])
        self.wanted.append(sorted(set(wanted)))

    def check(self, tally):
        lines = "".join("\t".join(words) + "\n" for words in self.asked)
        got = subprocess.run(["bash", "--norc", "-c", ASK, "ask", self.file, self.function], input=lines.encode(),
                             env=CLEAN, capture_output=True, check=False)
        tally.expect(got.returncode == 0 and not got.stderr, "bash runs the completion", got.stderr)
        answers = got.stdout.decode().split("\n")[:-1]
        tally.expect(len(answers) == len(self.asked), "bash answers every question")
        for words, wanted, answer in zip(self.asked, self.wanted, answers):
            offered = sorted(set(answer.split("|") if answer else []))
            tally.expect(offered == wanted, "completion of `%s`" % " ".join(words), "%s, not %s" % (offered, wanted))


def ask_command(bash, command, help_text, options):
    spelled = ["-" + letter for letter, *_ in options if letter]
    spelled += ["--" + name for _, name, *_ in options] + ["--help"]
    bash.ask([command, "-"], spelled)
    bash.ask([command, "--"], [word for word in spelled if word.startswith("--")])
    bash.ask([command, "--", "--"], [])
    takes_files = help_text.split("\n")[0].split("[OPTIONS] ")[1] != ""
    bash.ask([command, ""], [] if takes_files else spelled)
    for letter, name, argument, choices in options:
        bash.ask([command, "--" + name[:3]], [word for word in spelled if word.startswith("--" + name[:3])])
        if not argument:
            bash.ask([command, "--" + name, "--help"[:5]], [word for word in spelled if word.startswith("--hel")])
            continue
        for words in [["--" + name], ["--" + name, "="]] + ([["-" + letter]] if letter else []):
            bash.ask([command] + words + [""] * (words[-1] != "="), choices)
        for choice in choices:
            bash.ask([command, "--" + name, "=", choice[:2]], [c for c in choices if c.startswith(choice[:2])])
        bash.ask([command, "--" + name, "-"], [])  # a value, not an option


def check_completion(tally, scratch, program):
    bash = Bash(scratch, program)
    bash.ask([""], program.commands)
    bash.ask(["--"], ["--help", "--version", "--man", "--completion"])
    for command in program.commands:
        bash.ask([command[:2]], [other for other in program.commands if other.startswith(command[:2])])
        ask_command(bash, command, program.help_of[command], program.options[command])
    valued = [name for _, name, argument, _ in program.options[None] if argument]
    bash.ask(["--" + valued[0], program.commands[0], ""], program.commands)  # the name of a command as a value
    bash.check(tally)


def check_terminal(tally, scratch, programs):
    """A person at a keyboard: script(1) gives bash a terminal, and readline does all of it."""
    if not shutil.which("script") or not has_terminals():
        tally.skip("completion at a terminal", "script is not installed, or there are no pseudo-terminals")
        return
    (scratch / "a file.db").touch()
    keys = ("PS1= ; source ./pgskew\npgskew() { printf '<%s>' \"$@\"; }\n"
            "pgskew recom\t-f mark\t--colo\tneve\ta\\ f\t--fail-on=crit\t\nexit\n")
    got = subprocess.run(["script", "-qec", "bash --norc --noprofile -i", "/dev/null"], input=keys.encode(), cwd=scratch,
                         env={**CLEAN, "TERM": "dumb", "HOME": str(scratch), "INPUTRC": "/dev/null"},
                         capture_output=True, timeout=60, check=False)
    wanted = "<recommendations><-f><markdown><--color><never><a file.db><--fail-on=critical>"
    tally.expect(wanted in got.stdout.decode("utf-8", "replace"), "completion at a terminal", got.stdout[-600:])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", required=True, help="directory that holds pgskew and pgskew-collect")
    parser.add_argument("--readme", required=True, type=pathlib.Path)
    options = parser.parse_args()
    programs, tally = Programs(options.bin), Tally()
    readme = options.readme.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as directory:
        for name in ("pgskew", "pgskew-collect"):
            program = Program(programs, name)
            check_manual(tally, program, readme)
            check_completion(tally, pathlib.Path(directory), program)
        check_terminal(tally, pathlib.Path(directory), programs)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
