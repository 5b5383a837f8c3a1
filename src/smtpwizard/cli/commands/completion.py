"""`completion`: print a static script made from the argument tree; shells then start no Python to complete."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from smtpwizard.errors import ExitCode


@dataclass(frozen=True, slots=True)
class Flag:
    """One option of a command, as a shell completes it."""

    names: tuple[str, ...]
    help: str
    choices: tuple[str, ...]
    takes_value: bool
    is_path: bool


Tree = dict[str, tuple[str, list[Flag], tuple[str, ...]]]
"""Command → its help, its flags, the words its positional takes; the command `` is the wizard."""


def run(args: argparse.Namespace) -> ExitCode:
    """Print the script for `args.shell` on stdout."""
    tree = dict(_commands(args.parser))
    make = {"bash": _bash, "zsh": _zsh, "fish": _fish}[args.shell]
    sys.stdout.write(make(tree))
    return ExitCode.OK


def _commands(parser: argparse.ArgumentParser) -> Iterator[tuple[str, tuple[str, list[Flag], tuple[str, ...]]]]:
    yield "", ("the wizard", _flags(parser), ())
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            helps = {choice.dest: choice.help or "" for choice in action._choices_actions}
            for name, sub in action.choices.items():
                words = next((tuple(a.choices) for a in sub._actions if not a.option_strings and a.choices), ())
                yield name, (helps.get(name, ""), _flags(sub), tuple(str(word) for word in words))


def _flags(parser: argparse.ArgumentParser) -> list[Flag]:
    return [
        Flag(
            names=tuple(action.option_strings),
            help=(action.help or "").replace("%%", "%"),
            choices=tuple(str(choice) for choice in action.choices or ()),
            takes_value=action.nargs != 0,
            is_path=action.metavar in ("FILE", "DIR", "PEM"),
        )
        for action in parser._actions
        if action.option_strings
    ]


def _bash(tree: Tree) -> str:
    verbs = " ".join(name for name in tree if name)
    words = []
    values = []
    for name, (_, flags, positional) in tree.items():
        all_words = [long for flag in flags for long in flag.names] + list(positional) + ([verbs] if not name else [])
        words.append(f"    {name or '_wizard'}) words={shlex.quote(' '.join(all_words))} ;;")
    for flag in {flag.names: flag for _, flags, _ in tree.values() for flag in flags}.values():
        pattern = "|".join(flag.names)
        if flag.choices:
            values.append(
                f'    {pattern}) COMPREPLY=($(compgen -W {shlex.quote(" ".join(flag.choices))} -- "$cur")); return ;;'
            )
        elif flag.is_path:
            values.append(f'    {pattern}) COMPREPLY=($(compgen -f -- "$cur")); return ;;')
        elif flag.takes_value:
            values.append(f"    {pattern}) return ;;")
    lines = [
        "# bash completion for smtpwizard",
        "_smtpwizard() {",
        '  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} verb=_wizard words="" word',
        '  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do',
        f'    case " {verbs} " in *" $word "*) verb=$word; break ;; esac',
        "  done",
        '  case "$prev" in',
        *values,
        "  esac",
        '  case "$verb" in',
        *words,
        "  esac",
        '  COMPREPLY=($(compgen -W "$words" -- "$cur"))',
        "}",
        "complete -o filenames -F _smtpwizard smtpwizard",
    ]
    return "\n".join(lines) + "\n"


def _zsh(tree: Tree) -> str:
    verbs = [f"    {shlex.quote(f'{name}:{about}')}" for name, (about, _, _) in tree.items() if name]
    cases = []
    for name, (_, flags, positional) in tree.items():
        specs = [_zsh_spec(flag) for flag in flags]
        if positional:
            specs.append(shlex.quote(f"1:word:({' '.join(positional)})"))
        if name:
            cases.append(f"    {name}) _arguments {' '.join(specs)} ;;")
    top = " ".join(_zsh_spec(flag) for flag in tree[""][1])
    lines = [
        "#compdef smtpwizard",
        "_smtpwizard() {",
        "  local -a verbs",
        "  verbs=(",
        *verbs,
        "  )",
        f"  _arguments -C {top} '1:command:->verb' '*::argument:->rest'",
        '  case "$state" in',
        "    verb) _describe command verbs ;;",
        '    rest) case "$words[1]" in',
        *cases,
        "    esac ;;",
        "  esac",
        "}",
        'if [ "$funcstack[1]" = _smtpwizard ]; then _smtpwizard "$@"; else compdef _smtpwizard smtpwizard; fi',
    ]
    return "\n".join(lines) + "\n"


def _zsh_spec(flag: Flag) -> str:
    about = flag.help.replace("[", "(").replace("]", ")").replace(":", " -")
    value = ""
    if flag.choices:
        value = f":value:({' '.join(flag.choices)})"
    elif flag.is_path:
        value = ":file:_files"
    elif flag.takes_value:
        value = ":value: "
    return " ".join(shlex.quote(f"{name}[{about}]{value}") for name in flag.names)


def _fish(tree: Tree) -> str:
    verbs = " ".join(name for name in tree if name)
    lines = ["# fish completion for smtpwizard"]
    for name, (about, flags, positional) in tree.items():
        condition = f"__fish_seen_subcommand_from {name}" if name else f"not __fish_seen_subcommand_from {verbs}"
        if name:
            lines.append(
                f"complete -c smtpwizard -f -n {shlex.quote(f'not __fish_seen_subcommand_from {verbs}')} "
                f"-a {name} -d {shlex.quote(about)}"
            )
        lines += [
            f"complete -c smtpwizard -f -n {shlex.quote(condition)} -a {shlex.quote(word)}" for word in positional
        ]
        for flag in flags:
            names = " ".join(f"-l {n[2:]}" if n.startswith("--") else f"-s {n[1:]}" for n in flag.names)
            value = ""
            if flag.choices:
                value = f" -x -a {shlex.quote(' '.join(flag.choices))}"
            elif flag.is_path:
                value = " -r -F"
            elif flag.takes_value:
                value = " -x"
            lines.append(
                f"complete -c smtpwizard -n {shlex.quote(condition)} {names}{value} -d {shlex.quote(flag.help)}"
            )
    return "\n".join(lines) + "\n"
