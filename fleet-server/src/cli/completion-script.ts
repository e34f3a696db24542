import type { OptionSpec } from './command.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** A command as far as a shell completes it. */
export interface CompletedCommand {
  /** One word or more: `device list`. */
  readonly name: string;
  readonly summary: string;
  readonly options: Readonly<Record<string, OptionSpec>>;
}

/** What makes a shell complete fleetctl: its commands, and the options of each; the rest is names of files. */
export function formatCompletion(shell: Shell, commands: readonly CompletedCommand[]): string {
  return { bash: formatBash, zsh: formatZsh, fish: formatFish }[shell](commands);
}

/** The words that may follow each beginning of a command: '' -> device, site…; device -> list, show… */
function listNextWords(commands: readonly CompletedCommand[]): ReadonlyMap<string, readonly string[]> {
  const next = new Map<string, string[]>();
  for (const { name } of commands) {
    const words = name.split(' ');
    for (const [index, word] of words.entries()) {
      const before = words.slice(0, index).join(' ');
      const known = next.get(before) ?? [];
      if (!known.includes(word)) next.set(before, [...known, word]);
    }
  }
  return next;
}

const listOptions = ({ options }: CompletedCommand): readonly string[] =>
  Object.keys(options).map((option) => `--${option}`);

/** `path` is what was typed up to the first option. */
const BASH_BEGIN = `_fleetctl() {
  local word="\${COMP_WORDS[COMP_CWORD]}" path="" given choices="" options=""
  for given in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    [[ $given == -* ]] && break
    path="\${path:+$path }$given"
  done`;
const BASH_END = `  [[ $word == -* ]] && choices="$options"
  COMPREPLY=($(compgen -W "$choices" -- "$word"))
}
complete -o default -F _fleetctl fleetctl`;

function formatBash(commands: readonly CompletedCommand[]): string {
  const place = '# fleetctl completion bash > /etc/bash_completion.d/fleetctl';
  return [place, BASH_BEGIN, ...formatCases(commands), BASH_END].join('\n');
}

/** zsh runs what is written for bash. */
function formatZsh(commands: readonly CompletedCommand[]): string {
  return [
    '# source <(fleetctl completion zsh)',
    'autoload -Uz compinit bashcompinit',
    '(( $+functions[compdef] )) || compinit',
    'bashcompinit',
    formatBash(commands),
  ].join('\n');
}

function formatCases(commands: readonly CompletedCommand[]): readonly string[] {
  const next = [...listNextWords(commands)].map(
    ([before, words]) => `    "${before}") choices="${words.join(' ')}" ;;`,
  );
  const options = commands.map(
    (command) => `    "${command.name}"|"${command.name} "*) options="${listOptions(command).join(' ')}" ;;`,
  );
  return ['  case "$path" in', ...next, '  esac', '  case "$path" in', ...options, '  esac'];
}

function formatFish(commands: readonly CompletedCommand[]): string {
  const words = [...listNextWords(commands)].flatMap(([before, following]) =>
    following.map((word) => {
      const name = before === '' ? word : `${before} ${word}`;
      const summary = commands.find((command) => command.name === name)?.summary;
      const about = summary === undefined ? '' : ` -d ${quote(summary)}`;
      return `complete -c fleetctl -f -n '__fleetctl_at "${before}"' -a ${word}${about}`;
    }),
  );
  const options = commands.flatMap(({ name, options: specs }) =>
    Object.entries(specs).map(([option, { value, description, short }]) => {
      const flags = `-l ${option}${short === undefined ? '' : ` -s ${short}`}${value === undefined ? '' : ' -r'}`;
      return `complete -c fleetctl -n '__fleetctl_in "${name}"' ${flags} -d ${quote(description)}`;
    }),
  );
  return [
    '# fleetctl completion fish > ~/.config/fish/completions/fleetctl.fish',
    'function __fleetctl_path',
    '  string join " " (string match -v -- "-*" (commandline -opc)[2..])',
    'end',
    'function __fleetctl_at',
    '  test "$(__fleetctl_path)" = "$argv[1]"',
    'end',
    'function __fleetctl_in',
    '  string match -q -- "$argv[1]*" (__fleetctl_path)',
    'end',
    ...words,
    ...options,
  ].join('\n');
}

const quote = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
